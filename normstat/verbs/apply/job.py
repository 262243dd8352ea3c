"""The job of ``apply``: images to arrays on disk."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from normstat.decode import decode, decoder
from normstat.errors import Stopped, UnreadableImage, UsageError
from normstat.files import shown
from normstat.images import Code, Kind, Reader, ReadOptions, Sample, Shard, Unreadable
from normstat.methods import Normalizer
from normstat.urls import is_url
from normstat.writers.writer import ArrayRow, Writer


@dataclass(frozen=True, slots=True)
class ShardResult:
    """The arrays of a shard, records of images without one, and a failure that ends the run."""

    rows: tuple[ArrayRow, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    failure: Exception | None = None

    def __add__(self, other: "ShardResult") -> "ShardResult":
        return ShardResult(
            self.rows + other.rows,
            self.unreadable + other.unreadable,
            self.failure or other.failure,
        )


def channels_of(normalizer: Normalizer, kind: Kind) -> int:
    """Channels of the arrays of images of a kind; 0 if they are records, as in the statistics.

    A preset has counted no images, so there is no kind that is the usual one: images that do not
    fit it are refused.
    """
    takes = normalizer.takes
    try:
        channels = takes.accept(len(kind.channels), kind.dtype, kind.channels)
    except UsageError:
        if takes.dtype is None:
            raise
        return 0
    return channels if takes.dtype is None or takes.has_scale(kind.scale) else 0


@dataclass(frozen=True, slots=True)
class WriteArrays:
    """The job of a worker: a shard's images to arrays; without a writer they go nowhere."""

    reading: ReadOptions
    normalizers: Mapping[str, Normalizer]
    writer: Writer | None
    layout: str

    @property
    def folders(self) -> tuple[str, ...]:
        """Folders that are written to, which every worker has to have."""
        if self.writer is None or is_url(self.writer.root):
            return ()
        return (f"{self.writer.root}/{self.writer.unfinished}",)

    def __call__(self, shard: Shard) -> ShardResult:
        """An array for each image; one that cannot be read is a record."""
        rows: list[ArrayRow] = []
        unreadable = list(shard.unreadable)
        with decoder(), shard.container.open() as reader:
            for number, sample in enumerate(shard.ahead(reader)):
                position = shard.positions[number] if shard.positions else None
                try:
                    row = self._row(sample, shard.start + number, reader)
                    rows.append(row if position is None else replace(row, position=position))
                except UnreadableImage as error:
                    unreadable.append(sample.unreadable(error))
                except (Stopped, UsageError) as error:
                    failure = type(error)(f"{shown(sample.name)}: {error.message.template}")
                    return ShardResult(tuple(rows), tuple(unreadable), failure)
                except OSError as error:
                    return ShardResult(tuple(rows), tuple(unreadable), error)
        try:
            if self.writer:
                self.writer.settle()
        except Stopped as error:
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
