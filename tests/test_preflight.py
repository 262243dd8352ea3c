"""What does not fit is refused before anything is written: names, sizes, kinds, and OUT itself."""

import os
import shutil
import sys
from collections import namedtuple
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path, PurePosixPath
from typing import Any

import applied
import command
import hypothesis
import make
import numpy as np
import pytest
from hypothesis import strategies as st
from told import Told

import normstat
from normstat.errors import (
    NormstatError,
    NothingToRead,
    OutputError,
    Stopped,
    UnknownSplit,
    UsageError,
)
from normstat.images import renamed
from normstat.verbs.apply.claims import Claims, hashed
from normstat.verbs.apply.name_collisions import OutputNames
from normstat.writers import journal
from normstat.writers.folder import RESERVED

RGB = make.encoded(make.pixels(1, 7, 9))
OTHER = make.encoded(make.pixels(2, 8, 9))
GRAY = make.encoded(make.pixels(3, 7, 9, channels=1))
DEEP = make.encoded(make.pixels(4, 7, 9, channels=1, dtype="uint16"))
BANDS = make.npy(make.pixels(5, 7, 9, channels=4))
links = pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")


def folder(root: Path, files: dict[str, bytes]) -> Path:
    """A folder with these files."""
    for name, data in files.items():
        make.write(root / name, data)
    return root


def stats_of(
    tmp_path: Path, *images: bytes, split: str = "train", **options: Any
) -> normstat.Stats:
    """Statistics of some images, which are elsewhere by now."""
    root = folder(
        tmp_path / "elsewhere",
        {f"{split}/{place}.png": image for place, image in enumerate(images)},
    )
    stats = normstat.compute(root, workers=0, **options)
    shutil.rmtree(root)
    return stats


def refused(
    tmp_path: Path,
    error: type[NormstatError],
    match: str,
    source: Any = "unit",
    **options: Any,
) -> None:
    """Applying to ``data`` raises this, and leaves no trace in the folder around."""
    before = applied.tree(tmp_path)
    options = {"out": tmp_path / "out", "workers": 0} | options
    with pytest.raises(error, match=match) as caught:
        normstat.apply(tmp_path / "data", options.pop("out"), source, **options)
    assert caught.value.exit_code == (4 if issubclass(error, Stopped) else 2)
    assert applied.tree(tmp_path) == before


# ------------------------------------------------------------------------------------------ names

MEETINGS = {
    "two-extensions": (("x/a.jpg", "x/a.png"), "x/a.jpg and x/a.png .* x/a.npy"),
    "with-a-file-between": (("a.jpg", "a.jpg.png", "a.png"), "a.jpg and a.png"),
    "with-a-folder-between": (("a.jpg", "a-1/x.png", "a.png"), "a.jpg and a.png"),
    "case-of-the-extension": (("a.PNG", "a.png"), "a.PNG and a.png .* a.npy"),
    "folder-like-an-array": (("x.npy/a.png", "x.png"), "x.npy/ and x.png"),
    "deep-folder-like-an-array": (("y/x.npy/z/a.png", "y/x.png"), "y/x.npy/ and y/x.png"),
    "the-index": (("index.jsonl/a.png",), "index.jsonl/ .*exclude"),
    "the-record": (("normstat.json/a/b.png",), "normstat.json/"),
    "the-plan": (("normstat.partial.jsonl/a.png",), "normstat.partial.jsonl/"),
    "the-record-of-the-start": (("normstat.partial.json/a.png",), "normstat.partial.json/"),
}


@pytest.mark.parametrize(("names", "match"), MEETINGS.values(), ids=MEETINGS)
@pytest.mark.parametrize("workers", [0, 2])
def test_two_inputs_for_one_output(
    tmp_path: Path, names: tuple[str, ...], match: str, workers: int
) -> None:
    """Both are named, and nothing is written."""
    folder(tmp_path / "data", dict.fromkeys(names, RGB))
    refused(tmp_path, UsageError, match, workers=workers)


def test_names_met_in_shards_far_from_each_other(tmp_path: Path) -> None:
    """Images of one folder with thousands of others between them."""
    names = [f"a/{place:04}.png" for place in range(600)]
    folder(tmp_path / "data", dict.fromkeys(["a.jpg", *names, "a.png"], RGB))
    refused(tmp_path, UsageError, "a.jpg and a.png")


OUTPUTS = st.lists(
    st.sampled_from(["a", "b", "a/a", "b/a", "a.npy/c", "index.jsonl", "frame.0001", "frame.0002"]),
    max_size=5,
)


@hypothesis.given(OUTPUTS, OUTPUTS, st.randoms(use_true_random=False))
def test_collisions_are_found_in_any_order(stems, others, random):
    """Names in whatever order: refused if and only if two inputs would need one file or folder."""
    paths = [*{f"{stem}.png" for stem in stems}, *{f"{stem}.jpg" for stem in others}]
    random.shuffle(paths)
    outputs = [path[: -len(".png")] + ".npy" for path in paths]
    above = {str(parent) for output in outputs for parent in PurePosixPath(output).parents}
    collide = len(set(outputs)) < len(outputs) or bool(above & {*outputs, *RESERVED})
    images = [(renamed(path, ".npy"), path) for path in paths]
    names = OutputNames(lambda: images)
    names._claims = Claims(recent=2)
    with pytest.raises(UsageError, match="would both become") if collide else nullcontext():
        for image in images:
            names.add([image])
        names.check()


@hypothesis.given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 1))), st.integers(1, 5))
def test_claims_of_any_number(claims, recent):
    """Whatever is looked at one by one or together, exactly the names of two owners are found."""
    taken = Claims(recent)
    told = [taken.add(f"{name}", f"{owner}") for name, owner in claims]
    owners = {name: {owner for other, owner in claims if other == name} for name, _ in claims}
    shared = {hashed(f"{name}") for name, found in owners.items() if len(found) > 1}
    assert taken.shared() == taken.shared() == shared
    assert shared or not any(told)


def test_what_is_no_extension_of_images_stays(tmp_path: Path) -> None:
    """Frames that differ behind the last dot have an output each."""
    folder(tmp_path / "data", {"a.b.png": RGB, "frame.0001.png": RGB, "frame.0002.PNG": RGB})
    normstat.apply(tmp_path / "data", tmp_path / "out", "unit", workers=0)
    assert list(applied.arrays(tmp_path / "out")) == [
        "a.b.npy", "frame.0001.npy", "frame.0002.npy"
    ]  # fmt: skip
    assert renamed("frame.0001", ".npy") == "frame.0001.npy"
    assert renamed("x.0001/a", ".png") == "x.0001/a.png"
    assert renamed("a.TIFF", ".png") == "a.png"


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there are no such images")
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("A.png", "a.jpg"),
        ("Cat/a.png", "cat/b.png"),
        ("é.png", "e\u0301.jpg"),
        ("Index.JSONL/a.png", ""),
    ],
)
def test_names_that_other_systems_take_for_one(
    tmp_path: Path, first: str, second: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where case or composition do not count, one array would be written over another."""
    folder(tmp_path / "data", dict.fromkeys(filter(None, [first, second]), RGB))
    normstat.apply(tmp_path / "data", tmp_path / "linux", "unit", workers=0)
    assert len(applied.arrays(tmp_path / "linux")) == (2 if second else 1)
    monkeypatch.setattr(journal, "_FOLDS", True)
    refused(tmp_path, UsageError, "would both become")


def test_an_image_whose_name_changes_its_case_keeps_its_array(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The array of its old name is that of the new one, and must not be swept away."""
    monkeypatch.setattr(journal, "_FOLDS", True)
    monkeypatch.setattr(journal, "_PART", 1)
    names = ["train/A.npy", "train/b.npy", "Val/C.npy"]
    kept = ["train/a.npy", "val/c.npy"]
    assert list(journal.distinct(lambda: names, 9, besides=lambda: kept)) == ["train/b.npy"]


def test_names_that_are_left_out_do_not_count(tmp_path: Path) -> None:
    """The cure in the message is one."""
    folder(tmp_path / "data", {"a.jpg": RGB, "a.png": OTHER})
    normstat.apply(tmp_path / "data", tmp_path / "out", "unit", exclude="*.jpg", workers=0)
    assert list(applied.arrays(tmp_path / "out")) == ["a.npy"]


def test_in_stacks_only_folders_of_splits_need_names(tmp_path: Path) -> None:
    """Rows have numbers, so images may be called alike."""
    folder(tmp_path / "data", {"a.jpg": RGB, "a.png": RGB, "index.jsonl/a.png": RGB})
    normstat.apply(tmp_path / "data", tmp_path / "out", "unit", store="stack", workers=0)
    assert applied.arrays(tmp_path / "out")["all.npy"].shape == (3, 3, 7, 9)


# ------------------------------------------------------------------------------------------ sizes


def test_sizes_that_differ_make_no_stack(tmp_path: Path) -> None:
    """Two images are named with their shapes, and how to make them equal."""
    folder(tmp_path / "data", {"train/a.png": RGB, "train/b.png": RGB, "val/c.png": OTHER})
    match = r"train/a\.png .*\(3, 7, 9\), val/c\.png .*\(3, 8, 9\).*resize=N crop=N"
    refused(tmp_path, UsageError, match, store="stack")
    refused(tmp_path, UsageError, r"\(7, 9, 3\)", store="stack", layout="hwc")


def test_channels_that_differ_make_no_stack(tmp_path: Path) -> None:
    """Nor do gray images among color, where nothing spreads them."""
    folder(tmp_path / "data", {"a.png": RGB, "b.png": GRAY})
    refused(tmp_path, UsageError, r'a\.png .*b\.png .*channels="rgb"', store="stack")
    done = normstat.apply(
        tmp_path / "data", tmp_path / "out", "unit", store="stack", channels="rgb", workers=0
    )
    assert done.first[1].shape == (3, 7, 9)


def test_turned_images_have_another_size(tmp_path: Path) -> None:
    """Sizes are those of what is written, which stands upright."""
    array = make.pixels(1, 16, 24)
    folder(tmp_path / "data", {"a.jpg": applied.sideways(array), "b.png": make.encoded(array)})
    refused(tmp_path, UsageError, r"\(3, 24, 16\).*\(3, 16, 24\)", store="stack")
    normstat.apply(
        tmp_path / "data", tmp_path / "out", "unit", store="stack", exif=False, workers=0
    )


def test_images_of_another_depth_do_not_decide_a_stack(tmp_path: Path) -> None:
    """They are records, whatever their size."""
    stats = stats_of(tmp_path, RGB)
    folder(tmp_path / "data", {"train/a.png": RGB, "train/b.png": DEEP, "train/c.png": RGB})
    done = normstat.apply(tmp_path / "data", tmp_path / "out", stats, store="stack", workers=0)
    assert [record.code for record in done.unreadable] == ["other_depth"]
    assert np.load(tmp_path / "out" / "train.npy").shape == (2, 3, 7, 9)
    assert [line["row"] for line in applied.index(tmp_path / "out")] == [0, 1]


# ------------------------------------------------------------------------- statistics and presets

MISFITS: dict[str, tuple[bytes, bytes, str]] = {
    "gray-for-color": (GRAY, RGB, "train/a.png: images have 3 channels, .* 1 "),
    "color-for-bands": (RGB, BANDS, "images have 4 channels, .* 3 "),
    "deep-for-8-bits": (DEEP, GRAY, "train/a.png: pixels are uint8, .* of uint16"),
    "8-bits-for-deep": (GRAY, DEEP, "pixels are uint16, .* of uint8"),
}


@pytest.mark.parametrize(("known", "image", "match"), MISFITS.values(), ids=MISFITS)
def test_statistics_of_other_images(tmp_path: Path, known: bytes, image: bytes, match: str) -> None:
    """Channels and depth have to be those that were counted."""
    stats = stats_of(tmp_path, known)
    folder(tmp_path / "data", {"train/a.png": image})
    refused(tmp_path, UsageError, match, stats)


def test_most_images_decide_whose_fault_it_is(tmp_path: Path) -> None:
    """Statistics of 8 bits: one deep image among two is a record, two of three are a refusal."""
    stats = stats_of(tmp_path, GRAY)
    folder(tmp_path / "data", {"train/a.png": GRAY, "train/b.png": DEEP})
    done = normstat.apply(tmp_path / "data", tmp_path / "one", stats, workers=0)
    assert (done.images, [record.code for record in done.unreadable]) == (1, ["other_depth"])
    folder(tmp_path / "data", {"train/c.png": DEEP})
    refused(tmp_path, UsageError, "train/b.png: pixels are uint16", stats)


@pytest.mark.parametrize("store", ["npy", "stack"])
def test_a_few_images_of_other_channels(tmp_path: Path, store: str) -> None:
    """As in the statistics of the same folder they are records, gray among color is color."""
    bands = {"train/a.npy": BANDS, "train/d.npy": make.npy(np.zeros((9, 9, 2), "uint8"))}
    folder(tmp_path / "data", bands | dict.fromkeys(["train/b.png", "train/c.png"], RGB))
    folder(tmp_path / "data", {"train/e.png": GRAY})
    stats = normstat.compute(tmp_path / "data", workers=0)
    done = normstat.apply(tmp_path / "data", tmp_path / "out", stats, store=store, workers=0)
    assert done.images == stats.splits["train"].images == 3
    codes = {record.path: record.code for record in done.unreadable}
    assert codes == dict.fromkeys(bands, "other_depth")
    assert codes == {record.path: record.code for record in stats.unreadable}
    detail = applied.record(tmp_path / "out")["unreadable"][0]["detail"]
    assert detail == "uint8 band1/band2/band3/band4; the statistics are of uint8 R/G/B"
    wanted = normstat.normalizer(stats)(applied.seen(tmp_path / "data" / "train" / "b.png"))
    found = applied.arrays(tmp_path / "out")
    first = found["train/b.npy"] if store == "npy" else found["train.npy"][0]
    assert (first == np.moveaxis(wanted, 2, 0)).all()
    folder(tmp_path / "data", {f"train/{place}.npy": BANDS for place in range(3)})
    shutil.rmtree(tmp_path / "out")
    refused(tmp_path, UsageError, "images have 4 channels", stats)


def test_gray_images_and_presets(tmp_path: Path) -> None:
    """Three numbers are not for one channel, unless it is asked for."""
    folder(tmp_path / "data", {"train/a.png": RGB, "train/b.png": GRAY})
    refused(tmp_path, UsageError, 'train/b.png: .*channels="rgb"', "imagenet")
    normstat.apply(tmp_path / "data", tmp_path / "out", "imagenet", channels="rgb", workers=0)
    assert applied.arrays(tmp_path / "out")["train/b.npy"].shape == (3, 7, 9)


def test_channels_in_another_order(tmp_path: Path) -> None:
    """Numbers of B G R are not for R G B, nor the reverse; a preset does not reverse twice."""
    floats = make.npy(make.pixels(6, 7, 9).astype("float32"))
    forward = folder(tmp_path / "elsewhere/forward", {"train/a.npy": floats})
    reverse = tmp_path / "elsewhere/reverse"
    normstat.apply(forward, reverse, "caffe", layout="hwc", workers=0)
    of_forward, of_reverse = (normstat.compute(root, workers=0) for root in (forward, reverse))

    shutil.copytree(forward, tmp_path / "data")
    match = "train/a.npy: images have the channels R G B, the numbers are for B G R; .*compute"
    refused(tmp_path, UsageError, match, of_reverse)
    shutil.rmtree(tmp_path / "data")
    shutil.copytree(reverse, tmp_path / "data")
    refused(tmp_path, UsageError, "channels B G R, .* for R G B; put", of_forward)
    refused(tmp_path, UsageError, "channels B G R, .* R G B, which it reverses itself", "caffe")
    normstat.apply(tmp_path / "data", tmp_path / "out", of_reverse, workers=0)
    assert applied.record(tmp_path / "out")["channels"] == ["B", "G", "R"]


@pytest.mark.parametrize("given", [{"resize": 6}, {"crop": 4}, {"resize": 7, "crop": 5}])
def test_other_sizes_than_recorded(tmp_path: Path, given: dict[str, int]) -> None:
    """Statistics of resized images are not those of originals, in either direction."""
    folder(tmp_path / "data", {"train/a.png": RGB})
    refused(
        tmp_path, UsageError, "computed without (resize|crop)", stats_of(tmp_path, RGB), **given
    )
    small = stats_of(tmp_path, RGB, resize=7, crop=4)
    if given != {"crop": 4}:
        refused(tmp_path, UsageError, "computed with (resize|crop)=", small, **given)
    normstat.apply(tmp_path / "data", tmp_path / "out", small, resize=7, crop=4, workers=0)


def test_other_channels_than_recorded(tmp_path: Path) -> None:
    """Statistics of gray are not those of color; only gray that becomes color is no difference."""
    folder(tmp_path / "data", {"train/a.png": RGB, "train/b.png": GRAY})
    as_they_are = stats_of(tmp_path, RGB)
    refused(
        tmp_path,
        UsageError,
        'channels="gray": .* with channels="auto"',
        as_they_are,
        channels="gray",
    )
    for recorded, given in (("gray", "rgb"), ("gray", "auto"), ("rgb", "gray"), ("rgb", "auto")):
        stats = stats_of(tmp_path, RGB, channels=recorded)
        match = f'channels="{given}": .* with channels="{recorded}"; leave the option out'
        refused(tmp_path, UsageError, match, stats, channels=given)
    done = normstat.apply(
        tmp_path / "data", tmp_path / "out", as_they_are, channels="rgb", workers=0
    )
    assert {row.kind.channels for row in done.first} == {("R", "G", "B")}


def test_statistics_of_a_single_split(tmp_path: Path) -> None:
    """They do not say that images were resized, so they are no source; the cure works."""
    folder(tmp_path / "data", {"train/a.png": RGB})
    stats = stats_of(tmp_path, RGB, resize=7, crop=4)
    refused(tmp_path, UsageError, "from_split", stats.splits["train"])
    done = normstat.apply(tmp_path / "data", tmp_path / "out", stats, from_split="train", workers=0)
    assert done.first[0].shape == (3, 4, 4)


def test_which_split(tmp_path: Path) -> None:
    """Without statistics of train another split has to be named; so has each with `own_split`."""
    stats = stats_of(tmp_path, RGB, split="val")
    folder(tmp_path / "data", {"train/a.png": RGB, "val/a.png": OTHER})
    refused(tmp_path, UnknownSplit, "no split train, only val; .*from_split=", stats)
    refused(tmp_path, UnknownSplit, "no split train", stats, own_split=True)
    refused(tmp_path, UnknownSplit, "no split test", stats, from_split="test")
    refused(tmp_path, UsageError, "choose one", stats, own_split=True, from_split="val")
    for source in ("imagenet", "unit", stats.splits["val"]):
        refused(tmp_path, UsageError, "own_split=True", source, own_split=True)
    refused(tmp_path, UsageError, "only statistics have splits", "unit", from_split="val")
    normstat.apply(tmp_path / "data", tmp_path / "out", stats, from_split="val", workers=0)


OPTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "layout": ('^layout="cwh": .*chw', {"layout": "cwh"}),
    "input-layout": ('input_layout="cwh": .*chw', {"input_layout": "cwh"}),
    "no-input-layout": ('input_layout="": should be', {"input_layout": ""}),
    "store": ('store="zarr": .*npy, stack', {"store": "zarr"}),
    "dtype": ('dtype="int8"', {"dtype": "int8"}),
    "epsilon": ("epsilon=-1", {"source": "image", "epsilon": -1.0}),
    "no-denominator": ("epsilon=1.0: unit", {"epsilon": 1.0}),
    "resize": ("resize=0", {"resize": 0}),
    "crop": ("crop=8: .*resize=7", {"resize": 7, "crop": 8}),
    "channels": ('channels="bgr"', {"channels": "bgr"}),
    "no-channels": ('channels="": should be', {"channels": ""}),
    "max-pixels": ("max_pixels=0", {"max_pixels": 0}),
    "workers": ("workers=-1", {"workers": -1}),
    "both-flags": ("choose one", {"overwrite": True, "skip_existing": True}),
    "nothing": ("nothing to normalize with", {"source": None}),
    "method": ('method="sigmoid": no such method', {"source": None, "method": "sigmoid"}),
    "preset": ("did you mean imagenet", {"source": "imagnet"}),
    "needs-stats": ("robust needs statistics", {"source": None, "method": "robust"}),
    "preset-is-not-enough": ("min-max needs statistics", {"source": "clip", "method": "min-max"}),
    "no-stats-file": ("missing.json", {"source": "missing.json"}),
}


@pytest.mark.parametrize(("match", "options"), OPTIONS.values(), ids=OPTIONS)
def test_options(tmp_path: Path, match: str, options: dict[str, Any]) -> None:
    """A value that is none, or that contradicts another."""
    folder(tmp_path / "data", {"train/a.png": RGB})
    refused(tmp_path, UsageError, match, **options)


def test_denominators_of_zero(tmp_path: Path) -> None:
    """The channel and the cure are named; with epsilon it works, and the record says so."""
    half = make.pixels(1, 7, 9)
    half[:, :, 1] = 77
    folder(tmp_path / "data", {"train/a.png": make.encoded(half)})
    stats = normstat.compute(tmp_path / "data", workers=0)
    for method in ("standard", "min-max", "robust", "clip-standard"):
        refused(tmp_path, UsageError, "channel G .*epsilon=E", stats, method=method)
    normstat.apply(tmp_path / "data", tmp_path / "out", stats, epsilon=0.5, workers=0)
    assert applied.record(tmp_path / "out")["epsilon"] == 0.5
    assert abs(applied.arrays(tmp_path / "out")["train/a.npy"][1]).max() == 0


def test_whitening_needs_a_covariance(tmp_path: Path) -> None:
    """Which only ``compute --covariance`` has."""
    folder(tmp_path / "data", {"train/a.png": RGB})
    stats = normstat.compute(tmp_path / "data", workers=0)
    refused(tmp_path, UsageError, "covariance=True", stats, method="whiten")


def test_results_beyond_float16(tmp_path: Path) -> None:
    """16 bits of which one is used: white would be infinite, if there were a white pixel."""
    dark = np.random.default_rng(1).integers(0, 2, (7, 9)).astype("uint16")
    folder(tmp_path / "data", {"train/a.png": make.encoded(dark)})
    stats = normstat.compute(tmp_path / "data", workers=0)
    refused(tmp_path, UsageError, "float16 ends at 65504", stats, dtype="float16")
    normstat.apply(tmp_path / "data", tmp_path / "out", stats, workers=0)


# -------------------------------------------------------------------------------------------- OUT


def test_two_drives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows, images on one and arrays on the other have no folder in common."""
    import ntpath

    folder(tmp_path / "data", {"train/a.png": RGB})
    drives = {str(tmp_path / "data"): r"C:\data", str(tmp_path / "out"): r"D:\out"}
    usual = os.path.commonpath

    def on_windows(paths: list[str]) -> str:
        both = [drives.get(path, path) for path in paths]
        return ntpath.commonpath(both) if both[0][1:2] == ":" else usual(paths)

    monkeypatch.setattr(os.path, "commonpath", on_windows)
    done = normstat.apply(tmp_path / "data", tmp_path / "out", "unit", workers=0)
    assert done.images == 1


FOUND: dict[str, tuple[str, dict[str, Any]]] = {
    "file": ("is not a folder", {"out": "file"}),
    "below-a-file": ("cannot be read", {"out": "file/out"}),
    "inside": ("is inside", {"out": "data/out"}),
    "deep-inside": ("is inside", {"out": "data/train/x/y"}),
    "same": ("is inside", {"out": "data"}),
    "same-by-dots": ("is inside", {"out": "data/../data"}),
    "not-empty": (r"not empty; overwrite=True", {"out": "full"}),
    "not-ours": ("none was begun here", {"out": "full", "skip_existing": True}),
    "around": ("holds .*data", {"out": ".", "overwrite": True}),
}


@pytest.mark.parametrize(("match", "options"), FOUND.values(), ids=FOUND)
@pytest.mark.parametrize("store", ["npy", "stack"])
def test_places_for_out(tmp_path: Path, match: str, options: dict[str, Any], store: str) -> None:
    """Where arrays would be lost among images, or in the way of something."""
    folder(tmp_path / "data", {"train/a.png": RGB})
    folder(tmp_path, {"file": b"", "full/my.txt": b"mine"})
    error = OutputError if options["out"] == "file/out" else UsageError
    options = options | {"out": tmp_path / options["out"], "store": store}
    refused(tmp_path, error, match, **options)
    if not options.get("skip_existing"):
        refused(tmp_path, error, match, dry_run=True, **options)


@links
def test_out_inside_data_by_a_link(tmp_path: Path) -> None:
    """What a link leads to is looked at, in the name of either; a link to nowhere is no folder."""
    folder(tmp_path / "data", {"train/a.png": RGB})
    (tmp_path / "link").symlink_to(tmp_path / "data" / "train")
    refused(tmp_path, UsageError, "is inside", out=tmp_path / "link" / "out")
    (tmp_path / "nowhere").symlink_to(tmp_path / "missing")
    with pytest.raises(UsageError, match="is not a folder"):
        normstat.apply(tmp_path / "data", tmp_path / "nowhere", "unit", workers=0)
    with pytest.raises(UsageError, match="is inside"):
        normstat.apply(tmp_path / "link", tmp_path / "data" / "train" / "out", "unit", workers=0)


Disk = Callable[..., None]


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """Sets what is free, and the size of blocks."""
    usage = namedtuple("usage", "total used free")
    status = namedtuple("status", "f_frsize")

    def become(free: int, block: int = 1) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 0, free))
        monkeypatch.setattr(os, "statvfs", lambda _: status(block), raising=False)

    return become


def test_a_disk_that_is_too_small(tmp_path: Path, disk: Disk) -> None:
    """Found before the first byte: one byte less than the arrays have is not enough."""
    folder(tmp_path / "data", {"train/a.png": RGB, "train/b.png": OTHER})
    needed = 2 * 128 + (7 + 8) * 9 * 3 * 4
    disk(needed - 1)
    refused(tmp_path, OutputError, "1.9 kB are to be written, and the disk has 1.9 kB free")
    disk(needed)
    done = normstat.apply(tmp_path / "data", tmp_path / "out", "unit", workers=0)
    assert (done.free, done.bytes) == (needed, needed)
    (tmp_path / "out" / "train" / "b.npy").unlink()
    disk(128 + 8 * 9 * 3 * 4)
    normstat.apply(tmp_path / "data", tmp_path / "out", "unit", skip_existing=True, workers=0)
    assert len(applied.arrays(tmp_path / "out")) == 2


@pytest.mark.parametrize(("store", "blocks"), [("npy", 3), ("stack", 1 + 2)])
def test_files_take_whole_blocks(tmp_path: Path, disk: Disk, store: str, blocks: int) -> None:
    """Of 1000 bytes: an array in a file of 884, and stacks of one and of two."""
    names = ["train/a.png", "val/b.png", "val/c.png"]
    folder(tmp_path / "data", dict.fromkeys(names, RGB))
    disk(1000 * blocks - 1, 1000)
    refused(tmp_path, OutputError, "3.0 kB are to be written", store=store)
    disk(1000 * blocks, 1000)
    normstat.apply(tmp_path / "data", tmp_path / "out", "unit", store=store, workers=0)


def test_what_a_network_moves_at_a_time_is_no_block(tmp_path: Path, disk: Disk) -> None:
    """NFS tells a megabyte; a file of a kilobyte takes no more for that."""
    folder(tmp_path / "data", {"train/a.png": RGB})
    disk(128 + 7 * 9 * 3 * 4, 1 << 20)
    normstat.apply(tmp_path / "data", tmp_path / "out", "unit", workers=0)


@pytest.mark.parametrize("earlier", ["npy", "stack"])
@pytest.mark.parametrize("store", ["npy", "stack"])
def test_what_is_overwritten_makes_room(
    tmp_path: Path, disk: Disk, earlier: str, store: str
) -> None:
    """A disk that a run has filled has room for the same again, once."""
    names = ["train/a.png", "train/b.png", "val/c.png", "val/d.png"]
    folder(tmp_path / "data", dict.fromkeys(names, RGB))
    normstat.apply(tmp_path / "data", tmp_path / "out", "unit", store=earlier, workers=0)
    options: dict[str, Any] = {"store": store, "overwrite": True}
    disk(0, 1000)
    refused(tmp_path, OutputError, "free", dtype="float64", **options)
    normstat.apply(tmp_path / "data", tmp_path / "out", "unit", workers=0, **options)


@pytest.mark.parametrize(("store", "files"), [("npy", 3), ("stack", 2)])
def test_a_dry_run_tells_of_files_and_of_a_small_disk(
    tmp_path: Path, disk: Disk, store: str, files: int
) -> None:
    """Nothing fails and nothing is written; where there is room, nothing is said of it."""

    told = Told()
    folder(tmp_path / "data", dict.fromkeys(["train/a.png", "val/b.png", "val/c.png"], RGB))
    options: dict[str, Any] = {"store": store, "dry_run": True, "workers": 0}
    for free, said in ((2999, True), (3000, False)):
        disk(free, 1000)
        told.notices.clear()
        done = normstat.apply(tmp_path / "data", tmp_path / "out", "unit", progress=told, **options)
        assert (done.images, done.files) == (3, files)
        assert any("the disk has 3.0 kB free" in line for line in told.notices) is said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("store", ["npy", "stack"])
def test_a_command_that_only_looks_says_what_it_sees(tmp_path: Path, store: str) -> None:
    """Its first line stands there even if nothing else is to be said."""
    folder(tmp_path / "data", dict.fromkeys(["train/a.png", "val/b.png", "val/c.png"], RGB))
    arguments = ("apply", "data", "out", "--method", "unit", "--store", store, "--dry-run")
    quiet = command.here(*arguments, "-q", cwd=tmp_path)
    files = {"npy": "3 files, 2,652 bytes", "stack": "2 files, 2,524 bytes"}[store]
    assert quiet.stdout.startswith(f"would write 3 arrays in {files}, to out; ")
    assert (quiet.returncode, quiet.stderr, quiet.stdout.count("\n")) == (0, "", 1)
    loud = command.here(*arguments, cwd=tmp_path)
    assert loud.stdout.startswith(quiet.stdout.split(";")[0])
    assert loud.stdout.count("\n") > 1


def test_nothing_to_read(tmp_path: Path) -> None:
    """No images, or none that is whole, whether its header or only its pixels tell."""
    folder(tmp_path / "data", {"train/a.txt": b""})
    refused(tmp_path, NothingToRead, "no images")
    folder(tmp_path / "data", {"train/a.png": b"", "train/b.png": b"no image"})
    refused(tmp_path, NothingToRead, "none of 2 images can be read .*train/a.png")
    shutil.rmtree(tmp_path / "data")
    refused(tmp_path, UsageError, "data: there is no such file or folder")


@pytest.mark.parametrize("store", ["npy", "stack"])
def test_nothing_whole_behind_good_headers(tmp_path: Path, store: str) -> None:
    """Then a run has begun, and it leaves nothing, not even its folder; but an earlier one's."""
    folder(tmp_path / "data", {"train/a.png": RGB[:-30], "val/b.png": RGB[:-30]})
    nothing = "none of 2 images can be read"
    refused(tmp_path, NothingToRead, nothing, store=store)
    (tmp_path / "out").mkdir()
    refused(tmp_path, NothingToRead, nothing, store=store)
    folder(tmp_path / "data", {"train/a.png": RGB, "val/b.png": RGB})
    normstat.apply(tmp_path / "data", tmp_path / "out", "unit", store=store, workers=0)
    whole = applied.arrays(tmp_path / "out")
    folder(tmp_path / "data", {"train/a.png": RGB[:-30], "val/b.png": RGB[:-30]})
    options: dict[str, Any] = {"store": store, "workers": 0}
    with pytest.raises(NothingToRead, match=nothing):
        normstat.apply(tmp_path / "data", tmp_path / "out", "unit", skip_existing=True, **options)
    assert applied.arrays(tmp_path / "out").keys() == whole.keys()
    assert "normstat.partial.json" in applied.tree(tmp_path / "out")
    with pytest.raises(NothingToRead, match=nothing):
        normstat.apply(tmp_path / "data", tmp_path / "out", "unit", overwrite=True, **options)
    assert set(applied.tree(tmp_path / "out")) <= {"train/", "val/"}
