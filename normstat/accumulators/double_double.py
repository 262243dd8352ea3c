"""Means of floating-point pixels without a loss of digits, and doubles as exact integers."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_Float = NDArray[np.float64]
#: Every finite double is a whole multiple of 2**-1074.
DOUBLE = 1074


class Centered(NamedTuple):
    """Pixels as deviations from their rounded mean.

    Attributes
    ----------
    pixels : how many, the same for every channel.
    high, low : shape (C,), float64, stored units; their unevaluated sum is the mean.
    columns, deviations : shape (C, N), float64, stored units; the deviations are the caller's own.
    residue : shape (C,), float64: the sum of the deviations, zero but for the rounding.
    """

    pixels: int
    high: _Float
    low: _Float
    columns: _Float
    deviations: _Float
    residue: _Float

    @classmethod
    def of(cls, pixels: NDArray[np.generic]) -> "Centered":
        """Pixels of shape (H, W, C), at least one, any real dtype, stored units."""
        channels = pixels.shape[2]
        columns = np.ascontiguousarray(pixels.reshape(-1, channels).T, dtype=np.float64)
        count = columns.shape[1]
        mean = columns.sum(axis=1) / count
        deviations = columns - mean[:, np.newaxis]
        residue = deviations.sum(axis=1)
        # Their sum, and what rounding loses of it (Knuth, TAOCP 2, 4.2.2).
        rest = residue / count
        high = mean + rest
        part = high - mean
        low = (mean - (high - part)) + (rest - part)
        return cls(count, high, low, columns, deviations, residue)


def whole(value: float) -> int:
    """A finite double in units of 2**-1074, in which every double is an integer.

    >>> whole(-2.0) == -(2 << DOUBLE), whole(5e-324)
    (True, 1)
    """
    numerator, denominator = value.as_integer_ratio()
    return numerator * ((1 << DOUBLE) // denominator)
