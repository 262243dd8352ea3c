"""Bits of a pixel: by its type, and by the values that are used of it."""

from collections.abc import Iterator
from math import inf

import numpy as np
from numpy.typing import NDArray

from normstat.rules.comparison import Pair, constants, each_pair, known
from normstat.stats import SplitStats
from normstat.verdict import Case, Level

#: Different values in a channel: 8-bit images have at most the first, 16-bit ones more than the
#: second.
FEW_VALUES, MANY_VALUES = 256, 1024
# Types that 0.1 recorded as int32, when it counted no values of those.
_WIDENED = ("int8", "int16")
#: Bits of sensors and of files, which stand in 16 as they are or stretched.
DEPTHS = (8, 10, 12, 14)
#: Largest error of the ratio of each mean and std, as a factor of that of a depth: if stretching
#: shows in the values of one side too, and if not.
ROUGHLY, CLOSELY = 2.0, 1.05
# A lower factor, without anything else to show for it, is as well that of an exposure.
_SURE_FACTOR = 16
# So many different values lie on the steps of another depth by rare chance only.
_SURE_VALUES = 16


@each_pair("bit-depth")
def bit_depth(pair: Pair) -> Iterator[Case]:
    """Another type of pixel than recorded, or fewer bits in 16 on one side."""
    now, then = pair.now.dtype, pair.recorded.dtype
    uncounted = then == "int32" and pair.recorded.quantile_error is None
    if now != then and not (uncounted and now in _WIDENED):
        words = f"pixels are {now}, recorded were {then}: convert them, or record anew"
        yield Case("bit-depth", Level.FAIL, words, pair.split, None, then, now)
    elif pair.now.scale != pair.recorded.scale:
        words = (
            f"values of up to {pair.now.scale}, recorded were such of up to {pair.recorded.scale}: "
            "convert them, or record anew"
        )
        found, was = f"{now} to {pair.now.scale}", f"{then} to {pair.recorded.scale}"
        yield Case("bit-depth", Level.FAIL, words, pair.split, None, was, found)
    elif now == "uint16":
        yield _stretched(pair) or _used_depth(pair)
    else:
        words = f"{now}, as recorded" if now == then else f"{now}, recorded as {then}: equal values"
        yield Case("bit-depth", Level.PASS, words, pair.split, None, then, now)


def _stretched(pair: Pair) -> Case | None:
    """Values of fewer bits that stand in 16 as they are, where the other side has them scaled."""
    if not pair.same_channels:
        return None
    narrow, wide = sorted((pair.now, pair.recorded), key=_largest)
    for bits in DEPTHS:
        if _largest(narrow) < 2**bits <= _largest(wide) and _is_scaled(narrow, wide, bits):
            there, elsewhere = "now", "when recorded"
            if narrow is pair.recorded:
                there, elsewhere = elsewhere, there
            words = (
                f"{bits}-bit values of 0 to {2**bits - 1} in 16-bit pixels {there}; {elsewhere} "
                f"they were scaled to 16 bits, {2 ** (16 - bits)} times as large: scale both alike"
            )
            numbers = _largest(pair.recorded), _largest(pair.now), None, "largest value"
            return Case("bit-depth", Level.FAIL, words, pair.split, None, *numbers)
    return None


def _is_scaled(narrow: SplitStats, wide: SplitStats, bits: int) -> bool:
    """True if means and stds differ by the factor of a depth: dark images alone do not."""
    factor = 2 ** (16 - bits)
    stepped = _is_on_steps(wide, bits) and not _is_on_steps(narrow, bits)
    stepped = stepped and _values_used(wide) >= _SURE_VALUES
    if not stepped and factor < _SURE_FACTOR:
        return False
    off = ROUGHLY if stepped else CLOSELY
    return all(factor / off <= ratio <= factor * off for ratio in _ratios(narrow, wide))


def _ratios(narrow: SplitStats, wide: SplitStats) -> Iterator[float]:
    below, above = constants(narrow), constants(wide)
    for small, large in zip(below.mean + below.std, above.mean + above.std, strict=True):
        yield large / small if small else inf


def _is_on_steps(split: SplitStats, bits: int) -> bool:
    """True if every value is one that a value of fewer bits becomes, by one of the usual ways."""
    return any(bool(np.isin(_used(split), steps).all()) for steps in _steps(bits))


def _steps(bits: int) -> Iterator[NDArray[np.int64]]:
    """Values (2**bits,) of fewer bits in 16: shifted; with high bits repeated; in proportion."""
    values = np.arange(2**bits)
    shifted = values << (16 - bits)
    yield shifted
    yield shifted | (values >> (2 * bits - 16))
    yield np.rint(values * (65535 / (2**bits - 1))).astype(np.int64)


def _used_depth(pair: Pair) -> Case:
    """8-bit images saved as 16-bit ones have few different values, far apart or all below 256."""
    now, then = _values_used(pair.now), _values_used(pair.recorded)
    few, many = (pair.now, pair.recorded) if now < then else (pair.recorded, pair.now)
    words, level = f"{now} different values in a channel, recorded were {then}", Level.PASS
    lacks = min(now, then) <= FEW_VALUES and max(now, then) > MANY_VALUES
    # Dark images have few values too, but as close together as those of the others.
    if lacks and (_smallest_step(few) > _smallest_step(many) or _largest(few) < FEW_VALUES):
        level = Level.FAIL
        words += ": 8-bit pixels in 16 bits on one side"
        if few.pixels < 16 * FEW_VALUES:
            level = Level.INCONCLUSIVE
            words += f", or too few pixels to tell ({few.pixels})"
    return Case("bit-depth", level, words, pair.split, None, then, now, None, "different values")


def _values_used(split: SplitStats) -> int:
    """Most different values that any channel has."""
    counts = known(split.histogram()).counts
    return int(np.count_nonzero(counts, axis=1).max())


def _largest(split: SplitStats) -> int:
    """Largest stored value of any channel."""
    return int(_used(split)[-1])


def _smallest_step(split: SplitStats) -> int:
    """The least distance of two different stored values; 0 if there is but one."""
    steps = np.diff(_used(split))
    return int(steps.min()) if steps.size else 0


def _used(split: SplitStats) -> NDArray[np.int64]:
    """The stored values that occur in any channel, from small to large."""
    return np.flatnonzero(known(split.histogram()).counts.any(axis=0))
