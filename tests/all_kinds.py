"""One set of images as every kind of DATA.

::

    python tests/all_kinds.py SET FOLDER

Packs a set, counts each kind without workers, with one and with two, killed and gone
on with, and prints what differs. SET is ``photos`` (3,000, shifted from those in FOLDER, as PNG),
``tiny`` (60,000, shifted from Fashion-MNIST in FOLDER) or ``few``.
"""

import csv
import gzip
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import h5py
import lmdb
import make
import numpy as np
import pyarrow as pa
from command import environment
from numpy.typing import NDArray
from PIL import Image
from pyarrow import parquet

#: What images of any kind have in common, in a split of a stats file.
SAME = (
    *("listed", "images", "unreadable", "pixels", "channels", "dtype", "scale", "mean", "std"),
    *("stderr", "per_image", "min", "max", "quantiles", "covariance", "width", "height"),
)
#: Split → arrays of one shape.
Arrays = Mapping[str, NDArray[Any]]
#: Name, with a folder for the split → PNG file.
Files = Mapping[str, bytes]
# Rows and columns of a photo.
_CROP = 240, 320
_AXES_OF_GRAY = 3


def few() -> Arrays:
    """Some gray images in two splits."""
    return {
        split: np.stack([make.pixels(first + n, 9, 7, 1) for n in range(number)])
        for split, first, number in (("train", 0, 17), ("test", 50, 6))
    }


def files_of(arrays: Arrays) -> dict[str, bytes]:
    """The arrays as PNG files, in order."""
    return {
        f"{split}/{number:06}.png": make.encoded(array)
        for split, images in sorted(arrays.items())
        for number, array in enumerate(images)
    }


def main(which: str, folder: Path) -> int:
    """Pack, count, compare and print."""
    arrays = {"photos": _photos, "tiny": _tiny, "few": lambda _: few()}[which](folder)
    files = files_of(arrays)
    wrong = 0
    with tempfile.TemporaryDirectory(prefix=which) as work:
        first: object = None
        for kind in KINDS:
            if kind in GRAY and arrays["train"].ndim > _AXES_OF_GRAY:
                continue
            place = Path(work) / kind
            place.mkdir()
            data = [str(path) for path in pack(kind, place, files, arrays)]
            started = time.monotonic()
            runs = {jobs: _computed(data, "-j", jobs) for jobs in ("2", "0", "1")}
            second = time.monotonic() - started
            runs["killed and gone on with"] = _interrupted(data, place, second / 6)
            found = common(runs["2"])
            first = first or found
            differ = [name for name, text in runs.items() if text != runs["2"]]
            same = found == first
            wrong += bool(differ) + (not same)
            print(f"{kind:12} {'as the folder' if same else 'ANOTHER'}; differ: {differ or 'none'}")
            sys.stdout.flush()
    return int(wrong > 0)


def common(text: str) -> dict[str, Any]:
    """All that a stats file says which does not depend on names and formats."""
    splits = json.loads(text)["splits"]
    return {
        name: {
            **{key: split[key] for key in SAME},
            "content": split["fingerprint"]["content"],
            "state": [[kind["values"], kind["per_image"]] for kind in split["state"]["kinds"]],
        }
        for name, split in splits.items()
    }


def pack(kind: str, place: Path, files: Files, arrays: Arrays) -> list[Path]:
    """Make DATA of a kind in an empty folder."""
    return KINDS[kind](place, files, arrays)


def _folder(place: Path, files: Files, _: Arrays) -> list[Path]:
    for name, data in files.items():
        make.write(place / name, data)
    return [place]


def _several(place: Path, files: Files, arrays: Arrays) -> list[Path]:
    _folder(place, files, arrays)
    return [place / split for split in sorted(arrays, reverse=True)]


def _tars(ending: str, mode: str) -> "Callable[[Path, Files, Arrays], list[Path]]":
    def pack(place: Path, files: Files, _: Arrays) -> list[Path]:
        path = place / f"all{ending}"
        with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]  # any mode
            for name, data in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
        return [path]

    return pack


def _shards(place: Path, files: Files, arrays: Arrays) -> list[Path]:
    for split in arrays:
        own = {name: data for name, data in files.items() if name.startswith(f"{split}/")}
        (packed,) = _tars(".tar", "w")(place, own, arrays)
        packed.rename(place / f"{split}-000.tar")
    return [place]


def _zips(method: int) -> "Callable[[Path, Files, Arrays], list[Path]]":
    def pack(place: Path, files: Files, _: Arrays) -> list[Path]:
        with zipfile.ZipFile(place / "all.zip", "w", method) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return [place / "all.zip"]

    return pack


def _parquet(place: Path, files: Files, arrays: Arrays) -> list[Path]:
    for split in arrays:
        own = [(name, data) for name, data in files.items() if name.startswith(f"{split}/")]
        rows = [{"image": {"bytes": data, "path": name}} for name, data in own]
        path = place / f"{split}-00000-of-00001.parquet"
        parquet.write_table(pa.Table.from_pylist(rows), path, row_group_size=100)
    return [place]


def _table(place: Path, files: Files, arrays: Arrays) -> list[Path]:
    _folder(place / "images", files, arrays)
    with (place / "all.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "split"])
        writer.writerows((f"images/{name}", name.split("/")[0]) for name in reversed([*files]))
    return [place / "all.csv"]


def _list(place: Path, files: Files, arrays: Arrays) -> list[Path]:
    _folder(place, files, arrays)
    return [make.write(place / "all.txt", "\n".join(files).encode())]


def _stack(place: Path, _: Files, arrays: Arrays) -> list[Path]:
    for split, images in arrays.items():
        np.save(place / f"{split}.npy", images)
    return [place / "*.npy"]


def _npz(place: Path, _: Files, arrays: Arrays) -> list[Path]:
    np.savez(place / "all.npz", **{f"x_{split}": images for split, images in arrays.items()})
    return [place / "all.npz"]


def _idx(place: Path, _: Files, arrays: Arrays) -> list[Path]:
    for split, images in arrays.items():
        name = "t10k" if split == "test" else split
        header = bytes([0, 0, 8, images.ndim]) + np.array(images.shape, ">u4").tobytes()
        path = place / f"{name}-images-idx{images.ndim}-ubyte.gz"
        path.write_bytes(gzip.compress(header + images.tobytes(), 1))
    return [place]


def _hdf5(place: Path, _: Files, arrays: Arrays) -> list[Path]:
    with h5py.File(place / "all.h5", "w") as file:
        for split, images in arrays.items():
            file[f"{split}/images"] = images
    return [place / "all.h5"]


def _lmdb(place: Path, files: Files, _: Arrays) -> list[Path]:
    path = str(place / "all.lmdb")
    with lmdb.open(path, map_size=1 << 32) as database, database.begin(write=True) as entries:
        for name, data in files.items():
            entries.put(name.encode(), data)
    return [place / "all.lmdb"]


#: Kind → packs a set into an empty folder.
KINDS: dict[str, Callable[[Path, Files, Arrays], list[Path]]] = {
    "folder": _folder,
    "several": _several,
    "tar": _tars(".tar", "w"),
    "tar.gz": _tars(".tar.gz", "w:gz"),
    "shards": _shards,
    "zip": _zips(zipfile.ZIP_STORED),
    "deflated": _zips(zipfile.ZIP_DEFLATED),
    "parquet": _parquet,
    "csv": _table,
    "list": _list,
    "stack": _stack,
    "npz": _npz,
    "idx": _idx,
    "hdf5": _hdf5,
    "lmdb": _lmdb,
}
#: Kinds of gray images only.
GRAY = ("idx",)


def _photos(folder: Path) -> Arrays:
    rows, columns = _CROP
    paths = [path for path in sorted(folder.rglob("*.*")) if path.suffix.lower() == ".jpg"]

    def shifted() -> Iterator[NDArray[Any]]:
        for number, path in enumerate(cycle(paths)):
            with Image.open(path) as image:
                if image.mode == "RGB" and image.height >= rows and image.width >= columns:
                    array = np.asarray(image)[:rows, :columns]
                    yield np.roll(array, number // len(paths) * 7, axis=1)

    images = np.stack(list(islice(shifted(), 3000)))
    return {"train": images[:2500], "test": images[2500:]}


def _tiny(folder: Path) -> Arrays:
    paths = sorted(folder.rglob("*.png"))
    images = np.stack([np.asarray(Image.open(path)) for path in paths])
    images = np.concatenate([np.roll(images, shift, axis=2) for shift in range(6)])[:60_000]
    return {"train": images[:50_000], "test": images[50_000:]}


def _command(data: list[str], *options: str) -> list[str]:
    return [sys.executable, "-m", "normstat", "compute", *data, "-q", "-o", "-", *options]


def _computed(data: list[str], *options: str) -> str:
    command = _command(data, *options)
    return subprocess.run(
        command, env=environment(), stdout=subprocess.PIPE, check=True, text=True
    ).stdout


def _interrupted(data: list[str], place: Path, seconds: float) -> str:
    """A run with a cache, killed with all its workers, and another one."""
    cache = str(place.with_suffix(".cache"))
    command = _command(data, "-j", "2", "--cache", cache)
    with subprocess.Popen(
        command, env=environment(), stdout=subprocess.DEVNULL, start_new_session=True
    ) as run:
        time.sleep(seconds)
        os.killpg(run.pid, signal.SIGKILL)
    return _computed(data, "-j", "2", "--cache", cache)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
