"""Folders that are splits by what lies beside them, and those that only have a word in the name."""

import os
from pathlib import Path

import make
import pytest
from checked import read_again
from command import here as run_command
from opened import opened
from test_sources import found, surveyed, tree

import normstat
from normstat.errors import AmbiguousSplit, option
from normstat.images import Reason, Skipped


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An empty folder whose own name says nothing."""
    return tree(tmp_path / "data")


def splits_of(data: Path, paths: str) -> dict[str, str]:
    """Split → paths, of a folder with these files."""
    source = opened(tree(data, *paths.split()))
    return {split: " ".join(images) for split, images in found(source).items()}


# Data sets as they are handed out: what is read, split by split.
LAYOUTS = {
    "images-of": (
        "train_images/1.png test_images/2.png",
        {"train": "train_images/1.png", "test": "test_images/2.png"},
    ),
    "other-punctuation": (
        "Train-Images/1.png validation_images/2.png",
        {"train": "Train-Images/1.png", "val": "validation_images/2.png"},
    ),
    "div2k": (
        "DIV2K_train_HR/1.png DIV2K_valid_HR/2.png",
        {"train": "DIV2K_train_HR/1.png", "val": "DIV2K_valid_HR/2.png"},
    ),
    "digits": (
        "x_train2014/1.png x_val2017/2.png",
        {"train": "x_train2014/1.png", "val": "x_val2017/2.png"},
    ),
    "cyclegan": (
        "trainA/1.png trainB/2.png testA/3.png testB/4.png",
        {"train": "trainA/1.png trainB/2.png", "test": "testA/3.png testB/4.png"},
    ),
    "nnunet": (
        "imagesTr/a_0000.png imagesTs/b_0000.png labelsTr/a.png",
        {"train": "imagesTr/a_0000.png", "test": "imagesTs/b_0000.png"},
    ),
    "coco": (
        "train2017/1.jpg val2017/2.jpg test2017/3.jpg",
        {"train": "train2017/1.jpg", "val": "val2017/2.jpg", "test": "test2017/3.jpg"},
    ),
    "coco-test-dev": (
        "train2017/1.jpg test-dev2017/3.jpg",
        {"train": "train2017/1.jpg", "test": "test-dev2017/3.jpg"},
    ),
    "visdrone": (
        "V-DET-train/images/1.jpg V-DET-val/images/2.jpg V-DET-test-dev/images/3.jpg",
        {
            "train": "V-DET-train/images/1.jpg",
            "val": "V-DET-val/images/2.jpg",
            "test": "V-DET-test-dev/images/3.jpg",
        },
    ),
    "market1501": (
        "bounding_box_train/1.jpg bounding_box_test/2.jpg query/3.jpg",
        {"train": "bounding_box_train/1.jpg", "test": "bounding_box_test/2.jpg"},
    ),
    "intel": (
        "seg_train/seg_train/sea/1.jpg seg_test/seg_test/sea/2.jpg",
        {"train": "seg_train/seg_train/sea/1.jpg", "test": "seg_test/seg_test/sea/2.jpg"},
    ),
    "mvtec": (
        "b/train/good/0.png b/test/bad/0.png c/train/good/0.png b/ground_truth/bad/0_mask.png",
        {"train": "b/train/good/0.png c/train/good/0.png", "test": "b/test/bad/0.png"},
    ),
    "cifar100": (
        "train/bus/0.png train/train/1.png test/bus/2.png test/train/3.png",
        {"train": "train/bus/0.png train/train/1.png", "test": "test/bus/2.png test/train/3.png"},
    ),
    "class-val-in-val": (
        "val/a/0.png val/test/1.png train/a/0.png",
        {"val": "val/a/0.png val/test/1.png", "train": "train/a/0.png"},
    ),
    "only-folder": ("my_train/1.png my_train/x/2", {"train": "my_train/1.png"}),
    "only-folder-below": ("x/y/my_train/1.png", {"train": "x/y/my_train/1.png"}),
    "only-folder-but-for-texts": (
        "my_train/1.png notes/1.txt x.json empty/",
        {"train": "my_train/1.png"},
    ),
    "only-folder-but-for-labels": (
        "my_train/1.png masks/1.png my_train_labels/1.png",
        {"train": "my_train/1.png"},
    ),
    "one-pair-in-each-class": (
        "cat/x_train/1.png cat/x_test/2.png dog/x_train/3.png dog/x_test/4.png",
        {
            "train": "cat/x_train/1.png dog/x_train/3.png",
            "test": "cat/x_test/2.png dog/x_test/4.png",
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize(("paths", "splits"), LAYOUTS.values(), ids=LAYOUTS)
def test_layouts(data: Path, paths: str, splits: dict[str, str]) -> None:
    """Whole names are splits; others with a word are by what lies beside."""
    assert splits_of(data, paths) == splits
    survey = surveyed(opened(data))
    assert survey.images == {split: len(images.split()) for split, images in splits.items()}
    assert survey.ordinary.number == 0


ORDINARY = {
    "train_station": ("train_station/1.png abbey/1.png beach/1.png", "train_station", "train"),
    "test_tube": ("test_tube/1.png flask/1.png val_tank/1.png", "test_tube", "test"),
    "dev_board": ("a/dev_board/1.png a/mouse/1.png b/cup/1.png", "a/dev_board", "val"),
    "deep": ("vehicles/train_station/1.png animals/cat/1.png", "vehicles/train_station", "train"),
    "beside-files": ("my_train/1.png z.png", "my_train", "train"),
    "another-rest": ("train_images/1.png test_pictures/1.png", "test_pictures", "test"),
    "nested": (
        "dog/1.png train_station/1.png train_station/a/test_bench/2.png train_station/b/3.png",
        "train_station",
        "train",
    ),
    "the-same-split": ("train_one/1.png training_one/1.png", "train_one", "train"),
}  # fmt: skip


@pytest.mark.parametrize(("paths", "first", "split"), ORDINARY.values(), ids=ORDINARY)
def test_a_word_in_a_name_makes_no_split(data: Path, paths: str, first: str, split: str) -> None:
    """The folder is one like others; the survey names the first, and the option changes it."""
    assert splits_of(data, paths) == {"all": " ".join(sorted(paths.split()))}
    ordinary = surveyed(opened(data)).ordinary
    assert (ordinary.first, ordinary.split) == (f"{first}/", split)
    changed = found(opened(data, {split: first}))
    assert changed == {split: [path for path in paths.split() if path.startswith(first)]}


def test_whole_names_decide_beside_folders_with_a_word(data: Path) -> None:
    """What is beside splits is skipped and counted, whatever word is in its name."""
    paths = "train/1.png test/1.png train_extra/2.png"
    assert splits_of(data, paths) == {"train": "train/1.png", "test": "test/1.png"}
    survey = surveyed(opened(data))
    assert survey.skipped == {None: {Reason.BESIDE_SPLITS: Skipped(1, "train_extra/2.png")}}
    assert survey.ordinary.first == "train_extra/"


CONFLICTS = {
    "alone": "train/val/a.png train/b.png",
    "split-siblings": "train/val/a.png train/test/b.png train/cat/c.png",
    "the-outer-one-again": "train/val/a.png train/train/b.png",
    "not-a-class": "train/val/a.png train/images/b.png",
    "no-images-beside": "train/val/a.png train/notes/b.txt",
    "with-digits": "train/val2017/a.png",
}


@pytest.mark.parametrize("paths", CONFLICTS.values(), ids=CONFLICTS)
def test_a_split_in_another_is_an_error(data: Path, paths: str) -> None:
    """Unless what lies beside it are classes: nobody knows which split its images are of."""
    tree(data, *paths.split())
    with pytest.raises(
        AmbiguousSplit, match=r"train/(val2017|val|test): could be train or "
    ) as caught:
        surveyed(opened(data))
    assert not any(f'split_dir={{"{split}":' in str(caught.value) for split in ("train", "val"))
    assert 'split_dir={"train-' in str(caught.value)


def test_a_folder_of_two_splits_beside_one_of_them_is_offered_to_neither(data: Path) -> None:
    """``train_val`` has images of val, perhaps: given to train they would leak."""
    tree(data, "train_val/a.png", "val/b.png")
    with pytest.raises(
        AmbiguousSplit, match=r'train_val: could be train or val; split_dir=\{"train_v'
    ):
        opened(data).selection()


@pytest.mark.parametrize("exclude", ["test_images", "test_*", "test_images/*"])
def test_a_folder_that_is_left_out_still_tells(data: Path, exclude: str) -> None:
    """An option that leaves out one split changes nothing in another."""
    tree(data, "train_images/1.png", "test_images/2.png", "more/3.png")
    source = opened(data, exclude=[exclude])
    assert found(source) == {"train": ["train_images/1.png"]}


TAKEN = {
    "class": ({"cat": "train/cat"}, {("cat", "train"): 2}),
    "split": ({"val": "train"}, {("val", "train"): 3}),
    "all": ({"mine": "."}, {("mine", "train"): 3, ("mine", "test"): 1}),
    "same": ({"train": "train"}, {}),
    "beside": ({"more": "x"}, {}),
}


@pytest.mark.parametrize(("split_dirs", "taken"), TAKEN.values(), ids=TAKEN)
def test_images_that_an_option_takes_out_of_a_split_are_counted(
    data: Path, split_dirs: dict[str, str], taken: dict[tuple[str, str], int]
) -> None:
    """By the split that they go to and the one that they would be in."""
    tree(data, "train/cat/1.png", "train/cat/x/2.png", "train/3.png", "test/4.png", "x/5.png")
    by = option("split_dir")
    expected = {(by, *splits): images for splits, images in taken.items()}
    assert surveyed(opened(data, split_dirs)).taken == expected


def test_what_names_did_not_decide_is_said(data: Path) -> None:
    """On stderr: the folder that is no split with its option, and images taken out of a split."""
    gray = make.encoded(make.pixels(1, 9, 14, channels=1))
    for path in ("train_station/1.png", "abbey/1.png"):
        make.write(data / path, gray)
    run = run_command("compute", data, "-o", data.parent / "s.json")
    assert "train_station: has a split's word in its name" in run.stderr
    assert "--split-dir train=train_station makes it a split" in run.stderr
    for path in ("train/cat/1.png", "train/dog/1.png"):
        make.write(data / path, gray)
    run = run_command("compute", data, "--split-dir", "cat=train/cat", "-o", data.parent / "s.json")
    assert "--split-dir cat takes 1 image out of train" in run.stderr


RECORDED = {
    "own-name": ("train", "train_station/1.png abbey/2.png", "copy"),
    "own-name-class-only": ("my_train", "cat/1.png", "copy"),
    "no-name": ("data", "train_station/1.png abbey/2.png", "train"),
    "whole": ("data", "train_images/1.png test_images/2.png", "copy"),
    "classes": ("data", "train/bus/1.png train/train/2.png test/bus/3.png test/train/4.png", "x"),
}


@pytest.mark.parametrize(("name", "paths", "moved"), RECORDED.values(), ids=RECORDED)
def test_a_check_decides_as_compute_did(tmp_path: Path, name: str, paths: str, moved: str) -> None:
    """The same data has the same splits, also where DATA is called something else."""
    for index, path in enumerate(paths.split()):
        make.write(
            tmp_path / "x" / name / path, make.encoded(make.pixels(index, 9, 14, channels=1))
        )
    recorded = normstat.compute(tmp_path / "x" / name, workers=0)
    assert read_again(tmp_path / "x" / name, recorded) == recorded
    (tmp_path / "x" / name).rename(tmp_path / "x" / moved)
    now = read_again(tmp_path / "x" / moved, recorded)
    assert now.splits == recorded.splits


def test_a_split_that_is_gone_is_found(tmp_path: Path) -> None:
    """The rest of DATA does not take the place of a folder that was the split."""
    for path in ("train_images/1.png", "test_images/2.png", "extra/3.png"):
        make.write(
            tmp_path / "data" / path, make.encoded(make.pixels(len(path), 9, 14, channels=1))
        )
    recorded = normstat.compute(tmp_path / "data", workers=0, split="train")
    (tmp_path / "data" / "train_images").rename(tmp_path / "elsewhere")
    now = read_again(tmp_path / "data", recorded)
    assert "train" not in now.splits


@pytest.mark.parametrize(
    "name", ["a.jpg?w=640", "a.jpg_large", "a.JPG ", "a.png~", "a.jpg.1", "a.jpeg!d", "a.jpg:large",
             "a.webp&h=1.5", "a.tif.", "a.heic", "a.jxl", "a.png (1)"]
)  # fmt: skip
def test_files_that_may_be_images_are_counted(data: Path, name: str) -> None:
    """They are not read: their extension says no format."""
    tree(data, "train/b.jpg", f"train/{name}", "train/c.txt", f"train/.{name}", "train/x.jpg.json")
    assert surveyed(opened(data)).skipped == {
        None: {Reason.UNKNOWN_EXTENSION: Skipped(1, f"train/{name}")}
    }
    assert surveyed(opened(data, exclude=["a.*"])).skipped == {}


@pytest.mark.parametrize(
    "name", ["a.jpg.json", "a.jpg.txt", "a.jpgs", "a.jpg_list.txt", "jpg", "a.pngx", ".jpg_large"]
)
def test_files_beside_images_are_none(data: Path, name: str) -> None:
    """Texts and lists about images, and names without one."""
    tree(data, "b.jpg", name)
    assert surveyed(opened(data)).skipped == {}


@pytest.mark.parametrize("workers", [0, 2])
def test_the_bytes_are_the_same_for_any_number_of_workers(data: Path, workers: int) -> None:
    """What is skipped comes from names alone."""
    for index in range(40):
        for path in (f"train/{index}.png", f"train/{index}_mask.png", f"q/{index}.png"):
            make.write(data / path, make.encoded(make.pixels(index, 5, 7, channels=1)))
    stats = normstat.compute(data, workers=workers)
    assert stats == normstat.compute(data, workers=0)
    assert stats.skipped == {"beside_splits": Skipped(40, "q/0.png")}
    assert stats.splits["train"].skipped == 40


def test_the_order_in_which_folders_are_listed_decides_nothing(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Splits, labels, what is left out and what is said of it come from the names alone."""
    layouts = [paths for paths, _ in LAYOUTS.values()] + [paths for paths, *_ in ORDINARY.values()]
    for index, paths in enumerate(layouts):
        tree(data / f"{index}", *(path for path in paths.split() if not path.endswith("/")))
    tree(
        data / "x",
        "train/é.png",
        "train/e\u0301.png",
        "b/1_mask.png",
        "b/1.png",
        "b/gas_mask/1.png",
    )

    def all_that_is_told(reverse: bool) -> list[object]:
        scandir = os.scandir

        def sorted_entries(path):
            with scandir(path) as entries:
                found = sorted(entries, key=lambda entry: entry.name, reverse=reverse)
            return Entries(found)

        with monkeypatch.context() as patch:
            patch.setattr(os, "scandir", sorted_entries)
            told = []
            for root in (data, *data.iterdir()):
                source = opened(root)
                selection = source.selection()
                survey = source.survey(selection)
                told.append((selection, list(source.shards(selection)), survey))
            return sorted(told, key=str)

    assert all_that_is_told(reverse=False) == all_that_is_told(reverse=True)


class Entries(list):
    """What a folder holds, as os.scandir gives it; nothing is open."""

    def close(self) -> None: ...

    def __enter__(self) -> "Entries":
        return self

    def __exit__(self, *_: object) -> None: ...
