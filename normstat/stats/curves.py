"""Distributions of pixel values, few enough numbers to draw."""

from dataclasses import dataclass

import numpy as np

from normstat.stats.split_stats import SplitStats

_BINS = 96
_BYTE = 255
# A float's axis is halved so often at most.
_HALVED = 8


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
    """Ends between which all values of some splits lie.

    Within 0 and 1 they are 0 and the least of 1, 1/2, 1/4, … with all values below it, or 12 bits
    that are stored in 16 would be a spike at 0. Of 8 bits it is always 1: dark images look dark.

    >>> ends([])
    (0.0, 1.0)
    """
    lows = [value for split in splits for value in split.min or ()]
    highs = [value for split in splits for value in split.max or ()]
    low, high = min(lows, default=0.0), max(highs, default=1.0)
    if low < 0 or high > 1:
        return low, high
    return 0.0, _top(high, max((split.scale or 1 for split in splits), default=1))


def _top(high: float, scale: int) -> float:
    """The end of an axis from 0 that is halved as long as no value is above.

    >>> _top(0.3, 1), _top(0.001, 1), _top(5000 / 65535, 65535) * 65535, _top(0.1, 255)
    (0.5, 0.00390625, 8191.0, 1.0)
    """
    if not high:
        return 1.0
    if scale == 1:  # floats
        steps = (0.5**step for step in range(_HALVED, -1, -1))
    else:
        steps = (levels / scale for levels in _levels(scale))
    return next(top for top in steps if high <= top)


def _levels(scale: int) -> list[int]:
    """The largest of 8 bits, of 9 and so on, up to one that is there.

    >>> _levels(1023), _levels(255)
    ([255, 511, 1023], [255])
    """
    found = [scale]
    while found[-1] // 2 >= _BYTE:
        found.append(found[-1] // 2)
    return found[::-1]
