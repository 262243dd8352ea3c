"""One mapping over worker processes, each supervised by a thread of its own.

A death is the end of one pipe, so it is known whose shard it was. That shard is run again image
by image in fresh processes; an image is recorded as lost only after it has ended its worker
repeatedly, and a worker that was killed from outside costs nothing but time.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from typing import Generic, Protocol

from normstat.errors import EngineLost
from normstat.executors.executor import Job, R
from normstat.executors.lane import Lane
from normstat.executors.process import GUILTY, Died, Worker
from normstat.images import Fetched, Shard

_STARTS = 10
_START_WITHIN = 8.0  # seconds for all these attempts
_PAUSE = 0.1  # seconds before trying again to start one
_JOIN_WITHIN = 0.5  # seconds for all threads of a run
_RESULTS_PER_WORKER = 4
_LOOK = 0.5  # seconds between two looks if results are still wanted


class Pool(Protocol):
    """Supplier of workers, which takes back those that have nothing to do."""

    workers: int  # as many as there may be at once
    image_timeout: float  # seconds after which an image is given up; 0 for never

    def start(self) -> Worker: ...
    def give_back(self, worker: Worker) -> None: ...


class _Stop(Exception):
    """The results are no longer wanted."""


class _CannotStart(Exception):
    """There is no process for this thread, while others have theirs."""


class SupervisedMap(Generic[R]):
    """A job mapped over shards, once: what its threads share.

    Parameters
    ----------
    wanted : asked now and then; once it says no, there are no more results.
    """

    def __init__(
        self,
        job: Job[R],
        shards: Iterable[Shard],
        pool: Pool,
        wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        self._job = job
        self._pool = pool
        self._wanted = wanted
        self._shards = enumerate(shards)
        self._source = threading.Lock()  # held while the next shard is looked for
        self._changed = threading.Condition()  # guards everything below
        self._waiting: deque[tuple[int, Shard]] = deque()  # for any lane that is free
        self._results: dict[int, R] = {}
        self._emitted = 0
        self._threads: list[threading.Thread] = []
        self._active = 0  # threads that have not ended
        self._busy = 0  # lanes that have a shard
        self._workers: set[Worker] = set()
        self._reason = ""  # why a worker did not start
        self._stopped = False
        self._failure: BaseException | None = None

    def results(self) -> Generator[tuple[int, R], None, None]:
        """Results in the order of the shards."""
        try:
            self._add_thread()
            while (result := self._next_result()) is not None:
                yield result
        finally:
            with self._changed:
                self._stopped = True
                for worker in self._workers:
                    worker.kill()
                self._changed.notify_all()
            last = time.monotonic() + _JOIN_WITHIN
            for thread in self._threads:  # one may look for work on storage that does not answer
                thread.join(max(0.0, last - time.monotonic()))

    def _add_thread(self) -> None:
        """Start one thread more, if there may be; each that has work starts the next."""
        with self._changed:
            if self._stopped or len(self._threads) >= self._pool.workers:
                return
            thread = threading.Thread(target=self._drive, name="normstat", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:  # no memory for it, or a limit of the system
                if not self._threads:
                    raise EngineLost(f"a thread cannot be started ({error})") from error
                return
            self._threads.append(thread)
            self._active += 1

    def _next_result(self) -> tuple[int, R] | None:
        with self._changed:
            while self._emitted not in self._results:
                if self._failure:
                    raise self._failure
                if not self._wanted():
                    return None
                if not self._active and self._waiting:
                    raise EngineLost(f"worker processes cannot be started: {self._reason}")
                if not self._active:
                    return None
                # With a timeout, because Windows does not interrupt a wait without one.
                self._changed.wait(_LOOK)
            number = self._emitted
            result = self._results.pop(number)
            self._emitted += 1
            self._changed.notify_all()
            return number, result

    # --------------------------------------------------------- what the threads do, one a worker

    def _drive(self) -> None:
        lane = Lane()
        try:
            while lane.tasks or self._take_task(lane):
                self._add_thread()
                index, shard = lane.tasks[0]
                result = self._process(shard, lane)
                lane.tasks.popleft()
                with self._changed:
                    self._busy -= not lane.tasks
                    self._results[index] = result
                    self._changed.notify_all()
            self._give_back(lane)
        except _CannotStart:
            # The others go on, with these shards too; without others the run ends.
            with self._changed:
                self._waiting.extend(lane.tasks)
        except _Stop:
            pass
        except BaseException as error:  # noqa: BLE001  # raised where results() is consumed
            with self._changed:
                self._failure = self._failure or error
        finally:
            self._release(lane)
            with self._changed:
                self._active -= 1
                self._changed.notify_all()

    def _take_task(self, lane: Lane, wait: bool = True) -> bool:
        """Give a lane one more shard; without ``wait``, only if there is room for its result."""
        with self._changed:
            while wait and not self._may_go_on():
                self._changed.wait()
            if self._stopped or self._failure or not self._may_go_on():
                return False
            if not wait and self._busy < self._pool.workers:
                return False  # others have nothing to do yet
            task = self._waiting.popleft() if self._waiting else None
        if not task:
            task = self._next(blocking=wait)
        with self._changed:
            if not task and self._waiting:  # somebody else has looked ahead meanwhile
                task = self._waiting.popleft()
            self._busy += bool(task and not lane.tasks)
        if task:
            lane.tasks.append(task)
        return task is not None

    def _look_ahead(self) -> None:
        """Have one more shard ready for the lane that is free first."""
        with self._changed:
            are_enough = len(self._waiting) >= self._pool.workers or not self._has_room()
            if are_enough or self._stopped or self._failure or self._busy < self._pool.workers:
                return
        if task := self._next(blocking=False):
            with self._changed:
                self._waiting.append(task)

    def _next(self, blocking: bool) -> tuple[int, Shard] | None:
        """The next shard; none if there is none, or another thread looks for one."""
        if not self._source.acquire(blocking=blocking):
            return None
        try:
            return next(self._shards, None)
        finally:
            self._source.release()

    def _has_room(self) -> bool:
        return len(self._results) < self._pool.workers * _RESULTS_PER_WORKER

    def _may_go_on(self) -> bool:
        return bool(self._has_room() or self._waiting or self._stopped or self._failure)

    def _process(self, shard: Shard, lane: Lane) -> R:
        if not shard.names:  # nothing that could end a process, or is worth to start one
            lane.asked = max(0, lane.asked - 1)
            return self._job(shard)
        lane.worker = lane.worker or self._start()
        try:
            lane.hand_over(1)
            # The next shard waits at the worker's door, so that the worker never waits for us. One
            # that takes long is left to whoever is free first: the last ones end at one time.
            is_ahead = lane.is_brief or isinstance(shard.container, Fetched)
            if len(lane.tasks) > 1 or (is_ahead and self._take_task(lane, wait=False)):
                lane.hand_over(2)
            elif not is_ahead:
                self._look_ahead()
            result: R = lane.answer()
            return result
        except Died:
            self._release(lane)
        total: R | None = None
        for single in shard.singles():
            result = self._alone(single, lane)
            total = result if total is None else total + result
        assert total is not None  # it has images
        return total

    def _alone(self, single: Shard, lane: Lane) -> R:
        """One image, as often as it takes to know whether it is the image that kills."""
        guilt = 0
        while True:
            worker = lane.worker = lane.worker or self._start()
            try:
                worker.ask(single)
                result: R = worker.answer()
                return result
            except Died as death:
                self._release(lane)
                guilt += death.weight
                if guilt >= GUILTY:
                    detail = death.detail(self._pool.image_timeout)
                    return self._job.lost(single.record(death.code, detail))

    def _start(self) -> Worker:
        hello = self._pool.image_timeout, self._job
        starts = _STARTS
        give_up = time.monotonic() + _START_WITHIN
        while starts and time.monotonic() < give_up:
            self._refuse_unwanted()
            worker = None
            try:
                worker = self._pool.start()
                with self._changed:
                    self._workers.add(worker)
                    if self._stopped:  # too late to be ended with the others
                        worker.kill()
                worker.greet(*hello)
                return worker
            except Died as death:
                assert worker
                reason = worker.last_words() or death.how
                # Who kills workers from outside will not go on for ever: there only time counts.
                starts -= not death.from_outside
                self._forget(worker)
            except OSError as error:  # no more processes, files or memory
                reason = error.strerror or str(error)
                starts -= 1
            except BaseException:  # a job that cannot be handed over
                if worker:
                    self._forget(worker)
                raise
            with self._changed:
                self._reason = reason
            time.sleep(_PAUSE)
        raise _CannotStart

    def _refuse_unwanted(self) -> None:
        if self._stopped:
            raise _Stop

    def _release(self, lane: Lane) -> None:
        if lane.worker:
            self._forget(lane.worker)
        lane.worker, lane.asked = None, 0

    def _give_back(self, lane: Lane) -> None:
        with self._changed:
            if not lane.worker or self._stopped or self._failure:
                return
            self._workers.discard(lane.worker)
        self._pool.give_back(lane.worker)
        lane.worker = None

    def _forget(self, worker: Worker) -> None:
        with self._changed:
            self._workers.discard(worker)
        worker.end()
