"""TIFF files whose tags are seldom seen, each written tag by tag; and damaged ones."""

import io
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import imagecodecs
import make
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

import normstat
from normstat.decode.tiff import extra

GRAY = make.pixels(1, 40, 50, channels=1)
FIVE = np.dstack([make.pixels(seed, 40, 50, channels=1) for seed in range(5)])
BYTE, ASCII, SHORT, LONG = 1, 2, 3, 4
_FORMATS = {BYTE: "B", SHORT: "H", LONG: "I"}
_TILE = 16

Values: TypeAlias = bytes | int | Sequence[int]


def file_of(
    tags: dict[int, tuple[int, Values]], segments: Sequence[bytes], in_tiles: bool = False
) -> bytes:
    """A little-endian file of one page; an empty segment has no place in it."""
    file = bytearray(b"II*\0\0\0\0\0")
    offsets = []
    for segment in segments:
        offsets.append(len(file) if segment else 0)
        file += segment + bytes(len(segment) % 2)
    counts = [len(segment) for segment in segments]
    places: dict[int, tuple[int, Values]] = {
        324 if in_tiles else 273: (LONG, offsets),
        325 if in_tiles else 279: (LONG, counts),
    }
    entries = b""
    for tag, (kind, values) in sorted({**places, **tags}.items()):
        numbers = [values] if isinstance(values, int) else values
        form = f"<{len(numbers)}{_FORMATS.get(kind, 'B')}"
        packed = struct.pack(form, *numbers)
        if len(packed) > 4:
            place = len(file)
            file += packed + bytes(len(packed) % 2)
            packed = struct.pack("<I", place)
        entries += struct.pack("<HHI", tag, kind, len(numbers)) + packed.ljust(4, b"\0")
    struct.pack_into("<I", file, 4, len(file))
    return bytes(file) + struct.pack("<H", len(entries) // 12) + entries + bytes(4)


def tags_of(array: NDArray[Any], **others: tuple[int, Values] | None) -> dict[int, Any]:
    """Tags of an array of shape (H, W[, C]); others are called ``t`` and their number."""
    samples = array.shape[2] if array.ndim == 3 else 1
    tags: dict[int, Any] = {
        256: (LONG, array.shape[1]),
        257: (LONG, array.shape[0]),
        258: (SHORT, [8 * array.itemsize] * samples),
        259: (SHORT, 1),
        262: (SHORT, 1),
        277: (SHORT, samples),
        278: (LONG, array.shape[0]),
    }
    if samples > 1:
        tags[338] = (SHORT, [0] * (samples - 1))
    tags |= {int(name[1:]): value for name, value in others.items()}
    return {tag: value for tag, value in tags.items() if value}


def tiles_of(array: NDArray[Any]) -> list[bytes]:
    """The bytes of each tile, padded with zeros."""
    height, width = array.shape[:2]
    padding = [(0, -height % _TILE), (0, -width % _TILE), (0, 0)][: array.ndim]
    padded = np.pad(array, padding)
    return [
        padded[y : y + _TILE, x : x + _TILE].tobytes()
        for y in range(0, height, _TILE)
        for x in range(0, width, _TILE)
    ]


def result(folder: Path, data: bytes, **options: Any) -> Any:
    """What is computed of a folder with this file alone, beside a PNG that is always read."""
    make.write(folder / "data" / "x.tif", data)
    make.write(folder / "data" / "other.png", make.encoded(make.pixels(9, 5, 4)))
    return normstat.compute(folder / "data", workers=0, **options)


def counted(folder: Path, data: bytes, **options: Any) -> normstat.SplitStats:
    """The split of the file alone."""
    make.write(folder / "data" / "x.tif", data)
    return normstat.compute(folder / "data", workers=0, **options).splits["all"]


def refused(folder: Path, data: bytes, **options: Any) -> str:
    """The code with which a file is refused."""
    (unreadable,) = result(folder, data, **options).unreadable
    return str(unreadable.code)


def assert_is(split: normstat.SplitStats, array: NDArray[Any]) -> None:
    """Mean of each channel, exactly as rounded once."""
    values = array.reshape(-1, array.shape[2] if array.ndim == 3 else 1)
    expected = [int(column.sum()) / (255 * len(values)) for column in values.T]
    np.testing.assert_allclose(split.mean or (), expected, rtol=1e-15)


@pytest.mark.parametrize(
    ("compression", "encode"), [(1, bytes), (32773, imagecodecs.packbits_encode)]
)
@pytest.mark.parametrize("array", [GRAY, FIVE], ids=["gray", "five bands"])
def test_a_predictor_is_none_where_the_compression_has_none(
    tmp_path: Path, array: NDArray[Any], compression: int, encode: Any
) -> None:
    """libtiff looks at the tag only where its codec predicts."""
    tags = tags_of(array, t259=(SHORT, compression), t317=(SHORT, 2))
    assert_is(counted(tmp_path, file_of(tags, [encode(array.tobytes())])), array)


@pytest.mark.parametrize("nodata", [None, 7])
@pytest.mark.parametrize(("compression", "encode"), [(1, bytes), (8, zlib.compress)])
@pytest.mark.parametrize("array", [GRAY, FIVE], ids=["gray", "five bands"])
def test_tiles_that_are_not_stored_are_no_data(
    tmp_path: Path, array: NDArray[Any], compression: int, encode: Any, nodata: int | None
) -> None:
    """GDAL's sparse files: what is left out is the value of no data, else 0."""
    tags = tags_of(array, t259=(SHORT, compression), t278=None)
    tags |= {322: (SHORT, _TILE), 323: (SHORT, _TILE)}
    if nodata:
        tags[42113] = (ASCII, f"{nodata}\0".encode())
    tiles = [encode(tile) for tile in tiles_of(array)]
    tiles[5] = b""
    expected = array.copy()
    expected[_TILE : 2 * _TILE, _TILE : 2 * _TILE] = nodata or 0
    assert_is(counted(tmp_path, file_of(tags, tiles, in_tiles=True)), expected)


@pytest.mark.parametrize("nodata", [b"300", b"-1", b"0.5", b"nan", b"none"])
def test_tiles_of_a_value_that_pixels_cannot_have_are_refused(
    tmp_path: Path, nodata: bytes
) -> None:
    """GDAL clips such a value, others wrap it around."""
    tags = tags_of(GRAY, t278=(LONG, 10)) | {42113: (ASCII, nodata + b"\0")}
    strips = [GRAY[:10].tobytes(), b"", GRAY[20:30].tobytes(), GRAY[30:].tobytes()]
    assert refused(tmp_path, file_of(tags, strips)) == "unsupported_pixels"


def test_tiles_that_are_not_stored_need_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pillow would read the head of the file there."""
    monkeypatch.setattr(extra, "installed", lambda: None)
    tags = tags_of(GRAY, t278=(LONG, 10))
    strips = [GRAY[:10].tobytes(), b"", GRAY[20:30].tobytes(), GRAY[30:].tobytes()]
    assert refused(tmp_path, file_of(tags, strips)) == "unsupported_pixels"


@pytest.mark.parametrize("array", [GRAY, FIVE], ids=["gray", "five bands"])
def test_strips_that_are_not_listed_are_missing(tmp_path: Path, array: NDArray[Any]) -> None:
    """Decoders fill them with zeros, without an error."""
    tags = tags_of(array, t278=(LONG, 10))
    strips = [array[row : row + 10].tobytes() for row in (0, 10, 20)]
    assert refused(tmp_path, file_of(tags, strips)) == "corrupt"


def test_planes_that_are_not_listed_are_missing(tmp_path: Path) -> None:
    """A band that is not there is no band of zeros."""
    planes = [np.ascontiguousarray(FIVE[:, :, band]).tobytes() for band in range(4)]
    data = file_of(tags_of(FIVE, t284=(SHORT, 2)), planes)
    assert refused(tmp_path, data) == "corrupt"


@pytest.mark.parametrize("has_extra", [True, False])
def test_without_a_photometric_interpretation_nothing_is_guessed(
    tmp_path: Path, has_extra: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GDAL takes zero for black there, and others for white."""
    if not has_extra:
        monkeypatch.setattr(extra, "installed", lambda: None)
    data = file_of(tags_of(GRAY, t262=None), [GRAY.tobytes()])
    assert refused(tmp_path, data) == "unsupported_pixels"


@pytest.mark.parametrize("form", [0, 5, 6, 7, 999])
def test_numbers_of_no_known_kind_are_refused(tmp_path: Path, form: int) -> None:
    """Whatever SampleFormat says, it is one record."""
    data = file_of(tags_of(GRAY, t339=(SHORT, form)), [GRAY.tobytes()])
    assert refused(tmp_path, data) == "unsupported_pixels"


def test_numbers_may_take_a_byte(tmp_path: Path) -> None:
    """TIFF 6.0: readers accept BYTE, SHORT or LONG for any unsigned number."""
    array = FIVE[:, :, :3]
    tags = tags_of(array, t258=(BYTE, [8, 8, 8]), t262=(BYTE, 2), t338=None)
    assert_is(counted(tmp_path, file_of(tags, [array.tobytes()])), array)


def test_a_thumbnail_is_not_the_image_in_a_sub_directory(tmp_path: Path) -> None:
    """Raw files of cameras keep it there; it is not read, so the file is refused."""
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        writer.write(GRAY[::4, ::4], subfiletype=1, subifds=1, metadata=None)
        writer.write(GRAY, metadata=None)
    assert refused(tmp_path, file.getvalue()) == "unsupported_pixels"


@pytest.mark.parametrize("frames", ["first", "all", "channels"])
@pytest.mark.parametrize(("compression", "encode"), [(1, bytes), (8, zlib.compress)])
def test_a_part_of_a_stack_that_tells_of_all_is_one_page(
    tmp_path: Path, compression: int, encode: Any, frames: str
) -> None:
    """Tools that take stacks apart keep the description."""
    tags = tags_of(GRAY, t259=(SHORT, compression))
    tags[270] = (ASCII, b"ImageJ=1.54f\nimages=2\nslices=2\n\0")
    split = counted(tmp_path, file_of(tags, [encode(GRAY.tobytes())]), frames=frames)
    assert_is(split, GRAY)
    assert split.notes["multi_frame"] == 0


def test_a_stack_that_tifffile_keeps_behind_one_directory(tmp_path: Path) -> None:
    """Its description says so."""
    file = io.BytesIO()
    stack = np.moveaxis(FIVE, 2, 0)
    with tifffile.TiffWriter(file) as writer:
        writer.write(stack, truncate=True, photometric="minisblack")
    first = counted(tmp_path, file.getvalue())
    assert first.notes["multi_frame"] == 1
    assert_is(first, stack[0])
    assert_is(counted(tmp_path, file.getvalue(), frames="all"), stack.reshape(-1, 50))
    assert_is(counted(tmp_path, file.getvalue(), frames="channels"), FIVE)


@pytest.mark.parametrize("array", [GRAY, FIVE], ids=["gray", "five bands"])
def test_xmp_turns_no_tiff(tmp_path: Path, array: NDArray[Any]) -> None:
    """Pillow would turn it, and tifffile does not: width, height and crop are the file's."""
    tags = tags_of(array)
    tags[700] = (BYTE, b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>')
    split = counted(tmp_path, file_of(tags, [array.tobytes()]), crop=20)
    assert_is(split, np.ascontiguousarray(array[10:30, 15:35]))


@pytest.mark.parametrize("marker", ["nan", "-nan", "-inf", "inf"])
def test_what_marks_no_data_is_no_damage(tmp_path: Path, marker: str) -> None:
    """A sound file is never ``non_finite``."""
    array = GRAY.astype(np.float32)
    array[3, 4] = float(marker)
    tags = tags_of(array, t339=(SHORT, 3), t42113=(ASCII, f"{marker}\0".encode()))
    assert refused(tmp_path, file_of(tags, [array.tobytes()])) == "unsupported_pixels"
    del tags[42113]
    assert refused(tmp_path, file_of(tags, [array.tobytes()])) == "non_finite"


def test_a_tile_is_no_larger_than_an_image_may_be(tmp_path: Path) -> None:
    """It is in memory as a whole, however few of its pixels are the image's."""
    tags = tags_of(GRAY, t278=None, t322=(LONG, 64), t323=(LONG, 64), t259=(SHORT, 8))
    data = file_of(tags, [zlib.compress(bytes(64 * 64))], in_tiles=True)
    assert refused(tmp_path, data, max_pixels=4000) == "too_large"


def test_ycbcr_in_planes_is_no_damage(tmp_path: Path) -> None:
    """No decoder reads it, and it is refused as that."""
    array = FIVE[:, :, :3]
    planes = [imagecodecs.jpeg8_encode(np.ascontiguousarray(array[:, :, i])) for i in range(3)]
    tags = tags_of(array, t259=(SHORT, 7), t262=(SHORT, 6), t284=(SHORT, 2), t338=None)
    tags[530] = (SHORT, [1, 1])
    assert refused(tmp_path, file_of(tags, planes)) == "unsupported_pixels"
