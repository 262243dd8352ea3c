"""Work in this process: no start-up, no protection from a decoder that crashes or hangs."""

from collections.abc import Generator, Iterable

from normstat.executors.executor import Job, R
from normstat.images import Shard


class InProcess:
    """Runs a job shard by shard where it is called."""

    def map(self, job: Job[R], shards: Iterable[Shard]) -> Generator[R, None, None]:
        """See :class:`normstat.executors.Executor`."""
        yield from map(job, shards)
