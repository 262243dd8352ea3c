"""Processes that `multiprocessing` starts, and what these have to do with Ctrl-C: nothing."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker

_are_ready = False


@contextmanager
def prepared(module: str) -> Iterator[None]:
    """Start a process to fork others from; it imports a module while this one goes on.

    Nothing is started where there are no forks, where imports start threads that forks would miss
    (macOS), or where files for it cannot be made: others start without it, and take longer.

    Once for a process, which is to end with :func:`os._exit`: the files are removed here.
    """
    global _are_ready  # there is one for each process
    if sys.platform != "linux":
        yield
        return
    import shutil
    from multiprocessing import forkserver, util

    # No modules of the current folder, here or in processes that are started later.
    os.environ["PYTHONSAFEPATH"] = "1"
    folder = ""
    with suppress(OSError):  # no such folder, or its name is too long for a socket
        folder = util.get_temp_dir()
        with ctrl_c_is_ours():
            multiprocessing.set_forkserver_preload([module])
            forkserver.ensure_running()
        _are_ready = True
    try:
        yield
    finally:
        _are_ready = False
        shutil.rmtree(folder, ignore_errors=True)


def are_ready() -> bool:
    """True if :func:`prepared` has started such a process."""
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
