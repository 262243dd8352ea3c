"""Engines at the size of clusters: how busy workers are kept, and the memory of the driver.

``python benchmarks/engines.py [--slots 64] [--shards 2000] [--names 10000000]``
"""

import argparse
import pickle
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent import futures
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from normstat.accumulators.rows import Counts
from normstat.executors import guard
from normstat.executors.futures import Futures
from normstat.images import LocalFiles, Shard
from normstat.sources.catalog import Entries, Identity, Located
from normstat.sources.options import SourceOptions
from normstat.sources.survey import Survey
from normstat.sources.tree_source import TreeSource
from normstat.stats import Settings
from normstat.verbs.compute.count import count
from normstat.verbs.engine import Engine

_A_FOLDER = 10_000  # images


class Listed:
    """A catalog of so many names in folders, each of which is the same small image."""

    root = identity = "simulated"
    only_images: bool | tuple[str, ...] = False
    splits_images = False
    assigned: Mapping[str, tuple[str, str]] = {}

    def __init__(self, names: int, image: Path) -> None:
        self._names = names
        self._here = Located(LocalFiles(str(image.parent)), image.name, 30_000)

    def above(self) -> Sequence[Identity]:
        return ()

    def entries(self, path: str) -> Entries:
        if not path:
            folders = [f"{number:05}" for number in range(self._names // _A_FOLDER)]
            return Entries((0, 0), folders, {}, [])
        files = [f"image-{number:08}.jpg" for number in range(_A_FOLDER)]
        return Entries((0, 1 + int(path[:-1])), [], {}, files)

    def locate(self, path: str, versions: bool) -> Located:  # noqa: ARG002  # there are none
        return self._here

    def side_file(self, name: str) -> bytes | None:  # noqa: ARG002  # there is none
        return None

    def record(self) -> Mapping[str, Any]:
        return {}

    def report(self, survey: Survey) -> None: ...


class AtOnce(futures.Executor):
    """Answers at once, with the counts of as many images as a shard has."""

    def __init__(self) -> None:
        self._known: dict[int, Counts] = {}

    def submit(self, _work: Any, _ticket: bytes, job: bytes, shards: bytes) -> Future[bytes]:
        future: Future[bytes] = Future()
        opened: list[Shard] = pickle.loads(shards)  # noqa: S301  # made in this process
        results = [self._counts(job, shard) for shard in opened]
        future.set_result(guard.dumps_answer(guard.Answer("simulated", results)))
        return future

    def _counts(self, job: bytes, shard: Shard) -> Counts:
        number = len(shard.names)
        if number not in self._known:
            one: Counts = pickle.loads(job)(shard.only((0,)))  # noqa: S301  # ditto
            counts = one
            for _ in range(number - 1):
                counts += one
            self._known[number] = counts
        return self._known[number]


class Sleeping(futures.Executor):
    """Slots that sleep as long as decoding would take: threads, which wait for nothing else."""

    def __init__(self, slots: int, seconds: float) -> None:
        self._max_workers = slots
        self._seconds = seconds
        self._pool = futures.ThreadPoolExecutor(slots)
        self._changed = threading.Lock()
        self.busy = 0.0

    def submit(self, _work: Any, _ticket: bytes, _job: bytes, shards: bytes) -> Future[bytes]:
        return self._pool.submit(self._sleep, pickle.loads(shards))  # noqa: S301  # ditto

    def _sleep(self, shards: Sequence[Shard]) -> bytes:
        begun = time.perf_counter()
        time.sleep(self._seconds * len(shards))
        took = time.perf_counter() - begun
        with self._changed:
            self.busy += took
        results = [(len(shard.names),) for shard in shards]
        return guard.dumps_answer(guard.Answer("simulated", results, seconds=took))


class _Nothing:
    """A job that nobody runs."""

    def __call__(self, shard: Shard) -> tuple[int, ...]:
        return (len(shard.names),)

    def lost(self, record: Any) -> tuple[int, ...]:
        raise AssertionError(record)


def busy(slots: int, shards: int, seconds: float, image: Path) -> float:
    """Part of their time that the slots work for."""

    def work() -> Iterator[Shard]:
        container = LocalFiles(str(image.parent))
        for number in range(shards):
            names = tuple(f"{number}-{place}.jpg" for place in range(16))
            yield Shard("all", container, names, (image.name,) * 16)

    pool = Sleeping(slots, seconds)
    begun = time.perf_counter()
    done = sum(1 for _ in Futures(pool).map(_Nothing(), work()))
    took = time.perf_counter() - begun
    assert done == shards
    return pool.busy / (slots * took)


def memory(names: int, image: Path) -> float:
    """Peak of the driver's resident memory in MB, with the start of Python and all modules."""
    source = TreeSource(Listed(names, image), SourceOptions())
    counted = count(source, Settings(), Engine.of(engine=AtOnce()))
    assert counted.stats().splits["all"].images == names
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def main() -> None:
    """Print both numbers."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--slots", type=int, default=64)
    parser.add_argument("--shards", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=0.15, help="that decoding a shard takes")
    parser.add_argument("--names", type=int, default=10_000_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "image.jpg"
        pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(image)
        if asked.shards:
            part = busy(asked.slots, asked.shards, asked.seconds, image)
            print(f"{asked.shards} shards on {asked.slots} slots: {part:.1%} busy")
        if asked.names:
            sys.stdout.flush()
            print(f"{asked.names} names: {memory(asked.names, image):.0f} MB")


if __name__ == "__main__":
    main()
