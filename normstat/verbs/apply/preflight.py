"""What a run of ``apply`` will need, from the headers of its images: found before it starts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import TypeAlias

from normstat.decode import decoder, measure
from normstat.errors import UnreadableImage, UsageError, option
from normstat.files import shown
from normstat.images import Kind, ReadOptions, Shard, Unreadable
from normstat.methods import Normalizer
from normstat.verbs.apply.job import is_taken
from normstat.writers.outdir_checks import Disk
from normstat.writers.writer import HEADER_BYTES

#: Width, height and path of an image.
Size: TypeAlias = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Demand:
    """Images of one kind in one split.

    Attributes
    ----------
    images, pixels : how many, and Σ width × height.
    taken : bytes on the disk, were there a file for each array.
    sizes : of the first image, and of the first one of another size.
    """

    images: int
    pixels: int
    taken: int
    sizes: tuple[Size, ...]

    def __add__(self, other: "Demand") -> "Demand":
        return Demand(
            self.images + other.images,
            self.pixels + other.pixels,
            self.taken + other.taken,
            _different((*self.sizes, *other.sizes)),
        )


@dataclass(frozen=True, slots=True)
class Demands:
    """All images that look as if they could be read.

    Attributes
    ----------
    kinds : (split, kind) → demand.
    unreadable : records of the others.
    """

    kinds: Mapping[tuple[str, Kind], Demand] = field(default_factory=dict)
    unreadable: tuple[Unreadable, ...] = ()

    def __add__(self, other: "Demands") -> "Demands":
        kinds = dict(self.kinds)
        for place, demand in other.kinds.items():
            kinds[place] = kinds[place] + demand if place in kinds else demand
        return Demands(kinds, self.unreadable + other.unreadable)

    @property
    def images(self) -> int:
        """How many there are."""
        return sum(demand.images for demand in self.kinds.values())

    def bound(self, normalizers: Mapping[str, Normalizer]) -> dict[str, Normalizer]:
        """The normalizers for exactly these images.

        Raises
        ------
        UsageError
            Most images of a split have channels or a depth that its statistics are not of, or one
            has channels that a preset is not for.
        """
        bound = dict(normalizers)
        for split, normalizer in normalizers.items():
            kinds = self._of_split(split)
            fitting = {k: d for k, d in kinds.items() if is_taken(normalizer, k)}
            others = {k: d for k, d in kinds.items() if k not in fitting}
            if _number(others) > _number(fitting):
                fitting = others  # refused below, with what they are
            for kind, demand in fitting.items():
                try:
                    normalizer.takes.accept(len(kind.channels), kind.dtype, kind.channels)
                    for_kind = normalizer.on(kind.dtype, kind.scale)
                except UsageError as error:
                    image = shown(demand.sizes[0][2])
                    raise UsageError(f"{image}: {error.message.template}") from error
                if len({(kind.dtype, kind.scale) for kind in fitting}) == 1:
                    bound[split] = for_kind
        return bound

    def shape(self, normalizers: Mapping[str, Normalizer], layout: str) -> tuple[int, ...]:
        """The one shape that all arrays have.

        Raises
        ------
        UsageError
            They have several; with two images that differ.
        """
        shapes: dict[tuple[int, ...], str] = {}
        for (split, kind), demand in self.kinds.items():
            channels = _channels(normalizers[split], kind)
            if not channels:
                continue
            for width, height, path in demand.sizes:
                chw = (channels, height, width)
                shapes.setdefault(chw if layout == "chw" else (*chw[1:], channels), path)
        (first, one), *others = shapes.items()
        if others:
            second, other = others[0]
            raise UsageError(
                f"{option('store', 'stack')}: {shown(one)} becomes an array of shape {first}, "
                f"{shown(other)} one of {second}; {option('resize', metavar='N')} "
                f"{option('crop', metavar='N')} make sizes equal, {option('channels', 'rgb')} "
                "channels"
            )
        return first

    def forecast(self, arrays: "Arrays", stack: bool) -> "Needs":
        """What the arrays need, in a file for each or in a stack for each split."""
        demands = [
            (split, demand, arrays.channels(split, kind))
            for (split, kind), demand in self.kinds.items()
        ]
        images = sum(demand.images for _, demand, channels in demands if channels)
        if not stack:
            size = sum(
                channels * demand.pixels * arrays.dtype_bytes for _, demand, channels in demands
            )
            taken = sum(demand.taken for _, demand, _ in demands)
            return Needs(images, images, images * HEADER_BYTES + size, taken)
        sizes = dict.fromkeys(arrays.normalizers, HEADER_BYTES)
        for split, demand, channels in demands:
            sizes[split] += channels * demand.pixels * arrays.dtype_bytes
        taken = sum(map(arrays.disk.taken, sizes.values()))
        return Needs(images, len(sizes), sum(sizes.values()), taken)

    def _of_split(self, split: str) -> dict[Kind, Demand]:
        return {kind: demand for (name, kind), demand in self.kinds.items() if name == split}


@dataclass(frozen=True, slots=True)
class Needs:
    """What a run will write.

    Attributes
    ----------
    arrays, files : how many; stacks have several arrays in a file.
    bytes, taken : of these files, and on the disk.
    """

    arrays: int
    files: int
    bytes: int
    taken: int


@dataclass(frozen=True, slots=True)
class Arrays:
    """What becomes of images.

    Attributes
    ----------
    normalizers : split → what is done to its images.
    dtype_bytes : of a value.
    disk : where they go.
    """

    normalizers: Mapping[str, Normalizer]
    dtype_bytes: int
    disk: Disk

    def channels(self, split: str, kind: Kind) -> int:
        """Of the array; 0 if there is none."""
        return _channels(self.normalizers[split], kind)

    def taken(self, split: str, kind: Kind, pixels: int) -> int:
        """Bytes on the disk of an array in a file of its own."""
        try:
            channels = self.channels(split, kind)
        except UsageError:  # raised again by Demands.bound(), with the image's name
            return 0
        size = HEADER_BYTES + channels * pixels * self.dtype_bytes
        return self.disk.taken(size) if channels else 0


@dataclass(frozen=True, slots=True)
class Measure:
    """The job of a worker: the headers of a shard's images.

    Attributes
    ----------
    reading : how images are read.
    arrays : what becomes of them.
    """

    reading: ReadOptions
    arrays: Arrays

    def __call__(self, shard: Shard) -> Demands:
        """What the images of a shard demand."""
        kinds: dict[tuple[str, Kind], list[Size]] = {}
        unreadable = list(shard.unreadable)
        with decoder():
            for sample in shard:
                try:
                    found = measure(sample, self.reading)
                except UnreadableImage as error:
                    unreadable.append(sample.unreadable(error))
                    continue
                sizes = kinds.setdefault((sample.split, found.kind), [])
                sizes.append((found.width, found.height, sample.name))
        return Demands(
            {
                place: Demand(
                    len(sizes),
                    sum(prod(size[:2]) for size in sizes),
                    sum(self.arrays.taken(*place, prod(size[:2])) for size in sizes),
                    _different(sizes),
                )
                for place, sizes in kinds.items()
            },
            tuple(unreadable),
        )

    def lost(self, record: Unreadable) -> Demands:
        """An image whose header ended its worker."""
        return Demands(unreadable=(record,))


def _different(sizes: Sequence[Size]) -> tuple[Size, ...]:
    other = next((size for size in sizes if size[:2] != sizes[0][:2]), None)
    return (sizes[0], other) if other else (sizes[0],)


def _number(demands: Mapping[Kind, Demand]) -> int:
    return sum(demand.images for demand in demands.values())


def _channels(normalizer: Normalizer, kind: Kind) -> int:
    if not is_taken(normalizer, kind):
        return 0  # a record of other_depth, not an array
    return normalizer.takes.accept(len(kind.channels), kind.dtype, kind.channels)
