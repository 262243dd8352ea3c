"""Worker processes on this machine, from one run to the next."""

from collections.abc import Generator, Iterable, Sequence
from contextlib import suppress
from typing import Self

from normstat.errors import UsageError, option
from normstat.executors.cpus import available_cpus
from normstat.executors.executor import Executor, Job, R
from normstat.executors.process import Worker
from normstat.executors.supervised import SupervisedMap
from normstat.images import Shard

_MOST_EARLY = 8


class Local(Executor):
    """Supervised worker processes.

    Parameters
    ----------
    workers : number of processes. Those that start early are there whatever there is to do; no
        others start than shards need.
    image_timeout : seconds after which an image is given up; 0 for never.
    preload : modules that a worker imports while its parent is still busy starting, if they are
        there.
    early : a ``with`` block starts workers before there is work; else each waits for its first
        shard, which may never come.
    """

    def __init__(
        self,
        workers: int,
        image_timeout: float = 60.0,
        preload: Sequence[str] = (),
        early: bool = True,
    ) -> None:
        self.workers = workers
        self.image_timeout = image_timeout
        self.preload = preload
        self.early = early
        self._early: list[Worker] = []
        self._lasting: set[Worker] = set()
        self._entered = 0

    @classmethod
    def of(cls, place: str, workers: int | None, image_timeout: float) -> Self:
        """See :data:`normstat.executors.EXECUTORS`."""
        if place:
            raise UsageError(f"{option('engine', f'local:{place}')}: should be local")
        return cls(workers or available_cpus(), image_timeout)

    def __enter__(self) -> Self:
        """Start some workers if ``early``: they import what they need while the caller does.

        They last from one :meth:`map` to the next, until the end of the outermost ``with`` block.
        """
        self._entered += 1
        while len(self._early) > self.workers:  # fewer are wanted than were started
            surplus = self._early.pop()
            self._lasting.discard(surplus)
            surplus.end()
        with suppress(OSError):  # map() starts what is missing, or says why it cannot
            while self.early and len(self._lasting) < min(self.workers, _MOST_EARLY):
                worker = Worker(self.preload)
                self._lasting.add(worker)
                self._early.append(worker)
        return self

    def __exit__(self, *_: object) -> None:
        self._entered -= 1
        if self._entered:
            return
        for worker in self._early:  # all at once, as each takes a moment to be gone
            worker.kill()
        while self._early:
            self._early.pop().end()
        self._lasting.clear()

    def start(self) -> Worker:
        """Return a worker, started early or now."""
        try:
            return self._early.pop()
        except IndexError:
            return Worker(self.preload)

    def give_back(self, worker: Worker) -> None:
        """Take back a worker that has nothing to do.

        Only those of :meth:`__enter__` may stay: Linux ends a process with the thread that
        started it.
        """
        if worker in self._lasting:
            self._early.append(worker)
        else:
            worker.end()

    def map(self, job: Job[R], shards: Iterable[Shard]) -> Generator[tuple[int, R], None, None]:
        """See :class:`normstat.executors.Executor`.

        Raises
        ------
        EngineLost
            Workers cannot be started.
        """
        return SupervisedMap(job, shards, self).results()
