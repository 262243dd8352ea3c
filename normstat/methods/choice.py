"""From what a user names to a normalizer."""

import math
import os
from os import PathLike
from typing import TypeAlias

from normstat import statsfile
from normstat.errors import UnknownSplit, UsageError, command, option
from normstat.files import shown
from normstat.methods.facts import Facts
from normstat.methods.inputs import Input
from normstat.methods.normalizing import RESULTS, Normalizer
from normstat.methods.table import METHODS, Method, Needs, method_named
from normstat.presets import DATA_SETS, NAMES, Preset, preset
from normstat.stats import SplitStats, Stats
from normstat.unknown_names import no_such

#: Origins of a normalizer, besides names.
Source: TypeAlias = Stats | SplitStats | Preset | None
_RGB = ("R", "G", "B")


def normalizer(
    source: Source | str | PathLike[str] = None,
    *,
    method: str | None = None,
    split: str | None = None,
    epsilon: float = 0.0,
    dtype: str = "float32",
    scale: float | None = None,
) -> Normalizer:
    """Make what normalizes arrays with statistics, a preset, or each image's own numbers.

    Parameters
    ----------
    source : statistics, or a file of them (a path, or a name that ends in ``.json``); a preset,
        or its name; the name of a method that needs none of these.
    method : see :data:`normstat.methods.METHODS`; ``standard`` where there are statistics or a
        preset.
    split : whose statistics; None: those of ``train``.
    epsilon : added to the denominator, unit scale.
    dtype : of the result: ``float32``, ``float16`` or ``float64``.
    scale : stored value that is white; None: 255 for uint8, 65535 for uint16, otherwise 1. For
        floats from 0 to 255 say 255.

    Raises
    ------
    UsageError
        An unknown name, a method without what it needs, a denominator of 0.

    Examples
    --------
    >>> import numpy as np
    >>> normalizer("unit")(np.array([[[0], [255]]], dtype=np.uint8)).ravel()
    array([0., 1.], dtype=float32)
    >>> normalizer("caffe").channels
    ('B', 'G', 'R')
    """
    source, method = _resolved(source, method)
    chosen = method_named(method)
    _refuse_options(method, chosen, epsilon, dtype, scale)
    if isinstance(source, Stats):
        split = split or "train"
        source = split_of(source, split)
    elif split is not None and not isinstance(source, SplitStats):
        raise UsageError(f"split {shown(split)}: only statistics have splits")
    facts, takes = _known(source, split, scale)
    _refuse_facts(method, chosen.needs, facts)
    made = Normalizer(method, chosen.fit(facts, epsilon), epsilon, dtype, takes)
    made.refuse_overflow()
    return made


def source_named(source: Source | str | PathLike[str]) -> Source | str:
    """Resolve a name to a file's statistics or a preset; a method's name stays one.

    >>> source_named("vgg").name, source_named("unit")
    ('caffe', 'unit')
    """
    if isinstance(source, PathLike) or (isinstance(source, str) and source.endswith(".json")):
        return statsfile.load(os.fspath(source))
    if isinstance(source, str) and source not in METHODS:
        return _preset_named(source)
    return source


def _preset_named(name: str) -> Preset:
    try:
        return preset(name)
    except UsageError as error:
        if os.path.isdir(name):
            raise UsageError(
                f"{shown(name)}: is a folder; {command('compute')} makes statistics of its images"
            ) from error
        known = {"method": METHODS, "preset": (*NAMES, *DATA_SETS)}
        wrong = no_such(name, "preset or method", known)
        raise UsageError(f"{wrong.message.template}; a file of statistics ends in .json") from error


def split_of(stats: Stats, name: str, parameter: str = "split") -> SplitStats:
    """The statistics of one split; an UnknownSplit names the parameter, and those there are."""
    if name in stats.splits:
        return stats.splits[name]
    found = ", ".join(map(shown, stats.splits)) or "none"
    one = shown(next(iter(stats.splits), "train"))
    raise UnknownSplit(
        f"the statistics have no split {shown(name)}, only {found}; name one of them, as in "
        f"{option(parameter, one)} (if they saw images that you validate or test with, they have "
        "leaked)"
    )


def _resolved(source: Source | str | PathLike[str], method: str | None) -> tuple[Source, str]:
    """The source, where a name or a file was given for it, and the name of the method."""
    found = source_named(source)
    if isinstance(found, str):
        if method not in (None, found):
            raise UsageError(f"two methods, {found} and {shown(method or '')}; give one")
        return None, found
    if method is None and found is None:
        raise UsageError(
            f"nothing to normalize with: give statistics ({option('stats')}), a preset "
            f"({option('preset')}), or a method that needs neither ({option('method', 'unit')})"
        )
    return found, method or "standard"


def _refuse_options(
    method: str, chosen: Method, epsilon: float, dtype: str, scale: float | None
) -> None:
    if not (math.isfinite(epsilon) and epsilon >= 0):
        raise UsageError(f"{option('epsilon', epsilon)}: should be a number, 0 or more")
    if epsilon and not chosen.divides:
        raise UsageError(f"{option('epsilon', epsilon)}: {method} has no denominator to add it to")
    if dtype not in RESULTS:
        raise UsageError(
            f"{option('dtype', shown(str(dtype)))}: should be one of {', '.join(RESULTS)}"
        )
    if scale is not None and not (math.isfinite(scale) and scale > 0):
        raise UsageError(f"scale {scale}: should be a number above 0")


def _refuse_facts(method: str, needs: Needs, facts: Facts) -> None:
    """Raise if a method needs more than is known, or nothing of a preset that was given."""
    words, is_preset = f"{method} needs {needs.value.template}", facts.channels and not facts.stats
    if not facts.channels and needs is not Needs.NOTHING:
        raise UsageError(words)
    if is_preset and needs is Needs.STATS:
        raise UsageError(f"{words}; {facts.name} has a mean and a std")
    if is_preset and needs is Needs.NOTHING:
        raise UsageError(f"{method} uses nothing of {facts.name}; leave one out")


def _known(
    source: SplitStats | Preset | None, split: str | None, scale: float | None
) -> tuple[Facts, Input]:
    """Numbers of a source, and the pixels that they are for."""
    if source is None:
        return Facts(), Input(scale=scale)
    if isinstance(source, Preset):
        takes = Input(source.channels, scale=scale, reverses=source.order == "BGR")
        return Facts.of_preset(source), takes
    facts = Facts.of_split(source, f"split {shown(split)}" if split else "the statistics")
    if scale not in (None, source.scale):
        raise UsageError(f"scale {scale}: the statistics are of scale {source.scale}")
    return facts, Input(source.channels, source.dtype, source.scale, source.channels == _RGB)
