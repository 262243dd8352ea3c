"""What a benchmark found: times as they were measured; everything else is derived from them."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

SCHEMA = "normstat/bench/1"


class Key(NamedTuple):
    """Which measurement: the verb, the name of the images, who did it, in how many processes."""

    verb: str
    images: str
    runner: str
    workers: int


@dataclass(frozen=True, slots=True)
class Run:
    """One runner on one set of images.

    Attributes
    ----------
    key : which measurement this is.
    seconds : wall time of each round, start-up included; where only a part was read, scaled.
    every : every so many images were read.
    parent, total : peak memory in bytes, of the parent and summed over all processes; None where
        the system does not tell.
    """

    key: Key
    seconds: tuple[float, ...]
    every: int = 1
    parent: int | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Images:
    """A set of images: how many files, pixels and bytes they are, and where they come from."""

    images: int
    pixels: int
    bytes: int
    origin: str


@dataclass(frozen=True, slots=True)
class Results:
    """Everything one call of the benchmark found.

    Attributes
    ----------
    quick : whether it was the short one.
    machine, versions : where it ran, and on what.
    images : the sets, by verb and name ("compute typical").
    missing : runners that are not installed, with how to install them.
    runs : measurements, in the order in which they were made.
    """

    quick: bool
    machine: dict[str, str]
    versions: dict[str, str]
    images: dict[str, Images]
    missing: dict[str, str]
    runs: dict[Key, Run]

    def set_of(self, key: Key) -> Images:
        """The images of a measurement."""
        return self.images[f"{key.verb} {key.images}"]

    @property
    def rounds(self) -> int:
        """How often everything was timed."""
        return min((len(run.seconds) for run in self.runs.values()), default=0)

    def save(self, path: Path) -> None:
        """Write as JSON."""
        document = {"schema": SCHEMA, **asdict(self)}
        document["runs"] = list(document["runs"].values())
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "Results":
        """Read what :meth:`save` wrote."""
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if document.pop("schema") != SCHEMA:
            raise ValueError(f"{path}: not the results of this version of the benchmarks")
        runs = [
            Run(**(run | {"key": Key(*run["key"]), "seconds": tuple(run["seconds"])}))
            for run in document.pop("runs")
        ]
        images = {name: Images(**found) for name, found in document.pop("images").items()}
        return cls(**document, images=images, runs={run.key: run for run in runs})


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of several ratios, with the smallest and the largest."""

    middle: float
    least: float
    most: float

    def __str__(self) -> str:
        return f"{digits(self.middle)} ({digits(self.least)}–{digits(self.most)})"


def times(one: Run, other: Run) -> Spread:
    """How many times the other's time one took, in each round: both had the same weather then."""
    ratios = [a / b for a, b in zip(one.seconds, other.seconds, strict=True)]
    return Spread(median(ratios), min(ratios), max(ratios))


def digits(number: float) -> str:
    """Three digits; 1234 stays whole."""
    places = 2 if abs(number) < 10 else 1 if abs(number) < 100 else 0
    return f"{number:,.{places}f}"
