"""The stats file: human first, machine complete, the same bytes for the same data.

And, in the same words but for machines only, the state that a cache keeps.
"""

import os
import re
from os import PathLike, fspath

from normstat import files
from normstat.errors import StatsFileError
from normstat.files import shown
from normstat.stats import Stats
from normstat.statsfile.from_json import loads
from normstat.statsfile.tallies import ROWS, dumps_counts, loads_counts
from normstat.statsfile.to_json import SCHEMA, dumps, render, summary

# Four million records of unreadable images, or the counts of 512 channels of 16 bits.
_MOST_BYTES = 1 << 30
_END = 1 << 12
_START = re.compile(rb'\s*\{\s*"schema"\s*:\s*"normstat/stats/')

__all__ = [
    "ROWS",
    "SCHEMA",
    "dumps",
    "dumps_counts",
    "is_stats_file",
    "load",
    "loads",
    "loads_counts",
    "render",
    "save",
    "summary",
]


def save(stats: Stats, file: str | PathLike[str]) -> None:
    """Write a stats file, whole or not at all.

    Raises
    ------
    OutputError
        It cannot be written; an old file is intact.
    """
    files.write(file, dumps(stats).encode("utf-8"))


def load(file: str | PathLike[str]) -> Stats:
    """Read a stats file.

    Raises
    ------
    StatsFileError
        It cannot be read or used, or a number in it does not follow from the state of its split;
        the message has the JSON pointer of the problem.
    """
    try:
        _refuse_others(fspath(file))
        return loads(files.read(fspath(file)))
    except OSError as error:
        raise StatsFileError(
            f"{shown(file)}: cannot be read ({error.strerror}); normstat compute makes stats files"
        ) from error
    except StatsFileError as error:
        raise StatsFileError(f"{shown(file)}: {shown(str(error))}") from error


def is_stats_file(file: str | PathLike[str]) -> bool:
    """True for a local file that begins as stats files do, whatever else is in it.

    >>> is_stats_file("no such file"), is_stats_file(".")
    (False, False)
    """
    path = fspath(file)
    if not os.path.isfile(path):
        return False
    try:
        with files.opened(path) as opened:
            return _START.match(opened.read(_END)) is not None
    except OSError:  # who opens it says why
        return False


def _refuse_others(file: str) -> None:
    """Look at both ends, so that a large file of another kind is not read whole."""
    with files.opened(file) as opened:
        start = opened.read(_END).lstrip()
        size = opened.seek(0, os.SEEK_END)
        opened.seek(max(0, size - _END))
        end = opened.read(_END).rstrip()
    if start and end and not (start.startswith(b"{") and end.endswith(b"}")):
        raise StatsFileError(
            "is no stats file, or cut short: it should begin with { and end with }"
        )
    if size > _MOST_BYTES:
        raise StatsFileError(
            f"larger than {_MOST_BYTES >> 20} MiB, which no stats file is; record fewer images, "
            "or mend those that cannot be read: each is a record"
        )
