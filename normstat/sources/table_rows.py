"""Images by the rows of a table, whatever the table is written in."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from normstat.errors import UsageError
from normstat.files import shown
from normstat.sources.listed_files import Listed, ListedFiles, Row
from normstat.sources.options import SourceOptions
from normstat.sources.table_columns import Columns
from normstat.sources.tree.split_words import split_names, split_of_value
from normstat.sources.tree_source import TreeSource

# Options that say how to read it alike.
_RECORDED = ("ext", "path_column", "split_column", "label_column", "split_by", "duplicates")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of a table, by its columns.

    Attributes
    ----------
    path : DATA.
    columns : that are read.
    rows : number of a row → values of its columns, read once.
    unit : word for a row.
    remarks : for a user, besides that on columns.
    split : of all rows, and what says so, where paths and columns say none; None otherwise.
    """

    path: str
    columns: Columns
    rows: Iterable[tuple[int, Mapping[str, Any]]]
    unit: str = "line"
    remarks: Sequence[str] = ()
    split: tuple[str, str] | None = None


def source_of_table(
    kind: str,
    table: Table,
    folder: str,
    options: SourceOptions,
    catalog_of: type[ListedFiles] = ListedFiles,
) -> TreeSource:
    """The images that a table names.

    Parameters
    ----------
    kind : of source.
    folder : that relative paths begin at.
    catalog_of : the class of its catalog.

    Raises
    ------
    UsageError
        A value is neither a path nor a split, or there are no images.
    """
    rows = _Rows(table)
    remarks = [table.columns.remark(), *table.remarks]
    record = {"kind": kind, **options.given(*_RECORDED)}
    listed = Listed(table.path, folder, rows, record, table.unit, remarks)
    catalog = catalog_of(listed, options)
    remarks += rows.remarks()
    if options.split_by == "file":
        catalog.assigned = _as_named(os.path.basename(table.path))
    elif table.split:
        catalog.assigned = {"": table.split}
    return TreeSource(catalog, options)


def _as_named(name: str) -> dict[str, tuple[str, str]]:
    """All images in the split that the name of the file says."""
    splits = split_names(name)
    if len(splits) != 1:
        return {}
    (split,) = splits
    return {"": (split, f"file {shown(name)}")}


class _Rows:
    """The images of a table, without rows that name none."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._empty = self._first = 0

    def __iter__(self) -> Iterator[Row]:
        table, columns = self._table, self._table.columns
        splits: dict[str, tuple[str, str] | None] = {}
        rule = f"column {shown(columns.split or '')}"
        for number, values in table.rows:
            path = self._text(values.get(columns.path), columns.path, number)
            if not path.strip():
                self._empty += 1
                self._first = self._first or number
                continue
            split = None
            if columns.split is not None:
                value = self._text(values.get(columns.split), columns.split, number)
                if value not in splits:
                    name = split_of_value(value, self._where(number))
                    splits[value] = (name, rule) if name else None
                split = splits[value]
            yield Row(number, path, split)

    def remarks(self) -> Iterator[str]:
        if self._empty:
            names = "line names" if self._empty == 1 else f"{self._table.unit}s name"
            yield f"{self._empty:,} {names} no image, the first: {self._table.unit} {self._first}"

    def _where(self, number: int) -> str:
        return f"{shown(self._table.path)}: {self._table.unit} {number}"

    def _text(self, value: Any, column: str, number: int) -> str:
        """A value as text; of an image as Hugging Face has it, its path."""
        if isinstance(value, Mapping) and "path" in value:
            value = value["path"]
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        raise UsageError(
            f"{self._where(number)}: {shown(column)} should be text, and is {type(value).__name__}"
        )
