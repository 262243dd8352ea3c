"""Rows of Parquet files, as the container of images."""

import os
import threading
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import parquet as pq

from normstat import files
from normstat.errors import UnreadableImage
from normstat.files import shown
from normstat.images import Code, LocalFiles, Reader, Sample
from normstat.images.failures import failure_of as failure_of_file
from normstat.sources.container_file import ContainerFile
from normstat.sources.file_slices import SampleReader
from normstat.urls import is_url

if TYPE_CHECKING:
    from normstat.sources.object_parquet import ObjectFile
    from normstat.sources.stores import Object

#: Errors of pyarrow, which are also those of files.
FAILURES = (pa.ArrowException, OSError, MemoryError, UnicodeDecodeError)
# Bytes of values that are decoded at a time, by the mean of the row group: few enough to be in the
# cache of the processor until they are images.
_AT_ONCE = 1 << 18
# Rows at a time where a value may stand for many rows, so that the mean says little.
_REPEATING = 256
# Rows of texts or numbers at a time.
_ROWS = 1 << 16
# Bytes of a file that are read at a time.
_BUFFER = 1 << 20
MAGIC = b"PAR1"
# Bytes of the length of the metadata and of the magic behind it.
_FOOTER = 8
# Bytes of what signs metadata that can be read, of columns that cannot: asked for one of these,
# pyarrow ends the process.
_SIGNATURE = 28
IS_ENCRYPTED = "an encrypted Parquet file: write it anew without encryption"


class EncryptedError(OSError):
    """A Parquet file has columns that are encrypted."""


@dataclass(frozen=True, slots=True)
class ParquetRows(ContainerFile):
    """A Parquet file whose rows are samples; the place of one is its number.

    Attributes
    ----------
    column : that has the bytes of images.
    path_column : that has paths, for rows without bytes; empty if there is none.
    root : folder that paths are relative to.
    """

    column: str
    path_column: str
    root: str

    @property
    def listed(self) -> "Object | None":
        """The object that it is; None for a file of this machine."""
        if not isinstance(self.stamp, str):
            return None
        from normstat.sources.stores import Object  # of URLs alone

        return Object(self.file, self.size, b"", self.stamp)

    @contextmanager
    def open(self) -> Iterator[Reader]:
        # A stream stays open from shard to shard: the next one mostly goes on where this one ends.
        kept, _latest.stream = _latest.stream, None
        with self.unchanged() as found:
            stream = kept if kept and kept.rows == self else _Stream(self)
            yield _Rows(self, found if isinstance(found, UnreadableImage) else stream)
        if stream.has_more():
            _latest.stream = stream


def opened(path: str, listed: "Object | None" = None) -> Any:
    """A Parquet file of pyarrow, to be closed, that reads what is asked for and no more.

    Parameters
    ----------
    path : of the file, or its URL.
    listed : the object at that, as it was listed.
    """
    if listed:
        from normstat.sources.object_parquet import ObjectFile, footer_length, opened_object

        length = footer_length(path, listed)
        file = opened_object(ObjectFile(path, listed), path, listed, _BUFFER)
    else:
        with files.opened(path) as start:  # a pipe would be waited for
            start.seek(max(0, os.fstat(start.fileno()).st_size - _FOOTER))
            length = int.from_bytes(start.read(_FOOTER - len(MAGIC)), "little")
        # By its bytes: paths that are not UTF-8 are none for the file systems of pyarrow.
        source = pa.OSFile(os.fsencode(path))
        file = pq.ParquetFile(source, buffer_size=_BUFFER, pre_buffer=False)
    if length - file.metadata.serialized_size == _SIGNATURE:
        file.close()
        raise EncryptedError(IS_ENCRYPTED)
    return file


def leaves_of(file: Any) -> list[str]:
    """Paths of the columns that have values, in their order in all row groups."""
    schema = file.metadata.schema
    return [schema.column(index).path for index in range(len(schema))]


def values_of(file: Any, column: str) -> Iterator[Any]:
    """The values of a column of texts or numbers, row by row."""
    for values in _batches(file, column, _ROWS):
        yield from values.to_pylist()


class _Stream:
    """The values of a column, some rows at a time; rows are best asked for in their order.

    Attributes
    ----------
    rows : the file, and the column.
    """

    def __init__(self, rows: ParquetRows) -> None:
        self.rows = rows
        self._file: Any = None
        self._object: ObjectFile | None = None
        self._firsts: list[int] = []
        self._group = -1
        self._batches: Iterator[Any] = iter(())
        self._first = self._end = 0
        self._values: Any = ()
        # By row group: the row from which on it cannot be read, and why.
        self._failures: dict[int, tuple[int, UnreadableImage]] = {}

    def has_more(self) -> bool:
        """True if there are rows after the last one that was read."""
        return self._file is not None and self._end < self._file.metadata.num_rows

    def value(self, row: int) -> bytes | None:
        """The bytes in a row; None if there are none."""
        if not self._first <= row < self._end:
            self._go_to(row)
        value: bytes | None = self._values[row - self._first].as_py()
        return value

    def _go_to(self, row: int) -> None:
        if self._file is None:
            self._open()
        group = bisect_right(self._firsts, row) - 1
        end, failure = self._failures.get(group, (row + 1, None))
        if failure and row >= end:
            raise failure
        if group != self._group or row < self._first:
            self._begin(group)
        while row >= self._end:
            self._advance()

    def _open(self) -> None:
        listed = self.rows.listed
        try:
            if listed:
                from normstat.sources.object_parquet import ObjectFile, opened_object

                self._object = ObjectFile(self.rows.file, listed)
                self._file = opened_object(self._object, self.rows.file, listed, _BUFFER)
            else:
                self._file = opened(self.rows.file)
        except FAILURES as error:
            raise failure_of(error, "the file") from error
        metadata = self._file.metadata
        numbers = [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)]
        self._firsts = list(accumulate(numbers, initial=0))[:-1]

    def _begin(self, group: int) -> None:
        self._group = group
        metadata = self._file.metadata.row_group(group)
        chunk = metadata.column(leaves_of(self._file).index(self.rows.column))
        at_once = _rows_at_once(chunk)
        if self._object:
            self._object.plan(chunk)
        self._first = self._end = self._firsts[group]
        self._values = ()
        self._batches = _batches(self._file, self.rows.column, at_once, [group])

    def _advance(self) -> None:
        values: Any = ()
        failure = UnreadableImage(Code.TRUNCATED, f"row group {self._group} has fewer rows")
        try:
            values = next(self._batches, ())
        except FAILURES as error:
            failure = failure_of(error, f"row group {self._group}")
        if not len(values):
            self._failures[self._group] = self._end, failure
            raise failure
        self._values = values
        self._first, self._end = self._end, self._end + len(values)


class _Latest(threading.local):
    """The stream that the latest shard of a thread has left."""

    stream: _Stream | None = None


_latest = _Latest()


def _rows_at_once(chunk: Any) -> int:
    """Rows of a column of a row group that are about 256 KiB, by pyarrow's metadata of it."""
    rows: int = max(1, chunk.num_values)
    fitting: int = max(1, _AT_ONCE * rows // max(1, chunk.total_uncompressed_size))
    return min(rows, fitting, _REPEATING if chunk.has_dictionary_page else rows)


def _batches(
    file: Any, column: str, rows: int, groups: Sequence[int] | None = None
) -> Iterator[Any]:
    """The values of a column, some rows at a time."""
    for batch in file.iter_batches(rows, groups, [column], use_threads=False):
        values = batch.column(0)
        while pa.types.is_struct(values.type):  # of nothing else than what was asked for
            (values,) = values.flatten()
        yield values


class _Rows(SampleReader):
    def __init__(self, rows: ParquetRows, stream: _Stream | UnreadableImage) -> None:
        self._rows = rows
        self._stream = stream

    def data(self, sample: Sample) -> bytes:
        if isinstance(self._stream, UnreadableImage):
            raise self._stream
        value = self._stream.value(sample.place)
        return self._elsewhere(sample) if value is None else value

    def _elsewhere(self, sample: Sample) -> bytes:
        """The file that a row without bytes names."""
        rows = self._rows
        path = _path_in(rows, sample.place) if rows.path_column else None
        if not path:
            raise UnreadableImage(Code.EMPTY, f"null in column {shown(rows.column)}")
        try:
            place = path
            if not is_url(rows.root):
                place = os.path.relpath(os.path.join(rows.root, path), rows.root)
            found = _file_in(rows.root, Sample(sample.split, sample.name, place))
        except (UnreadableImage, ValueError) as error:  # ValueError: a zero byte, another drive
            code = error.code if isinstance(error, UnreadableImage) else Code.VANISHED
            detail = f"no bytes in column {shown(rows.column)}, and no file {shown(path)}"
            raise UnreadableImage(Code(code), detail) from error
        assert isinstance(found, bytes)
        return found


def _file_in(root: str, sample: Sample) -> Any:
    if not is_url(root):
        return LocalFiles(root).read(sample)
    from normstat.sources.remote_files import Place, RemoteFiles

    with RemoteFiles(root).open() as reader:
        return reader.read(replace(sample, place=Place(sample.place)))


def _path_in(rows: ParquetRows, row: int) -> str | None:
    """The path in a row; None if there is none."""
    try:
        with opened(rows.file, rows.listed) as file:
            path: str | None = next(islice(values_of(file, rows.path_column), row, None), None)
    except FAILURES as error:
        raise failure_of(error, f"column {rows.path_column}") from error
    return path


def failure_of(error: Exception, what: str) -> UnreadableImage:
    """The record of a file, or of a part of it, for an exception of pyarrow.

    >>> failure_of(OSError("Unexpected end of stream"), "row group 3").detail
    'row group 3 cannot be read (Unexpected end of stream)'
    """
    if isinstance(error, files.NotRegularError | FileNotFoundError | PermissionError):
        return failure_of_file(error)
    if isinstance(error, EncryptedError):
        return UnreadableImage(Code.UNSUPPORTED_FORMAT, IS_ENCRYPTED)
    if isinstance(error, MemoryError):
        return UnreadableImage(Code.OUT_OF_MEMORY, f"not enough memory for {what}")
    reason = next(iter(str(error).splitlines()), type(error).__name__)
    return UnreadableImage(Code.CORRUPT, f"{what} cannot be read ({reason})")
