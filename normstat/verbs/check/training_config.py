"""A config's constants against the data, as a case of a verdict."""

from collections.abc import Iterable
from typing import TypeAlias

from normstat.constants import Channels, Constants, Deviation
from normstat.conventions.config import Config
from normstat.conventions.mistakes import Measured, explanation
from normstat.conventions.published import exactly, one_digit_off
from normstat.files import shown
from normstat.presets import DATA_SETS, POOLED, UNKNOWN, Preset, pooled_of
from normstat.rules import MARGIN
from normstat.stats import SplitStats
from normstat.verdict import Case, Level

_THREE = 3
_Found: TypeAlias = tuple[Level, str]


def slips(
    configs: Iterable[Config], stats: SplitStats, split: str = "train", margin: float = MARGIN
) -> tuple[Case, ...]:
    """Compare each config with the data: one case of the rule ``config`` for each.

    A config passes with constants of the data, or with those of a preset, which a pretrained model
    wants whatever the data. Published statistics of a data set pass for data that they fit; it is
    warned where they do not, or are of another definition of std, which is said. It is warned of a
    preset that needs a scale or order which the config
    does not say, of averages over images (which ImageNet's std is), and of a mistake that makes
    less of a difference than `margin`. Everything else fails, with the mistake's name if it has
    one.

    Parameters
    ----------
    configs : of one training run, or of several.
    stats, split : the training split, and its name.
    margin : largest difference of a mean, in stds, and of a std, as a share of itself.

    Examples
    --------
    >>> from normstat.accumulators.tally import Tally
    >>> from normstat.conventions.read import read
    >>> from normstat.stats import Settings, summarize
    >>> versions = {"normstat": "0", "pillow": "0", "libjpeg_turbo": None}
    >>> nothing = summarize(Tally.empty(), ["train"], Settings(), versions).splits["train"]
    >>> [case.level.value for case in slips(read("preset:clip"), nothing)]
    ['inconclusive']
    """
    return tuple(_case(config, stats, split, margin) for config in configs)


def _case(config: Config, stats: SplitStats, split: str, margin: float) -> Case:
    if stats.scale and stats.dtype:
        config = config.of_pixels(stats.scale, stats.dtype)
    measured = _measured(config, stats)
    level, words = _found(config, measured, margin)
    place = f" at {shown(config.pointer)}" if config.pointer else ""
    return Case(
        rule="config",
        level=level,
        message=f"{shown(config.name)}{place}: {words}{_beside(config)}",
        split=split,
        expected=_text(config.written(measured.pooled)) if measured else None,
        observed=_text(config.numbers),
        tolerance=f"{margin:g} σ",
    )


def _measured(config: Config, stats: SplitStats) -> Measured | None:
    pooled = _as_written(stats.mean, stats.std, config)
    if pooled is None:
        return None
    own = _as_written(stats.per_image.mean, stats.per_image.std, config)
    return Measured(pooled, own, stats.scale or 255)


def _as_written(mean: Channels | None, std: Channels | None, config: Config) -> Constants | None:
    """Measured numbers in the config's scale and order; gray is fed to all of its channels."""
    if mean is None or std is None:
        return None
    ours, data = config.numbers, Constants(mean, std)
    order = ours.order if len(mean) == _THREE else data.order
    return data.to(ours.scale, order).spread(len(config.mean))


def _found(config: Config, measured: Measured | None, margin: float) -> _Found:
    if measured is None:
        return Level.INCONCLUSIVE, "no image was counted, so there is nothing to compare"
    channels = len(measured.pooled.mean)
    if len(config.mean) not in (1, channels):
        return Level.FAIL, f"is for {len(config.mean)} channels, and the images have {channels}"
    constants = config.constants.spread(channels)
    known = _published(config, constants, measured, margin)
    return known or _of_data(config, constants, measured, margin)


def _published(
    config: Config, constants: Constants, measured: Measured, margin: float
) -> _Found | None:
    """A preset, or statistics of a data set, or such with a typing error; None if it is neither."""
    away = Deviation.between(constants, measured.pooled)
    if preset := exactly(config):
        name = preset.preset.name
        if preset.unsaid:
            needs = f"which needs {preset.unsaid} beside mean and std; the file does not say it"
            return Level.WARN, f"preset {name}, {needs}"
        return Level.PASS, f"preset {name}; against the data: {away}"
    if data_set := exactly(config, DATA_SETS):
        return _of_data_set(data_set.preset, away, margin)
    typo = one_digit_off(config)
    if not typo and away.worst > margin:  # else they may have been measured of such images
        typo = one_digit_off(config, DATA_SETS)
    if typo:
        wrong = f"{typo.found:.12g} should be {typo.meant:.12g}"
        return Level.FAIL, f"one digit off preset {typo.preset.name}: {wrong}"
    return None


def _of_data_set(row: Preset, away: Deviation, margin: float) -> _Found:
    """Published statistics: right for the data where these are its own and pooled."""
    found = f"published statistics {row.name}: {row.what}; against the data: {away}"
    if row.definition not in (POOLED, UNKNOWN):
        pooled = pooled_of(row)
        numbers = " ".join(f"{value:.4g}" for value in pooled.std) if pooled else ""
        instead = f" (published: {numbers})" if numbers else ""
        return Level.WARN, f"{found}; mean 0 and std 1 need the std {POOLED}{instead}"
    if away.worst <= margin:
        return Level.PASS, found
    cure = "right for a model that was trained with them, otherwise measure those of the data"
    return Level.WARN, f"{found}; {cure}"


def _of_data(config: Config, constants: Constants, measured: Measured, margin: float) -> _Found:
    away = Deviation.between(constants, measured.pooled)
    near = away.worst <= margin
    if explained := explanation(config, constants, measured, margin):
        warned = near or explained.harmless
        words = f"{explained.words} ({away}); {explained.cure}"
        if config.scale is None and explained.say:
            words += f"; or say {explained.say} beside them, if training feeds that"
        return Level.WARN if warned else Level.FAIL, words
    if near:
        return Level.PASS, f"mean and std of the data ({away})"
    cure = "measure them again, or name the preset that they are"
    return Level.FAIL, f"neither of the data ({away}) nor a known preset; {cure}"


def _beside(config: Config) -> str:
    """Words for what is done to pixels besides mean and std, for which the numbers are."""
    done = [f"{config.offset:g} is subtracted before (an offset)"] if config.offset else []
    done += ["std is divided by twice (include_top)"] * config.twice
    return "".join(f"; {words}" for words in done)


def _text(constants: Constants) -> str:
    mean = " ".join(f"{value:.6g}" for value in constants.mean)
    std = " ".join(f"{value:.6g}" for value in constants.std)
    return f"mean {mean}, std {std}"
