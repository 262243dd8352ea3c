"""Files that are read: whole as they were at one moment, or parts of them."""

import contextlib
import errno
import os
import stat
import sys
import time
from collections.abc import Iterator
from typing import BinaryIO, Protocol

from normstat import urls

# A FIFO or a device must never make a run wait; O_BINARY exists on Windows only.
_READ_FLAGS = os.O_RDONLY | sum(
    getattr(os, flag, 0) for flag in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY")
)
_BLOCK = 1 << 30
# Storage that stumbles (EIO, ESTALE on network file systems) often answers a moment later.
_TRANSIENT = {errno.EIO, errno.EINTR, getattr(errno, "ESTALE", errno.EIO)}
_PAUSES = (0.05, 0.5)


class NotRegularError(OSError):
    """The path is a folder, FIFO, socket, device or dangling link: there are no bytes to read."""


class ChangedWhileReadError(OSError):
    """The file was replaced, or its size or time changed, between opening and the last byte."""


def exists(path: str | os.PathLike[str]) -> bool:
    """True if there is a file, folder or object.

    >>> exists("memory://nowhere/a.json"), exists(os.devnull)
    (False, True)
    """
    if urls.is_url(path):
        return urls.exists(os.fspath(path))
    return os.path.exists(urls.local_path(os.fspath(path)))


def read(path: str) -> bytes:
    """All bytes of a regular file or an object, as they were at one moment.

    A file that changes meanwhile is read once more, and errors of storage that pass (EIO, ESTALE)
    are tried again; then a NotRegularError, a ChangedWhileReadError or another OSError is raised.

    >>> import os, tempfile
    >>> from normstat.files import write
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "a")
    ...     write(path, b"abc")
    ...     with opened(path) as file:
    ...         read(path), file.read(2)
    (b'abc', b'ab')
    """
    if urls.is_url(path):
        return urls.read(path)
    path = urls.local_path(path)
    pauses = list(_PAUSES)
    changes = 0
    while True:
        try:
            return _read_once(path)
        except ChangedWhileReadError:
            changes += 1
            if changes > 1:
                raise
        except OSError as error:
            if error.errno not in _TRANSIENT or not pauses:
                raise
            time.sleep(pauses.pop(0))


@contextlib.contextmanager
def opened(path: str) -> Iterator[BinaryIO]:
    """A regular file to read a part of, which may change meanwhile; else a NotRegularError.

    An object behind a URL is read first, to a temporary file if it is large.
    """
    if urls.is_url(path):
        with urls.fetched(path) as file:
            yield file
        return
    descriptor = _descriptor(urls.local_path(path))
    with open(descriptor, "rb") as file:
        _regular(descriptor)
        yield file


class ByOffset(Protocol):
    """Bytes that can be read as those of an open file are, wherever they come from."""

    def read_at(self, offset: int, size: int) -> bytes: ...


def read_at(descriptor: int | ByOffset, offset: int, size: int) -> bytes:
    """Bytes of an open file from an offset on; fewer where it ends.

    Errors of storage that pass are tried again; then an OSError is raised.

    >>> import tempfile
    >>> with tempfile.TemporaryFile() as file:
    ...     _ = file.write(b"abcdef"), file.flush()
    ...     read_at(file.fileno(), 1, 2), read_at(file.fileno(), 4, 9)
    (b'bc', b'ef')
    """
    if not isinstance(descriptor, int):
        return descriptor.read_at(offset, size)
    pauses = list(_PAUSES)
    while True:
        try:
            return _read_part(descriptor, offset, size)
        except OSError as error:
            if error.errno not in _TRANSIENT or not pauses:
                raise
            time.sleep(pauses.pop(0))


def _read_part(descriptor: int, offset: int, size: int) -> bytes:
    data = _read_some(descriptor, offset, size)
    if len(data) == size or not data:
        return data
    blocks = [data]  # the system hands out at most 2 GiB a call
    found = len(data)
    while found < size and (data := _read_some(descriptor, offset + found, size - found)):
        blocks.append(data)
        found += len(data)
    return b"".join(blocks)


def _read_some(descriptor: int, offset: int, size: int) -> bytes:
    if sys.platform == "win32":
        os.lseek(descriptor, offset, os.SEEK_SET)
        return os.read(descriptor, size)
    return os.pread(descriptor, size, offset)


def _descriptor(path: str) -> int:
    try:
        return os.open(path, _READ_FLAGS)
    except OSError as error:
        # Sockets and dangling links cannot even be opened; folders cannot on Windows.
        if _is_no_file(path):
            raise NotRegularError(*error.args) from error
        raise


def _regular(descriptor: int) -> os.stat_result:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise NotRegularError(errno.EINVAL, "not a regular file")
    return status


def _read_once(path: str) -> bytes:
    descriptor = _descriptor(path)
    try:
        before = _regular(descriptor)
        data = os.read(descriptor, before.st_size + 1)
        if len(data) != before.st_size:
            data = _read_rest(descriptor, data)
        after = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    # A file that was renamed over has lost a link, which is a change of its status (ctime).
    expected = (len(data), before.st_mtime_ns, before.st_ctime_ns)
    if expected != (after.st_size, after.st_mtime_ns, after.st_ctime_ns):
        raise ChangedWhileReadError(errno.EBUSY, "changed while it was read")
    return data


def _is_no_file(path: str) -> bool:
    """True if the path exists and is not a regular file; an unreadable file is a file."""
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except OSError as error:
        return error.errno in (errno.ENOENT, errno.ELOOP) and os.path.islink(path)


def _read_rest(descriptor: int, start: bytes) -> bytes:
    """Read to the end: the system hands out at most 2 GiB a call, and a file may be growing."""
    blocks = [start]
    while block := os.read(descriptor, _BLOCK):
        blocks.append(block)
    return b"".join(blocks)
