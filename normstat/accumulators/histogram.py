"""How often each value occurs: exact for 8 and 16 bits."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np
from numpy.typing import NDArray


def power_sums(counts: NDArray[np.int64], pixels: int) -> list[tuple[int, int]]:
    """Σx and Σx² of each channel, as exact integers.

    Parameters
    ----------
    counts : shape (C, bins), int64.
    pixels : their sum, the same for every channel.

    Examples
    --------
    >>> power_sums(np.array([[3, 1, 0, 0], [0, 0, 0, 4]]), 4)
    [(1, 1), (12, 36)]
    """
    bins = counts.shape[1]
    if pixels * (bins - 1) ** 2 < 2**63:
        return [(s, q) for s, q in counts.dot(_powers(bins)).tolist()]
    sums = []
    for channel in counts:  # beyond 64 bits: the same in Python's integers
        values = np.flatnonzero(channel).tolist()
        pairs = list(zip(values, channel[values].tolist(), strict=True))
        sums.append((sum(v * n for v, n in pairs), sum(v * v * n for v, n in pairs)))
    return sums


@cache
def _powers(bins: int) -> NDArray[np.int64]:
    """Shape (bins, 2), int64: v and v² for each value v."""
    values = np.arange(bins, dtype=np.int64)
    return np.stack([values, values * values], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Histogram:
    """Counts of every value of each channel.

    Whatever the order or grouping in which images are added, the counts are the same integers,
    and so is all that is computed from them.

    Attributes
    ----------
    counts : shape (C, bins), int64; ``counts[c, v]`` pixels of channel c have the stored value v.

    Examples
    --------
    >>> dark = Histogram.of(np.array([[3, 1, 0, 0]]))
    >>> light = Histogram.of(np.array([[0, 0, 0, 4]]))
    >>> both = dark + light
    >>> both.count, both.power_sums()
    (8, [(13, 37)])
    >>> [float(value) for value in both.quantile(Fraction(1, 2))]
    [2.0]
    """

    counts: NDArray[np.int64]

    @classmethod
    def empty(cls, channels: int, bins: int) -> "Histogram":
        """No pixels: the identity of ``+``."""
        return cls(np.zeros((channels, bins), dtype=np.int64))

    @classmethod
    def of(cls, counts: NDArray[np.int64]) -> "Histogram":
        """The state of counts of shape (C, bins)."""
        return cls(np.array(counts, dtype=np.int64))

    def __add__(self, other: "Histogram") -> "Histogram":
        return Histogram(self.counts + other.counts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Histogram) and np.array_equal(self.counts, other.counts)

    __hash__ = None  # type: ignore[assignment]  # holds an array, as ndarray itself has no hash

    @property
    def count(self) -> int:
        """Pixels, the same for every channel."""
        return int(self.counts[0].sum())

    def power_sums(self) -> list[tuple[int, int]]:
        """Σx and Σx² of each channel, exact, in stored units."""
        return power_sums(self.counts, self.count)

    def spread(self, channels: int) -> "Histogram":
        """Gray pixels seen as pixels with ``channels`` equal channels."""
        return Histogram(np.repeat(self.counts, channels, axis=0))

    def range(self) -> list[tuple[int, int]]:
        """Smallest and largest value of each channel, stored units."""
        present = [np.flatnonzero(channel) for channel in self.counts]
        return [(int(values[0]), int(values[-1])) for values in present]

    def quantile(self, p: Fraction) -> list[Fraction]:
        """The p-quantile of each channel, exact, in stored units.

        Linear interpolation between order statistics: definition 7 of Hyndman & Fan (1996),
        NumPy's default.
        """
        position = (self.count - 1) * p
        below = position.numerator // position.denominator
        part = position - below
        quantiles = []
        for channel in self.counts:
            cumulative = np.cumsum(channel)
            low = int(np.searchsorted(cumulative, below, side="right"))
            high = low if not part else int(np.searchsorted(cumulative, below + 1, side="right"))
            quantiles.append(low + part * (high - low))
        return quantiles
