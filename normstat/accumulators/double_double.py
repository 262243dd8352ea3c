"""Means of floating-point pixels without a loss of digits, and doubles as exact integers."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_Float = NDArray[np.float64]
#: Every finite double is a whole multiple of 2**-1074.
DOUBLE = 1074


class Mean(NamedTuple):
    """The mean of each channel as an unevaluated sum of two doubles.

    Attributes
    ----------
    pixels : how many were seen, the same for every channel.
    high, low : shape (C,), float64, stored units.
    """

    pixels: int
    high: _Float
    low: _Float


class Centered(NamedTuple):
    """Pixels as deviations from their rounded mean.

    Attributes
    ----------
    mean : of the pixels, with what rounding left.
    columns, deviations : shape (C, N), float64, stored units; the deviations are the caller's own.
    residue : shape (C,), float64: the sum of the deviations, zero but for the rounding.
    """

    mean: Mean
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
        return cls(Mean(count, *_two_sum(mean, residue / count)), columns, deviations, residue)


def _two_sum(a: _Float, b: _Float) -> tuple[_Float, _Float]:
    """Add: the sum, and what rounding lost of it (Knuth, TAOCP 2, 4.2.2)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def whole(value: float) -> int:
    """A finite double in units of 2**-1074, in which every double is an integer.

    >>> whole(-2.0) == -(2 << DOUBLE), whole(5e-324)
    (True, 1)
    """
    numerator, denominator = value.as_integer_ratio()
    return numerator * ((1 << DOUBLE) // denominator)
