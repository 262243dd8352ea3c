"""Parquet files keep the laws of all sources."""

from collections import Counter
from pathlib import Path

import parquet_files
from source_contract import SourceContract

from normstat.sources import Source, open_source


class TestParquet(SourceContract):
    """The same files in a column, with their names; a row group for each folder."""

    below = "data.parquet/"
    name = "data.parquet"
    gone = ("changed_while_read",)

    def put(self, root: Path, images: dict[str, bytes]) -> None:
        images = dict(sorted(images.items()))
        groups = Counter(name.rpartition("/")[0] for name in images).values()
        parquet_files.write(root, {"image": parquet_files.structs(images)}, list(groups))

    def opened(self, root: Path) -> Source:
        return open_source(root)
