"""A verdict for a terminal: rows of a table, and lines below it."""

import re
from collections.abc import Iterator, Sequence

from normstat.reports import words
from normstat.verdict import Level, Value, Verdict

#: Names of the columns of :func:`rows`.
HEADERS = (
    "finding", "level", "split", "channel", "expected", "observed", "tolerance", "unit"
)  # fmt: skip
_FINGERPRINT = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{24}\b")


def rows(verdict: Verdict) -> list[tuple[str, ...]]:
    """A row for each finding, the worst first; as many cells as there are headers.

    Of fingerprints the first 8 digits, which tell them apart; the JSON report has them whole.

    >>> from normstat.verdict import Case, Level
    >>> drift = Case("drift", Level.FAIL, "darker", "val", "R", 0.0, -0.25, 0.1, "σ")
    >>> rows(Verdict("compatible", (drift,)))
    [('drift', 'fail', 'val', 'R', '0', '-0.25', '0.1', 'σ')]
    """
    return [
        (
            words.safe(case.rule),
            case.level.value,
            words.split(case),
            words.safe(case.channel or ""),
            _cell(case.expected),
            _cell(case.observed),
            _cell(case.tolerance),
            words.safe(case.unit),
        )
        for case in verdict.findings
    ]


def lines(verdict: Verdict, written: Sequence[str] = ()) -> Iterator[str]:
    """Findings and their cures, in words, and each configuration; last the verdict and exit code.

    Where a line has no room for all files it names the first of the reports `written`.

    A configuration that passes is told, too: somebody asked what its numbers are.

    >>> from normstat.verdict import Case, Level
    >>> for line in lines(Verdict("same", (Case("leakage", Level.FAIL, "the same image", "val"),))):
    ...     print(line)
    leakage val: the same image
    FAILED (mode same, exit code 1): 1 fail
    """
    others = words.in_reports(written)
    passed = [case for case in verdict.cases if case.rule == "config" and case.level is Level.PASS]
    for case in (*verdict.findings, *passed):
        place = words.place(case)
        yield f"{words.safe(case.rule)}{place and ' '}{place}: {words.brief(case, others)}"
    yield words.conclusion(verdict)


def _cell(value: Value) -> str:
    """A value as narrow as it can be read."""
    return _FINGERPRINT.sub(r"\1…", words.value(value))
