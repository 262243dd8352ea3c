"""Headers of tar archives: the members there are, and where each lies."""

import os
import re
import zlib
from collections.abc import Callable, Iterator
from typing import TypeAlias

from normstat.errors import UnreadableImage
from normstat.images import Code, Reason
from normstat.sources.archives import Ignored, no_archive
from normstat.sources.member import Member

#: Bytes at an offset of an archive, fewer where it ends. Offsets grow from call to call.
ReadAt: TypeAlias = Callable[[int, int], bytes]

#: Headers, and members with their padding, are a multiple of so many bytes.
BLOCK = 512
_FILES = frozenset((b"0", b"\0", b"7"))
# Types of headers that are about the next one; of members without data; and of folders, which are
# nothing to count, nor is the name of a tape. The first tar told a folder by the end of its name.
_ABOUT_NEXT = frozenset((b"L", b"K", b"x", b"X", b"g"))
_WITHOUT_DATA = frozenset((b"1", b"2", b"3", b"4", b"5", b"6"))
_NO_FILES = _FILES | frozenset((b"5", b"D", b"V"))
_SPARSE = b"S"
_SPARSE_KEY = b"GNU.sparse."
# Headers of pax, and what there may be in them that matters.
_PAX = frozenset((b"x", b"X", b"g"))
_MATTERS = re.compile(rb"path=|size=|GNU\.sparse\.").search
# Names end at some thousand bytes: a header about the next one that is larger is an attack.
_MOST_ABOUT_NEXT = 1 << 20
_LARGEST = 1 << 63
_ADLER = 65521


def listed(read_at: ReadAt, end: int | None, ignored: Ignored) -> Iterator[Member]:
    """The images in a tar archive, in their order; the place of one is its offset and size.

    Parameters
    ----------
    read_at : reads the archive.
    end : size of the archive in bytes; None if nobody knows.
    ignored : takes members that are no files, or no images by name.

    Raises
    ------
    UnreadableImage
        The archive is damaged: what lies behind cannot be found.
    """
    about = _AboutNext()
    offset = 0
    while header := _header(read_at, offset):
        kind, size = header[156:157], _number(header[124:136], offset)
        offset += BLOCK
        if kind in _ABOUT_NEXT:
            about.add(kind, read_at, offset, size)
            offset += -(-size // BLOCK) * BLOCK
            continue
        name, is_sparse = _name(header), kind == _SPARSE
        if is_sparse and header[482]:
            offset = _end_of_map(read_at, offset)
        if about.is_any:
            name, size, is_sparse = about.changed(name, size, is_sparse)
        if is_sparse or (kind in _FILES and name[-1:] != b"/"):
            is_cut = end is not None and offset + size > end
            if found := ignored.image(os.fsdecode(name)):
                failure = _failure(is_sparse, is_cut) if is_sparse or is_cut else None
                yield Member(found, (offset, size), size, failure=failure)
            elif is_cut:
                raise UnreadableImage(Code.TRUNCATED, "the archive ends within a member")
        elif kind not in _NO_FILES:
            ignored.add(Reason.NOT_REGULAR, os.fsdecode(name))
        if kind not in _WITHOUT_DATA:
            offset += -(-size // BLOCK) * BLOCK


class _AboutNext:
    """Headers about the next one, or about all that follow.

    Attributes
    ----------
    is_any : they say something.
    """

    def __init__(self) -> None:
        self.is_any = False
        self._name: bytes | None = None
        self._here: dict[bytes, bytes] = {}
        self._of_all: dict[bytes, bytes] = {}

    def add(self, kind: bytes, read_at: ReadAt, offset: int, size: int) -> None:
        """Read one."""
        if size > _MOST_ABOUT_NEXT:
            raise UnreadableImage(
                Code.CORRUPT, f"a header at byte {offset} claims a name of {size:,} bytes"
            )
        data = read_at(offset, size)
        if len(data) < size:
            raise UnreadableImage(Code.TRUNCATED, "the archive ends within a header")
        if kind in _PAX and not _MATTERS(data):
            return  # times and the like: some programs write them for each member
        self.is_any = True
        if kind == b"L":
            self._name = data.partition(b"\0")[0]
        elif kind == b"g":
            self._of_all.update(_records(data, offset))
        elif kind != b"K":
            self._here.update(_records(data, offset))

    def changed(self, name: bytes, size: int, is_sparse: bool) -> tuple[bytes, int, bool]:
        """Name, size and sparseness of the member that they are about; which ends them."""
        said = self._of_all | self._here
        name = said.get(b"GNU.sparse.name") or said.get(b"path") or self._name or name
        if text := said.get(b"size"):
            if not text.isdigit() or len(text) > 19:
                raise UnreadableImage(Code.CORRUPT, "a size in a header is no number")
            size = int(text)
        is_sparse = is_sparse or any(key.startswith(_SPARSE_KEY) for key in said)
        self._name, self._here = None, {}
        self.is_any = bool(self._of_all)
        return name, size, is_sparse


def _records(data: bytes, offset: int) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a pax header: each "length key=value" and a line end."""
    start = 0
    while start < len(data) and data[start]:
        digits, space, _ = data[start : start + 20].partition(b" ")
        last = start + int(digits) - 1 if space and digits.isdigit() else -1
        if not start < last < len(data) or data[last] != 10:
            raise UnreadableImage(Code.CORRUPT, f"the pax header at byte {offset} cannot be read")
        key, _, value = data[start + len(digits) + 1 : last].partition(b"=")
        yield key, value
        start = last + 1


def _header(read_at: ReadAt, offset: int) -> bytes:
    """The header at an offset, empty at the end of the archive."""
    header = read_at(offset, BLOCK)
    if len(header) == BLOCK and _is_sound(header):
        return header
    if header == bytes(BLOCK) or (offset and not header):
        return b""
    raise _damaged(header, offset)


def _is_sound(header: bytes) -> bool:
    """True if a header has its own checksum: the sum of its bytes, with blanks in its place."""
    field = header[148:156]
    try:
        stored = int(field.strip(b" \0"), 8)
    except ValueError:
        return False
    # The low half of Adler-32 is 1 more than the sum of all bytes: much faster than sum().
    total = (zlib.adler32(header) & 0xFFFF) - 1 - sum(field) + 8 * ord(" ")
    if (total - stored) % _ADLER == 0:
        return True
    # Some old programs summed signed bytes.
    high = sum(byte > 127 for byte in header[:148] + header[156:])
    return (total - 256 * high - stored) % _ADLER == 0


def _number(field: bytes, offset: int) -> int:
    """A size in a header: octal digits, or base 256 where these do not suffice."""
    try:
        if field[:11].isdigit() and field[11] in b"\0 ":  # as in nearly all headers
            return int(field[:11], 8)
        if field[0] & 0x80:
            number = int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
        else:
            number = int(field.partition(b"\0")[0].strip() or b"0", 8)
    except ValueError:
        number = -1
    if not 0 <= number < _LARGEST:
        raise UnreadableImage(Code.CORRUPT, f"the header at byte {offset} has no size")
    return number


def _name(header: bytes) -> bytes:
    name = header[:100].partition(b"\0")[0]
    # GNU tar has times in the place of the prefix, and another magic.
    if header[345] and header[257:263] == b"ustar\0":
        return header[345:500].partition(b"\0")[0] + b"/" + name
    return name


def _end_of_map(read_at: ReadAt, offset: int) -> int:
    """Offset behind the further headers of a sparse member, which tell where it has no holes."""
    is_more = True
    while is_more:
        block = read_at(offset, BLOCK)
        if len(block) < BLOCK:
            raise UnreadableImage(Code.TRUNCATED, "the archive ends within a header")
        offset += BLOCK
        is_more = bool(block[504])
    return offset


def _failure(is_sparse: bool, is_cut: bool) -> UnreadableImage | None:
    if is_cut:
        return UnreadableImage(Code.TRUNCATED, "the archive ends within it")
    if is_sparse:
        return UnreadableImage(Code.UNSUPPORTED_FORMAT, "stored with holes (sparse); pack it whole")
    return None


def _damaged(header: bytes, offset: int) -> UnreadableImage:
    if offset == 0:
        return no_archive(header, "tar")
    if len(header) < BLOCK:
        return UnreadableImage(Code.TRUNCATED, f"the archive ends within a header at byte {offset}")
    return UnreadableImage(
        Code.CORRUPT, f"wrong checksum in the header at byte {offset}; what follows is unknown"
    )
