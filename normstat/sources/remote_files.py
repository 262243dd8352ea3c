"""Objects behind a URL, as the container of samples: fetched ahead, while others are decoded."""

import io
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, NamedTuple, Protocol

from normstat.errors import UnreadableImage
from normstat.images import Code, Payload, Reader, Sample
from normstat.sources.object_ranges import AT_ONCE, MOST, threads, unreadable
from normstat.sources.stores import store_of

# Objects that may be there or on their way; a larger one than all bytes is fetched alone.
_AHEAD = 48
# Size of an object that no listing tells: so many of them fill the bytes.
_UNKNOWN = MOST // AT_ONCE
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
        reader = Fetching(store_of(self.url), threads())
        try:
            yield reader
        finally:
            reader.close()

    def path(self, sample: Sample) -> None:  # noqa: ARG002  # the protocol has it
        return None


class Fetches(Protocol):
    """The part of a :class:`normstat.sources.stores.Store` that reads."""

    def fetch(self, path: str, tag: str, start: int = 0, end: int | None = None) -> bytes: ...


class Fetching(Reader):
    """A reader of objects, which are fetched ahead; the place of one is a :class:`Place`."""

    def __init__(self, store: Fetches, pool: ThreadPoolExecutor) -> None:
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

    def __init__(self, reader: Fetching, sample: Sample, start: bytes) -> None:
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


def _place(sample: Sample) -> Place:
    return Place(sample.name) if sample.place is None else sample.place


def _cost(sample: Sample, most: int | None) -> int:
    size = _place(sample).size
    whole = _UNKNOWN if size is None else size
    return whole if most is None else min(most, whole)


def _has_room(objects: int, size: int) -> bool:
    return objects < _AHEAD and size <= MOST
