"""Runners take turns: every round has each of them once, so that all have the same weather."""

import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from measure import Failed, Usage, timed, watched
from results import Images, Key, Run
from runners import Job, Runner

#: Deviations from double precision over all pixels: PyTorch's float32, and ddof 1 of tiny images.
_TOLERANCE = 1e-3
Measure = Callable[[Sequence[str]], Usage]


@dataclass(slots=True)
class Lane:
    """One runner on one set of images, and what was measured so far.

    Attributes
    ----------
    runner, key, images : who does what.
    job : what it is to do.
    seconds : of each round.
    memory : of the round before the first, in which nothing is timed.
    """

    runner: Runner
    key: Key
    images: Images
    job: Job
    seconds: list[float] = field(default_factory=list)
    memory: Usage | None = None

    @classmethod
    def of(cls, runner: Runner, key: Key, folder: Path, images: Images, out: Path) -> "Lane":
        """A slow runner gets a part of the images."""
        every = max(1, images.pixels // runner.most_pixels) if runner.most_pixels else 1
        return cls(runner, key, images, Job(key.verb, folder, key.workers, every, out))

    def warm(self) -> None:
        """Bring the files into the page cache, and look at memory."""
        self.memory = self._alone(watched, self.job)

    def time(self) -> None:
        """One round."""
        usage = self._alone(timed, self.job)
        self.seconds.append(self._scaled(usage) if self.job.every > 1 else usage.seconds)

    def _scaled(self, usage: Usage) -> float:
        """How long all images would have taken, by what the peer says of those it read."""
        told = json.loads(usage.output)
        more: float = self.images.images / told["images"] - 1
        reading: float = told["seconds"]
        return usage.seconds + reading * more

    def run(self) -> Run:
        """What was measured."""
        assert self.memory
        seconds = tuple(round(one, 4) for one in self.seconds)
        return Run(self.key, seconds, self.job.every, self.memory.parent, self.memory.total)

    def _alone(self, measure: Measure, job: Job) -> Usage:
        """Measure with nothing left of what others wrote, on the disk or on its way there."""
        clear(job.out)
        if job.verb == "apply":
            os.sync()
        return measure(self.runner.command(job))


def take_turns(lanes: Sequence[Lane], rounds: int, say: Callable[[str], None]) -> list[Run]:
    """Measure all lanes, normstat's first; each round begins with another one.

    Raises
    ------
    Failed
        A runner ended with an error, or found something else than normstat.
    """
    truth = None
    for lane in lanes:
        say(f"{' '.join(map(str, lane.key))}: memory")
        lane.warm()
        truth = truth or Truth.of(lane)
        truth.judge(lane)
    for number in range(rounds):
        first = number * len(lanes) // rounds
        for lane in (*lanes[first:], *lanes[:first]):
            say(f"{' '.join(map(str, lane.key))}: round {number + 1} of {rounds}")
            lane.time()
    for lane in lanes:
        clear(lane.job.out)
    return [lane.run() for lane in lanes]


def clear(out: Path) -> None:
    """Remove what a runner left, whatever it is."""
    if out.is_dir():
        shutil.rmtree(out)
    else:
        out.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Truth:
    """What normstat found or wrote, which others must, too, to be doing the same job.

    Attributes
    ----------
    numbers : mean and std of each channel over all pixels, in unit scale; empty for apply.
    per_image : the averages of images' own.
    written : bytes of arrays.
    """

    numbers: list[float]
    per_image: list[float]
    written: int

    @classmethod
    def of(cls, lane: Lane) -> "Truth":
        """From what normstat has just left."""
        assert not lane.runner.script
        if lane.key.verb == "apply":
            return cls([], [], _written(lane))
        split = json.loads(lane.job.out.read_text())["splits"]["train"]
        own = split["per_image"]
        return cls(split["mean"] + split["std"], own["mean"] + own["std"], 0)

    def judge(self, lane: Lane) -> None:
        """Hold what a peer that read all images has just found or left against this.

        Raises
        ------
        Failed
            It is something else.
        """
        if not lane.runner.script or lane.job.every > 1:
            return
        assert lane.memory
        told = json.loads(lane.memory.output)
        numbers = told["mean"] + told["std"]
        truth = self.per_image if lane.runner.per_image else self.numbers
        same = told["images"] == lane.images.images and _written(lane) == self.written
        if numbers:
            same &= all(abs(a - b) < _TOLERANCE for a, b in zip(numbers, truth, strict=True))
        if not same:
            raise Failed(f"{lane.key}: found {told}, wrote {_written(lane)} bytes; not {self}")


def _written(lane: Lane) -> int:
    """Bytes of the arrays that a runner left."""
    if lane.key.verb == "compute":
        return 0
    return sum(path.stat().st_size for path in lane.job.out.rglob("*.npy"))


def to_terminal(text: str) -> None:
    """Tell how far it is, where somebody looks."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
