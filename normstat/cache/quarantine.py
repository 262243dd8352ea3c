"""Damaged files of a cache, which are kept under another name."""

import os
import stat
from contextlib import suppress
from typing import TypeAlias

#: Device and inode.
Identity: TypeAlias = tuple[int, int]


def identity_of(path: str) -> Identity | None:
    """Device and inode of a regular file; None if there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None


def set_aside(path: str, identity: Identity | None) -> str | None:
    """Rename a damaged file, and what belongs to it: its journal would be played into the next.

    The new name; None if there is a file of another identity by now: another run that shares the
    file may have been faster, and its new one is whole.
    """
    aside = f"{path}.damaged"
    number = 1
    while os.path.lexists(aside):
        number += 1
        aside = f"{path}.damaged-{number}"
    if identity is None or identity_of(path) != identity:
        return None
    os.rename(path, aside)
    for of_it in ("-journal", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            os.rename(path + of_it, aside + of_it)
    return aside
