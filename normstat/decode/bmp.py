"""Windows and OS/2 bitmaps, with the values that the file stores.

Pillow stretches 5 and 6 bits to 255, takes few bit fields, and guesses at short palettes. Here each
color is the bits that its mask selects, and 1.0 is all of them set. Of what decoders disagree about
(pixels that a run-length code leaves out) nothing is guessed.
"""

import math
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from normstat.decode.bmp_rle import unpacked
from normstat.decode.refusals import refuse_large, unsupported
from normstat.errors import UnreadableImage
from normstat.images import GRAY8, RGB8, Code, Kind

FORMAT = "BMP"

_FILE_HEADER = 14
_CORE = 12
# BITMAPINFOHEADER and its successors; OS/2's second has 16 bytes or 64.
_HEADERS = (_CORE, 16, 40, 52, 56, 64, 108, 124)
_LONGEST = 1024
_OS2 = (16, 64)
_RGB, _RLE8, _RLE4, _FIELDS, _ALPHA_FIELDS = 0, 1, 2, 3, 6
_OTHERS = {4: "a JPEG in it", 5: "a PNG in it"}
_OTHERS_OF_OS2 = {3: "Huffman codes", 4: "run lengths of 24 bits"}
_PALETTE_BITS = (1, 2, 4, 8)
_DEEP_BITS = (16, 24, 32)
_MASKS = {16: (0x7C00, 0x3E0, 0x1F), 24: (0xFF0000, 0xFF00, 0xFF), 32: (0xFF0000, 0xFF00, 0xFF)}
_MASKS_AT = 40
_MASK = 4


@dataclass(frozen=True, slots=True)
class Bitmap:
    """The headers of a bitmap."""

    kind: Kind  # its scale is all bits of a color set
    mode: str  # as Pillow calls such an image
    width: int
    height: int
    has_alpha: bool  # some bits are alpha's
    bits: int
    compression: int
    is_top_down: bool
    masks: tuple[int, ...]  # bits of red, green and blue; none where there is a palette
    palette: bytes  # red, green and blue of each color, or nothing
    start: int  # where in the file the pixels begin


def bitmap_header(data: bytes, max_pixels: int) -> Bitmap:
    """Read the headers of a bitmap.

    Raises
    ------
    UnreadableImage
        ``truncated`` or ``corrupt`` header, ``not_an_image`` (no pixels), ``too_large``,
        ``unsupported_pixels``.
    """
    size, width, height, bits, compression, colors = _info(data)
    if not width or not height:
        raise UnreadableImage(Code.NOT_AN_IMAGE, f"{width} × {height}: no pixels")
    if width < 0:
        raise UnreadableImage(Code.CORRUPT, f"its width is {width}")
    refuse_large(width, abs(height), max_pixels)
    _refuse_unknown(size, bits, compression, height)
    (start,) = struct.unpack_from("<I", data, 10)
    after = _FILE_HEADER + size
    masks: tuple[int, ...] = ()
    palette, has_alpha = b"", False
    if bits in _PALETTE_BITS:
        entry = 3 if size == _CORE else 4
        colors = min(colors or 1 << bits, 1 << bits)
        if start <= after:  # as some programs write it
            start = after + entry * colors
        palette = _palette(data[after : min(start, after + entry * colors)], entry)
        kind, mode = _of_palette(palette, bits)
    else:
        masks, has_alpha = _fields(data, size, bits, compression)
        kind, mode = _of_masks(masks, bits), "RGBA" if has_alpha else "RGB"
        is_apart = compression in (_FIELDS, _ALPHA_FIELDS) and size <= _MASKS_AT
        start = start or after + is_apart * _MASK * (3 + (compression == _ALPHA_FIELDS))
    if start < after:
        raise UnreadableImage(Code.CORRUPT, f"its pixels begin at {start}, inside the header")
    is_top_down, height = height < 0, abs(height)
    return Bitmap(
        kind, mode, width, height, has_alpha, bits, compression, is_top_down, masks, palette, start
    )


def bitmap_pixels(data: bytes, bitmap: Bitmap) -> NDArray[Any]:
    """The values: shape (H, W, C), stored units, of the kind's dtype.

    Raises
    ------
    UnreadableImage
        ``truncated``, ``corrupt``; ``unsupported_pixels`` for pixels that are of no color.
    """
    if bitmap.compression in (_RLE8, _RLE4):
        size, is_rle4 = (bitmap.width, bitmap.height), bitmap.compression == _RLE4
        rows = unpacked(data[bitmap.start :], *size, is_rle4)
    else:
        rows = _rows(data, bitmap)
    if not bitmap.is_top_down:
        rows = rows[::-1]
    if bitmap.palette:
        return _colored(rows, bitmap)
    if bitmap.bits == 24:
        size = bitmap.width, bitmap.height  # Pillow turns colors around faster than NumPy
        return np.asarray(Image.frombytes("RGB", size, np.ascontiguousarray(rows), "raw", "BGR"))
    words = rows.view(f"<u{bitmap.bits // 8}")
    scale = bitmap.kind.scale
    planes = [_selected(words, mask, scale).astype(bitmap.kind.dtype) for mask in bitmap.masks]
    return np.dstack(planes)


def _info(data: bytes) -> tuple[int, int, int, int, int, int]:
    """Header size, width, height, bits, compression and number of colors."""
    if len(data) < _FILE_HEADER + 4:
        raise UnreadableImage(Code.TRUNCATED, "ends inside the header")
    (size,) = struct.unpack_from("<I", data, _FILE_HEADER)
    if size > _LONGEST:
        raise UnreadableImage(Code.CORRUPT, f"has a header of {size} bytes")
    if size not in _HEADERS:
        raise unsupported(f"BMP with a header of {size} bytes")
    if len(data) < _FILE_HEADER + size:
        raise UnreadableImage(Code.TRUNCATED, "ends inside the header")
    if size == _CORE:
        width, height, _, bits = struct.unpack_from("<HHHH", data, _FILE_HEADER + 4)
        return size, width, height, bits, _RGB, 0
    fields = data[_FILE_HEADER + 4 : _FILE_HEADER + size].ljust(_MASKS_AT, b"\0")
    width, height, _, bits, compression, _, _, _, colors = struct.unpack_from("<iiHHIIiiI", fields)
    return size, width, height, bits, compression, colors


def _refuse_unknown(size: int, bits: int, compression: int, height: int) -> None:
    others = _OTHERS_OF_OS2 if size in _OS2 else _OTHERS
    if compression in others:
        raise unsupported(f"BMP with {others[compression]}")
    known: tuple[int, ...] = {
        _RGB: _PALETTE_BITS + _DEEP_BITS,
        _RLE8: (8,),
        _RLE4: (4,),
        _FIELDS: _DEEP_BITS,
        _ALPHA_FIELDS: _DEEP_BITS,
    }.get(compression, ())
    if bits not in known:
        raise unsupported(f"BMP with {bits} bits and the compression {compression}")
    if compression in (_RLE8, _RLE4) and height < 0:
        raise unsupported("BMP with run lengths, top row first")


def _palette(data: bytes, entry: int) -> bytes:
    """Red, green and blue of each color."""
    colors = np.frombuffer(data, np.uint8, len(data) // entry * entry).reshape(-1, entry)
    if not len(colors):
        raise UnreadableImage(Code.TRUNCATED, "ends before its palette")
    return colors[:, 2::-1].tobytes()


def _of_palette(palette: bytes, bits: int) -> tuple[Kind, str]:
    """Gray where the values themselves are the colors."""
    if bits == 1 and palette == bytes(3) + b"\xff" * 3:
        return GRAY8, "1"
    if bits == 8 and palette == bytes([value for value in range(len(palette) // 3) for _ in "RGB"]):
        return GRAY8, "L"
    return RGB8, "P"


def _fields(data: bytes, size: int, bits: int, compression: int) -> tuple[tuple[int, ...], bool]:
    """The masks of red, green and blue; true if there is one of alpha, too."""
    if compression == _RGB:
        return _MASKS[bits], False
    in_header = (size - _MASKS_AT) // _MASK
    number = max(3, min(in_header, 4)) if compression == _FIELDS else 4
    at = _FILE_HEADER + _MASKS_AT
    if len(data) < at + number * _MASK:
        raise UnreadableImage(Code.TRUNCATED, "ends inside the header")
    red, green, blue, *alpha = struct.unpack_from(f"<{number}I", data, at)
    if not red | green | blue:
        return _MASKS[bits], any(alpha)
    masks = (red, green, blue)
    used = red | green | blue | sum(alpha)
    apart = sum(masks) + sum(alpha) == used
    if not all(map(_is_contiguous, masks)) or not apart or used >> bits:
        listed = ", ".join(f"{mask:#x}" for mask in (*masks, *alpha))
        raise unsupported(f"BMP with the bit masks {listed}")
    if bits == 24 and masks != _MASKS[24]:
        raise unsupported("BMP with bit masks in 24 bits")
    return masks, any(alpha)


def _is_contiguous(mask: int) -> bool:
    low = mask & -mask
    return mask > 0 and not (mask + low) & mask


def _of_masks(masks: tuple[int, ...], bits: int) -> Kind:
    """Colors of different widths have a scale that all of them divide: v/31 and v/63 stay exact."""
    widths = [mask.bit_count() for mask in masks]
    scale = math.lcm(*[2**width - 1 for width in widths])
    if scale == RGB8.scale:
        return RGB8
    if scale > 65535:
        listed = "-".join(map(str, widths))
        raise unsupported(f"BMP with {listed} of {bits} bits")
    return Kind("uint8" if scale < 256 else "uint16", RGB8.channels, scale)


def _rows(data: bytes, bitmap: Bitmap) -> NDArray[np.uint8]:
    """Bytes of the rows as they are stored, or the indices in a palette: shape (H, bytes)."""
    used = -(-bitmap.width * bitmap.bits // 8)
    stride = -(-used // 4) * 4
    needed = stride * (bitmap.height - 1) + used  # the last row may come without its padding
    there = len(data) - bitmap.start
    if there < needed:
        raise UnreadableImage(Code.TRUNCATED, f"{max(there, 0)} bytes of pixels of {needed}")
    flat = np.frombuffer(data, np.uint8, min(there, stride * bitmap.height), bitmap.start)
    if len(flat) < stride * bitmap.height:
        flat = np.concatenate([flat, np.zeros(stride * bitmap.height - len(flat), np.uint8)])
    rows = flat.reshape(bitmap.height, stride)[:, :used]
    if bitmap.bits == 8 or not bitmap.palette:
        return np.ascontiguousarray(rows)
    shifts = np.arange(8 - bitmap.bits, -1, -bitmap.bits, dtype=np.uint8)
    indices = rows[:, :, np.newaxis] >> shifts & np.uint8((1 << bitmap.bits) - 1)
    return indices.reshape(bitmap.height, -1)[:, : bitmap.width]


def _colored(indices: NDArray[np.uint8], bitmap: Bitmap) -> NDArray[np.uint8]:
    """The colors of a palette's indices: shape (H, W, C)."""
    palette = np.frombuffer(bitmap.palette, np.uint8).reshape(-1, 3)
    largest = int(indices.max())
    if largest >= len(palette):
        raise unsupported(f"has the color {largest}, its palette {len(palette)} colors")
    if bitmap.kind is GRAY8:
        return indices[:, :, np.newaxis] if bitmap.bits == 8 else palette[:, :1][indices]
    return palette[indices]


def _selected(words: NDArray[Any], mask: int, scale: int) -> NDArray[np.uint32]:
    """The bits of a mask as numbers up to `scale`: shape (H, W)."""
    shift = (mask & -mask).bit_length() - 1
    values: NDArray[np.uint32] = (words.astype(np.uint32) & np.uint32(mask)) >> np.uint32(shift)
    return values * np.uint32(scale // (mask >> shift))
