"""Any ``concurrent.futures.Executor`` as an engine: a bounded window of shards, as they come."""

import pickle
import uuid
from collections.abc import Generator, Iterable, Sequence
from concurrent import futures
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Generic

from normstat.errors import EngineLost, UsageError, option
from normstat.executors import guard
from normstat.executors.children import forsake
from normstat.executors.executor import Executor, Job, R
from normstat.executors.fitness import Ticket, Unfit
from normstat.images import Shard

#: Tasks in flight: so many for each slot of the engine, at least so many, and so many where the
#: number of slots is not known.
PER_SLOT, AT_LEAST, UNKNOWN = 4, 32, 256
# A task takes several milliseconds of a driver and a worker, whatever it is: short shards share
# one, at most so many, that takes about so many seconds.
_MOST_SHARDS, _SECONDS = 16, 0.5
# Shards in flight of a large cluster: the driver keeps each of them until its task is done.
_IN_FLIGHT = 1 << 14
# Attributes of executors that say how many tasks run at once.
_SLOTS = ("_max_workers", "max_workers", "num_workers")
# Times that a shard is handed in again because its worker is gone.
_AGAIN = 10
_LOOK = 0.5  # seconds between two looks if the engine is still there


class Futures(Executor):
    """Maps jobs over the workers of an executor, which stays open.

    Parameters
    ----------
    executor : of threads, of processes, or on other machines. Each worker decodes in supervised
        children of its own.
    image_timeout : seconds after which an image is given up; 0 for never.

    Attributes
    ----------
    workers : names of those that took part so far.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> with ThreadPoolExecutor(2) as threads:
    ...     Futures(threads).slots
    2
    """

    def __init__(self, executor: futures.Executor, image_timeout: float = 60.0) -> None:
        self._executor = executor
        self.image_timeout = image_timeout
        self.workers: set[str] = set()

    @property
    def slots(self) -> int | None:
        """Number of tasks that run at once; None where that is not known."""
        found = (getattr(self._executor, name, None) for name in _SLOTS)
        return next((number for number in found if isinstance(number, int)), None)

    def remarks(self) -> Iterable[str]:
        """Number of workers that took part."""
        number = len(self.workers)
        return (f"{number} worker{'s' * (number != 1)} took part",)

    def map(self, job: Job[R], shards: Iterable[Shard]) -> Generator[tuple[int, R], None, None]:
        """See :class:`normstat.executors.Executor`.

        Raises
        ------
        UsageError
            A worker is not fit for the work.
        EngineLost
            The engine is gone, or a worker that came later is not fit.
        """
        return _FuturesMap(self, job, shards).results()

    def begin(self, ticket: bytes) -> None:
        """Look at the workers before the work, where they are known; UsageError if one is unfit."""

    def submit(self, ticket: bytes, job: bytes, shards: bytes) -> "futures.Future[bytes]":
        """Hand in shards; the future ends with BrokenExecutor if they may be handed in again."""
        return self._executor.submit(guard.work, ticket, job, shards)

    def cancel(self, pending: Iterable["futures.Future[bytes]"]) -> None:
        """Give up what has not begun, and wait for nothing."""
        for future in pending:
            future.cancel()

    def look(self) -> None:
        """Raise EngineLost if nothing can come any more."""


#: Problem of a worker that does not know what it is asked.
NO_NORMSTAT = "has no normstat, or another one; install the same there as here"


def unfit(worker: str, problem: str) -> str:
    """Template of the message that a worker cannot take part."""
    return f"{option('engine')}: {worker} {problem}"


def lacks_normstat(error: BaseException) -> bool:
    """True if a worker could not unpickle its task; some engines tell the words only.

    >>> lacks_normstat(ModuleNotFoundError("No module named 'normstat'"))
    True
    """
    words = str(error)
    return "No module named 'normstat" in words or "module 'normstat." in words


def in_a_line(error: BaseException) -> str:
    """Kind and first line of an error of an engine.

    >>> in_a_line(OSError("there is no route"))
    'OSError: there is no route'
    """
    first = next(iter(str(error).strip().splitlines()), "")
    return ": ".join(filter(None, (type(error).__name__, first)))


class _FuturesMap(Generic[R]):
    """A job mapped over shards, once."""

    def __init__(self, engine: Futures, job: Job[R], shards: Iterable[Shard]) -> None:
        self._engine = engine
        self._job = job
        self._shards = enumerate(shards)
        self._run = uuid.uuid4().hex
        self._ticket = self._pickled_job = b""
        # Tasks by the number of their first shard.
        self._pending: dict[int, futures.Future[bytes]] = {}
        self._numbers: dict[int, list[int]] = {}  # of the shards of a task
        self._shards_of: dict[int, bytes] = {}  # pickled, until there is an answer
        self._again: dict[int, int] = {}  # how often a task was handed in once more
        self._done: SimpleQueue[int] = SimpleQueue()
        self._results, self._seconds = 0, 0.0

    def results(self) -> Generator[tuple[int, R], None, None]:
        more = True
        try:
            while more or self._pending:
                if more and len(self._pending) < self._window() and self._done.empty():
                    task = list(islice(self._shards, self._shards_in_next_task()))
                    more = bool(task)
                    yield from ((n, self._job(shard)) for n, shard in task if not shard.names)
                    if task := [(n, shard) for n, shard in task if shard.names]:
                        self._hand_in(task)
                    continue
                yield from self._finished()
        finally:
            self._engine.cancel(self._pending.values())
            forsake(self._run)  # threads of this very process

    def _window(self) -> int:
        slots = self._engine.slots
        return UNKNOWN if slots is None else max(AT_LEAST, PER_SLOT * slots)

    def _shards_in_next_task(self) -> int:
        """As many as take about the time that a task should take."""
        if not self._seconds:
            return 1
        fitting = round(_SECONDS * self._results / self._seconds)
        return max(1, min(_MOST_SHARDS, _IN_FLIGHT // self._window(), fitting))

    def _hand_in(self, task: Sequence[tuple[int, Shard]]) -> None:
        first, shard = task[0]
        self._begin(shard)
        self._numbers[first] = [number for number, _ in task]
        self._shards_of[first] = pickle.dumps([shard for _, shard in task])
        self._submit(first)

    def _begin(self, shard: Shard) -> None:
        if self._ticket:
            return
        folders: tuple[str, ...] = getattr(self._job, "folders", ())
        ticket = Ticket.of(self._run, self._engine.image_timeout, shard, folders)
        self._ticket = ticket.dumps()
        self._pickled_job = pickle.dumps(self._job)
        self._engine.begin(self._ticket)

    def _submit(self, number: int) -> None:
        try:
            future = self._engine.submit(self._ticket, self._pickled_job, self._shards_of[number])
        except (futures.BrokenExecutor, RuntimeError) as error:  # broken, or shut down
            raise EngineLost(f"the engine takes no more work ({in_a_line(error)})") from error
        self._pending[number] = future
        future.add_done_callback(lambda _: self._done.put(number))

    def _finished(self) -> list[tuple[int, R]]:
        """The next results; none if there are none yet."""
        try:
            number = self._done.get(timeout=_LOOK)
        except Empty:
            self._engine.look()
            return []
        future = self._pending.pop(number)
        try:
            answer = guard.loads_answer(future.result())
        except futures.CancelledError as error:
            self._engine.look()  # it may know why
            raise EngineLost("the engine is gone: it has given up its work") from error
        except futures.BrokenExecutor as error:  # a worker is gone, or all are
            self._hand_in_again(number, error)
            return []
        except EngineLost:
            raise
        except Exception as error:
            raise self._stop(error) from error
        if answer.failure:
            raise RuntimeError(f"on worker {answer.worker}:\n{answer.failure}")
        del self._shards_of[number]
        self._results += len(answer.results)
        self._seconds += answer.seconds
        self._engine.workers.add(answer.worker)
        return list(zip(self._numbers.pop(number), answer.results, strict=True))

    def _stop(self, error: Exception) -> EngineLost | UsageError:
        """The end of the run for a future without an answer: those of the job are answers."""
        kind = EngineLost if self._results else UsageError
        if isinstance(error, Unfit):
            return kind(unfit(f"worker {error.worker}", error.problem))
        if lacks_normstat(error):
            return kind(unfit("a worker", NO_NORMSTAT))
        return EngineLost(f"the engine has failed ({in_a_line(error)})")

    def _hand_in_again(self, number: int, error: futures.BrokenExecutor) -> None:
        self._again[number] = self._again.get(number, 0) + 1
        if self._again[number] > _AGAIN:
            said = in_a_line(error)
            raise EngineLost(f"the workers of the engine end again and again ({said})") from error
        self._submit(number)
