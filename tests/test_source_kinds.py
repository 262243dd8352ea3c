"""Every kind of source keeps the laws of all sources."""

from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import make
import numpy as np
import pytest
from numpy.typing import NDArray
from source_contract import SourceContract

from normstat import compute
from normstat.accumulators.rows import Counts
from normstat.decode import decode_block, decoder, measure
from normstat.errors import UnreadableImage, UsageError
from normstat.images import ROW_FIELDS, LocalFiles, Payload, Reader, ReadOptions, Sample, Shard
from normstat.sources import SOURCES, SourceOptions, open_source
from normstat.sources.given import given_files
from normstat.sources.source import Selection
from normstat.sources.stacked_images import StackedImages
from normstat.statsfile import load, save
from normstat.verbs.compute.job import Count


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
    with pytest.raises(UsageError, match="there is no such file or folder"):
        open_source(tmp_path / "nowhere")


def test_hidden_files_do_not_say_what_a_folder_is(tmp_path: Path) -> None:
    """A folder of archives is one, whatever a system leaves in it."""
    np.savez(tmp_path / "a.npz", np.zeros((2, 5, 6), np.uint8))
    make.write(tmp_path / "._a.png", b"")
    make.write(tmp_path / ".thumbs" / "a.png", b"")
    assert open_source(tmp_path).record()["source"] == {"kind": "npz"}


def test_files_in_a_folder_are_found_once(tmp_path: Path) -> None:
    """A link to a folder above leads in a circle; hidden folders are passed over, as elsewhere."""
    for name in ("a.npz", "x/b.npz", ".hidden/c.npz"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        np.savez(tmp_path / name, np.zeros((2, 5, 6), np.uint8))
    (tmp_path / "x" / "above").symlink_to(tmp_path)
    (tmp_path / "x" / "again").symlink_to(tmp_path / "x")
    assert list(given_files(str(tmp_path), (".npz",)).files) == ["a.npz", "x/b.npz"]
    source = open_source(tmp_path)
    assert source.survey(source.selection()).images.total() == 2


def test_a_record_is_what_a_stats_file_gives_back(tmp_path: Path) -> None:
    """So statistics from memory and from a file add up."""
    np.savez(tmp_path / "a.npz", x=np.zeros((2, 5, 6), np.uint8), y=np.zeros((2, 5, 6), np.uint8))
    stats = compute(tmp_path / "a.npz", key="x", workers=0)
    assert stats.settings.source == {"kind": "npz", "key": ("x",)}
    save(stats, tmp_path / "stats.json")
    assert load(tmp_path / "stats.json").settings == stats.settings


@pytest.mark.parametrize("kind", SOURCES)
def test_every_source_is_held_to_the_contract(kind: str) -> None:
    """A row of the table without a class of its laws has none."""
    module = import_module(f"test_source_{kind}")
    assert any(
        issubclass(each, SourceContract) and each is not SourceContract
        for each in vars(module).values()
        if isinstance(each, type)
    )


class Arrays(Reader):
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


@pytest.mark.parametrize("dtype", ["uint8", "int8", "float32"])
@pytest.mark.parametrize(
    "shape", [(7, 5), (7, 5, 1), (7, 5, 2), (16, 9, 3), (3, 16, 9), (9, 7, 5), (70, 70)]
)
@pytest.mark.parametrize(
    "reading",
    [
        ReadOptions(),
        ReadOptions(channels="gray"),
        ReadOptions(crop=3),
        ReadOptions(layout="nchw"),
        ReadOptions(max_pixels=30),
        ReadOptions(max_value=100),
        ReadOptions(names=("VV",)),
    ],
    ids=str,
)
def test_images_decoded_at_once_count_as_one_by_one(
    tmp_path: Path, dtype: str, shape: tuple[int, ...], reading: ReadOptions
) -> None:
    """A block of a stack gives the state of its images, and the records of unreadable ones."""
    values = np.random.default_rng(0).integers(0, 256, (66, *shape))
    values[::3] = values[::3, ..., :1]  # channels that are equal in some
    file = tmp_path / "train.npy"
    np.save(file, values.astype(dtype))
    found = file.stat()
    start = found.st_size - values.astype(dtype).nbytes
    size = (found.st_size, found.st_mtime_ns, start, values[0].astype(dtype).nbytes)
    stack = StackedImages(str(file), *size, np.dtype(dtype).str, shape, images=len(values))
    names = tuple(f"{number:06}" for number in range(len(values)))
    shard = Shard("train", stack, names, tuple(range(len(values))))
    job = Count(reading)
    one_by_one = sum(map(job, shard.singles()), start=Counts())
    assert job(shard) == one_by_one
    with stack.open() as reader, decoder():
        block = reader.block(shard.places)
        at_once = block is not None and decode_block(block, reading) is not None
    is_usual = reading in (ReadOptions(), ReadOptions(max_value=100))
    if dtype == "uint8" and shape in ((7, 5), (7, 5, 1), (16, 9, 3)) and is_usual:
        assert at_once
