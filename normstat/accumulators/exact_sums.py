"""Exact sums over images: mean and variance of all pixels, standard errors, per-image averages."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import isfinite, isqrt, sqrt
from typing import Any

from normstat.accumulators.double_double import DOUBLE, whole
from normstat.accumulators.json_state import Json
from normstat.errors import UnreadableImage
from normstat.images import Code

# Binary places in which the own mean and std of a counted image are summed.
_PLACES = 96
#: Sums of each channel.
COLUMNS = ("s", "q", "ss", "qq", "ms", "mq", "sq", "mean", "std")


@dataclass(frozen=True, slots=True)
class ExactSums:
    """Sums over images of what each image contributes, as integers of any size.

    An image has m pixels and, in each channel, s = Σx, q = Σx², and its own mean and std
    (population). In floating point these sums would cancel in the standard errors, constant sets
    even below zero; as integers they are exact and the same in any order.

    Attributes
    ----------
    images, pixels, pixels2 : n, Σm and Σm².
    channels : for each channel the sums of :data:`COLUMNS`: Σs, Σq, Σs², Σq², Σms, Σmq, Σsq,
        Σmean, Σstd.
    shift : s is in units of 2**-shift stored units, q in units of 2**-(2·shift); own mean and std
        of counted images, whose shift is 0, are in units of 2**-96.

    Examples
    --------
    >>> state = ExactSums.of_many_counts([(4, [(8, 20)]), (2, [(8, 34)])])
    >>> state.images, state.pixels, state.averages()
    (2, 6, [(Fraction(3, 1), Fraction(1, 1))])
    >>> state.mean_variance()
    [Fraction(64, 81)]
    """

    images: int
    pixels: int
    pixels2: int
    channels: tuple[tuple[int, ...], ...]
    shift: int = 0

    @classmethod
    def empty(cls, channels: int, shift: int = 0) -> "ExactSums":
        return cls(0, 0, 0, ((0,) * len(COLUMNS),) * channels, shift)

    @classmethod
    def of_many_counts(cls, images: Sequence[tuple[int, Sequence[tuple[int, int]]]]) -> "ExactSums":
        """At least one counted image: of each its pixels, and (Σx, Σx²) of each channel."""
        pixels = [m for m, _ in images]
        by_channel = zip(*(sums for _, sums in images), strict=True)
        return cls(
            len(images),
            sum(pixels),
            sum([m * m for m in pixels]),
            tuple(_counted(pixels, sums) for sums in by_channel),
        )

    @classmethod
    def of_moments(cls, pixels: int, channels: Iterable[tuple[float, float, float]]) -> "ExactSums":
        """One image of floats; doubles are taken as the exact numbers that they are.

        Parameters
        ----------
        channels : of each its mean, as the sum of two doubles, and Σ(x - mean)².

        Raises
        ------
        UnreadableImage
            ``non_finite`` if the squares of its values exceed float64.
        """
        m = pixels
        rows = []
        for high, low, m2 in channels:
            if not isfinite(m2 / m):
                raise UnreadableImage(Code.NON_FINITE, "the squares of its values exceed float64")
            mean, std = whole(high) + whole(low), whole(sqrt(m2 / m))
            s = m * mean
            q = (whole(m2) << DOUBLE) + m * mean * mean
            rows.append((s, q, s * s, q * q, m * s, m * q, s * q, mean, std))
        return cls(1, m, m * m, tuple(rows), DOUBLE)

    def __add__(self, other: "ExactSums") -> "ExactSums":
        if self.shift != other.shift:
            raise ValueError("sums of counted and of floating-point images do not add")
        return ExactSums.sum([self, other])

    def __sub__(self, other: "ExactSums") -> "ExactSums":
        if self.shift != other.shift:
            raise ValueError("sums of counted and of floating-point images do not add")
        remain = ExactSums.sum([self, other.negative()])
        empty = ExactSums.empty(len(self.channels), self.shift)
        if remain.images < 0 or (remain != empty if not remain.images else not remain.may_be()):
            raise ValueError("no images have the sums that remain")
        return remain

    def negative(self) -> "ExactSums":
        """The sums with which these come to none."""
        rows = tuple(tuple(-value for value in row) for row in self.channels)
        return ExactSums(-self.images, -self.pixels, -self.pixels2, rows, self.shift)

    @classmethod
    def sum(cls, states: Sequence["ExactSums"]) -> "ExactSums":
        """The same as adding one by one, column by column; of at least one state."""
        by_channel = zip(*(state.channels for state in states), strict=True)
        return cls(
            sum(state.images for state in states),
            sum(state.pixels for state in states),
            sum(state.pixels2 for state in states),
            tuple(tuple(map(sum, zip(*rows, strict=True))) for rows in by_channel),
            states[0].shift,
        )

    def spread(self, channels: int) -> "ExactSums":
        """Gray images seen as images with ``channels`` equal channels."""
        return replace(self, channels=self.channels * channels)

    def averages(self) -> list[tuple[Fraction, Fraction]]:
        """Average of the images' own mean and own std, for each channel, in stored units."""
        whole = self.images << (self.shift or _PLACES)
        return [(Fraction(row[-2], whole), Fraction(row[-1], whole)) for row in self.channels]

    def pooled(self) -> list[tuple[Fraction, Fraction]]:
        """Mean and variance (ddof 0) over all pixels, for each channel, in stored units; exact."""
        m = self.pixels
        return [
            (Fraction(s, m << self.shift), Fraction(m * q - s * s, m * m << 2 * self.shift))
            for s, q, *_ in self.channels
        ]

    def mean_variance(self) -> list[Fraction]:
        """SE² of the pooled mean of each channel, exact, squared stored units; n ≥ 2.

        The image is the unit of sampling and the mean a ratio of sums over images (Cochran 1977,
        6.4): with r = s - μm, SE² = n Σr² / ((n-1) (Σm)²).
        """
        n, m, mm = self.images, self.pixels, self.pixels2
        variances = []
        for s, _, ss, _, ms, *_ in self.channels:
            # Everything times (Σm)², so that μ = s/m needs no division.
            squares = m * m * ss - 2 * m * s * ms + s * s * mm
            variances.append(Fraction(n * squares, ((n - 1) * m**4) << (2 * self.shift)))
        return variances

    def std_variance(self) -> list[Fraction | None]:
        """SE² of the pooled std of each channel, exact, squared stored units; n ≥ 2.

        Linearized: with d = q - 2μs + (μ² - σ²)m, SE(σ²)² = n Σd² / ((n-1) (Σm)²) and
        SE(σ) = SE(σ²) / (2σ); None where σ is 0.
        """
        n, m, mm = self.images, self.pixels, self.pixels2
        variances: list[Fraction | None] = []
        for s, q, ss, qq, ms, mq, sq, *_ in self.channels:
            spread = m * q - s * s  # σ² (Σm)²
            if not spread:
                variances.append(None)
                continue
            a, b, c = m * m, -2 * m * s, 2 * s * s - m * q  # d (Σm)² = a q + b s + c m
            squares = (
                a * a * qq + b * b * ss + c * c * mm + 2 * (a * b * sq + a * c * mq + b * c * ms)
            )
            denominator = (4 * (n - 1) * m**4 * spread) << (2 * self.shift)
            variances.append(Fraction(n * squares, denominator))
        return variances

    def may_be(self) -> bool:
        """True unless no images have such sums: what is summed over some is never below zero."""
        n, m, mm = self.images, self.pixels, self.pixels2
        for s, q, ss, qq, ms, mq, sq, mean, std in self.channels:
            products = [[n, m, s, q], [m, mm, ms, mq], [s, ms, ss, sq], [q, mq, sq, qq]]
            own = n * n * q << (0 if self.shift else 2 * _PLACES)  # no image's own values exceed √q
            bounded = mm <= m * m and qq <= q * q and s * s <= m * q and ss <= mq <= m * q
            if not (bounded and std >= 0 and max(mean * mean, std * std) <= own):
                return False
            if not _are_products(products):
                return False
        return True

    def to_json(self) -> dict[str, Any]:
        """The sums, as a file has them; beyond 2**53 many readers round integers, but no text."""
        return {
            "images": self.images,
            "pixels": str(self.pixels),
            "pixels2": str(self.pixels2),
            "channels": [
                {name: str(value) for name, value in zip(COLUMNS, row, strict=True)}
                for row in self.channels
            ],
        }

    def from_json(self, node: Json) -> "ExactSums":
        """Read the state that :meth:`to_json` wrote: one of as many channels, in the same units."""
        return ExactSums(
            images=node["images"].whole(),
            pixels=node["pixels"].digits(),
            pixels2=node["pixels2"].digits(),
            channels=tuple(
                tuple(channel[column].digits() for column in COLUMNS)
                for channel in node["channels"].list(len(self.channels))
            ),
            shift=self.shift,
        )


def _are_products(matrix: list[list[int]]) -> bool:
    """True if vectors have such inner products: by elimination, in integers.

    >>> _are_products([[1, 2], [2, 4]]), _are_products([[1, 2], [2, 3]])
    (True, False)
    """
    while matrix:
        (pivot, *row), *others = matrix
        if pivot < 0 or (not pivot and any(row)):
            return False
        matrix = [
            [(pivot or 1) * x - first * y for x, y in zip(rest, row, strict=True)]
            for first, *rest in others
        ]
    return True


def _counted(pixels: Sequence[int], sums: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """:data:`COLUMNS` of one channel, from the pixels and (Σx, Σx²) of each image."""
    images = [(m, s, q) for m, (s, q) in zip(pixels, sums, strict=True)]
    return (
        sum([s for _, s, _ in images]),
        sum([q for _, _, q in images]),
        sum([s * s for _, s, _ in images]),
        sum([q * q for _, _, q in images]),
        sum([m * s for m, s, _ in images]),
        sum([m * q for m, _, q in images]),
        sum([s * q for _, s, q in images]),
        sum([(s << _PLACES) // m for m, s, _ in images]),
        sum([isqrt(((m * q - s * s) << 2 * _PLACES) // (m * m)) for m, s, q in images]),
    )
