"""One process from its start to its end: how long it took, and how much memory it had."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_LOOK_EVERY = 0.01  # seconds
# albumentations would ask the network for a newer version of itself at every start.
_ENVIRONMENT = {"NO_ALBUMENTATIONS_UPDATE": "1"}


class Failed(Exception):
    """A process that was to be measured did not do its work."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process took.

    Attributes
    ----------
    seconds : wall time, start-up included.
    parent : peak resident memory of the process itself, in bytes; None where it was not watched.
    total : the sum of such peaks over it and all processes that it started. Memory that they share
        counts in each.
    output : what it printed.
    """

    seconds: float
    parent: int | None
    total: int | None
    output: str


def timed(command: Sequence[str]) -> Usage:
    """Run a command and look at nothing but the clock.

    Raises
    ------
    Failed
        It did not exit with 0.
    """
    process, start = _started(command)
    return _ended(process, command, start, {})


def watched(command: Sequence[str]) -> Usage:
    """Run a command and look at its memory all the time, which costs it some.

    Raises
    ------
    Failed
        It did not exit with 0.
    """
    process, start = _started(command)
    peaks: dict[int, int] = {}
    while process.poll() is None:
        for pid in _family(process.pid):
            peaks[pid] = max(peaks.get(pid, 0), _peak(pid))
        time.sleep(_LOOK_EVERY)
    return _ended(process, command, start, peaks)


def _started(command: Sequence[str]) -> tuple["subprocess.Popen[str]", float]:
    start = time.perf_counter()
    pipe = subprocess.PIPE
    environment = os.environ | _ENVIRONMENT
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment), start


def _ended(
    process: "subprocess.Popen[str]", command: Sequence[str], start: float, peaks: dict[int, int]
) -> Usage:
    output, complaints = process.communicate()
    seconds = time.perf_counter() - start
    if process.returncode:
        raise Failed(f"{' '.join(command)}: exit status {process.returncode}\n{complaints[-2000:]}")
    if not peaks.get(process.pid):
        return Usage(seconds, None, None, output)
    return Usage(seconds, peaks[process.pid], sum(peaks.values()), output)


def _family(pid: int) -> list[int]:
    """A process and all below it; on Linux, elsewhere nobody."""
    if sys.platform != "linux":
        return []
    family = [pid]
    for member in family:  # grows while it is walked
        try:
            for thread in Path(f"/proc/{member}/task").iterdir():
                family += map(int, (thread / "children").read_text().split())
        except OSError:  # has ended meanwhile
            continue
    return family


def _peak(pid: int) -> int:
    """Peak resident memory in bytes; 0 of a process that has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    lines = (line.split() for line in status.splitlines() if line.startswith("VmHWM:"))
    return next((1024 * int(words[1]) for words in lines), 0)
