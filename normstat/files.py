"""Files as a whole, on this machine or behind URLs: read completely, written so or not at all."""

import contextlib
import errno
import os
import stat
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from normstat import urls
from normstat.errors import OutputError, UsageError

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


def write(
    path: str | os.PathLike[str], data: bytes | Iterable[bytes], durable: bool = True
) -> None:
    """Write a file so that any reader finds the old content or all of the new, never a part.

    A temporary file in the same folder is filled, flushed to the disk and renamed over the old
    one. A link is followed, and its target replaced. A device or a FIFO (``/dev/null``) is written
    to directly. A durable one outlives a power failure, which one of thousands of files that can
    be made again need not. After an OutputError the old file is intact.

    An object behind a URL is there when all of it is.
    """
    path = urls.local_path(os.fspath(path))
    if urls.is_url(path):
        with _output_errors(path):
            urls.write(path, data)
        return
    parts = (data,) if isinstance(data, bytes) else data
    if _is_special(path):
        with _output_errors(path), open(path, "wb") as file:
            file.writelines(parts)
        return
    target = Path(os.path.realpath(path))
    with _output_errors(target):
        temporary = _beside(target)
        try:
            with open(temporary, "xb") as file:
                if target.exists():
                    temporary.chmod(stat.S_IMODE(target.stat().st_mode))
                file.writelines(parts)
                file.flush()
                if durable:
                    os.fsync(file.fileno())
            os.replace(temporary, target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    if durable:
        _sync_folder(target.parent)


def ensure_writable(path: str | os.PathLike[str]) -> None:
    """Refuse, before hours of work, a path that :func:`write` could not write.

    A folder is a UsageError; a folder that is missing or not writable an OutputError. To a URL an
    empty object is written beside, and removed.
    """
    path = urls.local_path(os.fspath(path))
    if urls.is_url(path) and os.path.basename(path):
        with _output_errors(path):
            urls.probe(path)
        return
    if os.path.isdir(path) or not os.path.basename(path):
        raise UsageError(f"{shown(path) or repr('')}: is a folder; give a file name for the result")
    if _is_special(path):
        return
    target = Path(os.path.realpath(path))
    with _output_errors(target):
        probe = _beside(target)
        try:
            open(probe, "xb").close()
        finally:
            probe.unlink(missing_ok=True)


def _beside(target: Path) -> Path:
    """A name in the same folder that nothing else has: only there a rename is at once."""
    return target.with_name(f".normstat-{unique()}.tmp")


def unique() -> str:
    """A part of a name that no other process has, on whichever host that shares the folder.

    >>> unique() == unique()
    False
    """
    return f"{os.getpid()}-{os.urandom(8).hex()}"


def _is_special(path: str | os.PathLike[str]) -> bool:
    """A device or a pipe, also where only the system can follow the link (``/dev/stdout``)."""
    return os.path.exists(path) and not os.path.isfile(path)


def unwritten(path: str | os.PathLike[str], error: OSError) -> OutputError:
    """The error to raise for one met while writing: where, why, which disk, what to do.

    >>> print(unwritten("a.json", OSError(errno.ENOENT, "No such file or directory")))
    a.json: cannot be written (No such file or directory); create the folder first, or write \
elsewhere
    """
    cure = {
        errno.ENOSPC: "free some space there, or write elsewhere",
        errno.EDQUOT: "your quota is used up; write elsewhere",
        errno.ENOENT: "create the folder first, or write elsewhere",
    }.get(error.errno or 0, "write elsewhere")
    if urls.is_url(path):
        gone = isinstance(error, FileNotFoundError)
        reason = "there is no such bucket or folder" if gone else error.strerror
        return OutputError(f"{shown(path)}: cannot be written ({reason}); write elsewhere")
    disk = disk_of(path) if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
    if error.errno == errno.EROFS:
        disk = f"; {_mounted(path)} may only be read"
    reason = error.strerror or str(error) or type(error).__name__
    return OutputError(f"{shown(path)}: cannot be written ({reason}){disk}; {cure}")


@contextlib.contextmanager
def _output_errors(target: str | os.PathLike[str]) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise unwritten(target, error) from error


def disk_of(path: str | os.PathLike[str]) -> str:
    """Mount point and free space of the disk of a path, to end a message with."""
    place = _mount_of(path)
    name = f"; {_mounted(path)}"
    if not hasattr(os, "statvfs"):
        import shutil  # takes a while, at the start of every command

        return f"{name} has {shutil.disk_usage(place).free:,} bytes free"
    try:
        status = os.statvfs(place)
    except OSError:  # it is gone altogether
        return name
    if status.f_files and not status.f_favail:
        return f"{name} cannot hold one file more"
    return f"{name} has {status.f_bavail * status.f_frsize:,} bytes free"


def _mounted(path: str | os.PathLike[str]) -> str:
    return f"the disk mounted at {shown(_mount_of(path))}"


def _mount_of(path: str | os.PathLike[str]) -> str:
    place = os.path.realpath(path)
    while not os.path.ismount(place):
        place = os.path.dirname(place)
    return place


def _sync_folder(folder: Path) -> None:
    """Make a rename itself durable. Windows cannot open folders and needs nothing."""
    if os.name == "nt":
        return
    # The file is there and whole; a folder that cannot be opened does not change that.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def shown(name: str | os.PathLike[str]) -> str:
    r"""A file name made safe for a terminal: unprintable characters are escaped.

    Of a URL neither a password is shown nor a signature.

    >>> print(shown("a\nb\x1b[31m.jpg"))
    a\nb\x1b[31m.jpg
    >>> print(shown("Größe.jpg"), shown("bad\udcff.jpg"))
    Größe.jpg bad\udcff.jpg
    """
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in urls.without_secrets(os.fspath(name))
    )
