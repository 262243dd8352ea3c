"""Places to look for images, and the shards to read from them."""

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from normstat.sources.kind import FOLDER, Kind, kind_held, kind_of
from normstat.sources.local_files import LocalFiles
from normstat.sources.options import SourceKeywords, SourceOptions
from normstat.sources.source import Selection, Source
from normstat.sources.survey import Folders, Survey
from normstat.sources.tree.labels import LABELS
from normstat.sources.tree.split_words import (
    ALL,
    SPLIT_WORDS,
    exact_glob,
    quoted,
    said,
    split_names,
)
from normstat.urls import local_path

#: Kind of source → function that opens one.
SOURCES: Mapping[str, Kind] = MappingProxyType(
    {
        "folder": Kind("normstat.sources.folder:open_folder", what="a folder of images"),
        "remote": Kind(
            "normstat.sources.remote:open_remote", "remote", what="a folder of images at a URL"
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
    path : of DATA, whose name and content tell its kind.
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
    path, options = local_path(os.fspath(path)), options or SourceOptions()
    kind = kind_of(path, SOURCES)
    folder = SOURCES[kind].load()(path, options) if kind == FOLDER else None
    if folder:
        kind = kind_held(folder.catalog, SOURCES)
    row = SOURCES[kind]
    options.refuse_unused(row.takes, row.what)
    if recorded and recorded["kind"] == kind:
        options = options.completed(recorded)
    source: Source = folder if folder and kind == FOLDER else row.load()(path, options)
    return source
