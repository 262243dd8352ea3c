"""The job of ``compute``: images to their state, and a row for each."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from normstat.accumulators.fold import Fold
from normstat.accumulators.rows import Counts, row_of, row_of_unreadable
from normstat.decode import decode, decode_block, decoder
from normstat.errors import UnreadableImage
from normstat.images import ImageRow, Reader, ReadOptions, Sample, Shard, Unreadable


@dataclass(frozen=True, slots=True)
class Count:
    """The job of a worker: a shard's images to their state."""

    reading: ReadOptions
    covariance: bool = False
    fields: frozenset[str] = frozenset()  # of the rows that are wanted; none if no rows are

    def __call__(self, shard: Shard) -> Counts:
        """One state for a shard; an image that cannot be read is a record in it."""
        fold = Fold(self.covariance)
        rows: list[ImageRow | None] = []
        for record in shard.unreadable:
            fold.add_unreadable(record)
        if shard.names:  # else it is answered in a thread, and decoder() sets what all threads see
            with decoder(), shard.container.open() as reader:
                for part in self._parts(shard, reader.at_once()):
                    if not self._is_added_at_once(fold, part, reader):
                        rows += self._rows_of_added(fold, part, reader)
        return Counts(fold.tally(), tuple(filter(None, rows)) if self.fields else ())

    def lost(self, record: Unreadable) -> Counts:
        """An image that ended its worker."""
        lost = Counts.of_unreadable(record)
        # Without a name it was no image.
        return lost if self.fields and record.path else Counts(lost.tally)

    def _parts(self, shard: Shard, at_once: int) -> Iterable[Shard]:
        """The shard itself, unless the state alone is wanted of images that come together."""
        takes_pixels = self.covariance or self.fields
        return (shard,) if at_once == 1 or takes_pixels else shard.parts(at_once)

    def _is_added_at_once(self, fold: Fold, part: Shard, reader: Reader) -> bool:
        """Add all images; False, and none is added, if they are to be added one by one."""
        takes_pixels = self.covariance or self.fields
        block = None if takes_pixels else reader.block(part.places)
        decoded = None if block is None else decode_block(block, self.reading)
        if decoded is None:
            return False
        fold.add_block(part.split, part.names, decoded)
        return True

    def _rows_of_added(self, fold: Fold, part: Shard, reader: Reader) -> Iterator[ImageRow | None]:
        for sample in part.ahead(reader):
            try:
                yield self.row_of_added(fold, sample, reader)
            except UnreadableImage as error:
                record = sample.unreadable(error)
                yield row_of_unreadable(record)
                fold.add_unreadable(record)

    def row_of_added(self, fold: Fold, sample: Sample, reader: Reader) -> ImageRow | None:
        """Add an image to a fold, and return its row if rows are wanted.

        Raises
        ------
        UnreadableImage
        """
        # The pixels end with this call: two large images at a time are one too many.
        payload = reader.read(sample)
        size = len(payload) if isinstance(payload, bytes) else payload.nbytes
        pixels = decode(sample, payload, self.reading)
        del payload
        fold.add(sample, pixels)
        return row_of(sample, size, pixels, self.fields) if self.fields else None
