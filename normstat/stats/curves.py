"""Distributions of pixel values, few enough numbers to draw."""

from dataclasses import dataclass

import numpy as np

from normstat.stats.split_stats import SplitStats

_BINS = 96


@dataclass(frozen=True, slots=True)
class Curves:
    """Shares of pixels in bins of equal width, for each channel.

    Attributes
    ----------
    low, high : ends of the bins, unit scale.
    shares : of each channel, one number a bin; they add up to 1.
    """

    low: float
    high: float
    shares: tuple[tuple[float, ...], ...]

    def cumulative(self) -> tuple[tuple[float, ...], ...]:
        """Shares up to the end of each bin, from 0."""
        return tuple(tuple(np.cumsum((0.0, *channel)).tolist()) for channel in self.shares)


def curves(split: SplitStats, low: float, high: float, most: int = _BINS) -> Curves | None:
    """The distribution of a split's values between two ends; None where values are not counted.

    Of so many bins at most.
    """
    values = split.values()
    if values is None or values.counts is None or not split.scale:
        return None
    levels = values.levels / split.scale
    width = (high - low) or 1.0
    exact = split.dtype in ("uint8", "int8", "uint16", "int16")
    number = _whole_bins(round(width * split.scale) + 1, most) if exact else most
    # A stored integer is the middle of what it stands for.
    half = 0.5 / split.scale if exact else 0.0
    places = (levels - low + half) / (width + 2 * half) * number
    inside = np.clip(places, 0, number - 1).astype(np.int64)
    shares = []
    for channel in values.counts:
        counted = np.bincount(inside, weights=channel, minlength=number)
        shares.append(tuple((counted / max(counted.sum(), 1)).tolist()))
    return Curves(low, high, tuple(shares))


def _whole_bins(values: int, most: int) -> int:
    """The number of bins that have equally many integers each, as near below `most` as it goes.

    >>> _whole_bins(256, 96), _whole_bins(65536, 96), _whole_bins(7, 96), _whole_bins(256, 32)
    (64, 64, 7, 32)
    """
    least = -(-values // most)
    each = next((width for width in range(least, 2 * least + 1) if values % width == 0), least)
    return -(-values // each)


def ends(splits: "list[SplitStats]") -> tuple[float, float]:
    """Ends between which all values of some splits lie: 0 and 1 where they are within.

    >>> ends([])
    (0.0, 1.0)
    """
    lows = [value for split in splits for value in split.min or ()]
    highs = [value for split in splits for value in split.max or ()]
    low, high = min(lows, default=0.0), max(highs, default=1.0)
    return (0.0, 1.0) if low >= 0 and high <= 1 else (low, high)
