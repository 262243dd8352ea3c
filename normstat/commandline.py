"""Words of a command line, read before it is parsed or after it was interrupted."""

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice, pairwise, takewhile

from normstat.urls import is_url, scheme_of

# Ending of a file → module that takes long to import, and is needed to read it.
_SLOW = {".parquet": "normstat.sources.parquet_rows", ".h5": "h5py", ".hdf5": "h5py"}
# As many names in a folder tell which files it has.
_LOOKED_AT = 16


def value_of(flag: str, words: Sequence[str]) -> str | None:
    """The value of an option, in either of its spellings; the last if there are several.

    >>> value_of("--cache", ["compute", "data", "--cache=a"])
    'a'
    """
    found = None
    options = list(takewhile(lambda word: word != "--", words))
    for number, word in enumerate(options):
        if word.startswith(f"{flag}="):
            found = word.removeprefix(f"{flag}=")
        elif word == flag and number + 1 < len(options):
            found = options[number + 1]
    return found


def cache_file(words: Sequence[str]) -> str | None:
    """The value of ``--cache``."""
    return value_of("--cache", words)


def needed_to_read(words: Sequence[str]) -> Iterator[str]:
    """Modules that workers need to read DATA and take long to import, as far as names tell.

    >>> list(needed_to_read(["compute", "train.parquet"]))
    ['normstat.sources.parquet_rows']
    >>> list(needed_to_read(["compute", "photos", "-o", "s3://bucket/stats.json"]))
    []
    """
    for before, word in pairwise(("", *words)):
        if before.startswith("-"):  # the value of an option, which no worker reads
            continue
        names = [word, *_names_in(word)]
        yield from (
            module
            for ending, module in _SLOW.items()
            if any(name.lower().endswith(ending) for name in names)
        )
        if is_url(word):
            from normstat.sources.stores import STORES
            from normstat.urls import SCHEMES

            yield "normstat.sources.remote_files"
            rows = (table.get(scheme_of(word)) for table in (SCHEMES, STORES))
            yield from (row.path.partition(":")[0] for row in rows if row)


def _names_in(path: str) -> list[str]:
    """The first names in a folder, as the system lists them; none if it cannot be listed."""
    with suppress(OSError, ValueError), os.scandir(path) as entries:
        return [entry.name for entry in islice(entries, _LOOKED_AT)]
    return []


def how_to_continue(words: Sequence[str], kept: str = "") -> str:
    """Advice after an interruption; ``kept`` is a clause on work that is safe in a cache.

    Without it no work counts as kept: a cache may be unusable, or have nothing yet.
    """
    command = words[0] if words else ""
    if kept:
        return f"{kept}, and the same command continues"
    if command in ("apply", "normalize"):
        return _how_apply_continues(words)
    if command in ("compute", "check") and cache_file(words) is None:
        return "the same command begins again; with --cache FILE it could continue"
    if command == "invert" and "--overwrite" not in words:
        return "the same command with --overwrite begins again"
    return "the same command begins again"


def _how_apply_continues(words: Sequence[str]) -> str:
    if "--dry-run" in words:
        return "nothing was to be written"
    if "--skip-existing" in words:
        return "the same command continues"
    instead = " in place of --overwrite" if "--overwrite" in words else ""
    return f"the same command with --skip-existing{instead} continues"
