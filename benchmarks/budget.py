"""Where the time of an image goes: the job of ``compute`` in one process, stage by stage.

    python benchmarks/budget.py FOLDER [ROUNDS]

Prints microseconds an image (the least of all rounds), in the order of the data's way. What a
stage calls that is a stage itself is not counted twice.
"""

import functools
import hashlib
import sys
import time
from collections import Counter
from collections.abc import Callable
from types import ModuleType
from typing import Any

from normstat import decode
from normstat.accumulators.fold import Fold
from normstat.decode import jpeg, png
from normstat.decode.pixels import DecodedImage
from normstat.images import LocalFiles, ReadOptions
from normstat.sources import open_source
from normstat.verbs.compute.job import Count

ROUNDS = 9
# Stage -> where its functions are.
STAGES: dict[str, list[tuple[ModuleType | type, str]]] = {
    "read the file": [(LocalFiles, "read")],
    "SHA-256 of its bytes": [(hashlib, "sha256")],
    "decode": [(jpeg, "image"), (jpeg, "array"), (png, "plain")],
    "header, damage, notes": [(decode, "_decode")],
    "counts": [(DecodedImage, "counts")],
    "pixel key": [(DecodedImage, "_made_key")],
    "sums, fingerprints": [(Fold, "add"), (Fold, "tally")],
}
REST = "the rest"


class Stopwatch:
    """Time by stage, each without the stages inside of it."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self._since = time.perf_counter()
        self._open = [REST]

    def enter(self, stage: str) -> None:
        self._switch()
        self._open.append(stage)

    def leave(self) -> None:
        self._switch()
        self._open.pop()

    def _switch(self) -> None:
        now = time.perf_counter()
        self.spent[self._open[-1]] += now - self._since
        self._since = now


def timed(function: Callable[..., Any], stage: str, watch: list[Stopwatch]) -> Callable[..., Any]:
    """The function, with its time taken by the stopwatch in use."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        watch[0].enter(stage)
        try:
            return function(*args, **kwargs)
        finally:
            watch[0].leave()

    return wrapper


def main(folder: str, rounds: int) -> None:
    """Print the stages of reading a folder."""
    source = open_source(folder)
    shards = list(source.shards(source.selection()))
    images = sum(map(len, shards))
    watch = [Stopwatch()]
    for stage, places in STAGES.items():
        for owner, name in places:
            setattr(owner, name, timed(getattr(owner, name), stage, watch))
    job = Count(ReadOptions())
    least: dict[str, float] = {}
    for _ in range(rounds):
        watch[0] = Stopwatch()
        for shard in shards:
            job(shard)
        watch[0].enter(REST)
        for stage, seconds in watch[0].spent.items():
            least[stage] = min(least.get(stage, seconds), seconds)
    for stage in (*STAGES, REST):
        print(f"{stage:24}{least.get(stage, 0) / images * 1e6:9.1f} us")
    print(f"{'together':24}{sum(least.values()) / images * 1e6:9.1f} us")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS)
