"""Every kind of source keeps the laws of all sources."""

import os
import tarfile
from contextlib import AbstractContextManager, nullcontext
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import make
import numpy as np
import pytest
from numpy.typing import NDArray
from source_contract import SourceContract

from normstat.decode import decoder, measure
from normstat.errors import UnreadableImage, UsageError
from normstat.images import ROW_FIELDS, Payload, Reader, ReadOptions, Sample, Shard
from normstat.sources import SOURCES, LocalFiles, Source, SourceOptions, open_source
from normstat.sources.source import Selection
from normstat.verbs.compute.job import Count


class TestFolder(SourceContract):
    """A folder of files."""

    def put(self, root: Path, images: dict[str, bytes]) -> None:
        for path in root.rglob("*.pgm"):
            if path.relative_to(root).as_posix() not in images:
                path.unlink()
        for name, content in images.items():
            path = root / name
            if not path.exists() or path.read_bytes() != content:
                make.write(path, content)

    def opened(self, root: Path) -> Source:
        return open_source(root)

    @pytest.mark.parametrize("change", ["bytes", "time", "file", "status"])
    def test_every_change_shows_in_the_version(self, tmp_path: Path, change: str) -> None:
        """Also one that leaves size and time of the file as they were."""
        path = make.write(tmp_path / "a.pgm", b"1")
        before = self._settled(tmp_path)["a.pgm"]
        status = path.stat()
        if change == "bytes":
            path.write_bytes(b"2")
        elif change == "file":
            os.replace(make.write(tmp_path / "b", b"2"), path)
        if change == "status":
            path.chmod(0o600)
        else:
            os.utime(path, ns=(0, 0 if change == "time" else status.st_mtime_ns))
        assert before
        assert self._settled(tmp_path)["a.pgm"] not in (before, b"")


class TestTar(SourceContract):
    """The same files in a tar archive."""

    below = "data.tar/"
    name = "data.tar"
    gone = ("changed_while_read",)

    def put(self, root: Path, images: dict[str, bytes]) -> None:
        with tarfile.open(root, "w") as archive:
            for name, content in images.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, BytesIO(content))

    def opened(self, root: Path) -> Source:
        return open_source(root)


def test_data_is_opened_in_one_way(tmp_path: Path) -> None:
    """With the options of a run, which the source records; and what is no DATA is refused."""
    make.write(tmp_path / "x" / "a.png", b"")
    options = SourceOptions({"val": "x"}, ("*.png",), ("b",), "count")
    source = open_source(tmp_path, options)
    assert source.selection() == Selection(("val",))
    assert source.record() == {
        "split_dirs": {"val": "x"},
        "include": ("*.png",),
        "exclude": ("b",),
        "labels": "count",
        "source": {"kind": "folder"},
    }
    with pytest.raises(UsageError, match="cannot be read"):
        open_source(tmp_path / "nowhere")


def test_every_source_is_held_to_the_contract() -> None:
    """A row of the table without its line here has no laws."""
    assert {suite.__name__ for suite in SourceContract.__subclasses__()} == {
        f"Test{kind.capitalize()}" for kind in SOURCES
    }


class Arrays:
    """A container and its reader: arrays that are in memory."""

    def __init__(self, arrays: dict[str, NDArray[Any]]) -> None:
        self._arrays = arrays

    def open(self) -> AbstractContextManager[Reader]:
        return nullcontext(self)

    def path(self, sample: Sample) -> None:
        return None

    def head(self, sample: Sample) -> AbstractContextManager[BinaryIO]:
        file = BytesIO()
        np.save(file, self._arrays[sample.name])
        file.seek(0)
        return file

    def read(self, sample: Sample) -> Payload:
        return self._arrays[sample.name]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", "complex64"])
def test_an_array_is_an_image_as_its_file_is(tmp_path: Path, dtype: str) -> None:
    """State and rows, or the record why not, are those of the .npy file with the same array."""
    arrays = {f"{n}.npy": make.pixels(n, 6, 5, channels=3).astype(dtype) for n in range(3)}
    arrays["3.npy"] = np.asfortranarray(arrays["2.npy"][::-1, ::2])
    for name, array in arrays.items():
        np.save(tmp_path / name, array)
    job = Count(ReadOptions(), True, ROW_FIELDS - {"bytes"})
    of_arrays, of_files = (
        job(Shard("train", container, tuple(arrays)))
        for container in (Arrays(arrays), LocalFiles(str(tmp_path)))
    )
    assert of_arrays == of_files
    with Arrays(arrays).open() as reader, decoder():
        for name in arrays:
            sample = Sample("train", name)
            if dtype == "complex64":
                with pytest.raises(UnreadableImage):
                    measure(sample, reader, ReadOptions())
            else:
                assert measure(sample, reader, ReadOptions()).width in (3, 5)
