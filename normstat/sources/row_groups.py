"""Parquet files, and the row groups of their columns."""

import os
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from normstat import files
from normstat.errors import UnreadableImage
from normstat.images import Code
from normstat.sources.object_parquet import ends_of
from normstat.sources.parquet_columns import BYTES, IMAGES, NUMBERS, OTHER, TEXT, Column
from normstat.sources.parquet_rows import IS_ENCRYPTED, MAGIC, ParquetRows, leaves_of
from normstat.sources.stores import Object

_ENCRYPTED = b"PARE"
# Rows or bytes that are enough for a shard; and those of a unit that is cut into several.
_ROWS, _BYTES = 64, 1 << 20
_MOST_ROWS, _MOST_BYTES = 512, 1 << 24
_KINDS = {
    BYTES: (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view),
    TEXT: (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view),
    NUMBERS: (pa.types.is_integer, pa.types.is_boolean),
}


class RowGroup(NamedTuple):
    """Consecutive rows that lie together in a file.

    Attributes
    ----------
    size : mean size of the images in it, in bytes.
    unit : number of the first of the row groups that are read in one go: few rows make no shard.
    is_large : True if these have too many rows, or bytes, for one shard.
    """

    size: int
    unit: int
    is_large: bool


class ImageColumn(NamedTuple):
    """A column of images.

    Attributes
    ----------
    rows : reads it.
    number : of rows.
    firsts : number of the first row of each row group.
    groups : the row groups.
    has_bytes : False if no row has bytes.
    may_be_null : there may be rows without bytes.
    """

    rows: ParquetRows
    number: int
    firsts: list[int]
    groups: list[RowGroup]
    has_bytes: bool
    may_be_null: bool

    def group(self, row: int) -> RowGroup:
        """The row group that a row is in."""
        return self.groups[bisect_right(self.firsts, row) - 1]

    def size(self, row: int) -> int:
        """Mean size of images where a row is, in bytes."""
        return self.group(row).size


def columns_of(file: Any) -> list[Column]:
    """The columns of a Parquet file."""
    return [Column(field.name, _kind(field.type), str(field.type)) for field in file.schema_arrow]


def image_column_of(
    file: Any, status: os.stat_result | Object, path: str, column: str
) -> ImageColumn:
    """A column of images in an open file; paths in it are relative to the folder of the file.

    Parameters
    ----------
    file : of pyarrow.
    status, path : of it.
    column : name of the column.
    """
    metadata = file.metadata
    leaves = leaves_of(file)
    is_struct = pa.types.is_struct(file.schema_arrow.field(column).type)
    images = f"{column}.bytes" if is_struct else column
    paths = f"{column}.path" if f"{column}.path" in leaves else ""
    firsts: list[int] = []
    rows: list[int] = []
    sizes: list[int] = []
    first, has_bytes, may_be_null = 0, False, False
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        chunk = group.column(leaves.index(images))
        nulls = chunk.statistics.null_count if chunk.is_stats_set else None
        firsts.append(first)
        rows.append(group.num_rows)
        sizes.append(chunk.total_uncompressed_size)
        has_bytes |= nulls != group.num_rows
        may_be_null |= nulls != 0
        first += group.num_rows
    root = os.path.dirname(path) or "."
    container = (
        ParquetRows.at(path, status, images, paths, root)
        if isinstance(status, Object)
        else ParquetRows.of(path, status, images, paths, root)
    )
    return ImageColumn(container, first, firsts, _grouped(rows, sizes), has_bytes, may_be_null)


def _grouped(rows: Sequence[int], sizes: Sequence[int]) -> list[RowGroup]:
    """Row groups, each with the unit it is in, by their numbers of rows and bytes."""
    units: list[int] = []
    rows_of, bytes_of = Counter[int](), Counter[int]()
    unit = 0
    for number, (images, size) in enumerate(zip(rows, sizes, strict=True)):
        if rows_of[unit] >= _ROWS or bytes_of[unit] >= _BYTES:
            unit = number
        units.append(unit)
        rows_of[unit] += images
        bytes_of[unit] += size
    return [
        RowGroup(
            size // max(1, images),
            unit,
            is_large=rows_of[unit] > _MOST_ROWS or bytes_of[unit] > _MOST_BYTES,
        )
        for images, size, unit in zip(rows, sizes, units, strict=True)
    ]


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


def not_parquet(path: str, listed: Object | None = None) -> UnreadableImage | None:
    """The reason why a file is no whole Parquet file, by how it begins and ends; or None.

    Raises
    ------
    OSError
    """
    if listed:
        begins, ends = ends_of(path, listed)
    else:
        with files.opened(path) as file:
            begins = file.read(len(MAGIC))
            file.seek(max(0, os.fstat(file.fileno()).st_size - len(MAGIC)))
            ends = file.read()
    if not begins:
        return UnreadableImage(Code.EMPTY)
    if begins == _ENCRYPTED:
        return UnreadableImage(Code.UNSUPPORTED_FORMAT, IS_ENCRYPTED)
    if begins != MAGIC:
        return UnreadableImage(Code.NOT_AN_IMAGE, f"no Parquet file (begins with {begins!r})")
    if ends != MAGIC:
        return UnreadableImage(Code.TRUNCATED, "the end of the Parquet file is missing")
    return None
