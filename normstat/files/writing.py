"""Files that are written: whole or not at all, and why one cannot be."""

import contextlib
import errno
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from normstat import urls
from normstat.errors import OutputError, UsageError
from normstat.files.names import shown


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
