"""How channels vary together: exact for 8 and 16 bits, compensated for the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from normstat.accumulators.means import Centered, Mean

_T = TypeVar("_T")
_Float = NDArray[np.float64]
# Up to here every integer is a double: a sum that ends here never was rounded.
_EXACT = 2**53
# Values that are multiplied at once; their doubles fit into a core's own cache.
_BLOCK = 12 * 4096
# BLAS takes as long for a matrix of 12 columns as for one of 3: pixels stand side by side.
_WIDTH = 12


@dataclass(frozen=True, slots=True)
class Products:
    """Sums of pixels and of products of two channels of a pixel, as integers of any size.

    Attributes
    ----------
    count : pixels seen.
    sums : Σx of each channel, stored units.
    products : Σxy in squared stored units; row i has channel i times the channels i, i+1, … C-1.

    Examples
    --------
    >>> dark = Products.of(np.array([[[1, 2], [3, 0]]], dtype=np.uint8))
    >>> light = Products.of(np.array([[[255, 255]]], dtype=np.uint8))
    >>> dark
    Products(count=2, sums=(4, 2), products=((10, 2), (4,)))
    >>> (dark + light).products
    ((65035, 65027), (65029,))
    >>> dark.covariance()
    [[Fraction(1, 1), Fraction(-1, 1)], [Fraction(-1, 1), Fraction(1, 1)]]
    """

    count: int
    sums: tuple[int, ...]
    products: tuple[tuple[int, ...], ...]

    @classmethod
    def empty(cls, channels: int) -> "Products":
        """No pixels: the identity of ``+``."""
        return cls(0, (0,) * channels, tuple((0,) * row for row in range(channels, 0, -1)))

    @classmethod
    def of(cls, pixels: NDArray[Any]) -> "Products":
        """The state of an image of shape (H, W, C), uint8 or uint16, stored units."""
        channels = pixels.shape[2]
        values = pixels.reshape(-1)
        most = _EXACT // int(np.iinfo(pixels.dtype).max) ** 2 * channels
        total = cls.empty(channels)
        for start in range(0, len(values), most):
            total += cls._of_some(values[start : start + most], channels)
        return total

    @classmethod
    def _of_some(cls, values: NDArray[Any], channels: int) -> "Products":
        """The state of values, pixel by pixel, so few that no sum of products exceeds 2**53."""
        sums, products = _sums(values, channels)
        rows = enumerate(products.tolist())
        return cls(
            len(values) // channels,
            tuple(map(int, sums.tolist())),
            tuple(tuple(map(int, row[first:])) for first, row in rows),
        )

    def __add__(self, other: "Products") -> "Products":
        return Products(
            self.count + other.count,
            _added(self.sums, other.sums),
            tuple(
                _added(mine, its) for mine, its in zip(self.products, other.products, strict=True)
            ),
        )

    def spread(self, channels: int) -> "Products":
        """Gray pixels seen as pixels with ``channels`` equal channels."""
        ((square,),) = self.products
        return Products(
            self.count,
            self.sums * channels,
            tuple((square,) * row for row in range(channels, 0, -1)),
        )

    def covariance(self) -> list[list[Fraction]]:
        """Population covariance (ddof 0) of each pair of channels, exact, squared stored units."""
        n = self.count
        rows = [
            [Fraction(n * xy - s * t, n * n) for xy, t in zip(row, self.sums[first:], strict=True)]
            for first, (s, row) in enumerate(zip(self.sums, self.products, strict=True))
        ]
        return symmetric(rows)


def _added(mine: tuple[int, ...], its: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(a + b for a, b in zip(mine, its, strict=True))


def _sums(values: NDArray[Any], channels: int) -> tuple[_Float, _Float]:
    """Σx, shape (C,), and Σxy, shape (C, C), of pixels in one row: integers, held as float64."""
    side = max(1, _WIDTH // channels)
    width = side * channels
    step = max(1, _BLOCK // width) * width
    sums, products = np.zeros(width), np.zeros((width, width))
    block = np.empty((min(step, -(-len(values) // width) * width) // width, width))
    ones = np.ones(len(block))
    for start in range(0, len(values), step):
        part = values[start : start + step]
        flat = block.reshape(-1)
        flat[: len(part)] = part
        flat[len(part) :] = 0  # pixels that are not there add nothing
        sums += ones @ block
        products += block.T @ block
    # Of the pixels that stand side by side, each is multiplied with itself in a diagonal block.
    squares = products.reshape(side, channels, side, channels)
    return sums.reshape(side, channels).sum(axis=0), np.einsum("aiaj->ij", squares)


@dataclass(frozen=True, slots=True, eq=False)
class Comoments:
    """Sufficient statistics for the covariance of the channels of floating-point pixels.

    Attributes
    ----------
    count : pixels seen.
    mean, mean_low : shape (C,), float64, stored units; their unevaluated sum is the mean.
    c2 : shape (C, C), float64, squared stored units, symmetric: the sum of
        (x - mean x)·(y - mean y) over pixels; its diagonal is the m2 of the channels' moments.

    Notes
    -----
    The pairwise update of Pébay (2008), otherwise as in
    :class:`normstat.accumulators.moments.Moments`. Sums are NumPy's own, not those of BLAS, which
    depend on the processor.

    Examples
    --------
    >>> dark = Comoments.of(np.zeros((2, 3, 2)))
    >>> light = Comoments.of(np.array([[[10.0, -1.0]]] * 6))
    >>> (dark + light).covariance()
    array([[25.  , -2.5 ],
           [-2.5 ,  0.25]])
    """

    count: int
    mean: _Float
    mean_low: _Float
    c2: _Float

    @classmethod
    def empty(cls, channels: int) -> "Comoments":
        """No pixels: the identity of ``+``."""
        zero = np.zeros(channels)
        return cls(0, zero, zero, np.zeros((channels, channels)))

    @classmethod
    def of(cls, pixels: NDArray[np.generic]) -> "Comoments":
        """The state of an image of shape (H, W, C), any real dtype, stored units."""
        channels = pixels.shape[2]
        if not pixels.size:
            return cls.empty(channels)
        mean, _, deviations, residue = Centered.of(pixels)
        c2 = np.empty((channels, channels))
        product = np.empty(mean.pixels)
        for i in range(channels):
            for j in range(i, channels):
                np.multiply(deviations[i], deviations[j], out=product)
                c2[i, j] = c2[j, i] = product.sum() - residue[i] * residue[j] / mean.pixels
        return cls(*mean, c2)

    def __add__(self, other: "Comoments") -> "Comoments":
        # The identity is exact, to the bit: an empty state leaves the other as it is.
        if not self.count:
            return other
        if not other.count:
            return self
        mean, delta = self._mean().merged(other._mean())
        between = np.multiply.outer(delta, delta) * (self.count / mean.pixels * other.count)
        return Comoments(*mean, self.c2 + other.c2 + between)

    def _mean(self) -> Mean:
        return Mean(self.count, self.mean, self.mean_low)

    def spread(self, channels: int) -> "Comoments":
        """Gray pixels seen as pixels with ``channels`` equal channels."""
        mean, low = (np.repeat(part, channels) for part in (self.mean, self.mean_low))
        return Comoments(self.count, mean, low, np.full((channels, channels), self.c2[0, 0]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Comoments) and self._bits() == other._bits()

    __hash__ = None  # type: ignore[assignment]  # holds arrays, as ndarray itself has no hash

    def _bits(self) -> tuple[object, ...]:
        return (self.count, *(array.tobytes() for array in (self.mean, self.mean_low, self.c2)))

    def covariance(self) -> _Float:
        """Population covariance (ddof 0) of each pair: shape (C, C), squared stored units."""
        return self.c2 / self.count


def symmetric(rows: Sequence[Sequence[_T]]) -> list[list[_T]]:
    """The square matrix of which ``rows`` has the diagonal and what is right of it.

    >>> symmetric([[1, 2, 3], [4, 5], [6]])
    [[1, 2, 3], [2, 4, 5], [3, 5, 6]]
    """
    size = range(len(rows))
    return [[rows[min(i, j)][abs(i - j)] for j in size] for i in size]
