"""Files are read as they were at one moment, and written whole or not at all."""

import errno
import os
import socket
import stat
import sys
import threading
import time
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normstat import files
from normstat.errors import OutputError, UsageError
from normstat.files import (
    ChangedWhileReadError,
    NotRegularError,
    ensure_writable,
    shown,
    unwritten,
)

posix = pytest.mark.skipif(sys.platform == "win32", reason="no FIFO, socket, link or mode there")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file that is to be replaced, alone in its folder."""
    path = tmp_path / "stats.json"
    path.write_bytes(b"old")
    return path


def failing(code: int, times: int = 10**9) -> Callable[..., Any]:
    """A system call that fails the first times it is called."""
    calls: list[Any] = []

    def call(*arguments: Any, **options: Any) -> Any:
        calls.append(arguments)
        raise OSError(code, os.strerror(code))

    def sometimes(original: Callable[..., Any]) -> Callable[..., Any]:
        def either(*arguments: Any, **options: Any) -> Any:
            return (call if len(calls) < times else original)(*arguments, **options)

        return either

    sometimes.calls = calls  # type: ignore[attr-defined]  # a function that counts
    return sometimes


@given(st.binary(max_size=3000))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """Any bytes come back, and nothing else is in the folder."""
    path = tmp_path_factory.getbasetemp() / "round-trip" / "x"
    path.parent.mkdir(exist_ok=True)
    files.write(path, data)
    assert files.read(str(path)) == data
    assert os.listdir(path.parent) == ["x"]


# ------------------------------------------------------------------------------------- reading


def test_read_folder(tmp_path: Path) -> None:
    """A folder has no bytes."""
    with pytest.raises(NotRegularError):
        files.read(str(tmp_path))


def test_read_nothing_there(tmp_path: Path) -> None:
    """A missing file is the system's own exception."""
    with pytest.raises(FileNotFoundError):
        files.read(str(tmp_path / "missing"))


@posix
@pytest.mark.parametrize("kind", ["dangling", "circle", "fifo", "socket", "device"])
def test_read_never_blocks_on_what_is_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Links to nothing, FIFOs without a writer, sockets and devices are refused at once."""
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    if kind in ("dangling", "circle"):
        os.symlink("missing" if kind == "dangling" else "x", "x")
    elif kind == "fifo":
        os.mkfifo("x")
    elif kind == "device":
        os.symlink("/dev/zero", "x")
    server = socket.socket(socket.AF_UNIX)
    if kind == "socket":
        server.bind("x")
    with server, pytest.raises(NotRegularError):
        files.read("x")


@posix
def test_read_follows_links(tmp_path: Path, old: Path) -> None:
    """A link to a file reads as the file."""
    os.symlink(old, tmp_path / "link")
    assert files.read(str(tmp_path / "link")) == b"old"


@pytest.mark.parametrize("change", ["grows", "shrinks", "is touched", "is replaced", "vanishes"])
@pytest.mark.parametrize("times", [1, 2])
def test_a_file_that_changes_is_read_again_once(
    old: Path, monkeypatch: pytest.MonkeyPatch, change: str, times: int
) -> None:
    """After one change the new content is read, after two there is no moment to speak of."""
    if sys.platform == "win32" and change in ("is replaced", "vanishes"):
        pytest.skip("open files stay where they are there")
    system_read, reads = os.read, [0]

    def read(descriptor: int, size: int) -> bytes:
        data = system_read(descriptor, size)
        reads[0] += 1
        if reads[0] <= times:
            if change == "grows":
                with open(old, "ab") as file:
                    file.write(b"er")
            elif change == "shrinks":
                os.truncate(old, len(data) - 1)
            elif change == "is touched":
                os.utime(old, (reads[0], reads[0]))
            elif change == "is replaced":
                (old.parent / "new").write_bytes(b"new")
                os.utime(old.parent / "new", ns=(0, old.stat().st_mtime_ns))
                os.replace(old.parent / "new", old)
            else:
                old.unlink()
        return data

    monkeypatch.setattr(os, "read", read)
    if change == "vanishes":
        with pytest.raises(FileNotFoundError):
            files.read(str(old))
    elif times == 2:
        with pytest.raises(ChangedWhileReadError):
            files.read(str(old))
    else:
        now = {"grows": b"older", "shrinks": b"ol", "is touched": b"old", "is replaced": b"new"}
        assert files.read(str(old)) == now[change]


@pytest.mark.parametrize("code", [errno.EIO, getattr(errno, "ESTALE", errno.EIO)])
def test_storage_that_stumbles_is_asked_again(
    old: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """Two failures are overcome, a third is raised; other errors are raised at once."""
    monkeypatch.setattr("normstat.files.reading._PAUSES", (0.0, 0.0))
    system_open = os.open
    for wrong, times, fine in ((code, 2, True), (code, 3, False), (errno.EACCES, 1, False)):
        calls = failing(wrong, times)
        monkeypatch.setattr(os, "open", calls(system_open))
        if fine:
            assert files.read(str(old)) == b"old"
        else:
            with pytest.raises(OSError, match=r".") as caught:
                files.read(str(old))
            assert caught.value.errno == wrong
        assert len(calls.calls) == times  # type: ignore[attr-defined]  # set by sometimes


# ------------------------------------------------------------------------------------- writing


@pytest.mark.parametrize("call", ["replace", "fsync"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_failed_write_leaves_the_old_file_and_no_debris(
    old: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    """Whatever fails before the rename, the old content is there and nothing else is."""
    monkeypatch.setattr(os, call, failing(code)(getattr(os, call)))
    with pytest.raises(OutputError, match="cannot be written") as caught:
        files.write(old, b"new")
    assert str(caught.value).endswith("write elsewhere")
    assert os.strerror(code) in str(caught.value)
    monkeypatch.undo()
    assert (old.read_bytes(), os.listdir(old.parent)) == (b"old", ["stats.json"])


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_FSIZE as a full disk")
def test_a_disk_that_fills_up_leaves_the_old_file(old: Path) -> None:
    """The real thing: a write that the system cuts short with EFBIG."""
    import resource
    import signal

    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(OutputError):
            files.write(old, bytes(1_000_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert (old.read_bytes(), os.listdir(old.parent)) == (b"old", ["stats.json"])


def test_an_interrupted_write_leaves_no_debris(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the middle is like any other failure."""

    def interrupt(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        files.write(old, b"new")
    assert (old.read_bytes(), os.listdir(old.parent)) == (b"old", ["stats.json"])


@posix
@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_has_the_mode_that_umask_says(tmp_path: Path, mask: int, mode: int) -> None:
    """Colleagues can read the file if they could read one made with ``open``."""
    before = os.umask(mask)
    try:
        files.write(tmp_path / "new", b"")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == mode


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666])
def test_a_replaced_file_keeps_its_mode(old: Path, mode: int) -> None:
    """What was private stays private."""
    old.chmod(mode)
    files.write(old, b"new")
    assert (old.read_bytes(), stat.S_IMODE(old.stat().st_mode)) == (b"new", mode)


@posix
@pytest.mark.parametrize("target", ["stats.json", "missing.json"])
def test_a_link_is_followed(old: Path, target: str) -> None:
    """What the link points to is replaced or made; the link stays a link."""
    link = old.parent / "link"
    link.symlink_to(target)
    ensure_writable(link)
    files.write(link, b"new")
    assert link.is_symlink()
    assert (old.parent / target).read_bytes() == b"new"


@posix
def test_devices_and_pipes_are_written_to_directly(tmp_path: Path) -> None:
    """/dev/null stays what it is, and who reads a FIFO gets the bytes."""
    ensure_writable("/dev/null")
    files.write("/dev/null", b"new")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    ensure_writable(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    files.write(pipe, b"new")
    reader.join(10)
    assert (read, os.listdir(tmp_path)) == ([b"new"], ["pipe"])


def test_ensure_writable_changes_nothing(old: Path) -> None:
    """It finds out without touching the file, and leaves nothing behind."""
    before = old.stat()
    ensure_writable(old)
    ensure_writable(old.parent / "new.json")
    after = old.stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)
    assert os.listdir(old.parent) == ["stats.json"]


@pytest.mark.parametrize("check", [ensure_writable, lambda path: files.write(path, b"new")])
def test_a_folder_that_is_missing_is_named(tmp_path: Path, check: Callable[[Path], None]) -> None:
    """The message has the path and the cure."""
    with pytest.raises(OutputError, match=r"missing.*create the folder"):
        check(tmp_path / "missing" / "stats.json")


def test_a_folder_is_no_output(tmp_path: Path) -> None:
    """That is a wrong option, not a failure of the disk; and so it is when written to."""
    with pytest.raises(UsageError, match="is a folder"):
        ensure_writable(tmp_path)
    with pytest.raises(OutputError):
        files.write(tmp_path, b"new")
    assert os.listdir(tmp_path) == []


# --------------------------------------------------------------------------------------- names


@given(st.text() | st.binary().map(os.fsdecode))
def test_a_shown_name_is_printable(name: str) -> None:
    """Nothing that moves a cursor or ends a line is left, and no name disappears."""
    assert shown(name).isprintable()
    assert bool(shown(name)) == bool(name)
    shown(name).encode()
    if name.isprintable():
        assert shown(name) == name


def test_two_hosts_do_not_share_a_temporary_name(monkeypatch, tmp_path):
    """Equal process numbers at an equal time, as on two hosts with one folder, are no collision."""
    monkeypatch.setattr(os, "getpid", lambda: 42)
    monkeypatch.setattr(time, "monotonic_ns", lambda: 42)
    made = []
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda old, new: (made.append(old), replace(old, new)))
    for _ in range(9):
        files.write(tmp_path / "a", b"a")
    names = {os.path.basename(path) for path in made}
    assert len(names) == 9
    assert all(fnmatch(name, ".normstat-42-*.tmp") for name in names)
    assert os.listdir(tmp_path) == ["a"]


def test_a_read_only_disk_is_not_told_by_its_free_bytes(tmp_path):
    """It may only be read, so free bytes are no cure; a full one is told by them."""
    read_only = str(unwritten(tmp_path / "a", OSError(errno.EROFS, "Read-only file system")))
    assert "may only be read; write elsewhere" in read_only
    assert "free" not in read_only
    assert "free" in str(unwritten(tmp_path / "a", OSError(errno.ENOSPC, "No space left")))
