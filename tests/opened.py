"""DATA as a command opens it."""

from collections.abc import Mapping
from os import PathLike
from typing import Any

from normstat.sources import Source, SourceOptions, open_source


def opened(
    path: str | PathLike[str], split_dirs: Mapping[str, str] | None = None, **options: Any
) -> Source:
    """Images in a folder, or in whatever else; options by name, those of globs as any iterable."""
    for name in ("include", "exclude"):
        options[name] = tuple(options.get(name, ()))
    return open_source(path, SourceOptions(split_dirs or {}, **options))
