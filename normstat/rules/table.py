"""The rules by name: what each finds, from which threshold on, and how bad that is."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from types import MappingProxyType

from normstat.constants import BETTER
from normstat.errors import UsageError, option
from normstat.files import shown
from normstat.rules import content, depth, drift, identity, order, value_range
from normstat.rules.comparison import MARGIN, Comparison, Look
from normstat.verdict import Case, Level

#: Questions of a check: is it the data that was recorded, or are its mean and std still right?
MODES = ("same", "compatible")
#: Levels that a rule can be set to.
LEVELS = ("off", "warn", "fail")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a check: a row of a table, which any page can print.

    Attributes
    ----------
    finds, threshold : its finding, and when something is one, in a line each.
    look : the rule itself; None where the cases come from reading images or files again.
    level : of its findings, unless set otherwise; what is less bad stays so.
    modes : in which it is looked at.
    """

    finds: str
    threshold: str
    look: Look | None = None
    level: Level = Level.FAIL
    modes: tuple[str, ...] = MODES


def _list(numbers: Iterable[int]) -> str:
    *first, last = map(str, numbers)
    return f"{', '.join(first)} or {last}"


_ROWS = {
    "unknown-split": Rule(
        "a split that only the data or only the stats file has",
        "one",
        identity.unknown_split,
    ),
    "unreadable": Rule(
        "images that cannot be read",
        "one that the stats file does not record with the same code",
        identity.unreadable,
    ),
    "count-changed": Rule(
        "another number of images",
        "one more or fewer",
        identity.count_changed,
        modes=("same",),
    ),
    "data-changed": Rule(
        "other paths, other contents of files, or (a warning) a decoder with other pixels",
        "another fingerprint or count of pixels, or a recorded unreadable image that is no more",
        identity.data_changed,
        modes=("same",),
    ),
    "drift": Rule(
        "a mean or a std that is no longer right",
        f"Δmean/σ or the change of σ above the margin ({MARGIN:g}) by more than its error bound; "
        "a warning from half the margin on",
        drift.drift,
        modes=("compatible",),
    ),
    "split-shift": Rule(
        "val or test with another mean or std than train",
        f"Δmean/σ or the change of σ above the margin ({MARGIN:g}) by more than its error bound",
        drift.split_shift,
        Level.WARN,
    ),
    "leakage": Rule(
        "an identical image in two splits",
        "one; a warning where both splits are as recorded (in compatible, their file names)",
    ),
    "duplicate": Rule("an identical image twice in a split", "one", level=Level.WARN),
    "constant-channel": Rule(
        "a channel with one value only",
        "all pixels equal, where that was not recorded",
        content.constant_channel,
    ),
    "channel-order": Rule(
        "channels in another order",
        f"the recorded mean and std fit it {BETTER:g} times better than the order found; "
        "inconclusive where they fit another one as well",
        order.channel_order,
    ),
    "value-range": Rule(
        "0-1 or 16-235 where 0-255 was recorded, -1 to 1 where 0-1 was, or the reverse",
        f"the range, and numbers that fit {BETTER:g} times better once it is undone; "
        "a warning for the range alone",
        value_range.value_range,
    ),
    "bit-depth": Rule(
        "another type of pixel, or fewer bits in 16-bit pixels",
        f"another type; at most {depth.FEW_VALUES} different values where more than "
        f"{depth.MANY_VALUES} were recorded; values of {_list(depth.DEPTHS)} bits as they are, "
        "where such scaled to 16 were recorded; or the reverse",
        depth.bit_depth,
    ),
    "gray-as-rgb": Rule(
        "gray images in place of color, or the reverse",
        f"their share changed by more than {content.GRAY_SHARE:g}, or the channels",
        content.gray_as_rgb,
    ),
    "config": Rule(
        "constants of a training run that are not those of the data",
        f"a slip that has a name, or a mean or std off by more than the margin ({MARGIN:g})",
    ),
}

#: Name → rule, in the order of looking.
RULES: Mapping[str, Rule] = MappingProxyType(_ROWS)


def rule_named(name: str) -> Rule:
    """The rule of a name.

    >>> rule_named("leakage").level.value
    'fail'
    """
    if name not in RULES:
        guess = "".join(f"did you mean {near}? " for near in get_close_matches(name, RULES, 1))
        raise UsageError(f"{shown(name)}: no such rule; {guess}there are {', '.join(RULES)}")
    return RULES[name]


def refuse_levels(levels: Mapping[str, str]) -> None:
    """Raise a UsageError, with what is known, if a rule or a level is not."""
    for name, level in levels.items():
        rule_named(name)
        if level not in LEVELS:
            given = option("levels", {name: shown(str(level))})
            raise UsageError(f"{given}: should be one of {', '.join(LEVELS)}")


def warn_only(levels: Mapping[str, str]) -> frozenset[str]:
    """The rules that cannot fail the data, with the levels that were set.

    >>> sorted(warn_only({"drift": "warn", "duplicate": "fail"}))
    ['drift', 'split-shift']
    """
    return frozenset(
        name for name, rule in RULES.items() if levels.get(name, rule.level) != Level.FAIL
    )


def looked(comparison: Comparison, mode: str, levels: Mapping[str, str]) -> Iterator[Case]:
    """The cases of all rules of a mode that are not off, as the rules made them."""
    for name, rule in RULES.items():
        if rule.look and mode in rule.modes and levels.get(name) != "off":
            yield from rule.look(comparison)


def leveled(cases: Iterable[Case], levels: Mapping[str, str]) -> Iterator[Case]:
    """Cases with the levels that were set.

    A finding as bad as its rule goes gets the level that is set; one that is less bad never
    gets a worse one. Passes, and what is inconclusive, stay what they are. A UsageError if the
    rule of a case is not in the table.

    >>> twice = Case("duplicate", Level.WARN, "a.png and b.png")
    >>> [case.level.value for case in leveled([twice], {"duplicate": "fail"})]
    ['fail']
    >>> list(leveled([twice], {"duplicate": "off"}))
    []
    """
    for case in cases:
        usual, chosen = rule_named(case.rule).level, levels.get(case.rule)
        if chosen is None:
            yield case
        elif chosen != "off":
            found = case.level.rank >= Level.WARN.rank
            worse = case.level.rank > Level(chosen).rank
            moves = found and (case.level is usual or worse)
            yield replace(case, level=Level(chosen)) if moves else case
