"""Processes that `multiprocessing` starts, and what these have to do with Ctrl-C: nothing."""

import multiprocessing
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import resource_tracker

_are_ready = False


def prepare(modules: Sequence[str]) -> None:
    """Start a process to fork others from; it imports modules while this one goes on.

    Where there are no forks nothing is started.
    """
    global _are_ready  # there is one for each process
    if sys.platform == "win32":
        return
    from multiprocessing import forkserver

    with ctrl_c_is_ours():
        multiprocessing.set_forkserver_preload(list(modules))
        forkserver.ensure_running()
    _are_ready = True


def are_ready() -> bool:
    """True if :func:`prepare` has started such a process."""
    return _are_ready


@contextmanager
def ctrl_c_is_ours() -> Iterator[None]:
    """Let threads and processes that are started here have nothing to do with Ctrl-C."""
    if sys.platform == "win32":
        yield
        return
    # Before the signal is blocked, as its start would unblock it. Where this process has no time
    # to clean up, the tracker does, and need not say so.
    sys.warnoptions.append("ignore:resource_tracker")
    resource_tracker.ensure_running()
    sys.warnoptions.remove("ignore:resource_tracker")
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
