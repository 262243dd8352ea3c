"""Versions of files, from their status: nothing is opened."""

import os
import time

# How long two changes of a file may carry the same time: a tick of the kernel's clock; and where
# times are kept in whole seconds (or two, as on FAT).
_TICK = 10_000_000
_COARSE_TICK = 2_000_000_000
_SECOND = 1_000_000_000


def version_of(status: os.stat_result) -> bytes:
    """Size, times and inode; empty if a later change might not show in them.

    A folder that is renamed, or a link that is led elsewhere, changes no time of the files inside,
    but their inodes are others.
    """
    mtime, ctime, now = status.st_mtime_ns, status.st_ctime_ns, time.time_ns()
    # Whatever is written sets ctime, so only a recent one could come again; nor is the clock of a
    # server that is ahead to be trusted. Where there is no ctime (Windows, FAT) it is mtime that
    # is set, and there any other time than about now is one that was put there on purpose.
    settled = now - ctime > _tick(ctime) and abs(now - mtime) > _tick(mtime)
    return f"{status.st_size} {mtime} {ctime} {status.st_ino}".encode() if settled else b""


def _tick(time_ns: int) -> int:
    return _TICK if time_ns % _SECOND else _COARSE_TICK
