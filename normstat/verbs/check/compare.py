"""Statistics of now against the recorded ones; no image is opened."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from normstat.errors import Message, UnknownSplit, UsageError, option
from normstat.files import shown
from normstat.rules import Comparison, leveled, looked, warn_only
from normstat.stats import Parts, Stats
from normstat.verbs.check.options import CheckOptions
from normstat.verdict import Case, Level, Verdict

_LEAKAGE = "leakage"
_COMPATIBLE = "compatible"
_MOST_NAMED = 10
# These change numbers without a change of the data. Globs and folders may differ: new data may
# lie elsewhere.
_DECISIVE = ("channels", "resize", "crop", "frames", "max_value", "channel_names")


def compare(
    now: Stats, recorded: Stats, options: CheckOptions, extra: Iterable[Case] = ()
) -> Verdict:
    """Compare the statistics of data with those recorded, rule by rule.

    ``extra`` are cases that statistics do not show, see :func:`normstat.check`. Unknown splits are
    refused, and statistics that were computed with other settings than those recorded.
    """
    names = options.split or recorded.settings.split
    _refuse_splits(names, now, recorded)
    _refuse_settings(now, recorded)
    comparison = Comparison(now, recorded, options.margin, names)
    if _LEAKAGE not in options.levels:
        extra = [_judged(case, comparison, options.mode) for case in extra]
    cases = (
        *looked(comparison, options.mode, options.levels), *extra, *_unread(comparison)
    )  # fmt: skip
    return Verdict(
        options.mode,
        tuple(leveled(cases, options.levels)),
        options.require_conclusive,
        warn_only(options.levels),
    )


def refuse_other_parts(now: Parts | None, recorded: Parts | None) -> None:
    """Refuse to ask if a part is what was recorded where that is another part, or the whole."""
    if _numbers(now) == _numbers(recorded):
        return
    cure = f"compute all parts, and give `normstat merge` of them in place of {_named(now)}"
    if recorded and len(recorded.have) == 1:
        cure = f"{option('shard', f'{recorded.have[0]}/{recorded.of}')} looks at these"
    elif recorded:
        cure = "record the parts that are missing, and `normstat merge` all"
    raise UsageError(
        f"the recorded statistics are of {_named(recorded)}, and the data are {_named(now)}; {cure}"
    )


def _numbers(parts: Parts | None) -> tuple[int, tuple[int, ...]] | None:
    return (parts.of, parts.have) if parts else None


def _named(parts: Parts | None) -> str:
    """The parts as a message calls them."""
    if not parts:
        return "all images"
    listed = ", ".join(map(str, parts.have[:_MOST_NAMED]))
    more = "…" if len(parts.have) > _MOST_NAMED else ""
    return f"part{'s' * (len(parts.have) > 1)} {listed}{more} of {parts.of}"


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
    """The reason why findings in these splits are no news; empty if they are, or may be."""
    pairs = [pair for pair in comparison.pairs() if pair.split in splits]
    if len(pairs) < len(splits):
        return ""
    if all(pair.now.fingerprint.same_images(pair.recorded.fingerprint) for pair in pairs):
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
    """True if a shift is looked at between this split and one of the others."""
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
