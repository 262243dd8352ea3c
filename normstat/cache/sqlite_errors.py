"""What SQLite's errors mean: for the file, for its disk, or for this program."""

import os
import sqlite3
from enum import Enum, auto

from normstat.files import disk_of

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
# What is wrong with the storage, not with what is stored.
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
# Of which it helps to know whose disk it is.
_OF_THE_DISK = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
# Raised for how SQLite is called, whatever the file is like.
_OURS = (sqlite3.ProgrammingError, sqlite3.InterfaceError, sqlite3.NotSupportedError)

#: All that SQLite raises: a message that quotes damaged text may be no text itself.
ERRORS = (sqlite3.Error, UnicodeError)


class Trouble(Enum):
    """What an error means for what comes next.

    Examples
    --------
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
    """SQLite's words, in brackets, and what they leave open: whose disk it is, and what is free."""
    code = _code(error)
    tells = code in _OF_THE_DISK or (code == sqlite3.SQLITE_READONLY and _is_read_only(path))
    return f"({error}){disk_of(path) if tells else ''}"


def _is_read_only(path: str) -> bool:
    """Whether it is the disk that cannot be written, whatever the rights; False if none tells."""
    try:
        status = os.statvfs(os.path.dirname(os.path.realpath(path)))
    except (AttributeError, OSError):  # there is no such call on Windows
        return False
    return bool(status.f_flag & os.ST_RDONLY)


def _code(error: Exception) -> int:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    return int(code) & 0xFF  # the rest only tells kinds of the same
