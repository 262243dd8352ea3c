"""What images hold: constant channels, depth of the pixels, gray among color."""

from collections.abc import Iterator

import numpy as np

from normstat.rules.comparison import Comparison, Pair, each_pair, gray_share, known, names_of
from normstat.stats import SplitStats
from normstat.verdict import Case, Level

#: Change of the share of gray-looking images that is a finding if exceeded.
GRAY_SHARE = 0.5
#: Different values in a channel: 8-bit images have at most the first, 16-bit ones more than the
#: second.
FEW_VALUES, MANY_VALUES = 256, 1024


def _constant_channel(pair: Pair) -> Iterator[Case]:
    same = pair.now.channels == pair.recorded.channels
    lowest, highest = known(pair.now.min), known(pair.now.max)
    for index, channel in enumerate(known(pair.now.channels)):
        value = lowest[index]
        if value != highest[index]:
            yield Case("constant-channel", Level.PASS, "not constant", pair.split, channel)
            continue
        recorded = same and _is_constant(pair.recorded, index)
        words = f"every pixel is {value:.4g}" + (", as recorded" if recorded else "; it was not")
        level = Level.PASS if recorded else Level.FAIL
        yield Case("constant-channel", level, words, pair.split, channel)


def _bit_depth(pair: Pair) -> Iterator[Case]:
    now, then = pair.now.dtype, pair.recorded.dtype
    if now != then:
        words = f"pixels are {now}, recorded were {then}: convert them, or record anew"
        yield Case("bit-depth", Level.FAIL, words, pair.split, None, then, now)
    elif now == "uint16":
        yield _used_depth(pair)
    else:
        yield Case("bit-depth", Level.PASS, f"{now}, as recorded", pair.split, None, then, now)


def _used_depth(pair: Pair) -> Case:
    """8-bit images saved as 16-bit ones have few different values."""
    now, then = _values_used(pair.now), _values_used(pair.recorded)
    few = min((now, pair.now.pixels), (then, pair.recorded.pixels))
    words, level = f"{now} different values in a channel, recorded were {then}", Level.PASS
    if few[0] <= FEW_VALUES and max(now, then) > MANY_VALUES:
        level = Level.FAIL
        words += ": 8-bit pixels in 16 bits on one side"
        if few[1] < 16 * FEW_VALUES:
            level = Level.INCONCLUSIVE
            words += f", or too few pixels to tell ({few[1]})"
    return Case("bit-depth", level, words, pair.split, None, then, now, None, "values")


def _gray_as_rgb(pair: Pair) -> Iterator[Case]:
    before, after = gray_share(pair.recorded), gray_share(pair.now)
    gray_now, gray_then = (side.channels == ("gray",) for side in (pair.now, pair.recorded))
    changed = abs(after - before) > GRAY_SHARE
    words = f"{after:.0%} of the images are gray or look so, recorded were {before:.0%}"
    if gray_now != gray_then:
        changed = True
        words += f"; channels {names_of(pair.now.channels)}, recorded "
        words += names_of(pair.recorded.channels)
    level = Level.FAIL if changed else Level.PASS
    yield Case(
        "gray-as-rgb", level, words, pair.split, None, before, after, GRAY_SHARE, "of the images"
    )


def _is_constant(split: SplitStats, index: int) -> bool:
    return bool(split.min and split.max and split.min[index] == split.max[index])


def _values_used(split: SplitStats) -> int:
    """Most different values that any channel has."""
    counts = known(split.histogram()).counts
    return int(np.count_nonzero(counts, axis=1).max())


def constant_channel(comparison: Comparison) -> Iterator[Case]:
    """Channels of one value only, which were not recorded as such."""
    return each_pair("constant-channel", _constant_channel)(comparison)


def bit_depth(comparison: Comparison) -> Iterator[Case]:
    """Another type of pixel than recorded, or 8-bit pixels in 16 bits on one side."""
    return each_pair("bit-depth", _bit_depth)(comparison)


def gray_as_rgb(comparison: Comparison) -> Iterator[Case]:
    """The share of images that are gray, or have equal channels, changed by more than half."""
    return each_pair("gray-as-rgb", _gray_as_rgb)(comparison)
