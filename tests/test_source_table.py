"""Tables of images keep the laws of all sources, and are read as people write them."""

import csv
import json
import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import make
import pytest
from command import environment
from command import normstat as command
from listed_contract import ListedContract, names_in, photos
from opened import opened
from test_sources import found, surveyed, tree

import normstat
from normstat.errors import Message, UnreadableImage, UsageError
from normstat.images import Reason, Skipped
from normstat.sources import Source

_WORDS = {"train": "Training", "val": "Validation"}


class TestTable(ListedContract):
    """A column of paths, whose folders say the splits."""

    name = "data.csv"

    def put_list(self, path: Path, names: list[str]) -> None:
        path.write_text("".join(f"{name},7\n" for name in ["file_name", *names]))


class TestSplitColumn(ListedContract):
    """A column that says the splits, in other words."""

    name = "data.tsv"

    def put_list(self, path: Path, names: list[str]) -> None:
        rows = (
            f"{number}\t{name}\t{_WORDS[name.split('/')[0]]}\n" for number, name in enumerate(names)
        )
        path.write_text("".join(("id\tpath\tsplit\n", *rows)))


class TestJsonLines(ListedContract):
    """An object on each line."""

    name = "data.jsonl"

    def put_list(self, path: Path, names: list[str]) -> None:
        path.write_text("".join(json.dumps({"image": name, "label": 1}) + "\n" for name in names))


def _details(source: Source) -> dict[str, str]:
    """Images that cannot be opened, and why."""
    details = {}
    for shard in source.shards(source.selection()):
        with shard.container.open() as reader:
            for sample in shard:
                try:
                    reader.read(sample)
                except UnreadableImage as error:
                    details[sample.name] = error.detail
    return details


def table(folder: Path, content: str | bytes, name: str = "all.csv", **options: Any) -> Source:
    """A table in a folder."""
    data = content if isinstance(content, bytes) else content.encode()
    return opened(make.write(folder / name, data), **options)


_SPLITS = {"train": ["1.png"], "val": ["x/2.png"]}
_PLAIN = "file_name,split\n1.png,train\nx/2.png,val\n"
_JSON = '{"file": "1.png", "fold": "train"}\n{"file": "x/2.png", "fold": "val"}\n'
TABLES: dict[str, tuple[str | bytes, str, dict[str, Any]]] = {
    "commas": (_PLAIN, "all.csv", {}),
    "semicolons": (_PLAIN.replace(",", ";"), "all.csv", {}),
    "tabs": (_PLAIN.replace(",", "\t"), "all.tsv", {}),
    "bars": (_PLAIN.replace(",", "|"), "all.csv", {}),
    "windows": (_PLAIN.replace("\n", "\r\n"), "all.csv", {}),
    "old-mac": (_PLAIN.replace("\n", "\r"), "all.csv", {}),
    "no-end": (_PLAIN.rstrip(), "all.csv", {}),
    "marked": (f"\ufeff{_PLAIN}", "all.csv", {}),
    "excel": (_PLAIN.replace(",", "\t").encode("utf-16"), "all.csv", {}),
    "all-quoted": ('"file_name","split"\n"1.png","train"\n"x/2.png","val"\n', "all.csv", {}),
    "empty-lines": (_PLAIN.replace("\n", "\n\n"), "all.csv", {}),
    "trailing-delimiters": (_PLAIN.replace("\n", ",\n"), "all.csv", {}),
    "index": (",path,split\n0,1.png,train\n1,x/2.png,val\n", "all.csv", {}),
    "other-names": ("Image Path;Subset\n1.png;TRAIN\nx/2.png;valid\n", "all.csv", {}),
    "given": (
        "id_code,kind\n1,training\nx/2,dev\n",
        "all.csv",
        {"path_column": "id_code", "split_column": "Kind", "ext": ".png"},
    ),
    "numbers": (
        '{"id": 1, "split": "train"}\n{"id": "x/2", "split": "val"}\n',
        "all.jsonl",
        {"path_column": "id", "ext": ".png"},
    ),
    "images-of-hugging-face": (_JSON.replace('"1.png"', '{"path": "1.png"}'), "all.jsonl", {}),
    "ndjson": (_JSON.replace("\n", "\n\n"), "all.ndjson", {}),
}


@pytest.mark.parametrize(("content", "name", "options"), TABLES.values(), ids=TABLES)
def test_tables_as_people_have_them(
    tmp_path: Path, content: str | bytes, name: str, options: dict[str, Any]
) -> None:
    """Delimiters, quotes, encodings and names of columns are found; splits have many words."""
    tree(tmp_path, "1.png", "x/2.png")
    source = table(tmp_path, content, name, **options)
    assert found(source) == _SPLITS
    (remark,) = surveyed(source).remarks
    assert remark.startswith("columns: ")
    assert "is the path" in remark
    assert "is the split" in remark


@pytest.mark.fault(71)
def test_fields_may_have_quotes_and_newlines(tmp_path: Path) -> None:
    """Whatever a name is made of; a row is named by the line it begins at."""
    names = ['a "b".png', "c,d.png", "e\nf.png", "g;h.png", "i'j.png", " k.png "]
    tree(tmp_path, *names)
    file = StringIO()
    writer = csv.writer(file)
    writer.writerows([["path", "caption"], *([name, 'a "long\n" text'] for name in names)])
    writer.writerow(["gone.png", ""])
    source = table(tmp_path, file.getvalue())
    assert sorted(found(source)["all"]) == sorted([*names, "gone.png"])
    missing = file.getvalue().count("\n")
    assert _details(source) == {"gone.png": f"line {missing}: there is no such file"}


def test_a_column_of_names_may_have_any_delimiter(tmp_path: Path) -> None:
    """If there is no other column to be set off."""
    names = ["a,b.png", "c;d.png", "e|f.png"]
    tree(tmp_path, *names)
    source = table(tmp_path, "\n".join(["filename", *names]))
    assert sorted(found(source)["all"]) == names


@pytest.mark.skipif(os.name == "nt", reason="names that Windows cannot have")
@pytest.mark.fault(71)
def test_names_may_be_in_any_encoding(tmp_path: Path) -> None:
    """The bytes of a name are those of its file, also where others are in another encoding."""
    names = ["Größe.png".encode(), "Größe2.png".encode("latin-1")]
    for name in names:
        make.write(tmp_path / os.fsdecode(name), b"")
    source = table(tmp_path, b"path\n" + b"\n".join(names))
    assert sorted(map(os.fsencode, found(source)["all"])) == sorted(names)
    lost = table(tmp_path, b"path\n" + names[0] + b"\nGr\xf6n.png\n", "b.csv")
    (detail,) = _details(lost).values()
    assert re.match("line 3: .* no UTF-8; iconv -f ENCODING", detail)


@pytest.mark.fault(71)
def test_a_split_column_wins(tmp_path: Path) -> None:
    """Over folders; other words are splits of their own; where it is empty names decide."""
    tree(tmp_path, *(f"train/{number}.png" for number in range(6)))
    values = ["test", "Query", "fold 3", "", "validation", "TRAINING"]
    content = "path,split\n" + "".join(
        f"train/{number}.png,{value}\n" for number, value in enumerate(values)
    )
    source = table(tmp_path, content)
    assert found(source) == {
        "Query": ["train/1.png"],
        "fold-3": ["train/2.png"],
        "test": ["train/0.png"],
        "train": ["train/3.png", "train/5.png"],
        "val": ["train/4.png"],
    }
    rules = surveyed(source).rules
    assert rules["test"] == {"column split"}
    assert rules["train"] == {"column split", "folder train"}
    everything = {"train": [f"train/{number}.png" for number in range(6)]}
    assert found(table(tmp_path, content, split_by="folder")) == everything
    by_file = {"val": everything["train"]}
    assert found(table(tmp_path, content, "my_val.csv", split_by="file")) == by_file
    assert found(table(tmp_path, content, split_dirs={"x": "train"})) == {"x": everything["train"]}


def test_an_image_in_two_splits_is_in_both(tmp_path: Path) -> None:
    """Twice in one split is once; the two of one name are told apart, and a check finds them."""
    image = make.encoded(make.pixels(1, 4, 5))
    make.write(tmp_path / "a.png", image)
    make.write(tmp_path / "b.png", make.encoded(make.pixels(2, 4, 5)))
    content = "path,split\na.png,train\na.png,train\na.png,val\nb.png,val\na.png,val\n"
    source = table(tmp_path, content)
    assert found(source) == {"train": ["a.png"], "val": ["a#2.png", "b.png"]}
    assert surveyed(source).skipped == {None: {Reason.REPEATED: Skipped(2, "a.png")}}
    stats = normstat.compute(source.root, workers=0)
    verdict = normstat.check(source.root, stats, workers=0, levels={"leakage": "fail"})
    assert [case.observed for case in verdict.findings if case.rule == "leakage"] == [1]


def test_rows_without_a_path_are_said(tmp_path: Path) -> None:
    """They name no image, so none is missing."""
    tree(tmp_path, "a.png")
    source = table(tmp_path, "path,text\na.png,x\n,y\n  ,z\n")
    assert found(source) == {"all": ["a.png"]}
    assert "2 lines name no image, the first: line 3" in surveyed(source).remarks


REFUSED: dict[str, tuple[str | bytes, str, dict[str, Any], str]] = {
    "empty": ("", "a.csv", {}, "a.csv: begins with no row that names columns"),
    "only-a-header": ("path,split\n", "a.csv", {}, "names no images; it has no lines"),
    "only-empty": ("path,split\n,\n", "a.csv", {}, "names no images"),
    "no-header": ("1.png,train\n", "a.csv", {}, "the first row has names of images, and should"),
    "another-text": (
        "Lorem ipsum\n",
        "a.csv",
        {},
        "no column has paths .*columns: Lorem ipsum; path",
    ),
    "wrong-columns": (
        "id,x\n1,2\n",
        "a.csv",
        {},
        "its columns: id, x; path_column=NAME says which",
    ),
    "two-paths": (
        "path,filename,id\n1,2,3\n",
        "a.csv",
        {},
        "path or filename may be the path; path_column=NAME says which; its columns: path, file",
    ),
    "two-splits": ("path,split,fold\n1,2,3\n", "a.csv", {}, "split or fold may be the split"),
    "no-such-column": (
        "path,x\n1.png,2\n",
        "a.csv",
        {"path_column": "y"},
        'path_column="y": there is no such column; its columns: path, x',
    ),
    "no-such-split-column": (
        "path,x\n1.png,2\n",
        "a.csv",
        {"split_column": "y"},
        'split_column="y": there is no such column',
    ),
    "no-such-label-column": (
        "path,x\n1.png,2\n",
        "a.csv",
        {"label_column": "y"},
        'label_column="y": there is no such column',
    ),
    "no-split": ("path,x\n1.png,2\n", "a.csv", {"split_by": "column"}, "no column says a split"),
    "no-name-of-a-split": (
        "path,split\n1.png,a/b\n",
        "a.csv",
        {},
        "line 2: 'a/b' cannot be",
    ),
    "a-field-too-many": ("path,x\n1.png,2\n1,.png,2\n", "a.csv", {}, "line 3 has 3 fields, .* 2;"),
    "open-quotes": ('path,x\n1.png,"2\n3.png,4\n', "a.csv", {}, "the row at line 2 cannot be read"),
    "binary": (make.png(1, 1, b"\0\0"), "a.csv", {}, "has zero bytes, so it is no text"),
    "utf-16": ("path\n1.png\n".encode("utf-16-le"), "a.csv", {}, "UTF-16 without a mark; iconv"),
    "cut-utf-16": ("path\n1.png\n".encode("utf-16")[:-1], "a.csv", {}, "encoding that it begins"),
    "nothing-there": ("path\na.png\nb.png\n", "a.csv", {}, "none of its 2 paths is there, seen"),
    "no-json": ("file_name\n1.png\n", "a.jsonl", {}, "line 1 is no JSON .*should be an object"),
    "cut-json": ('{"path": "1.png"}\n{"pa', "a.jsonl", {}, "line 2 is no JSON"),
    "no-object": ("[1]\n", "a.jsonl", {}, "line 1 is no object, as in"),
    "deep-json": ("[" * 100_000, "a.jsonl", {}, "line 1 is no JSON"),
    "no-text": ('{"path": [1]}\n', "a.jsonl", {}, "line 1: path should be text, and is list"),
    "empty-json": ("\n", "a.jsonl", {}, "is empty; each line should be an object"),
    "no-use": (
        "path\n1.png\n",
        "a.csv",
        {"from0": True},
        "from0: is not for a table; leave",
    ),
}


@pytest.mark.fault(71)
@pytest.mark.parametrize(("content", "name", "options", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_table_is_refused(
    tmp_path: Path, content: str | bytes, name: str, options: dict[str, Any], said: str
) -> None:
    """With what was found, and what to do about it."""
    tree(tmp_path, "1.png")
    with pytest.raises(UsageError, match=said) as caught:
        table(tmp_path, content, name, **options)
    assert str(caught.value).isprintable()


def test_a_folder_with_the_name_of_a_table_is_a_folder(tmp_path: Path) -> None:
    """The name of a file alone makes a table."""
    assert found(opened(tree(tmp_path / "data.csv", "a.png"))) == {"all": ["a.png"]}


@pytest.mark.fault(71)
def test_rows_without_files_are_named(tmp_path: Path) -> None:
    """Missing, absolute and outside: a record, or the file that is there."""
    image = make.encoded(make.pixels(1, 4, 5))
    for name in ("in/a.png", "out/b.png", "c.png"):
        make.write(tmp_path / name, image)
    rows = ["a.png", "gone.png", "../out/b.png", f"{tmp_path}/c.png", "../../../no", "/no/d.png"]
    data = make.write(tmp_path / "in/all.csv", "\n".join(["path", *rows]).encode())
    run = command("compute", data, "-o", tmp_path / "stats.json", "-j", "2")
    assert run.returncode == 3
    stats = normstat.load(tmp_path / "stats.json")
    assert stats.splits["all"].images == 3
    assert {record.path: (record.code, record.detail) for record in stats.unreadable} == {
        "gone.png": ("vanished", "line 3: there is no such file"),
        "no": ("vanished", "line 6: there is no such file"),
        "no/d.png": ("vanished", "line 7: there is no such file"),
    }
    assert "4 paths lead out of" in run.stderr
    assert "columns: path is the path; --path-column chooses another" in run.stderr
    assert str(tmp_path) not in (tmp_path / "stats.json").read_text()


def test_a_check_reads_as_it_was_recorded(tmp_path: Path) -> None:
    """Columns and the like are recorded, and stand in where they are not given."""
    folder = photos(tmp_path / "data")
    rows = [f"{name[:-4]},x\n" for name in names_in(folder)]
    data = make.write(tmp_path / "a.csv", "".join(("key,path\n", *rows)).encode())
    stats = normstat.compute(data, root=folder, path_column="key", ext=".png", workers=0)
    assert stats.settings.source == {"kind": "table", "ext": ".png", "path_column": "key"}
    levels = {"unreadable": "warn"}
    assert normstat.check(data, stats, root=folder, workers=0, levels=levels).exit_code == 0


@pytest.mark.matrix
@pytest.mark.fault(71)
def test_many_rows_are_streamed(tmp_path: Path) -> None:
    """Memory is that of the largest folder, not of all rows."""
    make.write(tmp_path / "0/0.png", b"")
    with (tmp_path / "all.csv").open("w") as file:
        file.write("id,path,text,split\n")
        for number in range(200_000):
            split = ("train", "val")[number % 2]
            file.write(f'{number},{number // 2000}/{number}.png,"some text, long enough",{split}\n')
    script = (
        "import resource\n"
        "from normstat.sources import open_source\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        f"source = open_source({str(tmp_path / 'all.csv')!r})\n"
        "print(source.survey(source.selection()).images.total())\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=environment(), capture_output=True, check=True, text=True)
    counted, memory = map(int, done.stdout.split())
    assert counted == 200_000
    assert memory < 80 << 10  # KiB


def test_a_table_beside_images_is_said_where_it_has_splits(tmp_path: Path) -> None:
    """In the folder, or in those of splits; as DATA it says them, and what it does not name."""
    data = tree(tmp_path / "data", "a.png", "b.png", "x/c.png", "y/d.png")
    metadata = "file_name,split,text\na.png,train,x\nx/c.png,val,y\n"
    make.write(data / "metadata.csv", metadata.encode())
    assert found(opened(data))["all"] == ["a.png", "b.png", "x/c.png", "y/d.png"]
    (said,) = surveyed(opened(data)).remarks
    assert said.startswith("metadata.csv has a column split, which is not used here; with ")
    source = opened(data / "metadata.csv")
    assert found(source) == {"train": ["a.png"], "val": ["x/c.png"]}
    assert surveyed(source).skipped == {None: {Reason.NOT_LISTED: Skipped(2, "b.png")}}
    run = command(
        "compute", data / "metadata.csv", "-o", tmp_path / "s.json", "--allow-unreadable", "9"
    )
    assert "2 images that the table does not name were left out, the first: b.png" in run.stderr
    line = '{"file_name": "c.png", "Fold": "val"}\n'
    for split in ("train", "val"):
        make.write(tmp_path / f"two/{split}/metadata.jsonl", line.encode())
        make.write(tmp_path / f"two/{split}/c.png", b"")
    source = opened(tmp_path / "two")
    assert [remark.split(",")[0] for remark in surveyed(source).remarks] == [
        f"{split}/metadata.jsonl has a column Fold" for split in ("train", "val")
    ]


@pytest.mark.parametrize("content", ["", "file_name,text\na.png,x\n", "\0", "file_name\n"])
def test_a_table_without_splits_beside_images_says_nothing(tmp_path: Path, content: str) -> None:
    """Nor does a file that is no table: nobody has asked for it."""
    make.write(tmp_path / "data/metadata.csv", content.encode())
    make.write(tmp_path / "data/metadata.jsonl", content.encode())
    source = opened(tree(tmp_path / "data", "a.png"))
    assert surveyed(source).remarks == []


def test_a_folder_of_tables_alone_says_what_is_data(tmp_path: Path) -> None:
    """Its images are elsewhere."""
    make.write(tmp_path / "data/train.csv", b"path\n")
    with pytest.raises(UsageError, match=r"found 1 \.csv\. \.csv is DATA by itself"):
        normstat.compute(tmp_path / "data", workers=0)


def test_a_pipe_beside_images_is_not_waited_for(tmp_path: Path) -> None:
    """Though it is called as a table."""
    make.write(tmp_path / "train" / "a.png", make.encoded(make.pixels(0, 9, 7)))
    os.mkfifo(tmp_path / "metadata.csv")
    run = command("compute", tmp_path, "-o", "-", "-j", "0")
    assert run.returncode == 0, run.stderr


def test_columns_that_are_not_read_are_named_where_none_says_a_split(tmp_path: Path) -> None:
    """A split under another name would mix what is to be kept apart."""
    make.write(tmp_path / "a.png", make.encoded(make.pixels(1, 4, 5)))
    make.write(tmp_path / "a.csv", b"path,phase,label\na.png,test,7\n")
    (remark, *_) = map(Message, surveyed(opened(tmp_path / "a.csv")).remarks)
    assert "none says a split by its name (phase)" in remark
    assert remark.endswith("path_column, split_column choose others")
    stats = normstat.compute(tmp_path / "a.csv", split_column="phase", workers=0)
    assert set(stats.splits) == {"test"}
