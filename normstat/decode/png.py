"""PNG files that hold nothing but pixels: most of those that data sets of tiny images are made of.

Pillow reads such a file chunk by chunk in Python, which costs as much as inflating a tiny image.
Its decoder alone gives the same pixels.
"""

import struct

from PIL import Image

_SIZE_AND_KIND = struct.Struct(">IIBBBBB").unpack_from
_SIZE_AND_KIND_AT = 16
# Signature, IHDR and IEND; a chunk has 12 bytes besides its content.
_FRAME = 8 + 25 + 12
_CHUNK = 12
_MODES = {(8, 0, 0, 0, 0): "L", (8, 2, 0, 0, 0): "RGB"}


def plain(data: bytes, spans: list[tuple[int, int]], max_pixels: int) -> Image.Image | None:
    """The pixels of a PNG file with 8-bit gray or RGB pixels, not interlaced, and nothing else.

    None for any other, and for what is damaged: Pillow's own way through the file tells why.

    Parameters
    ----------
    spans : where the compressed pixels are.
    """
    if len(data) != _FRAME + sum([_CHUNK + end - start for start, end in spans]):
        return None
    width, height, *kind = _SIZE_AND_KIND(data, _SIZE_AND_KIND_AT)
    mode = _MODES.get(tuple(kind))
    if mode is None or not 0 < width * height <= max_pixels:
        return None
    packed = b"".join([data[start:end] for start, end in spans])
    try:
        return Image.frombytes(mode, (width, height), packed, "zip", mode, 0)
    except ValueError:
        return None
