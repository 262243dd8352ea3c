"""Bytes that would take too much memory, in a temporary file."""

import pickle
import threading
import weakref
from contextlib import suppress
from io import BytesIO
from tempfile import gettempdir
from typing import Any, BinaryIO, TypeAlias

from normstat.files import unwritten

# Bytes that are kept in memory; more of them go to a temporary file.
_IN_MEMORY = 1 << 20
# Pages that are kept in memory: two threads go through folders, each for itself.
_KEPT = 4
#: Number of a container, path of a folder in it, and number of a page of its members.
PageKey: TypeAlias = tuple[int, str, int]


class Spool:
    """Blocks of bytes to read again: in memory while they are few, else on the disk.

    Several threads may use it.

    Examples
    --------
    >>> spool = Spool()
    >>> first, second = spool.add(b"abc"), spool.add(b"de")
    >>> spool.read(second), spool.read(first)
    (b'de', b'abc')
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._store: BinaryIO = BytesIO()
        self._end = 0

    def add(self, block: bytes) -> int:
        """Keep a block, and return where it is.

        Raises
        ------
        OSError
            There is no room; all that was kept is lost.
        """
        with self._lock:
            try:
                self._write(block)
            except OSError:
                with suppress(OSError):  # closing writes what is left, for which there is no room
                    self._store.close()
                self._store, self._end = BytesIO(), 0
                raise
            place = self._end
            self._end += 8 + len(block)
            return place

    def read(self, place: int) -> bytes:
        """The block that was kept there."""
        with self._lock:
            self._store.seek(place)
            size = int.from_bytes(self._store.read(8), "little")
            return self._store.read(size)

    def pack(self, values: list[Any]) -> int:
        """Keep values of this process, and return where they are.

        Raises
        ------
        OutputError
            There is no room.
        """
        try:
            return self.add(pickle.dumps(values, pickle.HIGHEST_PROTOCOL))
        except OSError as error:
            raise unwritten(gettempdir(), error) from error

    def unpack(self, place: int) -> list[Any]:
        """The values that were packed there."""
        values: list[Any] = pickle.loads(self.read(place))  # noqa: S301  # its own
        return values

    def _write(self, block: bytes) -> None:
        if isinstance(self._store, BytesIO) and self._end + len(block) > _IN_MEMORY:
            from tempfile import TemporaryFile  # takes a while, at the start of every command

            file = TemporaryFile()  # noqa: SIM115  # open as long as this is used
            weakref.finalize(self, file.close)
            kept, self._store = self._store.getvalue(), file
            file.write(kept)
        self._store.seek(self._end)
        self._store.write(len(block).to_bytes(8, "little") + block)
        self._store.flush()


class Recent:
    """Pages of members that were read from a spool last, by container, folder and number.

    >>> recent = Recent()
    >>> for number in range(5):
    ...     recent.keep((number, "x/", 0), {"a.png": number})
    >>> recent.get((4, "x/", 0)), recent.get((0, "x/", 0))
    ({'a.png': 4}, None)
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[PageKey, dict[str, Any]] = {}

    def get(self, key: PageKey) -> dict[str, Any] | None:
        """The members in a page, by their names; None if they are not kept."""
        return self._kept.get(key)

    def keep(self, key: PageKey, members: dict[str, Any]) -> None:
        """Keep them, in the place of those that were kept first."""
        with self._lock:
            while len(self._kept) >= _KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = members
