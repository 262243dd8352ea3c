"""Objects behind a URL, as the container of samples: fetched ahead, while others are decoded."""

import io
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, BinaryIO, NamedTuple

from normstat.errors import UnreadableImage
from normstat.images import Code, Payload, Reader, Sample
from normstat.sources.stores import Store, store_of
from normstat.urls import ChangedError

# Objects that are on their way at once, and those that may be there or on their way.
_AT_ONCE = 16
_AHEAD = 48
# Bytes of them; a larger object is fetched alone.
_BYTES = 64 << 20
# Size of an object that no listing tells: so many of them fill the bytes.
_UNKNOWN = _BYTES // _AT_ONCE
# Bytes that are asked for at a time, to read a header.
_PART = 1 << 16


class Place(NamedTuple):
    """The place of an object, and how it was listed.

    Attributes
    ----------
    path : below the URL.
    size : in bytes; None if the listing did not say it.
    tag : the server may be asked for this version of it alone; empty if it cannot.
    """

    path: str
    size: int | None = None
    tag: str = ""


@dataclass(frozen=True, slots=True)
class RemoteFiles:
    """A folder behind a URL whose objects are samples.

    Attributes
    ----------
    url : of the folder. Credentials are found where it is opened.

    Examples
    --------
    >>> from normstat.files import write
    >>> write("memory://doctest-files/a.png", b"abc")
    >>> sample = Sample("train", "a.png", Place("a.png", 3))
    >>> with RemoteFiles("memory://doctest-files").open() as reader:
    ...     [reader.read(each) for each in reader.ahead([sample])]
    [b'abc']
    """

    url: str

    @contextmanager
    def open(self) -> Iterator[Reader]:
        reader = _Fetching(store_of(self.url), _threads())
        try:
            yield reader
        finally:
            reader.close()

    def path(self, sample: Sample) -> None:  # noqa: ARG002  # the protocol has it
        return None


@cache
def _threads() -> ThreadPoolExecutor:
    """Threads that fetch, for as long as the process lasts: each has a connection of its own."""
    return ThreadPoolExecutor(_AT_ONCE, "normstat-fetch")


class _Fetching(Reader):
    def __init__(self, store: Store, pool: ThreadPoolExecutor) -> None:
        self._store = store
        self._pool = pool
        # The object that ahead() has come to.
        self._here: _Asked | None = None
        self._asked: deque[_Asked] = deque()

    def close(self) -> None:
        """Give up what nobody waits for any more."""
        while self._asked:
            self._asked.pop().answer.cancel()

    def ahead(self, samples: Iterable[Sample], most: int | None = None) -> Iterator[Sample]:
        left = iter(samples)
        following = next(left, None)
        asked = self._asked
        size = 0
        while asked or following:
            while following and (not asked or _has_room(len(asked), size + _cost(following, most))):
                answer = self._pool.submit(self.fetch, following, 0, most)
                asked.append(_Asked(following, answer, most))
                size += _cost(following, most)
                following = next(left, None)
            self._here = asked.popleft()
            wait((self._here.answer,))
            yield self._here.sample
            size -= _cost(self._here.sample, most)
            self._here = None  # its bytes end here

    def read(self, sample: Sample) -> Payload:
        """Return all bytes of the object."""
        here = self._here
        try:
            is_here = here is not None and here.sample == sample
            data = here.answer.result() if here and is_here else b""
            if not here or not is_here or (here.most is not None and len(data) >= here.most):
                data = self.fetch(sample)
        except OSError as error:
            raise unreadable(error) from error
        except MemoryError as error:
            raise UnreadableImage(Code.OUT_OF_MEMORY, "not enough memory for it") from error
        if _place(sample).size not in (None, len(data)):
            raise UnreadableImage(Code.CHANGED_WHILE_READ, "has another size than was listed")
        return data

    @contextmanager
    def head(self, sample: Sample) -> Iterator[BinaryIO]:
        here = self._here
        is_here = here is not None and here.sample == sample
        start = here.answer.result() if here and is_here else self.fetch(sample, 0, _PART)
        with io.BufferedReader(_Ranges(self, sample, start)) as file:
            yield file

    def fetch(self, sample: Sample, start: int = 0, end: int | None = None) -> bytes:
        """The bytes of an object, or a range of them; an OSError if there are none."""
        place = _place(sample)
        if start >= (start + 1 if place.size is None else place.size):  # no server likes to say so
            return b""
        return self._store.fetch(place.path, place.tag, start, end)


class _Asked(NamedTuple):
    """An object that is on its way, or as many bytes of it as are wanted."""

    sample: Sample
    answer: "Future[bytes]"
    most: int | None


class _Ranges(io.RawIOBase):
    """An object as a file: its start, and what else is asked for."""

    def __init__(self, reader: _Fetching, sample: Sample, start: bytes) -> None:
        self._reader = reader
        self._sample = sample
        self._at = 0
        self._offset, self._part = 0, start
        self._size = _place(sample).size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if whence == os.SEEK_END and self._size is None:
            raise OSError("its size is not known")
        self._at = offset + (0, self._at, self._size or 0)[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:
        at = self._at - self._offset
        if not 0 <= at < len(self._part):
            self._offset, at = self._at, 0
            self._part = self._reader.fetch(self._sample, self._at, self._at + _PART)
        found = self._part[at : at + len(buffer)]
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)


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


def _place(sample: Sample) -> Place:
    return Place(sample.name) if sample.place is None else sample.place


def _cost(sample: Sample, most: int | None) -> int:
    size = _place(sample).size
    whole = _UNKNOWN if size is None else size
    return whole if most is None else min(most, whole)


def _has_room(objects: int, size: int) -> bool:
    return objects < _AHEAD and size <= _BYTES
