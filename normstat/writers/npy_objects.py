"""One ``.npy`` object for each image, below a URL."""

import threading
from collections import deque
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from normstat import files
from normstat.errors import UsageError, option
from normstat.files import shown
from normstat.sources.object_ranges import AT_ONCE, MOST, threads
from normstat.sources.stores import store_of
from normstat.urls import scheme_of
from normstat.writers.npy import Npy
from normstat.writers.writer import header


class _Pending(threading.local):
    """Objects of a thread that are on their way."""

    def __init__(self) -> None:
        self.writes: deque[tuple[int, Future[None]]] = deque()

    def leave(self, most: int, size: int) -> None:
        """Wait until there are no more than so many, of so many bytes; raise what went wrong."""
        try:
            while self.writes and (len(self.writes) > most or self._bytes() > size):
                self.writes.popleft()[1].result()
        except BaseException:
            left = [write for _, write in self.writes if not write.cancel()]
            self.writes.clear()
            wait(left)
            raise

    def _bytes(self) -> int:
        return sum(size for size, _ in self.writes)


_pending = _Pending()


@dataclass(frozen=True, slots=True)
class NpyObjects(Npy):
    """Writes objects like ``OUT/train/cat/1.npy``, several at a time.

    Examples
    --------
    >>> import numpy as np
    >>> writer = NpyObjects("memory://doctest-npy", "float32")
    >>> writer.write("train", "a.png", 0, np.zeros((1, 2, 3), "float32")), writer.settle()
    (True, None)
    >>> len(files.read("memory://doctest-npy/a.npy"))
    152
    """

    def __reduce__(self) -> tuple[type["NpyObjects"], tuple[str, str, bool, str]]:
        """Go to another process, whose objects have to be those of this one."""
        if scheme_of(self.root) == "memory":
            raise UsageError(
                f"{shown(self.root)}: is in the memory of this process, and no worker can write "
                f"there; use {option('workers', 0)}, and no other engine"
            )
        return NpyObjects, (self.root, self.dtype, self.resume, self.unfinished)

    def begin(self, split: str, rows: int) -> None:
        """Do nothing: each object is there when it is written."""

    def write(self, split: str, path: str, slot: int, array: NDArray[Any]) -> bool:
        """Write the array of one image; the object is there when :meth:`settle` returns."""
        output = self.output(split, path)
        data = header(array.shape, array.dtype.name) + array.tobytes()
        if self.resume and _holds(self.root, output, data):
            return False
        written = threads().submit(files.write, f"{self.root}/{output}", data)
        _pending.writes.append((len(data), written))
        _pending.leave(AT_ONCE, MOST - len(data))
        return True

    def settle(self) -> None:
        """Wait for all objects that this thread has written.

        Raises
        ------
        OutputError
            One of them cannot be written.
        """
        _pending.leave(0, 0)


def _holds(root: str, output: str, data: bytes) -> bool:
    try:
        return store_of(root).fetch(output, "") == data
    except FileNotFoundError:
        return False
