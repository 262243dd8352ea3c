"""Equal keys among millions, within little memory.

All functions take for each split its keys: shape (images, 2), uint64; zeros where an image has no
key. Memory is bounded by the keys themselves and by the largest part of those that are looked at
together, about 1/64 of 10 million.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from operator import itemgetter
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

#: Pairs that are kept of each two splits.
NAMED = 100
# The number of an image that is not there.
_NEVER = np.iinfo(np.int64).max
_BUCKET = 1 << 18  # keys looked at together, if they are spread evenly
_MOST_BUCKETS = 256
_SLICE = 1 << 19  # keys that are copied at a time
_Keys: TypeAlias = NDArray[np.uint64]
_Numbers: TypeAlias = NDArray[np.int64]


class _Rows(NamedTuple):
    """Occurrences of keys: a row for each key and split, sorted by both.

    Attributes
    ----------
    keys : shape (rows, 2), uint64.
    splits, counts : shape (rows,), int64: a split's index, and how many images there have the key.
    first, second : shape (rows,), int64: the lowest number of such an image, and the next;
        `_NEVER` where there is but one.
    """

    keys: _Keys
    splits: _Numbers
    counts: _Numbers
    first: _Numbers
    second: _Numbers

    def groups(self) -> _Numbers:
        """Equal for rows with equal keys, and rising: shape (rows,)."""
        return np.cumsum(_starts(self.keys)) - 1


def _sum(parts: Iterable[_Rows]) -> _Rows:
    unsorted = _Rows(*map(np.concatenate, zip(*parts, strict=True)))
    halves = unsorted.keys[:, 1], unsorted.keys[:, 0]
    order = np.lexsort((unsorted.first, unsorted.splits, *halves))
    keys = unsorted.keys[order]
    splits, counts, first, second = (column[order] for column in unsorted[1:])
    starts = np.flatnonzero(_starts(keys) | (np.diff(splits, prepend=-1) != 0))
    single = np.diff(starts, append=len(first)) == 1
    following = np.where(single, _NEVER, first[np.minimum(starts + 1, len(first) - 1)])
    return _Rows(
        keys[starts],
        splits[starts],
        np.add.reduceat(counts, starts),
        first[starts],
        np.minimum(second[starts], following),
    )


def _starts(keys: _Keys) -> NDArray[np.bool_]:
    """True where a row of sorted keys is the first with its key."""
    starts = np.ones(len(keys), np.bool_)
    starts[1:] = (keys[1:] != keys[:-1]).any(axis=1)
    return starts


def _parts(arrays: Sequence[_Keys]) -> Iterator[tuple[_Rows, list[Iterator[_Numbers]]]]:
    """All keys, and for each split the numbers of their images, slice by slice.

    Every image with one key is in the same part.
    """
    needed = sum(map(len, arrays)) // _BUCKET
    buckets = min(_MOST_BUCKETS, 1 << needed.bit_length())
    for bucket in range(buckets):
        rows = [
            _sum([_Rows(array[numbers], one * split, one, numbers, one * _NEVER)])
            for split, array in enumerate(arrays)
            for numbers in _numbers(array, bucket, buckets)
            for one in [np.ones(len(numbers), np.int64)]
        ]
        if rows:
            yield _sum(rows), [_numbers(array, bucket, buckets) for array in arrays]


def _numbers(array: _Keys, bucket: int, buckets: int) -> Iterator[_Numbers]:
    """The numbers of the images whose key belongs to a bucket, slice by slice."""
    for start in range(0, len(array), _SLICE):
        part = array[start : start + _SLICE]
        here = np.flatnonzero((part[:, 0] & np.uint64(buckets - 1)) == bucket)
        here = here[part[here].any(axis=1)]
        if len(here):
            yield here + start


def repeated(arrays: Sequence[_Keys]) -> list[NDArray[np.bool_]]:
    """Find images with a key that another one has, too.

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
    for rows, splits in _parts(arrays):
        groups = rows.groups()
        several = np.bincount(groups, rows.counts)[groups] > 1
        wanted = rows.keys[several, 0]  # half a key: enough to look closer
        if len(wanted):
            for array, flag, slices in zip(arrays, flags, splits, strict=True):
                for numbers in slices:
                    flag[numbers] = np.isin(array[numbers, 0], wanted)
    return flags


@dataclass(frozen=True, slots=True)
class Common:
    """Images that two splits have in common; or that one has more than once.

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


def common(arrays: Sequence[_Keys]) -> dict[tuple[int, int], Common]:
    """Find images in common: by the indices of two splits in their order, or twice of one.

    Examples
    --------
    >>> train = np.array([[7, 7], [5, 5], [0, 0], [7, 7]], np.uint64)
    >>> for splits, what in common([train, train[:1]]).items():
    ...     print(splits, what)
    (0, 0) Common(images=1, pairs=((0, 3),))
    (0, 1) Common(images=1, pairs=((0, 0),))
    (1, 1) Common(images=0, pairs=())
    """
    total = dict.fromkeys(combinations_with_replacement(range(len(arrays)), 2), Common(0, ()))
    for part, _ in _parts(arrays):
        groups = part.groups()
        of_splits = [np.flatnonzero(part.splits == split) for split in range(len(arrays))]
        for one, other in total:
            mine, its = of_splits[one], of_splits[other]
            if one == other:
                here = mine[part.counts[mine] > 1]
                images, origins, copies = part.counts[here] - 1, part.first[here], part.second[here]
            else:
                _, *equal = np.intersect1d(groups[mine], groups[its], True, return_indices=True)
                mine, its = mine[equal[0]], its[equal[1]]
                images, origins, copies = part.counts[its], part.first[mine], part.first[its]
            least = np.argsort(copies, kind="stable")[:NAMED]
            pairs = zip(origins[least].tolist(), copies[least].tolist(), strict=True)
            total[one, other] += Common(int(images.sum()), tuple(pairs))
    return {
        (one, other): Common(what.images, _all_pairs(arrays[other], what.pairs))
        for (one, other), what in total.items()
    }


def _all_pairs(array: _Keys, pairs: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """The first few pairs of images, found again by the first pair of each key."""
    originals = {tuple(array[number].tolist()): (first, number) for first, number in pairs}
    halves = array[[number for _, number in pairs], 0]
    found: list[tuple[int, int]] = []
    for start in range(0, len(array) if pairs else 0, _SLICE):
        for number in np.flatnonzero(np.isin(array[start : start + _SLICE, 0], halves)) + start:
            first, least = originals.get(tuple(array[number].tolist()), (0, _NEVER))
            if number >= least:  # of one split, the original itself is no pair
                found.append((first, int(number)))
            if len(found) == NAMED:
                return tuple(found)
    return tuple(found)
