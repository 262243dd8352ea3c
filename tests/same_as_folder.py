"""The law of all kinds of DATA: the same images in a folder give the same numbers."""

import json
from pathlib import Path
from typing import Any

import make
import numpy as np
from command import here, normstat


def images() -> dict[str, bytes]:
    """Images of two splits by name, whole and broken ones."""
    found: dict[str, bytes] = {}
    for number in range(70):
        picture = make.pixels(number, 9 + number % 4, 14)
        split = "train" if number % 3 else "val"
        format = ("png", "jpeg", "bmp")[number % 3 if number % 2 else 0]
        found[f"{split}/{number % 2}/{number:03}.{format}"] = make.encoded(picture, format.upper())
    found["train/0/cut.png"] = found["train/1/001.jpeg"][:-50]
    found["train/0/empty.png"] = b""
    found["val/1/text.png"] = b"no image"
    found["val/1/gray.png"] = make.encoded(make.pixels(99, 8, 5, channels=1))
    found["val/1/twin.png"] = found["val/1/gray.png"]
    return dict(sorted(found.items()))


def folder(root: Path, images: dict[str, bytes]) -> Path:
    """The images in a folder."""
    for name, content in images.items():
        make.write(root / name, content)
    return root


def numbers(text: str, below: str = "") -> dict[str, Any]:
    """All that a stats file says besides names and the kind of DATA.

    Parameters
    ----------
    below : what stands before the names of images.
    """
    stats: dict[str, Any] = json.loads(text)
    stats["settings"].pop("source")
    for split in stats["splits"].values():
        kinds = split["state"]["kinds"]
        for fingerprint in (split["fingerprint"], *(kind["fingerprint"] for kind in kinds)):
            for name in ("paths", "files", "pixels"):
                fingerprint.pop(name)
        for kind in kinds:
            kind["first"] = len(kind["first"])
    for record in stats["unreadable"]:
        record["path"] = record["path"].removeprefix(below)
    return stats


def check_compute(data: Path, same: Path, *options: str, below: str = "") -> None:
    """Statistics, content, records and notes are those of the folder, for any workers."""
    expected = here("compute", same, "-o", "-")
    found = [normstat("compute", data, "-o", "-", "-j", jobs, *options) for jobs in ("0", "2")]
    assert [run.returncode for run in found] == [expected.returncode] * 2, found[0].stderr
    assert found[0].stdout == found[1].stdout
    assert numbers(found[0].stdout, below) == numbers(expected.stdout)


def check_interrupted(data: Path, cache: Path, *options: str) -> None:
    """A run that goes on with what a cache has gives the same bytes as one without."""
    whole = here("compute", data, "-o", "-", *options)
    some = here("compute", data, "-o", "-", "--split", "val", "--cache", cache, *options)
    again = here("compute", data, "-o", "-", "--cache", cache, *options)
    once_more = here("compute", data, "-o", "-", "--cache", cache, *options)
    assert some.returncode == whole.returncode
    assert again.stdout == whole.stdout == once_more.stdout


def check_verbs(data: Path, same: Path, place: Path, *options: str, below: str = "") -> None:
    """Arrays and the images made of them are those of the folder; a check passes."""
    outs = [place / "of-data", place / "of-folder"]
    stats = place / "stats.json"
    assert here("compute", data, "-o", stats, *options).returncode == 3
    for out, path, more in zip(outs, (data, same), (options, ()), strict=True):
        run = here("apply", path, out, "--stats", stats, *more)
        assert run.returncode == 3, run.stderr
    of_data, of_folder = (
        {path.relative_to(out).as_posix(): path for path in sorted(out.rglob("*.npy"))}
        for out in outs
    )
    assert {below + name for name in of_folder} == set(of_data)
    for name, path in of_folder.items():
        assert (np.load(path) == np.load(of_data[below + name])).all()
    back = here("invert", outs[0], place / "back")
    assert back.returncode == 0, back.stderr
    assert len(list((place / "back").rglob("*.png"))) == len(of_data)
    check = here("check", data, "--stats", stats)
    assert check.returncode == 0, check.stdout + check.stderr
