"""Rows of tables that are text: with delimiters, or an object on each line."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from io import StringIO
from typing import Any, TextIO

from normstat.errors import UsageError
from normstat.files import shown
from normstat.sources.texts import opened_text

_JSON_LINES = (".jsonl", ".ndjson")
_DELIMITERS = (",", ";", "\t", "|")
# Of a table with one column, whose values may have any of them.
_NO_DELIMITER = "\x1f"
# Characters that the first row is looked for in.
_START = 1 << 16


def has_objects(path: str) -> bool:
    """True for the name of a table with an object on each line.

    >>> has_objects("a.jsonl"), has_objects("a.csv")
    (True, False)
    """
    return path.lower().endswith(_JSON_LINES)


def columns_of(path: str) -> list[str]:
    r"""Names of the columns of a table, from its first row; none if it is no table.

    Raises
    ------
    UsageError
        It cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as root:
    ...     with open(f"{root}/a.csv", "w") as file:
    ...         _ = file.write("file_name;split\n1.png;val\n")
    ...     columns_of(f"{root}/a.csv")
    ['file_name', 'split']
    """
    with opened_text(path, "") as file:
        if has_objects(path):
            first = next(objects(file, path), (0, {}))[1]
            return list(first)
        return header(file, path)[0]


def header(file: TextIO, path: str) -> tuple[list[str], str]:
    """Names of the columns, and the delimiter that makes most of them."""
    start = file.read(_START)
    file.seek(0)
    if "\0" in start:
        order = "BE" if start.startswith("\0") else "LE"
        raise UsageError(
            f"{shown(path)}: has zero bytes, so it is no text, or UTF-16 without a mark; "
            f"iconv -f UTF-16{order} -t UTF-8 converts that"
        )
    best: list[str] = []
    delimiter = ""
    for each in _DELIMITERS:
        with suppress(csv.Error, StopIteration):
            names = next(csv.reader(StringIO(start, ""), delimiter=each, strict=True))
            if len(names) > len(best):
                best, delimiter = names, each
    if not any(map(str.strip, best)):
        raise UsageError(f"{shown(path)}: begins with no row that names columns")
    return best, delimiter if len(best) > 1 else _NO_DELIMITER


def records(
    file: TextIO, path: str, names: Sequence[str], read: Sequence[str], delimiter: str
) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The rows below the first, by the columns to read; with the line each begins at."""
    places = [(name, names.index(name)) for name in read]
    rows = csv.reader(file, delimiter=delimiter, strict=True)
    line = 1
    try:
        next(rows)
        line = rows.line_num + 1
        for row in rows:
            if row:
                if len(row) > len(names) and any(row[len(names) :]):
                    raise UsageError(
                        f"{shown(path)}: line {line} has {len(row)} fields, and the first row "
                        f"{len(names)}; a field with a delimiter in it belongs in quotation marks"
                    )
                yield line, {name: row[at] for name, at in places if at < len(row)}
            line = rows.line_num + 1
    except csv.Error as error:
        raise UsageError(
            f"{shown(path)}: the row at line {line} cannot be read ({error}); a quotation mark in "
            "a field is written twice, and one is at the start and the end of the field"
        ) from error


def objects(file: TextIO, path: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The objects on the lines of a file, with the number of each line."""
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UsageError(
                f"{shown(path)}: line {number} is no JSON ({error}); each line should be an object"
            ) from error
        if not isinstance(found, dict):
            raise UsageError(
                f"{shown(path)}: line {number} is no object, as in "
                '{"file_name": "a.png", "split": "train"}'
            )
        yield number, found
