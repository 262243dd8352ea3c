"""Resizing, cropping and turning: Pillow's own, done by hand, for every kind of pixels."""

import io
from pathlib import Path
from typing import Any

import make
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageOps

import normstat
from normstat.decode import DecodedArray, DecodedImage, decode, decoder
from normstat.decode.geometry import size_after
from normstat.errors import UnreadableImage, UsageError
from normstat.images import ReadOptions, Sample

RGB = make.pixels(1, 40, 61)
GRAY = make.pixels(2, 61, 40, channels=1)
GRAY16 = make.pixels(3, 40, 61, channels=1, dtype="uint16")
FLOAT = (make.pixels(4, 40, 61, channels=1) / np.float32(7) - 9).astype("float32")
BANDS = make.pixels(5, 40, 61, channels=5)
ALPHA = np.where(np.arange(61) % 3, 0, 255).astype("uint8") * np.ones((40, 1), "uint8")
ORIENTATION = 0x0112


def decoded(
    folder: Path, content: bytes, name: str = "x.png", **options: Any
) -> DecodedImage | DecodedArray:
    """One image, read in a certain way."""
    path = make.write(folder / name, content)
    with decoder():
        return decode(Sample("all", name), path.read_bytes(), ReadOptions(**options))


def by_hand(image: Image.Image, resize: int | None, crop: int | None) -> Image.Image:
    """The shorter side to ``resize``, then the center: as people write it."""
    if resize:
        width, height = image.size
        factor = resize / min(width, height)
        image = image.resize((round(width * factor), round(height * factor)), Image.BILINEAR)
    if crop:
        left, top = (image.width - crop) // 2, (image.height - crop) // 2
        image = image.crop((left, top, left + crop, top + crop))
    return image


IMAGES: dict[str, tuple[str, bytes, Image.Image]] = {
    "rgb": ("x.png", make.encoded(RGB), Image.fromarray(RGB)),
    "gray": ("x.png", make.encoded(GRAY), Image.fromarray(GRAY)),
    # What is transparent must not lose its weight: alpha goes before, not after.
    "alpha": ("x.png", make.encoded(np.dstack([RGB, ALPHA])), Image.fromarray(RGB)),
    "palette": (
        "x.png",
        make.encoded(Image.fromarray(RGB).quantize(9)),
        Image.fromarray(RGB).quantize(9).convert("RGB"),
    ),
    "bilevel": (
        "x.png",
        make.encoded(Image.fromarray(GRAY).convert("1")),
        Image.fromarray(GRAY).convert("1").convert("L"),
    ),
    "16-bit": ("x.png", make.encoded(GRAY16), Image.fromarray(GRAY16)),
    "16-bit-big-endian": ("x.tif", make.tiff(GRAY16, ">"), Image.fromarray(GRAY16)),
    "16-bit-pgm": ("x.pgm", make.encoded(GRAY16, "PPM"), Image.fromarray(GRAY16)),
    "16-bit-npy": ("x.npy", make.npy(GRAY16), Image.fromarray(GRAY16)),
    "int32": (
        "x.tif",
        make.tiff(GRAY16.astype("i4") * -30_000),
        Image.fromarray(GRAY16.astype("i4") * -30_000),
    ),
    "float": ("x.tif", make.tiff(FLOAT), Image.fromarray(FLOAT)),
    "rgb-npy": ("x.npy", make.npy(RGB), Image.fromarray(RGB)),
    "float-npy": ("x.npy", make.npy(FLOAT.astype(">f4")), Image.fromarray(FLOAT)),
}
STEPS = [(20, None), (20, 20), (33, 17), (100, 64), (None, 31), (40, 40), (1, 1)]


@pytest.mark.parametrize(("resize", "crop"), STEPS)
@pytest.mark.parametrize(("name", "content", "image"), IMAGES.values(), ids=IMAGES)
def test_it_is_what_pillow_makes_of_it(
    tmp_path: Path,
    name: str,
    content: bytes,
    image: Image.Image,
    resize: int | None,
    crop: int | None,
) -> None:
    """Every pixel is Pillow's; counts and sizes are of the result, the key of the original."""
    before = decoded(tmp_path, content, name)
    pixels = decoded(tmp_path, content, name, resize=resize, crop=crop)
    expected = np.atleast_3d(np.asarray(by_hand(image, resize, crop)))
    assert np.array_equal(pixels.array(), expected)
    assert (pixels.height, pixels.width) == expected.shape[:2]
    assert (pixels.key, pixels.kind) == (before.key, before.kind)
    if pixels.kind.bins:
        flat = expected.reshape(-1, expected.shape[2]).T
        bins = [np.bincount(channel, minlength=pixels.kind.bins) for channel in flat]
        assert np.array_equal(pixels.counts(), bins)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "float16", "float32"])
@pytest.mark.parametrize(("resize", "crop"), STEPS)
def test_bands_are_resized_one_by_one(
    tmp_path: Path, dtype: str, resize: int | None, crop: int | None
) -> None:
    """Each band becomes what it becomes alone."""
    array = BANDS.astype(dtype)
    content = make.npy(np.moveaxis(array, 2, 0))
    pixels = decoded(tmp_path, content, "x.npy", resize=resize, crop=crop, layout="chw")
    working = np.float32 if dtype == "float16" else dtype
    planes = [Image.fromarray(np.ascontiguousarray(b, working)) for b in np.moveaxis(array, 2, 0)]
    expected = np.dstack([np.asarray(by_hand(p, resize, crop)) for p in planes]).astype(dtype)
    assert np.array_equal(pixels.array(), expected)
    assert pixels.array().dtype == dtype
    assert (pixels.height, pixels.width) == expected.shape[:2]


def test_float64_is_cropped_and_not_resized(tmp_path: Path) -> None:
    """Pillow would round it to 24 bits: refused, unless the size is right already."""
    array = BANDS / 7
    content = make.npy(array)
    cropped = decoded(tmp_path, content, "x.npy", crop=40, layout="hwc")
    assert np.array_equal(cropped.array(), array[:, 10:50])
    same = decoded(tmp_path, content, "x.npy", resize=40, layout="hwc")
    assert np.array_equal(same.array(), array)
    with pytest.raises(UnreadableImage, match="float64 pixels cannot be resized"):
        decoded(tmp_path, content, "x.npy", resize=20, layout="hwc")
    tiff = make.tiff(array)
    assert np.array_equal(decoded(tmp_path, tiff, "x.tif", crop=40).array(), array[:, 10:50])
    with pytest.raises(UnreadableImage, match="float64 pixels cannot be resized"):
        decoded(tmp_path, tiff, "x.tif", resize=20)


@pytest.mark.parametrize("name", ["x.png", "x.npy"])
def test_channels_come_first(tmp_path: Path, name: str) -> None:
    """Colors are converted as they are stored, then resized."""
    content = make.encoded(RGB) if name == "x.png" else make.npy(RGB)
    pixels = decoded(tmp_path, content, name, channels="gray", resize=20)
    expected = by_hand(Image.fromarray(RGB).convert("L"), 20, None)
    assert np.array_equal(pixels.array()[:, :, 0], np.asarray(expected))


@pytest.mark.parametrize("name", ["x.png", "x.npy"])
def test_what_cannot_be_cropped_or_held_is_a_record(tmp_path: Path, name: str) -> None:
    """Smaller than the crop; or thin, and beyond the limit once its shorter side is resized."""
    small, thin = RGB[:30], RGB[:1]
    for array, options, code in (
        (small, {"crop": 31}, "unsupported_pixels"),
        (thin, {"resize": 40, "max_pixels": 40 * 40 * 61 - 1}, "too_large"),
    ):
        content = make.npy(array) if name == "x.npy" else make.encoded(array)
        with pytest.raises(UnreadableImage) as caught:
            decoded(tmp_path, content, name, layout="hwc", **options)
        assert caught.value.code == code
    content = make.npy(thin) if name == "x.npy" else make.encoded(thin)
    options = {"resize": 40, "max_pixels": 40 * 40 * 61, "crop": 40}
    pixels = decoded(tmp_path, content, name, layout="hwc", **options)
    assert pixels.array().shape == (40, 40, 3)


@given(
    width=st.integers(1, 5000),
    height=st.integers(1, 5000),
    resize=st.none() | st.integers(1, 300),
    crop=st.none() | st.integers(1, 300),
    orientation=st.integers(1, 8),
)
def test_the_size_after(
    width: int, height: int, resize: int | None, crop: int | None, orientation: int
) -> None:
    """A square of the crop; else the shorter side is exact, the other within half a pixel."""
    reading = ReadOptions(max_pixels=10**9, resize=resize, crop=crop, upright=True)
    if crop and crop > (resize or min(width, height)):
        with pytest.raises(UnreadableImage, match="smaller than --crop"):
            size_after(width, height, reading, orientation)
        return
    size = size_after(width, height, reading, orientation)
    if orientation > 4:
        size = size[::-1]
    if crop:
        assert size == (crop, crop)
    elif resize:
        assert min(size) == resize
        factor = resize / min(width, height)
        assert max(abs(size[0] - width * factor), abs(size[1] - height * factor)) <= 0.5 + 1e-9
    else:
        assert size == (width, height)


def turned(array: NDArray[Any], format: str, orientation: int) -> bytes:
    """An image file with an EXIF orientation."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    options = {"lossless": True} if format == "WEBP" else {}
    return make.encoded(array, format, exif=exif, **options)


def late_exif(array: NDArray[Any], orientation: int) -> bytes:
    """A PNG with its orientation after the pixels."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    png = make.encoded(array)
    return png[:-12] + make.chunk(b"eXIf", exif.tobytes()[6:]) + png[-12:]


TURNED = {
    "jpeg": ("x.jpg", lambda turn: turned(RGB, "JPEG", turn)),
    "png": ("x.png", lambda turn: turned(RGB, "PNG", turn)),
    "png-late": ("x.png", lambda turn: late_exif(RGB, turn)),
    "webp": ("x.webp", lambda turn: turned(RGB, "WEBP", turn)),
    "tiff": ("x.tif", lambda turn: turned(RGB, "TIFF", turn)),
    "tiff-16": ("x.tif", lambda turn: turned(GRAY16, "TIFF", turn)),
    "tiff-float": ("x.tif", lambda turn: turned(FLOAT, "TIFF", turn)),
    "tiff-palette": ("x.tif", lambda turn: turned(Image.fromarray(RGB).quantize(9), "TIFF", turn)),
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("name", "content"), TURNED.values(), ids=TURNED)
def test_upright_is_what_image_ops_makes_of_it(
    tmp_path: Path, name: str, content: Any, orientation: int
) -> None:
    """Asked for, an image is turned as ImageOps.exif_transpose does; else it is as stored."""
    data = content(orientation)
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    expected = np.atleast_3d(np.asarray(image.convert("RGB") if image.mode == "P" else image))
    pixels = decoded(tmp_path, data, name, upright=True)
    assert np.array_equal(pixels.array(), expected)
    assert (pixels.height, pixels.width) == expected.shape[:2]
    stored = decoded(tmp_path, data, name)
    assert np.array_equal(stored.array(), decoded(tmp_path, content(1), name).array())
    assert (stored.width, stored.height) == (61, 40)
    assert ("exif_orientation" in stored.notes) == (orientation > 1)
    assert pixels.key == stored.key


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("name", "content"), TURNED.values(), ids=TURNED)
def test_turning_comes_last(tmp_path: Path, name: str, content: Any, orientation: int) -> None:
    """The stored image is resized and cropped, off center by the same half pixel, then turned."""
    options = {"resize": 21, "crop": 20}
    straight = decoded(tmp_path, content(1), name, **options).array()
    pixels = decoded(tmp_path, content(orientation), name, upright=True, **options)
    planes = []
    for plane in np.moveaxis(straight, 2, 0):
        image = Image.fromarray(np.ascontiguousarray(plane))
        image.getexif()[ORIENTATION] = orientation
        planes.append(np.asarray(ImageOps.exif_transpose(image)))
    assert np.array_equal(pixels.array(), np.dstack(planes))


def test_orientation_in_xmp(tmp_path: Path) -> None:
    """Where EXIF says nothing Pillow takes XMP's word, and so do we."""
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r tiff:Orientation="6"/></x:xmpmeta>'
    content = make.encoded(RGB, "JPEG", xmp=xmp)
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    pixels = decoded(tmp_path, content, "x.jpg", upright=True)
    assert np.array_equal(pixels.array(), np.asarray(expected))
    assert (pixels.width, pixels.height) == (40, 61)


def test_compute_records_and_uses_the_settings(tmp_path: Path) -> None:
    """Statistics of resized images are those of images resized before, and the file says so."""
    make.write(tmp_path / "one" / "a.png", make.encoded(RGB))
    make.write(tmp_path / "one" / "b.png", make.encoded(GRAY))
    for name, array in (("a", RGB), ("b", GRAY)):
        ready = by_hand(Image.fromarray(array), 32, 28)
        make.write(tmp_path / "two" / f"{name}.png", make.encoded(ready))
    one = normstat.compute(tmp_path / "one", workers=0, resize=32, crop=28)
    two = normstat.compute(tmp_path / "two", workers=0)
    ours, its = one.splits["all"], two.splits["all"]
    for name in ("pixels", "mean", "std", "stderr", "per_image", "quantiles", "width", "height"):
        assert getattr(ours, name) == getattr(its, name), name
    assert ours.fingerprint.pixels != its.fingerprint.pixels
    assert (one.settings.resize, one.settings.crop, one.settings.layout) == (32, 28, "auto")
    normstat.save(one, tmp_path / "stats.json")
    assert normstat.load(tmp_path / "stats.json") == one


WRONG = [
    ({"resize": 0}, "resize=0: should be 1 or more"),
    ({"crop": -3}, "crop=-3: should be 1 or more"),
    ({"resize": 20, "crop": 21}, "crop=21: should be at most resize=20"),
    ({"layout": "cwh"}, 'layout="cwh": should be one of auto, hwc, chw'),
]


@pytest.mark.parametrize(("options", "message"), WRONG)
def test_impossible_options_are_refused(
    tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    """Before anything is read, with what is possible."""
    with pytest.raises(UsageError, match=message):
        normstat.compute(tmp_path, workers=0, **options)
