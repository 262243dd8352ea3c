"""Finished shards on disk, so that no image need be decoded twice.

A file of rows (SQLite). A row has the digests of a shard's samples and their result: bytes that
this package neither makes nor reads. A fault of the file costs time, never a number: a row is used
only if its checksum holds.
"""

from normstat.cache.cache import Cache
from normstat.cache.context import Context, Row, sample_digest
from normstat.cache.database import refuse_path
from normstat.cache.upkeep import Content, contents, prune

__all__ = [
    "Cache",
    "Content",
    "Context",
    "Row",
    "contents",
    "prune",
    "refuse_path",
    "sample_digest",
]
