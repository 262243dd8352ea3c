"""Drift of means and stds: shifts against their error bounds."""

from collections.abc import Iterable, Iterator

from normstat.errors import option
from normstat.rules.comparison import Comparison, Pair, known, names_of
from normstat.rules.distances import Distances, between
from normstat.rules.effects import Effect, effects
from normstat.verdict import Case, Level

# Names such as 0001.png may be those of other images, which nothing but the user can know.
_SAME = "same file names as recorded, so taken as the same images: no sampling error"


def drift(comparison: Comparison) -> Iterator[Case]:
    """Each mean and std now against the recorded one: out of the margin, within it, or open.

    The bounds of all of them hold together. Where the same paths were counted, no sampling lies
    between the two, and the shift alone decides.
    """
    pairs = list(comparison.pairs())
    together = _comparisons(pairs)
    for pair in pairs:
        if pair.blank:
            yield Case("drift", Level.INCONCLUSIVE, f"{pair.blank}: nothing to compare", pair.split)
        elif not pair.same_channels:
            yield _other_channels(pair)
        else:
            yield from _of_split(pair, together, comparison.margin)


def split_shift(comparison: Comparison) -> Iterator[Case]:
    """The val and test of now against its train: a warning where a shift is certain.

    That small splits leave room for one is no finding; the message says how much room.
    """
    splits = comparison.now.splits
    present = [name for name in comparison.names(comparison.now) if splits[name].images]
    if "train" not in present:
        return
    others = [Pair(n, splits[n], splits["train"]) for n in ("val", "test") if n in present]
    together = _comparisons(others)
    for pair in others:
        if not pair.same_channels:
            now, train = names_of(pair.now.channels), names_of(pair.recorded.channels)
            words = f"channels {now}, train has {train}"
            yield Case("split-shift", Level.WARN, words, pair.split)
        else:
            for effect in effects(pair.now, pair.recorded, together):
                yield _shift(pair, effect, comparison.margin)


def _comparisons(pairs: Iterable[Pair]) -> int:
    """Effects that are looked at: two for each channel that both sides have."""
    return sum(2 * len(pair.now.channels or ()) for pair in pairs if pair.same_channels)


def _other_channels(pair: Pair) -> Case:
    now, then = names_of(pair.now.channels), names_of(pair.recorded.channels)
    message = (
        f"the channels are {now}, recorded were {then}: the recorded mean and std do not fit; "
        f"record anew, with {option('channels')} of compute where images are to be converted"
    )
    return Case("drift", Level.FAIL, message, pair.split, None, then, now)


def _of_split(pair: Pair, together: int, margin: float) -> Iterator[Case]:
    distances = _distances(pair)
    for index, effect in enumerate(effects(pair.now, pair.recorded, together, pair.same_paths)):
        level = effect.level(margin)
        by = "" if effect.size is None else f" ({effect.size:.3g} σ)"
        moved = f"{effect.name} {effect.after:.4g}, recorded {effect.before:.4g}{by}"
        words = f"{moved}: {_judged(effect, level, margin, pair)}{distances[index // 2]}"
        numbers = effect.expected, effect.observed, margin, effect.unit
        yield Case("drift", level, words, pair.split, effect.channel, *numbers)


def _shift(pair: Pair, effect: Effect, margin: float) -> Case:
    level = effect.level(margin)
    if level is Level.FAIL:
        level, words = Level.WARN, "train has other values; statistics of train do not fit here"
    elif effect.bound is None or effect.size is None:
        words = "cannot be compared with train: its error is not defined"
    else:
        level, most = Level.PASS, effect.size + effect.bound
        words = f"no shift from train is certain; up to {most:.3g} σ is possible"
    words = f"{effect.name} {effect.after:.4g}, in train {effect.before:.4g}: {words}"
    numbers = effect.expected, effect.observed, margin, effect.unit
    return Case("split-shift", level, words, pair.split, effect.channel, *numbers)


def _judged(effect: Effect, level: Level, margin: float, pair: Pair) -> str:
    """Reason of the level, and a cure."""
    if effect.size is None:
        return "the recorded σ is 0, so anything else is out of any margin; record anew"
    if effect.bound is None:
        return "no standard error is defined here; it takes 2 images on both sides that differ"
    within = _SAME if pair.same_paths else f"chance explains ±{effect.bound:.3g} σ"
    match level:
        case Level.FAIL:
            return f"beyond the margin of {margin:g} σ ({within}); if this is wanted, record anew"
        case Level.INCONCLUSIVE:
            shows = margin + effect.bound
            return f"too few images to tell ({within}); only a shift above {shows:.3g} σ would show"
        case Level.WARN:
            return f"within the margin of {margin:g} σ, but more than half of it ({within})"
        case _:
            return f"within the margin of {margin:g} σ ({within})"


def _distances(pair: Pair) -> list[str]:
    """Words for each channel; they say so if there is nothing to take them from."""
    distances = between(known(pair.now.values()), known(pair.recorded.values()))
    if distances is None:
        return ["; no W1, KS, PSI without two counts of one depth"] * len(known(pair.now.channels))
    return [
        _words(distance, known(pair.now.scale), std)
        for distance, std in zip(distances, known(pair.recorded.std), strict=True)
    ]


def _words(distance: Distances, scale: int, std: float) -> str:
    """In σ of the recorded channel, which may be 0; beside the verdict, and no part of it."""
    w1 = distance.w1 / scale
    moved = f"W1/σ {w1 / std:.3g}" if std else f"W1 {w1:.3g}"
    return f"; {moved}, KS {distance.ks:.3g}, PSI {distance.psi:.3g}"
