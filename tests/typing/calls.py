"""Calls of the public API as users write them, for type checkers: nothing here is run.

Each ``type: ignore`` is a mistake that a type checker has to find.
"""

from pathlib import Path
from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import normstat
from normstat import Level, Normalizer, SplitStats, Stats
from normstat.executors import InProcess, Local


class Bar:
    """A listener with no more than what has to be there."""

    def total(self, images: int) -> None: ...
    def advance(self, images: int) -> None: ...
    def notice(self, message: str) -> None: ...


class Warned(Bar):
    """A listener that tells warnings from notices."""

    def warning(self, message: str) -> None: ...


def export(stats: Stats) -> None:
    """Text for each target but the one that is a binary file."""
    assert_type(normstat.export(stats, "torchvision"), str)
    assert_type(normstat.export("preset:clip", "onnx"), bytes)


def compute(folder: Path) -> Stats:
    """Globs and splits one by one or several, folders as text or paths."""
    normstat.compute("photos")
    normstat.compute(folder, split="train", include="*.png", exclude=["masks", "a/*"])
    normstat.compute(folder, split=("train", "val"), split_dir={"train": "2023", "val": folder})
    normstat.compute(folder, engine=Local(2), progress=Bar(), cache=folder / "cache")
    normstat.compute(folder, engine=InProcess(), progress=Warned(), workers=None)
    normstat.compute(folder, resize=256, crop=224, max_value=4095, channel_names=["B02", "B03"])
    normstat.compute(files_from="train.txt", root=folder, ext=".jpg", duplicates="count")
    normstat.compute(3)  # type: ignore[arg-type]  # no path
    normstat.compute(folder, "train")  # type: ignore[call-arg]  # options have names
    normstat.compute(folder, splits="train")  # type: ignore[call-arg]  # another name
    normstat.compute(folder, split_dir="train=2023")  # type: ignore[arg-type]  # a flag's value
    normstat.compute(folder, resize="256")  # type: ignore[arg-type]  # text for a number
    normstat.compute(folder, progress=print)  # type: ignore[arg-type]  # no listener
    return assert_type(normstat.compute(folder), Stats)


def read(stats: Stats) -> None:
    """Fields of statistics; what may be undefined is None and has to be asked for."""
    train = assert_type(stats.splits["train"], SplitStats)
    assert_type(train.mean, tuple[float, ...] | None)
    assert_type(train.stderr.mean, tuple[float | None, ...] | None)
    assert_type(train.per_image.std, tuple[float, ...] | None)
    assert_type(train.covariance, tuple[tuple[float, ...], ...] | None)
    assert_type(train.images, int)
    assert_type([(record.path, record.code) for record in stats.unreadable], list[tuple[str, str]])
    assert_type(stats.settings.split, tuple[str, ...])
    train.mean[0]  # type: ignore[index]  # None where nothing was counted
    train.images = 3  # type: ignore[misc]  # frozen


def keep(stats: Stats, file: Path) -> None:
    """Files as text or paths."""
    normstat.save(stats, file)
    normstat.save(stats, "stats.json")
    assert_type(normstat.load(file), Stats)
    normstat.save("stats.json", stats)  # type: ignore[arg-type]  # in the other order


def apply(folder: Path, stats: Stats) -> None:
    """Statistics, a preset or a file as the source; a method without any."""
    done = assert_type(normstat.apply(folder, "arrays", stats, store="stack"), normstat.Applied)
    assert_type(done.range, tuple[float, float] | None)
    assert_type(done.unreadable[0].hint.upper(), str)
    normstat.apply(folder, folder / "out", "imagenet", resize=256, crop=224, progress=Bar())
    normstat.apply(folder, folder, method="unit", engine=Local(2), include=["*.png"])
    normstat.apply(folder, "out", folder / "stats.json", own_split=True)
    normstat.apply(folder)  # type: ignore[call-arg]  # nowhere to
    normstat.apply(folder, "out", stats.splits["train"])  # type: ignore[arg-type]  # one split
    assert_type(normstat.invert("out", folder).first, tuple[str, ...])


def check(now: Stats, recorded: Stats) -> int:
    """A verdict, and what it found."""
    verdict = normstat.check(now, recorded, mode="compatible", levels={"duplicate": "off"})
    assert_type(verdict, normstat.Verdict)
    assert_type([(case.rule, case.level) for case in verdict.findings], list[tuple[str, Level]])
    normstat.check(now)  # type: ignore[call-arg]  # against nothing
    return assert_type(verdict.exit_code, int)


def normalize(stats: Stats, image: NDArray[np.uint8]) -> None:
    """Arrays through a normalizer of statistics, a split, a preset, a method or a file."""
    assert_type(normstat.normalizer(stats, dtype="float16"), Normalizer)
    for source in (stats.splits["train"], "imagenet", "unit", Path("stats.json")):
        assert_type(normstat.normalizer(source)(image), NDArray[Any])
    normstat.normalizer(image)  # type: ignore[arg-type]  # the image is not the source
    normstat.normalizer(stats, "unit")  # type: ignore[call-arg]  # options have names


def catch() -> str:
    """Errors have an exit code and a message."""
    try:
        normstat.compute("photos")
    except normstat.NormstatError as error:
        assert_type(error.exit_code, int)
        return str(error)
    return ""


def arrays(images: NDArray[np.uint8], folder: Path) -> Stats:
    """Several folders; arrays, with names or splits; and an accumulator of them."""
    normstat.compute([folder, "scans"])
    normstat.compute([images, images], covariance=True)
    normstat.compute((f"{number}", image) for number, image in enumerate(images))
    normstat.compute({"train": images, "val": [(images[0], 3)]})
    normstat.compute(normstat)  # type: ignore[arg-type]  # a module
    accumulator = normstat.Accumulator(resize=256, crop=224)
    accumulator.add(images, "train", name="a")
    accumulator.add(images, 3)  # type: ignore[arg-type]  # no split
    normstat.Accumulator("gray")  # type: ignore[call-arg]  # options have names
    return assert_type((accumulator + accumulator).stats(), Stats)
