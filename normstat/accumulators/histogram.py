"""Counts of each value: exact for integers of 8 and 16 bits."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normstat.accumulators.exact_sums import ExactSums
from normstat.accumulators.json_state import Json, Pack
from normstat.images import Pixels

# Counts that are added at once.
_TOGETHER = 1 << 14


def power_sums(counts: NDArray[np.int64], pixels: int, least: int = 0) -> list[tuple[int, int]]:
    """Σx and Σx² of each channel, as exact integers.

    Parameters
    ----------
    counts : shape (C, bins), int64.
    pixels : their sum, of the channel that has most.
    least : value of the first bin.

    Examples
    --------
    >>> power_sums(np.array([[3, 1, 0, 0], [0, 0, 0, 4]]), 4)
    [(1, 1), (12, 36)]
    >>> power_sums(np.array([[3, 1, 0, 0]]), 4, -2)
    [(-7, 13)]
    """
    bins = counts.shape[1]
    if pixels * max(-least, least + bins - 1) ** 2 < 2**63:
        return [(s, q) for s, q in counts.dot(_powers(bins, least)).tolist()]
    sums = []
    for channel in counts:  # beyond 64 bits: the same in Python's integers
        present = np.flatnonzero(channel)
        pairs = list(zip((present + least).tolist(), channel[present].tolist(), strict=True))
        sums.append((sum(v * n for v, n in pairs), sum(v * v * n for v, n in pairs)))
    return sums


@cache
def _powers(bins: int, least: int) -> NDArray[np.int64]:
    """Shape (bins, 2), int64: v and v² for each value v."""
    values = np.arange(least, least + bins, dtype=np.int64)
    return np.stack([values, values * values], axis=1)


def quantile_bins(
    counts: NDArray[np.int64], count: int, p: Fraction
) -> Iterator[tuple[int, int, Fraction]]:
    """Bins of the two order statistics between which a quantile lies, and how far behind the first.

    Definition 7 of Hyndman & Fan (1996), NumPy's default.

    >>> list(quantile_bins(np.array([[3, 1, 0, 4]]), 8, Fraction(1, 2)))
    [(1, 3, Fraction(1, 2))]
    """
    position = (count - 1) * p
    below = position.numerator // position.denominator
    part = position - below
    for channel in counts:
        cumulative = np.cumsum(channel)
        low = int(np.searchsorted(cumulative, below, side="right"))
        high = low if not part else int(np.searchsorted(cumulative, below + 1, side="right"))
        yield low, high, part


@dataclass(frozen=True, slots=True)
class Pooled:
    """Summary of all pixels of a kind, channel by channel, stored units.

    Attributes
    ----------
    moments : mean and variance (ddof 0).
    range : smallest and largest value.
    quantiles : p → quantile; None where values were not counted.
    """

    moments: list[tuple[Fraction, Fraction]]
    range: list[tuple[Fraction, Fraction]]
    quantiles: dict[str, list[Fraction]] | None


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """Counts of every value of each channel.

    Whatever the order or grouping in which images are added, the counts are the same integers,
    and so is all that is computed from them.

    Attributes
    ----------
    counts : shape (C, bins), int64; ``counts[c, i]`` pixels of channel c have the stored value
        ``least + i``.
    least : smallest value that there is a count of.

    Examples
    --------
    >>> dark = Histogram(np.array([[3, 1, 0, 0]]))
    >>> light = Histogram(np.array([[0, 0, 0, 4]]))
    >>> both = dark + light
    >>> both.count, power_sums(both.counts, both.count)
    (8, [(13, 37)])
    >>> [float(value) for value in both.quantile(Fraction(1, 2))]
    [2.0]
    """

    counts: NDArray[np.int64]
    least: int = 0

    @classmethod
    def empty(cls, channels: int, bins: int, least: int = 0) -> "Histogram":
        return cls(np.zeros((channels, bins), dtype=np.int64), least)

    def __add__(self, other: "Histogram") -> "Histogram":
        if self.least != other.least:
            raise ValueError("counts of signed and of unsigned values do not add")
        return Histogram(self.counts + other.counts, self.least)

    def __sub__(self, other: "Histogram") -> "Histogram":
        if self.least != other.least or (self.counts < other.counts).any():
            raise ValueError("there are fewer pixels of a value in the whole than in the part")
        return Histogram(self.counts - other.counts, self.least)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Histogram)
            and self.least == other.least
            and np.array_equal(self.counts, other.counts)
        )

    __hash__ = None  # type: ignore[assignment]  # holds an array, as ndarray itself has no hash

    @property
    def count(self) -> int:
        """Pixels, the same for every channel."""
        return int(self.counts[0].sum())

    @property
    def levels(self) -> NDArray[np.float64]:
        return np.arange(self.least, self.least + self.counts.shape[1], dtype=np.float64)

    @property
    def quantile_error(self) -> float:
        return 0.0

    def exact(self) -> "Histogram":
        return self

    def spread(self, channels: int) -> "Histogram":
        return Histogram(np.repeat(self.counts, channels, axis=0), self.least)

    def range(self) -> list[tuple[Fraction, Fraction]]:
        """Smallest and largest value of each channel, stored units."""
        present = [np.flatnonzero(channel) + self.least for channel in self.counts]
        return [(Fraction(int(values[0])), Fraction(int(values[-1]))) for values in present]

    def quantile(self, p: Fraction) -> list[Fraction]:
        """The p-quantile of each channel, exact, in stored units."""
        return [
            self.least + low + part * (high - low)
            for low, high, part in quantile_bins(self.counts, self.count, p)
        ]

    def summary(self, _sums: ExactSums, quantiles: Sequence[str]) -> Pooled:
        """Summarize the pixels; all is exact, and the sums over images are not needed."""
        n = self.count
        return Pooled(
            [
                (Fraction(s, n), Fraction(n * q - s * s, n * n))
                for s, q in power_sums(self.counts, n, self.least)
            ],
            self.range(),
            {p: self.quantile(Fraction(p)) for p in quantiles},
        )

    def fits(self, sums: ExactSums) -> bool:
        return set(self.counts.sum(axis=1).tolist()) == {sums.pixels} and power_sums(
            self.counts, sums.pixels, self.least
        ) == [(s, q) for s, q, *_ in sums.channels]

    def to_json(self, pack: Pack) -> Any:
        return pack(self.counts, self.least)

    def from_json(self, node: Json) -> "Histogram":
        channels, bins = self.counts.shape
        return Histogram(node.counts(channels, bins, self.least), self.least)

    def fold(self) -> "HistogramFold":
        return HistogramFold(self)


class HistogramFold:
    """Counts and sums of images, added in place."""

    def __init__(self, empty: Histogram) -> None:
        self._counts = empty.counts.copy()
        self._least = empty.least
        self._images: list[tuple[int, list[tuple[int, int]]]] = []
        # Small counts are added several images at a time.
        self._waiting: list[tuple[int, NDArray[np.int64]]] = []
        self._together = max(_TOGETHER // self._counts.size, 1)

    def add(self, pixels: Pixels) -> tuple[str, ...]:
        for image in pixels.images:
            self._waiting.append((image.area, image.counts()))
            if len(self._waiting) == self._together:
                self._add_waiting()
        return ()

    def add_counts(self, pixels: int, counts: NDArray[np.int64]) -> None:
        self._add([pixels] * len(counts), counts)

    def values(self) -> Histogram:
        self._add_waiting()
        return Histogram(self._counts.copy(), self._least)

    def exact_sums(self) -> ExactSums:
        self._add_waiting()
        return ExactSums.of_many_counts(self._images)

    def _add_waiting(self) -> None:
        if not self._waiting:
            return
        areas, every = zip(*self._waiting, strict=True)
        self._waiting.clear()
        self._add(areas, np.stack(every))

    def _add(self, areas: Sequence[int], stacked: NDArray[np.int64]) -> None:
        images, channels, bins = stacked.shape
        # Of each channel of each image as if they were the channels of one; area by its largest.
        sums = power_sums(stacked.reshape(-1, bins), max(areas), self._least)
        by_image = [sums[at : at + channels] for at in range(0, images * channels, channels)]
        self._images += zip(areas, by_image, strict=True)
        self._counts += stacked.sum(axis=0)
