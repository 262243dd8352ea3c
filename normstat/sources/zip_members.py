"""Zip archives as containers: members are unpacked in memory, where they lie."""

import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from normstat import files
from normstat.errors import UnreadableImage
from normstat.images import Code, Reader, Sample
from normstat.sources.container_file import ContainerFile
from normstat.sources.file_slices import SampleReader, fetched_ahead

if TYPE_CHECKING:
    from normstat.sources.object_ranges import ObjectRanges

#: Methods of packing that are read, by their number in the format.
STORED, DEFLATED, BZIP2, LZMA = 0, 8, 12, 14
METHODS = frozenset((STORED, DEFLATED, BZIP2, LZMA))
_HEADER = struct.Struct("<4s5H3L2H")
_MAGIC = b"PK\3\4"
# Names and extra fields of so many bytes are read in one go with the data.
_NAME = 160
_SIZES_FOLLOW = 0x8
_IS_LARGE = 0xFFFFFFFF


class ZipMembers(ContainerFile):
    """A zip archive whose members are samples, with places as they are listed."""

    __slots__ = ()

    @contextmanager
    def open(self) -> Iterator[Reader]:
        with self.unchanged() as descriptor:
            yield _Members(descriptor)


class _Members(SampleReader):
    def __init__(self, descriptor: "int | ObjectRanges | UnreadableImage") -> None:
        self._descriptor = descriptor

    def ahead(self, samples: Iterable[Sample], most: int | None = None) -> Iterator[Sample]:  # noqa: ARG002  # all of them are read
        descriptor = self._descriptor
        if isinstance(descriptor, int | UnreadableImage):
            return iter(samples)
        return fetched_ahead(descriptor, samples, _extent)

    def data(self, sample: Sample) -> bytes:
        if isinstance(self._descriptor, UnreadableImage):
            raise UnreadableImage(*self._descriptor.args)
        offset, packed, size, checksum, method, name = sample.place
        much = _HEADER.size + _NAME + packed
        block = files.read_at(self._descriptor, offset, much)
        if len(block) < _HEADER.size:
            raise UnreadableImage(Code.TRUNCATED, "the archive ends within it")
        begins = _begins(block, sample.place)
        if len(block) < begins + packed:
            block = files.read_at(self._descriptor, offset, begins + packed)
        if zlib.crc32(block[_HEADER.size : begins - _extra_size(block)]) != name:
            raise _disagrees("its name")
        data = block[begins : begins + packed]
        if len(data) < packed:
            raise UnreadableImage(Code.TRUNCATED, "the archive ends within it")
        if method != STORED:
            data = _unpacked(data, method, size)
        if zlib.crc32(data) != checksum:
            raise UnreadableImage(Code.CORRUPT, "wrong checksum (CRC-32)")
        return data


def _extent(place: tuple[int, ...]) -> tuple[int, int]:
    """Offset and size of what is read of a member at first."""
    return place[0], _HEADER.size + _NAME + place[1]


def _begins(block: bytes, place: tuple[int, ...]) -> int:
    """Offset of the data behind a local header, which has to say the same as the directory."""
    _, packed, size, checksum, method, _ = place
    magic, _, flags, here, _, _, crc, small, large, names, extra = _HEADER.unpack_from(block)
    if magic != _MAGIC:
        raise _disagrees("its place")
    if here != method:
        raise _disagrees("the method of packing")
    if not flags & _SIZES_FOLLOW and (
        crc != checksum or small not in (packed, _IS_LARGE) or large not in (size, _IS_LARGE)
    ):
        raise _disagrees("size or checksum")
    return _HEADER.size + int(names) + int(extra)


def _extra_size(block: bytes) -> int:
    return int(_HEADER.unpack_from(block)[-1])


def _disagrees(about: str) -> UnreadableImage:
    return UnreadableImage(Code.CORRUPT, f"the archive's directory says otherwise: {about}")


def _unpacked(data: bytes, method: int, size: int) -> bytes:
    """Unpack what comes to a size; no more is made of it than that, whatever the data says."""
    try:
        if method == DEFLATED:
            found = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, size + 1)
        elif method == BZIP2:
            found = _bzip2(data, size)
        else:
            found = _lzma(data, size)
    except (zlib.error, OSError, EOFError, struct.error) as error:
        raise _damaged() from error
    if len(found) != size:
        raise UnreadableImage(Code.CORRUPT, "the packed data does not come to its size")
    return found


def _damaged() -> UnreadableImage:
    return UnreadableImage(Code.CORRUPT, "the packed data is damaged")


def _bzip2(data: bytes, size: int) -> bytes:
    import bz2  # few archives are packed so

    return bz2.BZ2Decompressor().decompress(data, size + 1)


def _lzma(data: bytes, size: int) -> bytes:
    import lzma  # few archives are packed so

    _, length, properties, dictionary = struct.unpack_from("<2HBL", data)
    rest, lc = divmod(properties, 9)
    pb, lp = divmod(rest, 5)
    filters = [
        {
            "id": lzma.FILTER_LZMA1,
            "dict_size": min(dictionary, max(size, 4096)),  # no more is ever looked back
            "lc": lc,
            "lp": lp,
            "pb": pb,
        }
    ]
    try:
        unpacker = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters)
        return unpacker.decompress(data[4 + length :], size + 1)
    except lzma.LZMAError as error:
        raise _damaged() from error
