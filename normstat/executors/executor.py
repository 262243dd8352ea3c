"""Interfaces of jobs and executors."""

from collections.abc import Callable, Generator, Iterable
from typing import Protocol, Self, TypeAlias, TypeVar

from normstat.images import Shard, Unreadable


class Result(Protocol):
    """Outcome of a job for a shard: results of parts of a shard add to the result of the whole."""

    def __add__(self, other: Self, /) -> Self: ...


R = TypeVar("R", bound=Result)
R_co = TypeVar("R_co", bound=Result, covariant=True)


class Job(Protocol[R_co]):
    """Work to do on each shard. Jobs, shards and results are picklable."""

    def __call__(self, shard: Shard) -> R_co:
        """The result of a shard."""

    def lost(self, record: Unreadable) -> R_co:
        """The result of an image that ends the process which reads it."""


#: The ``map`` of an executor, or of something in front of one.
Map: TypeAlias = Callable[[Job[R], Iterable[Shard]], Generator[R, None, None]]


class Executor(Protocol):
    """Maps a job over shards."""

    def map(self, job: Job[R], shards: Iterable[Shard]) -> Generator[R, None, None]:
        """Results, one for each shard and in their order; few shards are in flight at once.

        Closing the generator ends what is still running.
        """
