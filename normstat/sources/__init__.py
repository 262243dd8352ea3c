"""Places to look for images, and the shards to read from them."""

import os
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from normstat.lazy import Row
from normstat.sources.labels import LABELS
from normstat.sources.local_files import LocalFiles
from normstat.sources.source import Selection, Source
from normstat.sources.split_words import ALL, SPLIT_WORDS, exact_glob, quoted, said, split_names
from normstat.sources.survey import Folders, Survey

#: Kind of source → class that opens one.
SOURCES: Mapping[str, Row] = MappingProxyType({"folder": Row("normstat.sources.folder:Folder")})

__all__ = [
    "ALL",
    "LABELS",
    "SOURCES",
    "SPLIT_WORDS",
    "Folders",
    "LocalFiles",
    "Selection",
    "Source",
    "Survey",
    "exact_glob",
    "open_source",
    "quoted",
    "said",
    "split_names",
]


def open_source(
    path: str | os.PathLike[str],
    split_dirs: Mapping[str, str] | None = None,
    include: Iterable[str] = (),
    exclude: Iterable[str] = (),
    labels: str = "skip",
) -> Source:
    """Open DATA, once for a command.

    Parameters
    ----------
    path : of DATA: a folder.
    split_dirs, include, exclude, labels : see :class:`normstat.sources.folder.Folder`.

    Raises
    ------
    UsageError
        It cannot be read, or an option is out of range.
    """
    kind = "folder"  # which refuses what is none
    source: Source = SOURCES[kind].load()(path, split_dirs, include, exclude, labels)
    return source
