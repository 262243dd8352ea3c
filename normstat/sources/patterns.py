"""Patterns of files, and the files that DATA stands for."""

import os
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from normstat.errors import UsageError
from normstat.files import shown
from normstat.images import path_bytes
from normstat.urls import is_url, without_secrets

if TYPE_CHECKING:
    from normstat.sources.stores import Object

_RANGE = re.compile(r"\{([^{}]*)\}")
# Files that a range in braces may stand for.
_MOST = 1_000_000
_MAGIC = re.compile(r"[*?[{]")


class Given(NamedTuple):
    """Files that each hold many images.

    Attributes
    ----------
    root : DATA, as it was given.
    files : relative name → path; in byte order of names.
    objects : path → what is known of it, where it is a URL that was listed.
    """

    root: str
    files: dict[str, str]
    objects: "Mapping[str, Object]" = MappingProxyType({})

    @property
    def identity(self) -> str:
        """Real path of DATA; a pattern is what it says."""
        return without_secrets(self.root) if is_url(self.root) else os.path.realpath(self.root)


def in_order(files: Mapping[str, str]) -> dict[str, str]:
    """Files in the byte order of their names.

    >>> in_order({"b.tar": "x/b.tar", "a.tar": "x/a.tar"})
    {'a.tar': 'x/a.tar', 'b.tar': 'x/b.tar'}
    """
    return dict(sorted(files.items(), key=lambda item: path_bytes(item[0])))


def is_pattern(root: str) -> bool:
    """True if DATA stands for files with names of their own."""
    return _MAGIC.search(root) is not None and (is_url(root) or not os.path.lexists(root))


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
    if re.search("[{}]", _RANGE.sub("", pattern)):
        raise UsageError(
            f"{shown(pattern)}: braces may hold numbers, as in {{000..015}}, or words, as in "
            "{train,val}, but no braces, and each has to be closed"
        )
    if not found:
        yield pattern
        return
    first, last = pattern[: found.start()], pattern[found.end() :]
    numbers = re.fullmatch(r"(\d+)\.\.(\d+)", found[1])
    if not numbers and "," not in found[1]:
        raise UsageError(
            f"{shown(found[0])}: braces may hold numbers, as in {{000..015}}, or words, as in "
            "{train,val}"
        )
    words: list[str] | Iterator[str] = found[1].split(",")
    if numbers:
        if int(numbers[2]) - int(numbers[1]) >= _MOST:
            raise UsageError(f"{shown(found[0])} stands for more than {_MOST:,} files")
        width = max(map(len, numbers.groups())) if "0" in (numbers[1][0], numbers[2][0]) else 0
        words = (f"{n:0{width}}" for n in range(int(numbers[1]), int(numbers[2]) + 1))
    for word in words:
        for rest in braces(last):
            yield f"{first}{word}{rest}"
