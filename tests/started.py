"""Commands that are started and then disturbed, and whatever is left of them."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from command import environment

#: Seconds in which a command that is told to stop has to be gone.
AT_ONCE = 2.0
#: Seconds for the same on a machine that is busy; what is stuck here is so for ten minutes.
ENOUGH = 30.0
#: Seconds for what starts or ends several processes that take their time even where nothing else
#: runs: clusters. Nothing comes to an end by itself as late as that.
LONG = 120.0
# Seconds between two looks: a look at all processes takes some time from the one waited for.
_PAUSE = 0.01


def processes() -> Iterator[tuple[int, int, int]]:
    """Number, parent and session of each process, zombies left out."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            _, _, rest = (folder / "stat").read_text().rpartition(")")
        except OSError:  # no process, or gone by now
            continue
        state, parent, _, session = rest.split()[:4]
        if state not in "ZX":
            yield int(folder.name), int(parent), int(session)


def members(session: int) -> set[int]:
    """Processes of a session, whoever their parent is by now."""
    return {pid for pid, _, its_session in processes() if its_session == session}


def children(parent: int) -> set[int]:
    """Processes whose parent is this one."""
    return {pid for pid, its_parent, _ in processes() if its_parent == parent}


def eventually(condition: Callable[[], bool], seconds: float = 30) -> bool:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not (holds := condition()) and time.monotonic() < end:
        time.sleep(_PAUSE)
    return holds


@contextlib.contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """A hang of this process is a failure, where the system has a clock for that."""

    def stop(number: int, frame: object) -> None:
        raise TimeoutError("hangs")

    if sys.platform != "win32":
        signal.signal(signal.SIGALRM, stop)
        signal.alarm(seconds)
    try:
        yield
    finally:
        if sys.platform != "win32":
            signal.alarm(0)


@contextlib.contextmanager
def started(
    *arguments: str | Path, env: dict[str, str] | None = None, **options: Any
) -> "Iterator[subprocess.Popen[str]]":
    """``normstat`` in a session of its own, with pipes; nothing of it outlives the block."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    with subprocess.Popen(
        [sys.executable, "-m", "normstat", *arguments],
        env=environment(**(env or {})),
        start_new_session=True,
        text=True,
        errors="surrogateescape",
        **options,
    ) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def workers(process: "subprocess.Popen[str]", number: int = 1) -> set[int]:
    """The workers of a command, once there are so many."""
    assert eventually(lambda: len(members(process.pid)) > number or process.poll() is not None)
    return members(process.pid) - {process.pid}


def finish(process: "subprocess.Popen[str]", seconds: float = ENOUGH) -> str:
    """Wait for the end of a command and of its workers; its stderr."""
    _, stderr = process.communicate(timeout=seconds)
    assert eventually(lambda: not members(process.pid), ENOUGH)
    return stderr or ""


def patch(folder: Path, code: str) -> dict[str, str]:
    """An environment in which every Python, workers too, runs some code as it starts."""
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(code)
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"PYTHONPATH": os.pathsep.join(paths)}
