"""Images that several lists of files have, found by their keys within bounded memory."""

import struct
import tempfile
import weakref
from base64 import urlsafe_b64decode
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from normstat.errors import OutputError

_ROW = struct.Struct("<QIIQ")
_DTYPE = np.dtype([("high", "<u8"), ("low", "<u4"), ("list", "<u4"), ("line", "<u8")])
_KEY = struct.Struct(">QI")
# Rows that are sorted at once: 6 MB. Keys that begin alike are looked at together, 1/256 of all.
_MOST = 1 << 18
_BUCKETS = 256
_SHIFT = np.uint64(56)


class SharedKeys:
    """Keys of the images in several lists: 24 bytes each, on disk where there are many.

    Examples
    --------
    >>> keys = SharedKeys()
    >>> for number, line, key in ((0, 0, "A" * 16), (0, 1, "A" * 16), (1, 0, "B" * 16)):
    ...     keys.add(number, line, key)
    >>> keys.shared()
    (0, None)
    >>> keys.add(1, 7, "A" * 16)
    >>> keys.shared()
    (1, (1, 7))
    """

    def __init__(self) -> None:
        self._recent = bytearray()
        self._runs: list[tuple[int, NDArray[np.int64]]] = []  # offset in the file, and bounds
        self._file: IO[bytes] | None = None

    def add(self, number: int, line: int, key: str) -> None:
        """Take the key of an image, as list `number` has it on some line."""
        self._recent += _ROW.pack(*_KEY.unpack(urlsafe_b64decode(key)), number, line)
        if len(self._recent) == _MOST * _ROW.size:
            self._spill()

    def shared(self) -> tuple[int, tuple[int, int] | None]:
        """Count the images with a key of an earlier list; list and line of the first of them."""
        recent = _sorted(np.frombuffer(bytes(self._recent), _DTYPE))
        bounds = _bounds(recent)
        total, first = 0, None
        for bucket in range(_BUCKETS):
            parts = [self._read(offset, ends, bucket) for offset, ends in self._runs]
            rows = _sorted(np.concatenate([*parts, recent[bounds[bucket] : bounds[bucket + 1]]]))
            if not len(rows):
                continue
            starts = np.ones(len(rows), np.bool_)
            starts[1:] = (rows["high"][1:] != rows["high"][:-1]) | (
                rows["low"][1:] != rows["low"][:-1]
            )
            owners = rows["list"][np.flatnonzero(starts)[np.cumsum(starts) - 1]]
            again = rows[rows["list"] != owners]
            if len(again):
                total += len(again)
                earliest = again[np.lexsort((again["line"], again["list"]))[0]]
                place = int(earliest["list"]), int(earliest["line"])
                first = min(first or place, place)
        return total, first

    def _spill(self) -> None:
        """Put the recent keys on disk, as one sorted run."""
        rows = _sorted(np.frombuffer(bytes(self._recent), _DTYPE))
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115  # as long as this lives
                weakref.finalize(self, self._file.close)
            offset = self._file.seek(0, 2)
            self._file.write(rows.tobytes())
            self._file.flush()
        except OSError as error:
            raise OutputError(
                f"keys of images cannot be written to a temporary file "
                f"({error.strerror or error}); free some space, or set TMPDIR to a folder on "
                "another disk"
            ) from error
        self._runs.append((offset, _bounds(rows)))
        self._recent = bytearray()

    def _read(self, offset: int, bounds: NDArray[np.int64], bucket: int) -> NDArray[Any]:
        """The rows of a run whose keys begin with the number of a bucket."""
        assert self._file
        start, end = int(bounds[bucket]), int(bounds[bucket + 1])
        self._file.seek(offset + start * _ROW.size)
        return np.frombuffer(self._file.read((end - start) * _ROW.size), _DTYPE)


def _sorted(rows: NDArray[Any]) -> NDArray[Any]:
    order = np.lexsort((rows["line"], rows["list"], rows["low"], rows["high"]))
    return np.asarray(rows[order])


def _bounds(rows: NDArray[Any]) -> NDArray[np.int64]:
    """Begin of the rows of each bucket, and the end of the last: shape (257,)."""
    return np.searchsorted(rows["high"] >> _SHIFT, np.arange(_BUCKETS + 1))
