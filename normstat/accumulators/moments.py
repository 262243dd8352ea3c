"""Mean and variance of floating-point pixels, in one pass over any grouping."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_Float = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Sufficient statistics for the mean and variance of each channel.

    Attributes
    ----------
    count : pixels seen, the same for every channel.
    mean, mean_low : shape (C,), float64, stored units; their unevaluated sum is the mean.
    m2 : shape (C,), float64, squared stored units: the sum of (x - mean)**2.
    min, max : shape (C,), float64, stored units; infinite while nothing was seen.

    Notes
    -----
    One image: two passes, with the correction for the rounding of the mean (Chan, Golub & LeVeque
    1983). Two states: the pairwise update of the same paper. The merged mean is a double-double:
    a single double loses half of the digits of the variance when many small states far from zero
    are merged one by one.

    Examples
    --------
    >>> dark = Moments.of(np.zeros((2, 3, 1)))
    >>> light = Moments.of(np.full((2, 3, 1), 10.0))
    >>> (dark + light).mean, (dark + light).m2 / 12
    (array([5.]), array([25.]))
    """

    count: int
    mean: _Float
    mean_low: _Float
    m2: _Float
    min: _Float
    max: _Float

    @classmethod
    def empty(cls, channels: int) -> "Moments":
        """No pixels: the identity of ``+``."""
        zero = np.zeros(channels)
        return cls(0, zero, zero, zero, np.full(channels, np.inf), np.full(channels, -np.inf))

    @classmethod
    def of(cls, pixels: NDArray[np.generic]) -> "Moments":
        """The state of an image of shape (H, W, C), any real dtype, stored units."""
        channels = pixels.shape[2]
        count = pixels.shape[0] * pixels.shape[1]
        if not count:
            return cls.empty(channels)
        columns = np.ascontiguousarray(pixels.reshape(count, channels).T, dtype=np.float64)
        mean = columns.sum(axis=1) / count
        deviations = columns - mean[:, np.newaxis]
        residue = deviations.sum(axis=1)
        deviations *= deviations
        m2 = deviations.sum(axis=1) - residue * residue / count
        high, low = _two_sum(mean, residue / count)
        return cls(count, high, low, m2, columns.min(axis=1), columns.max(axis=1))

    def __add__(self, other: "Moments") -> "Moments":
        # The identity is exact, to the bit: an empty state leaves the other as it is.
        if not self.count:
            return other
        if not other.count:
            return self
        count = self.count + other.count
        delta, delta_low = _two_sum(other.mean, -self.mean)
        delta_low = delta_low + (other.mean_low - self.mean_low)
        delta, delta_low = _two_sum(delta, delta_low)
        step, step_low = _divide(*_times(delta, delta_low, other.count), count)
        mean, low = _two_sum(self.mean, step)
        mean, low = _two_sum(mean, low + (self.mean_low + step_low))
        m2 = self.m2 + other.m2 + delta * delta * (self.count / count * other.count)
        return Moments(
            count,
            mean,
            low,
            m2,
            np.minimum(self.min, other.min),
            np.maximum(self.max, other.max),
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Moments) and self._bits() == other._bits()

    __hash__ = None  # type: ignore[assignment]  # holds arrays, as ndarray itself has no hash

    def _bits(self) -> tuple[object, ...]:
        arrays = (self.mean, self.mean_low, self.m2, self.min, self.max)
        return (self.count, *(array.tobytes() for array in arrays))


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
