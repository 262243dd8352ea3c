"""In this process: no start-up, no protection from a decoder that crashes or hangs."""

from collections.abc import Iterable, Iterator

from normstat.executors.protocol import Job, R
from normstat.images import Shard


class InProcess:
    """Runs a job shard by shard where it is called."""

    def map(self, job: Job[R], shards: Iterable[Shard]) -> Iterator[R]:
        """See :class:`normstat.executors.Executor`."""
        return map(job, shards)
