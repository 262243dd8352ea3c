"""The central directory of a zip archive: the members there are, and where each lies."""

import os
import re
import struct
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

from normstat import files
from normstat.errors import UnreadableImage
from normstat.images import Code, Reason
from normstat.images.failures import failure_of
from normstat.sources.archives import Ignored, no_archive
from normstat.sources.member import Member
from normstat.sources.zip_members import METHODS, STORED

#: Bytes that a packed image may come to, and what makes a smaller one an attack on the memory as
#: well: so many bytes, and so many times what is packed.
MOST = 1 << 30
SUSPICIOUS = 1 << 26
MOST_TIMES = 200

_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s4B4HL2L5H2L")
_ENTRY_MAGIC = b"PK\1\2"
_END_MAGIC, _LOCATOR_MAGIC, _END64_MAGIC = b"PK\5\6", b"PK\6\7", b"PK\6\6"
_ENDS = re.compile(re.escape(_END_MAGIC))
_BEGINS = (b"PK\3\4", _END_MAGIC)
# A comment behind the end is no longer.
_MOST_COMMENT = 0xFFFF
_BLOCK = 1 << 20
# An entry with its name, extra field and comment is no larger.
_MOST_ENTRY = _ENTRY.size + 3 * 0xFFFF
_IS_LARGE = 0xFFFFFFFF
# Old programs had no room for a larger number of entries, and went on from 0.
_WRAPPED = 1 << 16
_UNICODE = 0x7075
_ENCRYPTED, _STRONG, _UTF8 = 0x1, 0x40, 0x800
_UNIX, _TYPE, _FILE, _FOLDER = 3, 0o170000, 0o100000, 0o040000
_METHOD_NAMES = {9: "deflate64", 93: "zstd", 95: "xz", 97: "wavpack", 98: "ppmd", 99: "AES"}


class _End(NamedTuple):
    """The end of an archive: how many entries its directory has, and where that is."""

    entries: int
    offset: int
    size: int
    # Bytes in front of the archive, as of a program that unpacks it.
    before: int


def listed(descriptor: int | files.ByOffset, size: int, ignored: Ignored) -> Iterator[Member]:
    """The images in a zip archive, in the order of its directory.

    The place of one is (offset of its local header, bytes packed, bytes unpacked, CRC-32, method,
    CRC-32 of its name).

    Parameters
    ----------
    descriptor : of the open file.
    size : of the file in bytes.
    ignored : takes members that are no files, or no images by name.

    Raises
    ------
    UnreadableImage
        It is no zip archive, or the directory is damaged.
    """
    end = _end(descriptor, size)
    directory = _Directory(descriptor, end)
    for fields, raw, extra in directory.entries():
        system, flags, method, checksum, packed, unpacked, attributes, offset = (
            fields[2], *fields[5:7], *fields[9:12], *fields[17:],
        )  # fmt: skip
        if extra:
            unpacked, packed, offset = _large(extra, unpacked, packed, offset)
        if raw[-1:] in (b"/", b"\\"):
            continue
        name = _decoded(raw, system, flags, extra)
        kind = (attributes >> 16) & _TYPE if system == _UNIX else 0
        if kind not in (0, _FILE):
            if kind != _FOLDER:
                ignored.add(Reason.NOT_REGULAR, name)
            continue
        if not (found := ignored.image(name)):
            continue
        place = offset + end.before, packed, unpacked, checksum, method, zlib.crc32(raw)
        failure = _failure(flags, method, packed, unpacked)
        if not failure and place[0] + packed > end.offset + end.before:
            failure = UnreadableImage(Code.TRUNCATED, "the archive does not have all of it")
        yield Member(found, place, packed, failure=failure)


class _Directory:
    """The entries of a directory, one after the other; a block of them is in memory."""

    def __init__(self, descriptor: int | files.ByOffset, end: _End) -> None:
        self._descriptor = descriptor
        self._offset = end.offset + end.before
        self._end = self._offset + end.size
        self._number = end.entries
        self._block = b""
        self._at = 0

    def entries(self) -> Iterator[tuple[tuple[Any, ...], bytes, bytes]]:
        """Fields, name and extra field of each entry."""
        found = 0
        while self._at < len(self._block) or self._offset < self._end:
            yield self._entry()
            found += 1
        if found % _WRAPPED != self._number % _WRAPPED:
            raise UnreadableImage(
                Code.CORRUPT, f"the directory has {found:,} entries, and says {self._number:,}"
            )

    def _entry(self) -> tuple[tuple[Any, ...], bytes, bytes]:
        if len(self._block) - self._at < _MOST_ENTRY:
            self._more()
        if len(self._block) - self._at < _ENTRY.size:
            raise UnreadableImage(Code.CORRUPT, "the directory ends within an entry")
        fields = _ENTRY.unpack_from(self._block, self._at)
        if fields[0] != _ENTRY_MAGIC:
            raise UnreadableImage(Code.CORRUPT, "the directory is damaged")
        name = self._at + _ENTRY.size
        extra = name + fields[12]
        comment = extra + fields[13]
        self._at = comment + fields[14]
        return fields, self._block[name:extra], self._block[extra:comment]

    def _more(self) -> None:
        size = min(_BLOCK, self._end - self._offset)
        if size > 0:
            more = _read(self._descriptor, self._offset, size)
            self._offset += len(more)
            self._block, self._at = self._block[self._at :] + more, 0


def _end(descriptor: int | files.ByOffset, size: int) -> _End:
    """The end of an archive, behind its directory and before its comment."""
    for most in (0, _MOST_COMMENT):  # few archives have a comment
        start = max(0, size - _END.size - most - _LOCATOR.size - _END64.size)
        tail = _read(descriptor, start, size - start)
        places = [found.start() for found in _ENDS.finditer(tail)]
        places = [at for at in places if at + _END.size <= len(tail)]
        if not most:
            places = [at for at in places if at + _END.size == len(tail)]
        # First the one whose comment goes to the end of the file; behind others there is something.
        places.sort(key=lambda at: (_comment_end(tail, at) == len(tail), at))
        for at in reversed(places):
            if end := _end_at(descriptor, tail, at, start):
                return end
    begins = _read(descriptor, 0, 64)
    if begins.startswith(_BEGINS):
        raise UnreadableImage(Code.TRUNCATED, "its directory, which is at the end, is missing")
    raise no_archive(begins, "zip")


def _comment_end(tail: bytes, at: int) -> int:
    return at + _END.size + int(_END.unpack_from(tail, at)[-1])


def _end_at(descriptor: int | files.ByOffset, tail: bytes, at: int, start: int) -> _End | None:
    """The end of an archive, if it is at this place; else None."""
    _, disk, first, _, entries, size, offset, _ = _END.unpack_from(tail, at)
    locator = at - _LOCATOR.size
    if locator >= 0 and tail.startswith(_LOCATOR_MAGIC, locator):
        large = locator - _END64.size
        if large < 0 or not tail.startswith(_END64_MAGIC, large):
            return None
        *_, disk, first, _, entries, size, offset = _END64.unpack_from(tail, large)
        at = large
    if disk or first:
        raise UnreadableImage(
            Code.UNSUPPORTED_FORMAT, "one part of an archive of several; join them"
        )
    before = start + at - size - offset
    if before < 0:
        return None
    if size and _read(descriptor, offset + before, 4) != _ENTRY_MAGIC:
        return None
    return _End(entries, offset, size, before)


def _large(extra: bytes, unpacked: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Sizes and offset of an entry, with those from its extra field that have no room in it."""
    values = [unpacked, packed, offset]
    if _IS_LARGE in values:
        found = _extra(extra, 1)
        for index, value in enumerate(values):
            if value == _IS_LARGE and found:
                values[index], found = int.from_bytes(found[:8], "little"), found[8:]
    return values[0], values[1], values[2]


def _extra(extra: bytes, wanted: int) -> bytes:
    """One of the parts of an extra field; empty if it has none."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<2H", extra, at)
        if kind == wanted:
            return extra[at + 4 : at + 4 + size]
        at += 4 + size
    return b""


def _decoded(raw: bytes, system: int, flags: int, extra: bytes) -> str:
    """A name: in UTF-8 where that is said, as it is on Unix, in code page 437 elsewhere."""
    if raw.isascii():
        name = raw.decode()
    elif (unicode := _extra(extra, _UNICODE))[1:5] == zlib.crc32(raw).to_bytes(4, "little"):
        name = os.fsdecode(unicode[5:])
    elif flags & _UTF8 or system == _UNIX:
        name = os.fsdecode(raw)
    else:
        name = raw.decode("cp437")
    # Some programs for Windows did not know that a zip archive has slashes.
    return name if system == _UNIX or "/" in name else name.replace("\\", "/")


def _failure(flags: int, method: int, packed: int, unpacked: int) -> UnreadableImage | None:
    """The reason not to read a member, as far as the directory knows."""
    if flags & (_ENCRYPTED | _STRONG):
        return UnreadableImage(
            Code.UNSUPPORTED_FORMAT, "encrypted; unpack the archive with its password"
        )
    if method == STORED:
        if packed == unpacked:
            return None
        return UnreadableImage(Code.CORRUPT, "the directory says two sizes for it")
    if method not in METHODS:
        named = _METHOD_NAMES.get(method, "an unknown method")
        return UnreadableImage(
            Code.UNSUPPORTED_FORMAT, f"packed with {named} ({method}); pack it with deflate"
        )
    if unpacked > MOST or unpacked > max(SUSPICIOUS, MOST_TIMES * packed):
        return UnreadableImage(
            Code.TOO_LARGE,
            f"{packed:,} bytes that come to {unpacked:,}, too many for a packed image: unpack it",
        )
    return None


def _read(descriptor: int | files.ByOffset, offset: int, size: int) -> bytes:
    try:
        return files.read_at(descriptor, offset, size)
    except OSError as error:
        raise failure_of(error) from error
