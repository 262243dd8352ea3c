"""From statistics of now and the recorded ones to a verdict; no image is opened."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from normstat.accumulators.fingerprint import Fingerprint
from normstat.errors import UnknownSplit, UsageError
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
from normstat.verbs.running import names_of
from normstat.verdict import Case, Level, Verdict

_LEAKAGE = "leakage"
# What changes numbers without a change of the data. Globs and folders may differ: new data may
# lie elsewhere.
_DECISIVE = ("channels", "resize", "crop")


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
    split : name or names of the splits to compare; all that either has if empty.
    margin : shift of a mean in σ, or of σ relative to itself, beyond which the numbers are no
        longer right.
    levels : rule → ``off``, ``warn`` or ``fail``, in place of the usual level.
    require_conclusive : fail the data also where a rule that could fail them has too few to tell.
    extra : cases that statistics do not show: identical images (``leakage``, ``duplicate``) and
        constants of a training run (``config``). Without them these rules are not looked at.
        ``leakage`` is a warning where every split that is compared is just what was recorded,
        unless `levels` has it.

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
    >>> from normstat.verbs.compute import compute
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
    names, levels = names_of(split), dict(levels or {})
    if mode not in MODES:
        raise UsageError(f"{shown(mode)}: no such mode; there are {', '.join(MODES)}")
    refuse_margin(margin)
    refuse_levels(levels)
    _refuse_splits(names, now, recorded)
    _refuse_settings(now, recorded)
    comparison = Comparison(now, recorded, margin, names)
    if _is_what_was_recorded(comparison) and _LEAKAGE not in levels:
        extra = map(_known, extra)
    cases = (*looked(comparison, mode, levels), *extra)
    return Verdict(mode, tuple(leveled(cases, levels)), require_conclusive, warn_only(levels))


def _is_what_was_recorded(comparison: Comparison) -> bool:
    def fingerprints(stats: Stats) -> dict[str, Fingerprint]:
        return {name: stats.splits[name].fingerprint for name in comparison.names(stats)}

    return fingerprints(comparison.now) == fingerprints(comparison.recorded)


def _known(case: Case) -> Case:
    """An image in two splits is no new finding where nothing has changed since the record."""
    if case.rule != _LEAKAGE or case.level is not Level.FAIL:
        return case
    message = f"{case.message}; so it was when recorded: --rule leakage=fail fails it all the same"
    return replace(case, level=Level.WARN, message=message)


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
