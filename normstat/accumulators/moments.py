"""Mean and variance of floating-point pixels, in one pass over any grouping."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from normstat.accumulators.means import Centered, Mean

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
        if not pixels.size:
            return cls.empty(pixels.shape[2])
        (count, high, low), columns, deviations, residue = Centered.of(pixels)
        deviations *= deviations
        m2 = deviations.sum(axis=1) - residue * residue / count
        return cls(count, high, low, m2, columns.min(axis=1), columns.max(axis=1))

    def __add__(self, other: "Moments") -> "Moments":
        # The identity is exact, to the bit: an empty state leaves the other as it is.
        if not self.count:
            return other
        if not other.count:
            return self
        mean, delta = self._mean().merged(other._mean())
        m2 = self.m2 + other.m2 + delta * delta * (self.count / mean.pixels * other.count)
        return Moments(*mean, m2, np.minimum(self.min, other.min), np.maximum(self.max, other.max))

    def _mean(self) -> Mean:
        return Mean(self.count, self.mean, self.mean_low)

    def spread(self, channels: int) -> "Moments":
        """Gray pixels seen as pixels with ``channels`` equal channels."""
        repeated = (np.repeat(array, channels) for array in self._arrays())
        return Moments(self.count, *repeated)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Moments) and self._bits() == other._bits()

    __hash__ = None  # type: ignore[assignment]  # holds arrays, as ndarray itself has no hash

    def _bits(self) -> tuple[object, ...]:
        return (self.count, *(array.tobytes() for array in self._arrays()))

    def _arrays(self) -> tuple[_Float, ...]:
        return self.mean, self.mean_low, self.m2, self.min, self.max
