"""The same images in an archive and in a folder: the same numbers, records and arrays."""

import errno
import json
import random
from pathlib import Path
from typing import Any
from unittest.mock import patch as patched

import archived
import command
import make
import numpy as np
import pytest
from cached import Listener, read
from source_contract import image
from started import patch

import normstat
from normstat.errors import UnreadableImage
from normstat.files import reading
from normstat.sources import open_source, packed_tar
from normstat.statsfile import dumps

IMAGES = archived.images()
kinds = pytest.mark.parametrize("kind", archived.KINDS)
# A worker ends at each image of this size, or is killed once by it.
DEADLY = """
import os, signal, sys
if "-c" in sys.orig_argv:
    import normstat.decode.images as module
    import normstat.verbs.compute.count_shard as module_of_job
    decode = module_of_job.decode
    def deadly(sample, payload, options):
        if "deadly" in sample.name:
            os.abort()
        if "unlucky" in sample.name and not os.path.exists("unlucky"):
            open("unlucky", "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        return decode(sample, payload, options)
    module_of_job.decode = deadly
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


@pytest.mark.sampled
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


@pytest.mark.sampled
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


@pytest.mark.sampled
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


@pytest.mark.matrix
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


@pytest.mark.sampled
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


@pytest.mark.matrix
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


@pytest.mark.sampled
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


def test_a_packed_archive_is_unpacked_once(tmp_path: Path) -> None:
    """In one thread, however many shards it has and in whatever order its members are."""
    images = {
        f"{split}/{number:03}.pgm": image(number)
        for split in ("train", "val")
        for number in range(250)
    }
    mixed = list(images.items())
    random.Random(2).shuffle(mixed)
    source = open_source(archived.tar(tmp_path / "data.tar.gz", dict(mixed), "gz"))
    shards = list(source.shards(source.selection()))
    assert len(shards) > 3
    with patched.object(packed_tar, "Unpacking", wraps=packed_tar.Unpacking) as unpacking:
        for shard in shards:
            with shard.container.open() as reader:
                assert [reader.read(sample) for sample in shard] == [
                    images[name.partition("/")[2]] for name in shard.names
                ]
    assert unpacking.call_count == 2  # once for each split


def test_each_of_many_packed_archives_is_one_shard(tmp_path: Path) -> None:
    """So that one worker unpacks it; of few, and of archives that are not packed, it is cut."""
    images = {f"{number:03}.pgm": image(number % 256) for number in range(400)}
    for number in range(8):
        archived.tar(tmp_path / "many" / f"train-{number}.tgz", images, "gz")
        archived.tar(tmp_path / "plain" / f"train-{number}.tar", images)
    archived.tar(tmp_path / "few" / "train.tgz", images, "gz")
    cut = {
        name: [len(shard) for shard in source.shards(source.selection())]
        for name in ("many", "plain", "few")
        for source in [open_source(tmp_path / name)]
    }
    assert cut["many"] == [400] * 8
    assert len(cut["plain"]) > 8
    assert len(cut["few"]) > 1


@pytest.mark.sampled
@kinds
def test_storage_that_stumbles_once_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """An error that passes is tried again; one that lasts is a record of each image."""
    path = archived.KINDS[kind](tmp_path / f"data.{kind}", {"a.pgm": image(1), "b.pgm": image(2)})
    monkeypatch.setattr(reading, "_PAUSES", (0.0, 0.0))
    calls = []

    def stumbling(descriptor: int, offset: int, size: int) -> bytes:
        calls.append(offset)
        if len(calls) in fails:
            raise OSError(errno.EIO, "Input/output error")
        return read_some(descriptor, offset, size)

    read_some = reading._read_some
    monkeypatch.setattr(reading, "_read_some", stumbling)
    fails: range | set[int] = {1, 3}
    assert normstat.compute(path, workers=0).splits["all"].images == 2
    source = open_source(path)
    shards = list(source.shards(source.selection()))
    calls.clear()
    packed_tar._latest.opened = None  # which has both images in memory
    fails = range(1000)
    for shard in shards:
        with shard.container.open() as reader:
            for sample in shard:
                with pytest.raises(UnreadableImage, match="io_error"):
                    reader.read(sample)
