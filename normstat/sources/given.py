"""Files that DATA stands for: one, those in a folder, or those of a pattern."""

import glob
import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from normstat.errors import NothingToRead, UsageError
from normstat.files import shown
from normstat.images import path_bytes

_RANGE = re.compile(r"\{([^{}]*)\}")
_MAGIC = re.compile(r"[*?[{]")


class Given(NamedTuple):
    """Files that each hold many images.

    Attributes
    ----------
    root : DATA, as it was given.
    files : relative name → path; in byte order of names.
    """

    root: str
    files: dict[str, str]

    @property
    def identity(self) -> str:
        """Real path of DATA; a pattern is what it says."""
        return os.path.realpath(self.root)


def given_files(root: str, endings: tuple[str, ...]) -> Given:
    """The files with one of the endings that DATA stands for.

    Parameters
    ----------
    root : DATA: a file, whatever its name; a folder, which is looked through; or a pattern with
        ``*``, ``?``, ``[...]`` or braces, as in ``train-{000..015}.tar``. What braces say is there
        whether or not it exists.

    Raises
    ------
    UsageError
        There is no such file.

    Examples
    --------
    >>> list(given_files("data/train-{08..10}.tar", (".tar",)).files)
    ['train-08.tar', 'train-09.tar', 'train-10.tar']
    """
    top = folder_of(root)
    if os.path.isdir(root):
        paths = [path for path in _below(root) if path.lower().endswith(endings)]
    elif not is_pattern(root):
        paths = [root]
        try:
            os.stat(root)
        except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
            reason = error.strerror if isinstance(error, OSError) else error
            raise UsageError(f"{shown(root)}: cannot be read ({reason})") from error
    else:
        paths = [
            path
            for pattern in braces(root)
            for path in (sorted(glob.glob(pattern)) if glob.has_magic(pattern) else [pattern])
        ]
    if not paths:
        raise NothingToRead(f"{shown(root)}: there are no such files")
    names = {os.path.relpath(path, top or ".").replace(os.sep, "/"): path for path in paths}
    return Given(root, dict(sorted(names.items(), key=lambda item: path_bytes(item[0]))))


def _below(folder: str, above: tuple[tuple[int, int], ...] = ()) -> Iterator[str]:
    """Files in a folder and below, without hidden ones; a link to a folder above is not followed.

    Raises
    ------
    UsageError
        A folder cannot be listed.
    """
    try:
        status = os.stat(folder)
        names = os.listdir(folder)
    except OSError as error:
        raise UsageError(f"{shown(folder)}: cannot be read ({error.strerror})") from error
    identity = status.st_dev, status.st_ino
    if identity in above:
        return
    for name in names:
        path = f"{folder}/{name}"
        if name.startswith("."):
            continue
        if os.path.isdir(path):
            yield from _below(path, (*above, identity))
        else:
            yield path


def is_pattern(root: str) -> bool:
    """True if DATA stands for files with names of their own."""
    return _MAGIC.search(root) is not None and not os.path.lexists(root)


def folder_of(root: str) -> str:
    """The folder that names of files are relative to: DATA, or the last one above all of it.

    >>> folder_of("shards/train.tar"), folder_of("shards/*/train-{0..9}.tar"), folder_of("a.tar")
    ('shards', 'shards', '')
    """
    if os.path.isdir(root):
        return root
    return os.path.dirname(_MAGIC.split(root)[0] if is_pattern(root) else root)


def braces(pattern: str) -> Iterator[str]:
    """Each of the names that a pattern with braces stands for, as in a shell.

    >>> list(braces("{train,val}-{9..10}.tar"))
    ['train-9.tar', 'train-10.tar', 'val-9.tar', 'val-10.tar']
    >>> list(braces("{08..10}.tar"))
    ['08.tar', '09.tar', '10.tar']
    """
    found = _RANGE.search(pattern)
    if not found:
        yield pattern
        return
    first, last = pattern[: found.start()], pattern[found.end() :]
    numbers = re.fullmatch(r"(\d+)\.\.(\d+)", found[1])
    words: list[str] | Iterator[str] = found[1].split(",")
    if numbers:
        width = max(map(len, numbers.groups())) if "0" in (numbers[1][0], numbers[2][0]) else 0
        words = (f"{n:0{width}}" for n in range(int(numbers[1]), int(numbers[2]) + 1))
    for word in words:
        for rest in braces(last):
            yield f"{first}{word}{rest}"
