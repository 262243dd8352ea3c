"""Checks of the folder that a run fills, and of the disk that it is on."""

import errno
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from normstat.errors import OutputError, UsageError, option
from normstat.files import shown, unwritten
from normstat.urls import is_url

_LARGEST_BLOCK = 1 << 16
# Characters of a long name in a message.
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class DiskUsage:
    """Room that files take.

    Attributes
    ----------
    files, bytes : how many, and of what size together.
    on_disk : bytes of the blocks that hold them.
    """

    files: int = 0
    bytes: int = 0
    on_disk: int = 0

    def __add__(self, other: "DiskUsage") -> "DiskUsage":
        return DiskUsage(
            self.files + other.files, self.bytes + other.bytes, self.on_disk + other.on_disk
        )


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
        """The disk of a folder that need not be there yet; storage behind a URL has no end."""
        if is_url(root):
            return cls(sys.maxsize)
        place = _nearest(root)
        block = os.statvfs(place).f_frsize if hasattr(os, "statvfs") else 1
        # Network file systems tell what they transfer at a time, which no file is rounded up to.
        return cls(shutil.disk_usage(place).free, block if 0 < block <= _LARGEST_BLOCK else 1)

    def file(self, size: int) -> DiskUsage:
        """Room that a file of a size takes.

        >>> Disk(10**9, 4096).file(4097)
        DiskUsage(files=1, bytes=4097, on_disk=8192)
        """
        return DiskUsage(1, size, -(-size // self.block) * self.block)


def _nearest(root: str) -> str:
    """The folder itself, or the first above it that is there."""
    place = os.path.abspath(root)
    while not os.path.exists(place):
        place = os.path.dirname(place)
    return place


def is_inside(path: str, folder: str) -> bool:
    """True if a path is a folder or leads into it, by any links on the way.

    >>> is_inside("a/b", "a"), is_inside("a", "a"), is_inside("a", "a/b"), is_inside("ab", "a")
    (True, True, False, False)
    """
    here, there = os.path.realpath(path), os.path.realpath(folder)
    try:
        return os.path.commonpath([here, there]) == there
    except ValueError:  # two drives of Windows have nothing in common
        return False


def refuse_place(root: str, source: str, what: str) -> None:
    """Refuse a folder, where `what` shall go, that is no folder or a part of what is read."""
    if not root:
        raise UsageError(f"'': is no folder for {what}; give a name")
    if is_url(root):
        raise UsageError(
            f"{shown(root)}: {what} are written to a folder of this machine; name one, and copy it "
            "there afterwards"
        )
    if is_inside(root, source):
        raise UsageError(f"{shown(root)}: is inside {shown(source)}; {what} belong elsewhere")
    if os.path.lexists(root) and not os.path.isdir(root):
        raise UsageError(f"{shown(root)}: is not a folder; give the name of a new one")


def refuse_around(root: str, data: str) -> None:
    """Refuse a folder for arrays that has DATA in it."""
    if is_inside(data, root):
        raise UsageError(
            f"{shown(root)}: holds {shown(data)}, whose files could be written over; arrays belong "
            "elsewhere"
        )


def refuse_filled(root: str, cure: str) -> None:
    """Refuse a folder that holds something; `cure` is what to do about it."""
    if has_anything(root):
        raise UsageError(f"{shown(root)}: is not empty; {cure}")


def refuse_long_name(root: str, name: str) -> None:
    """Refuse the name of a file that the file system of a folder cannot hold."""
    try:
        os.lstat(f"{_nearest(root)}/{name}")
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise UsageError(
                f"{shown(name)}: is too long for the name of a file in {shown(root)}; give the "
                f"split a shorter name with {option('split_dir')}, or use {option('store', 'npy')}"
            ) from error


def has_anything(root: str, besides: str = "") -> bool:
    """True if there is a folder with something in it, `besides` a certain name."""
    try:
        with os.scandir(root) as entries:
            return any(entry.name != besides for entry in entries)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise OutputError(f"{shown(root)}: cannot be read ({error.strerror})") from error


def linked_folders(root: str) -> Iterator[str]:
    """The links below a folder that may lead to other folders, as ``train/cat/``.

    Folders that cannot be looked into are passed over: :func:`refuse_links` looks again, at each.
    """
    places = [""]
    while places:
        place = places.pop()
        with suppress(OSError), os.scandir(f"{root}/{place}") as entries:
            for entry in entries:
                below = f"{place}{entry.name}/"
                if entry.is_symlink() or (entry.is_dir() and _is_link(entry.path)):
                    if not os.path.isfile(entry.path):
                        yield below
                elif entry.is_dir():
                    places.append(below)


def refuse_links(root: str, folder: str) -> None:
    """Refuse a folder below another if the way to it is through a link, wherever that leads.

    `root` may be a link itself; `folder` is relative to it.
    """
    here = root
    for name in filter(None, folder.split("/")):
        here = f"{here}/{name}"
        if _is_link(here):
            raise UsageError(
                f"{shown(here)}: is a link, and what is behind it may be anything, the images too; "
                "remove the link, or choose another folder for the arrays"
            )


def _is_link(path: str) -> bool:
    # Windows links folders by junctions, too; Python knows them since 3.12.
    return os.path.islink(path) or getattr(os.path, "isjunction", os.path.islink)(path)


@contextmanager
def writing(root: str) -> Iterator[None]:
    """Say which folder cannot be written, and why."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            name = os.path.basename(str(error.filename2 or error.filename or ""))
            raise OutputError(
                f"{shown(root)}: a file for an image cannot be written (its name is too long: "
                f"{shown(name[:_SHOWN])}…); {option('exclude', metavar='GLOB')} leaves it out"
            ) from error
        raise unwritten(root, error) from error
