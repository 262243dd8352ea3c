"""What a set of images comes to: a state for each split, and in it one for each kind of pixels."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import NamedTuple

from normstat.accumulators.histogram import Histogram, power_sums
from normstat.accumulators.moments import Moments
from normstat.accumulators.perimage import DOUBLE, PerImage
from normstat.errors import UnreadableImage
from normstat.images import Code, Kind, Pixels, Sample, Unreadable, path_bytes

#: Paths kept of each kind, to name some of the images should the kind be in the minority.
FIRST = 10
_MODULUS = 1 << 128


class Extent(NamedTuple):
    """Smallest and largest value seen; None while nothing was."""

    min: int | None = None
    max: int | None = None

    def __or__(self, other: "Extent") -> "Extent":
        values = [value for value in (*self, *other) if value is not None]
        return Extent(min(values), max(values)) if values else self


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Sums modulo 2**128, over images, of hashes: equal for equal sets in any order.

    Attributes
    ----------
    paths : of the relative path.
    files : of the path and the SHA-256 of the file's bytes.
    pixels : of the path and the key of the decoded pixels.

    Examples
    --------
    >>> one = Fingerprint.of("a.png", b"digest of a", b"key of a")
    >>> two = Fingerprint.of("b.png", b"digest of b", b"key of b")
    >>> one + two == two + one, one == two
    (True, False)
    """

    paths: int = 0
    files: int = 0
    pixels: int = 0

    @classmethod
    def of(cls, path: str, digest: bytes, key: bytes) -> "Fingerprint":
        """The fingerprint of one image."""
        return cls(*_hashes(path, digest, key))

    def __add__(self, other: "Fingerprint") -> "Fingerprint":
        return Fingerprint(
            (self.paths + other.paths) % _MODULUS,
            (self.files + other.files) % _MODULUS,
            (self.pixels + other.pixels) % _MODULUS,
        )


def _hashes(path: str, digest: bytes, key: bytes) -> tuple[int, int, int]:
    """First 128 bits of BLAKE2b, over fields with their lengths in front."""
    encoded = path_bytes(path)
    name = len(encoded).to_bytes(8, "little") + encoded
    of_path = blake2b(name).digest()
    of_file = blake2b(name + len(digest).to_bytes(8, "little") + digest).digest()
    of_pixels = blake2b(name + len(key).to_bytes(8, "little") + key).digest()
    return (
        int.from_bytes(of_path[:16], "big"),
        int.from_bytes(of_file[:16], "big"),
        int.from_bytes(of_pixels[:16], "big"),
    )


@dataclass(frozen=True, slots=True)
class KindTally:
    """The images of one kind in one split.

    Attributes
    ----------
    values : counts of the pixel values for 8 and 16 bits, moments for the rest.
    per_image : sums over images; their number and that of their pixels are in it.
    width, height : extents in pixels.
    modes, formats, notes : how many images had each.
    fingerprint : of the images counted.
    first : paths of the first ten.
    """

    values: Histogram | Moments
    per_image: PerImage
    width: Extent
    height: Extent
    modes: Mapping[str, int]
    formats: Mapping[str, int]
    notes: Mapping[str, int]
    fingerprint: Fingerprint
    first: tuple[str, ...]

    @classmethod
    def empty(cls, kind: Kind) -> "KindTally":
        """No images: the identity of ``+`` among tallies of a kind."""
        channels = len(kind.channels)
        if kind.bins:
            values: Histogram | Moments = Histogram.empty(channels, kind.bins)
            per_image = PerImage.empty(channels)
        else:
            values = Moments.empty(channels)
            per_image = PerImage.empty(channels, DOUBLE, DOUBLE)
        return cls(values, per_image, Extent(), Extent(), {}, {}, {}, Fingerprint(), ())

    @property
    def images(self) -> int:
        return self.per_image.images

    def __add__(self, other: "KindTally") -> "KindTally":
        return KindTally(
            _added(self.values, other.values),
            self.per_image + other.per_image,
            self.width | other.width,
            self.height | other.height,
            _sum(self.modes, other.modes),
            _sum(self.formats, other.formats),
            _sum(self.notes, other.notes),
            self.fingerprint + other.fingerprint,
            (self.first + other.first)[:FIRST],
        )

    def spread(self, channels: int) -> "KindTally":
        """Gray images seen as images with ``channels`` equal channels; counted kinds only."""
        if not isinstance(self.values, Histogram):
            raise TypeError("only counts spread over channels")
        return replace(
            self, values=self.values.spread(channels), per_image=self.per_image.spread(channels)
        )


@dataclass(frozen=True, slots=True)
class SplitTally:
    """One split: its kinds of images, and what could not be read.

    Attributes
    ----------
    kinds : a tally for each kind of pixels that occurs.
    unreadable : records, in the order of the walk.
    """

    kinds: Mapping[Kind, KindTally] = field(default_factory=dict)
    unreadable: tuple[Unreadable, ...] = ()

    @property
    def listed(self) -> int:
        """Images found: each is either in one of the kinds or unreadable."""
        return sum(tally.images for tally in self.kinds.values()) + len(self.unreadable)

    def __add__(self, other: "SplitTally") -> "SplitTally":
        kinds = dict(self.kinds)
        for kind, tally in other.kinds.items():
            kinds[kind] = kinds[kind] + tally if kind in kinds else tally
        return SplitTally(kinds, self.unreadable + other.unreadable)


@dataclass(frozen=True, slots=True)
class Tally:
    """The state of a set of images: all that is known of them, and it adds.

    Attributes
    ----------
    splits : a tally for each split.

    Examples
    --------
    >>> lost = Tally.of_unreadable(Unreadable("train", "a.png", "empty"))
    >>> (Tally.empty() + lost + lost).splits["train"].listed
    2
    """

    splits: Mapping[str, SplitTally] = field(default_factory=dict)

    @classmethod
    def empty(cls) -> "Tally":
        """No images: the identity of ``+``."""
        return cls()

    @classmethod
    def of(cls, sample: Sample, pixels: Pixels) -> "Tally":
        """The state of one image.

        Raises
        ------
        UnreadableImage
            ``non_finite`` if the squares of its values exceed float64.
        """
        fold = Fold()
        fold.add(sample, pixels)
        return fold.tally()

    @classmethod
    def of_unreadable(cls, record: Unreadable) -> "Tally":
        """The state of one image that could not be read."""
        return cls({record.split: SplitTally(unreadable=(record,))})

    def __add__(self, other: "Tally") -> "Tally":
        splits = dict(self.splits)
        for split, tally in other.splits.items():
            splits[split] = splits[split] + tally if split in splits else tally
        return Tally(splits)


class Fold:
    """Adds images one by one, in place: the same sum as with ``+``, at a fraction of its cost.

    A fold does not leave the function that made it; its :meth:`tally` does.
    """

    def __init__(self) -> None:
        self._kinds: dict[tuple[str, Kind], _KindFold] = {}
        self._unreadable: dict[str, list[Unreadable]] = {}

    def add(self, sample: Sample, pixels: Pixels) -> None:
        """Add an image; see :meth:`Tally.of`."""
        place = sample.split, pixels.kind
        fold = self._kinds.get(place)
        if fold is None:
            fold = self._kinds[place] = _KindFold(pixels.kind)
        fold.add(sample, pixels)

    def add_unreadable(self, record: Unreadable) -> None:
        """Add the record of an image that could not be read."""
        self._unreadable.setdefault(record.split, []).append(record)

    def tally(self) -> Tally:
        """The sum so far, as a value."""
        splits = {
            split: SplitTally(unreadable=tuple(records))
            for split, records in self._unreadable.items()
        }
        total = Tally(splits)
        for (split, kind), fold in self._kinds.items():
            total += Tally({split: SplitTally({kind: fold.tally()})})
        return total


class _KindFold:
    def __init__(self, kind: Kind) -> None:
        empty = KindTally.empty(kind)
        self._values = empty.values
        self._per_image: list[PerImage] = []
        self._width: list[int] = []
        self._height: list[int] = []
        self._modes: Counter[str] = Counter()
        self._formats: Counter[str] = Counter()
        self._notes: Counter[str] = Counter()
        self._hashes: list[tuple[int, int, int]] = []
        self._first: list[str] = []

    def add(self, sample: Sample, pixels: Pixels) -> None:
        if isinstance(self._values, Histogram):
            counts = pixels.counts()
            size = pixels.width * pixels.height
            one = PerImage.of_counts(size, power_sums(counts, size))
            counted = self._values.counts
            counted += counts  # this fold's own array, made by KindTally.empty
        else:
            moments = Moments.of(pixels.array())
            one = _per_image(moments)
            self._values = self._values + moments
        self._per_image.append(one)
        self._width.append(pixels.width)
        self._height.append(pixels.height)
        self._modes[pixels.mode] += 1
        self._formats[pixels.format] += 1
        for note in pixels.notes:
            self._notes[note] += 1
        self._hashes.append(_hashes(sample.path, pixels.digest, pixels.key))
        if len(self._first) < FIRST:
            self._first.append(sample.path)

    def tally(self) -> KindTally:
        values = self._values
        return KindTally(
            Histogram(values.counts.copy()) if isinstance(values, Histogram) else values,
            PerImage.sum(self._per_image),
            Extent(min(self._width), max(self._width)),
            Extent(min(self._height), max(self._height)),
            dict(self._modes),
            dict(self._formats),
            dict(self._notes),
            Fingerprint(*(sum(column) % _MODULUS for column in zip(*self._hashes, strict=True))),
            tuple(self._first),
        )


def _per_image(moments: Moments) -> PerImage:
    variances = (moments.m2 / moments.count).tolist()
    if not all(map(math.isfinite, variances)):
        raise UnreadableImage(Code.NON_FINITE, "the squares of its values exceed float64")
    stds = [math.sqrt(variance) for variance in variances]
    return PerImage.of_moments(moments.count, moments.mean.tolist(), stds, moments.m2.tolist())


def _added(one: Histogram | Moments, other: Histogram | Moments) -> Histogram | Moments:
    if isinstance(one, Histogram) and isinstance(other, Histogram):
        return one + other
    if isinstance(one, Moments) and isinstance(other, Moments):
        return one + other
    raise TypeError("counts and moments do not add: the kinds differ")


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in {**one, **other}}
