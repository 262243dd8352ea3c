"""One ``.npy`` file for each image, in a tree that mirrors that of the images."""

import os
from contextlib import suppress
from dataclasses import dataclass
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normstat import files
from normstat.writers.writer import header, renamed

#: Folder in OUT for files that are not finished.
UNFINISHED = ".normstat"
# What NumPy's parser ends in on bytes that are no header; they are evaluated as a literal.
_NO_HEADER = (
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    SyntaxError,
    TokenError,
    RecursionError,
    MemoryError,
)


@dataclass(frozen=True, slots=True)
class Npy:
    """Writes files like ``OUT/train/cat/1.npy``.

    Attributes
    ----------
    root : OUT.
    resume : tell of arrays that are there already.
    """

    root: str
    resume: bool = False

    def write(self, split: str, path: str, slot: int, array: NDArray[Any]) -> None:
        """Write the array of one image; a file appears under its name when it is whole."""
        target = f"{self.root}/{self.output(split, path)}"
        unfinished = f"{self.root}/{UNFINISHED}/{files.unique()}"
        try:
            with open(unfinished, "wb", buffering=0) as file:
                _write_all(file.fileno(), header(array.shape, array.dtype.name))
                _write_all(file.fileno(), array.data)
            _move(unfinished, target)
        except BaseException:
            with suppress(OSError):
                os.unlink(unfinished)
            raise

    def written(self, split: str, path: str, slot: int) -> NDArray[Any] | None:
        """The array of an image as an earlier run has left it, mapped into memory."""
        if not self.resume:
            return None
        name = f"{self.root}/{self.output(split, path)}"
        try:
            array = mapped(name)
        except (FileNotFoundError, files.NotRegularError, *_NO_HEADER):  # none, or none of ours
            return None
        whole = os.path.getsize(name) == array.offset + array.nbytes
        return array if whole and array.flags.c_contiguous else None

    def output(self, split: str, path: str) -> str:
        """The path of the image with another extension.

        >>> Npy("out").output("train", "train/cat/1.jpg")
        'train/cat/1.npy'
        """
        return renamed(path, ".npy")


def mapped(path: str) -> np.memmap[Any, Any]:
    """The array of a file, mapped into memory.

    Raises
    ------
    NotRegularError, OSError
        There is no file to read.
    Exception
        NumPy's parser ends in nearly anything on what is no header.
    """
    with files.opened(path):  # NumPy would wait for what a FIFO never sends
        return np.lib.format.open_memmap(path, mode="r")


def _write_all(descriptor: int, data: bytes | memoryview) -> None:
    rest = memoryview(data).cast("B")
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _move(unfinished: str, target: str) -> None:
    try:
        os.replace(unfinished, target)
    except FileNotFoundError:  # the first file of its folder
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.replace(unfinished, target)
