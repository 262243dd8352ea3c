"""Rows in and out of a cache."""

import sqlite3
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from normstat.cache.context import Context, Row, digest_of
from normstat.cache.database import Database
from normstat.cache.rows import Samples, has_rows, led_by, today, unpacked

# Seconds between two writes: what an end without any warning can lose.
_EVERY = 1.0
# Writes in a row that may find the file locked, each after twice the time: some minutes in all.
_TRIES = 8
_LOCKED = "(another run holds it)"
_FAST = 1
_INSERT = (
    "INSERT OR REPLACE INTO rows (context, name, lead, samples, value, checksum, used)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)


class Cache:
    """Finished work on disk, shared by any number of runs.

    The file is made if there is none; a UsageError or an OutputError if there can be none. `warn`
    is told if it is damaged, foreign, or cannot be written, and the run goes on. Rows that have
    reached the file are counted as `written`.

    >>> import os, tempfile
    >>> context = Context("/data", "val", "", "1")
    >>> samples = (b"a" * 16, b"b" * 16)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "cache")
    ...     cache = Cache(path, print)
    ...     cache.store(context, samples[1:], b"result of b")
    ...     done = cache.close()
    ...     cache = Cache(path, print)
    ...     found = [row.value for row in cache.find(context, samples)]
    ...     done = cache.close()
    >>> found
    [b'result of b']
    """

    def __init__(self, path: str, warn: Callable[[str], None]) -> None:
        self._database = Database(path, warn)
        self._contexts: set[Context] = set()
        self._begun: dict[Context, bool] = {}
        self._rows: list[tuple[bytes | int, ...]] = []
        self._used: list[tuple[int, int]] = []
        self._next_write = time.monotonic() + _EVERY
        self._locked = 0
        self.written = 0

    @property
    def keeps(self) -> bool:
        """True if stored rows will be found."""
        return self._database.usable and self._database.writable

    def find(self, context: Context, samples: Sequence[bytes]) -> Iterator[Row]:
        """Rows of some of these samples and no others, those with most first.

        Rows that are damaged are not among them. Two rows may have samples in common.
        """
        if not self._has_rows(context):
            return
        digest, wanted = context.digest(), set(samples)
        nothing: Samples = {}
        found = self._database.read(lambda file: led_by(file, digest, wanted), nothing)
        for number, row in sorted(found.items(), key=lambda item: -len(item[1])):
            load = partial(self._value, context=digest, number=number, samples=b"".join(row))
            if (value := self._database.read(load, None)) is not None:
                yield Row(row, value)

    def store(self, context: Context, samples: Sequence[bytes], value: bytes) -> None:
        """Keep the result of samples, at least one; it is written with others, within a second."""
        if not self.keeps:
            return
        self._contexts.add(context)
        digest, packed = context.digest(), b"".join(samples)
        compressed = zlib.compress(value, _FAST)
        name, checksum = digest_of([packed]), digest_of((digest, packed, compressed))
        # If its least sample is in a shard, the others may be.
        row = digest, name, min(samples), packed, compressed, checksum, today()
        self._rows.append(row)
        if time.monotonic() > self._next_write:
            self._flush()

    def close(self, hurry: bool = False) -> bool:
        """Write the remaining rows and close the file; true if all stored rows are there.

        In a hurry another run that holds the file is not waited for.
        """
        if hurry:
            self._database.hurry()
        if self._rows or self._used:
            self._flush()
        if self._rows:
            self._database.give_up(_LOCKED)
        kept = self.keeps
        self._database.close()
        return kept

    def _has_rows(self, context: Context) -> bool:
        """True if there were rows of the context at first; otherwise nothing is looked up."""
        if context not in self._begun:
            digest = context.digest()
            self._begun[context] = self._database.read(lambda file: has_rows(file, digest), False)
        return self._begun[context]

    def _value(
        self, file: sqlite3.Connection, context: bytes, number: int, samples: bytes
    ) -> bytes | None:
        query = "SELECT value, checksum, used FROM rows WHERE id = ?"
        for compressed, checksum, used in file.execute(query, (number,)):
            value = unpacked(context, samples, compressed, checksum)
            if value is not None and used != today():
                self._used.append((today(), number))
            return value
        return None

    def _flush(self) -> None:
        if self._database.write(self._write):
            self.written += len(self._rows) if self.keeps else 0
            self._rows, self._locked = [], 0
        else:
            self._locked += 1
        if self._locked == _TRIES:
            self._database.give_up(_LOCKED)
        self._next_write = time.monotonic() + _EVERY * 2**self._locked

    def _write(self, file: sqlite3.Connection) -> None:
        contexts = [(context.digest(), *context.fields()) for context in self._contexts]
        file.executemany("INSERT OR IGNORE INTO contexts VALUES (?, ?, ?, ?, ?)", contexts)
        file.executemany(_INSERT, self._rows)
        # If the transaction fails these are lost: a day, not a number.
        used, self._used = self._used, []
        file.executemany("UPDATE rows SET used = ? WHERE id = ?", used)
