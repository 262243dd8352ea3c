"""Averages over images of what each image has by itself."""

import math
from collections.abc import Collection
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from normstat.accumulators.exact_sums import ExactSums
from normstat.constants import Channels
from normstat.images import ImageRow, Kind


@dataclass(frozen=True, slots=True)
class OwnValues:
    """Averages over images, unit scale; the image is what counts, whatever its size.

    Attributes
    ----------
    images : how many.
    mean, std : of the images' own mean and own std (ddof 0).
    std1 : of the images' own std with ddof 1; about, if `about`.
    variance, variance1 : of the images' own variance with ddof 0 and 1.
    spread : variance of the images' own means (ddof 0).

    The last three are None where sums over images of several sizes do not tell them.
    """

    images: int
    mean: Channels
    std: Channels
    std1: Channels
    variance: Channels | None = None
    variance1: Channels | None = None
    spread: Channels | None = None
    about: bool = False


def own_values(sums: ExactSums, mean: Channels, std: Channels, scale: float) -> OwnValues:
    """The averages that sums over images tell, all of them if the images have one size.

    Parameters
    ----------
    sums : of the images of one kind, at least one.
    mean, std : averages of the images' own, unit scale.
    scale : stored value of white.
    """
    n, pixels = sums.images, sums.pixels
    if n * sums.pixels2 != pixels * pixels:
        about = tuple(value * _bessel(pixels / n) for value in std)
        return OwnValues(n, mean, std, about, about=True)
    m = pixels // n
    unit = (n * n * m * m) << (2 * sums.shift)  # of floats more than a float holds
    variance, spread = (
        tuple(float(Fraction(square, unit)) / scale**2 for square in squares)
        for squares in (
            [n * m * q - n * ss for _, q, ss, *_ in sums.channels],
            [n * ss - s * s for s, _, ss, *_ in sums.channels],
        )
    )
    return OwnValues(
        n,
        mean,
        std,
        tuple(value * _bessel(m) for value in std),
        variance,
        tuple(value * _bessel(m) ** 2 for value in variance),
        spread,
    )


@dataclass(slots=True)
class OwnRows:
    """A taker of rows that sums what each image has by itself, split by split.

    Attributes
    ----------
    images : split and kind → number of images.
    sums : split and kind → for each channel the sums of the images' own mean, mean², std,
        variance, and of std and variance with ddof 1; shape (C, 6), stored units.
    """

    images: dict[tuple[str, Kind], int] = field(default_factory=dict)
    sums: dict[tuple[str, Kind], NDArray[np.float64]] = field(default_factory=dict)

    @property
    def fields(self) -> frozenset[str]:
        return frozenset({"kind", "size", "mean", "std"})

    def add(self, row: ImageRow, /) -> None:
        """Add an image, if it could be read."""
        if not (row.kind and row.size and row.mean and row.std):
            return
        mean, std = np.array(row.mean), np.array(row.std)
        std1 = std * _bessel(row.size[0] * row.size[1])
        values = np.column_stack((mean, mean**2, std, std**2, std1, std1**2))
        key = row.split, row.kind
        self.images[key] = self.images.get(key, 0) + 1
        self.sums[key] = self.sums.get(key, 0.0) + values

    def of(self, splits: Collection[str], kind: Kind) -> OwnValues | None:
        """The averages over the images of some splits, gray ones among color in each channel."""
        keys = [key for key in self.sums if key[0] in splits and kind.takes_in(key[1])]
        if not keys:
            return None
        n = sum(self.images[key] for key in keys)
        total = np.zeros((len(kind.channels), 6))
        for key in keys:
            total += self.sums[key]
        unit = float(kind.scale)
        average = total / n / (unit, unit**2, unit, unit**2, unit, unit**2)
        mean, square, std, variance, std1, variance1 = average.T
        values = (mean, std, std1, variance, variance1, np.maximum(square - mean**2, 0.0))
        own = [tuple(each.tolist()) for each in values]
        return OwnValues(n, own[0], own[1], own[2], own[3], own[4], own[5])


def _bessel(number: float) -> float:
    return math.sqrt(number / (number - 1)) if number > 1 else 1.0
