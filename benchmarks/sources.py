"""How long the same images take in an archive, a table or a stack, against their folder.

::

    make bench-sources [QUICK=1]

Images of the benchmarks are packed as they lie, a folder to a container, and counted with two
workers. Every round has each container once; what counts is the median of the rounds' ratios to
the folder. Each must find the folder's numbers. Kinds that are not read here are left out with a
line.
"""

import argparse
import io
import json
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import numpy as np
from measure import Failed, timed
from photos import whole
from PIL import Image
from rounds import to_terminal
from runners import ROOT
from sets import generated

from normstat.sources import SOURCES

_DATA = ROOT / "benchmarks" / "data"
_WORKERS = 2
#: Images in a row group: as `datasets` of Hugging Face writes them.
_ROWS = 100
_DIGITS, _PHOTOS = "digits", "typical"
#: Whole sets, and short ones in which start-up weighs too much.
FULL, QUICK = {_DIGITS: 60_000, _PHOTOS: 3000}, {_DIGITS: 2000, _PHOTOS: 300}


@dataclass(frozen=True, slots=True)
class Container:
    """One way to hold images.

    Attributes
    ----------
    name : in the table.
    ending : of its files, by which normstat knows them.
    pack : writes the images of a folder into a file.
    limits : set → largest ratio to the folder's time; other sets are not measured.
    needs : package that writes it.
    is_whole : one file holds all images, and is DATA; else one for each of their folders.
    """

    name: str
    ending: str
    pack: Callable[[Sequence[Path], Path], None]
    limits: dict[str, float]
    needs: str = "numpy"
    is_whole: bool = False

    def missing(self) -> str:
        """Reason why it cannot be measured; empty if it can."""
        endings = [ending for kind in SOURCES.values() for ending in kind.endings]
        if self.ending not in endings:
            return f"{self.name}: left out, normstat does not read {self.ending} here"
        if not find_spec(self.needs):
            return f"{self.name}: left out, {self.needs} is not installed"
        return ""


@dataclass(slots=True)
class Lane:
    """One set in one container, and what was measured so far.

    Attributes
    ----------
    name : of the container.
    data : DATA.
    limit : for the ratio to the folder; None of the folder itself.
    seconds : of each round.
    numbers : that were found.
    """

    name: str
    data: Path
    limit: float | None = None
    seconds: list[float] = field(default_factory=list)
    numbers: object = None

    def run(self) -> float:
        """Seconds of one run, which finds the numbers."""
        out = _DATA / "sources.json"
        command = [sys.executable, "-m", "normstat", "compute", str(self.data)]
        usage = timed([*command, "-o", str(out), "-q", "-j", str(_WORKERS)])
        split = json.loads(out.read_text())["splits"]["train"]
        out.unlink()
        content = split["fingerprint"]["content"]
        self.numbers = [split[name] for name in ("images", "mean", "std", "quantiles")] + [content]
        return usage.seconds


def main() -> int:
    """Measure, print, and exit with 0 if no ratio is above its limit."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer images")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    kept = True
    try:
        for images, count in (QUICK if arguments.quick else FULL).items():
            kept &= compared(images, count, arguments.rounds)
    except Failed as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    return 0 if kept else 1


def compared(images: str, count: int, rounds: int) -> bool:
    """Print the ratios of one set; True if they are within their limits.

    Raises
    ------
    Failed
        normstat ended with an error, or found other numbers than in the folder.
    """
    folder = generated(_DATA, images, count)
    lanes = [Lane("folder", folder)]
    for container in CONTAINERS:
        if images not in container.limits:
            continue
        if reason := container.missing():
            print(reason)
            continue
        to_terminal(f"{count} {images} images: {container.name}")
        data = packed(folder, container)
        lanes.append(Lane(container.name, data, container.limits[images]))
    take_turns(lanes, rounds)
    to_terminal("")
    print(f"{count} {images} images, {_WORKERS} workers, {rounds} rounds")
    kept = [judged(lane, lanes[0]) for lane in lanes]
    return all(kept)


def packed(folder: Path, container: Container) -> Path:
    """DATA with the images of a folder."""
    parts = {part.name: sorted(part.iterdir()) for part in sorted((folder / "train").iterdir())}

    def fill(unfinished: Path) -> None:
        if container.is_whole:
            container.pack([path for paths in parts.values() for path in paths], unfinished / name)
        else:
            for part, paths in parts.items():
                container.pack(paths, unfinished / f"train-{part}{container.ending}")

    name = f"train{container.ending}"
    suffix = container.name.replace(", ", "-").replace(" ", "-")
    done = whole(folder.with_name(f"{folder.name}-{suffix}"), fill)
    return done / name if container.is_whole else done


def take_turns(lanes: Sequence[Lane], rounds: int) -> None:
    """One run of each to fill the page cache and compare numbers; then the rounds.

    Raises
    ------
    Failed
        Other numbers than in the folder, which is the first.
    """
    for lane in lanes:
        to_terminal(f"{lane.name}: numbers")
        lane.run()
        if lane.numbers != lanes[0].numbers:
            raise Failed(f"{lane.name}: found {lane.numbers}, not {lanes[0].numbers}")
    for number in range(rounds):
        first = number % len(lanes)
        for lane in (*lanes[first:], *lanes[:first]):
            to_terminal(f"{lane.name}: round {number + 1} of {rounds}")
            lane.seconds.append(lane.run())


def judged(lane: Lane, folder: Lane) -> bool:
    """Print a line; True unless its ratio is above its limit."""
    ratios = [a / b for a, b in zip(lane.seconds, folder.seconds, strict=True)]
    middle = median(ratios)
    line = f"    {lane.name:<14} {median(lane.seconds):7.2f} s  × {middle:.2f}"
    if lane.limit is None:
        print(line)
        return True
    is_kept = middle <= lane.limit
    spread = f"({min(ratios):.2f} to {max(ratios):.2f})"
    print(f"{line} {spread}  {'within' if is_kept else 'ABOVE'} {lane.limit:g}")
    return is_kept


def _contents(paths: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    return ((path.name, path.read_bytes()) for path in paths)


def _tar(paths: Sequence[Path], target: Path) -> None:
    with tarfile.open(target, "w:gz" if target.name.endswith("gz") else "w") as tar:
        for name, data in _contents(paths):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


def _zip(paths: Sequence[Path], target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, data in _contents(paths):
            archive.writestr(name, data)


def _parquet(paths: Sequence[Path], target: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    rows = [{"image": {"bytes": data, "path": name}} for name, data in _contents(paths)]
    parquet.write_table(pa.Table.from_pylist(rows), target, row_group_size=_ROWS)


def _stack(paths: Sequence[Path], target: Path) -> None:
    np.save(target, np.stack([np.asarray(Image.open(path)) for path in paths]))


CONTAINERS = (
    Container("tar", ".tar", _tar, {_DIGITS: 1.0, _PHOTOS: 1.03}),
    Container("tar.gz", ".tar.gz", _tar, {_DIGITS: 1.25, _PHOTOS: 1.25}),
    Container("zip, stored", ".zip", _zip, {_DIGITS: 1.0, _PHOTOS: 1.03}),
    Container("parquet", ".parquet", _parquet, {_DIGITS: 1.0, _PHOTOS: 1.03}, "pyarrow"),
    Container("npy stack", ".npy", _stack, {_DIGITS: 0.3}, is_whole=True),
)

if __name__ == "__main__":
    sys.exit(main())
