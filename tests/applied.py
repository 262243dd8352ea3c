"""What ``apply`` has left in a folder, read without the package."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import make
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

#: Orientation in EXIF that stands a picture on its side.
SIDEWAYS = 6
#: What a run leaves beside whole arrays if it does not come to its end.
UNFINISHED = {"normstat.partial.json", "normstat.partial.jsonl", "index.jsonl"}


def record(out: Path) -> dict[str, Any]:
    """``normstat.json``, which has nothing that JSON does not have."""

    def refuse(name: str) -> None:
        raise ValueError(name)

    content: dict[str, Any] = json.loads(
        (out / "normstat.json").read_text("utf-8"), parse_constant=refuse
    )
    return content


def index(out: Path) -> list[dict[str, Any]]:
    """The lines of ``index.jsonl``."""
    return [json.loads(line) for line in (out / "index.jsonl").read_text("ascii").splitlines()]


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its bytes; folders, empty ones too, with none."""
    found = {}
    for place, folders, names in os.walk(folder):
        here = os.path.relpath(place, folder)
        for name in names:
            path = os.path.normpath(os.path.join(here, name))
            found[path] = Path(place, name).read_bytes()
        found |= {os.path.normpath(os.path.join(here, name)) + "/": b"" for name in folders}
    return found


def arrays(out: Path) -> dict[str, NDArray[Any]]:
    """Every array in a folder that has its final name."""
    return {
        str(path.relative_to(out)): np.load(path)
        for path in sorted(out.rglob("*.npy"))
        if ".normstat" not in path.parts
    }


def seen(path: Path, mode: str = "") -> NDArray[Any]:
    """An image as a viewer shows it, upright: shape (H, W, C)."""
    with Image.open(path) as image:
        upright = ImageOps.exif_transpose(image)
        array = np.array(upright.convert(mode) if mode else upright)
    return array if array.ndim == 3 else array[:, :, np.newaxis]


def photos(folder: Path, numbers: Mapping[str, int], **options: Any) -> Path:
    """A folder of PNG images of different sizes: split → how many."""
    for split, number in numbers.items():
        for place in range(number):
            seed = 100 * len(split) + place
            pixels = make.pixels(seed, 9 + place % 4, 13 + place % 3, **options)
            make.write(folder / split / f"{place:03}.png", make.encoded(pixels))
    return folder


def sideways(array: NDArray[Any]) -> bytes:
    """A JPEG that is to be turned before it is looked at."""
    exif = Image.Exif()
    exif[0x0112] = SIDEWAYS
    return make.encoded(array, "JPEG", quality=95, exif=exif)
