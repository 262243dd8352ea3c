"""From statistics of now and the recorded ones to a verdict; no image is opened."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from normstat.errors import Message, UnknownSplit, UsageError, option
from normstat.files import shown
from normstat.rules import (
    MARGIN,
    MODES,
    Comparison,
    leveled,
    looked,
    refuse_levels,
    refuse_margin,
    warn_only,
)
from normstat.stats import Stats
from normstat.verbs.run import names_of
from normstat.verdict import Case, Level, Verdict

_LEAKAGE = "leakage"
_COMPATIBLE = "compatible"
# What changes numbers without a change of the data. Globs and folders may differ: new data may
# lie elsewhere.
_DECISIVE = ("channels", "resize", "crop", "frames", "max_value", "channel_names")


def check(
    now: Stats,
    recorded: Stats,
    *,
    mode: str = "same",
    split: str | Iterable[str] = (),
    margin: float = MARGIN,
    levels: Mapping[str, str] | None = None,
    require_conclusive: bool = False,
    extra: Iterable[Case] = (),
) -> Verdict:
    """Compare the statistics of data with those recorded, rule by rule.

    Parameters
    ----------
    now : of the data as they are, computed with the settings of `recorded`.
    recorded : as loaded from a stats file.
    mode : ``same``: is this the data that was recorded, to the last file? ``compatible``: is it
        new data for which the recorded mean and std are still right?
    split : name or names of the splits to compare; if empty those that were asked for when it was
        recorded, or all that either has.
    margin : shift of a mean in σ, or of σ relative to itself, beyond which the numbers are no
        longer right.
    levels : rule → ``off``, ``warn`` or ``fail``, in place of the usual level.
    require_conclusive : fail the data also where a rule that could fail them has too few to tell.
    extra : cases that statistics do not show: identical images (``leakage``, ``duplicate``) and
        constants of a training run (``config``). Without them these rules are not looked at.
        ``leakage`` is a warning where both splits are just what was recorded; in mode
        ``compatible`` also where their file names are; unless `levels` has it.

    Returns
    -------
    Verdict
        With a case for all that was looked at.

    Raises
    ------
    UsageError
        An unknown mode, rule, level or split; a margin that is no positive number; statistics
        that were computed with other settings than those recorded.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> from normstat.verbs.compute.verb import compute
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("L", (4, 2), 51).save(f"{folder}/a.png")
    ...     recorded = compute(folder, workers=0)
    ...     Image.new("L", (4, 2), 52).save(f"{folder}/a.png")
    ...     now = compute(folder, workers=0)
    >>> check(recorded, recorded).exit_code
    0
    >>> [(case.rule, case.level.value) for case in check(now, recorded).findings]
    [('data-changed', 'fail')]
    """
    names, levels = names_of(split) or recorded.settings.split, dict(levels or {})
    if mode not in MODES:
        raise UsageError(f"{shown(mode)}: no such mode; there are {', '.join(MODES)}")
    refuse_margin(margin)
    refuse_levels(levels)
    _refuse_splits(names, now, recorded)
    _refuse_settings(now, recorded)
    comparison = Comparison(now, recorded, margin, names)
    if _LEAKAGE not in levels:
        extra = [_judged(case, comparison, mode) for case in extra]
    cases = (*looked(comparison, mode, levels), *extra, *_unread(comparison))
    return Verdict(mode, tuple(leveled(cases, levels)), require_conclusive, warn_only(levels))


def _judged(case: Case, comparison: Comparison, mode: str) -> Case:
    """An image in two splits is no new finding where it was there when they were recorded."""
    if case.rule != _LEAKAGE or case.level is not Level.FAIL:
        return case
    since = _since(_splits_of(case, comparison), comparison, mode)
    if not since:
        return case
    fails = option("levels", {_LEAKAGE: "fail"})
    message = f"{Message(case.message).template}; {since}; {fails} fails it all the same"
    return replace(case, level=Level.WARN, message=message)


def _splits_of(case: Case, comparison: Comparison) -> set[str]:
    """The two splits of a case; all that are compared if it does not say which two."""
    if case.split and case.other_split:
        return {case.split, case.other_split}
    return {*comparison.names(comparison.now), *comparison.names(comparison.recorded)}


def _since(splits: set[str], comparison: Comparison, mode: str) -> str:
    """Why what is in these splits is no news; empty if it is, or may be."""
    pairs = [pair for pair in comparison.pairs() if pair.split in splits]
    if len(pairs) < len(splits):
        return ""
    if all(pair.now.fingerprint == pair.recorded.fingerprint for pair in pairs):
        return "so it was when recorded"
    if mode == _COMPATIBLE and all(pair.same_paths for pair in pairs):
        return "so it may have been when recorded: the file names are the same"
    return ""


def _unread(comparison: Comparison) -> Iterator[Case]:
    """Rules between two splits see nothing where only one of the two was read."""
    read = comparison.splits
    unread = [
        name
        for name in comparison.recorded.splits
        if read and name not in (*read, *comparison.now.splits)
    ]
    if unread:
        yield _not_looked_at(_LEAKAGE, read, unread)
    shifted = [name for name in unread if _may_be_compared(name, read)]
    if shifted:
        yield _not_looked_at("split-shift", read, shifted)


def _may_be_compared(name: str, names: Sequence[str]) -> bool:
    """Whether a shift is looked at between this split and one of the others."""
    if name == "train":
        return "val" in names or "test" in names
    return name in ("val", "test") and "train" in names


def _not_looked_at(rule: str, read: Sequence[str], unread: Sequence[str]) -> Case:
    here, there = (", ".join(map(shown, names)) for names in (read, unread))
    words = f"not looked at between {here} and {there}: only {here} was read"
    return Case(
        rule, Level.INCONCLUSIVE, f"{words}; leave out {option('split')} to look there, too"
    )


def _refuse_splits(names: tuple[str, ...], now: Stats, recorded: Stats) -> None:
    for name in names:
        if name not in now.splits and name not in recorded.splits:
            known = ", ".join(map(shown, dict.fromkeys((*now.splits, *recorded.splits))))
            raise UnknownSplit(f"split {shown(name)}: not there; there are {known or 'none'}")


def _refuse_settings(now: Stats, recorded: Stats) -> None:
    for name in _DECISIVE:
        is_now, was = getattr(now.settings, name), getattr(recorded.settings, name)
        if is_now != was:
            raise UsageError(
                f"computed with {name} {is_now}, recorded with {was}: these numbers cannot be "
                f"compared; compute with {name}={was!r}"
            )
