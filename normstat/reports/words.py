"""A case and a verdict in words that no file name can break."""

from collections import Counter
from collections.abc import Iterable, Sequence

from normstat.files import shown
from normstat.verdict import Case, Value, Verdict

# Files that a line has room for.
_FEW = 10
_ANY_REPORT = "in a --report FILE"


def value(number: Value) -> str:
    """A number or words, printable; empty if there is nothing.

    >>> value(0.123456789), value(12345678), value(None)
    ('0.123457', '12345678', '')
    """
    if number is None:
        return ""
    return f"{number:.6g}" if isinstance(number, float) else safe(str(number))


def safe(text: str) -> str:
    r"""Text without what a terminal or a build's log would obey.

    >>> print(safe("a\n::error::"), safe("##[error]"))
    a\n::error:: #\x23[error]
    """
    # GitHub's runner looks for this old form of a command anywhere in a line, even in a table.
    return shown(text).replace("##[", r"#\x23[")


def place(case: Case) -> str:
    """Split and channel: ``train``, ``train R``, or empty for all.

    >>> from normstat.verdict import Level
    >>> place(Case("drift", Level.PASS, "", "train", "R"))
    'train R'
    """
    return " ".join(filter(None, (split(case), safe(case.channel or ""))))


def split(case: Case) -> str:
    """The split, and the other one where it is about two; empty for all.

    >>> from normstat.verdict import Level
    >>> split(Case("leakage", Level.FAIL, "", "test", other_split="train"))
    'test/train'
    """
    both = (case.split, case.other_split)
    return "/".join(safe(name) for name in both if name is not None)


def message(case: Case) -> str:
    """The message of a case, with all files that it does not name itself.

    >>> from normstat.verdict import Level
    >>> message(Case("leakage", Level.FAIL, "the same image", paths=("train/a", "val/b")))
    'the same image: train/a, val/b'
    """
    return _with_paths(case, case.paths[case.named :])


def brief(case: Case, others: str = _ANY_REPORT) -> str:
    """The message of a case with the first few files, and where the others are found.

    >>> from normstat.verdict import Level
    >>> brief(Case("unreadable", Level.FAIL, "7 of a and b", paths=(*"abcdefghijkl",), named=2))
    '7 of a and b: c, d, e, f, g, h, i, j; 2 more files are named in a --report FILE'
    """
    few = max(_FEW, case.named)
    said, more = _with_paths(case, case.paths[case.named : few]), len(case.paths[few:])
    if not more:
        return said
    number, noun = (more // 2, "pair") if case.in_pairs else (more, "file")
    are = " is" if number == 1 else "s are"
    return f"{said}; {number} more {noun}{are} named {others}"


def in_reports(written: Sequence[str]) -> str:
    """The place where all files are named, of the reports that a check writes.

    Pages have the first of them only.

    >>> in_reports(["a.html", "b.json"]), in_reports(["a.html"]), in_reports([])
    ('in b.json', 'in a --report FILE.json', 'in a --report FILE')
    """
    whole = [file for file in written if not file.lower().endswith(".html")]
    if whole:
        return f"in {safe(whole[0])}"
    return f"{_ANY_REPORT}.json" if written else _ANY_REPORT


def _with_paths(case: Case, paths: Iterable[str]) -> str:
    named = ", ".join(map(safe, paths))
    return f"{safe(case.message)}: {named}" if named else safe(case.message)


def compared(case: Case) -> str:
    """Expected, observed and tolerance as a half sentence; empty if there are none.

    >>> from normstat.verdict import Level
    >>> compared(Case("drift", Level.FAIL, "", expected=0.5, observed=0.75, unit="σ"))
    'expected 0.5 σ, observed 0.75 σ'
    """
    unit = f" {safe(case.unit)}" if case.unit else ""
    values = ((name, getattr(case, name)) for name in ("expected", "observed", "tolerance"))
    return ", ".join(
        f"{name} {value(number)}{unit}" for name, number in values if number is not None
    )


def conclusion(verdict: Verdict) -> str:
    """The verdict as a line, with the exit code.

    >>> from normstat.verdict import Level
    >>> conclusion(Verdict("same", (Case("drift", Level.PASS, ""),)))
    'passed (mode same, exit code 0): 1 pass'
    """
    counts = Counter(case.level for case in verdict.cases)
    levels = sorted(counts, key=lambda level: -level.rank)
    found = ", ".join(f"{counts[level]} {level}" for level in levels) or "nothing was looked at"
    said = "FAILED" if verdict.failed else "passed"
    return f"{said} (mode {safe(verdict.mode)}, exit code {verdict.exit_code}): {found}"
