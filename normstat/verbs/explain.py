"""The definition behind a mean or std that somebody has written down."""

import math
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from normstat.accumulators.exact_sums import ExactSums
from normstat.constants import Channels
from normstat.conventions import read
from normstat.errors import UsageError
from normstat.files import shown
from normstat.presets import DATA_SETS, PRESETS
from normstat.stats import SplitStats, Stats
from normstat.statsfile import load

#: Gray from R, G, B, as Pillow and OpenCV weigh them (ITU-R BT.601).
_LUMA = (0.299, 0.587, 0.114)
#: Numbers further away than this share of themselves have nothing to do with each other.
_FAR = 0.1
_MOST = 5


@dataclass(frozen=True, slots=True)
class Origin:
    """A definition, and the numbers that it gives.

    Attributes
    ----------
    of : ``mean`` or ``std``: the numbers that were asked for are one of them.
    words : the definition.
    values : by that definition.
    fits : they are the numbers that were asked for, to all digits that these have.
    distance : largest difference, as a share of the value; the fits are sorted by it.
    """

    of: str
    words: str
    values: Channels
    fits: bool
    distance: float


def explain(
    mean: str | Sequence[float],
    std: str | Sequence[float] | None = None,
    *,
    stats: Stats | str | os.PathLike[str] | None = None,
) -> tuple[Origin, ...]:
    """Find definitions that give some numbers.

    Parameters
    ----------
    mean : numbers, or a text of them with commas, whose digits count; alone they may be a mean or
        a std.
    std : the std that belongs to it.
    stats : of the images, or a stats file; without it there are the published constants only.

    Returns
    -------
    tuple of Origin
        Those that fit all digits, the nearest first; if there are none, the nearest.

    Raises
    ------
    UsageError
        These are no numbers, or the statistics cannot be used.

    Examples
    --------
    >>> for origin in explain("0.2023,0.1994,0.2010"):
    ...     print(origin.of, origin.fits, origin.words.partition(",")[0])
    std True preset cifar10-copied (CIFAR-10
    >>> explain((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))[0].words
    'preset imagenet (torchvision, most of timm, DINOv2, MAE, ConvNeXt, Keras mode torch)'
    """
    known = load(stats) if isinstance(stats, (str, os.PathLike)) else stats
    asked = [(_numbers(mean), ("mean", "std") if std is None else ("mean",))]
    if std is not None:
        asked.append((_numbers(std), ("std",)))
    found: list[Origin] = []
    for numbers, kinds in asked:
        origins = [
            _origin(of, words, values, numbers)
            for of, words, values in _candidates(known)
            if of in kinds and len(values) == len(numbers)
        ]
        fitting = sorted((each for each in origins if each.fits), key=_by_distance)
        near = [each for each in origins if not each.fits and each.distance <= _FAR]
        found += fitting or sorted(near, key=_by_distance)[:_MOST]
    return tuple(found)


def needed(stats: Stats) -> tuple[str, Channels, Channels] | None:
    """The split, mean and std that training needs; None without images."""
    for name in sorted(stats.splits, key=lambda name: name != "train"):
        split = stats.splits[name]
        if split.mean and split.std:
            return name, split.mean, split.std
    return None


def read_config(file: str) -> list[tuple[Channels, Channels]]:
    """Mean and std of each processor in a configuration, in the unit and order of RGB / white.

    Raises
    ------
    UsageError
        It cannot be read, or has no mean and std.

    Examples
    --------
    >>> round(read_config("preset:caffe")[0][0][0], 4)
    0.485
    """
    made = (config.constants.to(1, "RGB") for config in read(file))
    return [(constants.mean, constants.std) for constants in made]


@dataclass(frozen=True, slots=True)
class _Number:
    """A number, and half a unit of the last digit that was written."""

    value: float
    half: float


def _numbers(given: str | Sequence[float]) -> list[_Number]:
    words = (
        re.sub(r"[\[\](),;\s]+", " ", given).split()
        if isinstance(given, str)
        else [repr(float(value)) for value in given]
    )
    numbers = []
    for word in words:
        try:
            value = float(word)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise UsageError(f"{shown(word)}: is no number; give them as in 0.2023,0.1994,0.2010")
        digits, _, exponent = word.lower().partition("e")
        places = len(digits.partition(".")[2]) - int(exponent or 0)
        numbers.append(_Number(value, 0.5 * 10.0**-places))
    if not numbers:
        raise UsageError("no numbers; give them as in 0.2023,0.1994,0.2010")
    return numbers


def _origin(of: str, words: str, values: Channels, numbers: Sequence[_Number]) -> Origin:
    pairs = list(zip(values, numbers, strict=True))
    fits = all(abs(v - n.value) <= n.half * (1 + 1e-9) + 1e-12 * abs(v) for v, n in pairs)
    distance = max(abs(v - n.value) / max(abs(v), 1e-300) for v, n in pairs)
    return Origin(of, words, values, fits, distance)


def _by_distance(origin: Origin) -> float:
    return round(origin.distance, 9)  # of equal ones the first that is known


def _candidates(stats: Stats | None) -> Iterator[tuple[str, str, Channels]]:
    """``mean`` or ``std``, the definition in words, and the numbers; first as they are defined."""
    known = [*_of_data(stats), *_published()]
    for of, words, values, _ in known:
        yield of, words, values
    for of, words, values, white in known:
        for form, changed in _changed(values, white):
            yield of, f"{words}{form}", changed


def _of_data(stats: Stats | None) -> Iterator[tuple[str, str, Channels, float]]:
    for name, split in (stats.splits if stats else {}).items():
        for of, words, values in _of_split(split):
            yield of, f"{words}, of {shown(name)}", values, split.scale or 1


def _published() -> Iterator[tuple[str, str, Channels, float]]:
    for row in (*PRESETS.values(), *DATA_SETS.values()):
        about = f"preset {row.name} ({row.what})"
        yield "mean", about, row.mean, 255 / row.scale
        if set(row.std) != {1.0}:
            yield "std", about, row.std, 255 / row.scale


def _changed(values: Channels, white: float) -> Iterator[tuple[str, Channels]]:
    """The numbers in other units, in another order, or one for all channels."""
    reverses = values != values[::-1]
    if reverses:
        yield ", channels in reverse (BGR)", values[::-1]
    if white != 1:
        stored = tuple(value * white for value in values)
        yield f", times {white:g}", stored
        if reverses:
            yield f", times {white:g}, channels in reverse (BGR)", stored[::-1]
    if len(values) > 1:
        yield ", averaged over channels", (sum(values) / len(values),)


def _of_split(split: SplitStats) -> Iterator[tuple[str, str, Channels]]:
    majority = split.state.majority()
    if not (majority and split.mean and split.std and split.pixels):
        return
    scale = float(split.scale or 1)
    yield "mean", "the mean of all pixels", split.mean
    yield "std", "the std over all pixels (ddof 0), which normalizing needs", split.std
    if split.per_image.mean and split.per_image.mean != split.mean:
        yield "mean", "the average over images of each image's own mean", split.per_image.mean
    yield "std", "the std over all pixels with ddof 1", _times(split.std, _bessel(split.pixels))
    if split.per_image.std:
        yield from _own_stds(split.per_image.std, majority[1].per_image, scale)
    yield "std", "the variance of all pixels, in the place of the std", _squares(split.std)
    if len(split.mean) == 3:
        gray = sum(weight * value for weight, value in zip(_LUMA, split.mean, strict=True))
        yield "mean", "the mean of gray (0.299 R + 0.587 G + 0.114 B)", (gray,)
        if split.covariance:
            pairs = zip(_LUMA, split.covariance, strict=True)
            variance = sum(
                a * b * value for a, row in pairs for b, value in zip(_LUMA, row, strict=True)
            )
            yield "std", "the std of gray (0.299 R + 0.587 G + 0.114 B)", (math.sqrt(variance),)


def _own_stds(own: Channels, sums: ExactSums, scale: float) -> Iterator[tuple[str, str, Channels]]:
    """Averages of the images' own stds, by each of the definitions in use."""
    yield "std", "the average over images of each image's own std (ddof 0)", own
    n, pixels = sums.images, sums.pixels
    alike = n * sums.pixels2 == pixels * pixels
    about = "" if alike else ", about, as images have several sizes"
    ddof1 = _times(own, _bessel(pixels / n))
    yield "std", f"the average over images of each image's own std (ddof 1){about}", ddof1
    if not alike:
        return
    unit = float(1 << sums.shift)
    variances, of_means = [], []
    for s, q, ss, *_ in sums.channels:
        m = pixels // n
        squares = (n * m * q - n * ss) / (n * n * m * m) if n else 0.0
        variances.append(squares / unit**2)
        of_means.append((n * ss - s * s) / (n * n * m * m) / unit**2)
    roots = tuple(math.sqrt(value) / scale for value in variances)
    yield "std", "the root of the average variance of an image", roots
    yield (
        "std",
        "the std of the images' own means",
        tuple(math.sqrt(value) / scale for value in of_means),
    )
    if n > 1:
        yield (
            "std",
            "the std of the images' own means (ddof 1)",
            tuple(math.sqrt(value * n / (n - 1)) / scale for value in of_means),
        )


def _bessel(number: float) -> float:
    return math.sqrt(number / (number - 1)) if number > 1 else 1.0


def _times(values: Iterable[float], factor: float) -> Channels:
    return tuple(value * factor for value in values)


def _squares(values: Iterable[float]) -> Channels:
    return tuple(value**2 for value in values)
