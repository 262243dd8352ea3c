"""The table of faults, printed at the end of a run that asks for it."""

from collections.abc import Iterator
from typing import Any

import pytest

_ROW = "fault"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fault-table", action="store_true", help="print the table of faults")


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int, config: pytest.Config) -> None:
    """Rows of the tests that have one, as Markdown."""
    if not config.getoption("--fault-table"):
        return
    terminalreporter.write_line("\n| number | fault | required | got |\n|---|---|---|---|")
    for row in sorted(_rows(terminalreporter), key=lambda row: int(row[0])):
        cells = (str(cell).replace("|", "\\|") for cell in row)
        terminalreporter.write_line(f"| {' | '.join(cells)} |")


def _rows(terminalreporter: Any) -> Iterator[list[str]]:
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "call":
                yield from (value for name, value in report.user_properties if name == _ROW)
