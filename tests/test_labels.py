"""Masks and other labels: left out where names say so, counted, and taken in when asked for."""

import json
import os
from pathlib import Path

import make
import pytest
from checked import read_again
from command import here as run_command
from jsonschema import Draft202012Validator
from opened import opened
from test_sources import found, surveyed, tree
from test_statsfile import SCHEMA

import normstat
from normstat.errors import UsageError
from normstat.images import Reason, Skipped
from normstat.statsfile import dumps, loads

GRAY = make.encoded(make.pixels(1, 9, 14, channels=1))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An empty folder whose own name says nothing."""
    return tree(tmp_path / "data")


def taken(data: Path, *paths: str, **options: object) -> list[str]:
    """Those of some files that are read as images."""
    source = opened(tree(data, *paths), **options)  # type: ignore[arg-type]  # by name
    return sorted(path for paths in found(source).values() for path in paths)


WHOLE_NAMES = """
mask masks Mask label labels LABELS labelsTr labelsTs annotation annotations gt gtFine gtCoarse
SegmentationClass SegmentationObject ground_truth GroundTruth ground-truth depth semantic instance
panoptic
"""


@pytest.mark.parametrize("name", WHOLE_NAMES.split())
def test_a_folder_whose_whole_name_says_labels_is_left_out(data: Path, name: str) -> None:
    """Whatever its files are called, and all that is below; in any case and punctuation."""
    assert taken(data, "x/1.jpg", f"{name}/a.png", f"{name}/deep/b.png") == ["x/1.jpg"]
    assert surveyed(opened(data)).skipped == {"all": {Reason.LABELS: Skipped(2, f"{name}/a.png")}}


@pytest.mark.parametrize("name", ["unmasked", "labeled", "depths_of_sea", "gtx", "instances2"])
def test_a_word_inside_of_another_says_nothing(data: Path, name: str) -> None:
    """Only whole words are labels."""
    assert taken(data, "x/1.jpg", f"{name}/1.png") == [f"{name}/1.png", "x/1.jpg"]
    assert surveyed(opened(data)).doubtful.number == 0


# Images, and labels that pair with them.
PAIRED = {
    "carvana": ("train/00.jpg test/00.jpg", "train_masks/00_mask.gif"),
    "plain-numbers": ("train/00.png test/00.png", "train_masks/00.png"),
    "camvid": ("train/a_1.png val/a_2.png", "train_labels/a_1_L.png val_labels/a_2_L.png"),
    "duts": ("x/DUTS-Image/a.jpg", "x/DUTS-Mask/a.png"),
    "isic": ("Input/ISIC_1.jpg", "Part1_GroundTruth/ISIC_1_segmentation.png"),
    "drone": ("original_images/000.jpg", "label_images_semantic/000.png"),
    "prepped": ("images_prepped_x/1.png", "annotations_prepped_x/1.png"),
    "voc": ("JPEGImages/1.jpg", "SegmentationClassAug/1.png SegmentationClass/1.png"),
    "below": ("train/a/1.jpg train/b/2.jpg", "train_masks/a/1.png train_masks/b/2.png"),
    "flat-labels": ("train/a/x1.jpg train/b/x2.jpg", "train_masks/x1.png train_masks/x2.png"),
    "in-the-folder": ("train/a.jpg train/b.jpg", "train/my_masks/a.png train/my_masks/b.png"),
    "nnunet": ("imagesTr/c_0000.png", "labelsTr/c.png labels_old/c.png"),
    "cityscapes": ("leftImg8bit/train/a/0_leftImg8bit.png", "gtFine/train/a/0_gtFine_color.png"),
    "mvtec": ("b/train/good/0.png b/test/bad/0.png", "b/ground_truth/bad/0_mask.png"),
    "one-other": ("slides/t_7.png", "tumor_masks/t_7.png"),
    "other-extension": ("slides/7.jpg", "tumor_masks/7.png"),
    "per-image": ("a/image/a.png b/image/b.png", "a/masks/x.png b/masks/y.png"),
    "yolo": ("images/train/1.jpg images/val/2.jpg", "labels/train/1.png labels/val/2.png"),
    "file-mask": ("a/x.jpg a/y.jpg a/z.jpg", "a/x_mask.png a/y_Mask.png"),
    "file-words": ("x.png", "x_label.png x-gt.png x.seg.png x_depth.png x_mask_1.png x_mask2.png"),
    "file-road": ("1_sat.jpg 2_sat.jpg", "1_mask.png 2_mask.png"),
    "file-prefix": ("1.jpg img_2.jpg", "mask_1.png mask_2.png"),
    "file-alone": ("a/img.png b/image.png", "a/label.png b/mask.png"),
    "file-ultrasound": ("b/benign (1).png", "b/benign (1)_mask.png b/benign (1)_mask_1.png"),
    "mmsegmentation": ("img_dir/train/1.png", "ann_dir/train/1.png"),
    "birds": ("images/1/a.jpg images/2/b.jpg", "segmentations/1/a.png segmentations/2/b.png"),
    "stuff": ("train2017/01.jpg val2017/02.jpg", "stuffthingmaps/train2017/01.png"),
    "retina": ("1_Original/a/x_1.jpg", "2_All_Segmentation_Groundtruths/a/MA/x_1_MA.png"),
    "disparity": ("leftImg8bit/train/a_1_leftImg8bit.png", "disparity/train/a_1_disparity.png"),
    "camvid-annot": ("images/a.png", "images_annot/a.png trimaps/a.png"),
    "file-channels": ("a/P_1_t1.png a/P_1_t2.png a/P_2_t1.png a/P_2_t2.png", "a/P_1_seg.png"),
    "file-city": ("x.png", "x_gtFine_labelIds.png"),
}  # fmt: skip


@pytest.mark.parametrize(("images", "labels"), PAIRED.values(), ids=PAIRED)
def test_labels_that_pair_with_images_are_left_out(data: Path, images: str, labels: str) -> None:
    """Whether they lie beside the images, below them or in the same folder; all are counted."""
    some = images.replace(" (1)", "~(1)").split(), labels.replace(" (1)", "~(1)").split()
    pictures, masks = ([path.replace("~", " ") for path in paths] for paths in some)
    assert taken(data, *pictures, *masks) == sorted(pictures)
    survey = surveyed(opened(data))
    assert survey.all_skipped(Reason.LABELS) == Skipped(len(masks), min(masks))
    assert survey.images.total() == len(pictures)
    everything = surveyed(opened(data, labels="count"))
    assert everything.all_skipped(Reason.LABELS) == Skipped()
    beside = everything.all_skipped(Reason.BESIDE_SPLITS).images
    assert everything.images.total() + beside == len(pictures) + len(masks)


CLASSES = {
    "numbers": "gas_mask/0.png beach/0.png abbey/0.png",
    "names": "gas_mask/g1.png beach/b1.png abbey/a1.png",
    "generic-names": "gas_mask/img_1.jpg beach/img_1.jpg abbey/img_1.jpg",
    "two-classes": "gas_mask/1.jpg beach/1.jpg",
    "opposites": "mask/1.jpg no_mask/1.jpg other/1.jpg",
    "opposites-2": "with_mask/x1.jpg without_mask/x1.jpg",
    "opposites-3": "masked/1.png unmasked/1.png mask/2.png",
    "three": "with_mask/1.jpg without_mask/1.jpg mask_weared_incorrect/1.jpg",
    "in-splits": "train/gas_mask/1.jpg train/beach/1.jpg test/gas_mask/1.jpg test/beach/1.jpg",
    "no-partner": "x_mask.png y.png z_gt.png",
    "segmented": "coco_segmentation/a.jpg voc_segmentation/a.jpg",
    "a-task": "A_Segmentation/x/1.jpg B_Grading/x/2.jpg",
    "names-of-people": "ann/img_1.jpg bob/img_1.jpg Mary.jpg Mary_Ann.jpg",
    "years": "anno_1/1.jpg anno_2/1.jpg",
    "one-person": "p_1_mask.jpg p_1_cap.jpg",
    "no-number": "face_mask.jpg face_cream.jpg face_wash.jpg",
    "own-name": "a/mask_1.jpg a/helmet_1.jpg a/mask_2.jpg",
}


@pytest.mark.parametrize("paths", CLASSES.values(), ids=CLASSES)
def test_classes_with_such_words_are_images(data: Path, paths: str) -> None:
    """Names that pair with none, opposites, or numbers as any class has them."""
    assert taken(data, *paths.split()) == sorted(paths.split())
    assert surveyed(opened(data)).skipped == {}


def test_a_class_that_may_be_labels_is_named(data: Path) -> None:
    """The survey has the number of folders and the first one."""
    tree(data, "beach/0.png", "abbey/0.png", "ski_mask/0.png", "gas_mask/x/0.png", "gas_mask/0.png")
    doubtful = surveyed(opened(data)).doubtful
    assert (doubtful.number, doubtful.first) == (2, "gas_mask/")
    tree(data, "disparity/x.png", "coco_segmentation/y.png")
    doubtful = surveyed(opened(data)).doubtful
    assert (doubtful.number, doubtful.first) == (3, "disparity/")


@pytest.mark.parametrize("path", ["Dataset_with_GT/a/1.png", "my_masks/a/1.png"])
def test_a_folder_of_all_images_is_not_taken_for_labels(data: Path, path: str) -> None:
    """To leave it out would leave nothing."""
    assert taken(data, path) == [path]
    assert surveyed(opened(data)).doubtful.number == 0
    tree(data, "beach/0.png")
    assert surveyed(opened(data)).doubtful.number == 1


ALONE = {
    "a-class": ("mask/1.jpg helmet/1.jpg bare/1.jpg", "mask/"),
    "a-class-in-a-split": ("train/depth/1.jpg train/light/1.jpg", "train/depth/"),
    "masks": ("images/a.jpg masks/a.png", ""),
    "masks-of-numbers": ("images/1.jpg masks/1.png", ""),
    "far-below": ("a/b/c/mask/1.jpg a/b/c/helmet/x.jpg", ""),
    "no-images": ("images/a.jpg labels/a.txt", ""),
}


@pytest.mark.parametrize(("paths", "first"), ALONE.values(), ids=ALONE)
def test_a_folder_left_out_for_its_name_alone_is_named(data: Path, paths: str, first: str) -> None:
    """It may be a class: nothing else says that its files are labels."""
    tree(data, *paths.split())
    assert surveyed(opened(data)).alone.first == first


ASKED = {
    "data-is-masks": ("a.png deep/b_mask.png", {}),
    "only-labels": ("masks/a.png masks/deep/b.png", {}),
    "only-label-splits": ("gtFine/a.png gtFine/b.png", {}),
    "option": ("x/1.jpg masks/1.png x/1_mask.png", {"labels": "count"}),
    "split-dir": ("masks/a.png", {"split_dirs": {"train": "masks"}}),
    "split-dir-below": ("gtFine/train/x/a.png", {"split_dirs": {"train": "gtFine/train"}}),
    "split-dir-part": ("t/train_masks/0_mask.png", {"split_dirs": {"m": "t/train_masks"}}),
    "include": ("masks/a.png", {"include": ["masks"]}),
    "include-part": ("my_masks/a.png", {"include": ["*_masks/*"]}),
    "include-file": ("x_mask.png", {"include": ["*_mask.*"]}),
}


@pytest.mark.parametrize(("paths", "options"), ASKED.values(), ids=ASKED)
def test_labels_that_are_asked_for_count(data: Path, paths: str, options: dict) -> None:
    """Where nothing else is there, or an option names them."""
    more = () if not options or "labels" in options else ("images/a.png", "x.png", "t/train/0.png")
    tree(data, *more)
    read = taken(data, *paths.split(), **options)
    assert set(paths.split()) <= set(read)


def test_an_include_of_all_images_asks_for_no_labels(data: Path) -> None:
    """``*.png`` and ``*`` name no labels."""
    paths = ("a/x.png", "a/x_mask.png", "masks/x.png")
    for include in (["*.png"], ["*"], ["*/x*"]):
        assert taken(data, *paths, include=include) == ["a/x.png"]


def test_labels_of_a_split_are_counted_with_it(data: Path) -> None:
    """Those in a split's folder are of that split; all others are of none."""
    for path in ("train/a.png", "train/b.png", "val/c.png"):
        make.write(data / path, GRAY)
    for path in ("train/masks/a.png", "train/b_mask.png", "train_masks/a.png", "gt/train/a.png"):
        make.write(data / path, b"never read")
    stats = normstat.compute(data, workers=0)
    train, val = stats.splits["train"], stats.splits["val"]
    assert (train.listed, train.images, train.unreadable, train.skipped) == (4, 2, 0, 2)
    assert (train.skipped_reasons, val.skipped_reasons) == ({"labels": 2}, {})
    assert stats.skipped == {"labels": Skipped(2, "gt/train/a.png")}
    assert stats.complete
    content = json.loads(dumps(stats))
    assert content["skipped"] == {"labels": {"images": 2, "first": "gt/train/a.png"}}
    Draft202012Validator(SCHEMA).validate(content)
    assert loads(dumps(stats)) == stats
    (only,) = normstat.compute(data, workers=0, split="val").splits.values()
    assert (only.listed, only.skipped) == (1, 0)


def test_labels_of_a_split_without_images(data: Path) -> None:
    """They are of no split that is read, and still counted."""
    tree(data, "train/a.png", "val/masks/b.png")
    survey = surveyed(opened(data))
    assert survey.skipped == {None: {Reason.LABELS: Skipped(1, "val/masks/b.png")}}
    assert surveyed(opened(data), "train").skipped == {}


def test_counted_labels_go_with_their_split(data: Path) -> None:
    """With ``--labels count``, those of train are in train."""
    tree(data, "train/0.png", "test/0.png", "train_masks/0.png", "gt/test/0.png")
    assert found(opened(data, labels="count")) == {
        "test": ["gt/test/0.png", "test/0.png"],
        "train": ["train/0.png", "train_masks/0.png"],
    }
    nnunet = tree(data.parent / "nnunet", "imagesTr/a_0000.png", "labelsTr/a.png")
    assert found(opened(nnunet, labels="count")) == {
        "train": ["imagesTr/a_0000.png", "labelsTr/a.png"]
    }


def test_only_labels_is_said(data: Path) -> None:
    """A folder of nothing but labels is counted, and a run says so."""
    tree(data, "masks/a.png")
    assert surveyed(opened(data)).only_labels
    tree(data, "x/a.png")
    assert not surveyed(opened(data)).only_labels


def test_the_option_is_recorded_and_checked_alike(data: Path) -> None:
    """``check`` and ``apply`` read the images that ``compute`` read."""
    for path in ("train/a.png", "train/masks/a.png", "train/b.png", "train/b_mask.png"):
        make.write(data / path, make.encoded(make.pixels(len(path), 9, 14, channels=1)))
    both = {
        labels: normstat.compute(data, workers=0, labels=labels) for labels in ("skip", "count")
    }
    assert {labels: s.splits["train"].images for labels, s in both.items()} == {
        "skip": 2,
        "count": 4,
    }
    for labels, stats in both.items():
        assert stats.settings.labels == labels
        now = read_again(data, stats)
        assert now == stats
        done = normstat.apply(data, data.parent / labels, stats, workers=0)
        assert done.images == stats.splits["train"].images
    done = normstat.apply(data, data.parent / "unit", "unit", workers=0)
    assert done.images == 2
    done = normstat.apply(data, data.parent / "all", both["skip"], workers=0, labels="count")
    assert done.images == 4


def test_an_unknown_choice_is_refused(data: Path) -> None:
    """The message has the option and what it may be."""
    make.write(data / "a.png", GRAY)
    with pytest.raises(UsageError, match='labels="maybe": should be one of skip, count'):
        normstat.compute(data, workers=0, labels="maybe")


def test_files_from_before_are_read_as_they_were_made() -> None:
    """Without the keys nothing was skipped, and labels were images like others."""
    content = json.loads((Path(__file__).parent / "golden" / "stats.json").read_text("utf-8"))
    del content["settings"]["labels"], content["skipped"]
    for split in content["splits"].values():
        del split["skipped_reasons"]
    stats = loads(json.dumps(content))
    assert (stats.settings.labels, stats.skipped) == ("count", {})
    assert all(split.skipped_reasons == {} for split in stats.splits.values())


@pytest.mark.parametrize("change", [{"labels": 3}, {}, {"labels": 0}, {"labels": "2"}])
def test_a_number_of_skipped_images_that_does_not_add_up_is_refused(change: dict) -> None:
    """The sum of the reasons is ``skipped``, and the images listed are all accounted for."""
    content = json.loads((Path(__file__).parent / "golden" / "stats.json").read_text("utf-8"))
    train = content["splits"]["train"]
    train |= {"listed": train["images"] + 2, "skipped": 2, "skipped_reasons": {"labels": 2}}
    assert loads(json.dumps(content)).splits["train"].skipped == 2
    train["skipped_reasons"] = change
    with pytest.raises(normstat.NormstatError, match="/splits/train"):
        loads(json.dumps(content))


def test_a_survey_lists_folders_in_proportion(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of labels is judged once, not again in each of the folders below it."""
    listed = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: listed.append(path) or scandir(path))
    numbers = []
    for folders in (20, 40):
        names = [f"{folder}/{kind}" for folder in range(folders) for kind in "ab"]
        tree(data / f"{folders}", *(f"images/{name}.jpg" for name in names))
        tree(data / f"{folders}", *(f"labels/{name}x.png" for name in names))
        source = opened(data / f"{folders}")
        selection = source.selection()
        listed.clear()
        assert source.survey(selection).alone.number == 1
        numbers.append(len(listed))
    assert numbers[1] - numbers[0] <= 2 * 20 + 20


def test_what_is_left_out_is_said(data: Path) -> None:
    """On stderr, with how many, the first and the option; -q hides it; show has it too."""
    for path in ("train/a.png", "query/a.png"):
        make.write(data / path, GRAY)
    for path in ("train/masks/z.png", "train/x.jpg_large", "train/y.jpg?w=640"):
        make.write(data / path, b"never read")
    run = run_command("compute", data, "-o", data.parent / "s.json")
    assert "1 image is a label by the names" in run.stderr
    assert "train/masks/z.png; --labels count" in run.stderr
    assert "1 image is in no split's folder" in run.stderr
    assert "2 files with the name of an image" in run.stderr
    assert "train/x.jpg_large" in run.stderr
    shown = run_command("show", data.parent / "s.json").stdout
    assert "1 label in train" in shown
    assert "query/a.png" in shown
    assert "train/x.jpg_large" in shown
    assert "train/masks: is left out for its name alone" in run.stderr
    assert run_command("compute", data, "-q", "-o", data.parent / "s.json").stderr == ""
    counted = run_command("compute", data, "--labels", "count", "-o", data.parent / "c.json")
    assert "labels" not in counted.stderr.replace("--labels", "")
