"""Work in this process: no start-up, no protection from a decoder that crashes or hangs."""

from collections.abc import Generator, Iterable
from typing import Self

from normstat.errors import UsageError, option
from normstat.executors.executor import Executor, Job, R
from normstat.images import Shard


class InProcess(Executor):
    """Runs a job shard by shard where it is called."""

    @classmethod
    def of(cls, place: str, workers: int | None, image_timeout: float) -> Self:  # noqa: ARG003  # no clock here
        """See :data:`normstat.executors.EXECUTORS`."""
        if place:
            raise UsageError(f"{option('engine', f'inprocess:{place}')}: should be inprocess")
        if workers:
            raise UsageError(f"{option('workers', workers)}: this process has no workers")
        return cls()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def map(self, job: Job[R], shards: Iterable[Shard]) -> Generator[tuple[int, R], None, None]:
        """See :class:`normstat.executors.Executor`."""
        yield from enumerate(map(job, shards))
