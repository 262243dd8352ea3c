"""Distributions of pixel values, few enough numbers to draw."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from normstat.stats.split_stats import SplitStats

_BINS = 96
_BYTE = 255
# Share of pixels that an axis may leave out on either side.
_RARE = 0.001
# A float's axis is halved so often at most.
_HALVED = 8


@dataclass(frozen=True, slots=True)
class Curves:
    """Shares of pixels in bins of equal width, for each channel.

    Attributes
    ----------
    low, high : ends of the bins, unit scale.
    shares : of each channel, one number a bin; with `below` and `above` they add up to 1.
    below, above : shares of the pixels of each channel beyond the ends.
    """

    low: float
    high: float
    shares: tuple[tuple[float, ...], ...]
    below: tuple[float, ...]
    above: tuple[float, ...]

    def cumulative(self) -> tuple[tuple[float, ...], ...]:
        """Shares up to the end of each bin, from those below the first."""
        pairs = zip(self.below, self.shares, strict=True)
        return tuple(tuple(np.cumsum((below, *channel)).tolist()) for below, channel in pairs)


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
    # Other values are known to so much of themselves.
    near = half + (values.quantile_error or 0.0) * np.abs(levels)
    below, above = levels < low - near, levels > high + near
    inside = np.clip(places, 0, number - 1).astype(np.int64)[~(below | above)]
    shares, beyond = [], []
    for channel in values.counts:
        total = max(channel.sum(), 1)
        counted = np.bincount(inside, weights=channel[~(below | above)], minlength=number)
        shares.append(tuple((counted / total).tolist()))
        beyond.append((float(channel[below].sum() / total), float(channel[above].sum() / total)))
    under, over = zip(*beyond, strict=True)
    return Curves(low, high, tuple(shares), under, over)


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

    But for a thousandth of the pixels on either side, if the others need half of the axis or less:
    few pixels that are broken or without data leave no room for the rest.

    Within 0 and 1 they are 0 and the least of 1, 1/2, 1/4, … with all values below it, or 12 bits
    that are stored in 16 would be a spike at 0. Of 8 bits it is always 1: dark images look dark.

    >>> ends([])
    (0.0, 1.0)
    """
    lows = [value for split in splits for value in split.min or ()]
    highs = [value for split in splits for value in split.max or ()]
    low, high = min(lows, default=0.0), max(highs, default=1.0)
    usual = [pair for split in splits for pair in _usual(split)]
    if usual:
        least, most = min(pair[0] for pair in usual), max(pair[1] for pair in usual)
        if 0 < 2 * (most - least) <= high - low:
            low, high = max(low, least), min(high, most)
    if low < 0 or high > 1:
        return low, high
    return 0.0, _top(high, max((split.scale or 1 for split in splits), default=1))


def _usual(split: SplitStats) -> Iterator[tuple[float, float]]:
    """Ends of the values of each channel but for a thousandth of the pixels on either side."""
    values = split.values()
    if values is None or values.counts is None or not split.scale:
        return
    for channel in values.counts:
        total = np.cumsum(channel)
        first = np.searchsorted(total, _RARE * total[-1], side="right")
        last = np.searchsorted(total, (1 - _RARE) * total[-1])
        yield values.levels[first] / split.scale, values.levels[last] / split.scale


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
