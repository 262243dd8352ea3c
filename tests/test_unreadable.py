"""Files that give no pixels. The numbers in test ids are those of the list of faults."""

import json
import subprocess
import sys
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import make
import numpy as np
import pytest
from numpy.typing import NDArray

import normstat
from normstat.decode.tiff import extra
from normstat.errors import NothingToRead
from normstat.statsfile import dumps

GOOD = make.encoded(make.pixels(1, 12, 17))
RGB = make.pixels(2, 40, 50)
GRAY = make.pixels(3, 40, 50, channels=1)
GRAY16 = make.pixels(4, 21, 30, channels=1, dtype="uint16")
RGB16 = make.pixels(5, 21, 30, dtype="uint16")
FLOAT = (make.pixels(6, 9, 14, channels=1) / np.float32(51) - 2).astype("float32")
JPEG = make.encoded(RGB, "JPEG")
PNG = make.encoded(RGB)
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"


def damaged_checksum(data: bytes) -> bytes:
    """Flip one bit of the first IDAT's checksum."""
    at = data.index(b"IDAT")
    end = at + 4 + int.from_bytes(data[at - 4 : at], "big")
    return data[:end] + bytes([data[end] ^ 1]) + data[end + 1 :]


def rows(array: NDArray[Any]) -> bytes:
    """Rows of a PNG, unfiltered."""
    big = array.astype(array.dtype.newbyteorder(">"))
    return b"".join(b"\0" + row.tobytes() for row in big)


def netpbm(magic: str, array: NDArray[Any], top: int) -> bytes:
    """A binary PGM (P5) or PPM (P6)."""
    data = array.astype(">u2" if top > 255 else "u1").tobytes()
    return f"{magic}\n{array.shape[1]} {array.shape[0]}\n{top}\n".encode() + data


def with_value(value: float) -> NDArray[Any]:
    """Floats, one of which is special."""
    array = FLOAT.copy()
    array[3, 4] = value
    return array


def of_pillow(format: str) -> bytes:
    """A file of a format that normstat does not read."""
    return make.encoded(RGB, format)


def bomb(name: bytes, start: bytes) -> bytes:
    """A PNG with a chunk of a few kB that inflates to 64 MB."""
    text = make.chunk(name, start + zlib.compress(bytes(1 << 26)))
    return make.png(50, 40, rows(GRAY), extra=text)


BANDS = make.pixels(7, 9, 8, 5)
LA16 = np.stack([GRAY16, GRAY16], axis=2)
UNREADABLE = {
    "A01-empty": ("x.jpg", b"", "empty"),
    "A02-html": ("x.jpg", b"<!DOCTYPE html>\n<html></html>", "not_an_image"),
    "A03-lfs-pointer": ("x.jpg", LFS, "lfs_pointer"),
    "A04-jpeg-cut": ("x.jpg", JPEG[: len(JPEG) // 2], "truncated"),
    "A05-jpeg-cut-closed": ("x.jpg", JPEG[: len(JPEG) // 2] + b"\xff\xd9", "truncated"),
    "A08-png-checksum": ("x.png", damaged_checksum(PNG), "corrupt"),
    "A08-png-without-iend": ("x.png", PNG[:-12], "truncated"),
    "A09-png-half-the-rows": ("x.png", make.png(50, 40, rows(GRAY[:20])), "truncated"),
    "A10-png-huge-header": ("x.png", make.png(100_000, 100_000, b""), "too_large"),
    "A11-png-bomb": ("x.png", make.png(10_000, 10_000, bytes(12_510_000), bits=1), "too_large"),
    "A13-png-rgb16": ("x.png", make.png(30, 21, rows(RGB16), 16, 2), "bit_depth_lost"),
    "A13-png-la16": ("x.png", make.png(30, 21, rows(LA16), 16, 4), "bit_depth_lost"),
    "A13-png-rgba16": (
        "x.png",
        make.png(30, 21, rows(np.dstack([RGB16, GRAY16])), 16, 6),
        "bit_depth_lost",
    ),
    "A13-ppm-16": ("x.ppm", netpbm("P6", RGB16, 65535), "bit_depth_lost"),
    "A13-ppm-12": ("x.ppm", netpbm("P6", RGB16 >> 4, 4095), "bit_depth_lost"),
    "A18-tiff-nan": ("x.tif", make.tiff(with_value(np.nan)), "non_finite"),
    "A18-tiff-infinity": ("x.tif", make.tiff(with_value(np.inf), ">"), "non_finite"),
    "A18-tiff-minus-infinity": ("x.tif", make.tiff(with_value(-np.inf)), "non_finite"),
    "A24-png-zero-wide": ("x.png", make.png(0, 5, bytes(5)), "not_an_image"),
    "A25-eps": ("x.png", of_pillow("EPS"), "not_an_image"),
    "A25-pdf": ("x.png", of_pillow("PDF"), "not_an_image"),
    "A25-ico": ("x.png", of_pillow("ICO"), "not_an_image"),
    "A25-psd": ("x.png", b"8BPS\0\1" + bytes(7) + b"\3\0\0\0\1\0\0\0\1\0\b\0\3", "not_an_image"),
    "A25-fits": ("x.png", b"SIMPLE  =                    T".ljust(2880), "not_an_image"),
    "A25-svg": ("x.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not_an_image"),
}

#: What only the extra ``tiff`` reads: content, the values in it, and the code without it.
OF_EXTRA = {
    "A13-tiff-3x16": (make.tiff(RGB16, photometric=2), RGB16, "bit_depth_lost"),
    "A13-tiff-3x16-big": (make.tiff(RGB16, ">", photometric=2), RGB16, "bit_depth_lost"),
    "A14-tiff-float64": (make.tiff(FLOAT.astype("f8")), FLOAT, "unsupported_pixels"),
    "A14-tiff-5-bands": (make.tiff(BANDS), BANDS, "unsupported_pixels"),
    "A14-tiff-float-rgb": (
        make.tiff(RGB.astype("f4"), photometric=2),
        RGB.astype("f4"),
        "unsupported_pixels",
    ),
    "A14-tiff-int8": (make.tiff(GRAY.view("i1")), GRAY.view("i1"), "unsupported_pixels"),
    "A14-tiff-uint32": (
        make.tiff(GRAY.astype("u4") << 24),
        GRAY.astype("u4") << 24,
        "unsupported_pixels",
    ),
}


def owning(cases: dict[str, tuple[Any, ...]]) -> list[Any]:
    """A parameter for each case, which owns the fault of the number in its name."""
    return [
        pytest.param(*case, id=name, marks=pytest.mark.fault(int(name[1:3])))
        for name, case in cases.items()
    ]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with one good image (pytest's own folder names would be taken for a test split)."""
    make.write(tmp_path / "data" / "good.png", GOOD)
    return tmp_path / "data"


def numbers(stats: normstat.Stats) -> dict[str, Any]:
    """All that the file says of the split, but how many could not be read."""
    split = json.loads(dumps(stats))["splits"]["all"]
    return {key: split[key] for key in split if key not in ("listed", "unreadable")}


@pytest.mark.parametrize(("name", "content", "code"), owning(UNREADABLE))
def test_a_bad_file_is_a_record_and_contributes_nothing(
    data: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, code: str
) -> None:
    """The record has the code, the rest is what it is without the file, no program is started."""
    monkeypatch.setattr(subprocess, "Popen", None)
    without = normstat.compute(data, workers=0)
    make.write(data / name, content)
    stats = normstat.compute(data, workers=0)
    split = stats.splits["all"]
    assert [(record.path, record.code) for record in stats.unreadable] == [(name, code)]
    assert all(record.detail.isprintable() for record in stats.unreadable)
    assert numbers(stats) == numbers(without)
    assert (split.listed, split.images, split.unreadable, split.skipped) == (2, 1, 1, 0)
    assert (without.complete, stats.complete) == (True, False)


@pytest.mark.parametrize(("content", "array", "code"), owning(OF_EXTRA))
def test_what_pillow_cannot_hold_is_counted_with_the_extra(
    data: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, array: NDArray[Any], code: str
) -> None:
    """With it the numbers are exact; without it the record has the code and says how to get it."""
    (data / "good.png").unlink()
    make.write(data / "x.tif", content)
    split = normstat.compute(data, workers=0).splits["all"]
    values = array.reshape(array.shape[0] * array.shape[1], -1)
    np.testing.assert_allclose(
        np.array(split.mean) * (split.scale or 0), values.mean(axis=0, dtype="f8"), rtol=1e-12
    )
    monkeypatch.setattr(extra, "installed", lambda: None)
    make.write(data / "good.png", GOOD)
    (record,) = normstat.compute(data, workers=0).unreadable
    assert record.code == code
    assert 'pip install "normstat[tiff]"' in record.detail


@pytest.mark.fault(2)
def test_a02_first_bytes_are_shown_escaped(data: Path) -> None:
    """What is not an image says how it starts: 16 bytes, no control characters."""
    make.write(data / "x.jpg", b"<html>\x1b[31m\n\0\xff\xfe\xfd and so on")
    (record,) = normstat.compute(data, workers=0).unreadable
    assert record.detail.endswith(r"<html>\x1b[31m\n\x00\xff\xfe\xfd")


@pytest.mark.fault(3)
def test_a03_only_pointers_ask_for_git_lfs_pull(tmp_path: Path) -> None:
    """When every file is a pointer there is nothing to read, and the message has the cure."""
    for name in ("a.jpg", "b.png"):
        make.write(tmp_path / name, LFS)
    with pytest.raises(NothingToRead, match="git lfs pull"):
        normstat.compute(tmp_path, workers=0)


@pytest.mark.fault(12)
@pytest.mark.parametrize(
    ("name", "start"),
    [
        (b"zTXt", b"Comment\0\0"),
        (b"iTXt", b"Comment\0\1\0\0\0"),
        (b"iCCP", b"profile\0\0"),
        (b"zTXt", b"Raw profile type exif\0\0"),
        (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0"),
    ],
    ids=["zTXt", "iTXt", "iCCP", "EXIF", "XMP"],
)
def test_a12_a_compressed_text_bomb_is_not_expanded(data: Path, name: bytes, start: bytes) -> None:
    """64 MB of text from 64 kB: it says nothing about pixels, so its memory is never taken."""
    make.write(data / "x.png", bomb(name, start))
    normstat.compute(data, workers=0, exclude=["x.png"])  # imports are not what is measured
    tracemalloc.start()
    try:
        stats = normstat.compute(data, workers=0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1 << 25
    assert (stats.splits["all"].images, stats.unreadable) == (2, ())


@pytest.mark.fault(30)
@pytest.mark.skipif(sys.platform == "win32", reason="capfd sees no child's handles there")
def test_a30_decoders_do_not_spray_over_the_terminal(
    data: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """What libtiff writes to stderr is not seen, with a worker or in the user's own process."""
    content = bytearray(make.encoded(RGB, "TIFF", compression="tiff_lzw"))
    content[8:200] = bytes(192)
    make.write(data / "x.tif", bytes(content))
    for workers in (1, 0):
        stats = normstat.compute(data, workers=workers)
        assert [record.code for record in stats.unreadable] == ["corrupt"]
        assert capfd.readouterr() == ("", "")
