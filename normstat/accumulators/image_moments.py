"""Mean and variance of the floating-point pixels of one image."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normstat.accumulators.double_double import Centered

_Float = NDArray[np.float64]
# Deviations whose squares add up to less are so small that their values stay finite, scaled so.
_SMALL, _SCALE = 2.0**-900, 600


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Mean, sum of squared deviations and extremes of each channel of one image.

    Attributes
    ----------
    count : pixels, the same for every channel; at least one.
    mean, mean_low : shape (C,), float64, stored units; their unevaluated sum is the mean.
    m2 : shape (C,), float64, squared stored units: the sum of (x - mean)**2.
    min, max : shape (C,), float64, stored units.

    Notes
    -----
    Two passes, with the correction for the rounding of the mean (Chan, Golub & LeVeque 1983). The
    moments of many images come from exact sums of these
    (:class:`normstat.accumulators.exact_sums.ExactSums`), which have no order.

    Examples
    --------
    >>> moments = Moments.of(np.array([[[0.0], [10.0]]]))
    >>> moments.mean, moments.m2 / moments.count
    (array([5.]), array([25.]))
    """

    count: int
    mean: _Float
    mean_low: _Float
    m2: _Float
    min: _Float
    max: _Float

    @classmethod
    def of(cls, pixels: NDArray[np.generic]) -> "Moments":
        """The moments of an image of shape (H, W, C), any real dtype, stored units."""
        centered = Centered.of(pixels)
        least, most = centered.columns.min(axis=1), centered.columns.max(axis=1)
        m2 = np.where(least < most, _squares(centered), 0.0)
        small = (m2 < _SMALL) & (least < most)
        if small.any():
            # Squares this small lose digits; by a power of 2 all numbers scale without rounding.
            larger = np.ldexp(np.asarray(pixels[:, :, small], np.float64), _SCALE)
            m2[small] = np.ldexp(_squares(Centered.of(larger)), -2 * _SCALE)
        return cls(centered.pixels, centered.high, centered.low, m2, least, most)

    def channels(self) -> Iterator[tuple[float, float, float]]:
        """`mean`, `mean_low` and `m2` of each channel."""
        return zip(self.mean.tolist(), self.mean_low.tolist(), self.m2.tolist(), strict=True)


def _squares(centered: Centered) -> _Float:
    squares = centered.deviations
    squares *= squares
    m2: _Float = squares.sum(axis=1) - centered.residue * centered.residue / centered.pixels
    return m2
