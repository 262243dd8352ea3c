"""Lists of names keep the laws of all sources, and name files as people do."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import make
import pytest
from command import environment, here
from command import normstat as command
from listed_contract import ListedContract, names_in, photos
from opened import opened
from test_sources import found, surveyed, tree

import normstat
from normstat.errors import Message, NothingToRead, UnreadableImage, UsageError
from normstat.images import Reason, Skipped
from normstat.sources import Source, SourceOptions, open_source


class TestList(ListedContract):
    """A path on each line."""

    name = "data.txt"

    def put_list(self, path: Path, names: list[str]) -> None:
        path.write_text("".join(f"{name}\n" for name in names))


class TestZeroBytes(ListedContract):
    """A path before each zero byte, in a file of any name."""

    name = "data.list"

    def put_list(self, path: Path, names: list[str]) -> None:
        path.write_bytes(b"".join(os.fsencode(name) + b"\0" for name in names))

    def opened(self, root: Path) -> Source:
        options = SourceOptions(root=str(self.folder(root)), from0=True, files_from=str(root))
        return open_source(root, options)

    options = {"from0": True}  # noqa: RUF012  # never changed

    @pytest.mark.parametrize("workers", [0, 2])
    def test_it_is_as_its_folder(self, tmp_path: Path, workers: int) -> None:
        """Whatever the list is called, if it is said to be one."""
        root = tmp_path / self.name
        folder = photos(self.folder(root))
        self.put_list(root, names_in(folder))
        stats = normstat.compute(files_from=root, root=folder, workers=workers, from0=True)
        assert stats.splits == normstat.compute(folder, workers=workers).splits

    def test_it_is_normalized_as_its_folder(self, tmp_path: Path) -> None:
        """By what stands for DATA."""
        root = tmp_path / self.name
        folder = photos(self.folder(root))
        self.put_list(root, names_in(folder))
        done = normstat.apply(
            None, tmp_path / "b", "unit", workers=0, files_from=root, root=folder, from0=True
        )
        assert done.images == 9


def listed(folder: Path, content: str | bytes, name: str = "all.txt", **options: Any) -> Source:
    """A list in a folder."""
    data = content if isinstance(content, bytes) else content.encode()
    return opened(make.write(folder / name, data), **options)


LINES: dict[str, tuple[str | bytes, dict[str, Any]]] = {
    "as-they-are": ("x/1.png\n2.png\n", {}),
    "no-end": ("x/1.png\n2.png", {}),
    "windows": ("x/1.png\r\n2.png\r\n", {}),
    "marked": ("\ufeffx/1.png\n2.png\n", {}),
    "powershell": ("x/1.png\r\n2.png\r\n".encode("utf-16"), {}),
    "utf-32": ("x/1.png\r\n2.png\r\n".encode("utf-32"), {}),
    "find": ("./x/1.png\n./2.png\n", {}),
    "not-normal": ("x//1.png\nx/./../2.png\n", {}),
    "empty-lines": ("\nx/1.png\n \n\n2.png\n\n", {}),
    "blanks-around": ("  x/1.png \n2.png\t\n", {}),
    "again": ("x/1.png\n2.png\n./2.png\nx/../2.png\n", {}),
    "ext": ("x/1\n2\n", {"ext": ".png"}),
    "ext-without-a-dot": ("x/1\n2\n", {"ext": "png"}),
    "ext-is-there": ("x/1.PNG\n2.png\n", {"ext": ".png"}),
    "voc-classes": ("x/1 -1\n2  1\n", {"ext": ".png"}),
    "backslashes": ("x\\1.png\n2.png\n", {}),
    "zero-bytes": ("x/1.png\0002.png\0", {"from0": True}),
    "zero-bytes-without-the-last": ("x/1.png\0002.png", {"from0": True}),
}


@pytest.mark.parametrize(("content", "options"), LINES.values(), ids=LINES)
def test_lists_as_people_have_them(
    tmp_path: Path, content: str | bytes, options: dict[str, Any]
) -> None:
    """Ends of lines, marks, blanks and the like are none of a name."""
    if "1.PNG" in str(content):
        tree(tmp_path, "x/1.PNG", "2.png")
        expected = ["2.png", "x/1.PNG"]
    else:
        tree(tmp_path, "x/1.png", "2.png")
        expected = ["2.png", "x/1.png"]
    assert found(listed(tmp_path, content, **options)) == {"all": expected}


def test_blanks_and_backslashes_of_a_name_stay(tmp_path: Path) -> None:
    """If there is such a file; an extension comes after all of a name that is there."""
    names = [" a.png", "b.png ", "c\\d.png", "e f.png", "a.png", "c/d.png", "e.png"]
    tree(tmp_path, *names)
    content = "".join(f"{name}\n" for name in names)
    assert sorted(found(listed(tmp_path, content))["all"]) == sorted(names)
    assert found(listed(tmp_path, "e f\n", ext=".png")) == {"all": ["e f.png"]}


@pytest.mark.skipif(os.name == "nt", reason="names that Windows cannot have")
def test_names_may_be_any_bytes(tmp_path: Path) -> None:
    """No UTF-8, an end of a line, and what looks hidden: a list asks for it."""
    names = [b"\xff.png", b"a\nb.png", b".hidden/c.png", b"__MACOSX/d", b"e"]
    for name in names:
        make.write(tmp_path / os.fsdecode(name), b"")
    source = listed(tmp_path, b"\0".join(names), from0=True)
    assert set(map(os.fsencode, found(source)["all"])) == set(names)
    names.remove(b"a\nb.png")
    assert set(map(os.fsencode, found(listed(tmp_path, b"\n".join(names)))["all"])) == set(names)


@pytest.mark.fault(71)
def test_paths_that_lead_out_are_named_without_what_leads_out(tmp_path: Path) -> None:
    """Absolute ones inside are relative; the others are read where they are, and it is said."""
    image = make.encoded(make.pixels(1, 4, 5))
    for name in ("in/a.png", "out/b.png", "more/c.png", "in/link.png"):
        make.write(tmp_path / name, image)
    os.symlink(tmp_path / "in", tmp_path / "in2")
    lines = [tmp_path / "in/a.png", "../out/b.png", tmp_path / "more/c.png", "../in/link.png"]
    content = "".join(f"{line}\n" for line in lines)
    outside = (tmp_path / "more/c.png").as_posix().lstrip("/")
    for folder in ("in", "in2"):
        source = listed(tmp_path / folder, content)
        (names,) = found(source).values()
        assert set(names) == {"a.png", "link.png", "out/b.png", outside}
        (remark,) = surveyed(source).remarks
        assert "2 paths lead out" in remark
        stats = normstat.compute(source.root, workers=0)
        (split,) = stats.splits.values()
        assert (split.images, stats.unreadable) == (4, ())


def test_names_say_the_splits(tmp_path: Path) -> None:
    """As in a folder; if no path does, the name of the list, as those of Pascal VOC do."""
    tree(tmp_path, "JPEGImages/1.jpg", "JPEGImages/2.jpg", "train/3.jpg", "val/4.jpg")
    lists = tmp_path / "ImageSets/Main"
    root = str(tmp_path / "JPEGImages")
    for name, split in (("train.txt", "train"), ("cat_val.txt", "val"), ("trainval.txt", "all")):
        source = listed(lists, "1\n2\n", name, root=root, ext=".jpg")
        assert found(source) == {split: ["1.jpg", "2.jpg"]}
    source = listed(tmp_path, "train/3.jpg\nval/4.jpg\n", "test.txt")
    assert found(source) == {"train": ["train/3.jpg"], "val": ["val/4.jpg"]}


def test_an_image_that_is_named_again_counts_once(tmp_path: Path) -> None:
    """It is said; or it counts as often as it is named, under names of its own."""
    image = make.encoded(make.pixels(1, 4, 5))
    for name in ("a.png", "x/b.png"):
        make.write(tmp_path / name, image)
    content = "a.png\nx/b.png\n./a.png\nx/b.png\na.png\n"
    source = listed(tmp_path, content)
    assert found(source) == {"all": ["a.png", "x/b.png"]}
    assert surveyed(source).skipped == {None: {Reason.REPEATED: Skipped(3, "a.png")}}
    counts = listed(tmp_path, content, duplicates="count")
    names = ["a#2.png", "a#3.png", "a.png", "x/b#2.png", "x/b.png"]
    assert found(counts) == {"all": names}
    stats = normstat.compute(counts.root, duplicates="count", workers=0)
    assert stats.splits["all"].images == 5
    assert normstat.check(counts.root, stats, workers=0).exit_code == 0  # as recorded
    assert normstat.compute(counts.root, workers=0).splits["all"].images == 2


@pytest.mark.fault(71)
def test_a_line_without_a_file_is_a_record(tmp_path: Path) -> None:
    """By its name, with the number of the line; so is a folder, and what is no image."""
    make.write(tmp_path / "a.png", make.encoded(make.pixels(1, 4, 5)))
    make.write(tmp_path / "b.txt", b"text")
    (tmp_path / "folder").mkdir()
    lines = [
        b"a.png",
        b"",
        b"gone.png",
        b"folder",
        b".",
        b"b.txt",
        b"Gr\xf6\xdfe.png",
        b"a.png/x",
        b"memory://b/c.png",
    ]
    data = make.write(tmp_path / "all.list", b"\n".join(lines))
    stats = normstat.compute(files_from=data, workers=0)
    records = {record.path: (record.code, record.detail) for record in stats.unreadable}
    assert records.pop("b.txt")[0] == "not_an_image"
    code, detail = records.pop(os.fsdecode(b"Gr\xf6\xdfe.png"))
    assert code == "vanished"
    assert re.match("line 7: .* no UTF-8; iconv -f ENCODING -t UTF-8 converts a list", detail)
    assert records.pop("a.png/x")[0] == "io_error"
    assert records == {
        "b/c.png": ("vanished", "line 9: there is no such file"),
        "gone.png": ("vanished", "line 3: there is no such file"),
        "folder": ("not_regular", "line 4: is a folder; list files, as find -type f does"),
        ".": ("not_regular", "line 5: is a folder; list files, as find -type f does"),
    }


def test_a_file_that_vanishes_after_it_is_listed_is_a_record(tmp_path: Path) -> None:
    """Named by its line."""
    tree(tmp_path, "a.png", "b.png")
    (shard,) = (source := listed(tmp_path, "a.png\nb.png\n")).shards(source.selection())
    (tmp_path / "b.png").unlink()
    first, second = shard
    with shard.container.open() as reader:
        assert reader.read(first) == b""
        with pytest.raises(UnreadableImage, match="line 2: there is no such file"):
            reader.read(second)


REFUSED: dict[str, tuple[bytes, dict[str, Any], str]] = {
    "empty": (b"", {}, "all.txt: names no images; it has no lines"),
    "only-ends": (b"\n\r\n\n", {}, "names no images"),
    "another-text": (b"Lorem ipsum\ndolor sit\n", {}, "none of its 2 paths is there, seen from"),
    "one": (b"b.png\n", {}, "its path is not there, .*root=FOLDER says where paths begin"),
    "stems": (b"a\nb\n", {}, "root=FOLDER .*ext=.jpg appends what names lack"),
    "with-labels": (b"a.png 3\nb.png 1\n", {}, r"a\.png is there, so list paths alone, as cut"),
    "zero-bytes": (b"a.png\0b.png\0", {}, "line 1 has a zero byte; from0 reads names"),
    "cut-utf-16": ("a.png\n".encode("utf-16")[:-1], {}, "encoding that it begins with .*iconv"),
    "no-root": (b"a.png\n", {"root": "nowhere"}, 'root="nowhere": there is no such folder'),
    "no-use": (b"a.png\n", {"key": ("x",)}, "key: is not for a list of names; leave it out"),
}


@pytest.mark.parametrize(("content", "options", "said"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_list_is_refused(
    tmp_path: Path, content: bytes, options: dict[str, Any], said: str
) -> None:
    """With what was found, and what to do about it."""
    tree(tmp_path, "a.png")
    with pytest.raises(UsageError, match=said):
        listed(tmp_path, content, **options)


def test_a_list_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """It is not there, is a folder, or has an impossible name."""
    for name, said in (
        ("no.txt", "cannot be read"),
        ("a\0b", "null byte"),
        ("", "is a folder|cann"),
    ):
        with pytest.raises(UsageError, match=said):
            normstat.compute(files_from=f"{tmp_path}/{name}", workers=0)


def test_data_is_given_once(tmp_path: Path) -> None:
    """As DATA, or as a list that stands for it."""
    tree(tmp_path, "a.png", "all.txt")
    with pytest.raises(UsageError, match=r"DATA is missing: .*files_from=LIST"):
        normstat.compute()
    with pytest.raises(UsageError, match="files_from=LIST: stands for DATA"):
        normstat.compute(tmp_path, files_from=tmp_path / "all.txt")
    for words in (["compute"], ["check", "--stats", "x.json"], ["apply"], ["apply", tmp_path]):
        run = here(*words)
        assert run.returncode == 2
        assert "missing" in run.stderr or "there is no" in run.stderr or "x.json" in run.stderr


@pytest.mark.matrix
@pytest.mark.parametrize("how", ["-", "--files-from", "fifo"])
def test_the_standard_input_is_a_list(tmp_path: Path, how: str) -> None:
    """Relative to the current folder, read once; a pipe of another name, too."""
    folder = photos(tmp_path / "data")
    names = "\n".join(f"data/{name}" for name in names_in(folder))
    expected = normstat.compute(folder, workers=0)
    words = {"-": ["-"], "--files-from": ["--files-from", "-"], "fifo": ["/dev/stdin"]}[how]
    if how == "fifo":
        words = ["--files-from", *words]
    for command_words in (
        ["compute", *words, "-o", "a.json", "-j", "2"],
        ["apply", *words, "out", "--method", "unit"]
        if how == "-"
        else ["apply", "out", *words, "--method", "unit"],
    ):
        run = command(*command_words, input=names, cwd=tmp_path)
        assert run.returncode == 3, run.stderr
    stats = normstat.load(tmp_path / "a.json")
    assert {name: split.mean for name, split in stats.splits.items()} == {
        name: split.mean for name, split in expected.splits.items()
    }
    assert names_in(tmp_path / "out")[-1] == "val/b/3.npy" or (tmp_path / "out/data/val").is_dir()
    levels = ["--rule", "unreadable=warn"]
    run = command("check", *words, "--stats", "a.json", *levels, input=names, cwd=tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr


def test_a_list_is_cached_like_its_folder(tmp_path: Path) -> None:
    """What is known of a file stays known, whatever else is listed."""
    folder = photos(tmp_path / "data")
    data = tmp_path / "all.txt"
    data.write_text("\n".join(names_in(folder)))
    first = normstat.compute(data, root=folder, workers=0, cache=tmp_path / "cache")
    again = normstat.compute(data, root=folder, workers=0, cache=tmp_path / "cache")
    assert again == first
    assert Message(str(first.settings.source)) == str({"kind": "list"})


@pytest.mark.matrix
def test_a_long_list_is_read_once_and_not_held(tmp_path: Path) -> None:
    """In folders of thousands, memory is that of a folder, not of all names."""
    data = tmp_path / "all.list"
    make.write(tmp_path / "0/0.png", b"")
    with data.open("w") as file:
        for folder in range(40):
            file.writelines(f"{folder}/{number}.png\n" for number in range(3000))
    script = (
        "import resource, sys\n"
        "from normstat.sources import SourceOptions, open_source\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        f"source = open_source({str(data)!r}, SourceOptions(files_from={str(data)!r}))\n"
        "selection = source.selection()\n"
        "print(sum(map(len, source.shards(selection))), source.survey(selection).images.total())\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment(),
        capture_output=True,
        check=True,
        text=True,
    )
    counted, memory = done.stdout.splitlines()
    assert counted == "120000 120000"
    assert int(memory) < 60 << 10  # KiB


def test_nothing_there_is_nothing_to_read(tmp_path: Path) -> None:
    """As of any DATA: the error of its kind."""
    with pytest.raises(NothingToRead):
        listed(tmp_path, "")


def test_a_path_that_is_too_long_for_a_file_is_a_record(tmp_path: Path) -> None:
    """Of its line, with a name that is shorter: folders by the thousand take memory."""
    make.write(tmp_path / "train" / "a.png", make.encoded(make.pixels(0, 9, 7)))
    make.write(tmp_path / "a.txt", f"train/a.png\ntrain/{'x/' * 30_000}b.png\n".encode())
    run = here("compute", tmp_path / "a.txt", "-o", "-")
    assert run.returncode == 3, run.stderr
    (record,) = json.loads(run.stdout)["unreadable"]
    assert (record["split"], record["code"]) == ("train", "vanished")
    assert record["detail"] == "line 2: a path of 60,011 characters"
    assert len(record["path"]) == 199
