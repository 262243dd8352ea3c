"""Places to look for images, and the shards to read from them."""

from normstat.sources.folder import Folder
from normstat.sources.labels import LABELS
from normstat.sources.local_files import LocalFiles
from normstat.sources.source import Folders, Selection, Source, Survey
from normstat.sources.splits import ALL, SPLIT_WORDS, exact_glob, quoted, said, split_names

__all__ = [
    "ALL",
    "LABELS",
    "SPLIT_WORDS",
    "Folder",
    "Folders",
    "LocalFiles",
    "Selection",
    "Source",
    "Survey",
    "exact_glob",
    "quoted",
    "said",
    "split_names",
]
