"""Definitions of a mean and a std, and the numbers that they give, of data and of publications."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import NamedTuple

from normstat.constants import Channels
from normstat.conventions.dtypes import largest
from normstat.files import shown
from normstat.presets import DATA_SETS, OWN, PRESETS
from normstat.stats import SplitStats, Stats, summarize_split
from normstat.verbs.explain.own_values import OwnRows, OwnValues, own_values

#: Gray from R, G, B, as Pillow and OpenCV weigh them (ITU-R BT.601).
_LUMA = (0.299, 0.587, 0.114)
_GRAY = "of gray (0.299 R + 0.587 G + 0.114 B)"
_COLORS = ("R", "G", "B")
_NO_STD = (1.0, 1.0, 1.0)
_TOGETHER = "all splits together"


class Definition(NamedTuple):
    """A definition, and the numbers that it gives.

    Attributes
    ----------
    of : ``mean`` or ``std``: what the numbers stand for.
    words : the definition.
    values : by that definition.
    white : what they are multiplied by for stored pixels.
    largest : what frameworks divide stored pixels by, if that is not white.
    """

    of: str
    words: str
    values: Channels
    white: float = 1.0
    largest: float | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """Statistics of images, and what each image has by itself, if they were read for that.

    Attributes
    ----------
    stats : of the images.
    rows : of the same images; None if there are the statistics only.
    """

    stats: Stats
    rows: OwnRows | None = None

    @property
    def lacks(self) -> bool:
        """True if images of several sizes leave definitions open that the images would tell."""
        sums = (split.state.majority() for split in self.stats.splits.values())
        found = (each[1].per_image for each in sums if each)
        return self.rows is None and any(
            each.images * each.pixels2 != each.pixels**2 for each in found
        )


def definitions(known: Known | None) -> Iterator[Definition]:
    """All that is known, first as it is defined, then in other forms.

    In the order in which a person would think of them: of the data, of what is published; then
    the same in other units and orders.
    """
    found = [*(_of_data(known) if known else ()), *_published()]
    yield from found
    for each in found:
        yield from _changed(each)


def _published() -> Iterator[Definition]:
    undivided = [row.name for row in PRESETS.values() if row.std == _NO_STD]
    yield Definition("std", f"nothing is divided, as by presets {', '.join(undivided)}", _NO_STD)
    means = set()
    for row in (*PRESETS.values(), *DATA_SETS.values()):
        about = f"preset {row.name} ({row.what})"
        white = 255 / row.scale
        if row.mean not in means:  # a data set has one mean and perhaps several stds
            whose = row.what.partition("; std ")[0]
            yield Definition("mean", f"preset {row.name} ({whose})", row.mean, white)
            means.add(row.mean)
        if row.std != _NO_STD:
            yield Definition("std", about, row.std, white)
            if row.definition == OWN and row.pixels:
                std = _times(row.std, _bessel(row.pixels))
                yield Definition("std", f"{about}, with ddof 1", std, white)
            yield Definition(
                "std", f"{about}, its variance in the place of the std", _squares(row.std), white**2
            )


def _changed(known: Definition) -> Iterator[Definition]:
    """The numbers in other units, in another order, or one for all channels."""
    of, words, values, white, end = known
    reverses = values != values[::-1]
    reverse = ", channels in reverse (BGR)"
    if reverses:
        yield Definition(of, f"{words}{reverse}", values[::-1])
    if white != 1 and any(values):
        stored = tuple(value * white for value in values)
        yield Definition(of, f"{words}, times {white:g}", stored)
        if reverses:
            yield Definition(of, f"{words}, times {white:g}{reverse}", stored[::-1])
    if end:
        scaled = tuple(value * white / end for value in values)
        yield Definition(of, f"{words}, times {white:g} / {end:g}", scaled)
        if reverses:
            yield Definition(of, f"{words}, times {white:g} / {end:g}{reverse}", scaled[::-1])
    if len(values) > 1:
        yield Definition(of, f"{words}, averaged over channels", (sum(values) / len(values),))


def _of_data(known: Known) -> Iterator[Definition]:
    settings = known.stats.settings
    steps = [
        f"{name} {value}"
        for name, value in (("resize", settings.resize), ("crop", settings.crop))
        if value
    ]
    after = f" after {' and '.join(steps)}" if steps else ""
    for names, split in _splits(known.stats):
        about = _TOGETHER if len(names) > 1 else shown(names[0])
        white = float(split.scale or 1)
        end = largest(split.dtype or "")
        for of, words, values in _of_split(split, known.rows, names):
            power = 2 if words.startswith("the variance") else 1
            over = None if end in (1, white) else end**power
            yield Definition(of, f"{words}, of {about}{after}", values, white**power, over)


def _splits(stats: Stats) -> Iterator[tuple[tuple[str, ...], SplitStats]]:
    """Each split with images, and all of them together."""
    found = {name: split for name, split in stats.splits.items() if split.mean and split.std}
    for name, split in found.items():
        yield (name,), split
    if len(found) > 1:
        together = reduce(add, (split.state for split in found.values()))
        yield tuple(found), summarize_split(together)


def _of_split(
    split: SplitStats, rows: OwnRows | None, names: tuple[str, ...]
) -> Iterator[tuple[str, str, Channels]]:
    majority = split.state.majority()
    if not (majority and split.mean and split.std and split.pixels):
        return
    kind, tally = majority
    yield "mean", "the mean of all pixels", split.mean
    yield "std", "the std over all pixels (ddof 0), which normalizing needs", split.std
    yield "std", "the std over all pixels (ddof 1)", _times(split.std, _bessel(split.pixels))
    own = rows.of(names, kind) if rows else None
    if (own is None or own.images != split.images) and split.per_image.mean and split.per_image.std:
        mean, std = split.per_image.mean, split.per_image.std
        own = own_values(tally.per_image, mean, std, float(kind.scale))
    if own:
        yield from _own(own, split.mean, split.std)
    yield "std", "the variance of all pixels, in the place of the std", _squares(split.std)
    if split.channels == _COLORS:
        gray = sum(weight * value for weight, value in zip(_LUMA, split.mean, strict=True))
        yield "mean", f"the mean {_GRAY}", (gray,)
        if split.covariance:
            pairs = zip(_LUMA, split.covariance, strict=True)
            variance = sum(
                a * b * value for a, row in pairs for b, value in zip(_LUMA, row, strict=True)
            )
            yield "std", f"the std {_GRAY}", (math.sqrt(max(variance, 0.0)),)


def _own(own: OwnValues, mean: Channels, std: Channels) -> Iterator[tuple[str, str, Channels]]:
    """Averages over the images, by each of the definitions in use.

    Of images of one size some are those over all pixels, `mean` and `std`, and no others.
    """
    if not _are_close(own.mean, mean):
        yield "mean", "the average over images of each image's own mean", own.mean
    average = "the average over images of each image's own std"
    yield "std", f"{average} (ddof 0)", own.std
    about = ", about, as images have several sizes" if own.about else ""
    yield "std", f"{average} (ddof 1){about}", own.std1
    if not (own.variance and own.variance1 and own.spread):
        return
    yield "std", "the root of the images' average variance (ddof 0)", _roots(own.variance)
    yield "std", "the root of the images' average variance (ddof 1)", _roots(own.variance1)
    yield "std", "the std of the images' own means (ddof 0)", _roots(own.spread)
    if own.images > 1:
        values = _times(_roots(own.spread), _bessel(own.images))
        yield "std", "the std of the images' own means (ddof 1)", values
    weighted = _roots(a + b for a, b in zip(own.variance, own.spread, strict=True))
    if not _are_close(weighted, std):
        words = "the std over all pixels, each image with the same weight whatever its size"
        yield "std", words, weighted
    yield "std", "the variance of an image, on average, in the place of the std", own.variance


def _are_close(values: Channels, others: Channels) -> bool:
    pairs = zip(values, others, strict=True)
    return all(math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12) for a, b in pairs)


def _bessel(number: float) -> float:
    return math.sqrt(number / (number - 1)) if number > 1 else 1.0


def _times(values: Iterable[float], factor: float) -> Channels:
    return tuple(value * factor for value in values)


def _roots(values: Iterable[float]) -> Channels:
    return tuple(math.sqrt(max(value, 0.0)) for value in values)


def _squares(values: Iterable[float]) -> Channels:
    return tuple(value**2 for value in values)
