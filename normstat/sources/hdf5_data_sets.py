"""Data sets of HDF5 files, as the container of images."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO

import h5py
import numpy as np

from normstat.errors import UnreadableImage
from normstat.images import Code, Payload, Reader, Sample
from normstat.images.failures import failure_of
from normstat.sources.container_file import ContainerFile

#: Exceptions of the library where a file is damaged.
DAMAGED = (OSError, RuntimeError, KeyError, ValueError, TypeError)


@dataclass(frozen=True, slots=True)
class DataSet(ContainerFile):
    """Images in an HDF5 file: those of a data set, by their numbers; or data sets, by their keys.

    Attributes
    ----------
    key : of the data set; empty if each image is one.
    at_once : images to have in memory.
    """

    key: str
    at_once: int = 1

    @contextmanager
    def open(self) -> Iterator[Reader]:
        with self.unchanged() as found:
            if isinstance(found, UnreadableImage):
                yield _Images(self, found)
                return
            with opened(self.file) as file:
                yield _Images(self, file)


@contextmanager
def opened(path: str) -> Iterator[Any]:
    """An HDF5 file that is not locked: nothing is written to it.

    Raises
    ------
    UnreadableImage
        It is none, or damaged.
    """
    try:
        file = h5py.File(path, "r", locking=False)
    except DAMAGED as error:
        raise damage(error, "the file") from error
    with file:
        yield file


class _Images(Reader):
    def __init__(self, images: DataSet, file: Any) -> None:
        self._images = images
        self._file = file
        self._values: Any = None
        self._block: Any = ()
        self._first = 0
        self._damaged: set[int] = set()

    def read(self, sample: Sample) -> Payload:
        if isinstance(self._file, UnreadableImage):
            raise self._file
        try:
            value = self._value(sample.place)
        except MemoryError as error:
            raise failure_of(error) from error
        except DAMAGED as error:
            raise damage(error, f"data set {self._images.key or sample.place}") from error
        return _payload(value)

    def _value(self, place: int | str) -> Any:
        images = self._images
        if isinstance(place, str):
            return self._file[os.fsencode(place)][()]
        number = place
        if self._values is None:
            self._values = self._file[os.fsencode(images.key)]
        at = number - self._first
        if not 0 <= at < len(self._block):
            first = number - number % images.at_once
            if first in self._damaged:
                return self._values[number]
            try:
                self._block = self._values[first : first + images.at_once]
            except DAMAGED:  # of one image in it: each for itself tells which
                self._damaged.add(first)
                return self._values[number]
            self._first = first
            at = number - first
        return self._block[at]

    @contextmanager
    def head(self, sample: Sample) -> Iterator[BinaryIO]:
        try:
            data = self.read(sample)
        except UnreadableImage as error:
            raise OSError(error.detail) from error
        if not isinstance(data, bytes):
            raise OSError(f"{sample.name} has no header of its own")
        yield BytesIO(data)


def _payload(value: Any) -> Payload:
    if isinstance(value, np.void):
        return value.tobytes()
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):  # texts are no images, and the decoder says so
        return value.encode()
    array = np.asarray(value)
    is_encoded = array.ndim == 1 and array.dtype == np.uint8
    return array.tobytes() if is_encoded else array


def damage(error: Exception, what: str) -> UnreadableImage:
    """The record of a file, or of a part of it, for an exception of the library."""
    reason = next(iter(str(error).splitlines()), type(error).__name__)
    inner = reason[reason.find("(") + 1 : -1] if reason.endswith(")") and "(" in reason else reason
    code = Code.TRUNCATED if "truncated file" in inner else Code.CORRUPT
    if code is Code.TRUNCATED:
        inner = "truncated file"
    return UnreadableImage(code, f"{what} cannot be read ({inner})")
