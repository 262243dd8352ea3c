"""The same images in an archive and in a folder: the same numbers, records and arrays."""

import json
import random
from pathlib import Path
from typing import Any

import archived
import command
import fault_cases
import make
import numpy as np
import pytest
from cached import Listener, read
from started import patch

import normstat
from normstat.statsfile import dumps

IMAGES = archived.images()
kinds = pytest.mark.parametrize("kind", archived.KINDS)
# A worker ends at each image of this size, or is killed once by it.
DEADLY = """
import os, signal, sys
if "-c" in sys.orig_argv:
    import normstat.decode.images as module
    import normstat.verbs.compute.job as job
    decode = job.decode
    def deadly(sample, payload, options):
        if "deadly" in sample.name:
            os.abort()
        if "unlucky" in sample.name and not os.path.exists("unlucky"):
            open("unlucky", "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return decode(sample, payload, options)
    job.decode = deadly
"""


def numbers(stats: normstat.Stats) -> dict[str, Any]:
    """All that a stats file says of images, but for their names."""
    content = json.loads(dumps(stats))
    splits = {}
    for name, split in content["splits"].items():
        split = {key: value for key, value in split.items() if key != "state"}
        split["fingerprint"] = split["fingerprint"]["content"]
        splits[name] = split
    records = [
        {**record, "path": record["path"].partition("/")[2]} for record in content["unreadable"]
    ]
    return {"splits": splits, "unreadable": records}


def folder_and_archive(root: Path, kind: str, files: dict[str, bytes]) -> tuple[Path, Path]:
    """The same files twice; the folder has the name of the archive inside of another one."""
    of_folder = archived.folder(root / "f" / f"data.{kind}", files).parent
    return of_folder, archived.KINDS[kind](root / f"data.{kind}", files)


@kinds
def test_an_archive_counts_as_a_folder(tmp_path: Path, kind: str) -> None:
    """For any number of workers, and in whatever order the archive has them."""
    of_folder, archive = folder_and_archive(tmp_path, kind, IMAGES)
    expected = normstat.compute(of_folder, workers=0, covariance=True)
    one = normstat.compute(archive, workers=0, covariance=True)
    assert numbers(one) == numbers(expected)
    assert [record.path for record in one.unreadable] == [
        record.path for record in expected.unreadable
    ]
    assert [split.fingerprint for split in one.splits.values()] == [
        split.fingerprint for split in expected.splits.values()
    ]
    assert dumps(normstat.compute(archive, workers=2, covariance=True)) == dumps(one)
    mixed = list(IMAGES.items())
    random.Random(1).shuffle(mixed)
    archived.KINDS[kind](archive, dict(mixed))
    assert dumps(normstat.compute(archive, workers=2, covariance=True)) == dumps(one)


@kinds
def test_many_archives_count_as_one_folder(tmp_path: Path, kind: str) -> None:
    """Splits are said by their names; a pattern and a folder of them are the same."""
    expected = normstat.compute(archived.folder(tmp_path / "f", IMAGES), workers=0)
    for number in range(10):
        for split in ("train", "val"):
            part = {
                name.partition("/")[2]: content
                for index, (name, content) in enumerate(IMAGES.items())
                if index % 10 == number and name.startswith(split)
            }
            archived.KINDS[kind](tmp_path / "many" / f"{split}-{number:03}.{kind}", part)
    stats = normstat.compute(tmp_path / "many", workers=2)
    assert stats.splits["train"].mean == expected.splits["train"].mean
    for name, split in stats.splits.items():
        assert split.fingerprint.content == expected.splits[name].fingerprint.content
    pattern = tmp_path / "many" / f"{{train,val}}-{{000..009}}.{kind}"
    assert dumps(normstat.compute(pattern, workers=0)) == dumps(stats)


@kinds
def test_a_run_goes_on_where_it_ended(tmp_path: Path, kind: str) -> None:
    """With a cache an archive that is the same is not read again, one that has changed is."""
    archive = archived.KINDS[kind](tmp_path / f"data.{kind}", IMAGES)
    archived.settle(archive)
    cache = tmp_path / "cache"
    assert len(read(archive, cache)) == len(IMAGES)
    again = read(archive, cache)
    assert set(again) <= {f"data.{kind}/val/empty.jpg", f"data.{kind}/train/cat/cut.png"}
    archived.KINDS[kind](archive, IMAGES | {"train/zz.png": make.encoded(make.pixels(9, 5, 6))})
    archived.settle(archive)
    assert len(read(archive, cache)) == len(IMAGES) + 1


@kinds
def test_arrays_are_named_after_members(tmp_path: Path, kind: str) -> None:
    """Below the name of the archive, the same as from a folder; and images come back from them."""
    of_folder, archive = folder_and_archive(tmp_path, kind, IMAGES)
    for name, data in (("of_folder", of_folder), ("of_archive", archive)):
        run = command.normstat(
            *("apply", data, tmp_path / name, "--method", "unit", "-j", "2"),
            *("--allow-unreadable", "9"),
        )
        assert run.returncode == 0, run.stderr
    arrays = sorted((tmp_path / "of_folder").rglob("*.npy"))
    assert len(arrays) == len(IMAGES) - 2
    assert (tmp_path / "of_archive" / f"data.{kind}" / "train/cat/001.npy").exists()
    for path in arrays:
        other = tmp_path / "of_archive" / path.relative_to(tmp_path / "of_folder")
        assert np.array_equal(np.load(path), np.load(other))


@kinds
def test_a_check_knows_repacked_images(tmp_path: Path, kind: str) -> None:
    """Statistics of a folder hold for an archive of it, and that is what is said."""
    sound = {name: data for name, data in IMAGES.items() if "cut" not in name and data}
    archived.folder(tmp_path / "f", sound)
    archive = archived.KINDS[kind](tmp_path / f"data.{kind}", sound)
    stats = tmp_path / "stats.json"
    assert command.here("compute", tmp_path / "f", "-o", stats).returncode == 0
    run = command.here("check", archive, "--stats", stats, "--mode", "compatible")
    assert run.returncode == 0, run.stdout
    same = command.here("check", archive, "--stats", stats, "--mode", "same")
    assert "repacked" in same.stdout + same.stderr


@pytest.mark.parametrize("kind", ["tar", "tar.gz", "zip"])
def test_an_image_that_kills_is_found_in_an_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """It alone is a record; a worker that is killed from outside costs another reading."""
    extra = {
        "train/dog/deadly.png": make.encoded(make.pixels(1, 5, 6)),
        "train/dog/unlucky.png": make.encoded(make.pixels(2, 5, 6)),
    }
    archived.KINDS[kind](tmp_path / f"data.{kind}", IMAGES | extra)
    monkeypatch.chdir(tmp_path)
    env = patch(tmp_path / "patch", DEADLY)
    run = command.normstat("compute", f"data.{kind}", "-o", "s.json", "-j", "2", env=env)
    assert run.returncode == 3, run.stderr
    stats = normstat.load("s.json")
    assert sum(split.images for split in stats.splits.values()) == len(IMAGES) - 1
    lost = {record.path: record.code for record in stats.unreadable}
    assert lost[f"data.{kind}/train/dog/deadly.png"] == "worker_crash"
    assert len(lost) == 3


@kinds
def test_a_folder_of_archives_is_recorded_without_a_path(tmp_path: Path, kind: str) -> None:
    """The stats file has the kind, and is the same wherever the archive lies."""
    texts = set()
    for place in ("a", "b/c"):
        archive = archived.KINDS[kind](tmp_path / place / f"data.{kind}", IMAGES)
        listener = Listener()
        stats = normstat.compute(archive, workers=0, progress=listener)
        texts.add(dumps(stats))
        assert any("train: 49 images" in notice for notice in listener.notices)
    assert len(texts) == 1
    assert str(tmp_path) not in texts.pop()
    assert stats.settings.source == {"kind": kind.split(".")[-1] if "zip" in kind else "tar"}


def test_a_killed_run_is_taken_up(tmp_path: Path) -> None:
    """What was finished of a packed archive is not read again, and the bytes are the same."""
    archive = archived.tar(tmp_path / "data.tar.gz", IMAGES, "gz")
    archived.settle(archive)
    full = dumps(normstat.compute(archive, workers=0))
    cache = tmp_path / "cache"

    class Stopped(Exception):
        pass

    def stop() -> None:
        raise Stopped

    with pytest.raises(Stopped):
        normstat.compute(archive, workers=0, cache=cache, progress=Listener(stop))
    assert dumps(normstat.compute(archive, workers=0, cache=cache)) == full


def test_what_is_asked_is_what_is_said() -> None:
    """The images of these tests are what they are thought to be."""
    assert len(IMAGES) == 62
    assert fault_cases.GOOD
