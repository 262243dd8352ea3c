"""A set that checks are tried on, what can happen to it, and what a verdict says of that."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import make
import numpy as np
from command import here, normstat
from PIL import Image, ImageEnhance, ImageOps

from normstat.stats import Stats
from normstat.verbs.check.recompute import recompute
from normstat.verbs.engine import Engine
from normstat.verbs.run import source_of

SPLITS = {"train": 18, "val": 12, "test": 12}
JPEG = {"quality": 95, "subsampling": 0, "comment": b"a comment"}
VAL = "val/101.png"
Change = Callable[[Path], object]


def picture(seed: int) -> Image.Image:
    """Whole waves from 0 to 255: channels differ, images hardly do, and no two are equal."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:40, 0:48]
    angle = 2 * np.pi * (x / 16 + random.integers(1, 3) * y / 40) + random.uniform(0, 6)
    top = np.array((255, 200, 140)) * random.uniform(0.99, 1)
    waves = 20 + (top - 20) * (0.5 + 0.55 * np.sin(angle))[:, :, None]
    waves[:, :, 0] -= 20
    return Image.fromarray(np.clip(waves + random.normal(0, 2, waves.shape), 0, 255).astype("u1"))


def write(folder: Path, first: int = 0) -> Path:
    """Splits of which every other image is a PNG, and the rest are JPEGs."""
    for split, (name, number) in enumerate(SPLITS.items()):
        for index in range(first + 100 * split, first + 100 * split + number):
            kind, options = ("PNG", {}) if index % 2 else ("JPEG", JPEG)
            ending = ".png" if index % 2 else ".jpg"
            content = make.encoded(picture(index), kind, **options)
            make.write(folder / name / f"{index}{ending}", content)
    return folder


def everywhere(change: Callable[[Image.Image], Image.Image]) -> Change:
    """A change of every image, which keeps its name and format."""

    def changed(data: Path) -> None:
        for path in sorted(data.glob("*/*.*")):
            with Image.open(path) as image:
                result = change(image.convert("RGB"))
            result.save(path, **({} if path.suffix == ".png" else JPEG))

    return changed


def curve(of: Callable[[float], float]) -> Change:
    table = [max(0, min(255, round(of(value)))) for value in range(256)]
    return everywhere(lambda image: image.point(table * 3))


def contrast(factor: float) -> Change:
    return everywhere(lambda image: ImageEnhance.Contrast(image).enhance(factor))


def reencoded(data: Path) -> None:
    for path in data.rglob("*.jpg"):
        with Image.open(path) as image:
            image.load()
        image.save(path, quality=75)


def rewritten(data: Path) -> None:
    """Copies in another order, with other times."""
    shutil.move(data, "old")
    for age, path in enumerate(sorted(Path("old").rglob("*.*"), reverse=True)):
        copy = make.write(data / path.relative_to("old"), path.read_bytes())
        os.utime(copy, (age, age))


def comment(data: Path) -> None:
    file = data / "val" / "100.jpg"
    content = file.read_bytes()
    assert content.count(b"a comment") == 1
    file.write_bytes(content.replace(b"a comment", b"A comment"))


def one_pixel(data: Path) -> None:
    with Image.open(data / VAL) as image:
        red, green, blue = image.getpixel((5, 7))  # type: ignore[misc]  # it is RGB
        image.putpixel((5, 7), (red ^ 1, green, blue))
        image.save(data / VAL)


def floats(data: Path) -> None:
    for path in data.glob("*/*.*"):
        with Image.open(path) as image:
            array = np.asarray(image)
        path.unlink()
        make.write(path.with_suffix(".npy"), make.npy((array / 255).astype("float32")))


def mirrored(data: Path) -> None:
    with Image.open(data / "train" / "1.png") as image:
        ImageOps.mirror(image).save(data / "val" / "new.png")


def leaked(data: Path) -> None:
    shutil.copy(data / "train" / "1.png", data / "val" / "new.png")


def replaced(data: Path) -> None:
    picture(999).save(data / VAL)


def added(data: Path) -> None:
    picture(999).save(data / "val" / "new.png")


def broken(content: bytes) -> Change:
    """Another stats file in place of the one there is."""
    return lambda folder: Path("stats.json").write_bytes(content)


def edited(change: Callable[[dict[str, Any]], object]) -> Change:
    """Other content of the stats file."""

    def write_back(folder: Path) -> None:
        stats = json.loads(Path("stats.json").read_text("utf-8"))
        change(stats)
        Path("stats.json").write_text(json.dumps(stats), "utf-8")

    return write_back


def read_again(data: Path, recorded: Stats) -> Stats:
    """Statistics of data that are read as the recorded ones were."""
    source = source_of(data, replace(recorded.settings, split_dirs={}), {})
    return recompute(source, recorded, (), Engine.of(0)).stats()


def check(*options: str | Path, data: str | Path = "data", **more: Any) -> Any:
    """The command in the current folder, against its ``stats.json``."""
    run = normstat if more else here
    return run("check", data, "--stats", "stats.json", "-j", "1", *options, **more)


def verdict(*options: str | Path, **more: Any) -> dict[str, Any]:
    """What ``--format json`` prints; it has the exit code of the process."""
    run = check("--format", "json", "-q", *options, **more)
    document: dict[str, Any] = json.loads(run.stdout)
    assert (run.returncode, run.stderr) == (document["exit_code"], "")
    assert document["verdict"] == ("fail" if run.returncode else "pass")
    return document


def findings(document: dict[str, Any]) -> dict[str, str]:
    """Rule → the worst that it found."""
    order = ("inconclusive", "warn", "fail")
    cases = [case for case in document["cases"] if case["level"] in order]
    cases.sort(key=lambda case: order.index(case["level"]))
    return {case["rule"]: case["level"] for case in cases}


def case_of(document: dict[str, Any], rule: str) -> dict[str, Any]:
    """The only finding of a rule."""
    (case,) = (c for c in document["cases"] if c["rule"] == rule and c["level"] != "pass")
    return dict(case)
