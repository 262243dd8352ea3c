"""A Dask cluster as an engine."""

import asyncio
import time
from collections.abc import Callable, Iterable
from concurrent import futures
from contextlib import ExitStack, suppress
from typing import Any, Self

import dask
from distributed import get_worker
from distributed.comm import CommClosedError
from distributed.scheduler import KilledWorker

from normstat.errors import EngineLost, UsageError, option
from normstat.executors import guard
from normstat.executors.dask_cluster import connected
from normstat.executors.fitness import problem_here
from normstat.executors.futures import NO_NORMSTAT, Futures, in_a_line, lacks_normstat, unfit

# Seconds that a cluster may be without any worker, as when all of them are replaced.
_NO_WORKER = 300.0
_NO_WORKER_SAID = 10.0  # seconds after which a user is told that it waits
_RECOUNT = 2.0  # seconds between two looks at how many slots there are
# States in which a worker's task has no one who waits for it.
_UNWANTED = ("cancelled", "released", "forgotten")


class Dask(Futures):
    """Maps jobs over the workers of a cluster, connected in a ``with`` block.

    Parameters
    ----------
    place : address of a scheduler, or a file with it, which ends in ``.json``; empty: the one that
        ``DASK_SCHEDULER_ADDRESS`` names, or else a cluster that is started on this machine.
    workers : processes of such a cluster; None for one per CPU.
    image_timeout : seconds after which an image is given up; 0 for never.
    """

    _client: Any

    def __init__(
        self, place: str = "", workers: int | None = None, image_timeout: float = 60.0
    ) -> None:
        super().__init__(futures.Executor(), image_timeout)
        self._place = place or dask.config.get("scheduler-address", None) or ""
        self._local_workers = workers
        self._stack = ExitStack()
        self._entered = 0
        self._slots, self._counted, self._since = 0, 0.0, 0.0
        self._warn: Callable[[str], None] = lambda _: None
        self._is_said = False

    @classmethod
    def of(cls, place: str, workers: int | None, image_timeout: float) -> Self:
        """See :data:`normstat.executors.EXECUTORS`."""
        made = cls(place, workers, image_timeout)
        if workers and made._place:
            raise UsageError(
                f"{option('workers', workers)}: a cluster has its own workers; leave it out"
            )
        return made

    def __enter__(self) -> Self:
        """Connect.

        Raises
        ------
        UsageError
            There is no scheduler, or it has no workers.
        """
        self._entered += 1
        if self._entered == 1:
            with ExitStack() as stack:
                self._client = connected(self._place, self._local_workers, stack)
                self._since = time.monotonic()
                self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._entered -= 1
        if not self._entered:
            self._stack.close()

    @property
    def slots(self) -> int:
        """Number of tasks that run at once; counted again and again, as workers come and go."""
        now = time.monotonic()
        if now - self._counted > _RECOUNT:
            self._counted = now
            # A scheduler that is gone is noticed by the futures.
            with suppress(OSError, AttributeError, asyncio.CancelledError):
                counted = self._client.sync(
                    self._client.scheduler.ncores, callback_timeout=_RECOUNT
                )
                self._slots = sum(counted.values())
                self._since = now if self._slots else self._since
        return self._slots

    def begin(self, ticket: bytes) -> None:
        """See :meth:`Futures.begin`."""
        try:
            found = self._client.run(problem_here, ticket, on_error="return")
        except (OSError, asyncio.CancelledError) as error:
            raise EngineLost(f"the scheduler is gone ({in_a_line(error)})") from error
        wrong = {
            worker: _problem(answer)
            for worker, answer in found.items()
            if answer and not isinstance(answer, CommClosedError)  # one that is gone may come back
        }
        for worker, problem in sorted(wrong.items()):
            more = f" (and {len(wrong) - 1} more of {len(found)})" if len(wrong) > 1 else ""
            raise UsageError(unfit(f"worker {worker}{more}", problem))

    def submit(self, ticket: bytes, job: bytes, shards: bytes) -> "futures.Future[bytes]":
        """See :meth:`Futures.submit`."""
        if self._client.status != "running":
            raise EngineLost("the scheduler is gone")
        task = self._client.submit(_work, ticket, job, shards, pure=False)
        future = _Bridged(task)
        self._client.loop.add_callback(future.bring)
        return future

    def cancel(self, pending: Iterable["futures.Future[bytes]"]) -> None:
        """See :meth:`Futures.cancel`."""
        tasks = [future.task for future in pending if isinstance(future, _Bridged)]
        if tasks and self._client.status == "running":
            self._client.loop.add_callback(_cancel, self._client, tasks)

    def listen(self, warn: Callable[[str], None]) -> None:
        """See :meth:`normstat.executors.Executor.listen`."""
        self._warn = warn

    def look(self) -> None:
        """See :meth:`Futures.look`."""
        if self._client.status != "running":
            raise EngineLost("the scheduler is gone")
        if self.slots:
            self._is_said = False
            return
        without = time.monotonic() - self._since
        if without > _NO_WORKER_SAID and not self._is_said:
            self._is_said = True
            self._warn(f"the cluster has no worker now; start some within {_NO_WORKER:.0f} s")
        if without > _NO_WORKER:
            raise EngineLost(f"the cluster has had no worker for {_NO_WORKER:.0f} s")


class _Bridged(futures.Future[bytes]):
    """The future of a task, as any other: those of distributed's own executor lose a race.

    Between a result that is set and a cancellation, that is.
    """

    def __init__(self, task: Any) -> None:
        super().__init__()
        self.task = task

    async def bring(self) -> None:
        """Wait for the task, in the client's loop."""
        try:
            answer = await self.task._result()  # noqa: SLF001  # the one that may be awaited here
        except asyncio.CancelledError:  # also if the scheduler is gone
            self.cancel()
            self.set_running_or_notify_cancel()
        except KilledWorker as error:
            # Workers that died took this task along, several times; its images are not at fault.
            self.set_exception(futures.BrokenExecutor(str(error)))
        except Exception as error:  # noqa: BLE001  # raised where results are consumed
            self.set_exception(error)
        else:
            self.set_result(answer)
        self.task.release()  # or the scheduler would keep all results


def _work(ticket: bytes, job: bytes, shards: bytes) -> bytes:
    """On a worker: the answer for some shards, unless nobody waits for it any more."""
    worker = get_worker()
    key = worker.get_current_task()

    def wanted() -> bool:
        task = worker.state.tasks.get(key)
        return task is not None and task.state not in _UNWANTED

    return guard.work(ticket, job, shards, wanted)


async def _cancel(client: Any, tasks: list[Any]) -> None:
    with suppress(OSError, AttributeError):  # the scheduler is gone, and the tasks with it
        await client.cancel(tasks, asynchronous=True, force=True)


def _problem(answer: object) -> str:
    if not isinstance(answer, BaseException):
        return str(answer)
    return NO_NORMSTAT if lacks_normstat(answer) else f"cannot be asked ({in_a_line(answer)})"
