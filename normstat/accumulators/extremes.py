"""The smallest and largest of floating-point pixels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_Float = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Extremes:
    """Smallest and largest value of each channel, and how many pixels there were.

    Attributes
    ----------
    count : pixels seen, the same for every channel.
    min, max : shape (C,), float64, stored units; infinite while nothing was seen.

    Examples
    --------
    >>> low, high = Extremes.of(np.zeros((2, 3, 1))), Extremes.of(np.full((2, 3, 1), 10.0))
    >>> both = low + high
    >>> both.count, both.min, both.max
    (12, array([0.]), array([10.]))
    """

    count: int
    min: _Float
    max: _Float

    @classmethod
    def empty(cls, channels: int) -> "Extremes":
        """No pixels: the identity of ``+``."""
        return cls(0, np.full(channels, np.inf), np.full(channels, -np.inf))

    @classmethod
    def of(cls, pixels: NDArray[np.generic]) -> "Extremes":
        """The state of an image of shape (H, W, C), any real dtype, stored units."""
        channels = pixels.shape[2]
        if not pixels.size:
            return cls.empty(channels)
        columns = pixels.reshape(-1, channels).astype(np.float64)
        return cls.of_range(len(columns), columns.min(axis=0), columns.max(axis=0))

    @classmethod
    def of_range(cls, count: int, low: _Float, high: _Float) -> "Extremes":
        """The state of pixels whose extremes are known: shape (C,), stored units."""
        return cls(count, low + 0.0, high + 0.0)  # of 0 and -0 the order would decide

    def __add__(self, other: "Extremes") -> "Extremes":
        return Extremes(
            self.count + other.count,
            np.minimum(self.min, other.min),
            np.maximum(self.max, other.max),
        )

    def spread(self, channels: int) -> "Extremes":
        """Gray pixels seen as pixels with ``channels`` equal channels."""
        return Extremes(self.count, np.repeat(self.min, channels), np.repeat(self.max, channels))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Extremes) and self._bits() == other._bits()

    __hash__ = None  # type: ignore[assignment]  # holds arrays, as ndarray itself has no hash

    def _bits(self) -> tuple[object, ...]:
        return self.count, self.min.tobytes(), self.max.tobytes()
