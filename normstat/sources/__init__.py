"""Places to look for images, and the shards to read from them."""

from normstat.sources.folder import Folder
from normstat.sources.protocol import Selection, Source, Survey
from normstat.sources.splits import ALL, SPLIT_WORDS, split_names

__all__ = ["ALL", "SPLIT_WORDS", "Folder", "Selection", "Source", "Survey", "split_names"]
