"""Rows of the file: finding them, and telling whole ones from damaged ones."""

import sqlite3
import time
import zlib
from collections.abc import Collection
from typing import TypeAlias

from normstat.cache.context import digest_of, split_samples

# SQLite before 3.32 takes no more than 999 parameters.
_CHUNK = 500
_DAY = 86400


#: Number of a row in the file → digests of its samples.
Samples: TypeAlias = dict[int, tuple[bytes, ...]]


def led_by(file: sqlite3.Connection, context: bytes, samples: Collection[bytes]) -> Samples:
    """Rows that have these samples only, whole or not."""
    found: Samples = {}
    leads = sorted(samples)
    among = set(samples)
    for start in range(0, len(leads), _CHUNK):
        chunk = leads[start : start + _CHUNK]
        marks = ",".join("?" * len(chunk))
        query = f"SELECT id, samples FROM rows WHERE context = ? AND lead IN ({marks})"  # noqa: S608  # question marks only
        for number, packed in file.execute(query, (context, *chunk)):
            row = split_samples(packed)
            if row and len(among.intersection(row)) == len(row):
                found[number] = row
    return found


def has_rows(file: sqlite3.Connection, context: bytes) -> bool:
    """True if there is a row of the context."""
    query = "SELECT 1 FROM rows WHERE context = ? LIMIT 1"
    return file.execute(query, (context,)).fetchone() is not None


def unpacked(context: bytes, samples: bytes, compressed: object, checksum: object) -> bytes | None:
    """The value of a row; None if any of it is damaged."""
    if not isinstance(compressed, bytes) or checksum != digest_of((context, samples, compressed)):
        return None
    try:
        return zlib.decompress(compressed)
    except zlib.error:  # somebody made it up
        return None


def today() -> int:
    """Days since 1970, in UTC."""
    return int(time.time()) // _DAY
