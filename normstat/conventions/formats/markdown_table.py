"""Constants in a table of Markdown with the columns mean and std."""

import re
from typing import Any

from normstat.conventions.formats.stated import stated
from normstat.conventions.formats.utf8 import utf8
from normstat.errors import StatsFileError

_COLUMNS = ("mean", "std")


def content(data: bytes) -> Any:
    r"""Rows below a head that has mean and std, as long as they go on.

    >>> content(b"| channel | mean | std |\n|---|---|---|\n| gray | 0.5 | 0.25 |")["table"]["std"]
    [0.25]
    """
    found: dict[str, Any] = {}
    head: list[str] = []
    values: list[list[float]] = []
    for line in [*utf8(data).splitlines(), ""]:
        cells = _cells(line)
        if head and len(cells) == len(head):
            if not re.fullmatch(r"[-:| ]+", line.strip()):
                values.append([_number(cells[head.index(name)]) for name in _COLUMNS])
            continue
        if values:
            mean, std = (list(column) for column in zip(*values, strict=True))
            name = f"table {len(found) + 1}" if found else "table"
            found[name] = stated(mean, std, "white", None, None)
        head, values = (cells if set(_COLUMNS) <= set(cells) else []), []
    return found


def _cells(line: str) -> list[str]:
    row = line.strip()
    if not row.startswith("|"):
        return []
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", row.strip("|"))]


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError as error:
        raise StatsFileError(f"/table: {cell[:40]!r} is no number") from error
