"""Parquet files keep the laws of all sources."""

import base64
import json
import os
import re
import subprocess
import sys
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import make
import numpy as np
import parquet_files
import pyarrow as pa
import pytest
import same_as_folder
from command import here, normstat
from opened import opened
from pyarrow import parquet as pq
from source_contract import SourceContract, image

from normstat.errors import AmbiguousSplit, UnreadableImage, UsageError
from normstat.sources import Source, open_source
from normstat.sources.parquet_rows import values_of


def names(source: Source) -> dict[str, list[str]]:
    """Split → names of images, as the shards deliver them."""
    found: dict[str, list[str]] = {}
    for shard in source.shards(source.selection()):
        found.setdefault(shard.split, []).extend(shard.names)
    return dict(sorted(found.items()))


class TestParquet(SourceContract):
    """The same files in a column, with their names; a row group for each folder."""

    below = "data.parquet/"
    name = "data.parquet"
    gone = ("changed_while_read",)

    def put(self, root: Path, images: dict[str, bytes]) -> None:
        images = dict(sorted(images.items()))
        groups = Counter(name.rpartition("/")[0] for name in images).values()
        parquet_files.write(root, {"image": parquet_files.structs(images)}, list(groups))

    def opened(self, root: Path) -> Source:
        return open_source(root)


@pytest.fixture
def images() -> dict[str, bytes]:
    """Whole and broken images of two splits."""
    return same_as_folder.images()


@pytest.mark.matrix
@pytest.mark.parametrize("compression", ["none", "snappy", "zstd"])
def test_numbers_are_those_of_a_folder(
    tmp_path: Path, images: dict[str, bytes], compression: str
) -> None:
    """And the records, for any workers, whatever the row groups."""
    same = same_as_folder.folder(tmp_path / "folder", images)
    data = tmp_path / "data.parquet"
    structs = parquet_files.structs(images)
    parquet_files.write(data, {"image": structs}, [30, 1, 20], compression=compression)
    same_as_folder.check_compute(data, same, below="data.parquet/")


def test_all_verbs_and_the_cache(tmp_path: Path, images: dict[str, bytes]) -> None:
    """Arrays are named by the file and the images in it."""
    same = same_as_folder.folder(tmp_path / "folder", images)
    structs = parquet_files.structs(images)
    data = parquet_files.write(tmp_path / "data.parquet", {"image": structs}, [40])
    same_as_folder.check_verbs(data, same, tmp_path, below="data.parquet/")
    same_as_folder.check_interrupted(data, tmp_path / "cache")


def test_rows_without_names_have_numbers(tmp_path: Path, images: dict[str, bytes]) -> None:
    """Of at least six digits, in files of both splits; their numbers are those of a folder."""
    for split in ("train", "val"):
        rows = {name: content for name, content in images.items() if name.startswith(split)}
        columns = {"label": [1] * len(rows), "img": list(rows.values())}
        parquet_files.write(tmp_path / "d" / f"{split}-00000-of-00001.parquet", columns, [7, 7])
    found = names(opened(tmp_path / "d"))
    assert found["val"][:2] == [
        "val-00000-of-00001.parquet/000000",
        "val-00000-of-00001.parquet/000001",
    ]
    same = same_as_folder.folder(tmp_path / "folder", images)
    run = here("compute", tmp_path / "d", "-o", "-")
    of_data, of_folder = (
        same_as_folder.numbers(text)
        for text in (run.stdout, here("compute", same, "-o", "-").stdout)
    )
    assert [record["code"] for record in of_data["unreadable"]] == [
        record["code"] for record in of_folder["unreadable"]
    ]
    assert of_data["splits"] == of_folder["splits"]


NO_NAMES = {
    "null": [None, "b.png"],
    "parent": ["../a.png", "b.png"],
    "absolute": ["/a.png", "b.png"],
    "no-image": ["a", "b.png"],
    "hidden": [".a.png", "b.png"],
}


@pytest.mark.parametrize("paths", NO_NAMES.values(), ids=NO_NAMES)
def test_names_are_all_or_none(tmp_path: Path, paths: list[str | None]) -> None:
    """One path that can name no image, and all rows of the file have numbers."""
    rows = [{"bytes": image(n), "path": path} for n, path in enumerate(paths)]
    data = parquet_files.write(tmp_path / "data.parquet", {"image": rows})
    assert names(opened(data)) == {"all": ["data.parquet/000000", "data.parquet/000001"]}


def test_names_in_any_order_are_read_row_group_by_row_group(tmp_path: Path) -> None:
    """Rows are read in their order, in as few shards as those of folders."""
    random = np.random.default_rng(0)
    images = {f"{n % 7}/{n:05}.pgm": image(n % 251) for n in random.permutation(4000).tolist()}
    structs = parquet_files.structs(images)
    data = parquet_files.write(tmp_path / "data.parquet", {"image": structs}, [1000] * 3)
    source = opened(data)
    shards = list(source.shards(source.selection()))
    places = [place for shard in shards for place in shard.places]
    assert places == list(range(4000))
    assert len(shards) < 60
    payloads = {}
    for shard in shards:
        with shard.container.open() as reader:
            payloads |= {sample.name: reader.read(sample) for sample in shard}
    assert payloads == {f"data.parquet/{name}": content for name, content in images.items()}


def test_a_split_column_wins(tmp_path: Path, images: dict[str, bytes]) -> None:
    """Over the name of the file, and that is said; words stand for splits by the usual rules."""
    words = {"train": "Training", "val": "validation"}
    splits = [words[name.split("/")[0]] for name in images]
    columns = {"image": list(images.values()), "split": splits}
    data = parquet_files.write(tmp_path / "train-00000-of-00001.parquet", columns, [30])
    run = here("compute", data, "-o", "-")
    same = same_as_folder.folder(tmp_path / "folder", images)
    expected = same_as_folder.numbers(here("compute", same, "-o", "-").stdout)
    assert same_as_folder.numbers(run.stdout)["splits"] == expected["splits"]
    assert "(column 'split')" in run.stderr
    assert "column 'split': val takes" in run.stderr
    assert "out of train" in run.stderr
    assert "images are those in column 'image'" in run.stderr
    by_file = here("compute", data, "-o", "-", "--split-by", "file")
    assert list(json.loads(by_file.stdout)["splits"]) == ["train"]


def test_values_that_no_rule_knows_are_splits(tmp_path: Path) -> None:
    """Also numbers, if the column is asked for; rows without a value go by the file's name."""
    columns = {
        "image": [image(n) for n in range(6)],
        "part": [0, 0, 1, 1, None, None],
        "subset": ["query", "gallery", "gallery", "query", None, "query"],
    }
    data = parquet_files.write(tmp_path / "test.parquet", columns)
    row = "test.parquet/00000{}".format
    assert names(opened(data)) == {
        "gallery": [row(1), row(2)],
        "query": [row(0), row(3), row(5)],
        "test": [row(4)],
    }
    assert names(opened(data, split_column="part")) == {
        "0": [row(0), row(1)],
        "1": [row(2), row(3)],
        "test": [row(4), row(5)],
    }


def test_files_or_folders_say_the_splits(tmp_path: Path) -> None:
    """Where both do, an option decides; without it, nothing is mixed."""
    for path in ("d/train/val-1.parquet", "d/test/a.parquet"):
        parquet_files.write(tmp_path / path, {"image": [image(1)]})
    for by, splits in (("file", ["test", "val"]), ("folder", ["test", "train"])):
        assert list(names(opened(tmp_path / "d", split_by=by))) == splits
    with pytest.raises(AmbiguousSplit, match="could be train or val"):
        opened(tmp_path / "d").selection()
    with pytest.raises(UsageError, match="no column has splits by its name"):
        opened(tmp_path / "d", split_by="column")


def test_patterns_and_folders_are_the_same_files(tmp_path: Path) -> None:
    """Braces and stars; a folder of such files needs no option."""
    for number in range(3):
        parquet_files.write(tmp_path / f"data/train-{number}.parquet", {"image": [image(number)]})
    every = [f"train-{number}.parquet/000000" for number in range(3)]
    for pattern in ("data", "data/*.parquet", "data/train-{0..2}.parquet"):
        assert names(opened(tmp_path / pattern)) == {"train": every}
    assert opened(tmp_path / "data").record()["source"] == {
        "kind": "parquet",
        "image_column": "image",
    }


COLUMNS = {
    "several": (
        {"a": [b""], "b": [b""], "n": [1]},
        {},
        "several columns may have images; columns: a (binary), b (binary), n (int64); image_column",
    ),
    "none": (
        {"text": ["x"], "n": [1]},
        {},
        "no column has images, or paths of images by its name; columns: text (string), n (int64)",
    ),
    "unknown": ({"a": [b""]}, {"image_column": "b"}, "no such column; columns: a (binary)"),
    "no-images": ({"a": [b""], "n": [1]}, {"image_column": "n"}, "is int64, which has no images"),
    "no-paths": ({"a": [b""], "n": [1]}, {"path_column": "n"}, "is int64, which has no paths"),
    "no-splits": ({"a": [b""]}, {"split_column": "a"}, "is binary, which has no splits"),
    "two-paths": (
        {"file_name": ["a"], "Image Path": ["b"]},
        {},
        "several columns may have paths; columns: file_name (string), Image Path (string); path",
    ),
    "two-splits": (
        {"a": [b""], "split": ["a"], "fold": ["b"]},
        {},
        "several columns may have splits",
    ),
}


@pytest.mark.fault(69)
@pytest.mark.parametrize(("columns", "options", "message"), COLUMNS.values(), ids=COLUMNS)
def test_what_is_no_column_of_images_is_refused(
    tmp_path: Path, columns: dict[str, list[Any]], options: dict[str, str], message: str
) -> None:
    """With the columns that there are, and the option that chooses."""
    data = parquet_files.write(tmp_path / "data.parquet", columns)
    with pytest.raises(UsageError) as caught:
        opened(data, **options)
    assert message in str(caught.value)


def test_the_usual_names_choose_a_column(tmp_path: Path) -> None:
    """An image beside a mask; and the column that was chosen is recorded."""
    rows = [{"bytes": image(1), "path": None}]
    data = parquet_files.write(tmp_path / "data.parquet", {"mask": rows, "image": rows})
    assert opened(data).record()["source"]["image_column"] == "image"
    assert opened(data, image_column="mask").record()["source"]["image_column"] == "mask"


@pytest.mark.fault(69)
def test_rows_without_bytes(tmp_path: Path) -> None:
    """Of a file that they name, if it is there; a record, named by row or path, if not."""
    make.write(tmp_path / "there.png", make.encoded(make.pixels(1, 4, 5)))
    rows = [
        {"bytes": image(1), "path": "a.pgm"},
        None,
        {"bytes": None, "path": None},
        {"bytes": None, "path": "there.png"},
        {"bytes": None, "path": "gone.png"},
        {"bytes": None, "path": "zero\0.png"},
        {"bytes": b"", "path": "b.png"},
    ]
    data = parquet_files.write(tmp_path / "data.parquet", {"image": rows})
    run = here("compute", data, "-o", "-")
    assert run.returncode == 3
    stats = json.loads(run.stdout)
    assert {record["path"][-1]: record["code"] for record in stats["unreadable"]} == {
        "1": "empty",
        "2": "empty",
        "4": "vanished",
        "5": "vanished",
        "6": "empty",
    }
    by_row = {record["path"][-1]: record["detail"] for record in stats["unreadable"]}
    assert by_row["4"] == "no bytes in column image.bytes, and no file gone.png"
    assert stats["splits"]["all"]["images"] == 2


@pytest.mark.parametrize("kind", ["struct", "path", "asked"])
def test_a_table_of_paths(tmp_path: Path, images: dict[str, bytes], kind: str) -> None:
    """Numbers of the files that it names; the missing one is a record, a repeated one said."""
    same = same_as_folder.folder(tmp_path / "folder", images)
    paths = [*images, "train/0/gone.png", "val/1/gray.png"]
    columns: dict[str, Any] = {"other": ["x"] * len(paths)}
    if kind == "struct":
        columns["image"] = [{"bytes": None, "path": path} for path in paths]
    else:
        columns["file_name" if kind == "path" else "where"] = paths
    data = parquet_files.write(tmp_path / "data.parquet", columns)
    options = ("--path-column", "where") if kind == "asked" else ()
    run = here("compute", data, "-o", "-", "--root", same, *options)
    assert run.returncode == 3, run.stderr
    of_data = same_as_folder.numbers(run.stdout, "data.parquet/")
    of_folder = same_as_folder.numbers(here("compute", same, "-o", "-").stdout)
    gone = [each for each in of_data["unreadable"] if each["path"] == "train/0/gone.png"]
    assert [each["code"] for each in gone] == ["vanished"]
    of_data["unreadable"].remove(gone[0])
    assert of_data["unreadable"] == of_folder["unreadable"]
    for split in ("train", "val"):
        assert of_data["splits"][split]["mean"] == of_folder["splits"][split]["mean"]
        assert of_data["splits"][split]["fingerprint"] == of_folder["splits"][split]["fingerprint"]
    assert "1 image that is named again counts once" in run.stderr
    twice = here("compute", data, "-o", "-", "--root", same, "--duplicates", "count", *options)
    assert json.loads(twice.stdout)["splits"]["val"]["images"] == (
        of_data["splits"]["val"]["images"] + 1
    )


def test_paths_may_lead_anywhere(tmp_path: Path) -> None:
    """Absolute, or out of the folder; an extension is added; null and odd ones are records."""
    make.write(tmp_path / "a" / "1.pgm", image(1))
    make.write(tmp_path / "b" / "2.pgm", image(2))
    paths = [str(tmp_path / "a" / "1"), "../b/2", None, "x\0y"]
    data = parquet_files.write(tmp_path / "a" / "data.parquet", {"path": paths})
    source = opened(data, ext=".pgm")
    (shard,) = source.shards(source.selection())
    assert shard.names == ("data.parquet/1.pgm", "data.parquet/b/2.pgm")
    with shard.container.open() as reader:
        assert [reader.read(sample) for sample in shard] == [image(1), image(2)]
    assert [(record.path, record.code) for record in shard.unreadable] == [
        ("data.parquet/000002", "empty"),
        ("data.parquet/000003", "vanished"),
    ]


def broken(kind: str, whole: bytes) -> bytes:
    """A file that is no Parquet file, or no longer."""
    return {
        "empty": b"",
        "text": b"image,label\n",
        "footer": whole[:-20],
        "half": whole[: len(whole) // 2],
        "magic": b"PAR2" + whole[4:-4] + b"PAR2",
        "length": whole[:-8] + b"\xff\xff\xff\x7f" + whole[-4:],
    }[kind]


BROKEN = {
    "empty": "empty",
    "text": "not_an_image",
    "footer": "truncated",
    "half": "truncated",
    "magic": "not_an_image",
    "length": "corrupt",
}


@pytest.mark.fault(69)
@pytest.mark.parametrize(("kind", "code"), BROKEN.items(), ids=BROKEN)
@pytest.mark.parametrize("alone", [True, False])
def test_a_file_that_is_broken_is_one_record(
    tmp_path: Path, kind: str, code: str, alone: bool
) -> None:
    """Beside others, which count, and alone."""
    data = tmp_path / "data"
    whole = parquet_files.write(data / "val.parquet", {"image": [image(1)] * 9})
    make.write(data / "train.parquet", broken(kind, whole.read_bytes()))
    run = here("compute", data / "train.parquet" if alone else data, "-o", "-")
    if alone:
        assert run.returncode == 2
        assert f"its one image cannot be read (1 {code}" in run.stderr
        return
    assert run.returncode == 3, run.stderr
    stats = json.loads(run.stdout)
    found = [(each["path"], each["code"]) for each in stats["unreadable"]]
    assert found == [("train.parquet/", code)]
    assert "train: 1 image (file train.parquet)" in run.stderr
    assert str(tmp_path) not in run.stdout
    assert stats["splits"]["val"]["images"] == 9


@pytest.mark.matrix
@pytest.mark.fault(69)
def test_a_damaged_row_group_is_records_of_its_rows(tmp_path: Path) -> None:
    """The other row groups count, and all workers say the same."""
    images = [make.encoded(make.pixels(n, 20, 30), "BMP") for n in range(60)]
    data = parquet_files.write(
        tmp_path / "data.parquet", {"image": images}, [20, 20], compression="zstd"
    )
    chunk = pq.read_metadata(data).row_group(1).column(0)
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    content = bytearray(data.read_bytes())
    content[start : start + chunk.total_compressed_size] = b"\xff" * chunk.total_compressed_size
    data.write_bytes(content)
    runs = [normstat("compute", data, "-o", "-", "-j", jobs) for jobs in ("0", "2")]
    assert runs[0].stdout == runs[1].stdout
    stats = json.loads(runs[0].stdout)
    assert stats["splits"]["all"]["images"] == 40
    assert [each["path"] for each in stats["unreadable"]] == [
        f"data.parquet/{row:06}" for row in range(20, 40)
    ]
    assert {each["code"] for each in stats["unreadable"]} == {"corrupt"}


@pytest.mark.fault(69)
def test_a_file_without_the_column_of_the_others_is_a_record(tmp_path: Path) -> None:
    """With the columns that it has."""
    parquet_files.write(tmp_path / "d" / "a.parquet", {"image": [image(1)]})
    parquet_files.write(tmp_path / "d" / "b.parquet", {"picture": [image(1)]})
    run = here("compute", tmp_path / "d", "-o", "-")
    assert run.returncode == 3
    assert json.loads(run.stdout)["unreadable"] == [
        {
            "split": "all",
            "path": "b.parquet/",
            "code": "not_an_image",
            "detail": "has no column image; columns: picture (binary)",
            "sha256": None,
        }
    ]


def test_files_that_cannot_be_opened_are_records(tmp_path: Path) -> None:
    """Also those that go between listing and reading."""
    data = tmp_path / "d"
    for name in "abc":
        parquet_files.write(data / f"{name}.parquet", {"image": [image(1)]})
    (data / "b.parquet").chmod(0)
    run = normstat("compute", data, "-o", "-", anyone=True)
    assert [(each["path"], each["code"]) for each in json.loads(run.stdout)["unreadable"]] == [
        ("b.parquet/", "permission_denied")
    ]
    (data / "b.parquet").chmod(0o600)
    source = opened(data)
    shards = list(source.shards(source.selection()))
    (data / "a.parquet").unlink()
    with pytest.raises(UnreadableImage) as caught, shards[0].container.open() as reader:
        reader.read(next(iter(shards[0])))
    assert caught.value.code == "vanished"


def test_a_file_without_rows_has_no_images(tmp_path: Path) -> None:
    """As an empty folder."""
    data = parquet_files.write(tmp_path / "data.parquet", {"image": pa.array([], pa.binary())})
    run = here("compute", data, "-o", "-")
    assert run.returncode == 2
    assert "no images" in run.stderr


@pytest.mark.parametrize("type", ["large_binary", "binary_view", "dictionary"])
def test_all_types_of_bytes_are_read(tmp_path: Path, type: str) -> None:
    """However a writer has called them."""
    types = {
        "large_binary": pa.large_binary(),
        "binary_view": pa.binary_view(),
        "dictionary": pa.dictionary(pa.int32(), pa.binary()),
    }
    values = [image(n % 5) for n in range(20)]
    column = pa.array(values, pa.binary()).cast(types[type])
    data = parquet_files.write(tmp_path / "data.parquet", {"image": column})
    source = opened(data)
    (shard,) = source.shards(source.selection())
    with shard.container.open() as reader:
        assert [reader.read(sample) for sample in shard] == values


# Reads all of a file, and prints how much more memory that took than to open it.
_MEMORY = """
import resource, sys
from normstat.sources import open_source
source = open_source(sys.argv[1])
shards = list(source.shards(source.selection()))
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
images = 0
for shard in shards:
    with shard.container.open() as reader:
        for sample in shard:
            images += len(reader.read(sample)) == 100_000
print(images, peak() - before)
"""


@pytest.mark.matrix
@pytest.mark.fault(69)
def test_memory_is_that_of_a_page_not_of_a_row_group(tmp_path: Path) -> None:
    """A row group of 200 MB is read with less than a third of that."""
    value = np.random.default_rng(0).bytes(100_000)
    images = [number.to_bytes(4, "big") + value[4:] for number in range(2000)]
    data = parquet_files.write(
        tmp_path / "data.parquet", {"image": images}, use_dictionary=False, write_batch_size=64
    )
    assert pq.read_metadata(data).num_row_groups == 1
    run = subprocess.run(
        [sys.executable, "-c", _MEMORY, data], capture_output=True, text=True, check=True
    )
    number, memory = map(int, run.stdout.split())
    assert number == 2000
    assert memory < 65_000  # KiB


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    """In one line."""
    data = make.write(tmp_path / "data.parquet", b"")
    run = subprocess.run(
        [sys.executable, "-c", _WITHOUT.format(data=str(data))], capture_output=True, text=True
    )
    why = 'pyarrow is not installed: pip install "normstat[parquet]"'
    assert run.stdout.strip().endswith(f"data.parquet: a Parquet file cannot be read here: {why}")


_WITHOUT = """
import sys
sys.modules["pyarrow"] = None
from normstat.errors import UsageError
from normstat.sources import open_source
try:
    open_source({data!r})
except UsageError as error:
    print(error)
"""


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_name_need_not_be_text(tmp_path: Path) -> None:
    """As that of any other file."""
    path = tmp_path / os.fsdecode(b"\xff.parquet")
    data = parquet_files.write(
        tmp_path / "a.parquet", {"image": parquet_files.structs({"1.pgm": image(1)})}
    )
    odd = data.rename(path)
    assert names(open_source(odd)) == {"all": ["\udcff.parquet/1.pgm"]}
    assert here("compute", odd, "-o", "-").returncode == 0


def test_a_column_whose_name_is_no_text_is_damage(tmp_path: Path) -> None:
    """The format has no such names."""
    data = parquet_files.write(tmp_path / "a.parquet", {"image": [image(1)]}, store_schema=False)
    data.write_bytes(data.read_bytes().replace(b"image", b"im\xffge"))
    run = here("compute", data, "-o", "-")
    assert run.returncode == 2
    assert "a.parquet/: corrupt" in run.stderr


@pytest.mark.parametrize("first", ["image", "other"])
def test_a_column_of_another_kind_is_a_record(tmp_path: Path, first: str) -> None:
    """In a file of several; the others count."""
    images = [make.encoded(make.pixels(n, 9, 7)) for n in range(3)]
    columns = {"image": pa.array(["a.png"]), "other": pa.array(images, pa.binary())}
    for number, name in enumerate(sorted(columns, key=lambda name: name != first)):
        table = pa.table({"image": columns[name]})
        pq.write_table(table, make.write(tmp_path / f"train-{number}.parquet", b""))
    make.write(tmp_path / "a.png", images[0])
    run = here("compute", tmp_path / "*.parquet", "-o", "-")
    assert run.returncode == 3, run.stderr
    (record,) = json.loads(run.stdout)["unreadable"]
    says = r"column image is (string|binary), which has no (images|paths)"
    assert re.search(says, record["detail"])


def test_an_encrypted_column_is_a_record(tmp_path: Path) -> None:
    """Also where the metadata is not: pyarrow would end the process."""
    from pyarrow.parquet import encryption

    class Keys(encryption.KmsClient):  # type: ignore[misc]  # without types
        def wrap_key(self, key: bytes, _: str) -> bytes:
            return base64.b64encode(key)

        def unwrap_key(self, wrapped: bytes, _: str) -> bytes:
            return base64.b64decode(wrapped)

    factory = encryption.CryptoFactory(lambda _: Keys())
    image = make.encoded(make.pixels(0, 9, 7))
    table = pa.table({"image": pa.array([image], pa.binary())})
    for is_plain in (True, False):
        how = encryption.EncryptionConfiguration(
            footer_key="f", column_keys={"c": ["image"]}, plaintext_footer=is_plain
        )
        keys = factory.file_encryption_properties(encryption.KmsConnectionConfig(), how)
        path = tmp_path / f"{is_plain}.parquet"
        with pq.ParquetWriter(path, table.schema, encryption_properties=keys) as file:
            file.write_table(table)
        run = normstat("compute", path, "-o", "-", "-j", "0")
        assert run.returncode == 2, run.stderr
        assert "unsupported_format (an encrypted Parquet file" in run.stderr


def test_a_row_without_its_file_is_named(tmp_path: Path) -> None:
    """By its number, as in other tables."""
    make.write(tmp_path / "a.png", make.encoded(make.pixels(0, 9, 7)))
    pq.write_table(pa.table({"path": ["a.png", "b.png"]}), tmp_path / "a.parquet")
    (record,) = json.loads(here("compute", tmp_path / "a.parquet", "-o", "-").stdout)["unreadable"]
    assert (record["code"], record["detail"]) == ("vanished", "row 1: there is no such file")


def test_numbers_are_splits_as_in_other_tables(tmp_path: Path) -> None:
    images = [make.encoded(make.pixels(n, 9, 7)) for n in range(3)]
    table = pa.table({"image": pa.array(images, pa.binary()), "fold": [0, 0, 1]})
    pq.write_table(table, tmp_path / "a.parquet")
    assert {*names(open_source(tmp_path / "a.parquet"))} == {"0", "1"}


@pytest.mark.parametrize("which", range(2, 8))
def test_a_damaged_name_of_a_column_is_no_internal_error(tmp_path: Path, which: int) -> None:
    """The metadata has the names of columns several times, and believes each."""
    images = {f"train/{n}.png": make.encoded(make.pixels(n, 9, 7)) for n in range(3)}
    parquet_files.write(tmp_path / "a.parquet", {"image": parquet_files.structs(images)}, [3])
    content = bytearray((tmp_path / "a.parquet").read_bytes())
    places = [found.start() for found in re.finditer(rb"bytes|path", content)]
    content[places[-1 - which % len(places)] + 1] = 255
    (tmp_path / "a.parquet").write_bytes(content)
    run = here("compute", tmp_path / "a.parquet", "-o", "-")
    assert run.returncode in (0, 2, 3), run.stderr


def test_a_split_column_with_fewer_values_drops_no_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does one with fewer paths: damage may cut each of them."""
    images = {f"{n}.png": make.encoded(make.pixels(n, 9, 7)) for n in range(3)}
    columns = {"image": parquet_files.structs(images), "split": pa.array(["val"] * 3)}
    parquet_files.write(tmp_path / "train.parquet", columns, [3])
    whole = values_of
    monkeypatch.setattr(
        "normstat.sources.parquet.values_of",
        lambda file, column: islice(whole(file, column), 2),
    )
    found = names(open_source(tmp_path / "train.parquet"))
    assert {split: len(rows) for split, rows in found.items()} == {"train": 1, "val": 2}
