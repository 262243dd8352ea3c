"""The stats file: human first, machine complete, the same bytes for the same data."""

from os import PathLike, fspath

from normstat import files
from normstat.errors import StatsFileError
from normstat.files import shown
from normstat.stats import Stats
from normstat.statsfile.reading import loads
from normstat.statsfile.writing import SCHEMA, dumps, render

__all__ = ["SCHEMA", "dumps", "load", "loads", "render", "save"]


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
        It cannot be read or used; the message has the JSON pointer of the problem.
    """
    try:
        return loads(files.read(fspath(file)))
    except OSError as error:
        raise StatsFileError(f"{shown(file)}: cannot be read ({error.strerror})") from error
    except StatsFileError as error:
        raise StatsFileError(f"{shown(file)}: {error}") from error
