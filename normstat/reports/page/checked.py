"""The verdict of a check: in a word, its findings, and how far numbers are off."""

from collections.abc import Iterator
from itertools import groupby

from normstat.markup import text
from normstat.reports import words
from normstat.reports.page.sections import paragraph, section
from normstat.verdict import Case, Level, Verdict
from normstat.verdict.notebook import SCALE, tolerances

_UNFOLDED = 3
_FINDINGS = 40
_FILES = 20
_QUESTIONS = {
    "same": "Are these the images that were recorded, to the last file?",
    "compatible": "Are the recorded mean and std right for these images, too?",
}


def checked(verdict: Verdict) -> str:
    """Write the section."""
    state = "failed" if verdict.failed else "passed"
    return section(f"Check: {state}", _parts(verdict), f"verdict {state}")


def _parts(verdict: Verdict) -> Iterator[str]:
    if verdict.mode in _QUESTIONS:
        yield paragraph(_QUESTIONS[verdict.mode])
    yield paragraph(words.conclusion(verdict))
    if drawing := tolerances(verdict):
        yield f"{paragraph(f'{SCALE}.')}<figure class=medium>{drawing}</figure>"
    for _, cases in groupby(verdict.findings, lambda case: (case.level, case.rule)):
        yield from _of_rule(list(cases))
    passed = sorted({case.rule for case in verdict.cases if case.level is Level.PASS})
    if passed:
        yield paragraph(f"Rules that passed, at least in part: {', '.join(passed)}.")


def _of_rule(cases: list[Case]) -> Iterator[str]:
    """The first findings of a rule, and the others folded away."""
    yield f"<ul class=findings>{''.join(map(_finding, cases[:_UNFOLDED]))}</ul>"
    folded = cases[_UNFOLDED:]
    if not folded:
        return
    more = len(folded) - _FINDINGS
    rest = (
        paragraph(f"and {more:,} more, which the JSON report of the check has.") if more > 0 else ""
    )
    yield (
        f"<details><summary>{len(folded):,} more of {text(words.safe(cases[0].rule))}, "
        f"{cases[0].level.value}</summary><ul class=findings>"
        f"{''.join(map(_finding, folded[:_FINDINGS]))}</ul>{rest}</details>"
    )


def _finding(case: Case) -> str:
    place = words.place(case)
    compared = words.compared(case)
    listed = case.paths[case.named : case.named + _FILES]
    more = len(case.paths) - case.named - len(listed)
    each = 2 if case.in_pairs else 1
    level, rule = case.level.value, text(words.safe(case.rule))
    parts = [
        f'<li><span class="level {level}">{level}</span> <b>{rule}</b> {text(place)}',
        f"<br>{text(words.safe(case.message))}",
    ]
    if compared:
        parts.append(f"<br><span class=small>{text(compared)}</span>")
    if listed:
        # A name may be long, and a line must be able to end in it.
        codes = [f"<code>{text(words.safe(path))}</code>" for path in listed]
        names = ", ".join(" = ".join(codes[at : at + each]) for at in range(0, len(codes), each))
        rest = f"; and {more // each:,} more" if more else ""
        parts.append(f"<br><span class=small>{names}{rest}</span>")
    return "".join((*parts, "</li>"))
