"""Writers put arrays on disk whole or not at all, each where the index says."""

import errno
import os
import pickle
import sys
import zipfile
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

import applied
import make
import numpy as np
import pytest
from command import here
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import normstat
from normstat.errors import OutputError, Stopped, UsageError
from normstat.executors import InProcess
from normstat.images import Shard
from normstat.writers import WRITERS, stack, writer_of
from normstat.writers.journal import array_inside
from normstat.writers.npy import Npy
from normstat.writers.outdir_checks import Disk, DiskUsage
from normstat.writers.stack import Stack
from normstat.writers.writer import HEADER_BYTES, UNFINISHED, Writer

SHAPE = (2, 3, 4)
#: Splits with a letter for each slot: ``a`` has an array, ``.`` has none.
PRESENT = ["aaa aa", ".aa a", "aa. ...", "a..a.a.. a.a", "... a"]


def array(number: int, dtype: str = "float32") -> NDArray[Any]:
    """An array of its own for each number."""
    return (np.arange(24).reshape(SHAPE) + 100 * number).astype(dtype)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder in which a run has begun."""
    (tmp_path / UNFINISHED).mkdir()
    return tmp_path


class Then(InProcess):
    """Runs in this process, and does something when the second pass begins or goes on.

    Parameters
    ----------
    act : called before the shard of this number in the second pass.
    """

    def __init__(self, act: Callable[[], None], before: int = 0) -> None:
        self._act, self._before, self._maps = act, before, 0

    def map(self, job: Any, shards: Iterable[Shard]) -> Generator[Any, None, None]:
        self._maps += 1
        second = self._maps == 2
        if second and not self._before:
            self._act()
        for number, shard in enumerate(shards):
            yield number, job(shard)
            if second and number + 1 == self._before:
                self._act()


# ------------------------------------------------------------------------------- every writer


def slots_of(present: str) -> dict[str, list[bool]]:
    """Split → true for each of its slots that has an array."""
    splits = zip(("train", "val"), present.split(), strict=False)
    return {split: [letter == "a" for letter in slots] for split, slots in splits}


class Contract:
    """Laws of every writer."""

    store: ClassVar[str]

    def writer(self, out: Path, resume: bool = False) -> Writer:
        """The writer, fitted to arrays of one shape."""
        kind = writer_of(self.store)(str(out), "float32", resume)
        return kind.fit({SHAPE: "0.png"}, ["train", "val"])

    def run(self, out: Path, present: str, resume: bool = False) -> list[str]:
        """Write an array in each slot that is present, the last first; the names of the files."""
        writer, splits = self.writer(out, resume), slots_of(present)
        files = []
        for split, slots in splits.items():
            writer.begin(split, len(slots))
        for split, slots in splits.items():
            for slot in reversed(range(len(slots))):
                if slots[slot]:
                    there = pickle.loads(pickle.dumps(writer))  # as a worker has it
                    there.write(split, f"{split}/{slot}.png", slot, array(slot))
                    files.append(writer.output(split, f"{split}/{slot}.png"))
        for split, slots in splits.items():
            gaps = [slot for slot, is_there in enumerate(slots) if not is_there]
            files += writer.finish(split, len(slots), gaps)
        return sorted(set(files))

    @pytest.mark.parametrize("present", PRESENT)
    @pytest.mark.parametrize("earlier", ["", "aaaa aaaa", "a.a .a"])
    def test_arrays_are_where_the_index_says(self, out: Path, earlier: str, present: str) -> None:
        """In the file, and in the row of their number, whatever is missing and was there before."""
        if earlier:
            self.run(out, earlier)
        files = self.run(out, present, resume=True)
        writer = self.writer(out)
        for split, slots in slots_of(present).items():
            for number, slot in enumerate(slot for slot, there in enumerate(slots) if there):
                found = np.load(out / writer.output(split, f"{split}/{slot}.png"))
                found = found if writer.file_per_image else found[number]
                assert found.tobytes() == array(slot).tobytes()
        assert not any((out / UNFINISHED).iterdir())
        assert set(files) <= applied.arrays(out).keys()

    @pytest.mark.parametrize("present", PRESENT)
    def test_disk_usage_is_that_of_the_files(self, out: Path, present: str) -> None:
        """How many, with how many bytes, in how many blocks: told before they are written."""
        disk, splits = Disk(10**9, 512), slots_of(present)
        each = disk.file(HEADER_BYTES + array(0).nbytes)
        arrays = {name: sum([each] * sum(slots), DiskUsage()) for name, slots in splits.items()}
        sizes = [(out / file).stat().st_size for file in self.run(out, present)]
        written = sum(map(disk.file, sizes), DiskUsage())
        assert self.writer(out).disk_usage(arrays, disk) == written
        assert len(applied.arrays(out)) == written.files

    def test_names(self, out: Path) -> None:
        """Each is one of an array in OUT, and another image's only where images are rows."""
        writer = self.writer(out)
        images = [("train", "a.png"), ("train", "b/a.png"), ("val", "c.0001.png")]
        outputs = [writer.output(*image) for image in images]
        assert [array_inside(output) for output in outputs] == outputs
        assert (len(set(outputs)) == 3) is writer.file_per_image

    def test_shapes_are_kept_or_refused(self, out: Path) -> None:
        """Before anything is written."""
        other = array(0)[:, :2].copy()
        kind = writer_of(self.store)(str(out), "float32")
        try:
            writer = kind.fit({SHAPE: "0.png", other.shape: "1.png"}, ["train"])
        except UsageError:
            assert applied.tree(out) == {UNFINISHED + "/": b""}
            return
        writer.begin("train", 2)
        writer.write("train", "0.png", 0, array(0))
        writer.write("train", "1.png", 1, other)
        writer.finish("train", 2, [])
        assert (np.load(out / writer.output("train", "1.png")) == other).all()

    @pytest.mark.skipif(sys.platform != "linux", reason="where files have a limit")
    @pytest.mark.parametrize("limit", [1, 150])
    def test_files_are_whole_or_not_there(self, out: Path, limit: int) -> None:
        """Also where the system refuses the last bytes of one; an earlier result stays."""
        import resource

        self.run(out, "aaa")
        before = applied.arrays(out)
        usual = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, usual[1]))
        try:
            with pytest.raises(OSError, match="too large"):
                self.run(out, "aaa")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, usual)
        after = applied.arrays(out)
        assert after.keys() == before.keys()
        assert all((after[name] == before[name]).all() for name in before)


class TestNpy(Contract):
    store = "npy"


class TestStack(Contract):
    store = "stack"


def test_every_writer_is_held_to_the_contract() -> None:
    """A row of the table without its line here has no laws."""
    assert {suite.store for suite in Contract.__subclasses__()} == set(WRITERS)


# -------------------------------------------------------------------------------- file by file


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("path", ["a.png", "a/b/c.d.jpg"])
def test_a_file_for_each(out: Path, path: str, dtype: str) -> None:
    """It is what ``numpy.save`` writes, folders are made, and the old file is replaced."""
    writer = Npy(str(out), "float32")
    for number in (1, 2):
        writer.write("train", path, 0, array(number, dtype))
        written = out / writer.output("train", path)
        assert written.read_bytes() == make.npy(array(number, dtype))
    assert not any((out / UNFINISHED).iterdir())


def test_threads_do_not_write_into_the_same_file(out: Path) -> None:
    """An executor of somebody else may have several in a process."""
    writer = Npy(str(out), "float32")
    big = np.zeros((3, 400, 400), "float32")
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: writer.write("s", f"{n}.png", 0, big + n), range(64)))
    for number in range(64):
        assert (np.load(out / f"{number}.npy") == number).all()


NOT_OURS: dict[str, bytes] = {
    "empty": b"",
    "cut": make.npy(array(1))[:-1],
    "cut-in-the-header": make.npy(array(1))[:100],
    "cut-in-the-magic": make.npy(array(1))[:3],
    "longer": make.npy(array(1)) + b"\0",
    "text": b"no array",
    "zip": b"PK\x03\x04" + bytes(60),
    "fortran": make.npy(np.asfortranarray(array(1))),
    "too-large": make.npy_of(b"{'descr': '<f4', 'fortran_order': False, 'shape': (1%030d,)}" % 0),
    "no-literal": make.npy_of(b"{'descr': \n"),
    "indented": make.npy_of(b"if x:\n    1\n  2\n"),
    "no-type": make.npy_of(b"{'descr': [()], 'fortran_order': False, 'shape': (1,)}"),
    "nested": make.npy_of(b"-" * 9000 + b"1\n"),
    "no-names": make.npy_of(b"{1: 2, 'descr': 3, (): 4}\n"),
    "pickle": make.npy(np.array([{}], dtype=object)),
}


@pytest.mark.parametrize("data", NOT_OURS.values(), ids=NOT_OURS)
def test_what_is_no_whole_array_is_written_again(out: Path, data: bytes) -> None:
    """After a crash of the machine a file may be anything."""
    make.write(out / "a.npy", data)
    assert Npy(str(out), "float32", resume=True).write("train", "a.png", 0, array(1))
    assert (out / "a.npy").read_bytes() == make.npy(array(1))


def test_what_is_whole_stays(out: Path) -> None:
    """But only where a run is to be continued."""
    first, again = Npy(str(out), "float32"), Npy(str(out), "float32", resume=True)
    first.write("train", "a.png", 0, array(1))
    file = (out / "a.npy").stat().st_ino
    assert not again.write("train", "a.png", 0, array(1))
    assert (out / "a.npy").stat().st_ino == file
    assert first.write("train", "a.png", 0, array(1))
    assert again.write("train", "a.png", 0, array(2))
    assert (np.load(out / "a.npy") == array(2)).all()


def test_zeros_have_a_sign(out: Path) -> None:
    """The bits of an array are compared, not its numbers."""
    for sign in (1, -1):
        zeros = np.zeros(SHAPE, "float32") * np.float32(sign)
        assert Npy(str(out), "float32", resume=True).write("train", "a.png", 0, zeros)
        assert (out / "a.npy").read_bytes() == make.npy(zeros)


def test_a_full_disk_leaves_nothing_of_a_file(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The half that was written goes, and what had the name before stays."""
    writer = Npy(str(out), "float32")
    writer.write("train", "a.png", 0, array(1))
    real = os.write

    def full(descriptor: int, data: Any) -> int:
        if len(data) > 50 and bytes(data[:1]) != b"\x93":
            return real(descriptor, data[:50])
        if len(data) <= 50:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        writer.write("train", "a.png", 0, array(2))
    monkeypatch.undo()
    assert applied.tree(out) == {UNFINISHED + "/": b"", "a.npy": make.npy(array(1))}


# -------------------------------------------------------------------------------------- stacks


@given(present=st.lists(st.booleans(), max_size=9), block=st.integers(1, 300))
def test_gaps_are_closed(
    tmp_path_factory: pytest.TempPathFactory, present: list[bool], block: int
) -> None:
    """Whatever rows are missing, and however they are moved, the others are there in order."""
    out = tmp_path_factory.mktemp("stack")
    (out / UNFINISHED).mkdir()
    writer = Stack(str(out), "float32", shape=SHAPE)
    writer.begin("val", len(present))
    kept = [number for number, there in enumerate(present) if there]
    for number in reversed(kept):
        writer.write("val", f"{number}.png", number, array(number))
    usual, stack._BLOCK = stack._BLOCK, block
    try:
        gaps = [number for number, there in enumerate(present) if not there]
        writer.finish("val", len(present), gaps)
    finally:
        stack._BLOCK = usual
    wanted = np.array([array(number) for number in kept], "float32").reshape(-1, *SHAPE)
    assert (out / "val.npy").read_bytes() == make.npy(wanted)
    assert os.listdir(out / UNFINISHED) == []


def test_an_array_of_another_shape_is_no_row(out: Path) -> None:
    """It would be written over the next one."""
    writer = Stack(str(out), "float32", shape=SHAPE)
    writer.begin("val", 2)
    for other in (np.zeros((2, 3, 5), "float32"), np.zeros(SHAPE, "float64")):
        with pytest.raises(Stopped, match="changed"):
            writer.write("val", "a.png", 0, other)


DAMAGED = {
    "none": set(),
    "first": {0},
    "last": {7},
    "middle": {3},
    "several-in-a-row": {2, 3, 4},
    "both-ends": {0, 1, 6, 7},
    "all-but-one": {0, 1, 2, 3, 4, 6, 7},
}


@pytest.mark.parametrize("damaged", DAMAGED.values(), ids=DAMAGED)
@pytest.mark.parametrize("layout", ["chw", "hwc"])
@pytest.mark.parametrize("headers", [True, False], ids=["header-whole", "header-damaged"])
def test_rows_are_images(tmp_path: Path, damaged: set[int], layout: str, headers: bool) -> None:
    """Rows follow each other without gaps in every split, and the index points to the right one."""
    data = tmp_path / "data"
    for split in ("train", "val"):
        for place in range(8):
            png = make.encoded(make.pixels(place, 9, 7))
            broken = place in damaged and split == "train"
            png = png[: -30 if headers else 20] if broken else png
            make.write(data / split / f"{place}.png", png)
    done = normstat.apply(
        data, tmp_path / "out", "symmetric", store="stack", layout=layout, workers=0
    )
    assert (done.images, len(done.unreadable)) == (16 - len(damaged), len(damaged))
    found = applied.arrays(tmp_path / "out")
    assert {name: len(rows) for name, rows in found.items()} == {
        "train.npy": 8 - len(damaged),
        "val.npy": 8,
    }
    normalizer = normstat.normalizer("symmetric")
    lines = applied.index(tmp_path / "out")
    for line in lines:
        wanted = normalizer(applied.seen(data / line["input"]))
        wanted = np.moveaxis(wanted, 2, 0) if layout == "chw" else wanted
        assert (found[line["output"]][line["row"]] == wanted).all()
    for name, rows in found.items():
        assert [x["row"] for x in lines if x["output"] == name] == list(range(len(rows)))


def test_a_split_without_a_whole_image(tmp_path: Path) -> None:
    """Its stack has no rows, and can be loaded."""
    data = applied.photos(tmp_path / "data", {"train": 1})
    make.write(data / "val" / "cut.png", make.encoded(make.pixels(1, 9, 13))[:-30])
    normstat.apply(data, tmp_path / "out", "unit", store="stack", workers=0)
    assert np.load(tmp_path / "out" / "val.npy", mmap_mode="r").shape == (0, 3, 9, 13)
    assert applied.record(tmp_path / "out")["splits"]["val"]["images"] == 0


# ----------------------------------------------------------------- while somebody else is at work


@pytest.mark.parametrize("store", ["npy", "stack"])
@pytest.mark.parametrize("name", ["000-new.png", "999.png", "removed"])
def test_files_come_and_go_between_the_looks(tmp_path: Path, store: str, name: str) -> None:
    """What was listed is measured and written: what has come is left out, what is gone recorded."""
    data = applied.photos(tmp_path / "data", {"train": 1})
    make.write(data / "train" / "002.png", make.encoded(make.pixels(7, 9, 13)))

    def change() -> None:
        if name == "removed":
            (data / "train" / "000.png").unlink()
        else:
            make.write(data / "train" / name, make.encoded(make.pixels(8, 9, 13)))

    done = normstat.apply(data, tmp_path / "out", "unit", store=store, engine=Then(change))
    gone = [("train/000.png", "vanished")] if name == "removed" else []
    assert [(record.path, record.code) for record in done.unreadable] == gone
    assert (done.listed, done.images) == (2, 2 - len(gone))


def test_an_image_changes_its_size_between_the_looks(tmp_path: Path) -> None:
    """No row is written over another."""
    data = applied.photos(tmp_path / "data", {"train": 1})

    def change() -> None:
        make.write(data / "train" / "000.png", make.encoded(make.pixels(8, 10, 13)))

    with pytest.raises(Stopped, match=r"^train/000\.png: .*changed"):
        normstat.apply(data, tmp_path / "out", "unit", store="stack", engine=Then(change))
    assert not applied.arrays(tmp_path / "out")


def test_what_a_killed_worker_has_left_is_swept(tmp_path: Path) -> None:
    """Its half of a file does not keep the run from ending well."""
    data = applied.photos(tmp_path / "data", {"train": 2})
    half = tmp_path / "out" / UNFINISHED / "12345"
    done = normstat.apply(
        data, tmp_path / "out", "unit", engine=Then(lambda: half.write_bytes(b"half") and None)
    )
    assert done.images == 2
    assert UNFINISHED + "/" not in applied.tree(tmp_path / "out")


# ----------------------------------------------------------------------------------- a full disk


@pytest.mark.parametrize("store", ["npy", "stack"])
def test_a_full_disk_ends_the_run(
    tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the folder's name and a cure, and without half a file."""
    data = applied.photos(tmp_path / "data", {"train": 1})

    def full(*_: Any) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write" if store == "npy" else "posix_fallocate", full)
    with pytest.raises(OutputError, match=r"out: cannot be written \(No space") as caught:
        normstat.apply(data, tmp_path / "out", "unit", store=store, workers=0)
    assert caught.value.exit_code == 4
    assert set(applied.tree(tmp_path / "out")) <= applied.UNFINISHED


LIMITED = """
import resource, sys, normstat
from normstat.errors import OutputError
data, out, store, limit, workers = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
try:
    normstat.apply(data, out, "unit", store=store, workers=int(workers))
except OutputError as error:
    sys.exit(f"{error.exit_code} {error}")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="where files have a limit")
@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(
    ("store", "images", "size"),
    [("npy", 3, 40), ("stack", 3, 40), ("npy", 90, 2)],
    ids=["array", "stack", "index"],
)
def test_a_file_may_not_grow(
    tmp_path: Path, store: str, images: int, size: int, workers: int
) -> None:
    """The system refuses the bytes of an array, of a stack, of the index."""
    import subprocess

    from command import environment

    for place in range(images):
        png = make.encoded(make.pixels(place, size, size))
        make.write(tmp_path / "data" / "train" / f"{place:03}.png", png)
    run = subprocess.run(
        [sys.executable, "-c", LIMITED, tmp_path / "data", tmp_path / "out", store, "12000",
         str(workers)],
        env=environment(), stderr=subprocess.PIPE, text=True, timeout=60,
    )  # fmt: skip
    assert (run.returncode, run.stderr[:2]) == (1, "4 "), run.stderr
    assert "cannot be written (File too large)" in run.stderr
    left = applied.tree(tmp_path / "out")
    assert not {"normstat.json", UNFINISHED + "/"} & set(left)
    for array in applied.arrays(tmp_path / "out").values():
        assert array.shape == (3, size, size)


def test_a_name_that_is_too_long_for_a_file_is_told(tmp_path: Path) -> None:
    """An archive may have one; the disk is none the fuller for it."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(f"{'n' * 300}.png", make.encoded(make.pixels(0, 9, 7)))
    run = here("apply", tmp_path / "a.zip", tmp_path / "out", "--method", "unit")
    assert run.returncode == 4
    assert "its name is too long: nnn" in run.stderr
    assert "--exclude GLOB leaves it out" in run.stderr
