"""The sets of images that are measured, and where they come from."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from photos import photos, whole
from PIL import Image
from results import Images
from targets import FEW, MANY, MOST

_PER_FOLDER = 500
_DIFFERENT = 64
_JPEG = (".jpg", ".jpeg")


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured.

    Attributes
    ----------
    quick : whether this is the short one, in which start-up weighs too much.
    rounds : how often each runner is timed.
    workers : numbers of processes.
    compute, apply : numbers of images, by set.
    growth : numbers of tiny files, by set.
    """

    quick: bool
    rounds: int
    workers: tuple[int, ...]
    compute: dict[str, int]
    apply: dict[str, int]
    growth: dict[str, int]


FULL = Plan(
    quick=False,
    rounds=5,
    workers=(1, 2),
    compute={"typical": 3000, "large": 100, "tiny": 20_000},
    apply={"typical": 1000, "large": 30, "tiny": 5000},
    growth={FEW: 2000, MANY: 20_000, MOST: 200_000},
)
QUICK = Plan(
    quick=True,
    rounds=3,
    workers=(2,),
    compute={"typical": 400, "large": 12, "tiny": 2000},
    apply={"typical": 100, "large": 6, "tiny": 500},
    growth={FEW: 2000, MANY: 20_000},
)


def generated(data: Path, name: str, count: int) -> Path:
    """Photos of one kind, or tiny files for growth."""
    folder = data / f"{name.replace(',', '').replace(' ', '-')}-{count}"
    if name in (FEW, MANY, MOST):
        return whole(folder, lambda unfinished: _copies(data, unfinished, count))
    return photos(folder, name, count)


def linked(data: Path, source: Path, most: int) -> Path:
    """Links to the JPEG files of somebody's folder, evenly chosen if they are too many; 0: all."""
    found = sorted(
        os.path.join(folder, name)
        for folder, _, names in os.walk(source.resolve(), followlinks=True)
        for name in names
        if name.lower().endswith(_JPEG) and not name.startswith(".")
    )
    if not found:
        raise SystemExit(f"{source}: no JPEG files there, which BENCH_DATA needs")
    chosen = found[:: max(1, -(-len(found) // most))] if most else found
    folder = data / f"linked-{most}"
    shutil.rmtree(folder, ignore_errors=True)  # it may be of another BENCH_DATA

    def link(unfinished: Path) -> None:
        for number, path in enumerate(chosen):
            os.symlink(path, _place(unfinished, number, ".jpg"))

    return whole(folder, link)


def counted(folder: Path, origin: str) -> Images:
    """How much there is to read, from the headers."""
    images = pixels = size = 0
    for path in folder.rglob("*.jpg"):
        with Image.open(path) as image:
            pixels += image.width * image.height
        images += 1
        size += path.stat().st_size
    return Images(images, pixels, size, origin)


def _copies(data: Path, folder: Path, count: int) -> None:
    """Many tiny files, of which only some differ: it is their number that matters."""
    tiny = sorted(photos(data / f"tiny-{_DIFFERENT}", "tiny", _DIFFERENT).rglob("*.jpg"))
    contents = [path.read_bytes() for path in tiny]
    for number in range(count):
        _place(folder, number, ".jpg").write_bytes(contents[number % len(contents)])


def _place(folder: Path, number: int, ending: str) -> Path:
    place = folder / "train" / f"{number // _PER_FOLDER:04}" / f"{number:06}{ending}"
    if number % _PER_FOLDER == 0:
        place.parent.mkdir(parents=True)
    return place
