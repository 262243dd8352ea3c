"""Supervised children of a process that others have started, which serve all of its threads."""

import os
import threading
import time
from collections import OrderedDict
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue

from normstat.executors.process import Worker

# Seconds after which a child that has nothing to do is ended.
_IDLE = 10.0
# Runs of which it is remembered that they have ended.
_RUNS = 64

_forsaken: OrderedDict[str, None] = OrderedDict()


def forsake(run: str) -> None:
    """Let go of a run: what works for it in this process ends soon, idle children do at once."""
    _forsaken[run] = None
    while len(_forsaken) > _RUNS:
        _forsaken.popitem(last=False)
    _keeper.rest()


def is_forsaken(run: str) -> bool:
    """True if a run has ended, as far as this process knows."""
    return run in _forsaken


class Child:
    """A pool of one child, for one shard."""

    workers = 1

    def __init__(self, image_timeout: float, run: str) -> None:
        self.image_timeout = image_timeout
        self._run = run

    def start(self) -> Worker:
        return _keeper.start()

    def give_back(self, worker: Worker) -> None:
        _keeper.give_back(worker)
        if self._run in _forsaken:
            _keeper.rest()


class _Keeper:
    """The children of this process.

    Linux ends a child with the thread that started it, and threads of an engine come and go: one
    thread that stays as long as there are children starts all of them.
    """

    def __init__(self) -> None:
        self._changed = threading.Lock()
        self._requests: SimpleQueue[Future[Worker] | None] = SimpleQueue()
        self._idle: list[tuple[float, Worker]] = []
        self._busy: set[Worker] = set()
        self._runs = False

    def start(self) -> Worker:
        """A child that has nothing to do, or a new one."""
        asked: Future[Worker] = Future()
        with self._changed:
            while self._idle:
                worker = self._idle.pop()[1]
                if not worker.is_gone:
                    self._busy.add(worker)
                    return worker
                worker.end()
            self._requests.put(asked)
            if not self._runs:
                self._runs = True
                threading.Thread(target=self._keep, name="normstat-keeper", daemon=True).start()
        return asked.result()

    def give_back(self, worker: Worker) -> None:
        with self._changed:
            self._busy.discard(worker)
            self._idle.append((time.monotonic(), worker))

    def rest(self) -> None:
        """End the children that have nothing to do."""
        with self._changed:
            idle, self._idle = self._idle, []
            if self._runs:
                self._requests.put(None)
        for _, worker in idle:
            worker.kill()
        for _, worker in idle:
            worker.end()

    def _keep(self) -> None:
        while True:
            asked = None
            with suppress(Empty):
                asked = self._requests.get(timeout=_IDLE / 4)
            if asked:
                self._start(asked)
            elif self._may_end():
                return

    def _start(self, asked: "Future[Worker]") -> None:
        try:
            worker = Worker(())
        except OSError as error:
            asked.set_exception(error)
            return
        with self._changed:
            self._busy.add(worker)
        asked.set_result(worker)

    def _may_end(self) -> bool:
        """End children that have long been idle; true if there are none left."""
        last = time.monotonic() - _IDLE
        with self._changed:
            old = [worker for since, worker in self._idle if since < last]
            self._idle = [(since, worker) for since, worker in self._idle if since >= last]
            # Those that died or were ended meanwhile are not given back.
            self._busy = {worker for worker in self._busy if not worker.is_gone}
            for worker in old:
                worker.end()
            if self._idle or self._busy or not self._requests.empty():
                return False
            self._runs = False
            return True


_keeper = _Keeper()


def _renew() -> None:
    """In a process that was forked: the children are those of its parent."""
    global _keeper  # there is one for each process
    _keeper = _Keeper()
    _forsaken.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
