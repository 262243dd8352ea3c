"""The folder that a run fills: refused before any work, or told when it cannot be written."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from normstat.errors import OutputError, UsageError
from normstat.files import shown

_LARGEST_BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class Disk:
    """The file system that a folder is on.

    Attributes
    ----------
    free : bytes.
    block : bytes; files take a whole number of blocks.
    """

    free: int
    block: int = 1

    @classmethod
    def of(cls, root: str) -> "Disk":
        """Of a folder that need not be there yet."""
        place = os.path.abspath(root)
        while not os.path.exists(place):
            place = os.path.dirname(place)
        block = os.statvfs(place).f_frsize if hasattr(os, "statvfs") else 1
        # Network file systems tell what they transfer at a time, which no file is rounded up to.
        return cls(shutil.disk_usage(place).free, block if 0 < block <= _LARGEST_BLOCK else 1)

    def taken(self, size: int) -> int:
        """Bytes that a file of a size takes.

        >>> Disk(10**9, 4096).taken(4097)
        8192
        """
        return -(-size // self.block) * self.block


def is_inside(path: str, folder: str) -> bool:
    """Whether a path is a folder or leads into it, whatever links are on the way.

    >>> is_inside("a/b", "a"), is_inside("a", "a"), is_inside("a", "a/b"), is_inside("ab", "a")
    (True, True, False, False)
    """
    here, there = os.path.realpath(path), os.path.realpath(folder)
    try:
        return os.path.commonpath([here, there]) == there
    except ValueError:  # two drives of Windows have nothing in common
        return False


def refuse_place(root: str, source: str, what: str) -> None:
    """Refuse a folder for results that is no folder, or a part of what is read.

    Parameters
    ----------
    root : where `what` shall go.
    source : the folder that is read.

    Raises
    ------
    UsageError
    """
    if not root:
        raise UsageError(f"'': is no folder for {what}; give a name")
    if is_inside(root, source):
        raise UsageError(f"{shown(root)}: is inside {shown(source)}; {what} belong elsewhere")
    if os.path.lexists(root) and not os.path.isdir(root):
        raise UsageError(f"{shown(root)}: is not a folder; give the name of a new one")


def refuse_filled(root: str, cure: str) -> None:
    """Refuse a folder that holds something; `cure` is what to do instead of replacing it.

    Raises
    ------
    UsageError
    """
    if has_anything(root):
        raise UsageError(f"{shown(root)}: is not empty; --overwrite replaces what is there, {cure}")


def has_anything(root: str, besides: str = "") -> bool:
    """Whether there is a folder with something in it, `besides` a certain name.

    Raises
    ------
    OutputError
        It cannot be looked into.
    """
    try:
        with os.scandir(root) as entries:
            return any(entry.name != besides for entry in entries)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise OutputError(f"{shown(root)}: cannot be read ({error.strerror})") from error


@contextmanager
def writing(root: str) -> Iterator[None]:
    """Say which folder cannot be written, and why."""
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{shown(root)}: cannot be written ({error.strerror or error}); free some space "
            "there, or choose another folder"
        ) from error
