"""Covariance of the channels: sums that are exact, and the same in any order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from operator import add
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from normstat.accumulators.double_double import DOUBLE, Centered, whole
from normstat.accumulators.json_state import Json

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
    shift : sums are in units of 2**-shift stored units, products in units of 2**-(2·shift).

    Examples
    --------
    >>> dark = Products.of(np.array([[[1, 2], [3, 0]]], dtype=np.uint8))
    >>> light = Products.of(np.array([[[255, 255]]], dtype=np.uint8))
    >>> dark
    Products(count=2, sums=(4, 2), products=((10, 2), (4,)), shift=0)
    >>> (dark + light).products
    ((65035, 65027), (65029,))
    >>> dark.covariance()
    [[Fraction(1, 1), Fraction(-1, 1)], [Fraction(-1, 1), Fraction(1, 1)]]
    """

    count: int
    sums: tuple[int, ...]
    products: tuple[tuple[int, ...], ...]
    shift: int = 0

    @classmethod
    def empty(cls, channels: int, shift: int = 0) -> "Products":
        return cls(0, (0,) * channels, tuple((0,) * row for row in range(channels, 0, -1)), shift)

    @classmethod
    def of_floats(cls, pixels: NDArray[np.generic]) -> "Products":
        """The state of an image of shape (H, W, C), any real dtype, stored units.

        Means and comoments are those of two passes in float64, as in
        :class:`normstat.accumulators.image_moments.Moments`; these doubles are added as the exact
        numbers that they are. Sums within an image are NumPy's own, not those of BLAS, which depend
        on the processor.

        >>> Products.of_floats(np.array([[[0.0, 1.0], [10.0, -1.0]]])).covariance()[0]
        [Fraction(25, 1), Fraction(-5, 1)]
        """
        count, high, low, _, deviations, residue = Centered.of(pixels)
        channels = range(len(residue))
        product = np.empty(count)

        def comoment(i: int, j: int) -> float:
            np.multiply(deviations[i], deviations[j], out=product)
            return float(product.sum() - residue[i] * residue[j] / count)

        c2 = [[comoment(i, j) for j in channels[i:]] for i in channels]
        return cls._of_comoments(count, zip(high.tolist(), low.tolist(), strict=True), c2)

    @classmethod
    def _of_comoments(
        cls, count: int, means: Iterable[tuple[float, float]], c2: Sequence[Sequence[float]]
    ) -> "Products":
        """From means, as sums of two doubles, and Σ(x - mean x)(y - mean y) in rows."""
        exact = [whole(high) + whole(low) for high, low in means]
        products = tuple(
            tuple(
                (whole(comoment) << DOUBLE) + count * one * other
                for comoment, other in zip(row, exact[first:], strict=True)
            )
            for first, (one, row) in enumerate(zip(exact, c2, strict=True))
        )
        return cls(count, tuple(count * one for one in exact), products, DOUBLE)

    @classmethod
    def of(cls, pixels: NDArray[Any]) -> "Products":
        """The state of an image of shape (H, W, C), integers of 8 or 16 bits, stored units."""
        channels = pixels.shape[2]
        values = pixels.reshape(-1)
        limits = np.iinfo(pixels.dtype)
        most = _EXACT // max(-int(limits.min), int(limits.max)) ** 2 * channels
        total = cls.empty(channels)
        for start in range(0, len(values), most):
            part = values[start : start + most]  # so few that no sum of products exceeds 2**53
            sums, products = _sums(part, channels)
            total += cls(
                len(part) // channels,
                tuple(map(int, sums.tolist())),
                tuple(tuple(map(int, row[at:])) for at, row in enumerate(products.tolist())),
            )
        return total

    def with_image(self, pixels: NDArray[Any]) -> "Products":
        """The sum with an image of shape (H, W, C), of a kind that has such states."""
        return self + (self.of_floats(pixels) if self.shift else self.of(pixels))

    def __add__(self, other: "Products") -> "Products":
        if self.shift != other.shift:
            raise ValueError("products of counted and of floating-point pixels do not add")
        return Products(
            self.count + other.count,
            tuple(map(add, self.sums, other.sums)),
            tuple(
                tuple(map(add, mine, its))
                for mine, its in zip(self.products, other.products, strict=True)
            ),
            self.shift,
        )

    def __sub__(self, other: "Products") -> "Products":
        negative = Products(
            -other.count,
            tuple(-value for value in other.sums),
            tuple(tuple(-value for value in row) for row in other.products),
            other.shift,
        )
        return self + negative

    def spread(self, channels: int) -> "Products":
        """Gray pixels seen as pixels with ``channels`` equal channels."""
        ((square,),) = self.products
        products = tuple((square,) * row for row in range(channels, 0, -1))
        return replace(self, sums=self.sums * channels, products=products)

    def covariance(self) -> list[list[Fraction]]:
        """Population covariance (ddof 0) of each pair of channels, exact, squared stored units."""
        n, sums = self.count, self.sums
        unit = n * n << 2 * self.shift
        return [
            [Fraction(n * xy - s * t, unit) for xy, t in zip(row, sums, strict=True)]
            for s, row in zip(sums, symmetric(self.products), strict=True)
        ]

    def fits(self, count: int, squares: Sequence[int]) -> bool:
        """True if so many pixels with such Σx² may have these sums; floats are rounded twice."""
        return (
            self.count == count
            and all(s * s <= 4 * count * q for s, q in zip(self.sums, squares, strict=True))
            and all(
                xy * xy <= 4 * squares[first] * q
                for first, row in enumerate(self.products)
                for xy, q in zip(row, squares[first:], strict=True)
            )
        )

    def to_json(self) -> dict[str, Any]:
        """The sums, as a file has them: of what is symmetric one half, as halves could differ."""
        return {
            "count": self.count,
            "sums": [str(value) for value in self.sums],
            "products": [[str(value) for value in row] for row in self.products],
        }

    def from_json(self, node: Json) -> "Products":
        """Read the state that :meth:`to_json` wrote: one of as many channels, in the same units."""
        channels = len(self.sums)
        if node.get("c2").value is not None:  # floating-point pixels in files of before
            means = zip(node["mean"].list(channels), node["mean_low"].list(channels), strict=True)
            rows = enumerate(node["c2"].list(channels))
            return self._of_comoments(
                node["count"].whole(),
                [(high.number(), low.number()) for high, low in means],
                [[value.number() for value in row.list(channels - at)] for at, row in rows],
            )
        return Products(
            count=node["count"].whole(),
            sums=tuple(value.digits() for value in node["sums"].list(channels)),
            products=tuple(
                tuple(value.digits() for value in row.list(channels - first))
                for first, row in enumerate(node["products"].list(channels))
            ),
            shift=self.shift,
        )


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


def symmetric(rows: Sequence[Sequence[_T]]) -> list[list[_T]]:
    """The square matrix whose diagonal, and everything right of it, is in ``rows``.

    >>> symmetric([[1, 2, 3], [4, 5], [6]])
    [[1, 2, 3], [2, 4, 5], [3, 5, 6]]
    """
    size = range(len(rows))
    return [[rows[min(i, j)][abs(i - j)] for j in size] for i in size]
