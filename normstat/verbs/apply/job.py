"""The job of ``apply``: images to arrays on disk."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from normstat.decode import decode, decoder
from normstat.errors import Stopped, UnreadableImage, UsageError
from normstat.files import shown
from normstat.images import Code, Kind, Reader, ReadOptions, Sample, Shard, Unreadable
from normstat.methods import Normalizer
from normstat.writers import ArrayRow, Writer


@dataclass(frozen=True, slots=True)
class ShardResult:
    """The arrays of a shard, and the images that have none.

    Attributes
    ----------
    rows : of the arrays.
    unreadable : records of the other images.
    failure : exception of the writer or the method, which ends the run.
    """

    rows: tuple[ArrayRow, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    failure: Exception | None = None

    def __add__(self, other: "ShardResult") -> "ShardResult":
        return ShardResult(
            self.rows + other.rows,
            self.unreadable + other.unreadable,
            self.failure or other.failure,
        )


def is_taken(normalizer: Normalizer, kind: Kind) -> bool:
    """True if images of a kind become arrays: else they are records, as in the statistics.

    A preset has counted no images, so there is no kind that is the usual one: images that do not
    fit it are taken, to be refused.
    """
    takes = normalizer.takes
    if takes.dtype is None:
        return True
    try:
        takes.accept(len(kind.channels), kind.dtype, kind.channels)
    except UsageError:
        return False
    return takes.has_scale(kind.scale)


def channels_of(normalizer: Normalizer, kind: Kind) -> int:
    """Channels of the arrays of images of a kind; 0 if they have none, but a record."""
    if not is_taken(normalizer, kind):
        return 0
    return normalizer.takes.accept(len(kind.channels), kind.dtype, kind.channels)


@dataclass(frozen=True, slots=True)
class WriteArrays:
    """The job of a worker: a shard's images to arrays.

    Attributes
    ----------
    reading : how images are read.
    normalizers : split → normalizer of its images.
    writer : where the arrays go; None: nowhere, they are only looked at.
    layout : ``chw`` or ``hwc``.
    """

    reading: ReadOptions
    normalizers: Mapping[str, Normalizer]
    writer: Writer | None
    layout: str

    def __call__(self, shard: Shard) -> ShardResult:
        """An array for each image; one that cannot be read is a record."""
        rows: list[ArrayRow] = []
        unreadable = list(shard.unreadable)
        with decoder(), shard.container.open() as reader:
            for slot, sample in enumerate(shard, shard.start):
                try:
                    rows.append(self._row(sample, slot, reader))
                except UnreadableImage as error:
                    unreadable.append(sample.unreadable(error))
                except (Stopped, UsageError) as error:
                    failure = type(error)(f"{shown(sample.name)}: {error.message.template}")
                    return ShardResult(tuple(rows), tuple(unreadable), failure)
                except OSError as error:
                    return ShardResult(tuple(rows), tuple(unreadable), error)
        return ShardResult(tuple(rows), tuple(unreadable))

    def lost(self, record: Unreadable) -> ShardResult:
        """An image that ended its worker."""
        return ShardResult(unreadable=(record,))

    def _row(self, sample: Sample, slot: int, reader: Reader) -> ArrayRow:
        normalizer = self.normalizers[sample.split]
        pixels = decode(sample, reader.read(sample), self.reading)
        array = pixels.array()
        takes = normalizer.takes
        channels = channels_of(normalizer, pixels.kind)
        if not channels:
            known = Kind(takes.dtype or "", takes.channels or (), int(takes.scale or 0))
            raise UnreadableImage(Code.OTHER_DEPTH, f"{pixels.kind}; the statistics are of {known}")
        height, width, _ = array.shape
        chw = self.layout == "chw"
        shape = (channels, height, width) if chw else (height, width, channels)
        out = np.empty(shape, normalizer.dtype)
        if not takes.scale:  # depths differ from image to image
            normalizer = normalizer.on(array.dtype.name, pixels.kind.scale)
        maps = normalizer.write_into(array, out, 0 if chw else 2)
        is_new = not self.writer or self.writer.write(sample.split, sample.name, slot, out)
        own = maps if normalizer.per_image else None
        return ArrayRow(
            sample.split,
            sample.name,
            slot,
            pixels.kind,
            shape,
            (float(out.min()), float(out.max())),
            own.a if own else None,
            own.b if own else None,
            not is_new,
            pixels.header.notes,  # without the one that takes a histogram
        )
