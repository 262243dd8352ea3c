"""Measuring agrees with decoding, on whole images and on broken ones, and reads headers only."""

import os
from pathlib import Path
from typing import Any

import make
import numpy as np
import pytest
from decoded import decoded
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import features
from test_geometry import FLOAT, IMAGES, RGB, TURNED
from test_npy import ARRAYS, DEFECTS
from test_odd_files import COUNTED
from test_unreadable import UNREADABLE

from normstat.decode import Measured, decoder, measure
from normstat.errors import UnreadableImage
from normstat.images import Code, LocalFiles, ReadOptions, Sample

WHOLE = {
    **{name: (case[0], case[1]) for name, case in COUNTED.items()},
    **{name: (case[0], case[1]) for name, case in IMAGES.items()},
    **{name: ("x.npy", make.npy(array)) for name, array in ARRAYS.items()},
    **{f"{name}-3": (case[0], case[1](3)) for name, case in TURNED.items()},
    **{f"{name}-6": (case[0], case[1](6)) for name, case in TURNED.items()},
}
BROKEN = {
    **UNREADABLE,
    **{name: ("x.npy", content, code) for name, (content, code, _) in DEFECTS.items()},
}
# What only the pixels, or the bytes behind the header, tell.
BEHIND_THE_HEADER = (Code.TRUNCATED, Code.CORRUPT, Code.NON_FINITE)
# Integers beyond 2**53 are seen when they are.
TOO_WIDE = [DEFECTS[name][:2] for name in ("int64", "uint64")]
READINGS = {
    "as-it-is": {},
    "upright": {"upright": True},
    "resized": {"resize": 9, "upright": True},
    "cropped": {"crop": 8},
    "both": {"resize": 12, "crop": 7, "upright": True},
    "gray": {"channels": "gray"},
    "rgb": {"channels": "rgb", "resize": 5},
    "few-pixels": {"max_pixels": 1000},
    "chw": {"layout": "chw"},
}


def asked(ask: Any, folder: Path, name: str, content: bytes, **options: Any) -> Any:
    """What measuring or decoding says of a file: what it measures, or a code."""
    make.write(folder / name, content)
    with decoder():
        try:
            return ask(Sample("all", name), LocalFiles(str(folder)), ReadOptions(**options))
        except UnreadableImage as error:
            return error.code


# Every image as it is and read in two other ways, every way of many images; and the rest.
EACH = [
    pytest.param(
        *(WHOLE[image], READINGS[reading]),
        id=f"{image}-{reading}",
        marks=[] if not way or (way + number) % 4 == 0 else pytest.mark.matrix,
    )
    for number, image in enumerate(WHOLE)
    for way, reading in enumerate(READINGS)
]


@pytest.mark.parametrize(("image", "options"), EACH)
def test_a_whole_image_measures_what_it_decodes_to(
    tmp_path: Path, image: tuple[str, bytes], options: dict[str, Any]
) -> None:
    """Kind, size and format are the same; and so is the code of what is refused."""
    name, content = image
    assert asked(measure, tmp_path, name, content, **options) == asked(
        decoded, tmp_path, name, content, **options
    )


@pytest.mark.parametrize(("name", "content", "code"), BROKEN.values(), ids=BROKEN)
def test_a_bad_header_has_the_code_that_decoding_gives_it(
    tmp_path: Path, name: str, content: bytes, code: str
) -> None:
    """What fails is what decoding refuses; what passes is damaged behind its header."""
    found = asked(measure, tmp_path, name, content)
    if isinstance(found, Measured):
        assert code in BEHIND_THE_HEADER or (content, code) in TOO_WIDE
    else:
        assert found == code


def test_pixels_are_not_looked_at(tmp_path: Path) -> None:
    """Images without most of their pixels measure as whole ones do."""
    for name, content in (
        ("x.jpg", make.encoded(RGB, "JPEG")),
        ("x.png", make.encoded(RGB)),
        ("x.tif", make.tiff(FLOAT)),
    ):
        cut = content[: len(content) * 3 // 4]
        whole = asked(measure, tmp_path, name, content)
        assert asked(measure, tmp_path, name, cut) == whole
        assert isinstance(whole, Measured)
        assert asked(decoded, tmp_path, name, cut) == "truncated"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs")
def test_what_is_no_file_does_not_block(tmp_path: Path) -> None:
    """A FIFO, a folder, a dangling link and nothing at all have their codes."""
    os.mkfifo(tmp_path / "fifo.png")
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "dangling.png").symlink_to("nowhere")
    expected = {"fifo": "not_regular", "folder": "not_regular", "dangling": "not_regular"}
    for name, code in (expected | {"nothing": "vanished"}).items():
        with decoder(), pytest.raises(UnreadableImage) as caught:
            measure(Sample("all", f"{name}.png"), LocalFiles(str(tmp_path)), ReadOptions())
        assert caught.value.code == code


@settings(deadline=None, max_examples=2 * settings().max_examples)
@given(data=st.data())
def test_on_any_bytes_it_measures_or_refuses(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Cut or changed anywhere, nothing but an unreadable image comes out; sizes are positive."""
    small = RGB[:7, :9]
    formats = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF", "PPM")
    wholes = [make.encoded(small, format) for format in formats] + [make.npy(small)]
    damaged = bytearray(data.draw(st.sampled_from(wholes)))
    for _ in range(data.draw(st.integers(0, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    damaged = damaged[: data.draw(st.integers(0, len(damaged)))]
    folder = tmp_path_factory.getbasetemp()
    found = asked(measure, folder, "x.img", bytes(damaged), max_pixels=10_000, upright=True)
    if isinstance(found, Measured):
        assert 0 < found.width * found.height <= 10_000
    else:
        assert found in set(Code)


@pytest.mark.skipif(not features.check("avif"), reason="Pillow without AVIF")
def test_a_damaged_avif_is_one_image(tmp_path: Path) -> None:
    """Its library has refusals of its own kind: they are no end of a run."""
    content = make.encoded(RGB, "AVIF")
    assert b"iloc" in content
    damaged = content.replace(b"iloc", b"free", 1)
    for ask in (measure, decoded):
        assert asked(ask, tmp_path, "x.avif", damaged) in set(Code)


def test_a_mistake_of_our_own_is_no_verdict_on_an_image(tmp_path: Path) -> None:
    """What no damaged file leads to is not taken for damage."""
    nothing: Any = None
    for name, content in (("x.png", make.encoded(RGB)), ("x.npy", make.npy(RGB))):
        make.write(tmp_path / name, content)
        with decoder(), pytest.raises(AttributeError):
            measure(Sample("all", name), LocalFiles(str(tmp_path)), nothing)


def test_npy_sizes_must_fit(tmp_path: Path) -> None:
    """A file of arrays that is too short or too long is found without reading it."""
    whole = make.npy(np.zeros((300, 200, 3), "f4"))
    assert asked(measure, tmp_path, "x.npy", whole).width == 200
    assert asked(measure, tmp_path, "x.npy", whole[:-1]) == "truncated"
    assert asked(measure, tmp_path, "x.npy", whole + b"\0") == "corrupt"
