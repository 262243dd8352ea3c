"""What the status of a file tells, which the walk asks for anyway."""

import os
import time

from normstat.images import Stamp

# How long two changes of a file may carry the same time: a tick of the kernel's clock; and where
# times are kept in whole seconds (or two, as on FAT).
_TICK = 10_000_000
_COARSE_TICK = 2_000_000_000
_SECOND = 1_000_000_000


def size_of(entry: "os.DirEntry[str]") -> int:
    """Bytes of an image."""
    try:
        return entry.stat().st_size
    except OSError:  # reading it will tell why; the size only decides where a shard ends
        return 0


def stamp_of(entry: "os.DirEntry[str]") -> Stamp:
    """The stamp of an image; one that is not settled if it has none."""
    try:
        status = entry.stat()
    except OSError:  # as above
        return Stamp(0, 0, 0, 0, settled=False)
    mtime, ctime, now = status.st_mtime_ns, status.st_ctime_ns, time.time_ns()
    # Whatever is written sets ctime, so only a recent one could come again; nor is the clock of a
    # server that is ahead to be trusted. Where there is no ctime (Windows, FAT) it is mtime that
    # is set, and there any other time than about now is one that was put there on purpose.
    settled = now - ctime > _tick(ctime) and abs(now - mtime) > _tick(mtime)
    return Stamp(status.st_size, mtime, ctime, status.st_ino, settled)


def _tick(time_ns: int) -> int:
    return _TICK if time_ns % _SECOND else _COARSE_TICK
