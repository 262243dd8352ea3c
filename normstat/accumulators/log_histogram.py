"""Counts of floating-point and 32-bit values in bins as wide as the values are large."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normstat.accumulators.exact_sums import ExactSums
from normstat.accumulators.float_bins import (
    BEYOND,
    BINS,
    ERROR,
    LEAST,
    leading_bits,
    levels,
    ordered,
)
from normstat.accumulators.histogram import Pooled, quantile_bins
from normstat.accumulators.image_moments import Moments
from normstat.accumulators.json_state import Json, Pack
from normstat.images import BEYOND_FLOAT32, Pixels

_Float = NDArray[np.float64]
_Counts = NDArray[np.int64]
# Values of a channel that are gathered before they are counted: a small image has fewer than there
# are bins.
_GATHERED = 1 << 17


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
    >>> zeros, nines = np.zeros((2, 1, 65536), np.int64)
    >>> zeros[0, 32768] = nines[0, 49429] = 6
    >>> both = LogHistogram(6, np.zeros(1), np.zeros(1), zeros)
    >>> both += LogHistogram(6, np.array([9.3]), np.array([9.3]), nines)
    >>> both.count, both.min, both.max
    (12, array([0.]), array([9.3]))
    >>> [float(both.quantile(Fraction(p))[0]) for p in ("0.25", "0.75", "1")]
    [0.0, 9.3, 9.3]
    """

    count: int
    min: _Float
    max: _Float
    counts: _Counts | None

    @classmethod
    def empty(cls, channels: int) -> "LogHistogram":
        counts = np.zeros((channels, BINS), np.int64)
        return cls(0, np.full(channels, np.inf), np.full(channels, -np.inf), counts)

    def __add__(self, other: "LogHistogram") -> "LogHistogram":
        return LogHistogram(
            self.count + other.count,
            np.minimum(self.min, other.min),
            np.maximum(self.max, other.max),
            None if self.counts is None or other.counts is None else self.counts + other.counts,
        )

    def __sub__(self, other: "LogHistogram") -> "LogHistogram":
        """Counts that remain; extremes are those of their bins, or of the whole if they are in it.

        Raises
        ------
        ValueError
            The other is no part, or one of them has no counts.
        """
        if self.counts is None or other.counts is None:
            raise ValueError("statistics of 0.1.0 do not count the values of floats")
        counts = self.counts - other.counts
        if self.count < other.count or (counts < 0).any():
            raise ValueError("there are fewer pixels of a value in the whole than in the part")
        if self.count == other.count:
            return LogHistogram.empty(len(self.min))
        middles = levels()
        ends = np.array([middles[np.flatnonzero(channel)[[0, -1]]] for channel in counts])
        return LogHistogram(
            self.count - other.count,
            np.where(other.min > self.min, self.min, np.maximum(ends[:, 0], self.min)),
            np.where(other.max < self.max, self.max, np.minimum(ends[:, 1], self.max)),
            counts,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LogHistogram) and self._bits() == other._bits()

    __hash__ = None  # type: ignore[assignment]  # holds arrays, as ndarray itself has no hash

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the few counts that are not 0: others are most of the size."""
        if self.counts is None:
            return LogHistogram, (self.count, self.min, self.max, None)
        places = np.flatnonzero(self.counts)
        present = self.counts.reshape(-1)[places]
        return _unpickled, (self.count, self.min, self.max, places, present)

    def _bits(self) -> tuple[object, ...]:
        counts = None if self.counts is None else self.counts.tobytes()
        return self.count, self.min.tobytes(), self.max.tobytes(), counts

    @property
    def levels(self) -> _Float:
        return levels()

    @property
    def quantile_error(self) -> float | None:
        return None if self.counts is None else ERROR

    def exact(self) -> None:
        return

    def spread(self, channels: int) -> "LogHistogram":
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
        middles, found = levels(), []
        bins = quantile_bins(self.counts, self.count, p)
        for low, high, (below, above, part) in zip(self.min, self.max, bins, strict=True):
            a, b = (Fraction(float(value)) for value in np.clip(middles[[below, above]], low, high))
            found.append(a + part * (b - a))
        return found

    def summary(self, sums: ExactSums, quantiles: Sequence[str]) -> Pooled:
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

    def fits(self, sums: ExactSums) -> bool:
        if self.count != sums.pixels or self.counts is None:
            return self.count == sums.pixels
        if set(self.counts.sum(axis=1).tolist()) != {self.count}:
            return False
        middles = levels()
        found = middles[[np.flatnonzero(channel)[[0, -1]] for channel in self.counts]]
        ends = np.clip(np.stack([self.min, self.max], axis=1), middles[0], middles[-1])
        return bool((np.abs(found - ends) <= np.maximum(ERROR * np.abs(ends), LEAST)).all())

    def to_json(self, pack: Pack) -> Any:
        return {
            "count": self.count,
            "min": self.min.tolist(),
            "max": self.max.tolist(),
            "counts": None if self.counts is None else pack(self.counts, 0),
        }

    def from_json(self, node: Json) -> "LogHistogram":
        channels, counts = len(self.min), node.get("counts")
        return LogHistogram(
            count=node["count"].whole(),
            min=np.array([value.number() for value in node["min"].list(channels)]),
            max=np.array([value.number() for value in node["max"].list(channels)]),
            counts=None if counts.value is None else counts.counts(channels, BINS),
        )

    def fold(self) -> "LogHistogramFold":
        return LogHistogramFold(self)


class LogHistogramFold:
    """Extremes, counts and sums of images, added in place."""

    def __init__(self, empty: LogHistogram) -> None:
        self._pixels, self._min, self._max = empty.count, empty.min, empty.max
        self._counts = np.zeros((len(empty.min), BINS), np.int64)
        self._gathered = np.empty((len(empty.min), _GATHERED), np.uint16)
        self._size = 0
        self._images: list[ExactSums] = []

    def add(self, pixels: Pixels) -> tuple[str, ...]:
        arrays = [image.array() for image in pixels.images]
        each = list(map(Moments.of, arrays))
        self._images.extend([ExactSums.of_moments(one.count, one.channels()) for one in each])
        furthest = 0.0
        for moments, array in zip(each, arrays, strict=True):
            self._pixels += moments.count
            self._min = np.minimum(self._min, moments.min)
            self._max = np.maximum(self._max, moments.max)
            furthest = max(furthest, moments.max.max(), -moments.min.min())
            self._gather(array.reshape(moments.count, -1))
        return (BEYOND_FLOAT32,) if furthest >= BEYOND else ()

    def add_counts(self, _pixels: int, _counts: NDArray[np.int64]) -> None:
        """Raise: values in bins are not known one by one."""
        raise TypeError("values in bins have no counts of single values")

    def _gather(self, values: NDArray[Any]) -> None:
        start = 0
        while start < len(values):
            end = min(len(values), start + _GATHERED - self._size)
            size = self._size + end - start
            leading_bits(values[start:end], self._gathered[:, self._size : size])
            start, self._size = end, size
            if size == _GATHERED:
                self._count()

    def _count(self) -> None:
        for counts, bits in zip(self._counts, self._gathered, strict=True):
            counts += np.bincount(bits[: self._size], minlength=BINS)
        self._size = 0

    def values(self) -> LogHistogram:
        self._count()
        low, high = self._min + 0.0, self._max + 0.0  # of 0 and -0 the order would decide
        return LogHistogram(self._pixels, low, high, ordered(self._counts))

    def exact_sums(self) -> ExactSums:
        return ExactSums.sum(self._images)


def _unpickled(
    count: int, low: _Float, high: _Float, places: NDArray[np.intp], present: _Counts
) -> LogHistogram:
    counts = np.zeros((len(low), BINS), np.int64)
    counts.reshape(-1)[places] = present
    return LogHistogram(count, low, high, counts)
