"""Packed files, unpacked forward in memory: gzip, bzip2 and xz."""

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TypeAlias

from normstat import files
from normstat.errors import UnreadableImage
from normstat.images import Code
from normstat.images.failures import failure_of

# Bytes that are read at once, and that these may come to at once.
_PACKED = 1 << 16
_UNPACKED = 1 << 18
# Up to damage, so many bytes at once.
_STEP = 1 << 9
# What xz may ask for; its highest level needs a quarter.
_XZ_MEMORY = 1 << 28
_Blocks: TypeAlias = Iterator[bytes]


class Unpacking:
    """A packed file, read forward.

    Parameters
    ----------
    descriptor : of the file.
    packing : one of :data:`PACKINGS`.
    checks : compare checksums of gzip. One reading of a file that does is enough.

    Attributes
    ----------
    position : offset in the unpacked file that can still be read; all before is gone.
    """

    def __init__(self, descriptor: int | files.ByOffset, packing: str, checks: bool) -> None:
        self._blocks = PACKINGS[packing][1](_Raw(descriptor), checks)
        self._block = b""
        self._failure: UnreadableImage | None = None
        self.position = 0

    @property
    def end(self) -> int:
        """Offset in the unpacked file that was read so far."""
        return self.position + len(self._block)

    def __call__(self, offset: int, size: int) -> bytes:
        """Bytes from an offset on that is not below the position; fewer where the file ends.

        Raises
        ------
        UnreadableImage
            It is damaged before that.
        """
        while offset >= self.end and self._next():
            pass
        start = offset - self.position
        found = self._block[start : start + size]
        if len(found) == size:
            return found
        parts = [found]
        missing = size - len(found)
        while missing and self._next():
            parts.append(self._block[:missing])
            missing -= len(parts[-1])
        return b"".join(parts)

    def finish(self, most: int) -> None:
        """Read to the end, which tells if all was sound; no further than so many bytes."""
        end = self.position + most
        while self.position < end and self._next():
            pass

    def _next(self) -> bool:
        if self._failure:
            raise UnreadableImage(*self._failure.args)
        try:
            block = next(self._blocks, b"")
        except UnreadableImage as error:
            self._failure = error
            raise
        if block:
            self.position += len(self._block)
            self._block = block
        return bool(block)


def packing_of(begins: bytes) -> str | None:
    """The packing of a file, from how it begins; None if it is not packed.

    >>> packing_of(b"BZh91AY"), packing_of(b"data")
    ('bzip2', None)
    """
    return next((name for name, (magic, _) in PACKINGS.items() if begins.startswith(magic)), None)


class _Raw:
    """The bytes of a packed file, in order; those not needed can be given back."""

    def __init__(self, descriptor: int | files.ByOffset) -> None:
        self._descriptor = descriptor
        self._offset = 0
        self._block = b""

    def some(self) -> bytes:
        """The next bytes, as many as there are at once; empty at the end."""
        if self._block:
            block, self._block = self._block, b""
            return block
        try:
            block = files.read_at(self._descriptor, self._offset, _PACKED)
        except OSError as error:
            raise failure_of(error) from error
        self._offset += len(block)
        return block

    def back(self, block: bytes) -> None:
        self._block = block + self._block

    def take(self, size: int) -> bytes:
        """So many bytes; fewer at the end."""
        found = self.some()
        while len(found) < size and (more := self.some()):
            found += more
        self.back(found[size:])
        return found[:size]

    def pass_text(self) -> None:
        """Pass a text, and the zero byte behind it."""
        while block := self.some():
            _, zero, rest = block.partition(b"\0")
            if zero:
                self.back(rest)
                return


def _gunzipped(raw: _Raw, checks: bool) -> _Blocks:
    is_more = True
    while is_more:
        header = raw.take(10)
        flags = header[3] if len(header) == 10 else 0
        if flags & 4:
            raw.take(int.from_bytes(raw.take(2), "little"))
        for _ in range(bool(flags & 8) + bool(flags & 16)):
            raw.pass_text()
        if flags & 2:
            raw.take(2)
        checksum = 0
        for block in _inflated(raw):
            checksum = zlib.crc32(block, checksum) if checks else 0
            yield block
        trailer = raw.take(8)
        if len(trailer) < 8:
            raise _cut()
        if checks and trailer[:4] != checksum.to_bytes(4, "little"):
            raise UnreadableImage(
                Code.CORRUPT, "wrong checksum of the packed data: any image in it may be damaged"
            )
        is_more = _is_more(raw, b"\x1f\x8b")


def _inflated(raw: _Raw) -> _Blocks:
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    while not inflate.eof:
        data = inflate.unconsumed_tail or raw.some()
        before = inflate.copy()
        try:
            block = inflate.decompress(data, _UNPACKED)
        except zlib.error as error:
            yield from _before_damage(before, data)
            raise UnreadableImage(Code.CORRUPT, "the packed data is damaged") from error
        if block:
            yield block
        elif not data and not inflate.eof:
            raise _cut()
    raw.back(inflate.unused_data)


def _before_damage(inflate: "zlib._Decompress", data: bytes) -> _Blocks:
    """Bytes up to the damage: zlib gives none of a call that meets it."""
    try:
        while block := inflate.decompress(data, _STEP):
            yield block
            data = inflate.unconsumed_tail
    except zlib.error:
        return


def _bunzipped(raw: _Raw, checks: bool) -> _Blocks:  # noqa: ARG001  # each block is checked
    return _unpacked(raw, bz2.BZ2Decompressor, b"BZh")


def _unxzed(raw: _Raw, checks: bool) -> _Blocks:  # noqa: ARG001  # each block is checked
    def unpacker() -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY)

    return _unpacked(raw, unpacker, b"\xfd7zXZ\0")


def _unpacked(
    raw: _Raw, unpacker: Callable[[], bz2.BZ2Decompressor | lzma.LZMADecompressor], magic: bytes
) -> _Blocks:
    is_more = True
    while is_more:
        part = unpacker()
        while not part.eof:
            data = raw.some() if part.needs_input else b""
            if part.needs_input and not data:
                raise _cut()
            try:
                block = part.decompress(data, _UNPACKED)
            except (OSError, lzma.LZMAError) as error:
                raise UnreadableImage(Code.CORRUPT, "the packed data is damaged") from error
            if block:
                yield block
        raw.back(part.unused_data)
        is_more = _is_more(raw, magic)


def _is_more(raw: _Raw, magic: bytes) -> bool:
    """True if another part follows, false at the end, which may be padded."""
    while block := raw.some():
        if block.startswith(magic) or magic.startswith(block):
            raw.back(block)
            return True
        rest = block.lstrip(b"\0")
        if not rest:
            continue
        if rest == block:
            raise UnreadableImage(Code.CORRUPT, "something else follows the packed data")
        raw.back(rest)
    return False


def _cut() -> UnreadableImage:
    return UnreadableImage(Code.TRUNCATED, "the packed data ends early")


#: Packing → how such a file begins, and its blocks unpacked.
PACKINGS: Mapping[str, tuple[bytes, Callable[[_Raw, bool], _Blocks]]] = MappingProxyType(
    {
        "gzip": (b"\x1f\x8b\x08", _gunzipped),
        "bzip2": (b"BZh", _bunzipped),
        "xz": (b"\xfd7zXZ\0", _unxzed),
    }
)
