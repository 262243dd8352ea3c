"""LMDB databases keep the laws of all sources."""

import json
import os
import struct
from pathlib import Path

import lmdb
import make
import pytest
import same_as_folder
from command import here, normstat
from opened import opened
from source_contract import SourceContract, image

from normstat.errors import UnreadableImage
from normstat.images import Reason
from normstat.sources import Source, open_source


def database(path: Path, values: dict[bytes, bytes], folder: bool = False) -> Path:
    """An LMDB database: a file, or a folder with it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    environment = lmdb.open(str(path), map_size=1 << 28, subdir=folder, lock=False)
    with environment, environment.begin(write=True) as transaction:
        for key, value in values.items():
            transaction.put(key, value)
    return path


def by_name(images: dict[str, bytes]) -> dict[bytes, bytes]:
    """Images by keys that are their names."""
    return {name.encode(): content for name, content in images.items()}


def names(source: Source) -> list[str]:
    """Names of images, as the shards deliver them."""
    return [name for shard in source.shards(source.selection()) for name in shard.names]


class TestLmdb(SourceContract):
    """The same files as values, by their names."""

    below = "data.lmdb/"
    name = "data.lmdb"
    gone = ("changed_while_read",)

    def put(self, root: Path, images: dict[str, bytes]) -> None:
        database(root, by_name(images))

    def opened(self, root: Path) -> Source:
        return open_source(root)


@pytest.mark.matrix
def test_numbers_and_verbs_are_those_of_a_folder(tmp_path: Path) -> None:
    """And the records, for any workers; a database in a folder is one, too."""
    images = same_as_folder.images()
    del images["train/0/empty.png"]  # no value is empty
    same = same_as_folder.folder(tmp_path / "folder", images)
    data = database(tmp_path / "set.lmdb", by_name(images), folder=True)
    same_as_folder.check_compute(data, same, below="set.lmdb/")
    same_as_folder.check_verbs(data, same, tmp_path, below="set.lmdb/")
    same_as_folder.check_interrupted(data, tmp_path / "cache")


def test_the_name_of_a_database_says_its_split(tmp_path: Path) -> None:
    """As that of any container."""
    for split in ("train", "val"):
        database(tmp_path / "d" / f"{split}.lmdb", {b"\0\0\1": image(1)}, folder=True)
    run = here("compute", tmp_path / "d", "-o", "-")
    assert list(json.loads(run.stdout)["splits"]) == ["train", "val"]
    one = here("compute", tmp_path / "d" / "val.lmdb", "-o", "-")
    assert list(json.loads(one.stdout)["splits"]) == ["val"]


def test_a_pattern_of_folders_is_one_of_databases(tmp_path: Path) -> None:
    """As of files; the name of the folder is that of its database."""
    for split in ("train", "val"):
        database(tmp_path / f"{split}.lmdb", {b"a.pgm": image(1)}, folder=True)
    database(tmp_path / "test.lmdb", {b"a.pgm": image(2)})
    source = open_source(tmp_path / "*.lmdb")
    assert sorted(names(source)) == [f"{split}.lmdb/a.pgm" for split in ("test", "train", "val")]
    assert source.selection().splits == ("test", "train", "val")


def test_keys_that_are_no_images_are_ignored_and_counted(tmp_path: Path) -> None:
    """By how their values begin, if their names say nothing; globs choose in their place."""
    values = {
        b"__len__": b"3",
        b"__keys__": b"\x80\x04x",
        b"0001": image(1),
        b"cut.png": b"no image",
        b"../up": image(2),
        b"\xff\x00": make.encoded(make.pixels(1, 4, 5)),
        b"label-1": b"7",
    }
    data = database(tmp_path / "data.lmdb", values)
    source = opened(data)
    assert names(source) == [
        f"data.lmdb/{name}" for name in ("0001", "0x2e2e2f7570", "0xff00", "cut.png")
    ]
    survey = source.survey(source.selection())
    ignored = survey.all_skipped(Reason.NO_IMAGE)
    assert (ignored.images, ignored.first) == (3, "data.lmdb/__keys__")
    chosen = opened(data, key=("00*", "label*"))
    assert names(chosen) == ["data.lmdb/0001", "data.lmdb/label-1"]
    assert chosen.record()["source"] == {"kind": "lmdb", "key": ("00*", "label*")}


BROKEN = {
    "empty": "empty",
    "text": "not_an_image",
    "short": "not_an_image",
    "half": "truncated",
    "last": "truncated",
    "header": "corrupt",
}


@pytest.mark.parametrize(("kind", "code"), BROKEN.items(), ids=BROKEN)
def test_a_broken_database_is_one_record(tmp_path: Path, kind: str, code: str) -> None:
    """Nothing is read where the file has ended, which would end the process."""
    values = {b"%04d" % number: image(number % 250) * 50 for number in range(500)}
    whole = database(tmp_path / "d" / "val.lmdb", values).read_bytes()
    broken = {
        "empty": b"",
        "text": b"some text that is long enough\n",
        "short": whole[:10],
        "half": whole[: len(whole) // 2],
        "last": whole[:-1],
        "header": whole[:100],
    }
    make.write(tmp_path / "d" / "train.lmdb", broken[kind])
    run = here("compute", tmp_path / "d", "-o", "-")
    assert run.returncode == 3, run.stderr
    stats = json.loads(run.stdout)
    assert [(each["path"], each["code"]) for each in stats["unreadable"]] == [("train.lmdb/", code)]
    assert stats["splits"]["val"]["images"] == 500
    assert str(tmp_path) not in run.stdout


def test_a_database_that_is_gone_is_a_record(tmp_path: Path) -> None:
    """Between listing and reading."""
    data = database(tmp_path / "data.lmdb", {b"1": image(1)})
    source = opened(data)
    (shard,) = source.shards(source.selection())
    os.unlink(data)
    with shard.container.open() as reader, pytest.raises(UnreadableImage) as caught:
        reader.read(next(iter(shard)))
    assert caught.value.code == "vanished"


def test_two_readers_share_a_database(tmp_path: Path) -> None:
    """A process may have it open only once."""
    source = opened(database(tmp_path / "data.lmdb", {b"1": image(1), b"2": image(2)}))
    (shard,) = source.shards(source.selection())
    with shard.container.open() as one, shard.container.open() as other:
        assert [one.read(sample) for sample in shard] == [other.read(sample) for sample in shard]


_PAGE = 4096
#: Damage of a leaf → rows of the images; is it in the first node, and where; and the bytes.
DAMAGED_PAGES = {
    "kind": (1, False, 10, b"\1"),
    "other kind": (1, False, 10, b"\4"),
    "place of a node": (1, False, 16, b"\xfe\xff"),
    "size of a key": (1, True, 6, b"\xff\xff"),
    "size of a value": (1, True, 0, b"\xff\xff\xff\x7f"),
    "size of a large value": (99, True, 0, b"\xff\xff\xff\x7f"),
    "page of a large value": (99, True, 8 + len("1.pgm"), b"\xff" * 7),
}


@pytest.mark.parametrize("damage", DAMAGED_PAGES)
def test_a_damaged_page_is_a_record(tmp_path: Path, damage: str) -> None:
    """It does not end the process, as following it would."""
    rows, in_node, at, wrong = DAMAGED_PAGES[damage]
    value = b"P5 100 %d 255\n" % rows + bytes(100 * rows)
    data = database(tmp_path / "data.lmdb", {b"%d.pgm" % number: value for number in range(1, 4)})
    content = bytearray(data.read_bytes())
    leaf = next(
        start
        for start in range(2 * _PAGE, len(content), _PAGE)
        if struct.unpack_from("=H", content, start + 10) == (2,)
        and b"1.pgm" in content[start : start + _PAGE]
    )
    at += leaf + (struct.unpack_from("=H", content, leaf + 16)[0] if in_node else 0)
    content[at : at + len(wrong)] = wrong
    data.write_bytes(content)
    run = normstat("compute", data, "-o", "-", "-j", "0")
    assert run.returncode == 2, run.stderr
    assert "corrupt (page" in run.stderr


def test_keys_with_several_values_are_refused(tmp_path: Path) -> None:
    """A value is found by its key alone."""
    data = database(tmp_path / "data.lmdb", {b"1.pgm": image(1)})
    content = bytearray(data.read_bytes())
    for page in (0, _PAGE):
        content[page + 92] |= 4  # MDB_DUPSORT, in the flags of the main tree
    data.write_bytes(content)
    run = here("compute", data, "-o", "-")
    assert run.returncode == 2
    assert "keys with several values each" in run.stderr


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_name_need_not_be_text(tmp_path: Path) -> None:
    """As that of any other file."""
    data = database(tmp_path / "data.lmdb", by_name({"1.pgm": image(1)}))
    odd = data.rename(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.lmdb"))
    run = here("compute", odd, "-o", "-")
    assert json.loads(run.stdout)["splits"]["all"]["images"] == 1
