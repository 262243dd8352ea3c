"""Objects behind a URL, as the container of samples: fetched ahead, while others are decoded."""

import io
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, BinaryIO, NamedTuple, Protocol

from normstat.errors import UnreadableImage, UsageError, option
from normstat.files import shown
from normstat.images import Code, Payload, Reader, Sample
from normstat.sources.object_ranges import AT_ONCE, MOST, threads, unreadable
from normstat.sources.stores import store_of
from normstat.urls import scheme_of

# Objects that may be there or on their way; a larger one than all bytes is fetched alone.
_AHEAD = 48
# Size of an object that no listing tells: so many of them fill the bytes.
_UNKNOWN = MOST // AT_ONCE
# Objects that a store is told of before they are fetched.
_BATCH = 32
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
        reader = Fetching(store_of(self.url), threads(), self)
        try:
            yield reader
        finally:
            reader.close()

    def expect(self, samples: tuple[Sample, ...]) -> None:
        """See :class:`normstat.images.samples.Fetched`."""
        expect(self, samples)

    def path(self, sample: Sample) -> None:  # noqa: ARG002  # the protocol has it
        return None

    def __reduce__(self) -> tuple[type["RemoteFiles"], tuple[str]]:
        """Go to another process, which has to be able to read the objects."""
        if scheme_of(self.url) == "memory":
            raise UsageError(
                f"{shown(self.url)}: is in the memory of this process, and no worker can read it; "
                f"use {option('workers', 0)}, and no other engine"
            )
        return RemoteFiles, (self.url,)


class Fetches(Protocol):
    """The part of a :class:`normstat.sources.stores.Store` that reads."""

    def fetch(self, path: str, tag: str, start: int = 0, end: int | None = None) -> bytes: ...
    def prepare(self, paths: Sequence[str]) -> None: ...


class Plan:
    """Samples to fetch, in their order.

    Parameters
    ----------
    samples : all of them.
    most : as many bytes of each as are wanted, from its start on; None for all.

    Attributes
    ----------
    asked : those that are there, or on their way.
    size : bytes of these.
    """

    def __init__(self, samples: Iterable[Sample], most: int | None = None) -> None:
        self.asked: deque[_Asked] = deque()
        self._left = iter(samples)
        self._most = most
        self._batch: deque[Sample] = deque()
        self.size = 0

    def fill(self, store: Fetches, pool: ThreadPoolExecutor, beside: "Plan | None" = None) -> bool:
        """Ask for as many as there is room for beside those of another plan; True if for all."""
        others, bytes_of_others = (len(beside.asked), beside.size) if beside else (0, 0)
        while following := self._following(store):
            cost = _cost(following, self._most)
            objects, size = others + len(self.asked), bytes_of_others + self.size + cost
            if objects and not (objects < _AHEAD and size <= MOST):
                return False
            self._batch.popleft()
            answer = pool.submit(fetched, store, following, 0, self._most)
            self.asked.append(_Asked(following, answer, self._most))
            self.size += cost
        return True

    def _following(self, store: Fetches) -> Sample | None:
        if not self._batch and (batch := list(islice(self._left, _BATCH))):
            self._batch.extend(batch)
            store.prepare([_place(sample).path for sample in batch])
        return self._batch[0] if self._batch else None

    def release(self, asked: "_Asked") -> None:
        """Make room: nobody needs the bytes of this one any more."""
        self.size -= _cost(asked.sample, self._most)

    def give_up(self) -> None:
        """Forget what nobody waits for any more."""
        while self.asked:
            self.asked.pop().answer.cancel()


class _Expected(NamedTuple):
    """The samples of a shard that this process will have."""

    container: object
    samples: tuple[Sample, ...]
    plan: Plan


# Those that were announced, in their order: one thread appends, and another takes.
_expected: deque[_Expected] = deque(maxlen=2)


def expect(container: object, samples: tuple[Sample, ...]) -> None:
    """Fetch samples as soon as those of the present reader are there; a process has one at a time.

    Parameters
    ----------
    container : which the reader of the samples will be of.
    """
    _expected.append(_Expected(container, samples, Plan(samples)))


class Fetching(Reader):
    """A reader of objects, which are fetched ahead; the place of one is a :class:`Place`."""

    def __init__(self, store: Fetches, pool: ThreadPoolExecutor, container: object = None) -> None:
        self._store = store
        self._pool = pool
        self._container = container
        # The object that ahead() has come to.
        self._here: _Asked | None = None
        self._plan = Plan(())

    def close(self) -> None:
        """Give up what nobody waits for any more."""
        self._plan.give_up()

    def ahead(self, samples: Iterable[Sample], most: int | None = None) -> Iterator[Sample]:
        self._plan = plan = self._planned(tuple(samples), most)
        while True:
            if plan.fill(self._store, self._pool) and most is None:
                following = next(iter(tuple(_expected)), None)
                if following and following.container == self._container:
                    following.plan.fill(self._store, self._pool, beside=plan)
            if not plan.asked:
                return
            self._here = plan.asked.popleft()
            if not self._here.answer.done():
                wait((self._here.answer,))
            yield self._here.sample
            plan.release(self._here)
            self._here = None  # its bytes end here

    def _planned(self, samples: tuple[Sample, ...], most: int | None) -> Plan:
        """A plan for the samples, which may have been made when they were expected."""
        wanted = self._container, samples
        if any(each[:2] == wanted for each in tuple(_expected)):
            while (found := _expected.popleft())[:2] != wanted:
                found.plan.give_up()
            if most is None:
                return found.plan
        return Plan(samples, most)

    def read(self, sample: Sample) -> Payload:
        """Return all bytes of the object."""
        here = self._here
        try:
            is_here = here is not None and here.sample == sample
            data = here.answer.result() if here and is_here else b""
            if not here or not is_here or (here.most is not None and len(data) >= here.most):
                data = fetched(self._store, sample)
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
        start = here.answer.result() if here and is_here else fetched(self._store, sample, 0, _PART)
        with io.BufferedReader(_Ranges(self._store, sample, start)) as file:
            yield file


def fetched(store: Fetches, sample: Sample, start: int = 0, end: int | None = None) -> bytes:
    """The bytes of an object, or a range of them; an OSError if there are none."""
    place = _place(sample)
    if start >= (start + 1 if place.size is None else place.size):  # no server likes to say so
        return b""
    return store.fetch(place.path, place.tag, start, end)


class _Asked(NamedTuple):
    """An object that is on its way, or as many bytes of it as are wanted."""

    sample: Sample
    answer: "Future[bytes]"
    most: int | None


class _Ranges(io.RawIOBase):
    """An object as a file: its start, and what else is asked for."""

    def __init__(self, store: Fetches, sample: Sample, start: bytes) -> None:
        self._store = store
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
            self._part = fetched(self._store, self._sample, self._at, self._at + _PART)
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
