"""A real disk that is full, read-only or gone: exit code 4, and whatever was there is intact."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import applied
import make
import mounted
import pytest
from command import here
from started import eventually, finish, patch, started

import normstat as library

OLD = b"the old file"
SLOW = """
import os, sys, time
if "-c" in sys.orig_argv:
    fstat = os.fstat
    os.fstat = lambda descriptor: time.sleep(0.05) or fstat(descriptor)
"""

# Workers read nothing before there is a file of this name.
GATE = """
import os, sys, time
if "-c" in sys.orig_argv:
    fstat = os.fstat
    def gated(descriptor):
        while not os.path.exists("gate"):
            time.sleep(0.01)
        return fstat(descriptor)
    os.fstat = gated
"""


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A disk of 256 kB with old results, beside a folder of images, which is the current one."""
    monkeypatch.chdir(tmp_path)
    for index in range(12):
        array = make.pixels(index, 50, 60)
        make.write(Path("data", "train", f"{index}.png"), make.encoded(array))
    library.save(library.compute("data", workers=0), "stats.json")
    with mounted.disk(tmp_path / "disk", 256) as place:
        (place / "out.json").write_bytes(OLD)
        yield place


def fill(disk: Path, but: int = 0) -> None:
    """Take all that is free, but some bytes."""
    with (disk / "ballast").open("wb", buffering=0) as file:
        while file.write(bytes(4096)) == 4096 and shutil.disk_usage(disk).free > but:
            pass


WRITERS = {
    "stats": ["compute", "data", "-o", "disk/out.json"],
    "report": ["check", "data", "--stats", "stats.json", "--report", "disk/out.json"],
}


@pytest.mark.fault(46)
@pytest.mark.parametrize("command", WRITERS.values(), ids=WRITERS)
def test_a_full_disk_is_named(disk: Path, command: list[str]) -> None:
    """Where it is mounted and what is free; the old file is there, and nothing else is."""
    fill(disk)
    run = here(*command)
    assert run.returncode == 4, run.stderr
    assert f"the disk mounted at {disk} has 0 bytes free" in run.stderr
    assert (disk / "out.json").read_bytes() == OLD
    assert sorted(os.listdir(disk)) == ["ballast", "out.json"]


def test_a_disk_that_holds_no_file_more(disk: Path) -> None:
    """There is room, but not for another name: the message does not speak of bytes."""
    mounted.remounted(disk, "nr_inodes=2")
    run = here(*WRITERS["stats"])
    assert run.returncode == 4
    assert f"the disk mounted at {disk} cannot hold one file more" in run.stderr
    assert (disk / "out.json").read_bytes() == OLD


@pytest.mark.fault(47)
@pytest.mark.parametrize("command", WRITERS.values(), ids=WRITERS)
def test_a_read_only_disk_is_found_before_the_work(disk: Path, command: list[str]) -> None:
    """Nothing is read in vain."""
    mounted.remounted(disk, "ro")
    run = here(*command)
    assert run.returncode == 4
    assert "Read-only file system" in run.stderr
    assert f"the disk mounted at {disk} may only be read; write elsewhere" in run.stderr
    assert ("-o ELSEWHERE, or -o - for stdout" in run.stderr) == (command[0] == "compute")
    assert "bytes free" not in run.stderr
    assert "images (" not in run.stderr
    assert (disk / "out.json").read_bytes() == OLD


@pytest.mark.parametrize("store", ["npy", "stack"])
def test_a_disk_that_cannot_hold_the_arrays(disk: Path, store: str) -> None:
    """Found before anything is written."""
    run = here("apply", "data", "disk/arrays", "--method", "unit", "--store", store)
    assert run.returncode == 4
    assert "free" in run.stderr
    assert os.listdir(disk) == ["out.json"]


@pytest.mark.matrix
@pytest.mark.parametrize("store", ["npy", "stack"])
def test_a_disk_that_somebody_else_fills_meanwhile(disk: Path, tmp_path: Path, store: str) -> None:
    """Exit code 4; arrays that are there are whole, and with room again the run is continued."""
    mounted.remounted(disk, "size=1m")
    command = ["apply", "data", "disk/arrays", "--method", "unit", "--store", store]
    with started(*command, "-j", "1", env=patch(tmp_path / "slow", SLOW)) as process:
        assert eventually(lambda: (disk / "arrays/index.jsonl").exists())
        fill(disk)
        stderr = finish(process, 20)
    library.apply("data", "whole", "unit", store=store, workers=0)
    if process.returncode != 0:  # room for a stack is taken at the start
        assert process.returncode == 4, stderr
        assert "mounted at" in stderr
        (disk / "ballast").unlink()
        whole = applied.arrays(Path("whole"))
        for name, array in applied.arrays(disk / "arrays").items():
            assert (array == whole[name]).all()
        assert not list(disk.glob("arrays/.normstat*"))
        assert here(*command, "--skip-existing").returncode == 0
    assert applied.tree(disk / "arrays") == applied.tree(Path("whole"))


def test_a_mount_that_vanishes(disk: Path, tmp_path: Path) -> None:
    """The folder is empty, or not there, when the result is to be written: no wrong success."""
    before = disk.stat().st_mtime_ns
    with started(*WRITERS["stats"], "-j", "1", env=patch(tmp_path / "patch", GATE)) as process:
        # The disk is tried before the work.
        assert eventually(lambda: disk.stat().st_mtime_ns != before)
        mounted.unmounted(disk)
        disk.rmdir()
        Path("gate").touch()
        stderr = finish(process, 20)
    assert process.returncode == 4, stderr
    assert "disk/out.json: cannot be written" in stderr
