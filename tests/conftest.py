"""What holds for all tests: signals as in a terminal, how much is tried, the table of faults."""

import signal
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import fault_list
import pytest
from buckets import Buckets, serving
from hypothesis import settings
from source_contract import SourceContract

# `make check` tries as many examples as Hypothesis does by itself. A machine may be busy with other
# things: how long an example takes is no law.
settings.register_profile("thorough", deadline=None)
settings.register_profile("quick", max_examples=25, deadline=None)
settings.load_profile("quick")


# Sources whose laws are tried each time: of files, of one file that has many, and of names.
_USUAL = {"TestFolder", "TestTar", "TestStack", "TestTable", "TestUnion"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fault-table", action="store_true", help="print the table of faults")


def pytest_configure(config: pytest.Config) -> None:
    """Under nohup, or behind a shell, signals are ignored, and so they would be by commands."""
    config.stash[fault_list.OWNERS] = defaultdict(set)
    for name in ("SIGINT", "SIGHUP"):
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) is signal.SIG_IGN:
            handler = signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL
            signal.signal(number, handler)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Tests that own a fault are known before any is deselected, and by their reports."""
    for number in fault_list.numbers(item):
        item.config.stash[fault_list.OWNERS][number].add(item.path.name)
        item.user_properties.append((fault_list.OWNED, number))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of tests that are sampled the first case is usual; the others are of the matrix.

    So are the laws of sources, but for those of some that differ most.
    """
    seen = set()
    for item in items:
        suite = getattr(item, "cls", None)
        is_law = suite is not None and issubclass(suite, SourceContract)
        if is_law and item.nodeid.split("::")[1] not in _USUAL:
            item.add_marker("matrix")
        if item.get_closest_marker("sampled"):
            law = item.nodeid.partition("[")[0]
            if law in seen:
                item.add_marker("matrix")
            seen.add(law)


def pytest_terminal_summary(terminalreporter: Any, exitstatus: int, config: pytest.Config) -> None:
    if config.getoption("--fault-table"):
        every = [report for some in terminalreporter.stats.values() for report in some]
        calls = [r for r in every if getattr(r, "when", "") == "call" and not r.skipped]
        terminalreporter.write_line("")
        for line in fault_list.table([*calls, *terminalreporter.stats.get("skipped", ())]):
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def _s3_server() -> Iterator[Buckets]:
    with serving() as server, pytest.MonkeyPatch.context() as environment:
        for name, value in server.environment.items():
            environment.setenv(name, value)
        yield server


@pytest.fixture
def s3(_s3_server: Buckets, monkeypatch: pytest.MonkeyPatch) -> Buckets:
    """A server of buckets, empty and well; what is asked again is asked soon."""
    monkeypatch.setattr("normstat.urls.answers._PAUSES", (0.01,) * 4)
    _s3_server.well()
    return _s3_server
