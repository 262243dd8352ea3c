"""TOML."""

import tomllib
from typing import Any

from normstat.conventions.formats.utf8 import utf8
from normstat.errors import StatsFileError


def content(data: bytes) -> Any:
    """The value of a TOML text; a StatsFileError if it is none.

    >>> content(b"mean = [0.5]")
    {'mean': [0.5]}
    """
    try:
        return tomllib.loads(utf8(data))
    except RecursionError as error:
        raise StatsFileError("nested too deeply") from error
    except ValueError as error:  # tomllib's own, and Python's for an endless integer
        raise StatsFileError(f"not TOML: {error}") from error
