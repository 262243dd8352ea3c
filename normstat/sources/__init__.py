"""Places to look for images, and the shards to read from them.

Kinds of DATA are rows of the table in :mod:`normstat.sources.source_kinds`. A worker imports the
module of its container, and nothing of how DATA was found.
"""

from typing import TYPE_CHECKING

from normstat.lazy import attributes

if TYPE_CHECKING:
    from normstat.sources.options import Images, Places, SourceKeywords, SourceOptions
    from normstat.sources.source import Selection, Source
    from normstat.sources.source_kinds import SOURCES, open_source
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

__all__ = [
    "ALL",
    "LABELS",
    "SOURCES",
    "SPLIT_WORDS",
    "Folders",
    "Images",
    "Places",
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

__getattr__ = attributes(
    __name__,
    {
        "ALL": "normstat.sources.tree.split_words",
        "LABELS": "normstat.sources.tree.labels",
        "SOURCES": "normstat.sources.source_kinds",
        "SPLIT_WORDS": "normstat.sources.tree.split_words",
        "Folders": "normstat.sources.survey",
        "Images": "normstat.sources.options",
        "Places": "normstat.sources.options",
        "Selection": "normstat.sources.source",
        "Source": "normstat.sources.source",
        "SourceKeywords": "normstat.sources.options",
        "SourceOptions": "normstat.sources.options",
        "Survey": "normstat.sources.survey",
        "exact_glob": "normstat.sources.tree.split_words",
        "open_source": "normstat.sources.source_kinds",
        "quoted": "normstat.sources.tree.split_words",
        "said": "normstat.sources.tree.split_words",
        "split_names": "normstat.sources.tree.split_words",
    },
)
