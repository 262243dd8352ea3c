"""Whatever fails, and whenever: the old result is there, or all of the new one."""

import contextlib
import itertools
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import applied
import inject
import make
import pytest
from command import here, in_process, normstat
from inject import SHORT, Fault

import normstat as library

ERRORS = {
    "open": ("EIO", "EINTR", "ENOSPC"),
    "read": ("EIO", "EINTR", SHORT),
    "write": ("EIO", "EINTR", "ENOSPC", SHORT),
    "fsync": ("EIO", "EINTR", "ENOSPC"),
    "rename": ("EIO", "EINTR", "ENOSPC"),
}
FAULTS = [
    Fault("", call, 1, kind, lasting)
    for call, kinds in ERRORS.items()
    for kind in kinds
    for lasting in (False, True)
    if not (lasting and kind == "EINTR")  # Python itself repeats the call for ever
]
faults = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
STORES = ("npy", "stack")
OLD = b"the old file"
_MOST = 200  # calls of a kind that one of these runs may make


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three small images, and what undisturbed runs make of them."""
    here = tmp_path_factory.mktemp("sound")
    for index in range(3):
        array = make.pixels(index, 6, 7)
        make.write(here / "data" / "train" / f"{index}.png", make.encoded(array))
    library.save(library.compute(here / "data", workers=0), here / "stats.json")
    for store in STORES:
        library.apply(here / "data", here / store, "unit", store=store, workers=0)
    return here


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the command line prints: files, as pytest's own streams cannot be replaced."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("normstat.files.reading._PAUSES", (0.0, 0.0))
    # What a disk keeps when the power fails no test can see; only that it was asked to counts.
    monkeypatch.setattr(os, "fsync", lambda _: None)
    place = tmp_path / "said"
    with place.open("w") as out:
        monkeypatch.setattr(sys, "stdout", out)
        monkeypatch.setattr(sys, "stderr", out)
        yield place
        sys.stderr.flush()


def faulty_runs(fault: Fault, root: Path, said: Path, *arguments: str) -> Iterator[tuple[int, Any]]:
    """The exit code for n = 1, 2, 3, …, and what was hit; the last run passed clean."""
    for number in itertools.count(1):
        assert number < _MOST
        now = Fault(str(root), fault.call, number, fault.kind, fault.lasting)
        with inject.injected(now) as injection:
            code = in_process(arguments)
        sys.stdout.flush()
        text = said.read_text(encoding="utf-8")
        assert "Traceback" not in text
        assert "internal error" not in text
        yield code, injection.hits
        if not injection.hits:
            assert code == 0
            assert number > 1
            return
        os.truncate(said, 0)


def due(fault: Fault, hits: list[str], data: str) -> set[int]:
    """Exit codes that such a run may end with."""
    if fault.kind == SHORT or not hits:
        return {0}
    if hits[0].startswith(data):  # reading: storage that stumbles is asked again
        if fault.lasting:  # the result cannot be opened either, then
            return {2, 3, 4}
        return {0} if fault.kind in ("EIO", "EINTR") else {0, 2, 3}
    # A folder that cannot be synced changes nothing, and Python's files repeat what is interrupted.
    passes = fault.call in ("open", "fsync") or fault.kind == "EINTR"
    return {0, 4} if passes else {4}


@faults
def test_compute(tmp_path: Path, sound: Path, said: Path, fault: Fault) -> None:
    """Exit code 4: the old file is intact; else the new one is whole, and says what it lacks."""
    shutil.copytree(sound / "data", "work/data")
    out = Path("work/out.json")
    new = (sound / "stats.json").read_bytes()
    out.write_bytes(OLD)
    arguments = ("compute", "work/data", "-o", str(out), "-q")
    for code, hits in faulty_runs(fault, tmp_path / "work", said, *arguments):
        assert code in due(fault, hits, "work/data"), hits
        if code == 0:
            assert out.read_bytes() == new
        elif code == 3:
            assert not library.load(out).complete
        else:
            assert out.read_bytes() == OLD
        assert sorted(os.listdir("work")) == ["data", "out.json"]
        out.write_bytes(OLD)


# Exit codes of check for faults at its stats file, which it reads twice: first as what is to be
# parsed; then, to see that it is still the same, as patiently as an image.
AT_STATS = {
    "open-EIO": [2, 0],
    "open-EIO-lasting": [2, 2],
    "open-EINTR": [2, 0],
    "open-ENOSPC": [2, 2],
    "open-ENOSPC-lasting": [2, 2],
    "read-EIO": [2, 2, 0],
    "read-EIO-lasting": [2, 2, 2],
    "read-EINTR": [0, 0, 0],
    "read-short": [0, 0, 0],
    "read-short-lasting": [0, 0, 0],
}


def due_of_check(fault: Fault, hits: list[str]) -> int:
    """The exit code of a check that meets a fault elsewhere than at its stats file."""
    if fault.kind == SHORT or not hits:
        return 0
    if not hits[0].startswith("work/data"):  # the report; files repeat what is interrupted
        return 0 if (fault.call, fault.kind) == ("write", "EINTR") else 4
    if fault.lasting:  # the report cannot be opened either, then
        return 4 if fault.call == "open" else 1
    return 0 if fault.kind in ("EIO", "EINTR") else 1


@faults
def test_check(tmp_path: Path, sound: Path, said: Path, fault: Fault) -> None:
    """The report is the old one or whole; it fails the data only for images it cannot read."""
    shutil.copytree(sound / "data", "work/data")
    shutil.copy(sound / "stats.json", "work/stats.json")
    out = Path("work/out.xml")
    out.write_bytes(OLD)
    arguments = ("check", "work/data", "--stats", "work/stats.json", "--report", str(out), "-q")
    passed, at_stats = b"", []
    for code, hits in faulty_runs(fault, tmp_path / "work", said, *arguments):
        if hits and hits[0].endswith("stats.json"):
            at_stats.append(code)
        else:
            assert code == due_of_check(fault, hits), hits
        report = out.read_bytes()
        if code in (2, 4):
            assert report == OLD
        elif code == 0:
            passed = passed or report
            assert report == passed != OLD
        else:
            (failure,) = ElementTree.fromstring(report).iter("failure")  # our own
            unread = {path.removeprefix("work/data/") for path in hits}
            assert f"{len(unread)} image" in failure.attrib["message"]
            assert all(f"{path}: io_error" in failure.attrib["message"] for path in unread)
        assert sorted(os.listdir("work")) == ["data", "out.xml", "stats.json"]
        out.write_bytes(OLD)
    assert at_stats == AT_STATS.get(fault.id, [])


@faults
@pytest.mark.parametrize("store", STORES)
def test_apply(tmp_path: Path, sound: Path, said: Path, fault: Fault, store: str) -> None:
    """Arrays are whole or not there, the record is there when all are, and it can be continued."""
    shutil.copytree(sound / "data", "work/data")
    out = Path("work/out")
    whole = applied.tree(sound / store)
    arguments = ("apply", "work/data", str(out), "--method", "unit", "--store", store, "-q")
    for code, hits in faulty_runs(fault, tmp_path / "work", said, *arguments):
        assert code in due(fault, hits, "work/data"), hits
        found = applied.tree(out)
        if fault.call == "open" and fault.lasting:  # a folder that cannot be opened stays
            found.pop(".normstat/", None)
        if code == 0:
            assert found == whole
        arrays = {name for name in found if name.endswith(".npy") and ".normstat" not in name}
        assert code == 3 or all(found[name] == whole[name] for name in arrays)
        if code in (2, 4):
            assert "normstat.json" not in found
            again = library.apply(
                "work/data", out, "unit", store=store, skip_existing=True, workers=0
            )
            assert again.images == 3
            assert applied.tree(out) == whole
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(out)


@pytest.mark.sampled
@pytest.mark.skipif(sys.platform == "win32", reason="os functions are others there")
@pytest.mark.parametrize("call", ["read", "write", "rename"])
def test_in_workers(tmp_path: Path, sound: Path, call: str) -> None:
    """The same through real processes: what fails in a worker is told by the parent."""
    for number in (1, 3):
        fault = Fault(str(tmp_path / "out"), call, number, "ENOSPC", lasting=True)
        if call == "read":
            fault = Fault(str(sound / "data"), call, number, "EIO", lasting=True)
        arguments = ("apply", sound / "data", tmp_path / "out", "--method", "unit", "-j", "1")
        run = normstat(*arguments, env=inject.environment(tmp_path / "patch", fault))
        assert run.returncode in ((2, 3) if call == "read" else (4,)), run.stderr
        assert "Traceback" not in run.stderr
        again = here(*arguments, "--overwrite")
        assert again.returncode == 0, again.stderr
        assert applied.tree(tmp_path / "out") == applied.tree(sound / "npy")
        shutil.rmtree(tmp_path / "out")
