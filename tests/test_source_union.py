"""Several DATA count as one folder that has links to them."""

import itertools
import json
import os
import tarfile
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

import cached
import make
import numpy as np
import pytest
from command import here
from source_contract import SourceContract
from told import Told

import normstat
from normstat.errors import NothingToRead, UsageError
from normstat.sources import Source, SourceOptions, open_source
from normstat.statsfile import dumps

IMAGES = ("a/train/x.png", "a/train/y.png", "b/q.png", "c/val/z.png", "c/val/d/z.png")


def put(root: Path, images: dict[str, bytes]) -> None:
    """Files with these contents, and no others; what is there already is not touched."""
    for path in root.rglob("*.pgm"):
        if path.relative_to(root).as_posix() not in images:
            path.unlink()
    for name, content in images.items():
        path = root / name
        if not path.exists() or path.read_bytes() != content:
            make.write(path, content)


def tar(path: Path, members: Iterable[tuple[str, bytes]]) -> None:
    """An archive; a name may come twice."""
    with tarfile.open(path, "w") as archive:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, BytesIO(content))


class TestUnion(SourceContract):
    """A folder for each split, given one by one."""

    def put(self, root: Path, images: dict[str, bytes]) -> None:
        put(root, images)

    def opened(self, root: Path) -> Source:
        return open_source([root / "val", root / "train"])


class TestUnionOfKinds(SourceContract):
    """A tar archive, and a folder without images."""

    below = "x.tar/"
    gone = ("changed_while_read",)

    def put(self, root: Path, images: dict[str, bytes]) -> None:
        make.write(root / "empty" / "readme.txt", b"")
        tar(root / "x.tar", images.items())

    def opened(self, root: Path) -> Source:
        return open_source([root / "x.tar", root / "empty"])


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: some folders of images, links to them in ``all``, and tars of them."""
    root = tmp_path / "here"
    for number, name in enumerate(IMAGES):
        make.write(root / name, make.encoded(make.pixels(number, 5, 6)))
    for folder in ("all", "tars"):
        (root / folder).mkdir()
    for name in "abc":
        (root / "all" / name).symlink_to(root / name)
        with tarfile.open(root / "tars" / f"{name}.tar", "w") as archive:
            archive.add(root / name, arcname=".")
    monkeypatch.chdir(root)
    return root


def computed(data: str | Path | Iterable[str | Path], workers: int = 0) -> str:
    """The bytes of the stats file."""
    return dumps(normstat.compute(data, workers=workers))


def names(data: Iterable[str | Path]) -> list[str]:
    """Names of all samples."""
    source = open_source(data, SourceOptions({"mine": "."}))  # else some are beside splits
    return [name for shard in source.shards(source.selection()) for name in shard.names]


def test_several_folders_are_one_of_links_to_them(there: Path) -> None:
    """In any order, by relative and by absolute paths, with one worker or two: the same bytes."""
    expected = computed("all")
    for order in itertools.permutations("abc"):
        assert computed(order) == computed([there / name for name in order]) == expected
    assert computed(["./b/", "a/../c", "a/"], workers=2) == expected


def test_a_shell_s_files_are_those_of_the_pattern(there: Path) -> None:
    """``shards/*.tar`` unquoted, quoted, and the folder; also from within."""
    expected = computed("tars/*.tar")
    files = [f"tars/{name}.tar" for name in "cab"]
    assert computed(files) == computed([there / file for file in files]) == expected
    assert computed("tars") == expected
    os.chdir("tars")
    assert computed(["b.tar", "a.tar", "c.tar"]) == expected


NAMES = {
    "as-given": (["b", "tars/a.tar"], ["b/q.png", "tars/a.tar/train/x.png"]),
    "above": (["../here/b", "tars/a.tar"], ["b/q.png", "tars/a.tar/train/x.png"]),
    "both-above": (["../here/b", "../here/c"], ["b/q.png", "c/val/d/z.png"]),
    "here": ([".", "../beside"], ["beside/i.png", "here/a/train/x.png"]),
    "told-apart": (["a", "../beside/a"], ["beside/a/i.png", "here/a/train/x.png"]),
    "within": (["x", "../beside/x/a"], ["a/i.png", "x/a/i.png"]),
    "tars-apart": (["tars/a.tar", "x/a.tar"], ["tars/a.tar/train/x.png", "x/a.tar/train/x.png"]),
    "patterns": (["tars/[a].tar", "x/*.tar"], ["tars/a.tar/train/x.png", "x/a.tar/train/x.png"]),
    "hidden": ([".h/.a", "b"], [".h/.a/i.png", "b/q.png"]),
}


@pytest.mark.parametrize(("data", "firsts"), NAMES.values(), ids=NAMES)
def test_names_begin_as_each_was_given(there: Path, data: list[str], firsts: list[str]) -> None:
    """Those that do not say it by what is left below the folder that they are in."""
    for name in (
        "../beside/i.png",
        "../beside/a/i.png",
        "x/a/i.png",
        "../beside/x/a/i.png",
        ".h/.a/i.png",
    ):
        make.write(there / name, (there / "b/q.png").read_bytes())
    (there / "x/a.tar").symlink_to(there / "other.tar")
    (there / "other.tar").write_bytes((there / "tars/a.tar").read_bytes())
    (there / "all").rename(there.parent / "all")
    for order in (data, data[::-1]):
        found = names(order)
        assert found == sorted(found)
        for first in firsts:
            assert first in found
        tops = {name.split("/")[0] for name in firsts}
        assert {name.split("/")[0] for name in found} == tops


REFUSED = {
    "twice": (["a", "a"], "a: is given twice; leave one out"),
    "twice-otherwise": (["a", "./a/"], "./a/: is the same as a; leave one out"),
    "by-a-link": (["a", "all/a"], "all/a: is the same as a; leave one out"),
    "nested": (["a", "a/train"], "a/train: lies in a, which is given, too"),
    "a-tar-of-them": (["tars", "tars/a.tar"], "tars/a.tar: lies in tars"),
    "in-a-pattern": (["tars/*.tar", "tars/a.tar"], "have files in common"),
    "gone": (["a", "nowhere"], "nowhere: there is no such file or folder"),
    "none": ([], "there is no DATA"),
    "an-option-of-none": (["a", "b"], "path_column: is not for a folder of images"),
}


@pytest.mark.parametrize(("data", "said"), REFUSED.values(), ids=REFUSED)
def test_what_would_count_twice_is_refused(there: Path, data: list[str], said: str) -> None:
    """With both names; so is what is refused alone."""
    options = {"path_column": "x"} if "path_column" in said else {}
    for order in (data, data[::-1]):
        with pytest.raises(UsageError) as caught:
            normstat.compute(order, workers=0, **options)
        assert said in str(caught.value) or order != data


def test_only_some_have_a_split(there: Path) -> None:
    """One that is wanted is read where it is; what is in none is said, as in a folder."""
    told = Told()
    stats = normstat.compute(["c", "a", "b"], split="val", workers=0, progress=told)
    assert (list(stats.splits), stats.splits["val"].images) == (["val"], 2)
    assert told.notices[0] == "val: 2 images (folder c/val)"
    stats = normstat.compute(["c", "a", "b"], workers=0, progress=told)
    assert "the first: b/q.png" in told.notices[-1]
    assert normstat.compute(["c", "b"], split_dir={"q": "b"}, workers=0).splits["q"].images == 1


def test_the_kinds_are_recorded(there: Path) -> None:
    """One kind as of one DATA; several by name, and no path."""
    assert open_source(["a", "b"]).record()["source"] == {"kind": "folder"}
    assert open_source(["tars/a.tar", "tars/b.tar"]).record()["source"] == {"kind": "tar"}
    stats = normstat.compute(["tars/a.tar", there / "b"], workers=0)
    assert stats.settings.source == {"kind": "union", "kinds": ("folder", "tar")}
    assert str(there) not in dumps(stats)


def test_a_link_of_one_to_what_it_lies_in_is_a_loop(there: Path) -> None:
    """As in that folder alone; a link to another of them counts."""
    (there / "a" / "up").symlink_to(there)
    assert names(["a", "b"]) == ["a/train/x.png", "a/train/y.png", "b/q.png"]
    (there / "a" / "beside").symlink_to(there / "b")
    assert "a/beside/q.png" in names(["a", "b"])


def test_a_cache_knows_several_in_any_order(there: Path) -> None:
    """A second run reads nothing; a file that changes is read; other DATA share no images."""
    both: list[Any] = [["a", "tars/c.tar"], ["tars/c.tar", "a"]]
    for data in both[0]:
        cached.settle(there / data)
    assert len(cached.read(both[0], there / "cache")) == 4
    assert cached.read(both[1], there / "cache") == []
    (there / "a/train/x.png").write_bytes((there / "b/q.png").read_bytes())
    assert cached.read(both[1], there / "cache") == ["a/train/x.png", "a/train/y.png"]
    other: Any = ["a", "c"]
    assert len(cached.read(other, there / "cache")) == 4


def test_a_check_reads_several_as_they_were(there: Path) -> None:
    """Also as the folder of links to them; and finds what one of them lacks."""
    stats = normstat.compute(["a", "tars/c.tar"], workers=0)
    assert normstat.check(["tars/c.tar", "a"], stats, workers=0).exit_code == 0
    assert normstat.check(["a"], stats, workers=0).exit_code == 1
    links = normstat.compute("all", workers=0)
    assert normstat.check(["a", "b", "c"], links, workers=0).exit_code == 0
    assert normstat.check("all", normstat.compute(list("abc"), workers=0), workers=0).exit_code == 0


def test_the_command_line_takes_several(there: Path) -> None:
    """compute and check; one as before."""
    done = here("compute", "a", "tars/c.tar", "-o", "s.json", cwd=there)
    assert (done.returncode, "train: 2 images (folder a/train)" in done.stderr) == (0, True)
    assert here("check", "tars/c.tar", "a", "--stats", "s.json", cwd=there).returncode == 0
    assert here("check", "a", "--stats", "s.json", cwd=there).returncode == 1
    assert here("compute", "a", "a", cwd=there).stderr.endswith(
        "a: is given twice; leave one out\n"
    )


def test_arrays_of_apply_are_read_as_it_wrote_them(there: Path) -> None:
    """If all have the same axes and channels; else they are refused."""
    for name, layout in (("a", "hwc"), ("c", "hwc"), ("b", "chw")):
        normstat.apply(name, f"arrays/{name}", method="unit", layout=layout, workers=0)
    stats = normstat.compute(["arrays/a", "arrays/c"], workers=0)
    assert stats.settings.layout == "hwc"
    assert np.allclose(
        stats.splits["train"].mean or (),
        normstat.compute("a", workers=0).splits["train"].mean or (),
    )
    with pytest.raises(UsageError, match="arrays/a and arrays/b: apply recorded other axes"):
        normstat.compute(["arrays/a", "arrays/b"], workers=0)


def test_repeated_names_in_archives_are_said_for_each(there: Path) -> None:
    """With the archive's name, and not without end."""
    for number in range(5):
        tar(there / f"{number}.tar", [("x.png", b""), ("x.png", b""), ("n.txt", b"")])
    told = Told()
    with pytest.raises(UsageError, match="none of 10"):
        normstat.compute([f"{number}.tar" for number in range(5)], workers=0, progress=told)
    said = "\n".join(told.notices)
    assert "0.tar: 1 name occurs again" in said
    assert "2 more such remarks" in said  # those on ignored members, too


def test_who_gives_a_file_in_a_folder_of_labels_wants_its_images(tmp_path: Path) -> None:
    """COCO keeps its json in ``annotations``; that word says nothing of the images it names."""
    for name in ("a", "b"):
        make.write(tmp_path / "coco/train2017" / f"{name}.png", make.encoded(make.pixels(1, 4, 4)))
        make.write(tmp_path / "more/val" / f"{name}.png", make.encoded(make.pixels(2, 4, 4)))
    listed = json.dumps({"images": [{"file_name": "a.png"}, {"file_name": "b.png"}]})
    make.write(tmp_path / "coco/annotations/instances_train2017.json", listed.encode())
    data = [tmp_path / "coco/annotations/instances_train2017.json", tmp_path / "more"]
    stats = normstat.compute(data, workers=0)
    assert {name: split.images for name, split in stats.splits.items()} == {"train": 2, "val": 2}


def test_data_without_images_beside_others_are_said(tmp_path: Path) -> None:
    make.write(tmp_path / "a" / "x.png", make.encoded(make.pixels(1, 4, 4)))
    (tmp_path / "b").mkdir()
    told = Told()
    normstat.compute([tmp_path / "a", tmp_path / "b"], workers=0, progress=told)
    assert "b: has no images" in told.notices


def test_a_pattern_of_lists_is_several_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of tables and lists of names, with stars and braces; archives have one of their own."""
    monkeypatch.chdir(tmp_path)
    for split in ("train", "val"):
        make.write(tmp_path / "images" / f"{split}.png", make.encoded(make.pixels(1, 4, 5)))
        make.write(tmp_path / f"{split}.csv", f"path\nimages/{split}.png\n".encode())
        make.write(tmp_path / f"{split}.txt", f"images/{split}.png\n".encode())
    for pattern in ("*.csv", "{train,val}.csv", "*.txt"):
        several = normstat.compute(sorted(map(str, Path().glob(f"*{pattern[-4:]}"))), workers=0)
        assert dumps(normstat.compute(pattern, workers=0)) == dumps(several)
        assert set(several.splits) == {"train", "val"}
    with pytest.raises(NothingToRead, match="there are no such files"):
        normstat.compute("none*.csv", workers=0)
    with pytest.raises(UsageError, match=r"test\.csv: cannot be read"):
        normstat.compute("{train,test}.csv", workers=0)


def test_lists_that_name_the_same_file_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As those of all images and of some, or one of images for training and for testing."""
    monkeypatch.chdir(tmp_path)
    for number in range(3):
        make.write(tmp_path / "images" / f"{number}.png", make.encoded(make.pixels(number, 4, 5)))
    make.write(tmp_path / "train.txt", b"images/0.png\nimages/1.png\n")
    make.write(tmp_path / "val.txt", b"images/2.png\n")
    make.write(tmp_path / "cat_train.csv", b"path\nimages/1.png\n")
    told = Told()
    assert normstat.compute(["train.txt", "val.txt"], workers=0, progress=told)
    assert not any("counts twice" in notice for notice in told.notices)
    stats = normstat.compute(["cat_train.csv", "train.txt"], workers=0, progress=told)
    assert stats.splits["train"].images == 3
    said = "images/1.png is in cat_train.csv and in train.txt: what two lists name counts twice"
    assert said in told.notices


@pytest.mark.parametrize("pattern", ["{train,{val,test}}.tar", "{a..c}.tar", "{0..2.tar"])
def test_braces_that_mean_nothing_are_refused(pattern: str) -> None:
    """And are no names of files that nobody has."""
    with pytest.raises(UsageError, match="braces may hold numbers"):
        normstat.compute(pattern, workers=0)


def test_archives_of_braces_that_are_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is a record that says so: nobody has listed it."""
    monkeypatch.chdir(tmp_path)
    tar(tmp_path / "train-0.tar", [("a.png", make.encoded(make.pixels(1, 4, 5)))])
    stats = normstat.compute("train-{0..1}.tar", workers=0)
    (record,) = stats.unreadable
    assert (record.path, record.detail) == ("train-1.tar/", "there is no such file")
