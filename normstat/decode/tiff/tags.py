"""The tags of a TIFF file, read from its own bytes before any decoder is asked.

TIFF 6.0, its Technical Notes, and BigTIFF. A tag that has no part in how pixels are stored is not
looked at, however odd it is.
"""

import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import Any, NamedTuple

from normstat.errors import UnreadableImage
from normstat.images import Code

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_SIZES |= {13: 4, 16: 8, 17: 8, 18: 8}
_FORMATS = {3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
# Types of text: ASCII, and the bytes that some writers take for it.
_TEXT, _BYTES = (2,), (1, 7)


class Tag(IntEnum):
    """The tags that have a part in how pixels are stored, or say what they are."""

    SUBFILE = 254
    OLD_SUBFILE = 255
    WIDTH = 256
    HEIGHT = 257
    BITS = 258
    COMPRESSION = 259
    PHOTOMETRIC = 262
    FILL_ORDER = 266
    DESCRIPTION = 270
    OFFSETS = 273
    ORIENTATION = 274
    SAMPLES = 277
    ROWS = 278
    COUNTS = 279
    PLANAR = 284
    PREDICTOR = 317
    COLORMAP = 320
    TILE_WIDTH = 322
    TILE_HEIGHT = 323
    TILE_OFFSETS = 324
    TILE_COUNTS = 325
    SUB_PAGES = 330
    EXTRA = 338
    FORMAT = 339
    DEPTH = 32997
    ICC_PROFILE = 34675
    GDAL_METADATA = 42112
    GDAL_NODATA = 42113


_KNOWN = frozenset(Tag)
_TEXTS = (Tag.DESCRIPTION, Tag.GDAL_METADATA, Tag.GDAL_NODATA)


class Tags(dict[int, tuple[int, ...] | bytes | str]):
    """Values of the tags of one directory: numbers, bytes where each takes one, or text."""

    def many(self, tag: int) -> tuple[int, ...]:
        value = self.get(tag)
        return tuple(value) if isinstance(value, (tuple, bytes)) else ()

    def one(self, tag: int, default: int) -> int:
        return next(iter(self.many(tag)), default)

    def text(self, tag: int) -> str | None:
        value = self.get(tag)
        return value if isinstance(value, str) else None


class Layout(NamedTuple):
    """Sizes and order of the numbers in a file."""

    order: str  # ``<`` or ``>``
    is_big: bool  # BigTIFF, with offsets of 64 bits

    @property
    def offset(self) -> str:
        return self.order + ("Q" if self.is_big else "I")

    @property
    def number(self) -> str:
        """Format of the number of entries in a directory."""
        return self.order + ("Q" if self.is_big else "H")

    @property
    def entry(self) -> str:
        """Tag, type and count; the value, or its offset, follows."""
        return self.order + ("HHQ" if self.is_big else "HHI")


def directories(data: Any) -> Iterator[tuple[Layout, int, Tags]]:
    """The directories of a TIFF file in their order, each read when it is asked for.

    Layout of the file, place of the directory, tags.

    Parameters
    ----------
    data : the file's bytes, or a map of them.

    Raises
    ------
    UnreadableImage
        ``truncated`` where a directory or the value of a tag lies beyond the end.
    """
    layout = Layout("<" if data[:1] == b"I" else ">", data[2:4] in (b"+\0", b"\0+"))
    at = _unpacked(data, 8 if layout.is_big else 4, layout.offset)
    seen: set[int] = set()
    while at and at not in seen:  # a chain that leads back to itself has ended
        seen.add(at)
        place = at
        tags, at = _directory(data, place, layout)
        yield layout, place, tags
    if not seen:
        raise UnreadableImage(Code.TRUNCATED, "has no TIFF directory")


def _unpacked(data: Any, at: int, form: str) -> int:
    if at + struct.calcsize(form) > len(data):
        raise UnreadableImage(Code.TRUNCATED, "ends before the TIFF directory")
    return int(struct.unpack_from(form, data, at)[0])


def _directory(data: Any, at: int, layout: Layout) -> tuple[Tags, int]:
    """Values of the known tags in the directory at a place, and the place of the next one."""
    start = at + struct.calcsize(layout.number)
    head, room = struct.calcsize(layout.entry), struct.calcsize(layout.offset)
    end = start + _unpacked(data, at, layout.number) * (head + room)
    if end > len(data):
        raise UnreadableImage(Code.TRUNCATED, "ends inside the TIFF directory")
    tags = Tags()
    for entry in range(start, end, head + room):
        tag, kind, count = struct.unpack_from(layout.entry, data, entry)
        if tag not in _KNOWN or tag in tags or kind not in _SIZES or not count:
            continue
        place = entry + head
        if count * _SIZES[kind] > room:
            place = _unpacked(data, place, layout.offset)
        if place + count * _SIZES[kind] > len(data):
            raise UnreadableImage(Code.TRUNCATED, f"ends before the value of the TIFF tag {tag}")
        if kind in _TEXT or (kind in _BYTES and tag in _TEXTS):
            text = bytes(data[place : place + count]).rstrip(b"\0")
            tags[tag] = text.decode("utf-8", "replace")
        elif kind in _BYTES:
            tags[tag] = bytes(data[place : place + count])
        elif kind in _FORMATS:
            tags[tag] = struct.unpack_from(f"{layout.order}{count}{_FORMATS[kind]}", data, place)
    # Some writers forget the last pointer: there is no further page.
    return tags, _unpacked(data, end, layout.offset) if end + room <= len(data) else 0
