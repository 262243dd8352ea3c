"""Distributions as lines of text, one glyph for each bin."""

import math
from collections.abc import Iterable, Mapping, Sequence
from operator import add
from typing import TypeVar

from normstat.stats.curves import curves, ends
from normstat.stats.split_stats import SplitStats

_Key = TypeVar("_Key")
#: From an empty bin to the fullest one.
BLOCKS = " ▁▂▃▄▅▆▇█"


def glyphs(shares: Sequence[float]) -> str:
    """One glyph a bin: a full block for the fullest, a blank only where nothing is.

    >>> glyphs((0.0, 1e-9, 0.25, 0.5))
    ' ▁▄█'
    """
    highest = max(shares, default=0.0) or 1.0
    return "".join(BLOCKS[math.ceil(share / highest * (len(BLOCKS) - 1))] for share in shares)


def histograms(splits: Mapping[_Key, SplitStats], bins: int) -> dict[_Key, list[str]]:
    """The distribution of each channel of each split whose values are counted.

    Parameters
    ----------
    splits : with images; all are drawn from the same value to the same value.
    bins : at most so many glyphs in a line.
    """
    low, high = ends(list(splits.values()))
    made = {key: curves(split, low, high, bins) for key, split in splits.items()}
    return {key: [*map(glyphs, each.shares)] for key, each in made.items() if each}


def left_out(splits: Iterable[SplitStats]) -> float:
    """The largest share of the pixels of a channel that the axis of all has no room for.

    >>> left_out([])
    0.0
    """
    listed = list(splits)
    low, high = ends(listed)
    made = [found for split in listed if (found := curves(split, low, high, 1))]
    shares = (share for each in made for share in map(add, each.below, each.above))
    return max(shares, default=0.0)
