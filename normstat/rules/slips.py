"""Slips of a program that wrote the images: what fits the recorded numbers once it is undone."""

from collections.abc import Iterator, Sequence
from itertools import combinations, permutations
from math import hypot, inf

from normstat.rules.comparison import Comparison, Pair, each_pair, known, names_of
from normstat.stats import SplitStats
from normstat.verdict import Case, Level

#: How many times better the undone numbers have to fit.
BETTER = 5.0
#: A misfit in σ, over all channels, below which numbers count as those recorded.
FLOOR = 0.01
#: Share of values outside 16-235: of limited range at most the first, as JPEG oversteps at edges,
#: of full range at least the second.
FEW_OUTSIDE, MANY_OUTSIDE = 0.01, 0.05
#: Largest stored value that still means 0-1, with what JPEG and resampling add; and the smallest
#: that means 0-255.
UNIT, WIDE = 4, 128
# Of more channels not all of their orders are tried: 7 have 5,040.
_ALL_ORDERS = 6


def channel_order(comparison: Comparison) -> Iterator[Case]:
    """The recorded mean and std fit the channels in another order 5 times better."""
    return each_pair("channel-order", _channel_order)(comparison)


def value_range(comparison: Comparison) -> Iterator[Case]:
    """Stored values of 0-1 or 16-235 where 0-255 was recorded, and the reverse."""
    return each_pair("value-range", _value_range)(comparison)


def _channel_order(pair: Pair) -> Iterator[Case]:
    now, then = pair.now.channels or (), pair.recorded.channels or ()
    if len(now) == len(then) == 1:
        yield Case("channel-order", Level.PASS, "one channel has no order", pair.split)
    elif now == then:
        yield _by_numbers(pair, now)
    else:
        yield _by_names(pair, now, then)


def _by_names(pair: Pair, now: tuple[str, ...], then: tuple[str, ...]) -> Case:
    named = sorted(now) == sorted(then)
    words = f"channels {names_of(now)}, recorded were {names_of(then)}"
    if not named:
        words += ": their order cannot be compared"
    return Case(
        "channel-order",
        Level.FAIL if named else Level.INCONCLUSIVE,
        words,
        pair.split,
        None,
        names_of(then),
        names_of(now),
    )


def _by_numbers(pair: Pair, names: tuple[str, ...]) -> Case:
    found = _misfit(pair, range(len(names)))
    least, order = min((_misfit(pair, order), order) for order in _orders(len(names)))
    best = names_of(tuple(names[index] for index in order))
    level, words = Level.PASS, f"the recorded order fits, to {found:.3g} σ"
    if found > FLOOR and least == inf:
        level, words = Level.INCONCLUSIVE, "no order fits: a recorded σ is 0"
    elif found > FLOOR and found >= BETTER * least:
        level = Level.FAIL
        words = (
            f"read in the order {best} the channels are off by {least:.3g} σ, as found by "
            f"{found:.3g} σ: the order of channels changed, as between RGB and BGR"
        )
    elif _alike(pair.recorded):
        words = "the recorded channels are alike: their order does not show"
    return Case(
        "channel-order", level, words, pair.split, None, least, found, BETTER, "σ off; tolerated ×"
    )


def _orders(channels: int) -> Iterator[tuple[int, ...]]:
    """Ways to read the channels: of many, the reverse and each exchange of two."""
    places = tuple(range(channels))
    if channels <= _ALL_ORDERS:
        yield from permutations(places)
        return
    yield places
    yield places[::-1]
    for one, other in combinations(places, 2):
        swapped = list(places)
        swapped[one], swapped[other] = other, one
        yield tuple(swapped)


def _misfit(pair: Pair, order: Sequence[int]) -> float:
    """Distance of the numbers of now, read in an order, from those recorded: in recorded σ."""
    mean, std = _numbers(pair.now)
    return _distance(pair.recorded, [mean[i] for i in order], [std[i] for i in order])


def _alike(split: SplitStats) -> bool:
    mean, std = _numbers(split)
    return _distance(split, mean[1:] + mean[:1], std[1:] + std[:1]) <= FLOOR


def _distance(split: SplitStats, mean: Sequence[float], std: Sequence[float]) -> float:
    """Root of the sum of squared differences from a split's means and stds, in its σ."""
    means, stds = _numbers(split)
    return hypot(
        *(_in_sigma(a - b, scale) for a, b, scale in zip(mean, means, stds, strict=True)),
        *(_in_sigma(a - b, b) for a, b in zip(std, stds, strict=True)),
    )


def _in_sigma(difference: float, scale: float) -> float:
    if scale:
        return difference / scale
    return inf if difference else 0.0


def _numbers(split: SplitStats) -> tuple[tuple[float, ...], tuple[float, ...]]:
    return known(split.mean), known(split.std)


def _value_range(pair: Pair) -> Iterator[Case]:
    now, then = _extent(pair.now), _extent(pair.recorded)
    level, words = _of_extents(now, then)
    if level is Level.PASS and pair.now.channels == pair.recorded.channels:
        level, words = _of_limits(pair, now, then) or (level, words)
    yield Case(
        "value-range",
        level,
        words,
        pair.split,
        None,
        f"{then[0]:g} to {then[1]:g}",
        f"{now[0]:g} to {now[1]:g}",
        None,
        "stored values",
    )


def _of_extents(now: tuple[float, float], then: tuple[float, float]) -> tuple[Level, str]:
    if _is_unit(now) and _is_wide(then):
        return Level.FAIL, "values of 0 to 1 where 0 to 255 or more was recorded: divided already"
    if _is_wide(now) and _is_unit(then):
        return Level.FAIL, "values far beyond 1 where 0 to 1 was recorded: not divided yet"
    return Level.PASS, "values in a range like that recorded"


def _of_limits(
    pair: Pair, now: tuple[float, float], then: tuple[float, float]
) -> tuple[Level, str] | None:
    """Whether one side is the other squeezed from 0-255 into 16-235, as video has it."""
    if not (_is_byte(now) and _is_byte(then)):
        return None
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


def _fits(pair: Pair, factor: float, offset: float) -> bool:
    """Whether factor · stored value + offset makes the numbers of now of those recorded."""
    then, now = pair.recorded, pair.now
    mean, std = _numbers(then)
    units = known(then.scale) / known(now.scale)
    expected_mean = [value * factor * units + offset / known(now.scale) for value in mean]
    expected_std = [value * factor * units for value in std]
    undone = _distance(now, expected_mean, expected_std)
    found = _distance(now, [value * units for value in mean], [value * units for value in std])
    return found > FLOOR and found >= BETTER * undone


def _is_unit(extent: tuple[float, float]) -> bool:
    return extent[0] >= 0 and extent[1] <= UNIT


def _is_wide(extent: tuple[float, float]) -> bool:
    return extent[0] >= 0 and extent[1] >= WIDE


def _is_byte(extent: tuple[float, float]) -> bool:
    return _is_wide(extent) and extent[1] <= 255


def _extent(split: SplitStats) -> tuple[float, float]:
    """Smallest and largest stored value of any channel."""
    scale = known(split.scale)
    return min(known(split.min)) * scale, max(known(split.max)) * scale


def _outside(split: SplitStats) -> float:
    """Share of the values outside 16-235; without counts 0 or 1."""
    histogram = split.histogram()
    if histogram is None:
        low, high = _extent(split)
        return float(low < 16 or high > 235)
    counts = histogram.counts
    inside = int(counts[:, 16:236].sum())
    return 1 - inside / int(counts.sum())
