"""A verdict as JUnit XML, which most CI systems show as a list of tests.

What is written fits the schema of Jenkins's xUnit plugin (``junit-10.xsd``).
"""

from collections import Counter
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from normstat.reports import words
from normstat.verdict import Case, Level, Verdict

# The text of a case has them all.
_OTHERS = "below"


def render(verdict: Verdict, recorded: object = None) -> str:
    """A test case for each rule, split and channel.

    Those that fail the data are failures, so there is one if and only if the exit code is 1;
    other inconclusive ones are skipped; warnings pass and say what they are about.

    >>> ET.fromstring(render(Verdict("same", (Case("drift", Level.PASS, ""),)))).get("tests")
    '1'
    """
    failures = sum(verdict.fails(case) for case in verdict.cases)
    summary = {"name": "normstat check", "tests": f"{len(verdict.cases)}"}
    summary |= {"failures": f"{failures}", "errors": "0"}
    root = ET.Element("testsuites", summary)
    suite = ET.SubElement(root, "testsuite", summary)
    suite.set("skipped", f"{sum(_skipped(case, verdict) for case in verdict.cases)}")
    properties = ET.SubElement(suite, "properties")
    for name, value in (
        ("verdict", "fail" if verdict.failed else "pass"),
        ("exit_code", f"{verdict.exit_code}"),
        ("mode", words.safe(verdict.mode)),
        ("conclusion", words.conclusion(verdict)),
    ):
        ET.SubElement(properties, "property", name=name, value=value)
    for name, case in zip(_names(verdict), verdict.cases, strict=True):
        test = ET.SubElement(suite, "testcase", name=name, classname="normstat.check")
        _add_content(test, case, verdict)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, "unicode")}\n'


def _names(verdict: Verdict) -> Iterator[str]:
    """CI systems take cases of one name for one case, so a second gets a number."""
    seen: Counter[str] = Counter()
    for case in verdict.cases:
        place = words.place(case)
        name = words.safe(case.rule) + (f" [{place}]" if place else "")
        seen[name] += 1
        yield f"{name} ({seen[name]})" if seen[name] > 1 else name


def _add_content(test: ET.Element, case: Case, verdict: Verdict) -> None:
    text = "\n".join(filter(None, (words.message(case), words.compared(case))))
    if verdict.fails(case):
        failure = ET.SubElement(
            test, "failure", type=case.level, message=words.brief(case, _OTHERS)
        )
        failure.text = text
    elif _skipped(case, verdict):
        ET.SubElement(
            test, "skipped", type=case.level, message=words.brief(case, _OTHERS)
        ).text = text
    elif text:
        ET.SubElement(test, "system-out").text = f"{case.level}: {text}"


def _skipped(case: Case, verdict: Verdict) -> bool:
    return case.level is Level.INCONCLUSIVE and not verdict.fails(case)
