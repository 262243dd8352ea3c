"""Jobs for worker processes, where every result is a tuple of what happened to each path."""

import ctypes
import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass

from normstat.images import LocalFiles, Shard, Unreadable

#: A container that no job opens.
NOWHERE = LocalFiles("nowhere")


class NotToBeUnpickled:
    """A container that no worker can receive, as where a library is broken there."""

    def __reduce__(self) -> tuple[object, ...]:
        return int, ("no number",)


@dataclass(frozen=True)
class Names:
    """The paths of a shard, after some time each; what ends a worker is asked for by name.

    Attributes
    ----------
    seconds : time that each path takes.
    """

    seconds: float = 0.0

    def __call__(self, shard: Shard) -> tuple[str, ...]:
        for record in shard.unreadable:
            assert record.code
        done = [f"{record.path}: {record.code}" for record in shard.unreadable]
        for sample in shard:
            time.sleep(self.seconds)
            act(sample.name)
            done.append(sample.name)
        return tuple(done)

    def lost(self, record: Unreadable) -> tuple[str, ...]:
        return (f"{record.path}: {record.code} ({record.detail})",)


def act(path: str) -> None:  # noqa: C901  # a table of misdeeds
    """Do what the path says."""
    if path == "segfault":
        ctypes.string_at(0)
    elif path == "abort":
        os.abort()
    elif path == "exit 3":
        os._exit(3)
    elif path == "exit 0":
        os._exit(0)
    elif path == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif path.startswith("once "):
        with suppress(FileExistsError):
            os.mkdir(path.removeprefix("once "))
            os.kill(os.getpid(), signal.SIGKILL)
    elif path == "sleep":
        time.sleep(600)
    elif path == "loop":
        while True:
            pass
    elif path == "loop in C":
        sum(range(10**18))
    elif path == "no memory":
        raise MemoryError
    elif path == "error":
        raise ZeroDivisionError("the job is wrong")
    elif path == "close stdout":
        os.write(1, b"a library prints\n")
        print("a library prints", flush=True)
        print("and on stderr", file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Seen:
    """All that a job sees of a shard."""

    def __call__(self, shard: Shard) -> tuple[str, ...]:
        samples = (f"{sample.split} {sample.name} {sample.place!r}" for sample in shard)
        return (repr(shard.container), str(shard.start), *samples)

    def lost(self, record: Unreadable) -> tuple[str, ...]:
        raise AssertionError(record)


@dataclass(frozen=True)
class Pid:
    """The worker's process id for each shard, after some seconds."""

    seconds: float = 0.0

    def __call__(self, shard: Shard) -> tuple[int, ...]:
        time.sleep(self.seconds)
        return (os.getpid(),)

    def lost(self, record: Unreadable) -> tuple[int, ...]:
        return (-1,)


def shards(*names: str, each: int = 3, number: int = 20) -> list[Shard]:
    """Shards of some paths each; the names given are spread among them."""
    paths = [f"{index:03}" for index in range(each * number)]
    for index, name in enumerate(names):
        paths.insert((2 * index + 1) * len(paths) // (2 * len(names)), name)
    return [
        Shard("all", NOWHERE, tuple(paths[start : start + each]))
        for start in range(0, len(paths), each)
    ]
