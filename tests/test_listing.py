"""Folders are listed once, however many ask, and what is remembered is what was there."""

import os
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import make
import mounted
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_sources import tree

import normstat
from normstat.sources import spool
from normstat.sources.listing import Listing


class Scans:
    """Counts how often each folder is listed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
        self.number: Counter[str] = Counter()
        self._root = os.path.realpath(root)
        self._scandir = os.scandir
        monkeypatch.setattr(os, "scandir", self._counting)

    def _counting(self, path: Any) -> Any:
        real = "" if isinstance(path, int) else os.path.realpath(path)
        if real == self._root or real.startswith(f"{self._root}/"):
            self.number[os.path.relpath(real, self._root)] += 1
        return self._scandir(path)

    def taken(self) -> dict[str, int]:
        """The numbers so far, which begin anew."""
        taken, self.number = dict(self.number), Counter()
        return taken


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two splits with classes, labels, an image twice, and a folder that cannot be listed."""
    data = tmp_path / "data"
    for name in ("train/a/1.png", "train/b/2.png", "val/a/3.png", "images/1.png", "masks/1.png"):
        make.write(data / name, make.encoded(make.pixels(len(name), 7, 9)))
    (data / "train/closed").mkdir()
    return data


@pytest.fixture
def once(data: Path) -> dict[str, int]:
    """Every folder, listed once."""
    folders = [path for path in data.rglob("*") if path.is_dir()]
    return {os.path.relpath(path, data): 1 for path in (data, *folders)}


@pytest.fixture
def scans(data: Path, once: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> Scans:
    """How often the folders of ``data`` are listed."""
    scans = Scans(monkeypatch, data)
    counting = os.scandir

    def scandir(path: Any) -> Any:
        entries = counting(path)
        if str(path).rstrip("/").endswith("closed"):
            entries.close()
            raise PermissionError(13, "Permission denied")
        return entries

    monkeypatch.setattr(os, "scandir", scandir)
    return scans


@pytest.mark.parametrize("cached", [False, True], ids=["", "cache"])
def test_compute_lists_each_folder_once(
    data: Path, scans: Scans, once: dict[str, int], tmp_path: Path, cached: bool
) -> None:
    """The splits, the survey and the work come from one listing; so does what names mean."""
    cache = tmp_path / "cache" if cached else None
    for _ in range(2):
        stats = normstat.compute(data, workers=0, cache=cache)
        assert [(record.path, record.code) for record in stats.unreadable] == [
            ("train/closed/", "permission_denied")
        ]
        assert scans.taken() == once


def test_a_part_lists_each_folder_once(
    data: Path, scans: Scans, once: dict[str, int], tmp_path: Path
) -> None:
    """As the whole does, whatever is done to the part."""
    part = normstat.compute(data, shard="1/2", workers=0)
    assert scans.taken() == once
    normstat.check(data, part, shard="1/2", workers=0)
    assert scans.taken() == once
    normstat.apply(data, tmp_path / "out", "unit", shard="2/2", workers=0)
    assert scans.taken() == once


@pytest.mark.parametrize("options", [{}, {"store": "stack"}, {"dry_run": True}], ids=str)
def test_apply_lists_each_folder_once(
    data: Path, scans: Scans, once: dict[str, int], tmp_path: Path, options: dict[str, Any]
) -> None:
    """What is measured before a run is what the run writes."""
    normstat.apply(data, tmp_path / "out", "unit", workers=0, **options)
    assert scans.taken() == once


@pytest.mark.parametrize("cached", [False, True], ids=["", "cache"])
def test_check_lists_each_folder_once(
    data: Path, scans: Scans, once: dict[str, int], tmp_path: Path, cached: bool
) -> None:
    """What was recorded, the count, and images that look alike come from one listing."""
    make.write(data / "val/a/4.png", (data / "train/a/1.png").read_bytes())
    recorded = normstat.compute(data, split_dir={"val": "val/a"}, workers=0)
    scans.taken()
    verdict = normstat.check(data, recorded, workers=0, cache=tmp_path / "c" if cached else None)
    assert [case.observed for case in verdict.findings if case.rule == "leakage"] == [1]
    assert scans.taken() == once


def test_many_threads_share_a_listing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes while a folder is being listed waits for that."""
    tree(tmp_path / "data", *(f"{folder}/{name}.png" for folder in "abc" for name in "xyz"))
    scans = Scans(monkeypatch, tmp_path / "data")
    listing = Listing(str(tmp_path / "data"))
    found: list[list[str]] = []

    def ask() -> None:
        found.extend(listing.entries(path).files for path in ("a/", "b/", "c/") * 20)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert scans.taken() == dict.fromkeys("abc", 1)
    assert found == [["x.png", "y.png", "z.png"]] * 480


def test_a_failure_is_remembered(tmp_path: Path) -> None:
    """A folder that was not there when it was asked for stays so: records agree with counts."""
    listing = Listing(str(tmp_path))
    for _ in range(2):
        with pytest.raises(FileNotFoundError, match="No such file"):
            listing.entries("gone/")
        (tmp_path / "gone").mkdir(exist_ok=True)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nearly no names are kept in memory."""
    monkeypatch.setattr(spool, "_IN_MEMORY", 40)


def test_many_names_go_to_the_disk(
    tmp_path: Path, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept there is what was listed."""
    paths = [f"{folder:02}/{name}.png" for folder in range(30) for name in range(3)]
    scans = Scans(monkeypatch, tree(tmp_path / "data", *paths))
    listing = Listing(str(tmp_path / "data"))
    for _ in range(3):
        folders = listing.entries("").folders
        assert [f"{f}/{name}" for f in folders for name in listing.entries(f"{f}/").files] == paths
    assert set(scans.taken().values()) == {1}


def test_no_room_for_names_is_no_failure(
    tmp_path: Path, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no temporary file can be written, folders are listed again."""

    def full(*_: Any, **__: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    paths = [f"{folder:02}/{name}.png" for folder in range(9) for name in range(3)]
    listing = Listing(str(tree(tmp_path / "data", *paths)))
    for _ in range(2):
        folders = listing.entries("").folders
        assert [f"{f}/{name}" for f in folders for name in listing.entries(f"{f}/").files] == paths


def test_a_full_disk_leaves_no_file_behind(tmp_path: Path, small: None) -> None:
    """A temporary file that has no room is closed, and no error comes at the end."""
    paths = [f"{folder:02}/{name:0200}.png" for folder in range(9) for name in range(99)]
    data = tree(tmp_path / "data", *paths)
    ends: list[Any] = []
    with mounted.disk(tmp_path / "disk", 16) as full, pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(full))
        patch.setattr(sys, "unraisablehook", ends.append)
        listing = Listing(str(data))
        for _ in range(2):
            folders = listing.entries("").folders
            assert [f"{f}/{n}" for f in folders for n in listing.entries(f"{f}/").files] == paths
        assert len(os.listdir("/proc/self/fd")) < 64
        assert not ends
        del listing
    assert not ends


_NAMES = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=9
).filter(lambda name: name not in (".", ".."))
_FOLDER, _LINK = os.fsdecode(b"\xff"), os.fsdecode(b"\xfe")


@pytest.mark.skipif(os.name == "nt", reason="names that Windows cannot have")
@given(folders=st.sets(_NAMES, max_size=4), files=st.sets(_NAMES, max_size=8))
def test_names_are_kept_as_they_are(folders: set[str], files: set[str]) -> None:
    """Whatever a name is made of, and in byte order; links know where they lead."""
    with tempfile.TemporaryDirectory() as root:
        for name in (*folders, _FOLDER):
            os.mkdir(f"{root}/{name}")
        for name in files - folders:
            os.close(os.open(f"{root}/{name}", os.O_CREAT))
        os.symlink(_FOLDER, f"{root}/{_LINK}")
        listing = Listing(root)
        for entries in (listing.entries(""), listing.entries("")):
            assert entries.folders == sorted((*folders, _FOLDER, _LINK), key=os.fsencode)
            assert entries.files == sorted(files - folders, key=os.fsencode)
            assert dict(entries.links) == {_LINK: listing.entries(f"{_FOLDER}/").identity}
