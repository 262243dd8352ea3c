"""What every peer is asked, and what it answers.

::

    python benchmarks/peers/NAME.py FOLDER WORKERS [--every N] [--out FOLDER]

It reads the images of a folder, every Nth of them, in so many processes, and prints a line of
JSON: how many they were, how long that took without the start, and the mean and std it found, to
prove that all do the same job.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import Pool
from typing import TypeVar

R = TypeVar("R")
_EXTENSIONS = (".jpg", ".jpeg", ".png")
_MOST_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Place:
    """Where arrays go: in a tree like that of the images. Small, for it is sent with each chunk."""

    folder: str
    out: str

    def array(self, path: str) -> str:
        """The name for the array of an image; its folder is made."""
        relative = os.path.splitext(os.path.relpath(path, self.folder))[0]
        name = os.path.join(self.out, relative + ".npy")
        os.makedirs(os.path.dirname(name), exist_ok=True)
        return name


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done.

    Attributes
    ----------
    paths : of the images.
    workers : number of processes.
    place : where arrays go.
    begun : when it was asked, by the clock that measures intervals.
    """

    paths: tuple[str, ...]
    workers: int
    place: Place
    begun: float

    @classmethod
    def asked(cls) -> "Task":
        """What the command line says."""
        parser = argparse.ArgumentParser()
        parser.add_argument("folder")
        parser.add_argument("workers", type=int)
        parser.add_argument("--every", type=int, default=1)
        parser.add_argument("--out", default="")
        asked = parser.parse_args()
        found = sorted(
            os.path.join(folder, name)
            for folder, _, names in os.walk(asked.folder, followlinks=True)
            for name in names
            if name.lower().endswith(_EXTENSIONS)
        )
        place = Place(asked.folder, asked.out)
        return cls(tuple(found[:: asked.every]), asked.workers, place, time.perf_counter())

    def each(self, work: Callable[[str], R]) -> Iterator[R]:
        """What ``work`` says to each path, in any order: here, or in a pool of processes."""
        if self.workers == 1:
            yield from map(work, self.paths)
            return
        chunk = max(1, min(_MOST_AT_ONCE, len(self.paths) // (8 * self.workers)))
        with Pool(self.workers) as pool:
            yield from pool.imap_unordered(work, self.paths, chunk)

    def answer(self, images: int, mean: Sequence[float] = (), std: Sequence[float] = ()) -> None:
        """Print what came out, in unit scale; nothing for what was not asked."""
        seconds = time.perf_counter() - self.begun
        numbers = {"mean": list(map(float, mean)), "std": list(map(float, std))}
        print(json.dumps({"images": images, "seconds": seconds, **numbers}))
