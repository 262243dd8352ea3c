"""Odd files that are counted, exactly. The numbers in test ids are those of the list of faults."""

import io
from pathlib import Path
from typing import Any

import make
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms

import normstat
from normstat.stats import SplitStats

RGB = make.pixels(2, 40, 50)
GRAY = make.pixels(3, 40, 50, channels=1)
ALPHA = make.pixels(8, 40, 50, channels=1)
GRAY16 = make.pixels(4, 21, 30, channels=1, dtype="uint16")
FLOAT = (make.pixels(6, 9, 14, channels=1) / np.float32(51) - 2).astype("float32")
JPEG = make.encoded(RGB, "JPEG")
CMYK = make.encoded(Image.fromarray(np.dstack([RGB, GRAY]), "CMYK"), "JPEG")
YCCK = CMYK.replace(b"Adobe\0\x64\0\0\0\0\0", b"Adobe\0\x64\0\0\0\0\2")
PALETTE = Image.fromarray(RGB).quantize(17)
BILEVEL = Image.fromarray(GRAY).convert("1")
TOP12 = GRAY16 >> 4
ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def rows(array: NDArray[Any]) -> bytes:
    """Rows of a PNG, unfiltered."""
    big = array.astype(array.dtype.newbyteorder(">"))
    return b"".join(b"\0" + row.tobytes() for row in big)


def pgm(array: NDArray[Any], top: int) -> bytes:
    """A binary PGM."""
    data = array.astype(">u2" if top > 255 else "u1").tobytes()
    return f"P5\n{array.shape[1]} {array.shape[0]}\n{top}\n".encode() + data


def as_rgb(data: bytes | Image.Image) -> NDArray[Any]:
    """What Pillow's own conversion makes of an image."""
    image = Image.open(io.BytesIO(data)) if isinstance(data, bytes) else data
    return np.array(image.convert("RGB"))


def frames(format: str, **options: Any) -> bytes:
    """An animation, or pages."""
    images = [Image.fromarray(make.pixels(seed, 40, 50)) for seed in (2, 9, 10)]
    return make.encoded(images[0], format, save_all=True, append_images=images[1:], **options)


GIF = frames("GIF")
WEBP = frames("WEBP", lossless=True)
# name, bytes, pixels as they must count, mode in the file, notes
COUNTED: dict[str, tuple[str, bytes, NDArray[Any], str, set[str]]] = {
    "A13-png-16": ("x.png", make.encoded(GRAY16), GRAY16, "I;16", set()),
    "A13-tiff-16-little": ("x.tif", make.tiff(GRAY16, "<"), GRAY16, "I;16", set()),
    "A13-tiff-16-big": ("x.tif", make.tiff(GRAY16, ">"), GRAY16, "I;16B", set()),
    "A13-pgm-65535": ("x.pgm", pgm(GRAY16, 65535), GRAY16, "I", set()),
    "A13-pgm-4095": ("12.pgm", pgm(TOP12, 4095), TOP12, "I", set()),
    "A15-jpeg-cmyk": ("x.jpg", CMYK, as_rgb(CMYK), "CMYK", set()),
    "A15-jpeg-ycck": ("x.jpg", YCCK, as_rgb(YCCK), "CMYK", set()),
    "A15-tiff-cmyk": (
        "x.tif",
        make.encoded(Image.fromarray(np.dstack([RGB, GRAY]), "CMYK"), "TIFF"),
        as_rgb(Image.fromarray(np.dstack([RGB, GRAY]), "CMYK")),
        "CMYK",
        set(),
    ),
    "A16-palette": ("x.png", make.encoded(PALETTE), as_rgb(PALETTE), "P", set()),
    "A16-palette-transparent": (
        "x.png",
        make.encoded(PALETTE, transparency=3),
        as_rgb(PALETTE),
        "P",
        {"alpha_dropped"},
    ),
    "A16-palette-half-transparent": (
        "x.png",
        make.encoded(PALETTE, transparency=bytes(range(17))),
        as_rgb(PALETTE),
        "P",
        {"alpha_dropped"},
    ),
    "A16-gray-alpha": (
        "x.png",
        make.encoded(np.dstack([GRAY, ALPHA])),
        GRAY,
        "LA",
        {"alpha_dropped"},
    ),
    "A16-rgb-alpha": (
        "x.png",
        make.encoded(np.dstack([RGB, ALPHA])),
        RGB,
        "RGBA",
        {"alpha_dropped"},
    ),
    "A16-rgb-transparent-color": (
        "x.png",
        make.encoded(RGB, transparency=(1, 2, 3)),
        RGB,
        "RGB",
        {"alpha_dropped"},
    ),
    "A16-webp-alpha": (
        "x.webp",
        make.encoded(np.dstack([RGB, ALPHA]), "WEBP", lossless=True, exact=True),
        RGB,
        "RGBA",
        {"alpha_dropped"},
    ),
    "A17-png-1-bit": (
        "x.png",
        make.encoded(BILEVEL),
        np.array(BILEVEL).astype("u1") * np.uint8(255),
        "1",
        set(),
    ),
    "A18-tiff-float": ("x.tif", make.tiff(FLOAT), FLOAT, "F", set()),
    "A18-tiff-float-big": ("x.tif", make.tiff(FLOAT, ">"), FLOAT, "F", set()),
    "A22-gif": ("x.gif", GIF, as_rgb(GIF), "P", {"multi_frame"}),
    "A22-webp": ("x.webp", WEBP, RGB, "RGB", {"multi_frame"}),
    "A22-apng": ("x.png", frames("PNG"), RGB, "RGB", {"multi_frame"}),
    "A22-tiff-pages": ("x.tif", frames("TIFF"), RGB, "RGB", {"multi_frame"}),
    "A23-png-icc": ("x.png", make.encoded(RGB, icc_profile=ICC), RGB, "RGB", {"icc_profile"}),
    "A23-jpeg-icc": (
        "x.jpg",
        make.encoded(RGB, "JPEG", icc_profile=ICC),
        as_rgb(JPEG),
        "RGB",
        {"icc_profile"},
    ),
    "A24-1x1": ("x.png", make.encoded(RGB[:1, :1]), RGB[:1, :1], "RGB", set()),
    "A24-1x100000": (
        "x.png",
        make.encoded(make.pixels(11, 100_000, 1, channels=1)),
        make.pixels(11, 100_000, 1, channels=1),
        "L",
        set(),
    ),
    "A24-65500-wide": (
        "x.png",
        make.encoded(make.pixels(12, 2, 65_500)),
        make.pixels(12, 2, 65_500),
        "RGB",
        set(),
    ),
    "A26-png-named-jpg": ("x.JPG", make.encoded(RGB), RGB, "RGB", {"extension_mismatch"}),
    "A26-jpeg-named-tif": ("x.tif", JPEG, as_rgb(JPEG), "RGB", {"extension_mismatch"}),
    "equal-channels": (
        "x.png",
        make.encoded(np.dstack([GRAY] * 3)),
        np.dstack([GRAY] * 3),
        "RGB",
        {"equal_channels"},
    ),
}


def alone(tmp_path: Path, name: str, data: bytes, **options: Any) -> SplitStats:
    """The statistics of a folder with this file only."""
    make.write(tmp_path / "alone" / name, data)
    stats = normstat.compute(tmp_path / "alone", workers=0, **options)
    assert stats.complete
    return stats.splits["all"]


def assert_counts(split: SplitStats, array: NDArray[Any], top: int | None = None) -> None:
    """The split is this array, value by value: shape (H, W[, C]), stored units; `top` is white."""
    planes = np.atleast_3d(array)
    flat = planes.reshape(-1, planes.shape[2])
    assert split.channels == (("gray",) if flat.shape[1] == 1 else ("R", "G", "B"))
    assert (split.images, split.pixels, split.dtype) == (1, len(flat), str(array.dtype))
    assert (split.width, split.height) == ((array.shape[1],) * 2, (array.shape[0],) * 2)
    most = {"uint8": 255, "uint16": 65535}.get(str(array.dtype), 1)
    scale = top or most
    assert split.scale == scale
    if most > 1:
        bins = [np.bincount(channel, minlength=most + 1) for channel in flat.T]
        histogram = split.histogram()
        assert histogram is not None
        assert np.array_equal(histogram.counts, bins)
        exact = [int(channel.sum(dtype=np.int64)) / (len(flat) * scale) for channel in flat.T]
        assert split.mean == tuple(exact)
    wide = flat.astype("f8")
    assert split.mean == pytest.approx(tuple(wide.mean(axis=0) / scale), rel=1e-12, abs=1e-15)
    assert split.std == pytest.approx(tuple(wide.std(axis=0) / scale), rel=1e-12, abs=1e-15)
    assert split.min == tuple(wide.min(axis=0) / scale)
    assert split.max == tuple(wide.max(axis=0) / scale)


@pytest.mark.parametrize(
    ("name", "content", "array", "mode", "notes"), COUNTED.values(), ids=COUNTED
)
def test_an_odd_file_is_counted_exactly(
    tmp_path: Path, name: str, content: bytes, array: NDArray[Any], mode: str, notes: set[str]
) -> None:
    """Every pixel counts as it is stored; what was converted or left out is noted."""
    split = alone(tmp_path, name, content)
    assert_counts(split, array, 4095 if name.endswith("12.pgm") else None)
    assert split.modes == {mode: 1}
    assert {note for note, number in split.notes.items() if number} == notes


@pytest.mark.parametrize("other", [b"garbage \xff\xd8 and more", make.encoded(GRAY, "JPEG")])
def test_a07_what_follows_a_jpeg_is_not_counted(tmp_path: Path, other: bytes) -> None:
    """Garbage or a second JPEG behind the end marker: counted once, as the first."""
    assert_counts(alone(tmp_path, "x.jpg", JPEG + other), np.array(Image.open(io.BytesIO(JPEG))))


def test_a11_max_pixels_lets_large_images_in(tmp_path: Path) -> None:
    """The same 10,000 × 10,000 file is counted once the limit is raised."""
    content = make.png(10_000, 10_000, bytes(12_510_000), bits=1)
    split = alone(tmp_path, "x.png", content, max_pixels=200_000_000)
    assert (split.pixels, split.mean, split.max) == (100_000_000, (0.0,), (0.0,))


@pytest.mark.parametrize("format", ["JPEG", "TIFF", "PNG", "WEBP"])
def test_a21_orientation_changes_no_number(tmp_path: Path, format: str) -> None:
    """A picture counts the same whichever way EXIF turns it; 2 to 8 are noted."""
    seen = set()
    for turn in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = turn
        content = make.encoded(RGB, format, exif=exif)
        split = alone(tmp_path, f"x.{format.lower()}", content)
        seen.add((split.mean, split.std, split.per_image, split.pixels))
        assert split.notes["exif_orientation"] == (turn > 1)
    assert len(seen) == 1


def test_a19_gray_counts_in_all_channels_of_an_rgb_split(tmp_path: Path) -> None:
    """Gray among RGB is what converting it to RGB gives."""
    make.write(tmp_path / "d" / "gray.png", make.encoded(GRAY))
    make.write(tmp_path / "d" / "rgb.png", make.encoded(RGB))
    split = normstat.compute(tmp_path / "d", workers=0).splits["all"]
    both = np.concatenate([np.dstack([GRAY] * 3), RGB]).reshape(-1, 3)
    histogram = split.histogram()
    assert histogram is not None
    assert np.array_equal(histogram.counts, [np.bincount(c, minlength=256) for c in both.T])
    assert (split.images, split.modes) == (2, {"L": 1, "RGB": 1})


@pytest.mark.parametrize("eight", [1, 3])
def test_a20_another_depth_is_a_record(tmp_path: Path, eight: int) -> None:
    """The depth of most images is the split's, with equal numbers the one of fewer bits."""
    for index in range(eight):
        make.write(tmp_path / "d" / f"{index}.png", make.encoded(RGB))
    without = normstat.compute(tmp_path / "d", workers=0).splits["all"]
    make.write(tmp_path / "d" / "16.png", make.encoded(GRAY16))
    stats = normstat.compute(tmp_path / "d", workers=0)
    split = stats.splits["all"]
    (record,) = stats.unreadable
    assert (record.path, record.code) == ("16.png", "other_depth")
    assert (split.listed, split.images, split.unreadable) == (eight + 1, eight, 1)
    assert (split.mean, split.std, split.stderr) == (without.mean, without.std, without.stderr)
    assert split.fingerprint == without.fingerprint
    assert not stats.complete
