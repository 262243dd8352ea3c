"""Which split an image belongs to, by the names of its folders and by what is asked for."""

import os
import re
import shlex
from contextlib import suppress
from pathlib import Path

import make
import pytest
from command import normstat
from opened import opened

from normstat.errors import AmbiguousSplit, Message, UnknownSplit, UsageError, option
from normstat.images import Reason, Skipped
from normstat.sources import Source, Survey, open_source, split_names


def tree(root: Path, *paths: str) -> Path:
    """A folder with empty files; a path that ends in / is an empty folder."""
    root.mkdir(exist_ok=True)
    for path in paths:
        if path.endswith("/"):
            (root / path).mkdir(parents=True)
        else:
            make.write(root / path, b"")
    return root


def found(source: Source, *wanted: str) -> dict[str, list[str]]:
    """Split → paths, as the shards deliver them."""
    selection = source.selection(wanted)
    paths: dict[str, list[str]] = {split: [] for split in selection.splits}
    for shard in source.shards(selection):
        paths[shard.split] += shard.names
    return paths


def surveyed(source: Source, *wanted: str) -> Survey:
    """What the names tell."""
    return source.survey(source.selection(wanted))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An empty folder whose own name says nothing (pytest's would say test)."""
    return tree(tmp_path / "data")


NAMES = {
    "train": "train train2017 Train my_train TRAIN-01 trn training 2012.train x-train_v2",
    "val": "val valid Validation dev val2 VAL imagenet_val dev.1",
    "test": "test testing eval Evaluation test1 coco-test",
    "": "trainval trainA latest unlabeled retrain attest contest developer images 2017 evaluate",
}


@pytest.mark.parametrize(
    ("name", "split"), [(name, split) for split, names in NAMES.items() for name in names.split()]
)
def test_a_folder_s_name_speaks_by_whole_words(data: Path, name: str, split: str) -> None:
    """Tokens between punctuation and digits decide, in any case; parts of words say nothing."""
    assert split_names(name) == ({split} if split else set())
    tree(data, f"{name}/a.png")
    assert found(opened(data)) == {split or "all": [f"{name}/a.png"]}


AMBIGUOUS = {
    "train_val": ("train", "val"),
    "test-dev2017": ("test", "val"),
    "dev test": ("test", "val"),
    "train/val": ("train", "val"),
    "train/x/VAL": ("train", "val"),
    "images/test2017/train": ("test", "train"),
}


@pytest.mark.parametrize(("folder", "splits"), AMBIGUOUS.items(), ids=AMBIGUOUS)
def test_two_splits_at_once_are_an_error_with_its_cure(
    data: Path, folder: str, splits: tuple[str, str]
) -> None:
    """The message has both splits, and cures that put no image of one into the other."""
    tree(data, f"{folder}/a.png", "z.png")
    with pytest.raises(AmbiguousSplit) as caught:
        opened(data).selection()
    message = caught.value.message.on_command_line()
    assert message.startswith(f"{folder}: could be {splits[0]} or {splits[1]};")
    words = shlex.split(re.sub("[,;]", "", message))
    given_to = [words[place + 1] for place, word in enumerate(words) if word == "--split-dir"]
    name, _, given = given_to[-1].partition("=")
    exclude = words[words.index("--exclude") + 1]
    assert (given, exclude) == (folder, folder)
    assert name not in splits
    either = [] if "/" in folder else [f"{split}={folder}" for split in splits]
    assert given_to[:-1] == either  # all of it is one or the other
    assert found(opened(data, split_dirs={name: given})) == {name: [f"{folder}/a.png"]}
    assert found(opened(data, exclude=[exclude])) == {"all": ["z.png"]}


def test_a_folder_inside_another_split_is_cured_from_above_too(data: Path) -> None:
    """Giving the outer folder to a split gives it all that is below."""
    tree(data, "train/val/a.png", "train/b.png")
    paths = ["train/b.png", "train/val/a.png"]
    assert found(opened(data, split_dirs={"train": "train"})) == {"train": paths}
    val = opened(data, split_dirs={"val": "train/val"})
    assert found(val) == {
        "train": paths[:1],
        "val": paths[1:],
    }


NO_CONFLICT = {
    "no-images": (["train/a.png", "train_val/readme.txt", "test-dev/"], {"train": ["train/a.png"]}),
    "a-word-inside-a-split": (["train/my_val/a.png"], {"train": ["train/my_val/a.png"]}),
    "the-same-split-again": (["train/Training/a.png"], {"train": ["train/Training/a.png"]}),
    "hidden": (["train/a.png", "train/.val/b.png"], {"train": ["train/a.png"]}),
}


@pytest.mark.parametrize(("paths", "splits"), NO_CONFLICT.values(), ids=NO_CONFLICT)
def test_no_conflict(data: Path, paths: list[str], splits: dict[str, list[str]]) -> None:
    """A conflict is one of images: folders without any, and vaguer words below, are none."""
    source = opened(tree(data, *paths))
    assert found(source) == splits
    assert set(surveyed(source).images) == set(splits)


@pytest.mark.parametrize("exclude", ["train_val", "train_val/*", "train_*", "t*_val"])
def test_no_conflict_in_what_is_excluded(data: Path, exclude: str) -> None:
    """Folders that are left out are not asked what they mean."""
    tree(data, "train/a.png", "train_val/b.png", "train_val/deep/c.png")
    source = opened(data, exclude=[exclude])
    assert found(source) == {"train": ["train/a.png"]}
    assert surveyed(source).images == {"train": 1}


LAYOUTS = {
    "by-folder": (["train/0.png", "val/1.png"], {"train": ["train/0.png"], "val": ["val/1.png"]}),
    "by-class": (["test/x/0.png", "test/y/1.png"], {"test": ["test/x/0.png", "test/y/1.png"]}),
    "yolo": (
        ["images/train/0.jpg", "images/val/1.jpg", "labels/train/0.txt", "labels/val/1.txt"],
        {"train": ["images/train/0.jpg"], "val": ["images/val/1.jpg"]},
    ),
    "deeper": (["x/y/train2017/z/0.png"], {"train": ["x/y/train2017/z/0.png"]}),
    "class-first": (
        ["cat/train/0.png", "dog/train/1.png", "dog/val/2.png"],
        {"train": ["cat/train/0.png", "dog/train/1.png"], "val": ["dog/val/2.png"]},
    ),
    "no-split-folder": (["x/0.png", "y/1.png", "2.png"], {"all": ["2.png", "x/0.png", "y/1.png"]}),
    "empty-split-folder": (["train/", "val/readme.txt", "cat/0.png"], {"all": ["cat/0.png"]}),
    "one-empty": (["train/0.png", "val/", "test/deep/"], {"train": ["train/0.png"]}),
    "nothing": (["readme.txt"], {}),
}  # fmt: skip


@pytest.mark.parametrize(("paths", "splits"), LAYOUTS.values(), ids=LAYOUTS)
def test_layouts(data: Path, paths: list[str], splits: dict[str, list[str]]) -> None:
    """The shallowest folder that speaks for a split decides; without one, all is one split."""
    source = opened(tree(data, *paths))
    assert found(source) == splits
    assert surveyed(source).images == {split: len(images) for split, images in splits.items()}
    assert surveyed(source).skipped == {}


OWN_NAMES = {"train": "train", "VAL2": "val", "my-test": "test", "train_val": "all", "data": "all"}


@pytest.mark.parametrize(("name", "split"), OWN_NAMES.items())
def test_the_folder_s_own_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, split: str
) -> None:
    """DATA's own name counts where no folder in it speaks, however DATA is written."""
    root = tree(tmp_path / name, "cat/a.png")
    monkeypatch.chdir(root)
    for path in (root, str(root), f"{root}/", ".", "cat/..", f"../{name}"):
        assert found(opened(path)) == {split: ["cat/a.png"]}
    by_none = 'no folder says a split; split_dir={"NAME": "FOLDER"} would'
    rule = by_none if split == "all" else "DATA's own name"
    (found_by,) = surveyed(opened(root)).rules[split]
    assert Message(found_by) == rule
    tree(root, "dev/b.png")
    assert found(opened(root)) == {"val": ["dev/b.png"]}


def test_images_beside_split_folders_are_skipped_and_counted(data: Path) -> None:
    """They are in no split; the survey has their number and the first by path."""
    tree(data, "train/a.png", "z.png", "extra/c.png", "extra/b.png", "extra/b.txt", "y/a.jpg")
    source = opened(data)
    assert found(source) == {"train": ["train/a.png"]}
    survey = surveyed(source)
    assert survey.skipped == {None: {Reason.BESIDE_SPLITS: Skipped(4, "extra/b.png")}}
    assert survey.images == {"train": 1}
    assert survey.rules == {"train": {"folder train"}}


SPLIT_DIRS = {
    "override": ({"val": "train"}, {"val": ["train/a.png", "train/deep/b.png"]}),
    "root": ({"mine": "."}, {"mine": ["other/c.png", "train/a.png", "train/deep/b.png"]}),
    "root-and-nested": (
        {"mine": ".", "deep": "train/deep"},
        {"deep": ["train/deep/b.png"], "mine": ["other/c.png", "train/a.png"]},
    ),
    "nested": (
        {"val": "train/deep/"},
        {"train": ["train/a.png"], "val": ["train/deep/b.png"]},
    ),
    "not-normal": (
        {"x": "./train/../other"},
        {"train": ["train/a.png", "train/deep/b.png"], "x": ["other/c.png"]},
    ),
}


@pytest.mark.parametrize(("split_dirs", "splits"), SPLIT_DIRS.values(), ids=SPLIT_DIRS)
def test_split_dirs(data: Path, split_dirs: dict[str, str], splits: dict[str, list[str]]) -> None:
    """A folder given to a split overrides what names say, its own and those above."""
    source = opened(tree(data, "train/a.png", "train/deep/b.png", "other/c.png"), split_dirs)
    assert found(source) == splits
    rules = surveyed(source).rules
    assert all(rules[split] == {option("split_dir")} for split in split_dirs)


BAD_SPLIT_DIRS = {
    "missing": ("val", "nowhere", "no such folder"),
    "a-file": ("val", "a.png", "no such folder"),
    "above": ("val", "..", "not below"),
    "beside": ("val", "../beside", "not below"),
    "absolute": ("val", os.path.abspath(os.sep), "not below"),
    "name-empty": ("", "x", "name is made of"),
    "name-slash": ("a/b", "x", "name is made of"),
    "name-control": ("a\x1b[31m", "x", "name is made of"),
    "name-option": ("-a", "x", "name is made of"),
}


@pytest.mark.parametrize(("split", "folder", "said"), BAD_SPLIT_DIRS.values(), ids=BAD_SPLIT_DIRS)
def test_bad_split_dirs(data: Path, split: str, folder: str, said: str) -> None:
    """A folder that is not in DATA, or a name that is none, is refused before anything is read."""
    tree(data, "x/a.png", "a.png")
    (data.parent / "beside").mkdir()
    with pytest.raises(UsageError, match=said) as caught:
        opened(data, {split: folder})
    assert str(caught.value).startswith("split_dir={")
    assert str(caught.value).isprintable()


def test_a_split_dir_that_is_never_entered_is_refused_or_read(data: Path) -> None:
    """A folder named by option is not passed over in silence because its name is hidden."""
    tree(data, "train/a.png", ".hidden/b.png")
    with suppress(UsageError):
        source = opened(data, {"val": ".hidden"})
        assert found(source).get("val") == [".hidden/b.png"]


def test_an_unknown_split_lists_those_found(data: Path) -> None:
    """What was asked for, what there is, and how to say where it is; also if there is nothing."""
    with pytest.raises(UnknownSplit, match="no split 'train'; found: no images at all"):
        opened(data).selection(["train"])
    tree(data, "val/a.png", "test/b.png")
    with pytest.raises(UnknownSplit, match=r"'train'; found: test, val\. .*split_dir="):
        opened(data).selection(["val", "train"])
    assert found(opened(data), "test") == {"test": ["test/b.png"]}


@pytest.mark.parametrize(
    ("name", "words"), [("nowhere", "there is no such"), ("a.png", "a single image")]
)
def test_data_that_is_no_folder(data: Path, name: str, words: str) -> None:
    """DATA is a folder that can be listed, or the run does not start."""
    tree(data, "a.png")
    with pytest.raises(UsageError, match=f"{name}: {words}"):
        opened(data / name)


def test_no_name_is_no_folder() -> None:
    """An empty name, as of a variable that is not set, is not the root of all files."""
    with pytest.raises(UsageError, match="'': the name of DATA is empty"):
        opened("")


@pytest.mark.sampled
@pytest.mark.skipif(os.name == "nt", reason="it has no such pipes")
@pytest.mark.parametrize(
    "name", ["a.tar", "a.tar.gz", "a.zip", "a.parquet", "a.h5", "a.lmdb", "a.npy", "a.npz"]
)
def test_a_pipe_is_not_waited_for(tmp_path: Path, name: str) -> None:
    """Whatever its name says."""
    os.mkfifo(tmp_path / name)
    run = normstat("compute", tmp_path / name, "-o", "-")
    assert run.returncode == 2
    assert "not_regular" in run.stderr


def test_braces_of_too_many_files_are_refused() -> None:
    """Before any is looked for."""
    with pytest.raises(UsageError, match="stands for more than 1,000,000 files"):
        open_source("train-{0..999999999999}.tar")
