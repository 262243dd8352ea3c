"""The file of a cache; a damaged one is set aside and begun anew."""

import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from normstat.cache.quarantine import Identity, identity_of, set_aside
from normstat.cache.sqlite_errors import ERRORS, Trouble, reason
from normstat.errors import UsageError
from normstat.files import ensure_writable, shown
from normstat.images import FORMATS
from normstat.urls import is_url

T = TypeVar("T")
Action = Callable[[sqlite3.Connection], T]

# "norm": file(1) and other programs tell by it whose a file is.
_APPLICATION = 0x6E6F726D
_SCHEMA = 1
# Bytes all through: what is damaged may be no text.
_TABLES = (
    """CREATE TABLE contexts
    (digest BLOB PRIMARY KEY, data BLOB, split BLOB, settings BLOB, versions BLOB)""",
    """CREATE TABLE rows
    (id INTEGER PRIMARY KEY, context BLOB, name BLOB, lead BLOB, samples BLOB, value BLOB,
    checksum BLOB, used INTEGER, UNIQUE (context, name))""",
    "CREATE INDEX leads ON rows (context, lead)",
    f"PRAGMA application_id = {_APPLICATION}",
    f"PRAGMA user_version = {_SCHEMA}",
)
# Seconds to wait for another run's write, which is short.
_PATIENCE = 1.0
_HURRIED = 0.2  # of a process that is to be gone within a second


class NotOurs(Exception):
    """An SQLite file of another program, or of another version of this one; left alone."""


class Database:
    """The file, as long as it can be used.

    Nothing here raises because of the file: a damaged one is set aside and begun anew; of one that
    cannot be read or written the user is warned once, and the run goes on without it. The file is
    made if there is none; :func:`refuse_path` says where there can be none.
    """

    def __init__(self, path: str, warn: Callable[[str], None]) -> None:
        refuse_path(path)
        self._path = os.path.realpath(path)
        self._name = shown(path)
        self._warn = warn
        self._lock = threading.RLock()  # rows are looked up in the threads of an executor
        self._connection: sqlite3.Connection | None = None
        self._identity: Identity | None = None
        self._replaced = False
        #: False once writing has failed for good.
        self.writable = True
        self._open()

    @property
    def usable(self) -> bool:
        """True while the file is open."""
        return self._connection is not None

    def read(self, action: Action[T], otherwise: T) -> T:
        """The result of the action, or `otherwise` where the file cannot be used."""
        with self._lock:
            try:
                return action(self._connection) if self._connection else otherwise
            except ERRORS as error:
                self._handle(error)
                return otherwise

    def write(self, action: Action[None]) -> bool:
        """Run the action as one transaction; false if it has to be tried again later."""
        with self._lock:
            while self._connection and self.writable:
                try:
                    _transaction(self._connection, action)
                    return True
                except ERRORS as error:
                    if self._handle(error, writing=True) is Trouble.BUSY:
                        return False
            return True

    def give_up(self, reason: str) -> None:
        """Write no more; the reason is in brackets."""
        if self.writable:
            self.writable = False
            self._warn(f"{self._name}: cannot be written {reason}; nothing more is kept there")

    def hurry(self) -> None:
        """From now on hardly wait for another run's write."""
        self.read(lambda file: file.execute(f"PRAGMA busy_timeout = {int(_HURRIED * 1000)}"), None)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection:
                with suppress(sqlite3.Error):
                    connection.close()

    def _open(self) -> None:
        self._identity = identity_of(self._path)
        try:
            self._connection = connect(self._path)
            if not is_cache(self._connection):
                _transaction(self._connection, _make_tables)
            self._identity = identity_of(self._path)
        except NotOurs as error:
            self.close()
            self._warn(f"{self._name}: {error}; this run goes on without a cache")
        except ERRORS as error:
            if self._handle(error) is Trouble.BUSY:
                self.close()
                self._warn(f"{self._name}: is locked; this run goes on without a cache")

    def _handle(self, error: Exception, writing: bool = False) -> Trouble:
        trouble = Trouble.of(error)
        if trouble is Trouble.BUG:
            raise error
        if trouble is Trouble.DAMAGED:
            self._begin_anew()
        elif trouble is Trouble.STORAGE and writing:
            self.give_up(reason(self._path, error))
        elif trouble is Trouble.STORAGE:
            self.close()
            why = reason(self._path, error)
            self._warn(f"{self._name}: cannot be used {why}; this run goes on without a cache")
        return trouble

    def _begin_anew(self) -> None:
        """Set the damaged file aside, once: what is damaged again is due to something else."""
        self.close()
        if self._replaced:
            self._warn(f"{self._name}: is damaged again; this run goes on without a cache")
            return
        self._replaced = True
        try:
            aside = set_aside(self._path, self._identity)
        except OSError as error:
            self._warn(
                f"{self._name}: is no cache, or damaged, and cannot be set aside "
                f"({error.strerror}); this run goes on without a cache"
            )
            return
        if aside:
            self._warn(
                f"{self._name}: is no cache, or damaged: set aside as {shown(aside)}, a new one "
                "is begun"
            )
        self._open()


def refuse_path(path: str) -> None:
    """Refuse before any work what can be no cache, or cannot be made."""
    if is_url(path):
        raise UsageError(f"{shown(path)}: a cache is a file of this machine; give it a path")
    extension = os.path.splitext(path)[1].lower()
    if extension in FORMATS or extension == ".json":
        cure = "give it another name, such as normstat.cache"
        raise UsageError(f"{shown(path)}: a cache is no {extension} file; {cure}")
    if os.path.isfile(path):
        return
    if os.path.exists(path) and not os.path.isdir(path):
        raise UsageError(f"{shown(path)}: is no file, which a cache has to be")
    ensure_writable(path)


def connect(path: str) -> sqlite3.Connection:
    """A connection that trusts nothing in the file."""
    # An absolute path: ":memory:" would be something else.
    connection = sqlite3.connect(
        os.path.abspath(path), timeout=_PATIENCE, isolation_level=None, check_same_thread=False
    )
    connection.text_factory = bytes
    try:
        for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "synchronous = NORMAL"):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def is_cache(connection: sqlite3.Connection) -> bool:
    """True if the file is a cache already, false if it is empty; others are NotOurs."""
    ((application,),) = connection.execute("PRAGMA application_id")
    ((version,),) = connection.execute("PRAGMA user_version")
    ((things,),) = connection.execute("SELECT count(*) FROM sqlite_master")
    if (application, version, things) == (0, 0, 0):
        return False
    if application != _APPLICATION:
        raise NotOurs("is an SQLite file of another program and left as it is")
    if version != _SCHEMA:
        raise NotOurs(f"is a cache of another version of normstat ({version}) and left as it is")
    for columns in ("digest FROM contexts", "id FROM rows"):  # an error if they are not there
        connection.execute(f"SELECT {columns} LIMIT 0")  # fixed text
    return True


def _make_tables(connection: sqlite3.Connection) -> None:
    if is_cache(connection):  # another run was faster
        return
    for statement in _TABLES:
        connection.execute(statement)


def _transaction(connection: sqlite3.Connection, action: Action[None]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        action(connection)
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # of what has failed nothing is left
            connection.execute("ROLLBACK")
        raise
