"""Frames and pages of one file, as images that are turned, shaped and measured."""

import io
from pathlib import Path
from typing import Any

import make
import numpy as np
import pytest
from decoded import decoded
from PIL import Image

import normstat
from normstat.decode import decode, decoder, measure
from normstat.errors import UnreadableImage
from normstat.images import LocalFiles, ReadOptions, Sample

RGB = [make.pixels(seed, 16, 20) for seed in range(3)]
GRAY = [make.pixels(seed, 16, 20, channels=1) for seed in range(3)]
SIDEWAYS = 6


def animation(arrays: list[Any], format: str, orientation: int = 1) -> bytes:
    """The bytes of a file with several frames."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    first, *others = map(Image.fromarray, arrays)
    options = {"lossless": True} if format == "WEBP" else {"tiffinfo": {274: orientation}}
    return make.encoded(
        first,
        format,
        save_all=True,
        append_images=others,
        **options if format == "TIFF" else {"exif": exif, **options},
    )


FILES = {
    "webp": ("x.webp", animation(RGB, "WEBP", SIDEWAYS)),
    "apng": ("x.png", animation(RGB, "PNG", SIDEWAYS)),
    "apng-gray": ("x.png", animation(GRAY, "PNG", SIDEWAYS)),
    "tiff": ("x.tif", animation(RGB, "TIFF", SIDEWAYS)),
    "tiff-gray": ("x.tif", animation(GRAY, "TIFF", SIDEWAYS)),
    "gif": ("x.gif", animation(RGB, "GIF")),
    "gif-gray": ("x.gif", animation(GRAY, "GIF")),
    "mpo": ("x.jpg", animation(RGB, "MPO", SIDEWAYS)),
}
files = pytest.mark.parametrize(("name", "content"), FILES.values(), ids=FILES)


@pytest.mark.parametrize("frames", ["first", "all", "channels"])
@pytest.mark.parametrize("upright", [False, True])
@files
def test_files_measure_what_they_decode_to(
    tmp_path: Path, name: str, content: bytes, frames: str, upright: bool
) -> None:
    """Whichever frames count, and however they are turned; and what is refused has one code."""
    make.write(tmp_path / name, content)
    found = []
    for ask in (measure, decoded):
        with decoder():
            try:
                reading = ReadOptions(frames=frames, upright=upright)
                found.append(ask(Sample("all", name), LocalFiles(str(tmp_path)), reading))
            except UnreadableImage as error:
                found.append(error.code)
    assert found[0] == found[1]


@pytest.mark.parametrize("frames", ["first", "all", "channels"])
@pytest.mark.parametrize("name", ["apng-gray", "tiff-gray"])
def test_every_frame_is_turned(name: str, frames: str) -> None:
    """By the orientation of the file, which is noted however many frames count."""
    file, content = FILES[name]
    sample = Sample("all", file)
    with decoder():
        stored = decode(sample, content, ReadOptions(frames=frames))
        turned = decode(sample, content, ReadOptions(frames=frames, upright=True))
    assert "exif_orientation" in stored.notes
    taken = GRAY[:1] if frames == "first" else GRAY
    upright = [np.rot90(frame, -1)[:, :, np.newaxis] for frame in taken]
    assert np.array_equal(turned.array(), np.concatenate(upright, 2 if frames == "channels" else 0))


def test_smaller_pictures_behind_a_jpeg_are_no_frames(tmp_path: Path) -> None:
    """Cameras write thumbnails and depth maps there; pictures of the same size are frames."""
    small = np.ascontiguousarray(RGB[1][::2, ::2])
    make.write(tmp_path / "one" / "x.jpg", animation([RGB[0], small], "MPO"))
    one = normstat.compute(tmp_path / "one", workers=0, frames="all").splits["all"]
    assert one.pixels == RGB[0].shape[0] * RGB[0].shape[1]
    content = animation([RGB[0], small, RGB[2]], "MPO")
    make.write(tmp_path / "two" / "x.jpg", content)
    two = normstat.compute(tmp_path / "two", workers=0, frames="all").splits["all"]
    opened = Image.open(io.BytesIO(content))
    shown = []
    for number in (0, 2):
        opened.seek(number)
        shown.append(np.asarray(opened.convert("RGB")).reshape(-1, 3))
    assert two.mean == pytest.approx(tuple(np.concatenate(shown).mean(axis=0) / 255))
    assert two.pixels == 2 * one.pixels


@pytest.mark.parametrize("disposal", [0, 1, 2, 3])
@pytest.mark.parametrize("transparent", [False, True])
def test_gif_frames_that_uncover_are_refused(
    tmp_path: Path, disposal: int, transparent: bool
) -> None:
    """What is behind a frame that goes away is the one thing here, another thing there."""
    frames = [Image.fromarray(array).quantize(16) for array in RGB]
    options = {"transparency": 0} if transparent else {}
    content = make.encoded(
        frames[0],
        "GIF",
        save_all=True,
        append_images=frames[1:],
        disposal=disposal,
        optimize=False,
        **options,
    )
    make.write(tmp_path / "data" / "x.gif", content)
    make.write(tmp_path / "data" / "good.png", make.encoded(RGB[0]))
    stats = normstat.compute(tmp_path / "data", workers=0, frames="all")
    refused = disposal == 3 or (disposal == 2 and transparent)
    assert [record.code for record in stats.unreadable] == ["unsupported_pixels"] * refused
    assert normstat.compute(tmp_path / "data", workers=0).complete
