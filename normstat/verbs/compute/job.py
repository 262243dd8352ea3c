"""The job of ``compute``: images to a tally."""

from dataclasses import dataclass, replace

from normstat.accumulators.fold import Fold
from normstat.accumulators.keys import NO_KEY, Keys
from normstat.accumulators.tally import Tally
from normstat.decode import decode, decoder
from normstat.errors import UnreadableImage
from normstat.images import Reader, ReadOptions, Sample, Shard, Unreadable


@dataclass(frozen=True, slots=True)
class Count:
    """The job of a worker: a shard's images to their tally.

    Attributes
    ----------
    reading : how images are read.
    covariance : also count how channels vary together.
    keys : also keep the key of each image's pixels.
    """

    reading: ReadOptions
    covariance: bool = False
    keys: bool = False

    def __call__(self, shard: Shard) -> Tally:
        """One state for a shard; an image that cannot be read is a record in it."""
        fold = Fold(self.covariance)
        keys: list[bytes] = []
        for record in shard.unreadable:
            fold.add_unreadable(record)
        if shard.names:  # else it is answered in a thread, and decoder() sets what all threads see
            with decoder(), shard.container.open() as reader:
                for sample in shard:
                    try:
                        keys.append(self._key_of_added(fold, sample, reader))
                    except UnreadableImage as error:
                        keys.append(NO_KEY)
                        fold.add_unreadable(sample.unreadable(error))
        tally = fold.tally()
        return replace(tally, keys=Keys.of(shard.split, keys)) if self.keys else tally

    def lost(self, record: Unreadable) -> Tally:
        """An image that ended its worker."""
        tally = Tally.of_unreadable(record)
        if not self.keys or not record.path:  # without a path it was no image
            return tally
        return replace(tally, keys=Keys.of(record.split, [NO_KEY]))

    def _key_of_added(self, fold: Fold, sample: Sample, reader: Reader) -> bytes:
        # The pixels end with this call: two large images at a time are one too many.
        pixels = decode(sample, reader.read(sample), self.reading)
        fold.add(sample, pixels)
        return pixels.key
