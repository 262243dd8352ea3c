"""The job of ``compute``: images to a tally."""

from dataclasses import dataclass

from normstat.accumulators.fold import Fold
from normstat.accumulators.tally import Tally
from normstat.decode import decode, decoder
from normstat.errors import UnreadableImage
from normstat.images import Reading, Shard, Unreadable


@dataclass(frozen=True, slots=True)
class Count:
    """The job of a worker: a shard's images to their tally.

    Attributes
    ----------
    reading : how images are read.
    covariance : also count how channels vary together.
    """

    reading: Reading
    covariance: bool = False

    def __call__(self, shard: Shard) -> Tally:
        """One state for a shard; an image that cannot be read is a record in it."""
        fold = Fold(self.covariance)
        for record in shard.unreadable:
            fold.add_unreadable(record)
        with decoder():
            for sample in shard:
                try:
                    fold.add(sample, decode(sample, self.reading))
                except UnreadableImage as error:
                    fold.add_unreadable(
                        Unreadable(sample.split, sample.path, error.code, error.detail)
                    )
        return fold.tally()

    def lost(self, record: Unreadable) -> Tally:
        """An image that ended its worker."""
        return Tally.of_unreadable(record)
