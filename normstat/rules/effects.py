"""Shifts of the mean and the std of a channel, with their error bounds."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import hypot, inf, isinf, sqrt

from normstat.constants import Channels, in_sigma
from normstat.rules.bounds import bound
from normstat.rules.comparison import known
from normstat.stats import SplitStats
from normstat.verdict import Level


@dataclass(frozen=True, slots=True)
class Effect:
    """A mean or a std now, against the one before.

    Attributes
    ----------
    name : ``mean`` or ``std``.
    before, after : the numbers, in unit scale.
    expected, observed : 0 and Δmean/σ of a mean, 1 and the ratio of a std; None if that σ was 0.
    bound : of the error of `observed`; None if that is not defined.
    """

    name: str
    channel: str
    before: float
    after: float
    expected: float
    observed: float | None
    bound: float | None
    unit: str

    @property
    def size(self) -> float | None:
        """Distance of `observed` from `expected`."""
        return None if self.observed is None else abs(self.observed - self.expected)

    def level(self, margin: float) -> Level:
        """Level at a margin: a failure only if it exceeds the margin whatever the sampling."""
        if self.size is None:
            return Level.FAIL
        if self.bound is None:
            return Level.INCONCLUSIVE
        if self.size - self.bound > margin:
            return Level.FAIL
        if self.size + self.bound > margin:
            return Level.INCONCLUSIVE
        return Level.WARN if self.size >= margin / 2 else Level.PASS


def effects(
    after: SplitStats, before: SplitStats, comparisons: int, same_images: bool = False
) -> Iterator[Effect]:
    """Two effects for each channel of two splits with images, over the σ of `before`.

    The bounds of so many comparisons hold together; where no sampling lies between the two, as of
    the same images, they are 0.
    """
    images = after.images, before.images
    for index, channel in enumerate(known(after.channels)):
        scale = known(before.std)[index]
        for name, expected, unit in (("mean", 0.0, "σ"), ("std", 1.0, "× σ")):
            old, new = _values(before, name)[index], _values(after, name)[index]
            moved = in_sigma(new - old, scale)
            observed = None if isinf(moved) else expected + moved
            errors = _errors(after, before, name, index)
            limit = 0.0 if same_images else None
            if not same_images and errors and observed is not None:
                # A ratio carries the error of its denominator times itself.
                weight = observed if name == "std" else 1.0
                limit = bound((errors[0], errors[1] * weight), images, comparisons)
            yield Effect(name, channel, old, new, expected, observed, limit, unit)


def by_chance(after: SplitStats, before: SplitStats) -> float:
    """Expected deviation of two samples of one source, over the means and stds of all channels.

    It is the root of the sum of all squared standard errors, in σ of `before`; infinite if one is
    not defined. A channel whose σ is 0 has none: there nothing differs by chance.
    """
    pairs = [
        _errors(after, before, name, index)
        for index, scale in enumerate(known(before.std))
        for name in ("mean", "std")
        if scale
    ]
    return hypot(*(error for errors in pairs for error in errors or (inf,)))


def _values(split: SplitStats, name: str) -> Channels:
    return known(split.mean if name == "mean" else split.std)


def _errors(
    after: SplitStats, before: SplitStats, name: str, index: int
) -> tuple[float, float] | None:
    """The standard errors of both, in σ of the one before; None if either is not defined."""
    scale, images = known(before.std)[index], (after.images, before.images)
    ours, theirs = _error(after, name, index), _error(before, name, index)
    if ours is None or theirs is None or not scale or min(images) < 2:
        return None
    return _of_one_source((ours / scale, theirs / scale), images)


def _error(split: SplitStats, name: str, index: int) -> float | None:
    errors = split.stderr.mean if name == "mean" else split.stderr.std
    return errors[index] if errors else None


def _of_one_source(errors: tuple[float, float], images: tuple[int, int]) -> tuple[float, float]:
    """Let two samples of one source have one spread between images.

    That nothing has changed is what a bound assumes. Then each error is the same spread s over √n
    of its sample, and both samples have an estimate of s. That of the smaller one is too low
    whenever rare images of the source are not in it, though they are what moves its mean: so the
    larger estimate counts for both.
    """
    after, before = images
    spread = max(errors[0] * sqrt(after), errors[1] * sqrt(before))
    return spread / sqrt(after), spread / sqrt(before)
