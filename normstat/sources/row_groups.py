"""Row groups of Parquet files, as containers of images."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa
from pyarrow import parquet as pq

from normstat.errors import UnreadableImage
from normstat.files import shown
from normstat.images import Code, Payload, Reader, Sample
from normstat.sources.local_files import LocalFiles
from normstat.sources.parquet_columns import BYTES, IMAGES, NUMBERS, OTHER, TEXT, Column

#: Errors of pyarrow, which are also those of files.
FAILURES = (pa.ArrowException, OSError, MemoryError)
# Bytes of values that are in memory at a time, by the mean of the row group.
_AT_ONCE = 1 << 24
# Rows at a time where a value may stand for many rows, so that the mean says little.
_REPEATING = 256
# Rows of texts or numbers at a time.
_ROWS = 1 << 16
_MAGIC, _ENCRYPTED = b"PAR1", b"PARE"
# Bytes of a file that are read at a time.
_BUFFER = 1 << 20


@dataclass(frozen=True, slots=True)
class RowGroup:
    """A row group whose rows are samples; the place of one is its number in the file.

    Attributes
    ----------
    file : path of the file.
    size, mtime : of the file, in bytes and nanoseconds, when it was listed.
    number : of the row group.
    first, rows : number of the first row in the file, and how many there are.
    column : that has the bytes of images.
    path_column : that has paths, for rows without bytes; empty if there is none.
    at_once : rows to have in memory.
    root : folder that paths are relative to.
    """

    file: str
    size: int
    mtime: int
    number: int
    first: int
    rows: int
    column: str
    path_column: str
    at_once: int
    root: str

    @contextmanager
    def open(self) -> Iterator[Reader]:
        # One stream stays open from shard to shard: these mostly are of one row group.
        kept, _kept[:] = [each for each in _kept if each.group == self], []
        stream = kept[0] if kept else _Stream(self)
        yield _Rows(self, stream)
        if stream.is_of_use():
            _kept[:] = [stream]

    def path(self, sample: Sample) -> str:  # noqa: ARG002  # one file has all
        return self.file


class ColumnGroups(NamedTuple):
    """A column of images, by row group.

    Attributes
    ----------
    groups : those with rows.
    sizes : mean size of the images in each, in bytes.
    may_be_null : True for each that may have rows without bytes.
    has_bytes : False if no row has bytes.
    """

    groups: list[RowGroup]
    sizes: list[int]
    may_be_null: list[bool]
    has_bytes: bool


def opened(path: str) -> Any:
    """A Parquet file of pyarrow, to be closed, that reads what is asked for and no more."""
    return pq.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False)


def columns_of(file: Any) -> list[Column]:
    """The columns of a Parquet file."""
    return [Column(field.name, _kind(field.type), str(field.type)) for field in file.schema_arrow]


def column_groups(
    file: Any, status: os.stat_result, path: str, column: str, root: str
) -> ColumnGroups:
    """The row groups of a column of images.

    Parameters
    ----------
    file : of pyarrow.
    status, path : of it.
    column : name of the column.
    root : folder that paths in it are relative to.
    """
    metadata = file.metadata
    leaves = [metadata.schema.column(index).path for index in range(metadata.num_columns)]
    is_struct = pa.types.is_struct(file.schema_arrow.field(column).type)
    images = f"{column}.bytes" if is_struct else column
    paths = f"{column}.path" if f"{column}.path" in leaves else ""
    groups, sizes, may_be_null, first, has_bytes = [], [], [], 0, False
    for number in range(metadata.num_row_groups):
        chunk = metadata.row_group(number).column(leaves.index(images))
        if rows := metadata.row_group(number).num_rows:
            groups.append(
                RowGroup(
                    *(path, status.st_size, status.st_mtime_ns, number, first, rows),
                    *(images, paths, _rows_at_once(chunk), root),
                )
            )
            nulls = chunk.statistics.null_count if chunk.is_stats_set else None
            sizes.append(chunk.total_uncompressed_size // rows)
            may_be_null.append(nulls != 0)
            has_bytes |= nulls != rows
            first += rows
    return ColumnGroups(groups, sizes, may_be_null, has_bytes)


def values_of(file: Any, column: str) -> Iterator[Any]:
    """The values of a column of texts or numbers, row by row."""
    for values in _batches(file, column, _ROWS):
        yield from values.to_pylist()


def _kind(type: Any) -> str:
    types = pa.types
    if types.is_dictionary(type):
        type = type.value_type
    if types.is_struct(type):
        has_bytes = type.get_field_index("bytes") >= 0
        return IMAGES if has_bytes and _kind(type.field("bytes").type) == BYTES else OTHER
    for kind, tests in _KINDS.items():
        if any(test(type) for test in tests):
            return kind
    return OTHER


_KINDS = {
    BYTES: (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view),
    TEXT: (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view),
    NUMBERS: (pa.types.is_integer, pa.types.is_boolean),
}


def _rows_at_once(chunk: Any) -> int:
    """Rows of a column of a row group that are about 16 MiB, by pyarrow's metadata of it."""
    rows: int = max(1, chunk.num_values)
    fitting: int = max(1, _AT_ONCE * rows // max(1, chunk.total_uncompressed_size))
    return min(rows, fitting, _REPEATING if chunk.has_dictionary_page else rows)


class _Stream:
    """The values of a row group, some rows at a time, from the first on."""

    def __init__(self, group: RowGroup) -> None:
        self.group = group
        self._batches: Iterator[Any] | None = None
        self._first = self._end = 0
        self._values: Any = None
        self._failure: UnreadableImage | None = None

    def is_of_use(self) -> bool:
        """False once nothing is left to read, unless all values are in memory."""
        has_all = self._first == 0 and self._end == self.group.rows
        return has_all or self._end < self.group.rows

    def value(self, row: int) -> bytes | None:
        """The bytes in a row of the row group; None if there are none."""
        if row < self._first or (row < self._end and self._values is None):
            self._rewind()
        while row >= self._end:
            self._advance()
        value: bytes | None = self._values[row - self._first].as_py()
        return value

    def _rewind(self) -> None:
        self._batches, self._values, self._failure = None, None, None
        self._first = self._end = 0

    def _advance(self) -> None:
        if self._failure:
            raise self._failure
        try:
            if self._batches is None:
                self._check()
                self._batches = _of_group(self.group, self.group.column, self.group.at_once)
            values = next(self._batches, None)
        except FAILURES as error:
            self._failure = failure_of(error, f"row group {self.group.number}")
            raise self._failure from error
        if values is None or not len(values):
            self._failure = UnreadableImage(Code.TRUNCATED, "the row group has fewer rows")
            raise self._failure
        self._values = values
        self._first, self._end = self._end, self._end + len(values)
        if self._end >= self.group.rows:
            self._batches = None  # closes the file

    def _check(self) -> None:
        status = os.stat(self.group.file)
        if (status.st_size, status.st_mtime_ns) != (self.group.size, self.group.mtime):
            raise UnreadableImage(Code.CHANGED_WHILE_READ, "the file is another now")


# The stream that the latest shard of this process has left; at most one.
_kept: list[_Stream] = []


def _of_group(group: RowGroup, column: str, rows: int) -> Iterator[Any]:
    with opened(group.file) as file:
        yield from _batches(file, column, rows, [group.number])


def _batches(
    file: Any, column: str, rows: int, groups: Sequence[int] | None = None
) -> Iterator[Any]:
    """The values of a column, some rows at a time."""
    for batch in file.iter_batches(rows, groups, [column], use_threads=False):
        values = batch.column(0)
        while pa.types.is_struct(values.type):  # of nothing else than what was asked for
            (values,) = values.flatten()
        yield values


class _Rows:
    def __init__(self, group: RowGroup, stream: _Stream) -> None:
        self._group = group
        self._stream = stream

    def read(self, sample: Sample) -> Payload:
        row = sample.place - self._group.first
        value = self._stream.value(row)
        return self._elsewhere(sample, row) if value is None else value

    def _elsewhere(self, sample: Sample, row: int) -> Payload:
        """The file that a row without bytes names."""
        path = None
        if self._group.path_column:
            path = _path_in(self._group, row)
        if not path:
            raise UnreadableImage(Code.EMPTY, f"null in column {shown(self._group.column)}")
        try:
            place = os.path.relpath(os.path.join(self._group.root, path), self._group.root)
            return LocalFiles(self._group.root).read(Sample(sample.split, sample.name, place))
        except (UnreadableImage, ValueError) as error:  # ValueError: a zero byte, another drive
            code = error.code if isinstance(error, UnreadableImage) else Code.VANISHED
            detail = f"no bytes in column {shown(self._group.column)}, and no file {shown(path)}"
            raise UnreadableImage(Code(code), detail) from error

    @contextmanager
    def head(self, sample: Sample) -> Iterator[BinaryIO]:
        try:
            data = self.read(sample)
        except UnreadableImage as error:
            raise OSError(error.detail) from error
        assert isinstance(data, bytes)
        yield BytesIO(data)


def _path_in(group: RowGroup, row: int) -> str | None:
    """The path in a row of a row group; None if there is none."""
    try:
        for values in _of_group(group, group.path_column, _ROWS):
            if row < len(values):
                path: str | None = values[row].as_py()
                return path
            row -= len(values)
    except FAILURES as error:
        raise failure_of(error, f"row group {group.number}") from error
    return None


def not_parquet(path: str) -> UnreadableImage | None:
    """The reason why a file is no whole Parquet file, by how it begins and ends; or None.

    Raises
    ------
    OSError
    """
    with open(path, "rb") as file:
        begins = file.read(len(_MAGIC))
        file.seek(max(0, os.fstat(file.fileno()).st_size - len(_MAGIC)))
        ends = file.read()
    if not begins:
        return UnreadableImage(Code.EMPTY)
    if begins == _ENCRYPTED:
        return UnreadableImage(Code.NOT_AN_IMAGE, "an encrypted Parquet file")
    if begins != _MAGIC:
        return UnreadableImage(Code.NOT_AN_IMAGE, f"no Parquet file (begins with {begins!r})")
    if ends != _MAGIC:
        return UnreadableImage(Code.TRUNCATED, "the end of the Parquet file is missing")
    return None


def failure_of(error: Exception, what: str) -> UnreadableImage:
    """The record of a file, or of a part of it, for an exception of pyarrow.

    >>> failure_of(OSError("Unexpected end of stream"), "row group 3").detail
    'row group 3 cannot be read (Unexpected end of stream)'
    """
    if isinstance(error, FileNotFoundError):
        return UnreadableImage(Code.VANISHED, "there is no such file")
    if isinstance(error, PermissionError):
        return UnreadableImage(Code.PERMISSION_DENIED, "may not be opened")
    if isinstance(error, MemoryError):
        return UnreadableImage(Code.OUT_OF_MEMORY, f"not enough memory for {what}")
    reason = next(iter(str(error).splitlines()), type(error).__name__)
    return UnreadableImage(Code.CORRUPT, f"{what} cannot be read ({reason})")
