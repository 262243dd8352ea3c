"""Archives of images for tests, of each kind and packing."""

import tarfile
import time
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Literal

import make

from normstat.sources import open_source


def tar(
    path: Path, files: Mapping[str, bytes], packing: Literal["", "gz", "bz2", "xz"] = ""
) -> Path:
    """A tar archive."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, f"w:{packing}") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, BytesIO(content))
    return path


def zipped(path: Path, files: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    """A zip archive."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return path


def folder(path: Path, files: Mapping[str, bytes]) -> Path:
    """A folder."""
    for name, content in files.items():
        make.write(path / name, content)
    return path


def settle(path: Path) -> None:
    """Wait until any change of an archive would show; it is listed anew to see that."""
    while True:
        source = open_source(path)
        if all(all(shard.versions) for shard in source.shards(source.selection(), versions=True)):
            return
        time.sleep(0.01)


#: Extension of an archive, and how one is made.
KINDS: dict[str, Callable[[Path, Mapping[str, bytes]], Path]] = {
    "tar": tar,
    "tar.gz": partial(tar, packing="gz"),
    "tar.bz2": partial(tar, packing="bz2"),
    "txz": partial(tar, packing="xz"),
    "zip": zipped,
    "deflated.zip": partial(zipped, method=zipfile.ZIP_DEFLATED),
}


def images(number: int = 60) -> dict[str, bytes]:
    """Images of several formats in two splits, two of which cannot be read."""
    files = {}
    for index in range(number):
        split = "val" if index % 5 == 0 else "train"
        gray = index % 7 == 0
        array = make.pixels(index, 9 + index % 4, 13, channels=1 if gray else 3)
        png = index % 3
        name = f"{split}/{'cat' if index % 2 else 'dog'}/{index:03}.{'png' if png else 'jpg'}"
        files[name] = make.encoded(array, "PNG" if png else "JPEG")
    files["train/cat/cut.png"] = make.encoded(make.pixels(1, 20, 30))[:-40]
    files["val/empty.jpg"] = b""
    return files
