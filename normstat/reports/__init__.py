"""A verdict in every format that somebody reads: one writer each, all from the same cases."""

import os
from collections.abc import Callable, Mapping
from os import PathLike, fspath
from types import MappingProxyType

from normstat import files
from normstat.errors import UsageError
from normstat.files import shown
from normstat.reports import document, junit, markdown
from normstat.reports.github import annotations, append_summary
from normstat.reports.text import HEADERS, lines, rows
from normstat.verdict import Verdict

#: Ending of a file's name → the text of the report.
REPORTS: Mapping[str, Callable[[Verdict], str]] = MappingProxyType(
    {".json": document.render, ".xml": junit.render, ".md": markdown.render}
)

__all__ = [
    "HEADERS",
    "REPORTS",
    "annotations",
    "append_summary",
    "lines",
    "refuse_unknown",
    "rows",
    "write",
]


def write(verdict: Verdict, file: str | PathLike[str]) -> None:
    """Write a report, whole or not at all; the ending of its name chooses the format.

    Raises
    ------
    UsageError
        No format has that ending.
    OutputError
        It cannot be written; an old file is intact.

    Examples
    --------
    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(Verdict("same", ()), os.path.join(folder, "report.json"))
    ...     os.listdir(folder)
    ['report.json']
    """
    refuse_unknown(file)
    files.write(file, REPORTS[_ending(file)](verdict).encode("utf-8"))


def refuse_unknown(file: str | PathLike[str]) -> None:
    """Find out before the work whether a report can have that name.

    Raises
    ------
    UsageError
        No format has that ending.

    Examples
    --------
    >>> refuse_unknown("report.html")
    Traceback (most recent call last):
    normstat.errors.UsageError: report.html: a report's name ends in .json, .xml (JUnit), .md
    """
    if _ending(file) not in REPORTS:
        known = ", ".join(REPORTS).replace(".xml", ".xml (JUnit)")
        raise UsageError(f"{shown(file)}: a report's name ends in {known}")


def _ending(file: str | PathLike[str]) -> str:
    return os.path.splitext(fspath(file))[1].lower()
