"""Worker processes on this machine, each supervised by a thread of its own.

A death is the end of one pipe, so it is known whose shard it was. That shard is run again image
by image in fresh processes; an image is recorded as lost only after it has ended its worker
repeatedly, and a worker that was killed from outside costs nothing but time.
"""

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, Generic, Self

from normstat.errors import EngineLost
from normstat.executors.protocol import Job, R
from normstat.executors.worker import DEBUG, NO_MEMORY, TOO_SLOW, receive, send
from normstat.images import Code, Shard

# sys.path comes first, so that a worker finds what its parent found; no __main__ is imported.
_BOOTSTRAP = (
    "import pickle, sys; tasks = sys.stdin.buffer; sys.path[:], preload = pickle.load(tasks);"
    "from normstat.executors.worker import serve; serve(tasks, preload)"
)
_MOST_EARLY = 8
# Signals that somebody else may have sent (by name: Windows has few of them).
_FROM_OUTSIDE = {getattr(signal, name, None) for name in ("SIGKILL", "SIGTERM", "SIGHUP", "SIGINT")}
_GUILTY = 6  # two deaths that only the image can have caused, or six that others may have
_STARTS = 10
_READY_WITHIN = 60.0
_PAUSE = 0.1  # seconds before trying again to start one
_SHARDS_PER_WORKER = 4


def available_cpus() -> int:
    """CPUs that this process may use: affinity and the limit of its control group.

    >>> available_cpus() >= 1
    True
    """
    affinity = getattr(os, "sched_getaffinity", None)
    cpus = len(affinity(0)) if affinity else os.cpu_count() or 1
    quota = _cgroup_quota()
    return max(1, min(cpus, round(quota))) if quota else cpus


def _cgroup_quota() -> float | None:
    """CPUs' worth of time that the control group (version 2, else 1) grants; None: no limit."""
    root = "/sys/fs/cgroup"
    try:
        with open(f"{root}/cpu.max") as file:
            quota, period = file.read().split()
    except OSError:
        try:
            with (
                open(f"{root}/cpu/cpu.cfs_quota_us") as quota_file,
                open(f"{root}/cpu/cpu.cfs_period_us") as period_file,
            ):
                quota, period = quota_file.read(), period_file.read()
        except OSError:
            return None
    if quota == "max" or int(quota) <= 0:
        return None
    return int(quota) / int(period)


class Local:
    """Supervised worker processes.

    Parameters
    ----------
    workers : number of processes; never more are started than there are shards.
    image_timeout : seconds after which an image is given up; 0 for never.
    preload : module that a worker imports while its parent is still busy starting.
    """

    def __init__(self, workers: int, image_timeout: float = 60.0, preload: str = "") -> None:
        self.workers = workers
        self.image_timeout = image_timeout
        self.preload = preload

        self._early: list[_Worker] = []

    def __enter__(self) -> Self:
        """Start some workers already: they import what they need while the caller does."""
        with suppress(OSError):  # map() starts what is missing, or says why it cannot
            while len(self._early) < min(self.workers, _MOST_EARLY):
                self._early.append(_Worker(self.preload))
        return self

    def __exit__(self, *_: object) -> None:
        while self._early:
            self._early.pop().end()

    def start(self) -> "_Worker":
        """Return a worker, started early or now."""
        try:
            return self._early.pop()
        except IndexError:
            return _Worker(self.preload)

    def map(self, job: Job[R], shards: Iterable[Shard]) -> Iterator[R]:
        """See :class:`normstat.executors.Executor`.

        Raises
        ------
        EngineLost
            Workers cannot be started.
        """
        return _Run(job, shards, self).results()


class _Stop(Exception):
    """The results are no longer wanted."""


class _CannotStart(Exception):
    """No process for this thread, while others have theirs."""


class _Died(Exception):
    """A worker ended without an answer; ``status`` as in :class:`subprocess.Popen`."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status

    @property
    def weight(self) -> int:
        """How much of a proof of guilt this is, out of :data:`_GUILTY`."""
        if self.code == Code.TIMEOUT:
            return _GUILTY
        return 1 if -self.status in _FROM_OUTSIDE else 3

    @property
    def code(self) -> Code:
        if self.status == -getattr(signal, "SIGALRM", 0) or (
            sys.platform == "win32" and self.status == TOO_SLOW
        ):
            return Code.TIMEOUT
        return Code.OUT_OF_MEMORY if self.status == NO_MEMORY else Code.WORKER_CRASH

    def detail(self, image_timeout: float) -> str:
        if self.code == Code.TIMEOUT:
            return f"took more than {image_timeout:g} s"
        return f"its decoder {self.how}"

    @property
    def how(self) -> str:
        if self.status < 0:
            return f"ended with {_signal_name(-self.status)}"
        return f"ended with exit status {self.status}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"


class _Worker:
    """A process and its pipes, seen from the parent."""

    def __init__(self, preload: str) -> None:
        environment = os.environ | {
            "PYTHONUTF8": str(sys.flags.utf8_mode),  # file names mean the same bytes there
            "OPENBLAS_NUM_THREADS": "1",  # NumPy would start a thread for each CPU in each worker
        }
        # glibc gives the memory of one image back to the system and asks for that of the next;
        # with these it keeps it. Other systems ignore them.
        environment.setdefault("MALLOC_TRIM_THRESHOLD_", str(256 << 20))
        environment.setdefault("MALLOC_MMAP_THRESHOLD_", str(32 << 20))
        self._process = subprocess.Popen(
            [sys.executable, "-c", _BOOTSTRAP],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if DEBUG in os.environ else subprocess.PIPE,
            env=environment,
        )
        assert self._process.stdin
        with suppress(OSError):  # a process that is gone already is noticed by greet()
            pickle.dump((sys.path, preload), self._process.stdin)
            self._process.stdin.flush()

    def greet(self, *hello: Any) -> None:
        """Wait until the worker is ready."""
        limit = threading.Timer(_READY_WITHIN, self.kill)
        limit.daemon = True
        limit.start()
        try:
            self._ask(hello)
        finally:
            limit.cancel()

    def run(self, shard: Shard) -> Any:
        succeeded, answer = self._ask(shard)
        if not succeeded:
            raise RuntimeError(f"in a worker process:\n{answer}")
        return answer

    def _ask(self, message: Any) -> Any:
        tasks, results = self._process.stdin, self._process.stdout
        assert tasks
        assert results
        try:
            send(tasks, message)
            return receive(results)
        except (EOFError, OSError) as error:
            raise _Died(self._process.wait()) from error

    def last_words(self) -> str:
        """The last line that a worker which never got ready had to say."""
        stderr = self._process.stderr
        text = stderr.read().decode(errors="replace").strip() if stderr else ""
        return text.rpartition("\n")[2]

    def kill(self) -> None:
        self._process.kill()

    def end(self) -> None:
        """Let go of the process; it is gone afterwards."""
        self._process.kill()
        with suppress(BrokenPipeError), self._process:
            pass


class _Run(Generic[R]):
    """One mapping: what its threads share."""

    def __init__(self, job: Job[R], shards: Iterable[Shard], executor: Local) -> None:
        self._job = job
        self._executor = executor
        self._shards = enumerate(shards)
        self._source = threading.Lock()  # held while the next shard is looked for
        self._changed = threading.Condition()  # guards everything below
        self._returned: list[tuple[int, Shard]] = []
        self._results: dict[int, R] = {}
        self._emitted = 0
        self._active = 0  # threads
        self._workers: set[_Worker] = set()
        self._reason = ""  # why a worker did not start
        self._stopped = False
        self._failure: BaseException | None = None

    def results(self) -> Iterator[R]:
        threads = [
            threading.Thread(target=self._drive, name=f"normstat-{number}", daemon=True)
            for number in range(self._executor.workers)
        ]
        self._active = len(threads)
        try:
            for thread in threads:
                thread.start()
            while (result := self._next_result()) is not None:
                yield result
        finally:
            with self._changed:
                self._stopped = True
                for worker in self._workers:
                    worker.kill()
                self._changed.notify_all()
            for thread in threads:
                thread.join()

    def _next_result(self) -> R | None:
        with self._changed:
            while self._emitted not in self._results:
                if self._failure:
                    raise self._failure
                if not self._active and self._returned:
                    raise EngineLost(f"worker processes cannot be started: {self._reason}")
                if not self._active:
                    return None
                # With a timeout, because Windows does not interrupt a wait without one.
                self._changed.wait(1.0)
            result = self._results.pop(self._emitted)
            self._emitted += 1
            self._changed.notify_all()
            return result

    # --------------------------------------------------------- what the threads do, one a worker

    def _drive(self) -> None:
        worker: _Worker | None = None
        try:
            while task := self._next_task():
                index, shard = task
                try:
                    result, worker = self._process(shard, worker)
                except _CannotStart:
                    # The others go on, with this shard too; without others the run ends.
                    with self._changed:
                        self._returned.append(task)
                    return
                with self._changed:
                    self._results[index] = result
                    self._changed.notify_all()
        except _Stop:
            pass
        except BaseException as error:  # noqa: BLE001  # raised where results() is consumed
            with self._changed:
                self._failure = self._failure or error
        finally:
            self._release(worker)
            with self._changed:
                self._active -= 1
                self._changed.notify_all()

    def _next_task(self) -> tuple[int, Shard] | None:
        with self._source:
            with self._changed:
                window = self._executor.workers * _SHARDS_PER_WORKER
                while not self._stopped and not self._failure:
                    if self._returned:
                        return self._returned.pop()
                    if len(self._results) < window:
                        break
                    self._changed.wait()
                else:
                    return None
            return next(self._shards, None)

    def _process(self, shard: Shard, worker: _Worker | None) -> tuple[R, _Worker | None]:
        worker = worker or self._start()
        try:
            return worker.run(shard), worker
        except _Died:
            self._release(worker)
        worker = None
        total: R | None = None
        for single in shard.singles():
            result, worker = self._alone(single, worker)
            total = result if total is None else total + result
        assert total is not None  # a shard is never empty
        return total, worker

    def _alone(self, single: Shard, worker: _Worker | None) -> tuple[R, _Worker | None]:
        """One image, as often as it takes to know whether it is the image that kills."""
        guilt = 0
        while True:
            worker = worker or self._start()
            try:
                return worker.run(single), worker
            except _Died as death:
                self._release(worker)
                worker = None
                guilt += death.weight
                if guilt >= _GUILTY:
                    detail = death.detail(self._executor.image_timeout)
                    return self._job.lost(single.record(death.code, detail)), None

    def _start(self) -> _Worker:
        hello = os.getpid(), self._executor.image_timeout, self._job
        for _ in range(_STARTS):
            self._refuse_unwanted()
            worker = None
            try:
                worker = self._executor.start()
                with self._changed:
                    self._workers.add(worker)
                    if self._stopped:  # too late to be ended with the others
                        worker.kill()
                worker.greet(*hello)
                return worker
            except _Died as death:
                assert worker
                reason = worker.last_words() or death.how
                self._release(worker)
            except OSError as error:  # no more processes, files or memory
                reason = error.strerror or str(error)
            with self._changed:
                self._reason = reason
            time.sleep(_PAUSE)
        raise _CannotStart

    def _refuse_unwanted(self) -> None:
        if self._stopped:
            raise _Stop

    def _release(self, worker: _Worker | None) -> None:
        if worker:
            with self._changed:
                self._workers.discard(worker)
            worker.end()
