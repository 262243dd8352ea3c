"""The job of ``apply``: images to arrays on disk."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normstat.decode import decode, decoder
from normstat.errors import Stopped, UnreadableImage, UsageError
from normstat.files import shown
from normstat.images import Code, Kind, ReadOptions, Sample, Shard, Unreadable
from normstat.methods import Normalizer
from normstat.writers import Row, Writer


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a shard's images.

    Attributes
    ----------
    rows : of those that became arrays.
    unreadable : records of the others.
    failure : what ends the run: an exception that the writer or the method raised.
    """

    rows: tuple[Row, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    failure: Exception | None = None

    def __add__(self, other: "Written") -> "Written":
        return Written(
            self.rows + other.rows,
            self.unreadable + other.unreadable,
            self.failure or other.failure,
        )


def is_taken(normalizer: Normalizer, kind: Kind) -> bool:
    """Whether images of a kind become arrays: else they are records, as in the statistics.

    A preset has counted no images, so there is no kind that is the usual one: what does not fit it
    is taken, to be refused.
    """
    takes = normalizer.takes
    if takes.dtype is None:
        return True
    try:
        takes.accept(len(kind.channels), kind.dtype, kind.channels)
    except UsageError:
        return False
    return takes.has_scale(kind.scale)


@dataclass(frozen=True, slots=True)
class Write:
    """The job of a worker: a shard's images to arrays.

    Attributes
    ----------
    reading : how images are read.
    normalizers : split → what is done to its images.
    writer : where the arrays go.
    layout : ``chw`` or ``hwc``.
    """

    reading: ReadOptions
    normalizers: Mapping[str, Normalizer]
    writer: Writer
    layout: str

    def __call__(self, shard: Shard) -> Written:
        """An array for each image; one that cannot be read is a record."""
        rows: list[Row] = []
        unreadable = list(shard.unreadable)
        with decoder():
            for slot, sample in enumerate(shard, shard.start):
                try:
                    rows.append(self._row(sample, slot))
                except UnreadableImage as error:
                    unreadable.append(sample.unreadable(error))
                except (Stopped, UsageError) as error:
                    failure = type(error)(f"{shown(sample.name)}: {error.message.template}")
                    return Written(tuple(rows), tuple(unreadable), failure)
                except OSError as error:
                    return Written(tuple(rows), tuple(unreadable), error)
        return Written(tuple(rows), tuple(unreadable))

    def lost(self, record: Unreadable) -> Written:
        """An image that ended its worker."""
        return Written(unreadable=(record,))

    def _row(self, sample: Sample, slot: int) -> Row:
        normalizer = self.normalizers[sample.split]
        pixels = decode(sample, self.reading)
        array = pixels.array()
        takes = normalizer.takes
        if not is_taken(normalizer, pixels.kind):
            known = Kind(takes.dtype or "", takes.channels or (), int(takes.scale or 0))
            raise UnreadableImage(Code.OTHER_DEPTH, f"{pixels.kind}; the statistics are of {known}")
        height, width, found = array.shape
        channels = takes.accept(found, array.dtype.name, pixels.kind.channels)
        chw = self.layout == "chw"
        shape = (channels, height, width) if chw else (height, width, channels)
        out = np.empty(shape, normalizer.dtype)
        if not takes.scale:  # depths differ from image to image
            normalizer = normalizer.on(array.dtype.name, pixels.kind.scale)
        maps = normalizer.write_into(array, out, 0 if chw else 2)
        was_there = self._is_written(sample, slot, out)
        if not was_there:
            self.writer.write(sample.split, sample.name, slot, out)
        own = maps if normalizer.per_image else None
        return Row(
            sample.split,
            sample.name,
            slot,
            pixels.kind,
            shape,
            (float(out.min()), float(out.max())),
            own.a if own else None,
            own.b if own else None,
            was_there,
            pixels.header.notes,  # without that which takes a histogram
        )

    def _is_written(self, sample: Sample, slot: int, array: NDArray[Any]) -> bool:
        """Whether an earlier run has left this very array.

        Its shape would not tell: the image may have been replaced since by another of its size.
        The map of the old file is closed on return, or Windows would not let it be replaced.
        """
        found = self.writer.written(sample.split, sample.name, slot)
        if found is None or (found.shape, found.dtype) != (array.shape, array.dtype):
            return False
        bits = f"u{array.itemsize}"  # as numbers, 0 and -0 would be the same
        return np.array_equal(found.view(bits), array.view(bits))
