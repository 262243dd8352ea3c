"""A verdict in every format that somebody reads: one writer each, all from the same cases."""

import os
from collections.abc import Callable, Mapping
from os import PathLike, fspath
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from normstat import files
from normstat.errors import UsageError
from normstat.files import shown
from normstat.lazy import Row
from normstat.reports.text import HEADERS, lines, rows
from normstat.verdict import Verdict

if TYPE_CHECKING:
    from normstat.reports.page import Subject

#: Makes what a page shows below the verdict: a :class:`normstat.reports.page.Subject`.
Recorded: TypeAlias = "Callable[[], Subject]"
#: Ending of a file's name → function that makes the text of the report, of a verdict and of
#: :data:`Recorded`.
REPORTS: Mapping[str, Row] = MappingProxyType(
    {
        ".json": Row("normstat.reports.document:render"),
        ".xml": Row("normstat.reports.junit:render"),
        ".md": Row("normstat.reports.markdown:render"),
        ".html": Row("normstat.reports.page:render"),
    }
)

__all__ = ["HEADERS", "REPORTS", "lines", "refuse_unknown", "render", "rows", "write"]


def render(verdict: Verdict, ending: str, recorded: "Recorded | None" = None) -> str:
    """Text of a report for one of the endings of :data:`REPORTS`."""
    return str(REPORTS[ending].load()(verdict, recorded))


def write(verdict: Verdict, file: str | PathLike[str], recorded: "Recorded | None" = None) -> None:
    """Write a report, whole or not at all; the ending of its name chooses the format.

    Parameters
    ----------
    recorded : makes what the verdict is about, for formats that show it, too.

    >>> import os, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(Verdict("same", ()), os.path.join(folder, "report.json"))
    ...     os.listdir(folder)
    ['report.json']
    """
    refuse_unknown(file)
    files.write(file, render(verdict, _ending(file), recorded).encode("utf-8"))


def refuse_unknown(file: str | PathLike[str]) -> None:
    """Raise a UsageError before the work if no format has that ending.

    >>> refuse_unknown("report.pdf")
    Traceback (most recent call last):
    normstat.errors.UsageError: report.pdf: a report's name ends in .json, .xml (JUnit), .md, .html
    """
    if _ending(file) not in REPORTS:
        known = ", ".join(REPORTS).replace(".xml", ".xml (JUnit)")
        raise UsageError(f"{shown(file)}: a report's name ends in {known}")


def _ending(file: str | PathLike[str]) -> str:
    return os.path.splitext(fspath(file))[1].lower()
