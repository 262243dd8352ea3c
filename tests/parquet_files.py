"""Parquet files for tests."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet as pq

#: What Hugging Face writes for an image.
IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def structs(images: Mapping[str, bytes | None]) -> list[dict[str, Any]]:
    """Values of a column of images, by their paths."""
    return [{"bytes": content, "path": name} for name, content in images.items()]


def write(
    path: Path, columns: Mapping[str, Any], groups: Sequence[int] = (), **options: Any
) -> Path:
    """A Parquet file; with row groups of so many rows, and the rest in a last one."""
    table = pa.table(
        {
            name: values if isinstance(values, pa.Array) else pa.array(values, _type(values))
            for name, values in columns.items()
        }
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with pq.ParquetWriter(path, table.schema, **options) as writer:
        start = 0
        for rows in (*groups, len(table) - sum(groups)):
            if rows:
                writer.write_table(table.slice(start, rows))
            start += rows
    return path


def _type(values: Sequence[Any]) -> pa.DataType | None:
    return IMAGE if values and isinstance(values[0], dict) else None
