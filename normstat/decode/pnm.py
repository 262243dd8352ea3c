"""Netpbm's bit, gray and color maps, with the values that the file stores.

Pillow stretches them to 255 or 65535, value by value; here 1.0 is the maxval of the header, and
bits are black (1) or white (0). Floats (Pf) stay with Pillow. The formats are those of Netpbm's
manual pages pbm(5), pgm(5) and ppm(5); in a header, a comment ends the number before it, as in
libnetpbm.
"""

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normstat.decode.refusals import refuse_large, unsupported
from normstat.errors import UnreadableImage
from normstat.images import GRAY8, RGB8, Code, Kind

FORMAT = "PPM"

_MAGIC = re.compile(rb"P[1-6](?=[\s#]|$)")
_SPACE = re.compile(rb"(?:[ \t\n\v\f\r]|#[^\r\n]*(?:[\r\n]|$))+")
_NUMBER = re.compile(rb"[0-9]+")
_COMMENT = re.compile(rb"#[^\r\n]*")
_NO_VALUE = re.compile(rb"[^0-9 \t\n\v\f\r]")
_ENDS_A_NUMBER = re.compile(rb"[ \t\n\v\f\r]|#[^\r\n]*[\r\n]")
_BITS, _PLAIN, _COLOR = (b"P1", b"P4"), (b"P1", b"P2", b"P3"), (b"P3", b"P6")
_NO_BIT = re.compile(rb"[^01]")
_WHITE_SPACE = b" \t\n\v\f\r"
_LARGEST = 65535
# More digits than any number has that is meant.
_MOST_DIGITS = 10


@dataclass(frozen=True, slots=True)
class MapHeader:
    """The header of a map."""

    kind: Kind  # its scale is the maxval
    mode: str  # as Pillow calls such an image
    width: int
    height: int
    is_plain: bool  # values are written as decimal numbers
    is_bits: bool  # values are single bits, where 1 is black
    start: int  # where in the file the values begin

    @property
    def shape(self) -> tuple[int, int, int]:
        return (self.height, self.width, len(self.kind.channels))


def is_map(data: bytes, at: int = 0) -> bool:
    r"""True for the first bytes of a map, which stand at a place in the data.

    >>> is_map(b"P5 3 2 255\n"), is_map(b"P4 3 2\n"), is_map(b"P5X")
    (True, True, False)
    """
    return _MAGIC.match(data, at) is not None


def map_header(data: bytes, max_pixels: int, at: int = 0) -> MapHeader:
    r"""Read the header of a map.

    Parameters
    ----------
    at : where in the data the map begins.

    Raises
    ------
    UnreadableImage
        ``truncated`` or ``corrupt`` header, ``not_an_image`` (no pixels), ``too_large``;
        ``bit_depth_lost`` for colors of 16 bits.

    Examples
    --------
    >>> header = map_header(b"P5 # made by hand\n3 2 15\n" + bytes(6), 100)
    >>> str(header.kind), header.shape, header.start
    ('uint8 (up to 15) gray', (2, 3, 1), 25)
    """
    magic, numbers = data[at : at + 2], []
    at += len(magic)
    for _ in ("width", "height", "maxval")[: 2 if magic in _BITS else 3]:
        space = _SPACE.match(data, at)
        number = _NUMBER.match(data, space.end()) if space else None
        if number is None:
            at = space.end() if space else at
            if at >= len(data):
                raise UnreadableImage(Code.TRUNCATED, "ends inside the header")
            raise UnreadableImage(Code.CORRUPT, "its header has no number where one should be")
        if len(number[0]) > _MOST_DIGITS:
            raise UnreadableImage(Code.CORRUPT, "its header has a number of too many digits")
        numbers.append(int(number[0]))
        at = number.end()
    width, height, maxval = (*numbers, 1)[:3]
    end = _ENDS_A_NUMBER.match(data, at)
    if end is None and at < len(data):
        raise UnreadableImage(Code.CORRUPT, "its header does not end with white space")
    if not 0 < maxval <= _LARGEST:
        raise UnreadableImage(Code.CORRUPT, f"its maxval is {maxval}")
    if not width * height:
        raise UnreadableImage(Code.NOT_AN_IMAGE, f"{width} × {height}: no pixels")
    refuse_large(width, height, max_pixels)
    kind, mode = (GRAY8, "1") if magic in _BITS else _kind(magic in _COLOR, maxval)
    start = end.end() if end else len(data)
    return MapHeader(kind, mode, width, height, magic in _PLAIN, magic in _BITS, start)


def map_pixels(data: bytes, header: MapHeader) -> NDArray[Any]:
    """The values: shape (H, W, C), stored units, uint8 or uint16 (of either byte order).

    Raises
    ------
    UnreadableImage
        ``truncated``; ``corrupt`` for values that are no numbers or above the maxval;
        ``unsupported_pixels`` where a line break after the header may be one byte or two.
    """
    if header.is_bits:
        bits = _plain_bits(data, header) if header.is_plain else _packed_bits(data, header)
        return ((1 - bits) * np.uint8(GRAY8.scale)).reshape(header.shape)
    values = _plain(data, header) if header.is_plain else _binary(data, header)
    largest = int(values.max())
    if largest > header.kind.scale:
        raise UnreadableImage(
            Code.CORRUPT, f"has the value {largest}, above its maxval {header.kind.scale}"
        )
    return values.astype(header.kind.dtype, copy=False).reshape(header.shape)


def following(data: bytes, header: MapHeader) -> int:
    """Place of the next map in the same file; 0 if there is none."""
    if header.is_plain:  # pgm(5): there is one image at most in a plain file
        return 0
    end = header.start + _bytes(header)
    return end if end + len("P5\n") <= len(data) and is_map(data, end) else 0


def _kind(is_color: bool, maxval: int) -> tuple[Kind, str]:
    if maxval > GRAY8.scale:
        if is_color:
            raise UnreadableImage(Code.BIT_DEPTH_LOST, f"RGB with a maxval of {maxval}")
        return Kind("uint16", GRAY8.channels, maxval), "I"
    usual, mode = (RGB8, "RGB") if is_color else (GRAY8, "L")
    return usual if maxval == usual.scale else Kind("uint8", usual.channels, maxval), mode


def _bytes(header: MapHeader) -> int:
    """Number of bytes that the values of a binary map take."""
    if header.is_bits:
        return -(-header.width // 8) * header.height
    return math.prod(header.shape) * np.dtype(header.kind.dtype).itemsize


def _binary(data: bytes, header: MapHeader) -> NDArray[Any]:
    _refuse_other_length(data, header)
    dtype = np.dtype(header.kind.dtype).newbyteorder(">")
    return np.frombuffer(data, dtype, math.prod(header.shape), header.start)


def _packed_bits(data: bytes, header: MapHeader) -> NDArray[np.uint8]:
    _refuse_other_length(data, header)
    rows = np.frombuffer(data, np.uint8, _bytes(header), header.start).reshape(header.height, -1)
    return np.unpackbits(rows, axis=1, count=header.width)


def _plain_bits(data: bytes, header: MapHeader) -> NDArray[np.uint8]:
    """Digits that need no white space between them."""
    text = _COMMENT.sub(b"", data[header.start :]).translate(None, _WHITE_SPACE)
    text = text[: math.prod(header.shape)]
    if _NO_BIT.search(text):
        raise UnreadableImage(Code.CORRUPT, "has something else than bits among its values")
    if len(text) < math.prod(header.shape):
        raise UnreadableImage(
            Code.TRUNCATED, f"{len(text)} values; its header needs {math.prod(header.shape)}"
        )
    return np.frombuffer(text, np.uint8) - np.uint8(ord("0"))


def _refuse_other_length(data: bytes, header: MapHeader) -> None:
    needed = _bytes(header)
    there = len(data) - header.start
    if there < needed:
        raise UnreadableImage(Code.TRUNCATED, f"{there} bytes of pixels; its header needs {needed}")
    if there == needed + 1 and data[header.start - 1 : header.start + 1] == b"\r\n":
        # The standard has one byte there, and programs that write \r\n have another opinion.
        raise unsupported(
            "its header ends with \\r\\n, and one byte remains: where its pixels begin is unclear",
        )


def _plain(data: bytes, header: MapHeader) -> NDArray[np.int64]:
    needed = math.prod(header.shape)
    text = _COMMENT.sub(b" ", data[header.start :])
    odd = _NO_VALUE.search(text)
    numbers = text[: odd.start()] if odd else text
    # Long rows of digits come out as the largest integer there is.
    values = np.fromstring(numbers, np.int64, sep=" ") if numbers.strip() else np.empty(0, np.int64)
    complete = len(values) - bool(odd and numbers[-1:].isdigit())
    if complete >= needed:
        return values[:needed]
    if odd:
        raise UnreadableImage(Code.CORRUPT, "has something else than numbers among its values")
    raise UnreadableImage(Code.TRUNCATED, f"{len(values)} values; its header needs {needed}")
