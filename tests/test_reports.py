"""Every report of a verdict: parsed back, and safe from whatever a file may be named."""

import io
import json
import math
import os
import re
from collections import Counter
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from normstat import reports
from normstat.errors import OutputError, UsageError
from normstat.files import shown
from normstat.images import path_text
from normstat.reports import document, github, junit, markdown
from normstat.tables import print_rows
from normstat.verdict import Case, Level, Verdict

EVIL = (
    "\n::error::stopped",
    "##[error]old",
    "\x1b[31mred\x07",
    "<b>&amp;</b>]]>",
    "100%0A|cell|`code`",
    "bad\udcff\x00.png",
    "\r\n| --- |\n# heading",
    "$x$ ~~y~~ **z** [a](http://b) :bug: @user \\",
    "\u202egnp.exe\u2028\ufffe",
)
COLUMNS = len(reports.HEADERS) + 1
# What the JUnit schema of Jenkins's xUnit plugin (junit-10.xsd) allows of what could be written.
SCHEMA = {
    "testsuites": ({"name", "tests", "failures", "errors", "time"}, set(), {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname", "id"},
        {"name", "tests", "failures", "errors"},
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
    ),
    "properties": (set(), set(), {"property"}),
    "property": ({"name", "value"}, {"name", "value"}, set()),
    "testcase": (
        {"name", "time", "classname", "group"},
        {"name"},
        {"skipped", "failure", "system-out", "system-err"},
    ),
    "failure": ({"type", "message"}, set(), set()),
    "skipped": ({"type", "message"}, set(), set()),
    "system-out": (set(), set(), set()),
}

texts = st.one_of(
    st.sampled_from(EVIL),
    st.text(st.characters(exclude_categories=()), max_size=9),
    st.text("|\\`<&%:#,[*\n\r\x1b\udcff", max_size=9),
)
values = st.one_of(st.none(), st.integers(), st.floats(), texts)
cases = st.builds(
    Case,
    rule=st.sampled_from(["drift", "leakage", "data-changed"]),
    level=st.sampled_from(Level),
    message=texts.map(shown),
    split=st.none() | texts,
    channel=st.none() | texts,
    expected=values,
    observed=values,
    tolerance=values,
    unit=texts,
    paths=st.lists(st.text("a/|<&\n\udcff\udc80%", max_size=5), max_size=13).map(tuple),
    named=st.integers(0, 3),
    other_split=st.none() | texts,
    in_pairs=st.booleans(),
)
verdicts = st.builds(
    Verdict, st.sampled_from(["same", "compatible"]), st.lists(cases).map(tuple), st.booleans()
)


def of(*levels, strict=False):
    """A verdict with a case of each level."""
    return Verdict(
        "same",
        tuple(Case("drift", level, f"case {index}") for index, level in enumerate(levels)),
        strict,
    )


def cells(text):
    """The cells of each row of the Markdown tables in a text, as GitHub takes them apart."""
    rows = [line for line in text.split("\n") if re.match(r"^\s*\|", line)]
    return [re.split(r"(?<!\\)(?:\\\\)*\|", row)[1:-1] for row in rows]


@given(verdicts)
def test_json_is_the_verdict(verdict):
    """Every field of every case comes back from the JSON, which has no NaN and is ASCII."""
    text = document.render(verdict)
    assert text.isascii()

    def no_constant(name):
        raise AssertionError(name)

    content = json.loads(text, parse_constant=no_constant)
    assert content["exit_code"] == verdict.exit_code
    assert content["verdict"] == ("fail" if verdict.exit_code else "pass")
    assert content["level"] == verdict.level
    assert content["counts"] == {
        level: sum(case.level is level for case in verdict.cases) for level in Level
    }
    assert len(content["cases"]) == len(verdict.cases)
    for found, case in zip(content["cases"], verdict.cases, strict=True):
        assert (found["rule"], found["level"], found["unit"]) == (case.rule, case.level, case.unit)
        for name in ("split", "other_split", "channel"):
            assert found[name] == getattr(case, name)
        assert found["message"] == case.message
        assert found["paths"] == [path_text(path) for path in case.paths]
        for name in ("expected", "observed", "tolerance"):
            value = getattr(case, name)
            finite = not isinstance(value, float) or math.isfinite(value)
            assert found[name] == (value if finite else str(value))


@given(verdicts)
def test_junit_is_the_verdict(verdict):
    """The XML parses, fits the schema, and has a failure if and only if the exit code is 1."""
    root = ET.fromstring(junit.render(verdict).encode("utf-8"))
    for element in root.iter():
        allowed, required, children = SCHEMA[element.tag]
        assert required <= set(element.keys()) <= allowed
        assert {child.tag for child in element} <= children
    tests = list(root.iter("testcase"))
    assert len(tests) == len(verdict.cases)
    names = Counter((test.get("classname"), test.get("name")) for test in tests)
    assert all(number == 1 for number in names.values())
    failures, skipped = list(root.iter("failure")), list(root.iter("skipped"))
    assert bool(failures) == bool(verdict.exit_code)
    for element in (root, *root.iter("testsuite")):
        assert element.get("tests") == f"{len(tests)}"
        assert element.get("failures") == f"{len(failures)}"
        assert element.get("skipped", f"{len(skipped)}") == f"{len(skipped)}"
    properties = {one.get("name"): one.get("value") for one in root.iter("property")}
    assert properties["exit_code"] == f"{verdict.exit_code}"


@given(verdicts)
def test_markdown_is_the_verdict(verdict):
    """One table, a row for each finding, the same number of cells in all; and the exit code."""
    text = markdown.render(verdict)
    assert f"exit code {verdict.exit_code}" in text
    table = cells(text)
    assert len(table) == (len(verdict.findings) + 2 if verdict.findings else 0)
    assert {len(row) for row in table} <= {COLUMNS}
    assert all(line.isprintable() for line in text.split("\n"))
    assert not re.search(r"(?<!\\)(?:\\\\)*[<&`]", text)
    assert [line for line in text.split("\n") if line.startswith("#")] == [text.split("\n")[0]]


@given(verdicts)
def test_annotations_are_the_verdict(verdict):
    """At most ten, each one line and one command of a known kind; errors only if it fails."""
    *lines, last = github.annotations(verdict)
    assert len(lines) == min(len(verdict.findings), 10)
    assert f"exit code {verdict.exit_code}" in last
    for line in lines:
        kind, title, message = re.fullmatch(
            r"::(error|warning) title=([^:,]*)::(.*)", line
        ).groups()
        assert kind == "warning" or verdict.exit_code == 1
        assert (title + message).isprintable()
        assert not re.search("%(?!25|0A|0D|3A|2C)", title + message)
    assert bool(verdict.exit_code) == any(line.startswith("::error") for line in lines)
    if len(verdict.findings) > 10:
        assert lines[-1].endswith(f"::and {len(verdict.findings) - 9} more")


@given(verdicts)
def test_text_is_the_verdict(verdict):
    """A row for each finding, as wide as the headers; nothing that a terminal obeys."""
    rows = reports.rows(verdict)
    lines = list(reports.lines(verdict))
    assert len(rows) == len(lines) - 1 == len(verdict.findings)
    assert {len(row) for row in rows} <= {len(reports.HEADERS)}
    for text in (*lines, *(cell for row in rows for cell in row)):
        assert text.isprintable()
        assert "##[" not in text
    assert not any(line.lstrip().startswith("::") for line in lines)
    assert f"exit code {verdict.exit_code}" in lines[-1]


def test_what_a_terminal_gets():
    """The table of a verdict prints in UTF-8 and in ASCII, on one line for each row."""
    drift = Case("drift", Level.FAIL, "darker", "val", "R", 0.0, -0.25, 0.1, "σ", ("a\n.png",))
    for encoding in ("utf-8", "ascii"):
        file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="backslashreplace")
        print_rows(reports.HEADERS, reports.rows(Verdict("same", (drift,))), Console(file=file))
        file.seek(0)
        assert sum("-0.25" in line for line in file.read().split("\n")) == 1
    assert list(reports.lines(Verdict("same", (drift,)))) == [
        r"drift val R: darker: a\n.png",
        "FAILED (mode same, exit code 1): 1 fail",
    ]


def test_two_splits_are_both_named():
    """Cases that differ in the other split only differ in the table and in JUnit's names."""
    cases = tuple(
        Case("leakage", Level.WARN, "leaks", "test", other_split=name) for name in ("train", "val")
    )
    verdict = Verdict("same", cases)
    assert [row[2] for row in reports.rows(verdict)] == ["test/train", "test/val"]
    tests = ET.fromstring(junit.render(verdict)).iter("testcase")
    names = [f"leakage [test/{name}]" for name in ("train", "val")]
    assert [test.get("name") for test in tests] == names


@pytest.mark.parametrize(("files", "rest"), [(12, "1 more pair is"), (14, "2 more pairs are")])
def test_pairs_are_counted_as_pairs(files, rest):
    """Two identical images that a line has no room for are one."""
    paths = tuple(f"{number}.png" for number in range(files))
    case = Case("duplicate", Level.WARN, "twice", paths=paths, named=10, in_pairs=True)
    (text, _) = reports.lines(Verdict("same", (case,)))
    assert text == f"duplicate: twice; {rest} named in a --report FILE"


def test_fingerprints_are_short_in_tables_only():
    """Eight digits tell them apart in a row; the JSON has all 32."""
    whole = "files 0123456789abcdef0123456789abcdef"
    verdict = Verdict("same", (Case("data-changed", Level.FAIL, "changed", observed=whole),))
    assert reports.rows(verdict)[0][reports.HEADERS.index("observed")] == "files 01234567…"
    assert json.loads(document.render(verdict))["cases"][0]["observed"] == whole


def test_files_are_named_once():
    """Those of the message by itself, the next ones after it, and all the others in reports."""
    names = tuple(f"{letter}.png" for letter in "abcdefghijkl")
    case = Case("leakage", Level.FAIL, "a train image: a.png", "train", paths=names, named=1)
    verdict = Verdict("same", (case,))
    shorter = ": b.png, c.png, d.png, e.png, f.png, g.png, h.png, i.png, j.png"
    text, _ = reports.lines(verdict)
    more = "; 2 more files are named in a --report FILE"
    assert text == f"leakage train: a train image: a.png{shorter}{more}"
    assert github.annotations(verdict)[0].endswith(f"a.png{shorter}{more}")
    assert f"a train image\\: a.png\\{shorter}, k.png, l.png |" in markdown.render(verdict)
    (failure,) = ET.fromstring(junit.render(verdict)).iter("failure")
    assert failure.text == f"a train image: a.png{shorter}, k.png, l.png"
    (message, told) = (failure.get("message"), text.partition(": ")[2])
    assert message == told.replace("in a --report FILE", "below")


@pytest.mark.parametrize(
    ("written", "where"),
    [
        ((), "in a --report FILE"),
        (("check.html",), "in a --report FILE.json"),
        (("check.html", "out/check.xml", "check.json"), "in out/check.xml"),
    ],
)
def test_a_report_that_is_written_is_named(written, where):
    """The first that has all files; a page has some."""
    case = Case("leakage", Level.FAIL, "twice", paths=tuple("abcdefghijklmn"))
    verdict = Verdict("same", (case,))
    (text, _) = reports.lines(verdict, written)
    assert text.endswith(f"; 4 more files are named {where}")
    assert github.annotations(verdict, written)[0].endswith(f"files are named {where}")


def test_a_name_that_is_a_part_of_the_words():
    """A file is named even where the message happens to have its letters."""
    case = Case("leakage", Level.FAIL, "an image of train", paths=("train", "a"))
    (text, _) = reports.lines(Verdict("same", (case,)))
    assert text == "leakage: an image of train: train, a"


@pytest.mark.parametrize(
    ("levels", "strict", "failures", "skipped", "code"),
    [
        ([], False, 0, 0, 0),
        ([Level.PASS, Level.WARN], True, 0, 0, 0),
        ([Level.INCONCLUSIVE, Level.PASS], False, 0, 1, 0),
        ([Level.INCONCLUSIVE, Level.PASS], True, 1, 0, 1),
        ([Level.FAIL, Level.INCONCLUSIVE, Level.FAIL], False, 2, 1, 1),
    ],
)
def test_levels_in_junit(levels, strict, failures, skipped, code):
    """Warnings pass; an inconclusive case is skipped, or a failure where it fails the data."""
    verdict = of(*levels, strict=strict)
    root = ET.fromstring(junit.render(verdict).encode())
    assert len(list(root.iter("failure"))) == failures
    assert len(list(root.iter("skipped"))) == skipped
    assert verdict.exit_code == code


@pytest.mark.parametrize(("number", "lines"), [(0, 0), (1, 1), (9, 9), (10, 10), (99, 10)])
def test_how_many_annotations(number, lines):
    """Nine findings, the worst first, and how many more there are."""
    verdict = of(*[Level.WARN] * number, Level.PASS)
    found = github.annotations(verdict)[:-1]
    assert len(found) == lines
    more = [line for line in found if line.endswith(" more")]
    assert more == ([f"::warning title=normstat::and {number - 9} more"] if number > 9 else [])
    mixed = github.annotations(of(*[Level.WARN] * number, Level.FAIL))
    assert mixed[0].startswith("::error ")


def test_every_ending_writes_its_format(tmp_path):
    """The ending chooses, in any case; another is refused before anything is written."""
    verdict = of(Level.FAIL)
    for name, start in (
        ("a.json", "{"),
        ("b.XML", "<?xml"),
        ("c.md", "### "),
        ("d.Html", "<!DOCTYPE html>"),
    ):
        reports.write(verdict, tmp_path / name)
        assert (tmp_path / name).read_text("utf-8").startswith(start)
    for name in ("a.htm", "json", ".json", "a\n", ""):
        with pytest.raises(UsageError, match=r"\.json, \.xml \(JUnit\), \.md, \.html") as caught:
            reports.write(verdict, os.path.join(tmp_path, name))
        assert "\n" not in str(caught.value)
    assert len(os.listdir(tmp_path)) == 4


@pytest.mark.parametrize("ending", reports.REPORTS)
def test_evil_names_everywhere(tmp_path, ending):
    """Reports of the worst names are written as UTF-8, with no control character in them."""
    evil = tuple(
        Case(shown(name), Level.FAIL, shown(name), name, name, name, name, name, name, (name,))
        for name in EVIL
    )
    file = tmp_path / f"report{ending}"
    reports.write(Verdict("same", evil), file)
    text = file.read_bytes().decode("utf-8")
    assert all(line.isprintable() for line in text.split("\n"))
    assert "##[" not in text or ending == ".json"
    assert not re.search(r"^\s*::", text, re.MULTILINE)


@given(verdict=verdicts, warned=st.booleans())
def test_a_json_report_is_read_as_it_was(verdict, warned, tmp_path_factory):
    """The verdict, whatever the names; infinity and NaN become words."""
    warn_only = frozenset({"drift", "leakage"} if warned else ())
    verdict = replace(verdict, warn_only=warn_only)
    file = tmp_path_factory.getbasetemp() / "verdict.json"
    reports.write(verdict, file)
    again = document.read(file)
    assert document.render(again) == document.render(verdict)
    assert again.exit_code == verdict.exit_code


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"schema": "normstat/stats/1"}, "/schema"),
        ({"verdict": "pass"}, "/verdict: is not what its cases come to"),
        ({"cases": [{"rule": "drift"}]}, "/cases/0"),
        ({"cases": "none"}, "/cases: should be a list"),
    ],
)
def test_what_is_no_report_is_refused(change, problem, tmp_path):
    """With the file, the place, and the command that writes one."""
    file = tmp_path / "check.json"
    file.write_text(json.dumps(json.loads(document.render(of(Level.FAIL))) | change))
    with pytest.raises(UsageError, match=f"check.json.*{problem}.*a check writes one"):
        document.read(file)


def test_an_old_report_survives(tmp_path):
    """A report that cannot be written leaves what was there."""
    with pytest.raises(OutputError):
        reports.write(of(), tmp_path / "missing" / "a.json")
    assert not os.listdir(tmp_path)


def test_the_summary_is_appended_and_fits(tmp_path):
    """What other steps wrote stays; more than GitHub takes is cut after a whole row."""
    file = tmp_path / "summary"
    file.write_text("before\n", encoding="utf-8")
    github.append_summary(of(Level.FAIL), file)
    assert file.read_text("utf-8") == "before\n" + markdown.render(of(Level.FAIL))
    many = Verdict("same", tuple(Case("drift", Level.WARN, "ü" * 9000) for _ in range(200)))
    file.write_text("", encoding="utf-8")
    github.append_summary(many, file)
    text = file.read_text("utf-8")
    assert 900_000 < len(text.encode()) <= 1_000_000
    assert {len(row) for row in cells(text)} == {COLUMNS}
    assert text.endswith("\n\nThe other findings do not fit here.\n")
    with pytest.raises(OutputError, match="GITHUB_STEP_SUMMARY"):
        github.append_summary(many, tmp_path)
