"""Places to look for images, and the shards to read from them."""

from normstat.sources.folder import Folder
from normstat.sources.protocol import Layout, Source, Survey
from normstat.sources.splits import ALL, SPLIT_WORDS, split_names

__all__ = ["ALL", "SPLIT_WORDS", "Folder", "Layout", "Source", "Survey", "split_names"]
