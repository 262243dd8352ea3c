"""Distances between two distributions of pixel values, from their counts."""

from dataclasses import dataclass
from math import inf, log

import numpy as np
from numpy.typing import NDArray

from normstat.accumulators.kinds import Values

_TENTHS = np.arange(1, 10) / 10


@dataclass(frozen=True, slots=True)
class Distances:
    """Three usual distances; reported, never judged.

    Attributes
    ----------
    w1 : Wasserstein-1, the mean distance that values have to move, in stored units.
    ks : Kolmogorov-Smirnov, the largest difference of the cumulative shares.
    psi : population stability index over tenths of before; infinite if one has become empty.

    Examples
    --------
    >>> dark, light = np.array([4, 0, 0, 0]), np.array([2, 0, 0, 2])
    >>> Distances.of(light, dark)
    Distances(w1=1.5, ks=0.5, psi=inf)
    """

    w1: float
    ks: float
    psi: float

    @classmethod
    def of(
        cls,
        after: NDArray[np.int64],
        before: NDArray[np.int64],
        steps: NDArray[np.float64] | float = 1.0,
    ) -> "Distances":
        """The distances between two channels' counts (bins,), with steps in stored units."""
        ours, theirs = _cumulative(after), _cumulative(before)
        apart = np.abs(ours - theirs)
        return cls(float((apart * steps).sum()), float(apart.max()), _psi(ours, theirs))


def between(after: Values, before: Values) -> tuple[Distances, ...] | None:
    """The distances in each channel; None without counts of the same bins on both sides."""
    if after.counts is None or before.counts is None:
        return None
    levels = after.levels
    if not np.array_equal(levels, before.levels):
        return None
    steps = np.diff(levels, append=levels[-1])
    return tuple(
        Distances.of(ours, theirs, steps)
        for ours, theirs in zip(after.counts, before.counts, strict=True)
    )


def _cumulative(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    cumulative = np.cumsum(counts)
    shares: NDArray[np.float64] = cumulative / cumulative[-1]
    return shares


def _psi(after: NDArray[np.float64], before: NDArray[np.float64]) -> float:
    """Σ (p - q) ln(p/q) over bins that end where `before` passes a tenth: none is empty there."""
    ends = np.unique([*np.searchsorted(before, _TENTHS), len(before) - 1])
    total = 0.0
    for p, q in zip(
        np.diff(after[ends], prepend=0.0), np.diff(before[ends], prepend=0.0), strict=True
    ):
        if q and not p:
            return inf
        if p != q:
            total += (p - q) * log(p / q) if q else inf
    return float(total)
