"""Files as a whole, on this machine or behind URLs: read completely, written so or not at all."""

from normstat.files.names import shown
from normstat.files.reading import (
    ByOffset,
    ChangedWhileReadError,
    NotRegularError,
    exists,
    opened,
    read,
    read_at,
)
from normstat.files.writing import disk_of, ensure_writable, unique, unwritten, write

__all__ = [
    "ByOffset",
    "ChangedWhileReadError",
    "NotRegularError",
    "disk_of",
    "ensure_writable",
    "exists",
    "opened",
    "read",
    "read_at",
    "shown",
    "unique",
    "unwritten",
    "write",
]
