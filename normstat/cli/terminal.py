"""Progress and notices of a run, and its tables."""

import functools
import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from normstat.errors import Message
from normstat.files import shown
from normstat.verbs.listeners import Silent

if TYPE_CHECKING:
    from rich.console import Console

    from normstat.stats import Stats
    from normstat.verbs.listeners import Progress

_LONG = 60.0  # seconds
_NO_WIDTH = 100_000  # more than any row of names takes
_OFFER = "with --cache FILE, a run that is interrupted goes on where it was"


def console() -> "Console":
    """Standard output, for tables; in a pipe as wide as they need."""
    from rich.console import Console

    class PipedConsole(Console):
        def on_broken_pipe(self) -> None:
            raise  # called while the error is handled; rich itself would exit with 1

    # A pipe has no width: a table that is cut or wrapped there is of no use.
    width = None if sys.stdout.isatty() else _NO_WIDTH
    return PipedConsole(file=sys.stdout, width=width, highlight=False)


def print_table(stats: "Stats", file: str, in_full: bool = False) -> None:
    """Print statistics; ``file`` is where unreadable images are all listed."""
    from normstat.tables import print_stats

    print_stats(stats, console(), shown(file), in_full)


@contextmanager
def progress_on_stderr(quiet: bool, offers_cache: bool = False) -> Iterator["Progress"]:
    """A progress bar where stderr is a terminal, notices on stderr anyway, or only warnings.

    With ``offers_cache``, whoever sits there for long is told that there is ``--cache``.
    """
    if quiet:
        yield _Quiet()
        return
    from tqdm import tqdm

    bar = _Bar(
        lambda: tqdm(unit=" images", disable=None, file=sys.stderr, dynamic_ncols=True),
        offer_after=_LONG if offers_cache and sys.stderr.isatty() else math.inf,
    )
    try:
        yield bar
    finally:
        bar.close()


class _Quiet(Silent):
    """A listener for -q: warnings only."""

    def warning(self, message: str) -> None:
        print(Message(message).on_command_line(), file=sys.stderr)


class _Bar:
    """A bar that appears with the first image: an error before that stands alone."""

    def __init__(self, make: Callable[[], Any], offer_after: float) -> None:
        self._make = make
        self._offer_at = time.monotonic() + offer_after

    @functools.cached_property
    def _bar(self) -> Any:
        return self._make()

    def close(self) -> None:
        if "_bar" in vars(self):
            self._bar.leave = self._bar.n > 0  # a dry run reads too few to count
            self._bar.close()

    def total(self, images: int) -> None:
        self._bar.total = images
        self._bar.refresh()

    def advance(self, images: int) -> None:
        self._bar.update(images)
        if time.monotonic() > self._offer_at:
            self._offer_at = math.inf
            self.notice(_OFFER)

    def notice(self, message: str) -> None:
        self._bar.write(Message(message).on_command_line(), file=sys.stderr)

    warning = notice
