"""Folders that cannot be listed: they count as failures, and nothing is lost in silence."""

import errno
import os
from pathlib import Path

import pytest
from opened import opened
from test_sources import surveyed, tree

import normstat
from normstat.errors import NormstatError


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An empty folder whose own name says nothing."""
    return tree(tmp_path / "data")


FAILURES = {
    errno.EACCES: "permission_denied",
    errno.EIO: "io_error",
    errno.ENOENT: "vanished",
    errno.ENOTDIR: "io_error",
}


def fails_at(monkeypatch: pytest.MonkeyPatch, folder: Path, number: int) -> None:
    """From now on a folder cannot be listed."""
    scandir = os.scandir

    def failing(path):
        if os.path.realpath(path) == os.path.realpath(folder):
            raise OSError(number, os.strerror(number), path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", failing)


@pytest.mark.parametrize("whole", [False, True], ids=["part-of-a-split", "the-whole-split"])
@pytest.mark.parametrize(
    ("number", "code"), FAILURES.items(), ids=map(errno.errorcode.get, FAILURES)
)
def test_a_folder_that_cannot_be_listed_is_a_record(
    data: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str, whole: bool
) -> None:
    """It counts as listed, with a trailing slash, in its split, and the rest goes on."""
    folder = "val" if whole else "val/closed"
    tree(data, "train/a.png", "val/b.png", f"{folder}/c.png", "val/z.png")
    fails_at(monkeypatch, data / folder, number)
    source = opened(data)
    work = list(source.shards(source.selection()))
    records = [record for shard in work for record in shard.unreadable]
    assert [(r.split, r.path, r.code) for r in records] == [("val", f"{folder}/", code)]
    paths = [path for shard in work for path in shard.names]
    assert paths == (["train/a.png"] if whole else ["train/a.png", "val/b.png", "val/z.png"])


@pytest.mark.parametrize("closed", ["x", "train/x", "train"])
def test_the_survey_counts_what_the_shards_deliver(
    data: Path, monkeypatch: pytest.MonkeyPatch, closed: str
) -> None:
    """Images and folders that cannot be listed: progress ends at its total, not beyond it."""
    split = "all" if closed == "x" else "train"
    tree(data, "a.png" if closed == "x" else "train/a.png", f"{closed}/b.png")
    fails_at(monkeypatch, data / closed, errno.EACCES)
    source = opened(data)
    work = list(source.shards(source.selection()))
    assert surveyed(source).images[split] == sum(len(s) + len(s.unreadable) for s in work) > 0


def test_a_folder_beside_the_splits_is_not_lost_in_silence(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody knows what is in it (a split, perhaps): it is a record, or counted as skipped."""
    tree(data, "train/a.png", "more/val/b.png")
    fails_at(monkeypatch, data / "more", errno.EACCES)
    source = opened(data)
    records = [r.path for shard in source.shards(source.selection()) for r in shard.unreadable]
    assert records == ["more/"] or surveyed(source).skipped[None]["beside_splits"].images == 1


def test_data_of_which_nothing_can_be_listed_says_why(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not "no images": permission is what is missing."""
    tree(data, "train/a.png")
    fails_at(monkeypatch, data / "train", errno.EACCES)
    with pytest.raises(NormstatError, match=r"permission_denied|cannot be listed"):
        normstat.compute(data, workers=0)


def test_a_folder_above_may_be_closed(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative name is read, whoever may not look at the folders that it is in."""
    tree(data, "train/a.png")
    stat = os.stat

    def failing(path, *args, **options):
        if path == os.path.realpath(data.parent):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return stat(path, *args, **options)

    monkeypatch.chdir(data)
    source = opened(".")
    monkeypatch.setattr(os, "stat", failing)
    assert [shard.names for shard in source.shards(source.selection())] == [("train/a.png",)]
