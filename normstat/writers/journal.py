"""The outputs that a run is about to write, noted before it does.

A run that is killed may have written more than its index tells. A run that replaces it has to
find all of that: later it would pass for a result.
"""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import groupby
from unicodedata import normalize
from zlib import crc32

from normstat import files
from normstat.errors import UsageError, option
from normstat.files import shown
from normstat.images import path_bytes, path_from_text, path_text

#: In OUT, from the start of a run to its end; a JSON string on each line.
PLANNED = "normstat.partial.jsonl"
_PART = 1 << 24
_FOLDS = sys.platform in ("darwin", "win32")


def plan(root: str, outputs: Iterable[str], name: str = PLANNED) -> None:
    """Note outputs in a file of OUT, after those of earlier runs that did not end either."""
    with open(f"{root}/{name}", "a", encoding="ascii") as file:
        file.write("\n")  # the last line of a run that was killed may have no end
        file.writelines(json.dumps(path_text(output)) + "\n" for output, _ in groupby(outputs))


def refuse_no_list(root: str, name: str = PLANNED) -> None:
    """Refuse to go on with a list that is no file of its own: lines are added to it."""
    path = f"{root}/{name}"
    # A link may lead to an image, and a FIFO may never take a line.
    if os.path.lexists(path) and (os.path.islink(path) or not os.path.isfile(path)):
        raise UsageError(
            f"{shown(path)}: is not a regular file, so no run can be continued here; remove it, or "
            f"replace what is there with {option('overwrite', True)}"
        )


def planned(root: str, name: str = PLANNED) -> Iterator[str]:
    """The outputs that were noted; lines that are not whole are passed over."""
    with (
        suppress(FileNotFoundError, files.NotRegularError),
        files.opened(f"{root}/{name}") as file,
    ):
        for line in file:
            try:
                output = array_inside(path_from_text(json.loads(line)))
            except (ValueError, AttributeError, RecursionError):
                continue
            yield output


def distinct(
    names: Callable[[], Iterable[str]],
    size: int,
    besides: Callable[[], Iterable[str]] = tuple,
) -> Iterator[str]:
    """Each name once, but for those of others.

    They are taken part by part, so that memory does not grow with `size`, the bytes of the files
    that the names are in: `names` and `besides` are called once for each part.
    """
    parts = size // _PART + 1
    for part in range(parts):

        def is_here(name: str, part: int = part) -> bool:
            return crc32(path_bytes(folded(name))) % parts == part

        here = {folded(name): name for name in filter(is_here, names())}
        for name in filter(is_here, besides()):
            here.pop(folded(name), None)
        yield from here.values()


def folded(name: str) -> str:
    """The same for names that are the same file on this system.

    By default, on macOS and Windows case does not count, nor how an accented letter is composed.
    It is not tried out on the disk of OUT, where a dry run may not write; on another kind of disk
    users are asked to rename a file that need not be renamed.
    """
    if not _FOLDS:
        return name
    return normalize("NFC", normalize("NFC", name).casefold())


def inside(path: str) -> str:
    """A path that a file tells; ValueError if it leads out of the folder.

    >>> inside("../1.jpg")
    Traceback (most recent call last):
    ValueError: leads out of the folder
    """
    if os.path.isabs(path) or ".." in path.split("/") or "\0" in path:
        raise ValueError("leads out of the folder")
    return path


def array_inside(path: str) -> str:
    """The same for an array.

    >>> array_inside("train/1.jpg")
    Traceback (most recent call last):
    ValueError: is no array
    """
    if not path.endswith(".npy"):
        raise ValueError("is no array")
    return inside(path)
