"""One ``.npy`` file for each split, with an image a row."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, BinaryIO, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from normstat.errors import Stopped, UsageError, option
from normstat.files import shown
from normstat.writers.outdir_checks import Disk, DiskUsage, refuse_long_name
from normstat.writers.writer import HEADER_BYTES, UNFINISHED, Writer, header

_BLOCK = 1 << 24


@dataclass(frozen=True, slots=True)
class Stack(Writer):
    """Writes files like ``OUT/train.npy``, of shape (N, C, H, W) or (N, H, W, C).

    A file is made with a row for every image that is listed; :meth:`finish` closes the gaps that
    unreadable ones have left, and only then gives it its name. Rows do not tell if they are whole,
    so each is written again when a run is continued.

    Attributes
    ----------
    root, dtype, resume, unfinished : see :class:`normstat.writers.Writer`.
    shape : of one image's array.
    """

    file_per_image: ClassVar[bool] = False
    root: str
    dtype: str
    resume: bool = False
    unfinished: str = UNFINISHED
    shape: tuple[int, ...] = ()

    def output(self, split: str, path: str) -> str:
        """The file of the split.

        >>> Stack("out", "float32").output("train", "train/cat/1.jpg")
        'train.npy'
        """
        return f"{split}.npy"

    def disk_usage(self, arrays: Mapping[str, DiskUsage], disk: Disk) -> DiskUsage:
        """A file for each split, even if no array is in it."""
        files = (disk.file(own.bytes - (own.files - 1) * HEADER_BYTES) for own in arrays.values())
        return sum(files, DiskUsage())

    def fit(self, shapes: Mapping[tuple[int, ...], str], splits: Iterable[str]) -> Self:
        """The same for arrays of one shape; several are refused, with two images that differ."""
        (first, one), *others = shapes.items()
        if others:
            second, other = others[0]
            raise UsageError(
                f"{option('store', 'stack')}: {shown(one)} becomes an array of shape {first}, "
                f"{shown(other)} one of {second}; {option('resize', metavar='N')} "
                f"{option('crop', metavar='N')} make sizes equal, {option('channels', 'rgb')} "
                "channels"
            )
        for split in splits:
            refuse_long_name(self.root, self.output(split, ""))
        return replace(self, shape=first)

    def begin(self, split: str, rows: int) -> None:
        """Make room for so many rows: a disk that is too small is found now."""
        start = header((rows, *self.shape), self.dtype)
        with open(self._unfinished(split), "wb") as file:
            file.write(start)
            file.flush()
            if rows and hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, len(start) + rows * self._row_bytes)
            file.truncate(len(start) + rows * self._row_bytes)

    def write(self, split: str, path: str, slot: int, array: NDArray[Any]) -> bool:
        """Write the array of one image into its row; Stopped if it has not the shape measured."""
        if (array.shape, array.dtype) != (self.shape, np.dtype(self.dtype)):
            raise Stopped(
                f"its array is {array.dtype.name} {array.shape}, {self.dtype} {self.shape} was "
                "measured; it has changed meanwhile"
            )
        with open(self._unfinished(split), "r+b") as file:
            file.seek(self._first_row + slot * self._row_bytes)
            file.write(array.data)
        return True

    def finish(self, split: str, rows: int, gaps: Sequence[int]) -> Iterable[str]:
        """Close the gaps, and let the file appear under its name."""
        unfinished = self._unfinished(split)
        with open(unfinished, "r+b") as file:
            for closed, (gap, end) in enumerate(pairwise((*gaps, rows)), 1):
                self._move_down(file, gap + 1, end, closed)
            kept = rows - len(gaps)
            file.seek(0)
            file.write(header((kept, *self.shape), self.dtype))
            file.truncate(self._first_row + kept * self._row_bytes)
        output = self.output(split, "")
        os.replace(unfinished, f"{self.root}/{output}")
        return (output,)

    def _move_down(self, file: BinaryIO, first: int, end: int, by: int) -> None:
        """Rows first to end - 1 move to smaller numbers, block by block."""
        position = self._first_row + first * self._row_bytes
        stop = self._first_row + end * self._row_bytes
        while position < stop:
            file.seek(position)
            block = file.read(min(_BLOCK, stop - position))
            file.seek(position - by * self._row_bytes)
            file.write(block)
            position += len(block)

    @property
    def _row_bytes(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64)) * np.dtype(self.dtype).itemsize

    @property
    def _first_row(self) -> int:
        # As long for any number of rows: NumPy leaves room for the digits of the first axis.
        return len(header((0, *self.shape), self.dtype))

    def _unfinished(self, split: str) -> str:
        return f"{self.root}/{self.unfinished}/{split}.npy"
