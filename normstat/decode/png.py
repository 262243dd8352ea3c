"""PNG files as they are given to Pillow: those of nothing but pixels, and without long texts.

Data sets of tiny images are mostly made of files that hold nothing but pixels. Pillow reads such a
file chunk by chunk in Python, which costs as much as inflating a tiny image. Its decoder alone
gives the same pixels.
"""

import struct
import zlib

from PIL import Image

_SIZE_AND_KIND = struct.Struct(">IIBBBBB").unpack_from
_SIZE_AND_KIND_AT = 16
# Signature, IHDR and IEND; a chunk has 12 bytes besides its content.
_FRAME = 8 + 25 + 12
_CHUNK = 12
_MODES = {(8, 0, 0, 0, 0): "L", (8, 2, 0, 0, 0): "RGB"}

# Texts that may say how a picture is turned, by their keyword.
_TURNING = (b"Raw profile type exif\0", b"exif\0", b"XML:com.adobe.xmp\0", b"xmp\0")
_LONGEST_TEXT = 1 << 20
_NAME, _CONTENT, _CHECKSUM = slice(4, 8), 8, 4


def without_texts(data: bytes, texts: list[tuple[int, int]]) -> bytes:
    """The file without its texts and color profiles, which say nothing about pixels.

    Pillow inflates them all, and gives up a sound image where they are long. Those that may tell an
    orientation stay, up to a MiB.

    Parameters
    ----------
    texts : where the chunks of texts and profiles are, from their length to their checksum.
    """
    dropped = [(start, end) for start, end in texts if not _may_turn(data[start:end])]
    if not dropped:
        return data
    kept, at = [], 0
    for start, end in dropped:
        kept.append(data[at:start])
        at = end
    return b"".join([*kept, data[at:]])


def has_profile(data: bytes, texts: list[tuple[int, int]]) -> bool:
    """True if one of these chunks is a color profile."""
    return any(data[start:end][_NAME] == b"iCCP" for start, end in texts)


def _may_turn(chunk: bytes) -> bool:
    name, content = chunk[_NAME], chunk[_CONTENT:-_CHECKSUM]
    if not content.startswith(_TURNING):
        return False
    packed = _packed(name, content[content.index(0) + 1 :])
    try:
        text = zlib.decompressobj().decompress(packed, _LONGEST_TEXT)
    except zlib.error:
        return True  # and tells nothing
    return max(len(text), len(content)) < _LONGEST_TEXT


def _packed(name: bytes, content: bytes) -> bytes:
    """The compressed part of a text, behind its keyword."""
    if name == b"zTXt":  # a byte for the method
        return content[1:]
    if name == b"iTXt" and content[:1] != b"\0":  # also a flag, and two names
        return content[2:].split(b"\0", 2)[-1]
    return b""


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
