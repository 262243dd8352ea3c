"""The job of ``compute``: images to their state, and a row for each."""

from dataclasses import dataclass

from normstat.accumulators.rows import Counts
from normstat.images import ReadOptions, Shard, Unreadable


@dataclass(frozen=True, slots=True)
class Count:
    """The job of a worker: a shard's images to their state."""

    reading: ReadOptions
    covariance: bool = False
    fields: frozenset[str] = frozenset()  # of the rows that are wanted; none if no rows are

    def __call__(self, shard: Shard) -> Counts:
        """One state for a shard; an image that cannot be read is a record in it."""
        # Its decoders take long to import, and who hands over a job needs none.
        from normstat.verbs.compute.count_shard import count_shard

        return count_shard(shard, self.reading, self.covariance, self.fields)

    def lost(self, record: Unreadable) -> Counts:
        """An image that ended its worker."""
        lost = Counts.of_unreadable(record)
        # Without a name it was no image.
        return lost if self.fields and record.path else Counts(lost.tally)
