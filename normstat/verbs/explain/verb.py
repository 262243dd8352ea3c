"""The definition behind a mean or std that somebody has written down."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from normstat.constants import Channels
from normstat.conventions import read
from normstat.presets import DATA_SETS, POOLED, Preset, pooled_of
from normstat.stats import Settings, Stats
from normstat.statsfile import load
from normstat.verbs.compute.count import count
from normstat.verbs.engine import Engine
from normstat.verbs.explain.definitions import Definition, Known, definitions
from normstat.verbs.explain.own_values import OwnRows
from normstat.verbs.explain.written import Number, numbers
from normstat.verbs.options import refuse_settings
from normstat.verbs.run import source_of

#: Numbers further away than this share of themselves have nothing to do with each other.
_FAR = 0.1
_MOST = 5
#: Share of a value that is rounding of floats.
_EXACT = 1e-9
#: Digits, of the longest number, with which it is not by chance that others round to them.
_TELLING = 2


@dataclass(frozen=True, slots=True)
class Origin:
    """A definition, and the numbers that it gives.

    Attributes
    ----------
    of : ``mean`` or ``std``: the numbers that were asked for are one of them.
    words : the definition.
    values : by that definition.
    fits : they are the numbers that were asked for, to all digits that these have.
    distance : largest difference, as a share of the value.
    slip : a slip that makes these numbers of the others: digits cut off, or one of them wrong.
    """

    of: str
    words: str
    values: Channels
    fits: bool
    distance: float
    slip: str = ""


def explain(
    mean: str | Sequence[float],
    std: str | Sequence[float] | None = None,
    *,
    stats: Stats | Known | str | os.PathLike[str] | None = None,
    data: str | os.PathLike[str] | None = None,
) -> tuple[Origin, ...]:
    """Find definitions that give some numbers.

    Parameters
    ----------
    mean : numbers, or a text of them with commas, whose digits count; alone they may be a mean or
        a std.
    std : the std that belongs to it.
    stats : of the images, or a stats file; without it there are the published constants only.
    data : the images themselves, in its place; more definitions are known of them.

    Returns
    -------
    tuple of Origin
        Those that fit all digits, exact ones first and otherwise in the order of their use; if
        there are none, those but for a digit, and the nearest.

    Raises
    ------
    UsageError
        These are no numbers, or the statistics cannot be used.

    Examples
    --------
    >>> for origin in explain("0.2023,0.1994,0.2010"):
    ...     print(origin.of, origin.fits, origin.words.partition(",")[0])
    std True preset cifar10-copied (CIFAR-10
    std True preset cifar10-own (CIFAR-10
    >>> explain((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))[0].words
    'preset imagenet (torchvision, most of timm, DINOv2, MAE, ConvNeXt, Keras mode torch)'
    """
    if isinstance(stats, Known):
        known: Known | None = stats
    elif data is not None:
        known = measured(data)
    else:
        loaded = load(stats) if isinstance(stats, (str, os.PathLike)) else stats
        known = Known(loaded) if loaded else None
    asked = [(numbers(mean), ("mean", "std") if std is None else ("mean",))]
    if std is not None:
        asked.append((numbers(std), ("std",)))
    tried = [*definitions(known)]
    return tuple(origin for wanted, kinds in asked for origin in _found(wanted, kinds, tried))


def measured(
    data: str | os.PathLike[str],
    *,
    resize: int | None = None,
    crop: int | None = None,
    engine: Engine | None = None,
) -> Known:
    """Count images for :func:`explain`: more definitions are known then than of statistics.

    Parameters
    ----------
    data, resize, crop : as for :func:`normstat.compute`.
    engine : where to run.

    Raises
    ------
    UsageError
        Nothing there to read, or an option out of range.
    """
    settings = Settings(resize=resize, crop=crop, covariance=True)
    refuse_settings(settings)
    run_by = engine or Engine.of()
    rows = OwnRows()
    with run_by.running():
        counted = count(source_of(data, settings, {}), settings, run_by, (rows,))
    counted.refuse_unread()
    return Known(counted.stats(), rows)


def needed(stats: Stats) -> tuple[str, Channels, Channels] | None:
    """The split, mean and std that training needs; None without images."""
    for name in sorted(stats.splits, key=lambda name: name != "train"):
        split = stats.splits[name]
        if split.mean and split.std:
            return name, split.mean, split.std
    return None


def published_needed(origins: Sequence[Origin]) -> Preset | None:
    """Published statistics that training needs in the place of a fit of another definition.

    >>> published_needed(explain("0.2023,0.1994,0.2010")).std[0]
    0.2470322324632823
    """
    for row in DATA_SETS.values():
        words = f"preset {row.name} ("
        fits = any(
            each.of == "std" and each.fits and each.words.startswith(words) for each in origins
        )
        if fits and row.definition != POOLED and (pooled := pooled_of(row)):
            return pooled
    return None


def read_config(file: str, stats: Stats | None = None) -> list[tuple[Channels, Channels]]:
    """Mean and std of each processor in a configuration, as it has them.

    Only where an offset is subtracted before, or std divided by twice, they are those without, of
    pixels over white: as the statistics have it, or of 8 bits where there are none.

    Raises
    ------
    UsageError
        It cannot be read, or has no mean and std.

    Examples
    --------
    >>> read_config("preset:caffe")[0][0]
    (103.939, 116.779, 123.68)
    """
    pixels = _pixels(stats) if stats else None
    found = []
    for config in read(file):
        if config.offset or config.twice:
            meant = config.of_pixels(*pixels) if pixels else config
            found.append(meant.constants.to(1, "RGB"))
        else:
            found.append(config.numbers)
    return [(constants.mean, constants.std) for constants in found]


def _pixels(stats: Stats) -> tuple[float, str] | None:
    """White and type of the pixels of a split that has images."""
    for split in stats.splits.values():
        if split.scale and split.dtype:
            return float(split.scale), split.dtype
    return None


def _found(
    wanted: Sequence[Number], kinds: Sequence[str], tried: Sequence[Definition]
) -> Iterator[Origin]:
    origins = [
        _origin(each, wanted)
        for each in tried
        if each.of in kinds and len(each.values) == len(wanted)
    ]
    fitting = [each for each in origins if each.fits]
    exact = [each for each in fitting if each.distance <= _EXACT]
    if exact and max(number.significant for number in wanted) < _TELLING:
        fitting = exact
    # Sorting keeps the order of the definitions among equals.
    yield from sorted(fitting, key=lambda each: each.distance > _EXACT)
    if not fitting:
        slips = [each for each in origins if each.slip]
        near = [each for each in origins if each.distance <= _FAR]
        yield from _unlike(slips or sorted(near, key=_coarsely))


def _unlike(origins: Iterable[Origin]) -> list[Origin]:
    """The first few, without those whose numbers hardly differ from earlier ones."""
    seen: dict[tuple[str, ...], Origin] = {}
    for each in origins:
        seen.setdefault((each.of, *(f"{value:.4g}" for value in each.values)), each)
    return [*seen.values()][:_MOST]


def _coarsely(origin: Origin) -> float:
    return float(f"{origin.distance:.1e}")


def _origin(known: Definition, wanted: Sequence[Number]) -> Origin:
    of, words, values, *_ = known
    pairs = list(zip(values, wanted, strict=True))
    fits = all(number.fits(value) for value, number in pairs)
    distance = max(abs(v - n.value) / max(abs(v), 1e-300) for v, n in pairs)
    slip = "" if fits else _slip(pairs)
    return Origin(of, words, values, fits, distance, slip)


def _slip(pairs: Sequence[tuple[float, Number]]) -> str:
    """A slip of the pen that makes the numbers of the values; empty if none does."""
    if all(number.fits(value) or number.is_cut_from(value) for value, number in pairs):
        return "digits cut off instead of rounded"
    wrong = [(value, number) for value, number in pairs if not number.fits(value)]
    if len(wrong) == 1 and len(pairs) > 1:
        ((value, number),) = wrong
        if meant := number.slip_of(value):
            return f"one digit off: {number.digits} should be {meant}"
    return ""
