"""Distances of a channel from that of other images, as numbers to be shown."""

from collections.abc import Iterator
from dataclasses import dataclass

from normstat.rules.comparison import Pair
from normstat.rules.distances import between
from normstat.rules.effects import effects


@dataclass(frozen=True, slots=True)
class Shift:
    """A channel of one set of images against that of another.

    Attributes
    ----------
    channel : its name.
    mean, mean_bound : difference of the means in σ of the other, and the bound of its error.
    std, std_bound : difference of the stds as a share of the other, and the bound of its error.
    w1 : Wasserstein-1 distance, unit scale.
    ks, psi : distances of the distributions, see :class:`normstat.rules.distances.Distances`.

    Each is None where it is not defined: a σ of 0, fewer than two images, values that are not
    counted alike.
    """

    channel: str
    mean: float | None
    mean_bound: float | None
    std: float | None
    std_bound: float | None
    w1: float | None = None
    ks: float | None = None
    psi: float | None = None


def shifts(pair: Pair) -> Iterator[Shift]:
    """The shift of each channel of a pair with images and the same channels.

    All bounds of a pair hold together; of the same images they are 0.
    """
    now, before = pair.now, pair.recorded
    channels = now.channels or ()
    found = list(effects(now, before, 2 * len(channels), pair.same_pixels))
    ours, theirs = now.values(), before.values()
    alike = type(ours) is type(theirs) and now.scale == before.scale
    apart = between(ours, theirs) if ours and theirs and alike else None
    for index, (mean, std) in enumerate(zip(found[::2], found[1::2], strict=True)):
        distance = apart[index] if apart else None
        yield Shift(
            mean.channel,
            mean.observed,
            mean.bound,
            None if std.observed is None else std.observed - std.expected,
            std.bound,
            distance.w1 / (now.scale or 1) if distance else None,
            distance.ks if distance else None,
            distance.psi if distance else None,
        )
