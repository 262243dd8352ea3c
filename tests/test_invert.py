"""From arrays back to images: the pixels that apply read, whatever was done to them."""

import io
import json
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from make import encoded, npy, pixels, write
from PIL import Image, ImageOps
from told import Told

import normstat
from normstat.encode import encode_png
from normstat.errors import OutputError, UsageError
from normstat.methods import METHODS, Needs
from normstat.presets import PRESETS, Preset
from normstat.writers import WRITERS

every_method = pytest.mark.parametrize("method", METHODS)
LOSSLESS = [name for name in METHODS if name != "clip-standard"]
every_store = pytest.mark.parametrize("store", WRITERS)
every_layout = pytest.mark.parametrize("layout", ["chw", "hwc"])


def folder_of(root, arrays):
    """Images as PNG files, by their paths without extension."""
    for name, array in arrays.items():
        write(root / f"{name}.png", encoded(array))
    return root


def color(height=9, width=14):
    """RGB images of one size in two splits."""
    names = ("train/cat/1", "train/cat/2", "train/dog/1", "test/1")
    return {name: pixels(seed, height, width) for seed, name in enumerate(names)}


def applied(data, out, method=None, source=None, **options):
    """Arrays by any method, with statistics where it needs them."""
    if source is None and METHODS[method].needs is not Needs.NOTHING:
        source = normstat.compute(data, covariance=True, workers=0)
    normstat.apply(data, out, source, method=method, workers=0, **options)
    return out


def images_of(root):
    """Path without extension → array, of every image in a folder."""
    return {
        path.relative_to(root).with_suffix("").as_posix(): np.array(Image.open(path))
        for path in root.rglob("*.png")
    }


def assert_same(found, expected):
    """The same names, and for each the same pixels of the same dtype."""
    assert sorted(found) == sorted(expected)
    for name, array in expected.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def clipped(image, split):
    """What clip-standard leaves of an image: pixels between the quantiles 0.005 and 0.995."""
    low, high = (np.array(split.quantiles[q]) * split.scale for q in ("0.005", "0.995"))
    return np.rint(np.clip(image, low, high)).astype(image.dtype)


@pytest.mark.parametrize("method", LOSSLESS)
@every_store
@every_layout
def test_the_pixels_come_back(tmp_path, method, store, layout):
    """Color and 8 bits: every pixel is the one that was read, and the result says it is sure."""
    data = folder_of(tmp_path / "data", color())
    out = applied(data, tmp_path / "out", method, store=store, layout=layout)
    done = normstat.invert(out, tmp_path / "seen")
    assert_same(images_of(tmp_path / "seen"), color())
    assert (done.images, done.lossless) == (4, True)
    assert done.first == ("test/1.png", "train/cat/1.png", "train/cat/2.png")


@pytest.mark.parametrize("method", [name for name in LOSSLESS if name != "whiten"])
def test_gray_of_16_bits_comes_back(tmp_path, method):
    """Every one of 65536 values survives float32, and is written as 16 bits."""
    values = np.arange(65536, dtype=np.uint16)
    arrays = {"train/a": values.reshape(128, -1), "train/b": values[::-1].reshape(256, -1)}
    out = applied(folder_of(tmp_path / "data", arrays), tmp_path / "out", method)
    assert normstat.invert(out, tmp_path / "seen").lossless
    assert_same(images_of(tmp_path / "seen"), arrays)


@pytest.mark.parametrize("method", ["standard", "whiten", "min-max"])
def test_gray_among_color_comes_back_as_gray(tmp_path, method):
    """An image that was spread over three channels has one again."""
    arrays = {**color(), "train/gray": pixels(9, 5, 7, channels=1)}
    out = applied(folder_of(tmp_path / "data", arrays), tmp_path / "out", method)
    assert np.load(out / "train/gray.npy").shape == (3, 5, 7)
    assert normstat.invert(out, tmp_path / "seen").lossless
    assert_same(images_of(tmp_path / "seen"), arrays)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_come_back_as_rgb(tmp_path, name):
    """Also those whose arrays are in the order BGR."""
    data = folder_of(tmp_path / "data", {"a": pixels(0, 6, 11)})
    out = applied(data, tmp_path / "out", source=name)
    assert normstat.invert(out, tmp_path / "seen").lossless
    assert_same(images_of(tmp_path / "seen"), {"a": pixels(0, 6, 11)})


def test_each_split_with_its_own_statistics_comes_back(tmp_path):
    """The way back is that of the image's split."""
    data = folder_of(tmp_path / "data", color())
    stats = normstat.compute(data, workers=0)
    assert stats.splits["train"].mean != stats.splits["test"].mean
    normstat.apply(data, tmp_path / "out", stats, own_split=True, workers=0)
    normstat.invert(tmp_path / "out", tmp_path / "seen")
    assert_same(images_of(tmp_path / "seen"), color())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turned_images_come_back_upright(tmp_path, orientation):
    """What a camera says of up and down was obeyed, and is not in the file a second time."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    write(tmp_path / "data/a.png", encoded(pixels(0, 6, 11), exif=exif))
    normstat.apply(tmp_path / "data", tmp_path / "out", "unit", workers=0)
    normstat.invert(tmp_path / "out", tmp_path / "seen")
    upright = np.array(ImageOps.exif_transpose(Image.open(tmp_path / "data/a.png")))
    assert_same(images_of(tmp_path / "seen"), {"a": upright})
    assert not Image.open(tmp_path / "seen/a.png").getexif()


def test_resized_images_come_back_as_the_model_sees_them(tmp_path):
    """The size and the pixels are those that were normalized."""
    data = folder_of(tmp_path / "data", {"a": pixels(0, 40, 61)})
    for name, method in (("one", "unit"), ("two", "image")):
        normstat.apply(data, tmp_path / name, method, resize=16, crop=12, workers=0)
        normstat.invert(tmp_path / name, tmp_path / f"{name}-seen")
    one, two = images_of(tmp_path / "one-seen"), images_of(tmp_path / "two-seen")
    assert one["a"].shape == (12, 12, 3)
    expected = np.load(tmp_path / "one/a.npy").transpose(1, 2, 0) * 255
    np.testing.assert_allclose(one["a"], expected, rtol=0, atol=1e-3)
    assert_same(two, one)


def test_what_was_clipped_stays_clipped(tmp_path):
    """After clip-standard pixels are those between the quantiles, and the result is not sure."""
    data = folder_of(tmp_path / "data", color())
    out = applied(data, tmp_path / "out", "clip-standard")
    train = normstat.compute(data, workers=0).splits["train"]
    expected = {name: clipped(image, train) for name, image in color().items()}
    assert any((expected[name] != image).any() for name, image in color().items())
    assert not normstat.invert(out, tmp_path / "seen").lossless
    assert_same(images_of(tmp_path / "seen"), expected)


@every_method
@pytest.mark.parametrize("channels", [1, 3])
def test_float16_loses_at_most_its_rounding(tmp_path, method, channels):
    """Nothing fails, pixels are near those that were read, and the result is not sure."""
    dtype = "uint16" if channels == 1 else "uint8"
    if (method, channels) == ("whiten", 1):
        method = "standard"
    array = pixels(0, 30, 41, channels, dtype)
    array[:2], array[2:4] = 0, np.iinfo(dtype).max
    data = folder_of(tmp_path / "data/train", {"a": array}).parent
    out = applied(data, tmp_path / "out", method, dtype="float16")
    assert not normstat.invert(out, tmp_path / "seen").lossless
    back = images_of(tmp_path / "seen")["train/a"].astype(int)
    assert np.abs(back - array).max() <= np.iinfo(dtype).max / 500


@given(
    center=st.floats(-1e4, 1e4),
    width=st.floats(1e-6, 1e6),
    dtype=st.sampled_from(["uint8", "uint16"]),
)
def test_lossless_is_a_promise(center, width, dtype):
    """Where it is given, each value of each depth comes back; elsewhere nothing fails."""
    normalizer = normstat.normalizer(Preset("any", (center,) * 3, (width,) * 3, "", "")).on(dtype)
    values = np.arange(np.iinfo(dtype).max + 1, dtype=dtype)
    image = np.repeat(values, 3).reshape(16, -1, 3)
    back = normalizer.inverse(normalizer(image), dtype)
    if normalizer.is_lossless(dtype):
        np.testing.assert_array_equal(back, image)


def test_no_promise_where_digits_are_lost():
    """A mean far from all pixels leaves too few digits, and pixels do change."""
    far = normstat.normalizer(Preset("far", (1e6,) * 3, (1.0,) * 3, "", ""))
    image = np.repeat(np.arange(240, dtype=np.uint8), 3).reshape(12, 20, 3)
    assert not far.is_lossless("uint8")
    assert (far.inverse(far(image), "uint8") != image).any()


def test_no_promise_where_channels_hardly_differ(tmp_path):
    """Whitening 16 bits that are nearly gray needs more digits than float32 has."""
    image = np.repeat(pixels(0, 60, 80, 1, "uint16")[:, :, np.newaxis], 3, axis=2)
    image[5, :9, 0] += 9
    image[7, 9:20, 1] += 9
    write(tmp_path / "data/train/a.npy", npy(image))
    stats = normstat.compute(tmp_path / "data", covariance=True, workers=0)
    for dtype, sure in (("float32", False), ("float64", True)):
        whiten = normstat.normalizer(stats, method="whiten", dtype=dtype)
        assert whiten.is_lossless("uint16") == sure
        assert (whiten.inverse(whiten(image)) == image).all() >= sure


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"layout": "zzz"}, "/layout: should be one of"),
        ({"channels": 3}, "/channels: should be a list"),
        ({"store": None}, "/store: should be a string"),
        ({"normalizers": []}, "/normalizers: should be an object"),
    ],
)
def test_a_bad_record_is_refused_by_its_name(tmp_path, out, changes, pointer):
    """A folder of arrays whose normstat.json is damaged: its name, and where in it, is said."""
    changed_record(out, **changes)
    match = rf"{re.escape(str(out))}/normstat\.json: {pointer}.*; run apply again"
    for read in (
        lambda: normstat.invert(out, tmp_path / "seen"),
        lambda: normstat.compute(out, workers=0),
        lambda: normstat.apply(out, tmp_path / "again", "unit", workers=0),
    ):
        with pytest.raises(UsageError, match=match):
            read()


@every_store
def test_inputs_that_differ_in_their_extension_only(tmp_path, store):
    """Two images that would become one are refused before anything is written."""
    for name in ("a.png", "a.bmp"):
        write(tmp_path / "data" / name, encoded(pixels(0, 4, 5), name[-3:].upper()))
    if store == "npy":
        with pytest.raises(UsageError, match=r"a\.bmp and a\.png would both become a\.npy"):
            normstat.apply(tmp_path / "data", tmp_path / "out", "unit", workers=0)
        return
    normstat.apply(tmp_path / "data", tmp_path / "out", "unit", store=store, workers=0)
    with pytest.raises(UsageError, match=r"a\.bmp and a\.png would both become a\.png"):
        normstat.invert(tmp_path / "out", tmp_path / "seen")
    assert not (tmp_path / "seen").exists()


@pytest.fixture
def out(tmp_path):
    """Arrays of two images."""
    arrays = {"a": pixels(0, 6, 11), "b/c": pixels(1, 7, 5)}
    return applied(folder_of(tmp_path / "data", arrays), tmp_path / "out", "unit")


@pytest.mark.parametrize("place", ["out/seen", "out", "full", "file"])
def test_places_that_images_do_not_go_to(tmp_path, out, place):
    """Inside OUT, a folder with something in it, a file: refused, and nothing changes."""
    write(tmp_path / "full/mine", b"")
    write(tmp_path / "file", b"")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(
        UsageError,
        match=r"is inside|overwrite=True replaces images of the same names, or|is not a folder",
    ):
        normstat.invert(out, tmp_path / place)
    assert sorted(tmp_path.rglob("*")) == before


def test_overwriting(tmp_path, out):
    """Images of the same names are replaced, other files stay."""
    write(tmp_path / "seen/a.png", b"old")
    write(tmp_path / "seen/mine", b"")
    normstat.invert(out, tmp_path / "seen", overwrite=True)
    assert (tmp_path / "seen/mine").exists()
    assert images_of(tmp_path / "seen")["a"].shape == (6, 11, 3)


def test_a_file_where_a_folder_should_be(tmp_path, out):
    """It is not replaced: the run ends, and says where."""
    write(tmp_path / "seen/b", b"mine")
    with pytest.raises(OutputError, match="seen: cannot be written"):
        normstat.invert(out, tmp_path / "seen", overwrite=True)
    assert (tmp_path / "seen/b").read_bytes() == b"mine"


def test_folders_that_apply_did_not_finish(tmp_path, out):
    """Any folder, and one of an interrupted run, are refused with what is wrong."""
    with pytest.raises(UsageError, match=r"no normstat\.json.*no folder that apply"):
        normstat.invert(tmp_path / "data", tmp_path / "seen")
    (out / "normstat.json").rename(out / "normstat.partial.json")
    with pytest.raises(UsageError, match="interrupted"):
        normstat.invert(out, tmp_path / "seen")


def changed_line(out, **changes):
    """The index, its last line with other content."""
    *lines, last = (out / "index.jsonl").read_text().splitlines()
    lines.append(json.dumps(json.loads(last) | changes))
    (out / "index.jsonl").write_text("\n".join(lines))


def changed_record(out, **changes):
    """The record, with other content."""
    record = json.loads((out / "normstat.json").read_text())
    (out / "normstat.json").write_text(json.dumps(record | changes))


def flat(out):
    """An array without channels, as its line says."""
    np.save(out / "b/c.npy", np.zeros((7, 5), "float32"))
    changed_line(out, shape=[7, 5])


DAMAGE = {
    "missing": (lambda out: (out / "b/c.npy").unlink(), r"c\.npy.*No such file"),
    "other shape": (
        lambda out: np.save(out / "b/c.npy", np.zeros((3, 5, 7), "float32")),
        r"c\.npy \(of b/c\.png\): an array of float32 and shape \(3, 5, 7\)",
    ),
    "other dtype": (lambda out: np.save(out / "b/c.npy", np.zeros((3, 7, 5))), "of float64"),
    "no array": (lambda out: write(out / "b/c.npy", b"no array"), r"c\.npy.*no whole \.npy"),
    "cut": (
        lambda out: write(out / "b/c.npy", (out / "b/c.npy").read_bytes()[:-1]),
        r"c\.npy.*no whole \.npy",
    ),
    "no index": (lambda out: (out / "index.jsonl").unlink(), "index.jsonl: cannot be read"),
    "index of others": (lambda out: write(out / "index.jsonl", b"\xff"), "line 1"),
    "leads out": (lambda out: changed_line(out, input="../c.png"), "line 2"),
    "array elsewhere": (lambda out: changed_line(out, output="../data/a.npy"), "line 2"),
    "numbers of other channels": (lambda out: changed_line(out, a=[1, 1], b=[0, 0]), "line 2"),
    "more a than b": (lambda out: changed_line(out, a=[1, 1, 1], b=[0]), "line 2"),
    "a without b": (lambda out: changed_line(out, a=[1, 1, 1]), "line 2"),
    "infinite": (lambda out: changed_line(out, a=[float("inf")], b=[0]), "line 2"),
    "too large": (lambda out: changed_line(out, a=[10**400], b=[0]), "line 2"),
    "no shape": (lambda out: changed_line(out, shape=[], a=[1, 1], b=[0, 0]), "line 2"),
    "no name of a split": (lambda out: changed_line(out, split=["all"]), "line 2"),
    "no dtype": (lambda out: changed_line(out, dtype=["uint8"]), "line 2"),
    "no channels": (lambda out: changed_line(out, channels=[1]), "line 2"),
    "a number for a split": (lambda out: changed_line(out, split=1), "line 2"),
    "endless": (lambda out: changed_line(out, a=[10**4200], b=[10**400]), "line 2"),
    "no axis of channels": (flat, r"c\.npy.*\(7, 5\) is no image of 3 channels"),
    "fewer channels": (lambda out: changed_line(out, channels=["gray"]), "no image of 1 channel "),
    "other layout": (
        lambda out: changed_record(out, layout="hwc"),
        r"a\.npy.*\(3, 6, 11\) is no image of 3 channels with the layout hwc of normstat\.json",
    ),
    "no normalizer": (lambda out: changed_record(out, normalizers={"all": 1}), "in all: should"),
    "other split": (lambda out: changed_line(out, split="val"), "split val was normalized"),
    "no such row": (lambda out: changed_line(out, row=3), r"c\.npy, row 3.*has 3 rows"),
    "floats": (
        lambda out: changed_line(out, dtype="float32"),
        r"b/c\.png.*no PNG file holds .*float32",
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_arrays_that_are_not_those_that_were_written(tmp_path, out, damage):
    """What is missing or differs is named, and no image is written."""
    change, said = DAMAGE[damage]
    change(out)
    with pytest.raises(UsageError, match=said):
        normstat.invert(out, tmp_path / "seen")
    assert not (tmp_path / "seen").exists()


def test_too_little_memory_is_not_blamed_on_an_array(tmp_path, out, monkeypatch):
    """It ends the run as what it is."""

    def full(*args, **options):
        raise MemoryError

    monkeypatch.setattr(np.lib.format, "open_memmap", full)
    with pytest.raises(MemoryError):
        normstat.invert(out, tmp_path / "seen")


def test_values_that_nobody_normalized(tmp_path, out):
    """Values that no pixel has become no image: the array is named."""
    np.save(out / "a.npy", np.full((3, 6, 11), 1.5, "float32"))
    with pytest.raises(UsageError, match=r"a\.npy.*from 382\.5 to 382\.5 are no uint8"):
        normstat.invert(out, tmp_path / "seen")


@pytest.mark.parametrize(
    "array",
    [
        pixels(0, 6, 5).astype("float32"),
        pixels(0, 6, 5, 3, "uint16"),
        pixels(0, 6, 5, 2),
        pixels(0, 6, 5).astype("int32"),
    ],
    ids=["floats", "16-bit color", "two channels", "int32"],
)
def test_images_without_png(tmp_path, array):
    """Arrays that no PNG can hold are refused by the image's name before any work."""
    write(tmp_path / "data/a.npy", npy(array))
    normstat.apply(tmp_path / "data", tmp_path / "out", "image", workers=0)
    with pytest.raises(UsageError, match=r"a\.npy: no PNG file holds"):
        normstat.invert(tmp_path / "out", tmp_path / "seen")
    assert not (tmp_path / "seen").exists()
    with pytest.raises(UsageError, match="no PNG file holds"):
        encode_png(array)


def test_progress(tmp_path, out):
    """The total is told once, and every image counts."""

    told = Told()
    normstat.invert(out, tmp_path / "seen", progress=told)
    assert (told.totals, told.advances, told.notices) == ([2], [1, 1], [])


@pytest.mark.parametrize(
    "array", [pixels(0, 4, 5), pixels(0, 4, 5, 1), pixels(0, 4, 5, 1, "uint16")]
)
def test_png_is_exact(array):
    """Whatever the strides, the file holds the pixels and their depth."""
    turned = array.reshape(4, 5, -1)[::-1, ::2]
    decoded = np.array(Image.open(io.BytesIO(encode_png(turned))))
    assert decoded.dtype == array.dtype
    np.testing.assert_array_equal(decoded.reshape(turned.shape), turned)
