"""One worker of a mapping, and the shards that it has been given."""

import time
from collections import deque
from typing import Any

from normstat.executors.process import Worker
from normstat.images import Shard

# Seconds. A worker whose shards are shorter has the next one at hand: it would wait for some 0.2 ms
# between two, which is over 1 % of them.
_BRIEF = 0.02


class Lane:
    """A worker, and the shards that only its thread knows of."""

    def __init__(self) -> None:
        self.worker: Worker | None = None
        self.tasks: deque[tuple[int, Shard]] = deque()  # the one worked on, perhaps the next
        self.asked = 0  # as many of them the worker has been given
        self.is_brief = False  # its latest shard did not take long
        self._since = 0.0  # when the worker began with the first of them

    def hand_over(self, number: int) -> None:
        """Let the worker have the first ``number`` shards, but for those without images."""
        assert self.worker
        if not self.asked:
            self._since = time.monotonic()
        while self.asked < number:
            shard = self.tasks[self.asked][1]
            if shard.names:
                self.worker.ask(shard)
            self.asked += 1

    def answer(self) -> Any:
        """The result of the first of them."""
        assert self.worker
        result = self.worker.answer()
        now = time.monotonic()
        self.is_brief = now - self._since < _BRIEF
        self._since = now
        self.asked -= 1
        return result
