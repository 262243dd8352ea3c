"""Errors of SQLite by their meaning: for the file, for its disk, or for this program."""

import os
import sqlite3
from enum import Enum, auto

from normstat.files import disk_of

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
# Of the storage, not of its content.
_STORAGE = {
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOLFS,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_TOOBIG,
}
# For these the message names the disk.
_OF_THE_DISK = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
# Raised for how SQLite is called, whatever the file is like.
_OURS = (sqlite3.ProgrammingError, sqlite3.InterfaceError, sqlite3.NotSupportedError)

#: All that SQLite raises: a message that quotes damaged text may be no text itself.
ERRORS = (sqlite3.Error, UnicodeError)


class Trouble(Enum):
    """Meaning of an error: the file is locked, unreachable, damaged, or used wrongly.

    >>> Trouble.of(sqlite3.ProgrammingError("Cannot operate on a closed database."))
    <Trouble.BUG: 4>
    """

    BUSY = auto()
    STORAGE = auto()
    DAMAGED = auto()
    BUG = auto()

    @classmethod
    def of(cls, error: Exception) -> "Trouble":
        if isinstance(error, _OURS):
            return cls.BUG
        code = _code(error)
        if code in _BUSY:
            return cls.BUSY
        return cls.STORAGE if code in _STORAGE else cls.DAMAGED


def reason(path: str, error: Exception) -> str:
    """SQLite's words, in brackets; where the disk is at fault, its name and free space."""
    code = _code(error)
    tells = code in _OF_THE_DISK or (code == sqlite3.SQLITE_READONLY and _is_read_only(path))
    return f"({error}){disk_of(path) if tells else ''}"


def _is_read_only(path: str) -> bool:
    """True if the file system is mounted read-only; False where the system cannot tell."""
    try:
        status = os.statvfs(os.path.dirname(os.path.realpath(path)))
    except (AttributeError, OSError):  # there is no such call on Windows
        return False
    return bool(status.f_flag & os.ST_RDONLY)


def _code(error: Exception) -> int:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    return int(code) & 0xFF  # the rest only tells kinds of the same
