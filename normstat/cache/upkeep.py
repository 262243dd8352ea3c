"""Upkeep of a cache: list its contents, remove rows."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta

from normstat.cache.context import Context, split_samples
from normstat.cache.database import NotOurs, connect, is_cache
from normstat.cache.rows import led_by, today, unpacked
from normstat.cache.sqlite_errors import ERRORS, Trouble, reason
from normstat.errors import OutputError, UsageError, option
from normstat.files import shown
from normstat.images import path_from_bytes

_DAY_ZERO = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Content:
    """The rows of one context, which is None if it is damaged.

    Attributes
    ----------
    images : how many different ones there are in the rows; changed ones count as others.
    used : the last day, in UTC, on which a row was written or read; None if that is damaged.
    """

    context: Context | None
    rows: int
    images: int
    bytes: int
    used: date | None


def contents(path: str) -> list[Content]:
    """Contents of a cache by DATA and split, of each those used last first.

    A UsageError if it is no cache, or cannot be read.
    """
    query = """
        SELECT count(*), sum(length(samples) + length(value)), max(used),
            data, split, settings, versions, context
        FROM rows LEFT JOIN contexts ON digest = context GROUP BY context
    """
    with _opened(path) as file:
        rows = file.execute(query).fetchall()
        return sorted((_content(_images(file, row[-1]), *row) for row in rows), key=_place)


def prune(path: str, days: int) -> int:
    """Remove rows that are not needed, and free their space.

    Those are rows that were last used more than so many days ago, damaged ones, and rows whose
    samples all are in another one that was used on a later day. Of rows that were used on the same
    day each may be what the next run needs: images come, and they go. 0 days leave those that were
    used today.

    Their number; a UsageError if it is no cache or cannot be read, an OutputError if it cannot be
    written or another run holds it.
    """
    with _opened(path) as file:
        file.execute("BEGIN IMMEDIATE")
        used = dict(file.execute("SELECT id, used FROM rows"))
        oldest = today() - days
        needless = {n for n, day in used.items() if not isinstance(day, int) or day < oldest}
        needless.update(_damaged(file))
        for number, contained in _contained(file):
            if number not in needless:
                others = contained - needless
                needless.update(other for other in others if used[other] < used[number])
        file.executemany("DELETE FROM rows WHERE id = ?", ((number,) for number in needless))
        file.execute("DELETE FROM contexts WHERE digest NOT IN (SELECT context FROM rows)")
        file.execute("COMMIT")
        file.execute("VACUUM")
    return len(needless)


def _images(file: sqlite3.Connection, context: object) -> int:
    """Number of different samples in the rows of a context."""
    query = "SELECT samples FROM rows WHERE context IS ?"
    samples: set[bytes] = set()
    for (packed,) in file.execute(query, (context,)):
        samples.update(split_samples(packed))
    return len(samples)


def _content(images: int, *row: object) -> Content:
    rows, size, used, *context, digest = row
    day = _DAY_ZERO + timedelta(used) if isinstance(used, int) and 0 <= used < 10**6 else None
    return Content(_context(context, digest), _whole(rows), images, _whole(size), day)


def _place(content: Content) -> tuple[object, ...]:
    """Sort key: DATA, split, age; damaged contexts last."""
    if not content.context:
        return (True,)
    data, split, settings, versions = content.context.fields()
    age = date.max - (content.used or date.min)
    return False, data, split, age, settings, versions


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def _context(fields: list[object], digest: object) -> Context | None:
    texts = [field for field in fields if isinstance(field, bytes)]
    if len(texts) != len(fields):
        return None
    data, *others = texts
    try:
        context = Context(path_from_bytes(data), *(text.decode() for text in others))
    except UnicodeDecodeError:
        return None
    return context if context.digest() == digest else None


def _contained(file: sqlite3.Connection) -> Iterator[tuple[int, set[int]]]:
    """Of each row: those that it makes needless."""
    for number, context, packed in file.execute("SELECT id, context, samples FROM rows"):
        samples = set(split_samples(packed))
        if samples and isinstance(context, bytes):
            rows = led_by(file, context, samples)
            yield number, {other for other, row in rows.items() if len(row) < len(samples)}


def _damaged(file: sqlite3.Connection) -> Iterator[int]:
    for number, *row in file.execute("SELECT id, context, samples, value, checksum FROM rows"):
        context, samples, compressed, checksum = row
        whole = isinstance(context, bytes) and isinstance(samples, bytes)
        if not whole or unpacked(context, samples, compressed, checksum) is None:
            yield number


@contextmanager
def _opened(path: str) -> Iterator[sqlite3.Connection]:
    name, compute = shown(path), f"compute {option('cache', ...)}"
    if not os.path.isfile(path):
        raise UsageError(f"{name}: there is no such file; {compute} makes one")
    try:
        with closing(connect(path)) as file:
            if not is_cache(file):
                raise UsageError(f"{name}: is empty; {compute} fills it")
            yield file
    except NotOurs as error:
        raise UsageError(f"{name}: {error}") from error
    except ERRORS as error:
        match Trouble.of(error):
            case Trouble.BUG:
                raise
            case Trouble.BUSY:
                words = "another run is writing it; try again when that has ended"
                raise OutputError(f"{name}: {words}") from error
            case Trouble.STORAGE:
                words = f"cannot be read or written {reason(path, error)}"
                raise OutputError(f"{name}: {words}") from error
            case Trouble.DAMAGED:
                words = f"is no cache, or damaged ({error})"
                cure = "the next run that is given it sets it aside"
                raise UsageError(f"{name}: {words}; {cure}") from error
