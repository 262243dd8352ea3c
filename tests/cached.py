"""Runs with a cache: what they read, what they say, and data that a cache may keep."""

import os
import time
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import Any

from opened import opened

import normstat
from normstat.executors import InProcess, Job
from normstat.executors.executor import R
from normstat.images import Shard
from normstat.statsfile import dumps


class Recording(InProcess):
    """Runs in this process, and knows the paths that it was asked to read."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    def map(self, job: Job[R], shards: Iterable[Shard]) -> Generator[R, None, None]:
        return super().map(job, map(self._seen, shards))

    def _seen(self, shard: Shard) -> Shard:
        self.paths.extend(shard.names)
        return shard


class Listener:
    """Keeps what a run says; calls a function after each shard."""

    def __init__(self, after: Callable[[], None] = lambda: None) -> None:
        self.notices: list[str] = []
        self._after = after

    def total(self, images: int) -> None: ...

    def advance(self, images: int) -> None:
        self._after()

    def notice(self, message: str) -> None:
        self.notices.append(message)

    warning = notice

    def of(self, cache: Path) -> list[str]:
        """What it said of the cache, but for how much came from there."""
        return [notice for notice in self.notices if notice.startswith(str(cache))]


def text(data: Path, **options: Any) -> str:
    """The stats file of a run in this process, without a cache unless there is one."""
    options.setdefault("engine", InProcess())
    return dumps(normstat.compute(data, **options))


def read(data: Path, cache: Path, **options: Any) -> list[str]:
    """The paths that a run with a cache reads; its stats are those of a run without."""
    recording = Recording()
    with_cache = text(data, cache=cache, engine=recording, **options)
    options.pop("progress", None)
    assert with_cache == text(data, **options)
    return recording.paths


def settle(data: Path) -> None:
    """Wait until any change of a file would show, so that a cache may keep what it comes to."""
    while not _is_settled(data):  # listed anew: an archive is looked at once
        time.sleep(0.01)


def _is_settled(data: Path) -> bool:
    source = opened(data)
    shards = source.shards(source.selection(), versions=True)
    return all(all(shard.versions) for shard in shards)


def pgm(path: Path, value: int) -> None:
    """The smallest image there is: one gray pixel."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"P5 1 1 255\n" + bytes([value % 256]))


def cut(data: Path) -> list[tuple[str, ...]]:
    """The paths of each shard."""
    source = opened(data)
    return [shard.names for shard in source.shards(source.selection())]


def put_back(path: Path, change: Callable[[], object]) -> None:
    """Change a file, and give it the times that it had."""
    status = os.stat(path)
    change()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
