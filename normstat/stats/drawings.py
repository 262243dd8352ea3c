"""Distributions of splits as drawings: for pages and for notebooks."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from normstat.files import shown
from normstat.stats.curves import Curves, curves, ends
from normstat.stats.split_stats import SplitStats
from normstat.svg import Curve, chart, color

# A bin that is so many times as high as all but the first few is cut off, or nothing else is seen.
_SPIKE = 2.0
_FEW = 3
_MOST_TOLD = 4


@dataclass(frozen=True, slots=True)
class Drawing:
    """The distribution of one channel in several splits.

    Attributes
    ----------
    channel : its name.
    svg : the drawing.
    cut_off : words on bins that are higher than it; empty if there are none.
    beyond : words on pixels that its axis leaves out; empty if there are none.
    """

    channel: str
    svg: str
    cut_off: str = ""
    beyond: str = ""


def distributions(
    splits: Mapping[str, SplitStats],
    most: int,
    *,
    cumulative: bool = False,
    colors: Mapping[str, str] | None = None,
) -> Iterator[Drawing]:
    """Draw each channel, with a curve for each split that has the channels of the first.

    Parameters
    ----------
    splits : by their names.
    most : channels that are drawn.
    cumulative : shares up to each value in place of those of each.
    colors : name → class of its color; None: in their order.

    Examples
    --------
    >>> list(distributions({}, 8))
    []
    """
    alike = with_equal_channels(splits)
    low, high = ends(list(alike.values()))
    found = {name: made for name, split in alike.items() if (made := curves(split, low, high))}
    if not found or len({len(made.shares[0]) for made in found.values()}) > 1:
        return
    colors = colors or {name: color(index) for index, name in enumerate(splits)}
    for index, channel in enumerate(alike[next(iter(found))].channels or ()):
        if index == most:
            return
        heights = {name: _heights(made, cumulative)[index] for name, made in found.items()}
        lines = [
            Curve(values, colors[name], _mark(alike[name], index, low, high))
            for name, values in heights.items()
        ]
        top = 1.0 if cumulative else _top(list(heights.values()))
        what = "Shares of pixels up to each value" if cumulative else "Distribution of values"
        told = "; ".join(_told(name, alike[name], index) for name in found)
        svg = chart(
            lines, f"{what}, {shown(channel)}", told, (low, high), (0.0, top), steps=not cumulative
        )
        towers = "" if cumulative else _beyond(heights, top, (low, high))
        yield Drawing(channel, svg, towers, _left_out(found, index))


def _mark(split: SplitStats, index: int, low: float, high: float) -> float | None:
    """The mean of a channel, if it lies on the axis."""
    mean = split.mean[index] if split.mean else math.nan
    return mean if low <= mean <= high else None


def _left_out(found: Mapping[str, Curves], index: int) -> str:
    """Words on the pixels of a channel that an axis leaves out."""
    told = [
        f"{shown(name)} {100 * share:.2g} % of pixels {where} {end:.3g}".lstrip()
        for name, made in found.items()
        for share, where, end in (
            (made.below[index], "below", made.low),
            (made.above[index], "above", made.high),
        )
        if share
    ]
    more = f"; and {len(told) - _MOST_TOLD} more" if len(told) > _MOST_TOLD else ""
    return "; ".join(told[:_MOST_TOLD]) + more


def with_equal_channels(splits: Mapping[str, SplitStats]) -> dict[str, SplitStats]:
    """The splits that have the channels of the first that has any."""
    counted = {name: split for name, split in splits.items() if split.channels}
    channels = next((split.channels for split in counted.values()), None)
    return {name: split for name, split in counted.items() if split.channels == channels}


def _heights(made: Curves, cumulative: bool) -> tuple[tuple[float, ...], ...]:
    return made.cumulative() if cumulative else made.shares


def _told(name: str, split: SplitStats, index: int) -> str:
    mean, std = (values[index] if values else 0.0 for values in (split.mean, split.std))
    return f"{shown(name)}: mean {mean:.4g}, std {std:.4g}".lstrip(": ")


def _top(heights: Sequence[Sequence[float]]) -> float:
    """The height of a chart: that of the highest bin, unless a few tower above the others."""
    bins = sorted((max(bin_) for bin_ in zip(*heights, strict=True)), reverse=True)
    usual = 1.15 * (bins[_FEW] if len(bins) > _FEW else 0.0)
    return usual if 0 < usual * _SPIKE < bins[0] else bins[0]


def _beyond(heights: Mapping[str, Sequence[float]], top: float, across: tuple[float, float]) -> str:
    """Words on bins that are cut off: how high they are, and where."""
    low, high = across
    told = []
    for name, values in heights.items():
        for index, value in enumerate(values):
            if value > top:
                first, last = (low + (high - low) * (index + i) / len(values) for i in (0, 1))
                where = f"{100 * value:.3g} % of pixels from {first:.3g} to {last:.3g}"
                told.append(f"{shown(name)} {where}".lstrip())
    more = f"; and {len(told) - _MOST_TOLD} more bins" if len(told) > _MOST_TOLD else ""
    return "; ".join(told[:_MOST_TOLD]) + more
