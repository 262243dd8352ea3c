"""Findings of a check: cases, each with a level, and the verdict they come to."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeAlias

from normstat.errors import Message

#: A number with a unit, or words.
Value: TypeAlias = float | int | str | None


class Level(StrEnum):
    """Severity of a case, from good to bad."""

    PASS = "pass"  # noqa: S105  # no password
    INCONCLUSIVE = "inconclusive"
    WARN = "warn"
    FAIL = "fail"

    @property
    def rank(self) -> int:
        """0 for a pass, rising."""
        return list(Level).index(self)


@dataclass(frozen=True, slots=True)
class Case:
    """One rule, for one split and channel: a pass, or a finding.

    Attributes
    ----------
    rule : name of the rule.
    level : its severity.
    message : the finding and its cure, in words; file names in it are escaped.
    split, channel : its place; None if it is about all of them.
    expected, observed, tolerance : the numbers compared, in `unit`.
    unit : of these three, such as ``images`` or ``σ``; empty for words.
    paths : files that it is about, the first of them; as they are, not escaped.
    in_pairs : these are two and two, as of images that are identical.
    named : number of these, from the first, that `message` names itself.
    other_split : the other split, where it is about two: that of the first file of each two.
    """

    rule: str
    level: Level
    message: str
    split: str | None = None
    channel: str | None = None
    expected: Value = None
    observed: Value = None
    tolerance: Value = None
    unit: str = ""
    paths: tuple[str, ...] = ()
    named: int = 0
    other_split: str | None = None
    in_pairs: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "message", Message(self.message))


@dataclass(frozen=True, slots=True)
class Verdict:
    """All cases of a check, and their outcome.

    Attributes
    ----------
    mode : ``same`` or ``compatible``.
    cases : of every rule that was looked at, passes included.
    require_conclusive : an inconclusive case fails the data, unless its rule only warns.
    warn_only : rules that cannot fail the data whatever they find, as they are set.

    Examples
    --------
    >>> drift = Case("drift", Level.INCONCLUSIVE, "too few images to tell", split="val")
    >>> Verdict("compatible", (drift,)).exit_code, Verdict("compatible", (drift,), True).exit_code
    (0, 1)
    >>> Verdict("compatible", (drift,), True, warn_only=frozenset({"drift"})).exit_code
    0
    """

    mode: str
    cases: tuple[Case, ...]
    require_conclusive: bool = False
    warn_only: frozenset[str] = frozenset()

    @property
    def findings(self) -> tuple[Case, ...]:
        """The cases that did not pass, the worst first."""
        found = (case for case in self.cases if case.level is not Level.PASS)
        return tuple(sorted(found, key=lambda case: -case.level.rank))

    @property
    def level(self) -> Level:
        """The worst of all cases; a pass if there are none."""
        levels = (case.level for case in self.cases)
        return max(levels, key=lambda level: level.rank, default=Level.PASS)

    @property
    def failed(self) -> bool:
        """True if the data failed."""
        return any(map(self.fails, self.cases))

    @property
    def exit_code(self) -> int:
        """Exit code of the command: 1 if the data failed, else 0."""
        return int(self.failed)

    def _repr_html_(self) -> str:
        from normstat.verdict.notebook import as_html  # which knows this class

        return as_html(self)

    def on_command_line(self) -> "Verdict":
        """The verdict, its messages with flags for parameters."""
        cases = (
            replace(case, message=Message(case.message).on_command_line()) for case in self.cases
        )
        return replace(self, cases=tuple(cases))

    def fails(self, case: Case) -> bool:
        """True if a case alone fails the data.

        Not to know is no worse than the worst that could be found: where that is a warning, an
        inconclusive case fails nothing.
        """
        if case.level is not Level.INCONCLUSIVE:
            return case.level is Level.FAIL
        return self.require_conclusive and case.rule not in self.warn_only
