"""JPEG files as cameras, libraries and data sets write them, read without detours.

Pillow opens a file format by format and segment by segment; its decoder alone gives the same
pixels sooner. Of tiny images simplejpeg, the extra ``normstat[fast]``, gives the same pixels
sooner still: both are libjpeg-turbo. Whatever is not usual is left to Pillow's own way, which
also tells what is wrong with a damaged file.
"""

import functools
import struct
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, features

from normstat.decode.refusals import UNPARSABLE

#: How a JPEG file starts.
SOI = b"\xff\xd8\xff"
_START_OF_SCAN = 0xDA
# Baseline, extended and progressive, all with Huffman codes.
_FRAMES = {0xC0, 0xC1, 0xC2}
# Tables, comments, and applications' data that say nothing about pixels.
_PASSED = {0xC4, 0xDB, 0xDD, 0xFE, *range(0xE3, 0xED), 0xEF}
_JFIF, _APP1, _APP2, _ADOBE = 0xE0, 0xE1, 0xE2, 0xEE
_EXIF = b"Exif\0\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_ICC = b"ICC_PROFILE\0"
_FRAME = struct.Struct(">BHHB").unpack_from
# Shorter segments are not what their first bytes announce.
_SHORTEST_FRAME, _SHORTEST_JFIF, _SHORTEST_ADOBE, _SHORTEST_ICC = 8, 14, 12, 14
# Pillow's own type of what it remarks.
Info: TypeAlias = dict[str | tuple[int, int], Any]
_MODES = {1: "L", 3: "RGB"}
_COLORSPACES = {"L": "GRAY", "RGB": "RGB"}
# What libjpeg fills missing blocks with, seen in the last pixel.
_MAY_BE_FILLED = {127, 128}


class JpegHeader(NamedTuple):
    """Facts that the segments before the first scan state."""

    width: int
    height: int
    mode: str  # ``L`` or ``RGB``
    info: Info  # what Pillow would find: exif, xmp; icc_profile without its content


def header(data: bytes) -> JpegHeader | None:
    """The header of a JPEG file (it starts with :data:`SOI`) with nothing unusual, else None."""
    frame: tuple[int, int, int, int] | None = None
    info: Info = {}
    position, size = 2, len(data)
    while position + 4 <= size and data[position] == 0xFF:
        marker = data[position + 1]
        length = data[position + 2] << 8 | data[position + 3]
        start, end = position + 4, position + 2 + length
        if length < 2 or end > size:
            return None
        if marker == _START_OF_SCAN:
            return _usual(frame, info)
        if marker in _FRAMES and not frame and length >= _SHORTEST_FRAME:
            frame = _FRAME(data, start)
        elif marker not in _PASSED and not _is_known(marker, data[start:end], frame, info):
            return None
        position = end
    return None


def _is_known(marker: int, content: bytes, frame: object, info: Info) -> bool:
    """True if an application's segment is one of those known; its content goes to ``info``."""
    if marker == _JFIF:
        return content.startswith(b"JFIF\0") and len(content) >= _SHORTEST_JFIF
    if marker == _ADOBE:
        return len(content) >= _SHORTEST_ADOBE
    if marker == _APP1 and content.startswith(_EXIF) and "exif" not in info:
        info["exif"] = content
    elif marker == _APP1 and content.startswith(_XMP) and "xmp" not in info:
        info["xmp"] = content[len(_XMP) :]
    elif (
        marker == _APP2 and len(content) >= _SHORTEST_ICC and content.startswith(_ICC) and not frame
    ):
        info["icc_profile"] = None
    else:
        return False
    return True


def _usual(frame: tuple[int, int, int, int] | None, info: Info) -> JpegHeader | None:
    bits, height, width, components = frame or (0, 0, 0, 0)
    if bits != 8 or not (width and height) or components not in _MODES:
        return None
    return JpegHeader(width, height, _MODES[components], info)


def image(data: bytes, header: JpegHeader) -> Image.Image | None:
    """The decoded image; None where Pillow's own way has to tell what is wrong."""
    image = Image.new(header.mode, (header.width, header.height), None)
    try:
        image.frombytes(data, "jpeg", header.mode, "")
        if header.info:
            image.info = header.info
            image.getexif()
    except UNPARSABLE:
        return None
    return image


def array(data: bytes, header: JpegHeader) -> NDArray[np.uint8] | None:
    """The pixels of a tiny image: shape (H, W, C), stored units, by simplejpeg.

    None if it is not installed, or where Pillow's own way has to look more closely.
    """
    decode = _simplejpeg()
    if decode is None or header.info:
        return None
    try:
        pixels: NDArray[np.uint8] = decode(data, _COLORSPACES[header.mode])
    except ValueError:
        return None
    return None if _MAY_BE_FILLED.issuperset(pixels[-1, -1].tolist()) else pixels


@functools.cache
def _simplejpeg() -> Callable[[bytes, str], NDArray[np.uint8]] | None:
    if not features.check("libjpeg_turbo"):  # then Pillow's pixels are those of another library
        return None
    try:
        from simplejpeg import decode_jpeg
    except ImportError:
        return None
    decode: Callable[[bytes, str], NDArray[np.uint8]] = decode_jpeg
    return decode
