"""JPEG beyond the usual: read right, or refused without a word of damage."""

import base64
from pathlib import Path
from typing import Any

import make
import numpy as np
import pytest

from normstat.decode import decode, decoder
from normstat.errors import UnreadableImage
from normstat.images import ReadOptions, Sample

RGB = make.pixels(1, 40, 50)
JPEG = make.encoded(RGB, "JPEG")
FRAME = JPEG.index(b"\xff\xc0")
# 8 × 8 gray pixels, by cjpeg -arithmetic -quality 50, and as djpeg decodes them.
ARITHMETIC = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4"
    "UG1RV19iZ2hnPk1xeXBkeFxlZ2P/yQALCAAIAAgBAREA/8wABgAQEAX/2gAIAQEAAD8A/wBtnlI/LxF9qLkjd29GwP/Z"
)
DECODED = base64.b64decode(
    "Ix8ADixAVT0dKBYsQkZOLyozHCUzPFVGHi0aISo1WFICJCg9QTtLOhs2Lzk6N05CO0QmIyUyXF0rOSQpMTtdWA=="
)


def pixels_of(folder: Path, data: bytes) -> Any:
    """The decoded image."""
    path = make.write(folder / "x.jpg", data)
    with decoder():
        return decode(Sample("all", "x.jpg"), path.read_bytes(), ReadOptions())


def code_of(folder: Path, data: bytes) -> tuple[str, str]:
    """Code and detail of a file that cannot be read."""
    with pytest.raises(UnreadableImage) as caught:
        pixels_of(folder, data)
    return caught.value.code, caught.value.detail


def with_frame(change: dict[int, int]) -> bytes:
    """The file with other bytes from the marker of its frame on."""
    data = bytearray(JPEG)
    for at, value in change.items():
        data[FRAME + at] = value
    return bytes(data)


def test_arithmetic_codes_are_read(tmp_path: Path) -> None:
    """libjpeg-turbo knows them; a file that is cut is truncated."""
    array = pixels_of(tmp_path, ARITHMETIC).array()
    assert array.tobytes() == DECODED
    assert code_of(tmp_path, JPEG[: len(JPEG) // 2])[0] == "truncated"


def test_lossless_files_are_read_to_the_bit_or_refused(tmp_path: Path) -> None:
    """8 bits are read, more are not."""
    imagecodecs = pytest.importorskip("imagecodecs")
    for array in (RGB, RGB[:, :, 0].copy()):
        data = imagecodecs.jpeg8_encode(array, lossless=True)
        assert np.array_equal(pixels_of(tmp_path, data).array(), np.atleast_3d(array))
    deep = imagecodecs.ljpeg_encode(RGB[:, :, 0].astype("u2") * 16, bitspersample=12)
    assert code_of(tmp_path, deep) == ("unsupported_pixels", "lossless JPEG")


OTHERS = {
    "12-bits": (with_frame({4: 12}), "JPEG with 12 bits"),
    "lossless": (with_frame({1: 0xC3}), "lossless JPEG"),
    "hierarchical": (with_frame({1: 0xC5}), "hierarchical JPEG"),
    "hierarchical-progressive": (with_frame({1: 0xC6}), "hierarchical JPEG"),
    "hierarchical-lossless": (with_frame({1: 0xC7}), "lossless JPEG"),
    "hierarchical-arithmetic": (with_frame({1: 0xCD}), "hierarchical JPEG"),
    "JPEG-LS": (with_frame({1: 0xF7}), "JPEG-LS"),
    "two-components": (with_frame({9: 2}), "JPEG with 2 components"),
    "no-height": (with_frame({5: 0, 6: 0}), "JPEG that tells its height after its pixels"),
}


@pytest.mark.parametrize(("data", "words"), OTHERS.values(), ids=OTHERS)
def test_other_processes_are_named(tmp_path: Path, data: bytes, words: str) -> None:
    """A sound file of a process that no decoder here has is not damaged."""
    assert code_of(tmp_path, data) == ("unsupported_pixels", words)


def tables(data: bytes, marker: int) -> tuple[bytes, list[bytes]]:
    """The file without the segments of a marker, and these."""
    kept, found, at = data[:2], [], 2
    while True:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] == 0xDA:
            return kept + data[at:], found
        if data[at + 1] == marker:
            found.append(data[at:end])
        else:
            kept += data[at:end]
        at = end


def test_motion_jpeg_has_the_usual_tables(tmp_path: Path) -> None:
    """Frames of videos come without Huffman tables: those of the standard's annex K are meant."""
    without, found = tables(JPEG, 0xC4)
    assert len(found) > 0
    assert np.array_equal(pixels_of(tmp_path, without).array(), pixels_of(tmp_path, JPEG).array())


def with_components(names: bytes, *segments: bytes) -> bytes:
    """The scan of RGB planes under other names of its components, and these segments."""
    data = bytearray(make.encoded(RGB, "JPEG", keep_rgb=True))
    data, _ = (
        bytearray(part) if isinstance(part, bytes) else part for part in tables(bytes(data), 0xEE)
    )
    data, _ = (
        bytearray(part) if isinstance(part, bytes) else part for part in tables(bytes(data), 0xE0)
    )
    frame, scan = data.index(b"\xff\xc0"), data.index(b"\xff\xda")
    for number, name in enumerate(names):
        data[frame + 10 + 3 * number] = data[scan + 5 + 2 * number] = name
    return bytes(data[:2]) + b"".join(segments) + bytes(data[2:])


def adobe(transform: int) -> bytes:
    return b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0" + bytes([transform])


def test_what_planes_are_is_said_by_markers_then_by_names(tmp_path: Path) -> None:
    """JFIF: YCbCr. Adobe: what it says. Else components called R, G, B are; others are YCbCr."""
    planes = pixels_of(tmp_path, with_components(b"RGB")).array()
    assert np.abs(planes.astype(int) - RGB).max() < 60
    same = with_components(b"\1\2\3", adobe(0)), with_components(b"\0\1\2", adobe(0))
    for data in same:
        assert np.array_equal(pixels_of(tmp_path, data).array(), planes)
    converted = pixels_of(tmp_path, with_components(b"\1\2\3")).array()
    assert not np.array_equal(converted, planes)
    for data in (with_components(b"\0\1\2"), with_components(b"\1\2\3", adobe(1))):
        assert np.array_equal(pixels_of(tmp_path, data).array(), converted)


def test_bytes_before_a_jpeg_stay_refused(tmp_path: Path) -> None:
    """What comes first decides what a file is; nothing is called damaged."""
    assert code_of(tmp_path, b"\r\n\r\n" + JPEG)[0] == "not_an_image"
