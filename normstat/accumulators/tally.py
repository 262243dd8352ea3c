"""The state of a set of images: one for each split, and in it one for each kind of pixels."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeVar

from normstat.accumulators.covariance import Products
from normstat.accumulators.exact_sums import ExactSums
from normstat.accumulators.fingerprint import Fingerprint
from normstat.accumulators.kinds import Values, empty_states
from normstat.accumulators.sizes import Sizes
from normstat.images import DTYPES, Kind, Unreadable, path_bytes

#: Part of what a cache finds tallies by. Raise it whenever the same image files would come to
#: another tally than before: other numbers, other notes, read where it was called damaged. Else
#: users would be given what the version before had counted. A test compares some files' tally.
STATE = 7
#: Paths kept of each kind, to name some of the images should the kind be in the minority.
FIRST = 10


_K = TypeVar("_K")
_A = TypeVar("_A", int, "KindTally", "SplitTally")


class Extent(NamedTuple):
    """Smallest and largest value seen; None while nothing was."""

    min: int | None = None
    max: int | None = None

    def __or__(self, other: "Extent") -> "Extent":
        values = [value for value in (*self, *other) if value is not None]
        return Extent(min(values), max(values)) if values else self


@dataclass(frozen=True, slots=True)
class KindTally:
    """The images of one kind in one split.

    Attributes
    ----------
    values : counts of the pixel values for 8 and 16 bits; of the rest extremes and counts in bins,
        as their moments come from the sums over images.
    per_image : sums over images; their number and that of their pixels are in it.
    width, height : extents in pixels.
    sizes : how many images had each, in bins; None if unknown, as in files from before.
    modes, formats, notes : how many images had each.
    fingerprint : of the images counted.
    first : the first ten paths, in byte order.
    covariance : how the channels vary together; None if that was not asked for, or not for all.
    files : that the images were in: fewer than images where a file is a stack of them.
    """

    values: Values
    per_image: ExactSums
    width: Extent
    height: Extent
    sizes: Sizes | None
    modes: Mapping[str, int]
    formats: Mapping[str, int]
    notes: Mapping[str, int]
    fingerprint: Fingerprint
    first: tuple[str, ...]
    covariance: Products | None = None
    files: int = 0

    @classmethod
    def empty(cls, kind: Kind) -> "KindTally":
        values, per_image, _ = empty_states(kind)
        return cls(
            values, per_image, Extent(), Extent(), Sizes(), {}, {}, {}, Fingerprint(), ()
        )  # fmt: skip

    @property
    def images(self) -> int:
        return self.per_image.images

    def __add__(self, other: "KindTally") -> "KindTally":
        per_image = self.per_image + other.per_image  # first: it refuses states of other kinds
        return KindTally(
            self.values + other.values,
            per_image,
            self.width | other.width,
            self.height | other.height,
            None if self.sizes is None or other.sizes is None else self.sizes + other.sizes,
            _merged(self.modes, other.modes),
            _merged(self.formats, other.formats),
            _merged(self.notes, other.notes),
            self.fingerprint + other.fingerprint,
            _first(self.first, other.first),
            self._covariance_with(other),
            self.files + other.files,
        )

    def __sub__(self, other: "KindTally") -> "KindTally":
        """The images that `other` does not have; their extents and first paths are not known.

        Raises
        ------
        ValueError
            Some of the others are not among these.
        """
        per_image = self.per_image - other.per_image
        mine, its = self.covariance, other.covariance
        return KindTally(
            self.values - other.values,
            per_image,
            Extent(),
            Extent(),
            None if self.sizes is None or other.sizes is None else self.sizes - other.sizes,
            _less(self.modes, other.modes),
            _less(self.formats, other.formats),
            _less(self.notes, other.notes),
            self.fingerprint - other.fingerprint,
            (),
            mine - its if mine and its else None,
            _whole(self.files - other.files),
        )

    def _covariance_with(self, other: "KindTally") -> Products | None:
        if not (self.images and other.images):
            return self.covariance if self.images else other.covariance
        mine, its = self.covariance, other.covariance
        return mine + its if mine and its else None

    def spread(self, channels: int) -> "KindTally":
        """Gray images seen as images with ``channels`` equal channels."""
        return replace(
            self,
            values=self.values.spread(channels),
            per_image=self.per_image.spread(channels),
            covariance=self.covariance and self.covariance.spread(channels),
        )


@dataclass(frozen=True, slots=True)
class SplitTally:
    """One split: its kinds of images, and what could not be read.

    Attributes
    ----------
    kinds : a tally for each kind of pixels that occurs.
    unreadable : records, by the bytes of their paths.
    """

    kinds: Mapping[Kind, KindTally] = field(default_factory=dict)
    unreadable: tuple[Unreadable, ...] = ()

    def majority(self) -> tuple[Kind, KindTally] | None:
        """The images of the kind that most have; of equal numbers the one with fewer bits.

        Gray images among color ones of the same depth count in every channel.
        """
        kinds = sorted(self.kinds, key=lambda kind: (DTYPES.index(kind.dtype), kind))
        if not kinds:
            return None
        largest = max(kinds, key=lambda kind: sum(tally.images for _, tally in self._of(kind)))
        total = KindTally.empty(largest)
        for kind, tally in self._of(largest):
            total += tally if kind == largest else tally.spread(len(largest.channels))
        return largest, total

    def minorities(self) -> Iterator[tuple[Kind, KindTally]]:
        """The kinds that the majority leaves out."""
        majority = self.majority()
        for kind, tally in self.kinds.items():
            if majority and not majority[0].takes_in(kind):
                yield kind, tally

    def _of(self, largest: Kind) -> Iterator[tuple[Kind, KindTally]]:
        for kind in sorted(self.kinds):
            if largest.takes_in(kind):
                yield kind, self.kinds[kind]

    @property
    def listed(self) -> int:
        """Images found: each is either in one of the kinds or unreadable."""
        return sum(tally.images for tally in self.kinds.values()) + len(self.unreadable)

    @property
    def files(self) -> int:
        """Files found, and folders that cannot be listed."""
        return sum(tally.files for tally in self.kinds.values()) + len(self.unreadable)

    def __add__(self, other: "SplitTally") -> "SplitTally":
        kinds = _merged(self.kinds, other.kinds)
        return SplitTally(kinds, _sorted(self.unreadable, other.unreadable))

    def __sub__(self, other: "SplitTally") -> "SplitTally":
        kinds = {}
        for kind in {**self.kinds, **other.kinds}:
            if kind not in self.kinds:
                raise ValueError(f"there are no images of {kind} in the whole")
            remain = self.kinds[kind]
            if kind in other.kinds:
                remain -= other.kinds[kind]
            if remain.files:
                kinds[kind] = remain
        records = Counter(self.unreadable)
        records.subtract(other.unreadable)
        if min(records.values(), default=0) < 0:
            raise ValueError("there are unreadable images that the whole does not have")
        return SplitTally(kinds, tuple(records.elements()))


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
        return cls()

    @classmethod
    def of_unreadable(cls, record: Unreadable) -> "Tally":
        return cls({record.split: SplitTally(unreadable=(record,))})

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(_merged(self.splits, other.splits))

    def __sub__(self, other: "Tally") -> "Tally":
        for name in other.splits:
            if name not in self.splits:
                raise ValueError(f"there is no split {name} in the whole")
        return Tally(
            {
                name: state - other.splits[name] if name in other.splits else state
                for name, state in self.splits.items()
            }
        )


def _merged(one: Mapping[_K, _A], other: Mapping[_K, _A]) -> dict[_K, _A]:
    sums = {key: one[key] + value if key in one else value for key, value in other.items()}
    return {**one, **sums}


def _less(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    remain = {key: _whole(one.get(key, 0) - other.get(key, 0)) for key in {**one, **other}}
    return {key: number for key, number in remain.items() if number}


def _whole(number: int) -> int:
    if number < 0:
        raise ValueError("there are fewer images in the whole than in the part")
    return number


def _first(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(one + other, key=path_bytes)[:FIRST]) if one and other else one or other


def _sorted(one: tuple[Unreadable, ...], other: tuple[Unreadable, ...]) -> tuple[Unreadable, ...]:
    if not (one and other):
        return one or other
    if order_of(one[-1]) <= order_of(other[0]):  # as they come from a sorted walk
        return one + other
    return tuple(sorted(one + other, key=order_of))


def order_of(record: Unreadable) -> tuple[bytes, str, str]:
    """Sort key of the records of one split."""
    return path_bytes(record.path), record.code, record.detail
