"""What holds for all tests: signals as in a terminal, and the table of faults on request."""

import signal
from collections.abc import Iterator
from typing import Any

import pytest

_ROW = "fault"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fault-table", action="store_true", help="print the table of faults")


def pytest_configure(config: pytest.Config) -> None:
    """Under nohup, or behind a shell, signals are ignored, and so they would be by commands."""
    for name in ("SIGINT", "SIGHUP"):
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) is signal.SIG_IGN:
            handler = signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL
            signal.signal(number, handler)


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
