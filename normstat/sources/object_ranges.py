"""Objects behind URLs that hold many samples: their bytes by ranges, fetched ahead."""

import errno
import io
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import cache
from typing import Any, NamedTuple

from normstat.errors import UnreadableImage
from normstat.images import Code
from normstat.sources.stores import Object, Store, store_of
from normstat.urls import ChangedError, scheme_of

#: Requests that are on their way at once, for each process.
AT_ONCE = 16
#: Bytes on their way, or there and not yet asked for.
MOST = 64 << 20
# Bytes of one request, where a whole object is read from its start to its end.
_FORWARD = 2 << 20
# Parts that lie so close are fetched in one request of at most so many bytes.
_NEAR = 1 << 12
_TOGETHER = 1 << 18


@cache
def threads() -> ThreadPoolExecutor:
    """Threads that fetch, for as long as the process lasts: each has a connection of its own."""
    return ThreadPoolExecutor(AT_ONCE, "normstat-fetch")


def located(url: str) -> tuple[Store, str]:
    """The storage that an object is in, and its path there.

    >>> located("memory://doctest/a/b.tar")[1]
    'b.tar'
    """
    folder, _, name = url.rpartition("/")
    if scheme_of(url) in ("http", "https"):
        from urllib.parse import unquote

        name = unquote(name)
    return store_of(folder), name


class Part(NamedTuple):
    """Bytes of an object from one offset to another."""

    start: int
    end: int


class ObjectRanges:
    """An object, to be read at offsets; what is planned is fetched ahead.

    Parameters
    ----------
    url : of the object.
    size : in bytes.
    tag : as it was listed with, see :class:`normstat.sources.stores.Object`.

    Examples
    --------
    >>> from normstat.files import write
    >>> write("memory://doctest-ranges/a.tar", b"0123456789")
    >>> ranges = ObjectRanges("memory://doctest-ranges/a.tar", 10)
    >>> ranges.plan([Part(2, 5), Part(5, 7)])
    >>> ranges.read_at(3, 3), ranges.read_at(8, 9)
    (b'345', b'89')
    """

    def __init__(self, url: str, size: int, tag: str = "") -> None:
        self._store, self._path = located(url)
        self._size = size
        self._tag = tag
        self._planned: Iterator[Part] = iter(())
        self._next: Part | None = None
        self._asked: deque[tuple[Part, Future[bytes]]] = deque()
        self._bytes = 0

    def plan(self, parts: Iterable[Part]) -> None:
        """Fetch parts ahead, in the order of their offsets; earlier plans are given up."""
        self.close()
        self._planned = iter(parts)
        self._next = next(self._planned, None)
        self._ask()

    def plan_all(self) -> None:
        """Fetch all of it ahead, from its start to its end."""
        self.plan(cut(Part(0, self._size), _FORWARD))

    def close(self) -> None:
        """Give up what nobody waits for any more."""
        self._planned, self._next = iter(()), None
        while self._asked:
            self._asked.pop()[1].cancel()
        self._bytes = 0

    def wait(self, offset: int) -> None:
        """Return when the planned part that has an offset is there."""
        if self._come_to(offset):
            wait([self._asked[0][1]])

    def read_at(self, offset: int, size: int) -> bytes:
        """Bytes from an offset on; fewer where it ends.

        Where something is planned, offsets do not fall from call to call: what lies before is
        forgotten.

        Raises
        ------
        UnreadableImage
        """
        end = min(offset + size, self._size)
        found: list[bytes] = []
        while offset < end:
            part = self._come_to(offset)
            if part and part.start <= offset:
                data = self._answer(part)[offset - part.start : end - part.start]
            else:
                data = self.fetch(Part(offset, min(end, part.start) if part else end))
            if not data:
                break
            found.append(data)
            offset += len(data)
        return found[0] if len(found) == 1 else b"".join(found)

    def fetch(self, part: Part) -> bytes:
        """A part, asked for now.

        Raises
        ------
        UnreadableImage
        """
        try:
            return self._store.fetch(self._path, self._tag, part.start, part.end)
        except OSError as error:
            raise unreadable(error, "file") from error
        except MemoryError as error:
            raise UnreadableImage(Code.OUT_OF_MEMORY, "not enough memory for it") from error

    def _come_to(self, offset: int) -> Part | None:
        """The first planned part that does not end before an offset; None if there is none."""
        while self._asked and self._asked[0][0].end <= offset:
            part, answer = self._asked.popleft()
            answer.cancel()
            self._bytes -= part.end - part.start
        while self._next and self._next.end <= offset and not self._asked:
            self._next = next(self._planned, None)
        self._ask()
        return self._asked[0][0] if self._asked else None

    def _ask(self) -> None:
        while self._next and (
            not self._asked
            or (
                len(self._asked) <= AT_ONCE
                and self._bytes + self._next.end - self._next.start <= MOST
            )
        ):
            self._asked.append((self._next, threads().submit(self.fetch, self._next)))
            self._bytes += self._next.end - self._next.start
            self._next = next(self._planned, None)

    def _answer(self, part: Part) -> bytes:
        data = self._asked[0][1].result()
        if len(data) < part.end - part.start:
            raise UnreadableImage(Code.CHANGED_WHILE_READ, "has another size than was listed")
        return data


class RangeFile(io.RawIOBase):
    """A part of an object as a file; what is not planned is asked for when it is read.

    Parameters
    ----------
    ranges : of the object.
    offset, size : of the part.
    """

    def __init__(self, ranges: ObjectRanges, offset: int, size: int) -> None:
        self._ranges = ranges
        self._offset = offset
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:
        size = max(0, min(len(buffer), self._size - self._at))
        found = self._ranges.read_at(self._offset + self._at, size) if size else b""
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)


def together(parts: Iterable[tuple[int, int]]) -> list[Part]:
    """Parts as they are best fetched: those that lie close in one, large ones alone.

    Parameters
    ----------
    parts : offsets and sizes, in any order.

    Examples
    --------
    >>> together([(9000, 10), (0, 100), (200, 50)])
    [Part(start=0, end=250), Part(start=9000, end=9010)]
    """
    found: list[Part] = []
    for offset, size in sorted(parts):
        end = offset + size
        last = found[-1] if found else None
        if last and offset <= last.end + _NEAR and max(end, last.end) - last.start <= _TOGETHER:
            found[-1] = Part(last.start, max(end, last.end))
        else:
            # What two parts share is fetched once.
            start = max(offset, last.end) if last else offset
            if end > start:
                found.append(Part(start, end))
    return found


def cut(part: Part, size: int) -> Iterator[Part]:
    """A part in several of at most a size.

    >>> list(cut(Part(5, 12), 4))
    [Part(start=5, end=9), Part(start=9, end=12)]
    """
    for start in range(part.start, part.end, size):
        yield Part(start, min(part.end, start + size))


def object_at(url: str) -> Object:
    """An object as it is now, with its size.

    Raises
    ------
    OSError
        As :func:`normstat.urls.asked`, or its size is not known.
    """
    store, path = located(url)
    found = store.info(path)
    if found.size is None:
        raise OSError(errno.ENOSYS, "the server does not tell its size")
    return found


def unreadable(error: OSError, what: str = "object") -> UnreadableImage:
    """The record of an object, or a folder of them, that a server does not give.

    >>> unreadable(PermissionError(13, "access is denied")).code
    <Code.PERMISSION_DENIED: 'permission_denied'>
    """
    if isinstance(error, FileNotFoundError):
        return UnreadableImage(Code.VANISHED, f"listed, but the {what} is gone")
    if isinstance(error, PermissionError):
        return UnreadableImage(Code.PERMISSION_DENIED, str(error.strerror))
    if isinstance(error, ChangedError):
        return UnreadableImage(Code.CHANGED_WHILE_READ, "another object than was listed")
    return UnreadableImage(Code.IO_ERROR, str(error.strerror))
