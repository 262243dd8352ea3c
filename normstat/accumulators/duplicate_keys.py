"""Equal keys among millions, within little memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

#: Pairs that are kept of each two splits.
NAMED = 100
#: The number of an image that is not there.
NEVER = np.iinfo(np.int64).max
_BUCKET = 1 << 18  # keys looked at together, if they are spread evenly
_MOST_BUCKETS = 256
_SLICE = 1 << 20  # keys that are copied at a time


@dataclass(frozen=True, slots=True, eq=False)
class Occurrences:
    """Where keys occur: a row for each key and split, sorted by both. It adds.

    Attributes
    ----------
    keys : shape (rows, 2), uint64.
    splits : shape (rows,), int64: the split's index.
    counts : shape (rows,), int64: images with this key in this split.
    first, second : shape (rows,), int64: the lowest number of such an image, and the next;
        `NEVER` where there is but one.

    Examples
    --------
    >>> keys = np.array([[7, 7], [5, 5], [7, 7]], np.uint64)
    >>> seven = Occurrences.of(keys, 0, np.arange(3)) + Occurrences.of(keys[:1], 1, np.array([4]))
    >>> seven.counts.tolist(), seven.first.tolist(), seven.totals().tolist()
    ([1, 2, 1], [1, 0, 4], [1, 3, 3])
    >>> seven.second[seven.second < NEVER].tolist()
    [2]
    """

    keys: NDArray[np.uint64]
    splits: NDArray[np.int64]
    counts: NDArray[np.int64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]

    @classmethod
    def empty(cls) -> "Occurrences":
        """No images: the identity of ``+``."""
        none = np.zeros(0, np.int64)
        return cls(np.zeros((0, 2), np.uint64), none, none, none, none)

    @classmethod
    def of(cls, keys: NDArray[np.uint64], split: int, numbers: NDArray[np.int64]) -> "Occurrences":
        """The keys of some images of one split, with the numbers of these images."""
        one = np.ones(len(keys), np.int64)
        return _reduced(cls(keys, one * split, one, numbers, one * NEVER))

    @classmethod
    def sum(cls, parts: Sequence["Occurrences"]) -> "Occurrences":
        """Many at once, at the cost of one addition."""
        if not parts:
            return cls.empty()
        return _reduced(
            cls(
                np.concatenate([part.keys for part in parts]),
                np.concatenate([part.splits for part in parts]),
                np.concatenate([part.counts for part in parts]),
                np.concatenate([part.first for part in parts]),
                np.concatenate([part.second for part in parts]),
            )
        )

    def __add__(self, other: "Occurrences") -> "Occurrences":
        return Occurrences.sum([self, other])

    def __len__(self) -> int:
        return len(self.counts)

    def groups(self) -> NDArray[np.int64]:
        """Equal for rows with equal keys, and rising: shape (rows,)."""
        return np.cumsum(_starts(self.keys)) - 1

    def totals(self) -> NDArray[np.int64]:
        """How many images, in all splits, have the key of a row: shape (rows,)."""
        groups = self.groups()
        return np.bincount(groups, self.counts).astype(np.int64)[groups]


def _reduced(rows: Occurrences) -> Occurrences:
    """Sorted, and one row for each key and split."""
    if not len(rows):
        return rows
    order = np.lexsort((rows.first, rows.splits, rows.keys[:, 1], rows.keys[:, 0]))
    keys, splits, first = rows.keys[order], rows.splits[order], rows.first[order]
    starts = np.flatnonzero(_starts(keys) | (np.diff(splits, prepend=-1) != 0))
    return Occurrences(
        keys[starts],
        splits[starts],
        np.add.reduceat(rows.counts[order], starts),
        first[starts],
        np.minimum(rows.second[order][starts], _next(first, starts)),
    )


def _next(first: NDArray[np.int64], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """What follows the lowest number in each group of sorted ones; `NEVER` if nothing does."""
    single = np.diff(starts, append=len(first)) == 1
    return np.where(single, NEVER, first[np.minimum(starts + 1, len(first) - 1)])


def _starts(keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Whether a row of sorted keys is the first with its key."""
    starts = np.ones(len(keys), np.bool_)
    starts[1:] = (keys[1:] != keys[:-1]).any(axis=1)
    return starts


def occurrences(arrays: Sequence[NDArray[np.uint64]]) -> Iterator[Occurrences]:
    """All keys of all splits, part by part: every image with one key is in the same part.

    Memory is bounded by the keys themselves and by the largest part, about 1/64 of 10 million.

    Parameters
    ----------
    arrays : for each split, shape (images, 2), uint64; zeros where an image has no key.
    """
    buckets = _buckets(arrays)
    for bucket in range(buckets):
        yield _part(arrays, bucket, buckets)


def repeated(arrays: Sequence[NDArray[np.uint64]]) -> list[NDArray[np.bool_]]:
    """Which images have a key that another one has, too.

    Parameters
    ----------
    arrays : as for :func:`occurrences`.

    Returns
    -------
    list
        For each split, shape (images,), bool.

    Examples
    --------
    >>> train = np.array([[7, 7], [5, 5], [0, 0], [0, 0]], np.uint64)
    >>> [flags.tolist() for flags in repeated([train, train[:1]])]
    [[True, False, False, False], [True]]
    """
    flags = [np.zeros(len(array), np.bool_) for array in arrays]
    buckets = _buckets(arrays)
    for bucket in range(buckets):
        part = _part(arrays, bucket, buckets)
        wanted = part.keys[part.totals() > 1, 0]  # half a key: enough to look closer
        if len(wanted):
            for array, flag in zip(arrays, flags, strict=True):
                for numbers in _numbers(array, bucket, buckets):
                    flag[numbers] = np.isin(array[numbers, 0], wanted)
    return flags


@dataclass(frozen=True, slots=True)
class Common:
    """What two splits have in common; or what one has more than once.

    Attributes
    ----------
    images : images of the second split whose key is in the first, too; of one split: images
        beyond the first with their key.
    pairs : for each of `images` its number in the second split, behind the lowest number of such
        an image in the first split; the first few.
    """

    images: int
    pairs: tuple[tuple[int, int], ...]

    def __add__(self, other: "Common") -> "Common":
        pairs = sorted(self.pairs + other.pairs, key=itemgetter(1))
        return Common(self.images + other.images, tuple(pairs[:NAMED]))


def common(arrays: Sequence[NDArray[np.uint64]]) -> dict[tuple[int, int], Common]:
    """What splits have in common: by the indices of two splits in their order, or twice of one.

    Parameters
    ----------
    arrays : as for :func:`occurrences`.

    Examples
    --------
    >>> train = np.array([[7, 7], [5, 5], [0, 0], [7, 7]], np.uint64)
    >>> for splits, what in common([train, train[:1]]).items():
    ...     print(splits, what)
    (0, 0) Common(images=1, pairs=((0, 3),))
    (0, 1) Common(images=1, pairs=((0, 0),))
    (1, 1) Common(images=0, pairs=())
    """
    places = list(combinations_with_replacement(range(len(arrays)), 2))
    total = dict.fromkeys(places, Common(0, ()))
    for part in occurrences(arrays):
        groups = part.groups()
        rows = [np.flatnonzero(part.splits == split) for split in range(len(arrays))]
        for one, other in places:
            if one == other:
                here = rows[one][part.counts[rows[one]] > 1]
                what = _common(part.counts[here] - 1, part.first[here], part.second[here])
            else:
                mine, its = _equal(groups, rows[one], rows[other])
                what = _common(part.counts[its], part.first[mine], part.first[its])
            total[one, other] += what
    return {
        (one, other): Common(what.images, _all_pairs(arrays[other], what.pairs))
        for (one, other), what in total.items()
    }


def _all_pairs(
    array: NDArray[np.uint64], pairs: Sequence[tuple[int, int]]
) -> tuple[tuple[int, int], ...]:
    """The first few pairs of images, found again by the first pair of each key."""
    originals = {tuple(array[number].tolist()): (first, number) for first, number in pairs}
    halves = array[[number for _, number in pairs], 0]
    found: list[tuple[int, int]] = []
    for start in range(0, len(array) if pairs else 0, _SLICE):
        for number in np.flatnonzero(np.isin(array[start : start + _SLICE, 0], halves)) + start:
            first, least = originals.get(tuple(array[number].tolist()), (0, NEVER))
            if number >= least:  # of one split, the original itself is no pair
                found.append((first, int(number)))
            if len(found) == NAMED:
                return tuple(found)
    return tuple(found)


def _equal(
    groups: NDArray[np.int64], mine: NDArray[np.int64], its: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows of two splits that have the same key."""
    _, here, there = np.intersect1d(groups[mine], groups[its], True, return_indices=True)
    return mine[here], its[there]


def _common(images: NDArray[np.int64], one: NDArray[np.int64], other: NDArray[np.int64]) -> Common:
    first = np.argsort(other, kind="stable")[:NAMED]
    pairs = zip(one[first].tolist(), other[first].tolist(), strict=True)
    return Common(int(images.sum()), tuple(pairs))


def _buckets(arrays: Sequence[NDArray[np.uint64]]) -> int:
    """A power of two."""
    needed = sum(map(len, arrays)) // _BUCKET
    return min(_MOST_BUCKETS, 1 << needed.bit_length())


def _part(arrays: Sequence[NDArray[np.uint64]], bucket: int, buckets: int) -> Occurrences:
    parts = [
        Occurrences.of(array[numbers], split, numbers)
        for split, array in enumerate(arrays)
        for numbers in _numbers(array, bucket, buckets)
    ]
    return Occurrences.sum(parts)


def _numbers(array: NDArray[np.uint64], bucket: int, buckets: int) -> Iterator[NDArray[np.int64]]:
    """The numbers of the images whose key belongs to a bucket, slice by slice."""
    for start in range(0, len(array), _SLICE):
        part = array[start : start + _SLICE]
        here = np.flatnonzero((part[:, 0] & np.uint64(buckets - 1)) == bucket)
        here = here[part[here].any(axis=1)]
        if len(here):
            yield here + start
