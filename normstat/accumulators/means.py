"""Means of floating-point pixels that merge without losing digits: sums of two doubles."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_Float = NDArray[np.float64]


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

    def merged(self, other: "Mean") -> tuple["Mean", _Float]:
        """The mean of both, and what the other's lies above this one: shape (C,), float64.

        A single double would lose half of the digits of the variance when many small states far
        from zero are merged one by one. Both have pixels.
        """
        pixels = self.pixels + other.pixels
        delta, delta_low = _two_sum(other.high, -self.high)
        delta_low = delta_low + (other.low - self.low)
        delta, delta_low = _two_sum(delta, delta_low)
        step, step_low = _divide(*_times(delta, delta_low, other.pixels), pixels)
        high, low = _two_sum(self.high, step)
        high, low = _two_sum(high, low + (self.low + step_low))
        return Mean(pixels, high, low), delta


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


def _times(high: _Float, low: _Float, factor: int) -> tuple[_Float, _Float]:
    """A double-double times an integer."""
    product = high * factor
    return product, _product_error(high, float(factor), product) + low * factor


def _divide(high: _Float, low: _Float, divisor: int) -> tuple[_Float, _Float]:
    """A double-double divided by an integer."""
    quotient = high / divisor
    product = quotient * divisor
    rest = (high - product) - _product_error(quotient, float(divisor), product) + low
    return quotient, rest / divisor


def _product_error(a: _Float, b: float, product: _Float) -> _Float:
    """What rounding lost of a product, exactly (Dekker 1971), by halves of 26 bits."""
    a_high, a_low = _halves(a)
    b_high, b_low = _halves(np.asarray(b))
    return ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def _halves(a: _Float) -> tuple[_Float, _Float]:
    scaled = a * 134217729.0  # 2**27 + 1
    high = scaled - (scaled - a)
    return high, a - high
