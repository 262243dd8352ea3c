"""Run-length codes of bitmaps with a palette (BI_RLE8, BI_RLE4)."""

import numpy as np
from numpy.typing import NDArray

from normstat.decode.refusals import unsupported
from normstat.errors import UnreadableImage
from normstat.images import Code

_END_OF_LINE, _END_OF_BITMAP, _DELTA = 0, 1, 2


def unpacked(packed: bytes, width: int, height: int, is_rle4: bool) -> NDArray[np.uint8]:
    """Indices in the palette: shape (H, W), in the order of the file.

    Raises
    ------
    UnreadableImage
        ``truncated``; ``corrupt`` for a run beyond the end of its row; ``unsupported_pixels`` for
        pixels that are left out: Windows shows them black, browsers transparent, others in the
        first color of the palette.

    Examples
    --------
    >>> unpacked(bytes([3, 7, 0, 0, 1, 8, 2, 9, 0, 1]), 3, 2, is_rle4=False)
    array([[7, 7, 7],
           [8, 9, 9]], dtype=uint8)
    """
    rows: list[bytes] = []
    row = bytearray()
    at, size = 0, len(packed)
    while len(rows) < height:
        if at + 2 > size:
            if len(rows) == height - 1 and len(row) == width:
                rows.append(bytes(row))  # whole, if without an end
                break
            raise UnreadableImage(Code.TRUNCATED, f"{len(rows)} of {height} rows")
        count, value = packed[at], packed[at + 1]
        at += 2
        if count:
            pair = bytes([value >> 4, value & 15] if is_rle4 else [value, value])
            row += (pair * (count // 2 + 1))[:count]
        elif value > _DELTA:
            taken = -(-value // 2) if is_rle4 else value
            literal = packed[at : at + taken]
            if len(literal) < taken:
                raise UnreadableImage(Code.TRUNCATED, f"{len(rows)} of {height} rows")
            row += _nibbles(literal)[:value] if is_rle4 else literal
            at += taken + taken % 2
        elif value == _DELTA or len(row) < width:
            # An end of the bitmap after the end of its last row does not come here.
            raise unsupported("its run lengths leave pixels out: decoders disagree")
        else:
            rows.append(bytes(row))
            row.clear()
            if value == _END_OF_BITMAP and len(rows) < height:
                raise unsupported("its run lengths leave rows out: decoders disagree")
        if len(row) > width:
            raise UnreadableImage(Code.CORRUPT, "a run goes beyond the end of its row")
    return np.frombuffer(b"".join(rows), np.uint8).reshape(height, width)


def _nibbles(packed: bytes) -> bytes:
    return bytes([half for byte in packed for half in (byte >> 4, byte & 15)])
