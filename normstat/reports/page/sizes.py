"""Sizes and aspect ratios of images, where they differ."""

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from functools import reduce
from operator import add

from normstat.accumulators.sizes import OCTAVE, Sizes, smallest
from normstat.files import shown
from normstat.markup import legend
from normstat.reports.page.sections import paragraph
from normstat.stats import SplitStats
from normstat.svg import Curve, chart, color

# Aspect ratios that people have names for.
_RATIOS = ((5, 4), (4, 3), (3, 2), (16, 9), (2, 1), (3, 1), (4, 1), (8, 1), (16, 1))
_ORIENTATIONS = ("landscape", "portrait", "square or nearly so")
# An axis is at least so many bins wide, or a few bins look like many.
_LEAST = 12
_MOST_TICKS = 6
# Where between the middle and the end of an axis a ratio has room among the words.
_BETWEEN = 0.5
#: First digits of the sides that are told at an axis: as many as have room.
_DIGITS = ((1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9), (1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,))


def sizes(splits: Mapping[str, SplitStats]) -> Iterator[str]:
    """Write what is below the table of images; nothing where all are of about one size.

    >>> list(sizes({"all": SplitStats(2, 2, 0, 0, {}, sizes=Sizes({(40, 40): 2}))}))
    []
    """
    counted = {name: split for name, split in splits.items() if split.images}
    known = {name: split.sizes for name, split in counted.items() if split.sizes is not None}
    total = reduce(add, known.values(), Sizes())
    if len(total.counts) < 2:
        return
    colors = {name: color(index) for index, name in enumerate(splits)}
    yield "<h3>Sizes and aspect ratios</h3>"
    if len(known) < len(counted):
        others = ", ".join(shown(name) for name in counted if name not in known)
        yield paragraph(f"Not among them, as their sizes were not counted: {others}.")
    chosen = {name: counted[name] for name in known}
    yield paragraph(f"{_shapes_told(total)} {_sides_told(total, chosen.values())}")
    yield paragraph(
        "Drawn on logarithmic axes, in the steps of 9 % in which sides are counted; the number at "
        "the top right is the share of images at that height."
    )
    if len(known) > 1:
        yield f"<p>{legend(splits)}</p>"
    figures = ""
    if len(_by_ratio(total)) > 1:
        figures += _figure("Aspect ratio", "width : height", _ratios(known, colors))
    if len(_by_side(total)) > 1:
        figures += _figure("Shorter side", "pixels", _sides(chosen, colors))
    yield f"<div class=grid>{figures}</div>"


def _figure(name: str, unit: str, svg: str) -> str:
    return f"<figure><figcaption><b>{name}</b>, {unit}</figcaption>{svg}</figure>"


def _by_ratio(sizes: Sizes) -> Counter[int]:
    """Images by eighths of an octave between width and height, each off by less than one."""
    images = Counter[int]()
    for width, height, number in sizes:
        images[width - height] += number
    return images


def _by_side(sizes: Sizes) -> Counter[int]:
    """Images by the bin of their shorter side."""
    images = Counter[int]()
    for width, height, number in sizes:
        images[min(width, height)] += number
    return images


def _orientations(sizes: Sizes) -> list[tuple[str, float]]:
    """Orientations that occur and their shares, the most frequent first."""
    images = [0, 0, 0]
    for ratio, number in _by_ratio(sizes).items():
        images[0 if ratio > 0 else 1 if ratio < 0 else 2] += number
    shares = [
        (name, number / sizes.images) for name, number in zip(_ORIENTATIONS, images, strict=True)
    ]
    return sorted((each for each in shares if each[1]), key=lambda each: -each[1])


def _shapes_told(sizes: Sizes) -> str:
    """A sentence on orientations and the most frequent aspect ratio."""
    (first, share), *others = _orientations(sizes)
    ratio = max(sorted(_by_ratio(sizes).items()), key=lambda each: each[1])[0]
    usual = f"; the most frequent aspect ratio is {_named(ratio)}" if ratio else ""
    if not others:
        return f"All images are {first}{usual}."
    rest = " and ".join(f"{_percent(share)} {name}" for name, share in others)
    return f"{_percent(share)} of the images are {first}, {rest}{usual}.".capitalize()


def _named(ratio: int) -> str:
    """Words on an aspect ratio that is known to less than an eighth of an octave."""
    wide = abs(ratio)
    found = [
        f"{a}:{b}" if ratio > 0 else f"{b}:{a}"
        for a, b in _RATIOS
        if wide - 1 < OCTAVE * math.log2(a / b) < wide + 1
    ]
    if found:
        return f"about {' or '.join(found)}"
    times = 2 ** (wide / OCTAVE)
    shorter, longer = ("high", "wide") if ratio > 0 else ("wide", "high")
    return f"about {times:.2g} times as {longer} as {shorter}"


def _sides_told(sizes: Sizes, splits: Collection[SplitStats]) -> str:
    """A sentence on the shorter sides of nine images in ten."""
    images = _by_side(sizes)
    within, total = [], 0
    for side, number in sorted(images.items()):
        before, total = total, total + number
        if total > 0.05 * sizes.images and before < 0.95 * sizes.images:
            within.append(side)
    who = "All" if len(within) == len(images) else "Nine in ten"
    return f"{who} have a shorter side of {_pixels(within[0], within[-1], splits)}."


def _pixels(first: int, last: int, splits: Collection[SplitStats]) -> str:
    """Words on the shorter sides that are in some bins.

    The end of a bin is no side that an image has. Extents, where they are known, say it better: a
    difference of sets has none.
    """
    lows, highs = zip(*(_shorter(split) for split in splits), strict=True)
    low, end, most = max(smallest(first), min(lows)), smallest(last + 1), max(highs)
    if low == most or low + 1 == end:
        return f"{low:,} pixels"
    return f"at least {low:,} and {f'at most {most:,}' if most < end else f'under {end:,}'} pixels"


def _shorter(split: SplitStats) -> tuple[float, float]:
    """Ends between which the shorter sides of a split are, as far as its extents say."""
    width, height = split.width, split.height
    if width.min is None or width.max is None or height.min is None or height.max is None:
        return 0, math.inf
    return min(width.min, height.min), min(width.max, height.max)


def _percent(share: float) -> str:
    if share < 0.005:
        return "under 1 %"
    return "over 99 %" if share > 0.995 else f"{100 * share:.0f} %"


def _ratios(known: Mapping[str, Sizes], colors: Mapping[str, str]) -> str:
    counts = {name: _by_ratio(sizes) for name, sizes in known.items()}
    reach = max(max(map(abs, images)) for images in counts.values()) + 1
    reach = max(reach, _LEAST // 2)
    wide, high = min(
        _RATIOS, key=lambda ratio: abs(OCTAVE * math.log2(ratio[0] / ratio[1]) - _BETWEEN * reach)
    )
    place = OCTAVE * math.log2(wide / high)
    ends = -reach - 0.5, reach + 0.5
    words = (
        (ends[0], "portrait"),
        (-place, f"{high}:{wide}"),
        (0.0, "square"),
        (place, f"{wide}:{high}"),
        (ends[1], "landscape"),
    )
    told = "; ".join(
        f"{shown(name)}: "
        + ", ".join(f"{_percent(share)} {which}" for which, share in _orientations(sizes))
        for name, sizes in known.items()
    )
    curves = _curves(counts, colors, range(-reach, reach + 1))
    return chart(curves, "Aspect ratios of images", told, ends, words=words)


def _sides(splits: Mapping[str, SplitStats], colors: Mapping[str, str]) -> str:
    counts = {name: _by_side(split.sizes) for name, split in splits.items() if split.sizes}
    low = min(min(images) for images in counts.values()) - 1
    high = max(max(images) for images in counts.values()) + 2
    more = max(0, _LEAST - (high - low))
    low, high = low - more // 2, high + more - more // 2
    told = "; ".join(
        f"{shown(name)}: {_usual_told(images, splits[name])}" for name, images in counts.items()
    )
    ends = float(low), float(high)
    curves = _curves(counts, colors, range(low, high))
    return chart(curves, "Shorter sides of images", told, ends, words=_ticks(*ends))


def _usual_told(images: Counter[int], split: SplitStats) -> str:
    usual = max(images, key=lambda side: (images[side], -side))
    every, most = _pixels(min(images), max(images), [split]), _pixels(usual, usual, [split])
    return every if every == most else f"{every}, most often {most}"


def _ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Places of round numbers of pixels between two ends, in bins."""
    room = (high - low) / 20
    powers = [10.0**power for power in range(int(high / OCTAVE * math.log10(2)) + 1)]
    for digits in _DIGITS:
        sides = {round(digit * power) for power in powers for digit in digits}
        places = [(OCTAVE * math.log2(side), f"{side}") for side in sorted(sides)]
        inside = [each for each in places if low + room < each[0] < high - room]
        if len(inside) <= _MOST_TICKS:
            return inside
    return inside[:: len(inside) // _MOST_TICKS + 1]


def _curves(
    counts: Mapping[str, Counter[int]], colors: Mapping[str, str], axis: range
) -> list[Curve]:
    """Shares of the images of each set, in the bins of an axis."""
    return [
        Curve([images[number] / images.total() for number in axis], colors[name])
        for name, images in counts.items()
    ]
