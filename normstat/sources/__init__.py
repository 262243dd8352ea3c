"""Places to look for images, and the shards to read from them."""

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from normstat.sources.kind import FOLDER, LIST, Kind, kind_held, kind_of
from normstat.sources.local_files import LocalFiles
from normstat.sources.options import SourceKeywords, SourceOptions
from normstat.sources.source import Selection, Source
from normstat.sources.survey import Folders, Survey
from normstat.sources.texts import STDIN
from normstat.sources.tree.labels import LABELS
from normstat.sources.tree.split_words import (
    ALL,
    SPLIT_WORDS,
    exact_glob,
    quoted,
    said,
    split_names,
)

_OF_TABLES = (
    *("root", "ext", "path_column", "split_column", "label_column", "split_by", "duplicates"),
)
#: Kind of source → function that opens one.
SOURCES: Mapping[str, Kind] = MappingProxyType(
    {
        "folder": Kind("normstat.sources.folder:open_folder", what="a folder of images"),
        "list": Kind(
            "normstat.sources.name_list:open_list",
            what="a list of names",
            takes=("root", "ext", "duplicates", "from0"),
            endings=(".txt",),
            in_folders=False,
        ),
        "table": Kind(
            "normstat.sources.table:open_table",
            what="a table",
            takes=_OF_TABLES,
            endings=(".csv", ".tsv", ".jsonl", ".ndjson"),
            in_folders=False,
        ),
        "coco": Kind(
            "normstat.sources.coco:open_coco",
            what="a list of images in JSON",
            takes=_OF_TABLES,
            endings=(".json",),
            in_folders=False,
        ),
        "yolo": Kind(
            "normstat.sources.yolo:open_yolo",
            "yaml",
            what="the YAML file of a data set",
            takes=("root", "duplicates"),
            endings=(".yaml", ".yml"),
            in_folders=False,
        ),
        "tar": Kind("normstat.sources.tar:open_tar", what="a tar archive", endings=(".tar",)),
    }
)

__all__ = [
    "ALL",
    "LABELS",
    "SOURCES",
    "SPLIT_WORDS",
    "Folders",
    "LocalFiles",
    "Selection",
    "Source",
    "SourceKeywords",
    "SourceOptions",
    "Survey",
    "exact_glob",
    "open_source",
    "quoted",
    "said",
    "split_names",
]


def open_source(
    path: str | os.PathLike[str],
    options: SourceOptions | None = None,
    recorded: Mapping[str, Any] | None = None,
) -> Source:
    """Open DATA, once for a command.

    Parameters
    ----------
    path : of DATA, whose name and content tell its kind; ``-`` is a list on the standard input.
    options : see :class:`SourceOptions`; None for the usual ones.
    recorded : the kind and its options, as an earlier source has recorded them; if DATA is of that
        kind, they stand in for options that are not given.

    Raises
    ------
    UsageError
        It cannot be read, is of no known kind, or an option is out of range.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as root:
    ...     open(f"{root}/a.png", "w").close()
    ...     open_source(root).record()["source"]
    {'kind': 'folder'}
    """
    path, options = os.fspath(path), options or SourceOptions()
    kind = LIST if path == STDIN or options.files_from == path else kind_of(path, SOURCES)
    folder = SOURCES[kind].load()(path, options) if kind == FOLDER else None
    if folder:
        kind = kind_held(folder.catalog, SOURCES)
    row = SOURCES[kind]
    options.refuse_unused(row.takes, row.what)
    if recorded and recorded["kind"] == kind:
        options = options.completed(recorded)
    source: Source = folder if folder and kind == FOLDER else row.load()(path, options)
    return source
