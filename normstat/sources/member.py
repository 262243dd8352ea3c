"""An image in a container, and the names that it may have there."""

import re
from collections.abc import Container
from itertools import count
from os.path import splitext
from typing import Any, NamedTuple

from normstat.errors import UnreadableImage

#: Characters of the longest name: Linux knows no longer path.
LONGEST = 4096
# Folders of the deepest name, and itself.
_DEEPEST = 256
# Names whose parts begin with a letter or digit, without anything odd in them.
_PLAIN = re.compile(
    r"(?:[A-Za-z0-9_][A-Za-z0-9_. -]*/)*[A-Za-z0-9_][A-Za-z0-9_. -]*", re.ASCII
).fullmatch


class Member(NamedTuple):
    """An image in a container, as it is listed.

    Attributes
    ----------
    name : its path in the container, as :func:`safe_name` gives it.
    place : where the container has it; None if the name says it.
    size : bytes that are read for it.
    version : opaque: equal means the same payload; empty if it is not known.
    failure : the reason why it cannot be read, if that is known already.
    split : of its own, and what says so, where that is not its folder.
    """

    name: str
    place: Any = None
    size: int = 0
    version: bytes = b""
    failure: UnreadableImage | None = None
    split: tuple[str, str] | None = None


def safe_name(name: str) -> str | None:
    r"""The name of a member as a relative path; None if it leads out of the container.

    None, too, if it is longer or deeper than paths are: each folder above it costs memory.

    >>> [safe_name(name) for name in ("./a//b.png", "../a.png", "/a.png", "C:/a.png", r"x\..\a")]
    ['a/b.png', None, None, None, None]
    """
    if len(name) < _DEEPEST and _PLAIN(name):  # most names, in a tenth of the time
        return name
    if len(name) > LONGEST:
        return None
    parts = [part for part in name.split("/") if part not in ("", ".")]
    # Windows takes a backslash for a slash.
    leads_out = name.startswith(("/", "\\")) or "\0" in name or ".." in re.split(r"[/\\]", name)
    if leads_out or not 0 < len(parts) <= _DEEPEST:
        return None
    if parts[0][1:2] == ":" and parts[0][:1].isalpha():
        return None
    return "/".join(parts)


def apart(name: str, taken: Container[str], number: int = 2) -> str:
    """A name that no other member has, for one whose own name is taken.

    Parameters
    ----------
    name : its own.
    taken : names of others.
    number : smallest to append.

    Examples
    --------
    >>> apart("a.png", {"a.png", "a#2.png"})
    'a#3.png'
    """
    stem, extension = splitext(name)
    names = (f"{stem}#{number}{extension}" for number in count(number))
    return next(each for each in names if each not in taken)
