"""Work of the job of ``compute``: images to their state, and a row for each."""

from collections.abc import Iterable, Iterator

from normstat.accumulators.fold import Fold
from normstat.accumulators.rows import Counts, row_of, row_of_unreadable
from normstat.decode import decode, decoder
from normstat.errors import UnreadableImage
from normstat.images import ImageRow, Reader, ReadOptions, Sample, Shard


def count_shard(
    shard: Shard, reading: ReadOptions, covariance: bool, fields: frozenset[str]
) -> Counts:
    """One state for a shard; an image that cannot be read is a record in it.

    Parameters
    ----------
    fields : of the rows that are wanted; none if no rows are.
    """
    fold = Fold(covariance)
    rows: list[ImageRow | None] = []
    for record in shard.unreadable:
        fold.add_unreadable(record)
    takes_pixels = covariance or bool(fields)
    if shard.names:  # else it is answered in a thread, and decoder() sets what all threads see
        with decoder(), shard.container.open() as reader:
            for part in _parts(shard, reader.at_once(), takes_pixels):
                if takes_pixels or not _is_added_at_once(fold, part, reader, reading):
                    rows += _rows_of_added(fold, part, reader, reading, fields)
    return Counts(fold.tally(), tuple(filter(None, rows)) if fields else ())


def _parts(shard: Shard, at_once: int, takes_pixels: bool) -> Iterable[Shard]:
    """The shard itself, unless the state alone is wanted of images that come together."""
    return (shard,) if at_once == 1 or takes_pixels else shard.parts(at_once)


def _is_added_at_once(fold: Fold, part: Shard, reader: Reader, reading: ReadOptions) -> bool:
    """Add all images; False, and none is added, if they are to be added one by one."""
    if (block := reader.block(part.places)) is None:
        return False
    from normstat.decode import decode_block  # of stacks, which few data sets are

    if (decoded := decode_block(block, reading)) is None:
        return False
    fold.add_block(part.split, part.names, decoded)
    return True


def _rows_of_added(
    fold: Fold, part: Shard, reader: Reader, reading: ReadOptions, fields: frozenset[str]
) -> Iterator[ImageRow | None]:
    for sample in part.ahead(reader):
        try:
            yield add_image(fold, sample, reader, reading, fields)
        except UnreadableImage as error:
            record = sample.unreadable(error)
            yield row_of_unreadable(record)
            fold.add_unreadable(record)


def add_image(
    fold: Fold, sample: Sample, reader: Reader, reading: ReadOptions, fields: frozenset[str]
) -> ImageRow | None:
    """Add an image to a fold, and return its row if rows are wanted.

    Raises
    ------
    UnreadableImage
    """
    # The pixels end with this call: two large images at a time are one too many.
    payload = reader.read(sample)
    size = len(payload) if isinstance(payload, bytes) else payload.nbytes
    pixels = decode(sample, payload, reading)
    del payload
    fold.add(sample, pixels)
    return row_of(sample, size, pixels, fields) if fields else None
