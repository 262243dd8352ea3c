"""A verdict as a notebook shows it: its findings, and shifts against what is tolerated."""

from math import isfinite

from normstat.files import shown
from normstat.markup import fragment, number, table, text
from normstat.svg import Interval, intervals
from normstat.verdict import Case, Level, Verdict

_COLORS = {Level.FAIL: "c1", Level.WARN: "c4", Level.INCONCLUSIVE: "c5", Level.PASS: "c0"}
_MOST = 24
_RULE = "drift"
#: Meaning of the drawing of :func:`tolerances`.
SCALE = "Drift from what was recorded, in tolerances: within 1 on either side is accepted"


def as_html(verdict: Verdict) -> str:
    """Findings, the worst first, and a drawing of the shifts.

    >>> as_html(Verdict("same", ())).startswith('<div class="normstat"><style>')
    True
    """
    state = "failed" if verdict.failed else "passed"
    rows = [
        (
            text(case.level),
            text(case.rule),
            text(case.split or ""),
            text(case.channel or ""),
            f"<span class=prose>{text(case.message)}</span>",
        )
        for case in verdict.findings
    ]
    headers = ("level", "rule", "split", "channel", "finding")
    found = table("Findings", headers, rows, range(len(headers))) if rows else ""
    drawn = f"<p>{SCALE}.</p><figure>{drawing}</figure>" if (drawing := tolerances(verdict)) else ""
    return fragment(
        f"<p>normstat check: <b>{state}</b> (mode {text(verdict.mode)})</p>"
        f'{found}<div style="max-width:480px">{drawn}</div>'
    )


def tolerances(verdict: Verdict) -> str:
    """Draw how far each mean and std lies from the recorded one, in tolerances; or nothing.

    Passes are drawn, too; of many the worst. Empty if the rule was not looked at.

    >>> case = Case("drift", Level.FAIL, "darker", "val", "R", 0.0, -0.25, 0.1, "σ")
    >>> tolerances(Verdict("compatible", (case,))).count("<circle")
    1
    """
    rows = [(case, shift) for case in verdict.cases if (shift := _shift(case)) is not None]
    worst = sorted((abs(shift) for _, shift in rows), reverse=True)[:_MOST]
    rows = [row for row in rows if abs(row[1]) >= worst[-1]][:_MOST]
    if not rows:
        return ""
    drawn = [Interval(_name(case), shift, None, _COLORS[case.level]) for case, shift in rows]
    told = "; ".join(f"{_name(case)}: {number(shift, 3)}, {case.level}" for case, shift in rows)
    return intervals(drawn, SCALE, told, 1.0)


def _name(case: Case) -> str:
    what = "std" if "×" in case.unit else "mean"
    return " ".join(shown(word) for word in (case.split, case.channel, what) if word)


def _shift(case: Case) -> float | None:
    """Distance of what was observed from what was expected, in tolerances."""
    values = (case.expected, case.observed, case.tolerance)
    if case.rule != _RULE or not all(
        isinstance(value, int | float) and isfinite(value) for value in values
    ):
        return None
    expected, observed, tolerance = (float(value) for value in values if value is not None)
    return (observed - expected) / tolerance if tolerance > 0 else None
