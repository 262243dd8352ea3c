"""One ``.npy`` file for each image, in a tree that mirrors that of the images."""

import os
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normstat import files
from normstat.images import renamed
from normstat.urls import is_url
from normstat.writers.writer import UNFINISHED, Writer, header


@dataclass(frozen=True, slots=True)
class Npy(Writer):
    """Writes files like ``OUT/train/cat/1.npy``.

    Attributes
    ----------
    root, dtype, resume, unfinished : see :class:`normstat.writers.Writer`.
    """

    root: str
    dtype: str
    resume: bool = False
    unfinished: str = UNFINISHED

    def output(self, split: str, path: str) -> str:
        """The path of the image with another extension.

        >>> Npy("out", "float32").output("train", "train/cat/1.jpg")
        'train/cat/1.npy'
        """
        return renamed(path, ".npy")

    def write(self, split: str, path: str, slot: int, array: NDArray[Any]) -> bool:
        """Write the array of one image; a file appears under its name when it is whole."""
        target = f"{self.root}/{self.output(split, path)}"
        if self.resume and _holds(target, array):
            return False
        unfinished = f"{self.root}/{self.unfinished}/{files.unique()}"
        try:
            with open(unfinished, "wb", buffering=0) as file:
                _write_all(file.fileno(), header(array.shape, array.dtype.name))
                _write_all(file.fileno(), array.data)
            _move(unfinished, target)
        except BaseException:
            with suppress(OSError):
                os.unlink(unfinished)
            raise
        return True


def _holds(path: str, array: NDArray[Any]) -> bool:
    """True if a file holds this very array, bit for bit.

    Its shape would not tell: the image may have been replaced since by another of its size.
    The map of the file is closed on return, or Windows would not let it be replaced.
    """
    try:
        with files.opened(path):  # NumPy would wait for what a FIFO never sends
            found = np.lib.format.open_memmap(path, mode="r")
    except (FileNotFoundError, files.NotRegularError):
        return False
    except OSError:
        raise
    except Exception:  # noqa: BLE001  # NumPy's parser ends in nearly anything on what is no header
        return False
    if (found.shape, found.dtype) != (array.shape, array.dtype) or not found.flags.c_contiguous:
        return False
    bits = f"u{array.itemsize}"  # as numbers, 0 and -0 would be the same
    whole = os.path.getsize(path) == found.offset + found.nbytes
    return whole and np.array_equal(found.view(bits), array.view(bits))


def mapped(path: str) -> NDArray[Any]:
    """The array of a file, mapped into memory; of an object, read into it.

    Raises
    ------
    NotRegularError, OSError
        There is no file to read.
    Exception
        NumPy's parser ends in nearly anything on what is no header.
    """
    if is_url(path):
        array: NDArray[Any] = np.load(BytesIO(files.read(path)), allow_pickle=False)
        return array
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
