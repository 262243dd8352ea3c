"""Texts and profiles in a PNG: no pixel depends on them, so no image is refused for them."""

import zlib
from pathlib import Path
from typing import Any

import make
import numpy as np
import pytest
from PIL import Image

from normstat.decode import decode, decoder
from normstat.images import ReadOptions, Sample

RGB = make.pixels(1, 20, 31)
PLAIN = make.encoded(RGB)
LONG = bytes(range(256)) * 8192
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
)


def exif() -> bytes:
    """Turned by 90 degrees."""
    tags = Image.Exif()
    tags[0x0112] = 6
    return tags.tobytes()


def raw_profile() -> bytes:
    """The same as text, as ImageMagick wrote it."""
    return b"\nexif\n%8d\n" % len(exif()) + exif().hex().encode() + b"\n"


def ztxt(keyword: bytes, text: bytes) -> bytes:
    return make.chunk(b"zTXt", keyword + b"\0\0" + zlib.compress(text))


def itxt(keyword: bytes, text: bytes, packed: bool = True) -> bytes:
    content = zlib.compress(text) if packed else text
    return make.chunk(b"iTXt", keyword + b"\0" + bytes([packed, 0]) + b"en\0\0" + content)


def iccp(profile: bytes) -> bytes:
    return make.chunk(b"iCCP", b"a profile\0\0" + zlib.compress(profile))


def with_chunk(chunk: bytes, after: bool) -> bytes:
    """The image with a chunk before its pixels or after them."""
    at = len(PLAIN) - 12 if after else 33
    return PLAIN[:at] + chunk + PLAIN[at:]


def pixels_of(folder: Path, data: bytes, **options: Any) -> Any:
    """The decoded image."""
    path = make.write(folder / "x.png", data)
    with decoder():
        return decode(Sample("all", "x.png"), path.read_bytes(), ReadOptions(**options))


CHUNKS = {
    "zTXt": ztxt(b"Comment", LONG),
    "iTXt": itxt(b"Comment", LONG),
    "iTXt-unpacked": itxt(b"Comment", LONG, packed=False),
    "tEXt": make.chunk(b"tEXt", b"Comment\0" + LONG.replace(b"\0", b" ")),
    "iCCP": iccp(LONG),
    "bomb": ztxt(b"Comment", bytes(1 << 28)),
    "exif-bomb": ztxt(b"Raw profile type exif", bytes(1 << 28)),
    "xmp-bomb": itxt(b"XML:com.adobe.xmp", bytes(1 << 28)),
    "no-zlib": make.chunk(b"zTXt", b"Comment\0\0no zlib"),
    "no-zlib-profile": make.chunk(b"iCCP", b"a profile\0\0no zlib"),
    "unknown-method": make.chunk(b"zTXt", b"Comment\0\7" + zlib.compress(b"text")),
    "no-keyword": make.chunk(b"tEXt", b""),
    "half-an-iTXt": make.chunk(b"iTXt", b"Comment\0\1"),
    # Pillow keeps texts where it keeps what it knows of the pixels.
    "called-transparency": make.chunk(b"tEXt", b"transparency\0none"),
    "called-interlace": make.chunk(b"tEXt", b"interlace\0no"),
    "called-icc_profile": make.chunk(b"tEXt", b"icc_profile\0no"),
}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("chunk", CHUNKS.values(), ids=CHUNKS)
def test_whatever_it_says_the_pixels_are_the_same(
    tmp_path: Path, chunk: bytes, after: bool
) -> None:
    """Long, bombs, or damaged in themselves: before the pixels or after."""
    pixels = pixels_of(tmp_path, with_chunk(chunk, after), upright=True)
    assert np.array_equal(pixels.array(), RGB)
    assert pixels.notes == (("icc_profile",) if chunk[4:8] == b"iCCP" else ())


def test_many_texts(tmp_path: Path) -> None:
    """Pillow counts them all together, too."""
    many = itxt(b"Comment", LONG[: 1 << 20], packed=False) * 70
    assert np.array_equal(pixels_of(tmp_path, with_chunk(many, after=False)).array(), RGB)


TURNING = {
    "eXIf": make.chunk(b"eXIf", exif()[6:]),
    "raw-profile": ztxt(b"Raw profile type exif", raw_profile()),
    "raw-profile-as-text": make.chunk(b"tEXt", b"Raw profile type exif\0" + raw_profile()),
    "raw-profile-in-iTXt": itxt(b"Raw profile type exif", raw_profile()),
    "xmp": itxt(b"XML:com.adobe.xmp", XMP, packed=False),
    "xmp-packed": itxt(b"XML:com.adobe.xmp", XMP),
}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("chunk", TURNING.values(), ids=TURNING)
def test_what_turns_a_picture_still_does(tmp_path: Path, chunk: bytes, after: bool) -> None:
    """EXIF, EXIF as text and XMP, beside a long text and a profile that are dropped."""
    data = with_chunk(chunk + ztxt(b"Comment", LONG) + iccp(LONG), after)
    pixels = pixels_of(tmp_path, data, upright=True)
    assert np.array_equal(pixels.array(), np.rot90(RGB, -1))
    assert set(pixels.notes) == {"exif_orientation", "icc_profile"}
    assert np.array_equal(pixels_of(tmp_path, data).array(), RGB)
