"""Signals that ask a command to stop: it keeps what is finished, and is gone within 2 seconds.

The first raises :class:`Interrupted` in the main thread, which cleans up on its way out. A thread
looks on: if storage that does not answer, or a reader that does not read, holds the main thread
up, it ends the process; and so it does at once when Ctrl-C is pressed a second time. Only the
process of the command line installs this; the library leaves signals to who calls it.
"""

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has fewer
_PATIENCE = 1.0  # seconds for the main thread to clean up
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
        """What a process that the signal ended would have in a shell.

        >>> Interrupted(15).exit_code
        143
        """
        return _BY_SIGNAL + self.number


class Watch:
    """What a process does about signals, from :meth:`begin` to :meth:`end`.

    Parameters
    ----------
    words : the command line; tells how the command can be continued.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self._raises = True
        self._inbox = -1

    def begin(self) -> None:
        """Take the signals that are not ignored, as ``nohup`` and shells may have asked for."""
        for name in _SIGNALS:
            number = getattr(signal, name, None)
            default = (signal.SIG_DFL, signal.default_int_handler)
            if number and signal.getsignal(number) in default:
                signal.signal(number, self._handle)
        if sys.platform != "win32":  # has no pipes that do not block
            self._inbox, outbox = os.pipe()
            os.set_blocking(outbox, False)
            # The system's own handler writes there, whatever the main thread is busy with.
            signal.set_wakeup_fd(outbox, warn_on_full_buffer=False)
            # Where no thread can be started the main thread alone has to do.
            with suppress(RuntimeError):
                threading.Thread(target=self._look_on, name="signals", daemon=True).start()

    def end(self) -> None:
        """From now on a signal raises nothing: the process is about to end anyway."""
        self._raises = False

    def tell(self, interrupted: Interrupted) -> None:
        """One sentence on stderr: what was interrupted, and how to continue."""
        name = signal.Signals(interrupted.number).name
        # Whoever knows more than the command line tells has noted it on the way.
        how = getattr(interrupted, "__notes__", None) or [how_to_continue(self._words)]
        sentence = f"normstat: interrupted by {name}; {'; '.join(how)}\n"
        # Neither a lock that a stuck thread holds nor a pipe that is full may keep us here.
        with suppress(OSError, AttributeError):  # stderr may be closed
            stderr = sys.__stderr__.fileno()  # type: ignore[union-attr]  # as said
            if sys.platform == "win32" or select.select([], [stderr], [], 0)[1]:
                os.write(stderr, sentence.encode(errors="backslashreplace"))

    def _handle(self, number: int, _: FrameType | None) -> None:
        if self._raises:
            self._raises = False
            raise Interrupted(number)

    def _look_on(self) -> None:
        interrupted = Interrupted(os.read(self._inbox, 1)[0])
        last = time.monotonic() + _PATIENCE
        while select.select([self._inbox], [], [], max(0.0, last - time.monotonic()))[0]:
            again = Interrupted(os.read(self._inbox, 1)[0])
            if again.number == signal.SIGINT:
                os._exit(again.exit_code)
        self.tell(interrupted)
        os._exit(interrupted.exit_code)


def how_to_continue(words: Sequence[str]) -> str:
    """What the same user can do next.

    >>> how_to_continue(["apply", "photos", "arrays"])
    'the same command with --skip-existing continues'
    >>> how_to_continue(["compute", "photos", "--cache", "photos.cache"])
    'what is finished is kept, and the same command continues'
    """
    command = words[0] if words else ""
    if command in ("apply", "normalize"):
        if "--dry-run" in words:
            return "nothing was to be written"
        if "--skip-existing" in words:
            return "the same command continues"
        instead = " in place of --overwrite" if "--overwrite" in words else ""
        return f"the same command with --skip-existing{instead} continues"
    if command in ("compute", "check"):
        if any(word.partition("=")[0] == "--cache" for word in words):
            return "what is finished is kept, and the same command continues"
        return "the same command begins again; with --cache FILE it could continue"
    if command == "invert" and "--overwrite" not in words:
        return "the same command with --overwrite begins again"
    return "the same command begins again"
