"""Counts of floating-point and 32-bit values in bins as wide as the values are large."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normstat.accumulators.double_double import Centered
from normstat.accumulators.histogram import Pooled, quantile_bins
from normstat.accumulators.image_sums import ImageSums
from normstat.accumulators.moments import Moments
from normstat.accumulators.recorded import Json, Pack
from normstat.errors import UnreadableImage
from normstat.images import BEYOND_FLOAT32, Code, Pixels

_Float = NDArray[np.float64]
_Counts = NDArray[np.int64]
_BINS = 1 << 16
#: The bin of 0, and bins from there to those of infinity and NaN.
_ZERO, _FINITE = 1 << 15, 0x7F80
#: float32 ends below.
_BEYOND = 2.0**128
# Bits of a double that float32 has no place for.
_KEPT = np.uint64((1 << 64) - (1 << 29))
# Values of a channel that are gathered before they are counted: a small image has fewer than there
# are bins.
_GATHERED = 1 << 17
# Values whose bits are taken at once: their doubles fit into a core's own cache.
_BLOCK = 3 << 14


@dataclass(frozen=True, slots=True, eq=False)
class LogHistogram:
    """Extremes of each channel, and counts of its values by their leading 16 bits as float32.

    The sign, the exponent and seven bits of the mantissa tell a value within 2**-8 of itself. Bins
    stand in the order of the values; the two around zero are one. Values beyond float32 are in the
    bins at the ends, and below 2**-126 the error is absolute, at most 2**-133.

    Attributes
    ----------
    count : pixels seen, the same for every channel.
    min, max : shape (C,), float64, stored units; infinite while nothing was seen.
    counts : shape (C, 65536), int64; None where files from before there were counts have a part.

    Examples
    --------
    >>> dark, light = LogHistogram.of(np.zeros((2, 3, 1))), LogHistogram.of(np.full((2, 3, 1), 9.3))
    >>> both = dark + light
    >>> both.count, both.min, both.max
    (12, array([0.]), array([9.3]))
    >>> [float(value) for value in both.quantile(Fraction(1, 4))]
    [0.0]
    """

    count: int
    min: _Float
    max: _Float
    counts: _Counts | None

    @classmethod
    def empty(cls, channels: int) -> "LogHistogram":
        """No pixels: the identity of ``+``."""
        counts = np.zeros((channels, _BINS), np.int64)
        return cls(0, np.full(channels, np.inf), np.full(channels, -np.inf), counts)

    @classmethod
    def of(cls, pixels: NDArray[Any]) -> "LogHistogram":
        """The state of an image of shape (H, W, C), any real dtype, stored units."""
        columns = pixels.reshape(-1, pixels.shape[2]).T.astype(np.float64)
        low, high = columns.min(axis=1), columns.max(axis=1)
        counts = _ordered(_counted(columns))
        return cls(columns.shape[1], low + 0.0, high + 0.0, counts)  # of 0 and -0 one, whichever

    def __add__(self, other: "LogHistogram") -> "LogHistogram":
        return LogHistogram(
            self.count + other.count,
            np.minimum(self.min, other.min),
            np.maximum(self.max, other.max),
            None if self.counts is None or other.counts is None else self.counts + other.counts,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LogHistogram) and self._bits() == other._bits()

    __hash__ = None  # type: ignore[assignment]  # holds arrays, as ndarray itself has no hash

    def _bits(self) -> tuple[object, ...]:
        counts = None if self.counts is None else self.counts.tobytes()
        return self.count, self.min.tobytes(), self.max.tobytes(), counts

    @property
    def levels(self) -> _Float:
        """The middle of each bin: shape (65536,), float64, stored units."""
        return _levels()

    @property
    def quantile_error(self) -> float | None:
        """Relative error of a quantile, at most; None without counts."""
        return None if self.counts is None else 2.0**-8

    def exact(self) -> None:
        """Counts of every single value: there are none."""
        return

    def spread(self, channels: int) -> "LogHistogram":
        """Gray pixels seen as pixels with ``channels`` equal channels."""
        return LogHistogram(
            self.count,
            np.repeat(self.min, channels),
            np.repeat(self.max, channels),
            None if self.counts is None else np.repeat(self.counts, channels, axis=0),
        )

    def quantile(self, p: Fraction) -> list[Fraction] | None:
        """The p-quantile of each channel, in stored units; None without counts.

        Each of the two values between which it lies is within 2**-8 of itself, and within the
        extremes.
        """
        if self.counts is None:
            return None
        near = [np.clip(_levels(), low, high) for low, high in zip(self.min, self.max, strict=True)]
        return [
            (1 - part) * Fraction(float(values[low])) + part * Fraction(float(values[high]))
            for values, (low, high, part) in zip(
                near, quantile_bins(self.counts, self.count, p), strict=True
            )
        ]

    def summary(self, sums: ImageSums, quantiles: Sequence[str]) -> Pooled:
        """Summarize the pixels: moments from the exact sums over images.

        Raises
        ------
        ValueError
            The sums are of other pixels.
        """
        if not self.fits(sums):
            raise ValueError("extremes, counts and sums are not of the same pixels")
        found = {p: self.quantile(Fraction(p)) for p in quantiles}
        extremes = zip(self.min.tolist(), self.max.tolist(), strict=True)
        return Pooled(
            sums.pooled(),
            [(Fraction(low), Fraction(high)) for low, high in extremes],
            {p: values for p, values in found.items() if values is not None} or None,
        )

    def fits(self, sums: ImageSums) -> bool:
        """True if these are the pixels of images with such sums."""
        if self.count != sums.pixels or self.counts is None:
            return self.count == sums.pixels
        ends = _ordered(_counted(np.stack([self.min, self.max], axis=1))) > 0
        present = self.counts > 0
        return set(self.counts.sum(axis=1).tolist()) == {self.count} and all(
            np.array_equal(np.flatnonzero(seen)[[0, -1]], np.flatnonzero(end)[[0, -1]])
            for seen, end in zip(present, ends, strict=True)
        )

    def to_json(self, pack: Pack) -> Any:
        """Count, extremes and counts, as a file has them."""
        return {
            "count": self.count,
            "min": self.min.tolist(),
            "max": self.max.tolist(),
            "counts": None if self.counts is None else pack(self.counts, 0),
        }

    def from_json(self, node: Json) -> "LogHistogram":
        """Read the state that :meth:`to_json` wrote: one of as many channels."""
        channels, counts = len(self.min), node.get("counts")
        return LogHistogram(
            count=node["count"].whole(),
            min=np.array([value.number() for value in node["min"].list(channels)]),
            max=np.array([value.number() for value in node["max"].list(channels)]),
            counts=None if counts.value is None else counts.counts(channels, _BINS),
        )

    def fold(self) -> "LogHistogramFold":
        """Begin to add images in place."""
        return LogHistogramFold(self)


class LogHistogramFold:
    """Extremes, counts and sums of images, added in place.

    Parameters
    ----------
    empty : the state to begin with.
    """

    def __init__(self, empty: LogHistogram) -> None:
        self._pixels, self._min, self._max = empty.count, empty.min, empty.max
        self._counts = np.zeros((len(empty.min), _BINS), np.int64)
        self._gathered = np.empty((len(empty.min), _GATHERED), np.uint16)
        self._size = 0
        self._images: list[ImageSums] = []

    def add(self, pixels: Pixels) -> tuple[str, ...]:
        """Add the images of a file: all, or it raises.

        Returns
        -------
        tuple
            ``beyond_float32`` if that is where some of its values are.

        Raises
        ------
        UnreadableImage
            ``non_finite`` if the squares of its values exceed float64.
        """
        centered = [Centered.of(image.array()) for image in pixels.images]
        each = list(map(Moments.of_centered, centered))
        self._images.extend(list(map(_image_sums, each)))
        furthest = 0.0
        for moments, image in zip(each, centered, strict=True):
            self._pixels += moments.count
            self._min = np.minimum(self._min, moments.min)
            self._max = np.maximum(self._max, moments.max)
            furthest = max(furthest, moments.max.max(), -moments.min.min())
            self._gather(image.columns)
        return (BEYOND_FLOAT32,) if furthest >= _BEYOND else ()

    def _gather(self, columns: _Float) -> None:
        start, pixels = 0, columns.shape[1]
        while start < pixels:
            end = min(pixels, start + _GATHERED - self._size)
            size = self._size + end - start
            leading_bits(columns[:, start:end], self._gathered[:, self._size : size])
            start, self._size = end, size
            if size == _GATHERED:
                self._count()

    def _count(self) -> None:
        for counts, bits in zip(self._counts, self._gathered, strict=True):
            counts += np.bincount(bits[: self._size], minlength=_BINS)
        self._size = 0

    def values(self) -> LogHistogram:
        """The extremes and counts so far."""
        self._count()
        low, high = self._min + 0.0, self._max + 0.0  # of 0 and -0 the order would decide
        return LogHistogram(self._pixels, low, high, _ordered(self._counts))

    def image_sums(self) -> ImageSums:
        """The sums over the images so far, at least one."""
        return ImageSums.sum(self._images)


def _image_sums(moments: Moments) -> ImageSums:
    variances = (moments.m2 / moments.count).tolist()
    if not all(map(math.isfinite, variances)):
        raise UnreadableImage(Code.NON_FINITE, "the squares of its values exceed float64")
    stds = [math.sqrt(variance) for variance in variances]
    means = list(zip(moments.mean.tolist(), moments.mean_low.tolist(), strict=True))
    return ImageSums.of_moments(moments.count, means, stds, moments.m2.tolist())


def leading_bits(columns: _Float, out: NDArray[np.uint16]) -> None:
    """Sign, exponent and seven bits of the mantissa as float32, cut off and not rounded.

    Parameters
    ----------
    columns : shape (C, N), float64.
    out : shape (C, N), uint16, to be written to.

    Examples
    --------
    >>> out = np.empty((1, 2), np.uint16)
    >>> leading_bits(np.array([[1.0, -2.9999999999]]), out)
    >>> [f"{bits:016b}" for bits in out.ravel()]
    ['0011111110000000', '1100000000111111']
    """
    step = max(1, _BLOCK // len(columns))
    for start in range(0, columns.shape[1], step):
        double = columns[:, start : start + step]
        with np.errstate(over="ignore"):
            single = (double.view(np.uint64) & _KEPT).view(np.float64).astype(np.float32)
        np.right_shift(single.view(np.uint32), 16, out[:, start : start + step], casting="unsafe")


def _counted(columns: _Float) -> _Counts:
    """Counts by leading bits of values of shape (C, N): shape (C, 65536), int64."""
    bits = np.empty(columns.shape, np.uint16)
    leading_bits(columns, bits)
    return np.stack([np.bincount(channel, minlength=_BINS) for channel in bits])


def _ordered(counts: _Counts) -> _Counts:
    """Counts by leading bits in the order of the values, finite ones, and of zeros one bin."""
    ordered = np.concatenate([counts[:, : _ZERO - 1 : -1], counts[:, :_ZERO]], axis=1)
    for outer, inner in (
        (_ZERO - 1, _ZERO),
        (_ZERO + _FINITE, _ZERO + _FINITE - 1),
        (_ZERO - 1 - _FINITE, _ZERO - _FINITE),
    ):
        ordered[:, inner] += ordered[:, outer]
        ordered[:, outer] = 0
    return ordered


@cache
def _levels() -> _Float:
    ends = (np.arange(_FINITE, dtype=np.uint32) << np.uint32(16)).view(np.float32)
    edges = np.append(ends.astype(np.float64), _BEYOND)
    middles = (edges[:-1] + edges[1:]) / 2
    middles[0] = 0.0
    above = np.append(middles, np.full(_ZERO - _FINITE, middles[-1]))
    return np.concatenate([-above[::-1], above]) + 0.0
