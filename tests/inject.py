"""Storage that fails once, or from then on, at the n-th call of a kind: for tests.

In this process: ``with injected(Fault(...)) as injection``. In a process and its workers:
``environment(folder, Fault(...))``. Calls count that are about files below the fault's root.
"""

import builtins
import errno
import io
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

#: Calls that can fail; what file objects do counts as well.
CALLS = ("open", "read", "write", "fsync", "rename")
SHORT = "short"
RENAMES = ("replace", "rename")
_VARIABLE = "NORMSTAT_TEST_FAULT"
_BOOTSTRAP = "import inject; inject.from_environment()"


@dataclass(frozen=True)
class Fault:
    """What goes wrong.

    Attributes
    ----------
    root : files below this folder are looked at, and no others.
    call : one of :data:`CALLS`.
    number : the first call that fails, from 1.
    kind : name of an error like ``EIO``, or :data:`SHORT` for fewer bytes than asked for.
    lasting : all later calls fail, too.
    """

    root: str
    call: str
    number: int
    kind: str
    lasting: bool = False

    @property
    def id(self) -> str:
        return f"{self.call}-{self.kind}{'-lasting' * self.lasting}"


class Injection:
    """A fault at work.

    Attributes
    ----------
    hits : the paths of calls that failed.
    """

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.hits: list[str] = []
        self._calls = 0
        self._paths: dict[int, str] = {}

    def is_watched(self, file: Any) -> bool:
        if isinstance(file, int):
            return file in self._paths
        return os.path.abspath(os.fsdecode(file)).startswith(os.path.join(self.fault.root, ""))

    def opened(self, descriptor: int, file: Any) -> None:
        self._paths[descriptor] = self._path(file)

    def closed(self, descriptor: int) -> None:
        self._paths.pop(descriptor, None)

    def size(self, call: str, file: Any, size: int) -> int:
        """How many bytes a call may take; raises the error if it is this one's turn."""
        fault = self.fault
        if call != fault.call:
            return size
        self._calls += 1
        if self._calls != fault.number and not (fault.lasting and self._calls > fault.number):
            return size
        self.hits.append(self._path(file))
        if fault.kind == SHORT:
            return (size + 1) // 2
        code = getattr(errno, fault.kind)
        raise OSError(code, os.strerror(code))

    def _path(self, file: Any) -> str:
        return self._paths.get(file, "") if isinstance(file, int) else os.fsdecode(file)


def _raw(injection: Injection) -> type[io.FileIO]:
    """The lowest layer of file objects, which fails like the system."""

    class Raw(io.FileIO):
        def readinto(self, buffer: Any, /) -> int:
            view = memoryview(buffer).cast("B")
            size = injection.size("read", self.fileno(), len(view))
            return io.FileIO.readinto(self, view[:size])

        def read(self, size: int | None = -1, /) -> bytes:
            if size is None or size < 0:
                return self.readall()
            return io.FileIO.read(self, injection.size("read", self.fileno(), size))

        def readall(self) -> bytes:
            return b"".join(iter(lambda: self.read(1 << 16), b""))

        def write(self, data: Any, /) -> int:
            view = memoryview(data).cast("B")
            size = injection.size("write", self.fileno(), len(view))
            return io.FileIO.write(self, view[:size])

        def close(self) -> None:
            if not self.closed:
                injection.closed(self.fileno())
            io.FileIO.close(self)

    return Raw


def _opener(injection: Injection) -> Callable[..., Any]:
    system_open, raw_type = builtins.open, _raw(injection)

    def opened(
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Callable[[str, int], int] | None = None,
    ) -> Any:
        if opener or not injection.is_watched(file):
            return system_open(file, mode, buffering, encoding, errors, newline, closefd, opener)
        if not isinstance(file, int):
            injection.size("open", file, 0)
        raw = raw_type(file, mode.replace("b", "").replace("t", ""), closefd)
        injection.opened(raw.fileno(), injection._path(file))
        if not buffering:
            return raw
        buffer: Any = io.BufferedWriter
        if "+" in mode:
            buffer = io.BufferedRandom
        elif "r" in mode:
            buffer = io.BufferedReader
        return buffer(raw) if "b" in mode else io.TextIOWrapper(buffer(raw), encoding, errors)

    return opened


def _replacements(injection: Injection) -> Iterator[tuple[Any, str, Callable[..., Any]]]:
    """Module, name and what stands there while the fault is at work."""
    yield from ((os, call.__name__, call) for call in _descriptor_calls(injection))
    yield from ((os, name, _renaming(injection, getattr(os, name))) for name in RENAMES)
    yield from ((module, "open", _opener(injection)) for module in (builtins, io))


def _renaming(injection: Injection, original: Callable[..., None]) -> Callable[..., None]:
    def rename(source: Any, target: Any, **options: Any) -> None:
        if injection.is_watched(target):
            injection.size("rename", target, 0)
        original(source, target, **options)

    return rename


def _descriptor_calls(injection: Injection) -> Iterator[Callable[..., Any]]:
    """What ``os`` has for files without objects; named like the originals."""
    system = {name: getattr(os, name) for name in ("open", "read", "write", "fsync", "close")}

    def open(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        watched = dir_fd is None and injection.is_watched(path)
        if watched:
            injection.size("open", path, 0)
        descriptor: int = system["open"](path, flags, mode, dir_fd=dir_fd)
        if watched:
            injection.opened(descriptor, path)
        return descriptor

    def read(descriptor: int, size: int) -> bytes:
        watched = injection.is_watched(descriptor)
        size = injection.size("read", descriptor, size) if watched else size
        return system["read"](descriptor, size)  # type: ignore[no-any-return]  # bytes

    def write(descriptor: int, data: Any) -> int:
        view = memoryview(data).cast("B")
        watched = injection.is_watched(descriptor)
        size = injection.size("write", descriptor, len(view)) if watched else len(view)
        return system["write"](descriptor, view[:size])  # type: ignore[no-any-return]  # int

    def fsync(descriptor: int) -> None:
        if injection.is_watched(descriptor):
            injection.size("fsync", descriptor, 0)
        system["fsync"](descriptor)

    def close(descriptor: int) -> None:
        injection.closed(descriptor)
        system["close"](descriptor)

    yield from (open, read, write, fsync, close)


@contextmanager
def injected(fault: Fault) -> Iterator[Injection]:
    """Let it happen in this process."""
    injection = Injection(fault)
    with ExitStack() as stack:
        for module, name, replacement in list(_replacements(injection)):
            stack.callback(setattr, module, name, getattr(module, name))
            setattr(module, name, replacement)
        yield injection


def environment(folder: Path, fault: Fault) -> dict[str, str]:
    """Variables with which a Python, and every Python that it starts, meets the fault."""
    import started  # which the process that meets the fault, and starts with this, does not need

    found = started.patch(folder, _BOOTSTRAP)
    found["PYTHONPATH"] += os.pathsep + str(Path(__file__).parent)
    return found | {_VARIABLE: json.dumps(asdict(fault))}


def from_environment() -> None:
    """Let it happen until this process ends."""
    injection = Injection(Fault(**json.loads(os.environ[_VARIABLE])))
    for module, name, replacement in list(_replacements(injection)):
        setattr(module, name, replacement)
    # Storage that stumbles is asked again after a while; how long that is changes nothing here.
    sleep = time.sleep
    time.sleep = lambda seconds: sleep(seconds / 100)
