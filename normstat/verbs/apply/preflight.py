"""The headers of all images, read before a run of ``apply`` starts: sizes, kinds, disk usage."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import TypeAlias

from normstat.decode import decoder, measure
from normstat.errors import UnreadableImage, UsageError
from normstat.files import shown
from normstat.images import Kind, ReadOptions, Shard, Unreadable
from normstat.methods import Normalizer
from normstat.verbs.apply.job import channels_of
from normstat.writers.outdir_checks import Disk, DiskUsage
from normstat.writers.writer import HEADER_BYTES

#: Width, height and path of an image.
Size: TypeAlias = tuple[int, int, str]
#: Bytes in which most headers end.
HEADER = 1 << 14


@dataclass(frozen=True, slots=True)
class KindTotals:
    """Images of one kind in one split."""

    images: int
    arrays: DiskUsage  # were there a file for each
    sizes: tuple[Size, ...]  # of the first image, and of the first one of another size

    def __add__(self, other: "KindTotals") -> "KindTotals":
        return KindTotals(
            self.images + other.images,
            self.arrays + other.arrays,
            _different((*self.sizes, *other.sizes)),
        )


@dataclass(frozen=True, slots=True)
class HeaderTotals:
    """All images that look as if they could be read, by split and kind; records of the others."""

    kinds: Mapping[tuple[str, Kind], KindTotals] = field(default_factory=dict)
    unreadable: tuple[Unreadable, ...] = ()

    def __add__(self, other: "HeaderTotals") -> "HeaderTotals":
        kinds = dict(self.kinds)
        for place, totals in other.kinds.items():
            kinds[place] = kinds[place] + totals if place in kinds else totals
        return HeaderTotals(kinds, self.unreadable + other.unreadable)

    def bound(
        self, normalizers: Mapping[str, Normalizer], whole: bool = True
    ) -> dict[str, Normalizer]:
        """The normalizers for exactly these images.

        Refuses a split if most of its images have channels or a depth that its statistics are not
        of, unless they are not the `whole` split; or one has channels that a preset is not for.
        """
        bound = dict(normalizers)
        for split, normalizer in normalizers.items():
            kinds = {kind: totals for (name, kind), totals in self.kinds.items() if name == split}
            fitting = {kind: kinds[kind] for kind in kinds if _is_taken(normalizer, kind)}
            if whole and 2 * _images(fitting) < _images(kinds):  # the others are refused below
                fitting = {kind: kinds[kind] for kind in kinds if kind not in fitting}
            for kind, totals in fitting.items():
                try:
                    normalizer.takes.accept(len(kind.channels), kind.dtype, kind.channels)
                    for_kind = normalizer.on(kind.dtype, kind.scale)
                except UsageError as error:
                    image = shown(totals.sizes[0][2])
                    raise UsageError(f"{image}: {error.message.template}") from error
                if len({(kind.dtype, kind.scale) for kind in fitting}) == 1:
                    bound[split] = for_kind
        return bound

    def shapes(
        self, normalizers: Mapping[str, Normalizer], layout: str
    ) -> dict[tuple[int, ...], str]:
        """Shape of arrays → first image that has it; if there are several, at least two."""
        shapes: dict[tuple[int, ...], str] = {}
        for (split, kind), totals in self.kinds.items():
            channels = channels_of(normalizers[split], kind)
            if not channels:
                continue
            for width, height, path in totals.sizes:
                chw = (channels, height, width)
                shapes.setdefault(chw if layout == "chw" else (*chw[1:], channels), path)
        return shapes

    def arrays(self, splits: Iterable[str]) -> dict[str, DiskUsage]:
        """Split → its arrays, were there a file for each."""
        arrays = dict.fromkeys(splits, DiskUsage())
        for (split, _), totals in self.kinds.items():
            arrays[split] += totals.arrays
        return arrays


@dataclass(frozen=True, slots=True)
class ReadHeaders:
    """The job of a worker: the headers of a shard's images, whose arrays go to a disk."""

    reading: ReadOptions
    normalizers: Mapping[str, Normalizer]
    itemsize: int
    disk: Disk

    def __call__(self, shard: Shard) -> HeaderTotals:
        """The totals of a shard."""
        kinds: dict[tuple[str, Kind], list[Size]] = {}
        unreadable = list(shard.unreadable)
        with decoder(), shard.container.open() as reader:
            for sample in shard.ahead(reader, HEADER):
                try:
                    found = measure(sample, reader, self.reading)
                except UnreadableImage as error:
                    unreadable.append(sample.unreadable(error))
                    continue
                sizes = kinds.setdefault((sample.split, found.kind), [])
                sizes.append((found.width, found.height, sample.name))
        return HeaderTotals(
            {
                place: KindTotals(len(sizes), self._arrays(*place, sizes), _different(sizes))
                for place, sizes in kinds.items()
            },
            tuple(unreadable),
        )

    def lost(self, record: Unreadable) -> HeaderTotals:
        """An image whose header ended its worker."""
        return HeaderTotals(unreadable=(record,))

    def _arrays(self, split: str, kind: Kind, sizes: Iterable[Size]) -> DiskUsage:
        try:
            channels = channels_of(self.normalizers[split], kind)
        except UsageError:  # raised again by HeaderTotals.bound(), with the image's name
            channels = 0
        if not channels:
            return DiskUsage()
        values = (channels * prod(size[:2]) * self.itemsize for size in sizes)
        return sum((self.disk.file(HEADER_BYTES + size) for size in values), DiskUsage())


def _different(sizes: Sequence[Size]) -> tuple[Size, ...]:
    other = next((size for size in sizes if size[:2] != sizes[0][:2]), None)
    return (sizes[0], other) if other else (sizes[0],)


def _is_taken(normalizer: Normalizer, kind: Kind) -> bool:
    try:
        return channels_of(normalizer, kind) > 0
    except UsageError:  # raised again, with the image's name
        return True


def _images(kinds: Mapping[Kind, KindTotals]) -> int:
    return sum(totals.images for totals in kinds.values())
