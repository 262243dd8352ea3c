"""Parquet files behind URLs: the footer once, then the column of images by ranges."""

import os
from functools import lru_cache
from typing import Any

import pyarrow as pa
from pyarrow import parquet as pq

from normstat.sources.object_ranges import ObjectRanges, Part, cut
from normstat.sources.stores import Object

# Bytes at the end that are asked for first: most footers are in them.
_TAIL = 1 << 13
_LENGTH = 8
_MAGIC = b"PAR1"
# Bytes of one request for a column.
_PART = 1 << 20


class ObjectFile:
    """A Parquet file behind a URL, as pyarrow reads it.

    Parameters
    ----------
    url : of the file.
    listed : as it was listed.
    """

    def __init__(self, url: str, listed: Object) -> None:
        self._size = listed.size or 0
        self._ranges = ObjectRanges(url, self._size, listed.tag)
        self._at = 0
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        """Bytes from where it is."""
        data = self._ranges.read_at(self._at, self._size - self._at if size < 0 else size)
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to an offset."""
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def tell(self) -> int:
        """The offset where it is."""
        return self._at

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def flush(self) -> None: ...

    def close(self) -> None:
        """Give up what is on its way."""
        self._ranges.close()
        self.closed = True

    def plan(self, chunk: Any) -> None:
        """Fetch a chunk of a column ahead, by pyarrow's metadata of it."""
        start = chunk.data_page_offset
        if chunk.has_dictionary_page and chunk.dictionary_page_offset:
            start = min(start, chunk.dictionary_page_offset)
        self._ranges.plan(cut(Part(start, start + chunk.total_compressed_size), _PART))


def opened_object(file: ObjectFile, url: str, listed: Object, buffer_size: int) -> Any:
    """The Parquet file of pyarrow that an object is, to be closed."""
    try:
        footer = _footer(url, listed.size or 0, listed.tag)
        metadata = pq.read_metadata(pa.BufferReader(_MAGIC + footer))
    except (pa.ArrowException, OSError):
        metadata = None  # pyarrow says what is wrong with it when it looks itself
    source = pa.PythonFile(file, mode="r")
    return pq.ParquetFile(source, metadata=metadata, buffer_size=buffer_size, pre_buffer=False)


def ends_of(url: str, listed: Object) -> tuple[bytes, bytes]:
    """The first and the last four bytes."""
    ranges = ObjectRanges(url, listed.size or 0, listed.tag)
    begins = ranges.read_at(0, len(_MAGIC))
    footer = _footer(url, listed.size or 0, listed.tag) if begins == _MAGIC else b""
    return begins, footer[-len(_MAGIC) :]


def footer_length(url: str, listed: Object) -> int:
    """The length of the metadata, as the file says."""
    footer = _footer(url, listed.size or 0, listed.tag)
    return int.from_bytes(footer[-_LENGTH : -len(_MAGIC)], "little")


@lru_cache(64)
def _footer(url: str, size: int, tag: str) -> bytes:
    """The metadata at the end of a file, with its length and the magic; or what there is."""
    ranges = ObjectRanges(url, size, tag)
    tail = ranges.read_at(max(0, size - _TAIL), min(size, _TAIL))
    length = int.from_bytes(tail[-_LENGTH : -len(_MAGIC)], "little") + _LENGTH
    if tail[-len(_MAGIC) :] != _MAGIC or length > size:
        return tail
    if length > len(tail):
        tail = ranges.read_at(size - length, length - len(tail)) + tail
    return tail[-length:]
