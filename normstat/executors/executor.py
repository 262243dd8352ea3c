"""Interfaces of jobs and executors."""

from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Protocol, Self, TypeAlias, TypeVar

from normstat.images import Shard, Unreadable


class Result(Protocol):
    """Outcome of a job for a shard: results of parts of a shard add to the result of the whole."""

    def __add__(self, other: Self, /) -> Self: ...


R = TypeVar("R", bound=Result)
R_co = TypeVar("R_co", bound=Result, covariant=True)
T = TypeVar("T")


class Job(Protocol[R_co]):
    """Work to do on each shard. Jobs, shards and results are picklable."""

    def __call__(self, shard: Shard) -> R_co:
        """The result of a shard."""

    def lost(self, record: Unreadable) -> R_co:
        """The result of an image that ends the process which reads it."""


#: The ``map`` of an executor, or of something in front of one.
Map: TypeAlias = Callable[[Job[R], Iterable[Shard]], Generator[tuple[int, R], None, None]]


class Executor(Protocol):
    """Maps a job over shards."""

    def map(self, job: Job[R], shards: Iterable[Shard]) -> Generator[tuple[int, R], None, None]:
        """Results, one for each shard, each behind the number of its shard, from 0.

        They come in any order, so nothing may depend on it; :func:`in_order` is for what does.
        Few shards are in flight at once. Closing the generator ends what is still running, or
        cancels it where it cannot be ended, and waits for nothing.
        """

    def listen(self, warn: Callable[[str], None]) -> None:
        """Take a function to tell a user, while a run lasts, what keeps it from going on."""
        del warn  # most go on, or end

    def remarks(self) -> Iterable[str]:
        """Sentences for a user at the end of all runs; none unless there is something to say."""
        return ()


def in_order(results: Iterable[tuple[int, T]]) -> Iterator[T]:
    """Results in the order of their shards; those that are early wait.

    >>> list(in_order([(1, "b"), (0, "a"), (2, "c")]))
    ['a', 'b', 'c']
    """
    early: dict[int, T] = {}
    following = 0
    for number, result in results:
        early[number] = result
        while following in early:
            yield early.pop(following)
            following += 1
