"""GIF and WebP files that decoders read differently: found in their headers, before Pillow decides.

A frame may be smaller than the screen it is shown on. Outside of it GIF89a and WebP have a
background color, browsers have nothing, and Pillow the first color, the transparent one or black.
Three different means of one file are none: such a first frame is refused.
"""

import struct

from normstat.decode.refusals import unsupported

#: As many bytes of a file as :func:`is_screen` needs.
SIGNATURE = 12

_GIF = (b"GIF87a", b"GIF89a")
_SCREEN = struct.Struct("<HHB")
_SCREEN_AT = 6
_SCREEN_END = 13
_FRAME = struct.Struct("<HHHHB")
_EXTENSION, _IMAGE = 0x21, 0x2C
_HAS_TABLE = 0x80
_CHUNK = struct.Struct("<4sI")
_CANVAS, _WEBP_FRAME = b"VP8X", b"ANMF"
_CANVAS_SIZE_AT, _UINT24 = 4, 3


def is_screen(data: bytes) -> bool:
    r"""True for the first bytes of a GIF or WebP file.

    >>> is_screen(b"GIF89a"), is_screen(b"RIFF\4\0\0\0WAVE")
    (True, False)
    """
    return data.startswith(_GIF) or (data.startswith(b"RIFF") and data[8:12] == b"WEBP")


def refuse_unclear(data: bytes) -> None:
    """Raise if the first frame does not say what each pixel of the screen is.

    A damaged file passes: decoding it tells what is wrong.

    Raises
    ------
    UnreadableImage
        ``unsupported_pixels``; also for a GIF without any table of colors.
    """
    if data.startswith(b"RIFF"):
        _refuse_unclear_webp(data)
    elif frame := _first_frame(data):
        (width, height, flags), (*place, frame_flags) = frame
        _refuse_smaller(tuple(place), (width, height))
        if not (flags | frame_flags) & _HAS_TABLE:
            raise unsupported("GIF without a table of colors: decoders disagree")


def _refuse_smaller(frame: tuple[int, ...], screen: tuple[int, int]) -> None:
    if frame != (0, 0, *screen):
        left, top, width, height = frame
        raise unsupported(
            f"its first frame has {width} × {height} pixels at {left}, {top} of a screen of "
            f"{screen[0]} × {screen[1]}: decoders disagree about the rest",
        )


def _first_frame(
    data: bytes,
) -> tuple[tuple[int, int, int], tuple[int, int, int, int, int]] | None:
    """Screen and first frame: width, height and flags; left, top, width, height and flags."""
    if len(data) < _SCREEN_END:
        return None
    screen = _SCREEN.unpack_from(data, _SCREEN_AT)
    flags = screen[2]
    at = _SCREEN_END + (3 << (flags & 7) + 1 if flags & _HAS_TABLE else 0)
    while at + 1 + _FRAME.size <= len(data):
        if data[at] == _IMAGE:
            return screen, _FRAME.unpack_from(data, at + 1)
        if data[at] == _EXTENSION:
            at += 2
            while at < len(data) and data[at]:
                at += data[at] + 1
        at += 1  # the end of an extension, or what Pillow passes over too
    return None


def _refuse_unclear_webp(data: bytes) -> None:
    canvas = None
    at = SIGNATURE
    while at + _CHUNK.size <= len(data):
        name, size = _CHUNK.unpack_from(data, at)
        content = data[at + _CHUNK.size : at + _CHUNK.size + min(size, 16)]
        if name == _CANVAS:
            width, height = _numbers(content[_CANVAS_SIZE_AT:], 2)
            canvas = width + 1, height + 1
        elif name == _WEBP_FRAME:
            left, top, width, height = _numbers(content, 4)
            if canvas and len(content) == 16:
                _refuse_smaller((2 * left, 2 * top, width + 1, height + 1), canvas)
            return
        at += _CHUNK.size + size + size % 2


def _numbers(data: bytes, count: int) -> list[int]:
    starts = range(0, count * _UINT24, _UINT24)
    return [int.from_bytes(data[at : at + _UINT24], "little") for at in starts]
