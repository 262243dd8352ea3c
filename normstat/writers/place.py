"""The folder that a run fills: refused before any work, or told when it cannot be written."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from normstat.errors import OutputError, UsageError
from normstat.files import shown


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
    here, there = os.path.realpath(root), os.path.realpath(source)
    if os.path.commonpath([here, there]) == there:
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
