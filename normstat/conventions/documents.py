"""A JSON or TOML file as values that know where they stand."""

import contextlib
import tomllib
from collections.abc import Iterator

from normstat import files
from normstat.errors import StatsFileError, UsageError
from normstat.files import shown
from normstat.statsfile.json_reader import Node, parse

# No configuration is that long, so what is longer is another file given by mistake.
_MOST_BYTES = 16 << 20


def document(file: str) -> Node:
    """The content of a file, TOML if its name ends so, otherwise JSON; a UsageError if neither."""
    try:
        with files.opened(file) as opened:
            data = opened.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{shown(file)}: cannot be read ({reason})") from error
    if len(data) > _MOST_BYTES:
        most = f"{_MOST_BYTES >> 20} MiB"
        raise UsageError(f"{shown(file)}: larger than {most}, so not a configuration")
    with naming(file):
        return _toml(data) if file.lower().endswith(".toml") else parse(data)


@contextlib.contextmanager
def naming(file: str) -> Iterator[None]:
    """Refusals inside name the file.

    >>> with naming("a.json"):
    ...     Node({"mean": "?"}, "")["mean"].number()
    Traceback (most recent call last):
    normstat.errors.UsageError: a.json: /mean: should be a finite number
    """
    try:
        yield
    except StatsFileError as error:
        raise UsageError(f"{shown(file)}: {shown(str(error))}") from error


def _toml(data: bytes) -> Node:
    try:
        return Node(tomllib.loads(data.decode("utf-8")), "")
    except UnicodeDecodeError as error:
        raise StatsFileError("not UTF-8") from error
    except RecursionError as error:
        raise StatsFileError("nested too deeply") from error
    except ValueError as error:  # tomllib's own, and Python's for an endless integer
        raise StatsFileError(f"not TOML: {error}") from error
