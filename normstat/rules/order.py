"""Order of channels: the recorded numbers may fit another one better."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations, permutations
from math import inf

from normstat.constants import BETTER, FLOOR, Constants, Deviation, explains
from normstat.rules.comparison import Pair, constants, each_pair, gray_share, known, names_of
from normstat.rules.effects import by_chance
from normstat.stats import SplitStats
from normstat.verdict import Case, Level

# With more channels not all orders are tried: 7 have 5,040.
_ALL_ORDERS = 6
_case = partial(Case, "channel-order")


@dataclass(frozen=True, slots=True)
class _Order:
    """A way to read the channels, with two deviations from the recorded numbers.

    `off` is that of the numbers of now, read so; `apart` that of the recorded ones themselves.
    """

    names: str
    off: float
    apart: float

    @classmethod
    def of(cls, pair: Pair, order: Sequence[int]) -> "_Order":
        names, recorded = known(pair.now.channels), constants(pair.recorded)
        return cls(
            names_of(tuple(names[index] for index in order)),
            Deviation.between(_read(pair.now, order), recorded).total,
            Deviation.between(_read(pair.recorded, order), recorded).total,
        )


@each_pair("channel-order")
def channel_order(pair: Pair) -> Iterator[Case]:
    """The recorded mean and std fit the channels in another order 5 times better."""
    now, then = pair.now.channels or (), pair.recorded.channels or ()
    if len(now) == len(then) == 1:
        yield _case(Level.PASS, "one channel has no order", pair.split)
    elif now == then:
        yield _by_numbers(pair)
    else:
        yield _by_names(pair, now, then)


def _by_names(pair: Pair, now: tuple[str, ...], then: tuple[str, ...]) -> Case:
    words, level = f"channels {names_of(now)}, recorded were {names_of(then)}", Level.FAIL
    if sorted(now) != sorted(then):
        words, level = f"{words}: their order cannot be compared", Level.INCONCLUSIVE
    return _case(level, words, pair.split, None, names_of(then), names_of(now))


def _by_numbers(pair: Pair) -> Case:
    found, *others = (_Order.of(pair, order) for order in _orders(len(known(pair.now.channels))))
    best = min((found, *others), key=lambda order: order.off)
    if found.off > FLOOR and best.off == inf:
        return _case(Level.INCONCLUSIVE, "no order fits: a recorded σ is 0", pair.split)
    if explains(best.off, found.off):
        words = ": the order of channels changed, as between RGB and BGR"
        return _off(pair, Level.FAIL, found, best, words)
    if pair.same_pixels and found.off <= FLOOR:
        return _case(Level.PASS, "the pixels are those recorded", pair.split)
    if gray_share(pair.now) == gray_share(pair.recorded) == 1:
        words = "the channels of each image are equal: they have no order"
        return _case(Level.PASS, words, pair.split)
    if unclear := _unclear(pair, others):
        return unclear
    if best is found:
        return _off(pair, Level.PASS, found, best)
    return _off(pair, Level.INCONCLUSIVE, found, best, f": better, but not {BETTER:g} times")


def _off(pair: Pair, level: Level, found: _Order, best: _Order, words: str = "") -> Case:
    """Deviation of the channels as found, and the one from which on another order is better."""
    said = (
        f"read in the order {best.names} the channels are off by {best.off:.3g} σ, as found by "
        f"{found.off:.3g} σ"
    )
    if best is found:
        said = f"no other order fits better; as found, {found.off:.3g} σ off"
    limit = max(FLOOR, BETTER * best.off)
    return _case(level, said + words, pair.split, None, 0.0, found.off, limit, "σ off")


def _unclear(pair: Pair, others: Sequence[_Order]) -> Case | None:
    """Case of an exchange that would not show, or may have happened; None if neither."""
    error = 0.0 if pair.same_paths else by_chance(pair.now, pair.recorded)
    if error == inf:
        words = "it takes 2 images on both sides to tell the order of channels by their numbers"
        return _case(Level.INCONCLUSIVE, words, pair.split)
    error = max(FLOOR, error)
    nearest = min(others, key=lambda order: min(order.apart, order.off))
    for which, off in (("recorded", nearest.apart), ("found", nearest.off)):
        if off <= error:
            words = (
                f"the channels {which} fit in the order {nearest.names} as well ({off:.2g} σ off, "
                f"within the error of {error:.2g} σ): whether they were exchanged cannot be told"
            )
            least = f"more than {error:.2g}"
            return _case(Level.INCONCLUSIVE, words, pair.split, None, least, off, None, "σ off")
    return None


def _orders(channels: int) -> Iterator[tuple[int, ...]]:
    """Ways to read the channels, first as they are: of many, the reverse and each exchange."""
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


def _read(split: SplitStats, order: Sequence[int]) -> Constants:
    found = constants(split)
    mean, std = (tuple(values[index] for index in order) for values in (found.mean, found.std))
    return Constants(mean, std)
