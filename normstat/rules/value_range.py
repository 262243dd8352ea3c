"""The range of stored values: one side may be the other, scaled on the way."""

from collections.abc import Iterator
from typing import TypeAlias

from normstat.constants import Deviation, explains
from normstat.images import Kind
from normstat.rules.comparison import Pair, constants, each_pair, known
from normstat.stats import SplitStats
from normstat.verdict import Case, Level

# Smallest and largest value.
_Ends: TypeAlias = tuple[float, float]
#: Share of values outside 16-235: of limited range at most the first, as JPEG oversteps at edges,
#: of full range at least the second.
FEW_OUTSIDE, MANY_OUTSIDE = 0.01, 0.05
#: Largest stored value that still means 0-1, with what JPEG and resampling add; and the smallest
#: that means 0-255.
UNIT, WIDE = 4, 128
#: Overshoot of resampling at the ends of 0-1 and of -1 to 1; and the largest gap at these ends for
#: values that are known by them alone.
OVERSHOOT, SHORT = 0.1, 0.02


@each_pair("value-range")
def value_range(pair: Pair) -> Iterator[Case]:
    """Values of 0-1 or 16-235 where 0-255 was recorded, or -1 to 1 where 0-1 was; the reverse."""
    now, then = _extent(pair.now), _extent(pair.recorded)
    level, words = _of_extents(now, then)
    if level is Level.PASS and pair.same_channels:
        level, words = _of_limits(pair, now, then) or _of_signs(pair, now, then) or (level, words)
    was, found = (f"{low:g} to {high:g}" for low, high in (then, now))
    yield Case("value-range", level, words, pair.split, None, was, found, None, "stored values")


def _of_extents(now: _Ends, then: _Ends) -> tuple[Level, str]:
    if _is_small(now) and _is_wide(then):
        return Level.FAIL, (
            f"values of {now[0]:.3g} to {now[1]:.3g} where 0 to 255 or more was recorded: "
            "divided already"
        )
    if _is_wide(now) and _is_small(then):
        return Level.FAIL, (
            f"values far beyond 1 where {then[0]:.3g} to {then[1]:.3g} was recorded: "
            "not divided yet"
        )
    return Level.PASS, "values in a range like that recorded"


def _of_limits(pair: Pair, now: _Ends, then: _Ends) -> tuple[Level, str] | None:
    """One side is the other squeezed from 0-255 into 16-235, as video has it; None if not."""
    if not (_is_byte(now) and _is_byte(then)) or pair.now.scale != pair.recorded.scale:
        return None
    if _declares_less(pair.now) or _declares_less(pair.recorded):
        return None  # of fewer bits than a byte, which video does not have
    outside_now, outside_then = _outside(pair.now), _outside(pair.recorded)
    if outside_now <= FEW_OUTSIDE and _fits(pair, 219 / 255, 16):
        return Level.FAIL, "values are 16 to 235 where 0 to 255 was recorded: expand them"
    if outside_then <= FEW_OUTSIDE and _fits(pair, 255 / 219, -16 * 255 / 219):
        return Level.FAIL, "values are 0 to 255 where 16 to 235 was recorded"
    few, many = sorted((outside_now, outside_then))
    if few <= FEW_OUTSIDE and many >= MANY_OUTSIDE:
        which = "now" if outside_now == few else "when recorded"
        return Level.WARN, (
            f"values stay within 16 to 235 {which}, on the other side {many:.2%} do not: "
            "a limited range, or less contrast"
        )
    return None


def _of_signs(pair: Pair, now: _Ends, then: _Ends) -> tuple[Level, str] | None:
    """One side is the other, moved from 0-1 to -1 to 1; None if not."""
    if _is_signed(now) and _is_unit(then):
        found = "values of -1 to 1 where 0 to 1 was recorded"
        moved = _meet(then, now) and _fits(pair, 2, -1)
    elif _is_unit(now) and _is_signed(then):
        found = "values of 0 to 1 where -1 to 1 was recorded"
        moved = _meet(now, then) and _fits(pair, 1 / 2, 1 / 2)
    else:
        return None
    if moved:
        return Level.FAIL, f"{found}: scale both alike"
    if _fills(now) and _fills(then):
        return Level.WARN, f"{found}, to both ends, though mean and std are not moved like that"
    return None


def _fits(pair: Pair, factor: float, offset: float) -> bool:
    """True if factor · stored value + offset makes the numbers of now of those recorded."""
    scale, now = known(pair.now.scale), constants(pair.now)
    then = constants(pair.recorded).affine(known(pair.recorded.scale) / scale, 0)
    undone = Deviation.between(then.affine(factor, offset / scale), now)
    return explains(undone.total, Deviation.between(then, now).total)


def _is_small(extent: _Ends) -> bool:
    return extent[0] >= -UNIT and extent[1] <= UNIT


def _is_unit(extent: _Ends) -> bool:
    return extent[0] >= -OVERSHOOT and extent[1] <= 1 + OVERSHOOT


def _is_signed(extent: _Ends) -> bool:
    return -1 - OVERSHOOT <= extent[0] < -OVERSHOOT and extent[1] <= 1 + OVERSHOOT


def _meet(unit: _Ends, signed: _Ends) -> bool:
    """True if the ends of one are those of the other once they are moved; not so of any floats."""
    return all(abs(2 * a - 1 - b) <= OVERSHOOT for a, b in zip(unit, signed, strict=True))


def _fills(extent: _Ends) -> bool:
    """True if values reach both ends of 0-1 or of -1 to 1, and hardly go beyond."""
    low, high = extent
    return min(abs(low), abs(low + 1)) <= SHORT and abs(high - 1) <= SHORT


def _is_wide(extent: _Ends) -> bool:
    return extent[0] >= 0 and extent[1] >= WIDE


def _is_byte(extent: _Ends) -> bool:
    return _is_wide(extent) and extent[1] <= 255


def _extent(split: SplitStats) -> _Ends:
    """Smallest and largest stored value of any channel, as wide as its type where it declares less.

    Values of 0 to 3 whose largest is declared to be 3 are not divided by anything.
    """
    unit = _usual_scale(split) if _declares_less(split) else known(split.scale)
    return min(known(split.min)) * unit, max(known(split.max)) * unit


def _declares_less(split: SplitStats) -> bool:
    """True if 1.0 is less than the largest value of the type, and no value is above 1.0."""
    return max(known(split.max)) <= 1 and known(split.scale) < _usual_scale(split)


def _usual_scale(split: SplitStats) -> int:
    return Kind(known(split.dtype), known(split.channels)).scale


def _outside(split: SplitStats) -> float:
    """Share of the values outside 16-235; without counts 0 or 1."""
    histogram = split.histogram()
    if histogram is None:
        low, high = _extent(split)
        return float(low < 16 or high > 235)
    counts = histogram.counts
    inside = int(counts[:, 16 - histogram.least : 236 - histogram.least].sum())
    return 1 - inside / int(counts.sum())
