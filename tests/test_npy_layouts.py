"""Axes of ``.npy`` arrays: every layout against NumPy on everything at once, and image by image."""

import json
from pathlib import Path
from typing import Any

import make
import numpy as np
import pytest
from command import here as command
from numpy.typing import NDArray

import normstat
from normstat.stats import SplitStats

U8 = np.stack([make.pixels(seed, 12, 17) // (1 + seed) for seed in range(5)])
WIDE = np.stack([make.pixels(seed, 9, 11, 6, "uint16") for seed in range(4)])
STACKS: dict[str, NDArray[Any]] = {
    "uint8": U8,
    "uint8-gray": U8[..., :1],
    "uint8-bands": U8[..., :2],
    "uint16": WIDE,
    "int16": WIDE.astype("i4").astype("int16") // 7 - 900,
    "int32": WIDE.astype("int32") * -(2**14),
    "float16": (WIDE / np.float32(999)).astype("float16"),
    "float32": (WIDE / np.float32(999) - 9).astype("float32"),
    "float64": WIDE / 7 + 1e6,
    "int64": WIDE.astype("int64") * -(2**30),
    "uint32": WIDE.astype("uint32") * 65537,
    "bool": U8 > 99,
}
stacks = pytest.mark.parametrize("stack", STACKS.values(), ids=STACKS)
NUMBERS = """
images pixels channels dtype scale mean std stderr per_image min max quantiles covariance width
height modes formats
"""
LAYOUTS = {
    "nhwc": lambda stack: stack,
    "nchw": lambda stack: np.ascontiguousarray(np.moveaxis(stack, 3, 1)),
}


def split_of(folder: Path, **options: Any) -> SplitStats:
    """The one split of a folder."""
    return normstat.compute(folder, workers=0, **options).splits["all"]


def numbers(split: SplitStats) -> dict[str, Any]:
    """What is told of the pixels, without names and files."""
    return {name: getattr(split, name) for name in NUMBERS.split()}


@pytest.mark.parametrize("layout", LAYOUTS)
@stacks
def test_a_stack_is_its_images(tmp_path: Path, stack: NDArray[Any], layout: str) -> None:
    """The numbers, standard errors among them, are those of the images saved one by one."""
    make.write(tmp_path / "stack" / "x.npy", make.npy(LAYOUTS[layout](stack)))
    for number, image in enumerate(stack):
        make.write(tmp_path / "images" / f"{number}.npy", make.npy(image))
    one = split_of(tmp_path / "stack", layout=layout, covariance=True)
    many = split_of(tmp_path / "images", layout="hwc", covariance=True)
    ours, its = numbers(one), numbers(many)
    if one.dtype in ("float32", "float64", "int32", "float16"):  # merged in another order
        for name in ("std", "covariance"):
            mine, other = np.array(ours.pop(name)), np.array(its.pop(name))
            assert mine == pytest.approx(other, rel=1e-13)
    assert ours == its
    assert one.images == one.listed == len(stack)
    assert [tally.files for tally in one.state.kinds.values()] == [1]


@stacks
def test_a_stack_is_what_NumPy_says(tmp_path: Path, stack: NDArray[Any]) -> None:  # noqa: N802
    """Mean, std, extremes and covariance of everything at once."""
    make.write(tmp_path / "one" / "x.npy", make.npy(stack))
    split = split_of(tmp_path / "one", layout="nhwc", covariance=True)
    flat = stack.reshape(-1, stack.shape[3]).astype(np.longdouble) / split.scale
    assert split.mean == pytest.approx(tuple(flat.mean(axis=0)), rel=1e-13)
    assert split.std == pytest.approx(tuple(flat.std(axis=0)), rel=1e-12)
    assert split.min == tuple(flat.min(axis=0).astype(float))
    assert split.max == tuple(flat.max(axis=0).astype(float))
    covariance = np.atleast_2d(np.cov(flat.astype(float).T, ddof=0))
    assert np.array(split.covariance) == pytest.approx(covariance, rel=1e-9)
    assert split.scale == {"uint8": 255, "uint16": 65535}.get(stack.dtype.name, 1)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "float32"])
def test_a_volume_is_one_gray_image(tmp_path: Path, dtype: str) -> None:
    """zhw: all frames are counted, and for standard errors they are one image."""
    volume = make.pixels(7, 9, 60, channels=1, dtype="uint16").reshape(9, 5, 12).astype(dtype)
    for number in range(3):
        layer = volume // (number + 1) if dtype != "float32" else volume / np.float32(number + 1)
        make.write(tmp_path / "zhw" / f"{number}.npy", make.npy(layer.astype(dtype)))
        flat = layer.astype(dtype).reshape(45, 12)
        make.write(tmp_path / "flat" / f"{number}.npy", make.npy(flat))
    ours = numbers(split_of(tmp_path / "zhw", layout="zhw"))
    its = numbers(split_of(tmp_path / "flat"))
    assert ours.pop("height").max == 5
    assert its.pop("height").max == 45
    assert ours.pop("images") == its.pop("images") == 3
    for name in ("stderr", "per_image"):  # of floats: merged frame by frame, rounded elsewhere
        mine, other = ours.pop(name), its.pop(name)
        assert mine.mean == pytest.approx(other.mean, rel=1e-12)
        assert mine.std == pytest.approx(other.std, rel=1e-12)
    assert ours == its


@pytest.mark.parametrize("name", ["uint8", "uint8-bands", "uint16", "int16", "float16", "float32"])
def test_a_stack_is_its_images_resized_and_cropped(tmp_path: Path, name: str) -> None:
    """Each image once, whatever type of array holds it."""
    make.write(tmp_path / "stack" / "x.npy", make.npy(STACKS[name]))
    for number, image in enumerate(STACKS[name]):
        make.write(tmp_path / "images" / f"{number}.npy", make.npy(image))
    one = split_of(tmp_path / "stack", layout="nhwc", resize=8, crop=5)
    many = split_of(tmp_path / "images", layout="hwc", resize=8, crop=5)
    assert one.mean == many.mean
    assert one.std == pytest.approx(many.std, rel=1e-12)
    assert (one.pixels, one.width, one.height) == (many.pixels, many.width, many.height)


def test_stacks_and_images_count_together(tmp_path: Path) -> None:
    """Listed = images + unreadable, where a stack is as many images as it has, a bad file one."""
    data = tmp_path / "data"
    make.write(data / "a.npy", make.npy(U8))
    make.write(data / "b.npy", make.npy(U8[:2, :5]))
    make.write(data / "c.npy", make.npy(U8[0]))
    make.write(data / "d.png", make.encoded(U8[0]))
    make.write(data / "e.npy", make.npy(U8)[:-1])
    stats = normstat.compute(data, workers=0, layout="nhwc")
    split = stats.splits["all"]
    assert (split.listed, split.images, split.unreadable) == (10, 8, 2)
    codes = {record.path: record.code for record in stats.unreadable}
    assert codes == {"c.npy": "unsupported_pixels", "e.npy": "truncated"}
    (tally,) = split.state.kinds.values()
    assert (tally.files, tally.images) == (3, 8)
    normstat.save(stats, tmp_path / "stats.json")
    assert normstat.load(tmp_path / "stats.json") == stats


def test_a_cache_gives_the_same_bytes(tmp_path: Path) -> None:
    """With stacks too: computed, computed with a new cache, and with what that cache has kept."""
    for number in range(3):
        make.write(tmp_path / "data" / f"{number}.npy", make.npy(U8 // (number + 1)))
    written = []
    for name, options in (("0", ()), ("1", ("--cache", "c")), ("2", ("--cache", "c"))):
        done = command(
            "compute", "data", "-o", f"{name}.json", "--layout", "nhwc", *options, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr
        written.append((tmp_path / f"{name}.json").read_bytes())
    assert written[0] == written[1] == written[2]
    assert json.loads(written[0])["splits"]["all"]["images"] == 15


def test_a_check_reads_stacks_as_they_were_read(tmp_path: Path) -> None:
    """The layout is recorded, so a check needs no option; another array fails it."""
    for number in range(4):
        for split in ("train", "val"):
            content = make.npy(U8 // (number + 1) + (split == "val"))
            make.write(tmp_path / "data" / split / f"{number}.npy", content)
    done = command("compute", "data", "-o", "s.json", "--layout", "nhwc", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    done = command("check", "data", "--stats", "s.json", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    make.write(tmp_path / "data" / "train" / "0.npy", make.npy(255 - U8))
    assert command("check", "data", "--stats", "s.json", cwd=tmp_path).returncode == 1


def test_a_wrong_layout_names_the_shape_and_the_options(tmp_path: Path) -> None:
    """Four axes are refused until somebody says which, three where no side is of a few."""
    make.write(tmp_path / "x.npy", make.npy(U8))
    for layout in ("auto", "hwc", "zhw"):
        with pytest.raises(normstat.NormstatError, match=r"\(5, 12, 17, 3\).*nhwc or nchw"):
            normstat.compute(tmp_path, workers=0, layout=layout)
    make.write(tmp_path / "x.npy", make.npy(WIDE[..., 0].transpose(1, 0, 2)[:, :3]))
    with pytest.raises(normstat.NormstatError, match=r"\(9, 3, 11\).*hwc or chw.*zhw .* 9 gray"):
        normstat.compute(tmp_path, workers=0)


def test_apply_reads_what_it_can_write(tmp_path: Path) -> None:
    """Statistics of stacks are for single images too; a stack itself is refused with the reason."""
    make.write(tmp_path / "stacks" / "train" / "x.npy", make.npy(U8))
    stats = normstat.compute(tmp_path / "stacks", workers=0, layout="nhwc")
    make.write(tmp_path / "data" / "train" / "a.npy", make.npy(U8[0]))
    make.write(tmp_path / "data" / "train" / "b.png", make.encoded(U8[1]))
    done = normstat.apply(tmp_path / "data", tmp_path / "out", stats, workers=0)
    assert (done.images, done.unreadable) == (2, ())
    match = r"\(5, 12, 17, 3\).* is DATA by itself: give the file"
    with pytest.raises(normstat.NormstatError, match=match):
        normstat.apply(tmp_path / "stacks", tmp_path / "none", stats, workers=0)
    assert not (tmp_path / "none").exists()


def test_what_apply_wrote_is_read_as_its_record_says(tmp_path: Path) -> None:
    """Arrays of three readings are no question in a folder that tells their layout."""
    for name, array in (("a", U8[0][:4, :3]), ("b", WIDE[0].astype("uint8")[..., :3])):
        make.write(tmp_path / "data" / "train" / f"{name}.png", make.encoded(array))
    for layout in ("chw", "hwc"):
        out = tmp_path / layout
        normstat.apply(tmp_path / "data", out, "unit", layout=layout, workers=0)
        split = normstat.compute(out, workers=0).splits["train"]
        assert (split.images, split.channels) == (2, ("R", "G", "B"))
