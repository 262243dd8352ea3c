"""Signals that ask a command to stop: it keeps what is finished, and is gone within 2 seconds.

The first raises :class:`Interrupted` in the main thread, which cleans up on its way out. A thread
looks on: if storage that does not answer, or a reader that does not read, holds the main thread
up, it ends the process; and so it does at once when Ctrl-C is pressed a second time. Only the
process of the command line installs this; the library leaves signals to its caller.
"""

import _thread
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType

from normstat.commandline import how_to_continue

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has fewer
_PATIENCE = 1.0  # seconds for the main thread to clean up
_SOON = 0.01  # seconds until what a destructor has swallowed is raised again
# Seconds in which a Ctrl-C is the one that was there already: the terminal sends it to all in the
# foreground, and what the command was started with (timeout, uv run, npm) passes it on.
_ECHO = 0.05
_BY_SIGNAL = 128


class Interrupted(BaseException):
    """A signal has asked the process to stop.

    No :class:`Exception`, as nobody on the way may take it for a failure to be dealt with; and no
    :class:`KeyboardInterrupt`, which Typer has words of its own for.

    Parameters
    ----------
    number : of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    @property
    def exit_code(self) -> int:
        """The exit code that a shell gives a process ended by the signal.

        >>> Interrupted(15).exit_code
        143
        """
        return _BY_SIGNAL + self.number


class Watch:
    """Handler of signals, from :meth:`begin` to :meth:`end`.

    Parameters
    ----------
    words : the command line; tells how the command can be continued.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self._raises = True
        self._since = 0.0
        self._handled: set[int] = set()
        self._inbox = -1
        self._looks_on = False
        self._lost = 0

    def begin(self) -> None:
        """Take the signals that are not ignored, as ``nohup`` and shells may have asked for."""
        sys.unraisablehook = self._pass_over
        for name in _SIGNALS:
            number = getattr(signal, name, None)
            default = (signal.SIG_DFL, signal.default_int_handler)
            if number and signal.getsignal(number) in default:
                self._handled.add(number)
                signal.signal(number, self._handle)
        if sys.platform != "win32":  # has no pipes that do not block
            self._inbox, outbox = os.pipe()
            os.set_blocking(outbox, False)
            # The system's own handler writes there, whatever the main thread is busy with.
            signal.set_wakeup_fd(outbox, warn_on_full_buffer=False)
            # Where no thread can be started the main thread alone has to do.
            with suppress(RuntimeError):
                threading.Thread(target=self._look_on, name="signals", daemon=True).start()
                self._looks_on = True

    def end(self) -> None:
        """From now on a signal raises nothing: the process is about to end anyway."""
        self._raises = False
        self._lost = 0

    def tell(self, interrupted: Interrupted) -> None:
        """One sentence on stderr: what was interrupted, and how to continue."""
        name = signal.Signals(interrupted.number).name
        # Whoever has brought work to safety has noted where.
        kept = "; ".join(getattr(interrupted, "__notes__", ()))
        sentence = f"normstat: interrupted by {name}; {how_to_continue(self._words, kept)}\n"
        # Neither a lock that a stuck thread holds nor a pipe that is full may keep us here.
        with suppress(OSError, AttributeError):  # stderr may be closed
            stderr = sys.__stderr__.fileno()  # type: ignore[union-attr]  # as said
            if sys.platform == "win32" or select.select([], [stderr], [], 0)[1]:
                os.write(stderr, sentence.encode(errors="backslashreplace"))

    def _handle(self, number: int, _: FrameType | None) -> None:
        if self._raises:
            self._raises = False
            self._since = time.monotonic()
            raise Interrupted(number)
        # Where a thread looks on it sees to that, even if this one is stuck.
        if not self._looks_on and _is_second(number, self._since):
            os._exit(Interrupted(number).exit_code)

    def _pass_over(self, ignored: "sys.UnraisableHookArgs") -> None:
        """Keep what was raised in a destructor, where Python only prints it and goes on."""
        if not isinstance(ignored.exc_value, Interrupted):
            sys.__unraisablehook__(ignored)
            return
        self._lost = ignored.exc_value.number
        # A little later, when the destructor is over; if it then meets another, again.
        if sys.platform == "win32":
            self._raises = True
            threading.Timer(_SOON, _thread.interrupt_main, [self._lost]).start()
        else:
            signal.signal(signal.SIGALRM, self._raise_lost)
            signal.setitimer(signal.ITIMER_REAL, _SOON)

    def _raise_lost(self, _: int, __: FrameType | None) -> None:
        if self._lost:
            raise Interrupted(self._lost)

    def _look_on(self) -> None:
        first = self._next_within(None)
        since = time.monotonic()
        while second := self._next_within(since + _PATIENCE):
            if _is_second(second, since):
                os._exit(Interrupted(second).exit_code)
        interrupted = Interrupted(first)
        self.tell(interrupted)
        os._exit(interrupted.exit_code)

    def _next_within(self, last: float | None) -> int:
        """The next signal that asks to stop, on the clock's time ``last`` at the latest, or 0."""
        while True:
            left = None if last is None else max(0.0, last - time.monotonic())
            if not select.select([self._inbox], [], [], left)[0]:
                return 0
            number = os.read(self._inbox, 1)[0]
            if number in self._handled:  # others write there as well
                return number


def _is_second(number: int, since: float) -> bool:
    """True if Ctrl-C was pressed again."""
    return number == signal.SIGINT and time.monotonic() - since > _ECHO
