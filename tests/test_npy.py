"""Arrays in ``.npy`` files, read as images: the same numbers as NumPy's, or a record."""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import make
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import normstat
from normstat.decode import decode, decoder
from normstat.errors import UnreadableImage
from normstat.images import Kind, ReadOptions, Sample
from normstat.stats import SplitStats

RGB = make.pixels(1, 20, 31)
GRAY = make.pixels(2, 21, 30, channels=1)
GRAY16 = make.pixels(3, 21, 30, channels=1, dtype="uint16")
BANDS = make.pixels(4, 12, 17, channels=5)
FLOAT = (BANDS / np.float32(51) - 2).astype("float32")


def alone(folder: Path, name: str, data: bytes, **options: Any) -> normstat.Stats:
    """The statistics of a folder with this file only."""
    make.write(folder / "alone" / name, data)
    return normstat.compute(folder / "alone", workers=0, **options)


def split_of(folder: Path, name: str, data: bytes, **options: Any) -> SplitStats:
    """The one split of a folder with this file only."""
    return alone(folder, name, data, **options).splits["all"]


def code_of(tmp_path: Path, data: bytes, **options: Any) -> tuple[str, str]:
    """Code and detail of a file that cannot be read, and that decoding it alone raises."""
    path = make.write(tmp_path / "x.npy", data)
    with decoder(), pytest.raises(UnreadableImage) as caught:
        decode(Sample("all", "x.npy"), path.read_bytes(), ReadOptions(**options))
    return caught.value.code, caught.value.detail


def pixels_of(tmp_path: Path, data: bytes, **options: Any) -> NDArray[Any]:
    """The pixels of a file, shape (H, W, C)."""
    path = make.write(tmp_path / "x.npy", data)
    with decoder():
        return decode(Sample("all", "x.npy"), path.read_bytes(), ReadOptions(**options)).array()


NUMBERS = """
pixels channels dtype scale mean std stderr per_image min max quantiles width height
"""


def numbers(split: SplitStats) -> dict[str, Any]:
    """The numbers, without what tells one file from another."""
    return {name: getattr(split, name) for name in NUMBERS.split()}


SAME = {
    "hwc": (lambda a: make.npy(a), "hwc"),
    "chw": (lambda a: make.npy(np.ascontiguousarray(np.moveaxis(a, -1, 0))), "chw"),
    "chw-as-a-view": (lambda a: make.npy(np.moveaxis(a, -1, 0)), "chw"),
    "fortran": (lambda a: make.npy(np.asfortranarray(a)), "hwc"),
    "big-endian": (lambda a: make.npy(a.astype(a.dtype.newbyteorder(">"))), "hwc"),
    "version-2": (lambda a: make.npy(a, version=(2, 0)), "hwc"),
    "version-3": (lambda a: make.npy(a, version=(3, 0)), "hwc"),
}


@pytest.mark.parametrize(("write", "layout"), SAME.values(), ids=SAME)
@pytest.mark.parametrize("array", [RGB, GRAY[:, :, np.newaxis], GRAY16[:, :, np.newaxis]])
def test_the_same_pixels_as_a_png(
    tmp_path: Path, array: NDArray[Any], write: Any, layout: str
) -> None:
    """However an array is stored, it has the numbers and the pixel fingerprint of the PNG."""
    png = make.encoded(array if array.shape[2] == 3 else array[:, :, 0])
    one = split_of(tmp_path / "one", "x.png", png)
    # The same name, for fingerprints are of names too; that it lies is noted.
    two = split_of(tmp_path / "two", "x.png", write(array), layout=layout)
    assert numbers(two) == numbers(one)
    assert two.fingerprint.pixels == one.fingerprint.pixels
    assert two.fingerprint.files != one.fingerprint.files
    assert (two.modes, two.formats) == ({array.dtype.name: 1}, {"NPY": 1})
    assert two.notes["extension_mismatch"] == 1


@pytest.mark.parametrize("name", ["SHOUTED.NPY", "x.npy"])
def test_two_axes_are_gray_in_either_layout(tmp_path: Path, name: str) -> None:
    """(H, W) is one gray image, and its name is right."""
    for layout in ("hwc", "chw"):
        split = split_of(tmp_path / layout, name, make.npy(GRAY), layout=layout)
        assert (split.channels, split.width.max, split.height.max) == (("gray",), 30, 21)
        assert split.mean == (float(Fraction(int(GRAY.sum(dtype=int)), GRAY.size * 255)),)
        assert not any(split.notes.values())


ARRAYS: dict[str, NDArray[Any]] = {
    "uint8-5": BANDS,
    "uint8-2": BANDS[:, :, :2],
    "uint16-5": make.pixels(5, 9, 14, 5, "uint16"),
    "uint16-3": make.pixels(6, 9, 14, 3, "uint16"),
    "int8": BANDS.view("int8"),
    "int16": BANDS.astype("int16") * -128,
    "int32": BANDS.astype("int32") * -(2**23),
    "float16": FLOAT.astype("float16"),
    "float32": FLOAT,
    "float32-rgb": FLOAT[:, :, :3],
    "float32-gray": FLOAT[:, :, 0],
    "float64": FLOAT.astype("float64") * 1e100,
    "float64-gray": FLOAT[:, :, :1].astype("float64") / 3,
}


@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS)
def test_any_number_of_channels_and_type(tmp_path: Path, array: NDArray[Any]) -> None:
    """Mean, std, extremes and averages are NumPy's of the widest floats; counts are exact."""
    second = array[::-1, 2:] // 2 if array.dtype.kind in "ui" else array[::-1, 2:] / 2
    second = second.astype(array.dtype)
    make.write(tmp_path / "alone" / "y.npy", make.npy(second))
    split = split_of(tmp_path, "x.npy", make.npy(array), layout="hwc")
    images = [np.atleast_3d(image).astype("f8") for image in (array, second)]
    channels = images[0].shape[2]
    flat = np.concatenate([image.reshape(-1, channels) for image in images])
    scale = {"uint8": 255, "uint16": 65535}.get(array.dtype.name, 1)
    assert split.scale == scale
    assert split.dtype == array.dtype.name
    names = {1: ("gray",), 3: ("R", "G", "B")}
    bands = tuple(f"band{i + 1}" for i in range(channels))
    assert split.channels == names.get(channels, bands)
    assert split.mean == pytest.approx(tuple(flat.mean(axis=0) / scale), rel=1e-13)
    assert split.std == pytest.approx(tuple(flat.std(axis=0) / scale), rel=1e-12)
    assert (split.min, split.max) == (
        tuple(flat.min(axis=0) / scale),
        tuple(flat.max(axis=0) / scale),
    )
    own = np.mean([image.std(axis=(0, 1)) for image in images], axis=0) / scale
    assert split.per_image.std == pytest.approx(tuple(own), rel=1e-12)
    assert split.modes == {array.dtype.name: 2}
    histogram = split.histogram()
    assert (histogram is not None) == (split.quantile_error == 0)
    if histogram is not None:
        bins = histogram.counts.shape[1]
        exact = [np.bincount(c.astype(int) - histogram.least, minlength=bins) for c in flat.T]
        assert np.array_equal(histogram.counts, exact)


@pytest.mark.parametrize("dtype", ["int8", "int16"])
def test_narrow_signed_integers_are_as_0_1_recorded_them(tmp_path: Path, dtype: str) -> None:
    """Recorded as int32, when none were counted, they pass a check; int32 is another depth else."""
    values = (BANDS.astype("int16") - 128).astype(dtype)
    narrow, wide = (
        alone(tmp_path / name, "x.npy", make.npy(values.astype(name)), layout="hwc")
        for name in (dtype, "int32")
    )
    prints = [stats.splits["all"].fingerprint for stats in (narrow, wide)]
    assert (prints[0].pixels, prints[0].content) == (prints[1].pixels, prints[1].content)
    before = replace(wide, splits={"all": replace(wide.splits["all"], quantile_error=None)})
    for now, recorded, level in ((narrow, before, "pass"), (wide, narrow, "fail")):
        verdict = normstat.check(now, recorded, mode="same")
        levels = {case.rule: case.level for case in verdict.cases}
        assert levels["bit-depth"] == level, verdict.cases
    assert normstat.check(narrow, wide).failed


@pytest.mark.parametrize("array", ARRAYS.values(), ids=ARRAYS)
def test_a_stats_file_of_it_is_read_again(tmp_path: Path, array: NDArray[Any]) -> None:
    """What was computed from arrays survives the file, and its key tells other pixels."""
    stats = alone(tmp_path / "one", "x.npy", make.npy(array), layout="hwc")
    normstat.save(stats, tmp_path / "stats.json")
    assert normstat.load(tmp_path / "stats.json") == stats
    other = array.copy()
    other[0, 0] = array[-1, -1]
    assert not np.array_equal(other, array)
    again = alone(tmp_path / "two", "x.npy", make.npy(other), layout="hwc")
    assert again.splits["all"].fingerprint.pixels != stats.splits["all"].fingerprint.pixels


DEFECTS = {
    "objects": (make.npy(np.array([[{}, []]], object)), "unsupported_pixels", "Python objects"),
    "complex": (make.npy(GRAY + 1j), "unsupported_pixels", "complex128"),
    "int64": (make.npy(-GRAY.astype("i8") * 2**50), "unsupported_pixels", "2**53"),
    "uint64": (make.npy(GRAY.astype("u8") + 2**63), "unsupported_pixels", "2**53"),
    "text": (make.npy(np.array([["a", "b"]])), "unsupported_pixels", "str"),
    "structured": (make.npy(np.zeros((2, 3), "u1,f4")), "unsupported_pixels", "void"),
    "0-d": (make.npy(np.array(1, "u1")), "unsupported_pixels", "()"),
    "1-d": (make.npy(GRAY[0]), "unsupported_pixels", "(30,)"),
    "4-d": (make.npy(RGB[np.newaxis]), "unsupported_pixels", "(1, 20, 31, 3)"),
    "513-channels": (make.npy(np.zeros((513, 7, 513), "u1"))[:200], "unsupported_pixels", "513"),
    "no-pixels": (make.npy(np.zeros((0, 3), "u1")), "not_an_image", "(0, 3)"),
    "no-channels": (make.npy(np.zeros((2, 3, 0), "u1")), "not_an_image", "(2, 3, 0)"),
    "nan": (make.npy(np.array([[1, np.nan]], "f4")), "non_finite", "NaN"),
    "infinite": (make.npy(np.array([[1, -np.inf]], "f2")), "non_finite", "infinite"),
    "overflow": (make.npy(np.array([[1, -1e200]])), "non_finite", "squares"),
    "magic-only": (b"\x93NUMPY", "truncated", "header"),
    "half-a-magic": (b"\x93NU", "truncated", "header"),
    "half-a-header": (make.npy(RGB)[:40], "truncated", "header"),
    "no-data": (make.npy(RGB)[:128], "truncated", "(20, 31, 3)"),
    "a-byte-missing": (make.npy(RGB)[:-1], "truncated", "(20, 31, 3)"),
    "a-byte-more": (make.npy(RGB) + b"\0", "corrupt", "more bytes"),
    "version-9": (make.npy_of(b"{}", version=9), "corrupt", "version 9"),
    "no-header": (make.npy_of(b""), "corrupt", "cannot be parsed"),
    "deep-header": (make.npy_of(b"(" * 9000), "corrupt", "cannot be parsed"),
    "deep-signs": (make.npy_of(b"-" * 9000 + b"1"), "corrupt", "cannot be parsed"),
    "huge-header": (make.npy_of(b" " * 20_000), "corrupt", "20000"),
    "endless-header": (make.npy_of(b"{", version=2)[:8] + b"\xff\xff\xff\xff", "corrupt", "42949"),
    "negative": (
        make.npy_of(b"{'descr': '|u1', 'fortran_order': False, 'shape': (-2, -3)}", bytes(6)),
        "corrupt",
        "(-2, -3)",
    ),
    "shape-of-a-bool": (
        make.npy_of(b"{'descr': '|u1', 'fortran_order': False, 'shape': (True, 3)}", bytes(3)),
        "corrupt",
        "(True, 3)",
    ),
    "larger-than-life": (
        make.npy_of(b"{'descr': '|u1', 'fortran_order': False, 'shape': (9, 9, 3)}", bytes(242)),
        "truncated",
        "(9, 9, 3)",
    ),
    "a-bomb": (
        make.npy_of(b"{'descr': '<f8', 'fortran_order': True, 'shape': (99999, 99999)}"),
        "too_large",
        "99999 × 99999",
    ),
}


@pytest.mark.parametrize(("content", "code", "said"), DEFECTS.values(), ids=DEFECTS)
def test_what_is_no_image_is_a_record(tmp_path: Path, content: bytes, code: str, said: str) -> None:
    """A code and what was seen: no crash, and no memory for what is not there."""
    found, detail = code_of(tmp_path, content)
    assert (found, said in detail, detail.isprintable()) == (code, True, True), detail


def test_a31_nothing_is_unpickled(tmp_path: Path) -> None:
    """A pickle with consequences has none."""

    class Trap:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "sprung",)

    make.write(tmp_path / "data" / "good.png", make.encoded(RGB))
    content = make.npy(np.array([[Trap()]], object))
    make.write(tmp_path / "data" / "x.npy", content)
    (record,) = normstat.compute(tmp_path / "data", workers=0).unreadable
    assert (record.code, (tmp_path / "sprung").exists()) == ("unsupported_pixels", False)
    np.load(tmp_path / "data" / "x.npy", allow_pickle=True)
    assert (tmp_path / "sprung").exists()


@pytest.mark.parametrize("shape", [(4, 17, 20), (3, 20, 17), (1, 17, 99), (2, 5, 5)])
def test_a_shape_of_one_reading_tells_its_layout(tmp_path: Path, shape: tuple[int, ...]) -> None:
    """Up to 4 channels on one side and more on the other: the same pixels whichever side it is."""
    first = np.arange(np.prod(shape), dtype="u1").reshape(shape)
    last = np.moveaxis(first, 0, 2)
    for array in (first, last):
        assert np.array_equal(pixels_of(tmp_path, make.npy(array)), last)


@pytest.mark.parametrize("shape", [(4, 17, 3), (1, 1, 1), (5, 17, 5), (12, 17, 99), (4, 9, 4)])
def test_a_shape_of_two_readings_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    """Few channels on both sides or on none: the shape is named, and what to choose between."""
    array = np.zeros(shape, "u1")
    code, detail = code_of(tmp_path, make.npy(array))
    assert code == "unsupported_pixels"
    for said in (str(shape), "--layout hwc or chw of compute, --input-layout of apply", "zhw"):
        assert said in detail
    assert pixels_of(tmp_path, make.npy(array), layout="hwc").shape == shape
    assert pixels_of(tmp_path, make.npy(array), layout="chw").shape == (*shape[1:], shape[0])


def test_recorded_names_are_the_channels_(tmp_path: Path) -> None:
    """Names that a record tells stand in the place of the usual ones; another number is refused."""
    path = make.write(tmp_path / "x.npy", make.npy(FLOAT[:, :, :3]))
    with decoder():
        pixels = decode(
            Sample("all", "x.npy"), path.read_bytes(), ReadOptions(names=("B", "G", "R"))
        )
    assert pixels.kind == Kind("float32", ("B", "G", "R"))
    assert np.array_equal(pixels.array(), FLOAT[:, :, :3])
    assert code_of(tmp_path, make.npy(FLOAT), names=("B", "G", "R"))[0] == "unsupported_pixels"


@pytest.mark.parametrize("channels", ["gray", "rgb"])
def test_channels_converts_8_bit_arrays(tmp_path: Path, channels: str) -> None:
    """Gray and RGB arrays of 8 bits are converted as images are, others are records."""
    for name, array in (("gray", GRAY), ("rgb", RGB)):
        one = split_of(tmp_path / name, "x.npy", make.npy(array), channels=channels)
        two = split_of(tmp_path / f"{name}-png", "x.png", make.encoded(array), channels=channels)
        assert numbers(one) == numbers(two)
    for array in (BANDS, GRAY16, FLOAT):
        assert (
            code_of(tmp_path, make.npy(array), channels=channels, layout="hwc")[0] == "other_depth"
        )


def test_gray_floats_count_as_color(tmp_path: Path) -> None:
    """Among float color, gray counts in every channel, as for counted pixels."""
    color, gray = FLOAT[:, :, :3], FLOAT[:5, :, 3]
    for folder, second in (("mixed", gray), ("converted", np.dstack([gray] * 3))):
        make.write(tmp_path / folder / "0.npy", make.npy(color))
        make.write(tmp_path / folder / "1.npy", make.npy(second))
    mixed, converted = (
        normstat.compute(tmp_path / folder, workers=0, covariance=True)
        for folder in ("mixed", "converted")
    )
    assert mixed.complete
    ours, its = mixed.splits["all"].covariance, converted.splits["all"].covariance
    assert ours is not None
    assert ours == its
    assert numbers(mixed.splits["all"]) == numbers(converted.splits["all"])


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0)])
def test_another_number_of_channels_is_a_record(tmp_path: Path, order: tuple[int, ...]) -> None:
    """Most images decide, gray and color together; the rest are named with what they are."""
    arrays = [RGB, GRAY, BANDS, GRAY16]
    for position, index in enumerate(order):
        make.write(tmp_path / "d" / f"{position}.npy", make.npy(arrays[index]))
    stats = normstat.compute(tmp_path / "d", workers=0, layout="hwc")
    split = stats.splits["all"]
    assert (split.channels, split.images, split.unreadable) == (("R", "G", "B"), 2, 2)
    details = {record.detail for record in stats.unreadable}
    assert {record.code for record in stats.unreadable} == {"other_depth"}
    assert details == {
        "uint8 band1/…/band5 among uint8 R/G/B; 1 such in all",
        "uint16 gray among uint8 R/G/B; 1 such in all",
    }
    normstat.save(stats, tmp_path / "stats.json")
    assert normstat.load(tmp_path / "stats.json") == stats
    for index in (4, 5):
        make.write(tmp_path / "d" / f"{index}.npy", make.npy(BANDS))
    stats = normstat.compute(tmp_path / "d", workers=0, layout="hwc")
    assert (len(stats.splits["all"].channels or ()), len(stats.unreadable)) == (5, 3)


def test_old_files_have_no_layout(tmp_path: Path) -> None:
    """A stats file from before arrays could be read is one of (H, W, C)."""
    stats = alone(tmp_path, "x.png", make.encoded(RGB), layout="hwc")
    normstat.save(stats, tmp_path / "stats.json")
    content = json.loads((tmp_path / "stats.json").read_text("utf-8"))
    assert content["settings"].pop("layout") == "hwc"
    (tmp_path / "old.json").write_text(json.dumps(content), "utf-8")
    assert normstat.load(tmp_path / "old.json") == stats


@settings(deadline=None, max_examples=3 * settings().max_examples)
@given(data=st.data())
def test_damaged_bytes_give_pixels_or_a_record(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever is cut off or changed, nothing but an unreadable image comes out."""
    whole = data.draw(st.sampled_from([make.npy(a[:3, :4]) for a in (RGB, BANDS, FLOAT, GRAY16)]))
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(0, 3))):
        position = data.draw(st.integers(0, len(whole) - 1))
        damaged[position] = data.draw(st.integers(0, 255))
    damaged = damaged[: data.draw(st.integers(1, len(whole)))]
    path = make.write(tmp_path_factory.getbasetemp() / "x.npy", bytes(damaged))
    layout = data.draw(st.sampled_from(["hwc", "chw"]))
    with decoder():
        try:
            pixels = decode(
                Sample("all", "x.npy"), path.read_bytes(), ReadOptions(layout=layout, crop=2)
            )
        except UnreadableImage:
            return
    assert pixels.array().shape == (2, 2, len(pixels.kind.channels))
