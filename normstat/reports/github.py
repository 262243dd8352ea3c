"""A verdict on GitHub: annotations of a run, and its summary."""

import os
from collections.abc import Iterator, Sequence
from os import PathLike

from normstat.errors import OutputError
from normstat.files import shown
from normstat.reports import markdown, words
from normstat.verdict import Case, Verdict

# GitHub shows ten annotations of a kind, and drops a summary of more than 1 MiB.
_MOST = 9
_MOST_BYTES = 1_000_000


def annotations(verdict: Verdict, written: Sequence[str] = ()) -> list[str]:
    """Lines that the runner turns into annotations, at most 10; last the verdict, as it is.

    What fails the data is an error, other findings are warnings; the worst come first, and the
    tenth says how many more there are. The reports `written` have files that there is no room for.

    >>> from normstat.verdict import Level
    >>> for line in annotations(Verdict("same", (Case("leakage", Level.FAIL, "100% equal"),))):
    ...     print(line)
    ::error title=normstat leakage::100%25 equal
    FAILED (mode same, exit code 1): 1 fail
    """
    return [*_annotations(verdict, words.in_reports(written)), words.conclusion(verdict)]


def append_summary(verdict: Verdict, file: str | PathLike[str]) -> None:
    """Append the table of findings to the file that ``GITHUB_STEP_SUMMARY`` names.

    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     append_summary(Verdict("same", ()), os.path.join(folder, "summary"))
    """
    try:
        with open(file, "a", encoding="utf-8", newline="\n") as summary:
            summary.write(markdown.within(verdict, _MOST_BYTES))
    except OSError as error:
        raise OutputError(
            f"{shown(os.fspath(file))}: the summary cannot be written ({error.strerror}); "
            "GITHUB_STEP_SUMMARY should name a file"
        ) from error


def _annotations(verdict: Verdict, others: str) -> Iterator[str]:
    findings = verdict.findings
    for case in findings[:_MOST]:
        title = " ".join(filter(None, ("normstat", words.safe(case.rule), words.place(case))))
        compared = words.compared(case)
        text = words.brief(case, others) + (f" ({compared})" if compared else "")
        yield _command(case, verdict, title, text)
    more = findings[_MOST:]
    if more:
        yield _command(more[0], verdict, "normstat", f"and {len(more)} more")


def _command(case: Case, verdict: Verdict, title: str, text: str) -> str:
    kind = "error" if verdict.fails(case) else "warning"
    return f"::{kind} title={_property(title)}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
