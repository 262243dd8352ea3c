"""Images one after the other in a file, as the container of samples."""

import math
import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from normstat.errors import UnreadableImage
from normstat.images import Code, Payload, Reader, Sample
from normstat.images.failures import failure_of
from normstat.sources.container_file import ContainerFile

if TYPE_CHECKING:
    from normstat.sources.packed_arrays import Forward

# Small images are read together, in blocks of about so many bytes; and in larger ones those of an
# array whose first axis varies fastest.
_BLOCK, _COLUMNS = 1 << 16, 16
# Images of up to so many bytes gain by coming as one array, so many at a time.
_SMALL, _TOGETHER = 1 << 14, 64


@dataclass(frozen=True, slots=True)
class StackedImages(ContainerFile):
    """Arrays of one shape, one after the other; the place of a sample is its number.

    Attributes
    ----------
    start : byte at which the first image begins, in the file or the stream.
    stride : bytes from one image to the next.
    dtype : of the values, as NumPy writes it.
    shape : of one image, as it is stored.
    stream : None for images that lie in the file as they are, else the byte at which the compressed
        member of a zip file begins, or :data:`normstat.sources.packed_arrays.GZIP`.
    checked : byte at which the member of a zip file begins whose checksum is compared when its last
        image is read; None where there is no checksum, or the stream compares it.
    images : number of those that are whole.
    columns : number of images in an array whose first axis varies fastest; 0 for all others.
    axes : order in which those of the shape make the array; empty: as they are.
    """

    start: int = 0
    stride: int = 0
    dtype: str = "|u1"
    shape: tuple[int, ...] = ()
    stream: int | None = None
    checked: int | None = None
    images: int = 1
    columns: int = 0
    axes: tuple[int, ...] = ()

    @property
    def bytes(self) -> int:
        """Bytes of one image."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize

    def open(self) -> AbstractContextManager[Reader]:
        return closing(_Reader(self))


class _Reader(Reader):
    """Reads images where they lie."""

    def __init__(self, images: StackedImages) -> None:
        self._images = images
        self._bytes = images.bytes
        self._dtype = np.dtype(images.dtype)
        self._resources = ExitStack()
        self._descriptor: int | None = None
        self._first = 0
        self._block: NDArray[Any] = np.empty(0, self._dtype)
        self._forward: Forward | None = None

    def read(self, sample: Sample) -> Payload:
        number = sample.place - self._first
        if not 0 <= number < len(self._block):
            if self._descriptor is None:
                self._open()
            self._block, self._first, number = self._read_block(sample.place), sample.place, 0
        image: NDArray[Any] = self._block[number]
        return image

    def at_once(self) -> int:
        images = self._images
        is_apart = images.stream is not None or images.columns or images.axes
        return 1 if is_apart or self._bytes > _SMALL else _TOGETHER

    def block(self, places: Sequence[Any]) -> NDArray[Any] | None:
        images, first = self._images, places[0]
        if self.at_once() == 1 or list(places) != [*range(first, first + len(places))]:
            return None
        if images.checked is not None and places[-1] == images.images - 1:
            return None
        try:
            if self._descriptor is None:
                self._open()
            size = (len(places) - 1) * images.stride + self._bytes
            data = self._at(images.start + first * images.stride, size)
        except UnreadableImage:  # reading one tells whether it is wrong with all
            return None
        return self._array_of(data, len(places))

    def head(self, sample: Sample) -> AbstractContextManager[BinaryIO]:
        """Raise an OSError: there is no header."""
        raise OSError(f"{sample.name} has no header of its own")

    def close(self) -> None:
        if self._forward:
            from normstat.sources.packed_arrays import keep

            keep(self._forward)
        self._resources.close()

    def _open(self) -> None:
        images = self._images
        descriptor = self._resources.enter_context(images.opened())
        assert isinstance(descriptor, int)  # none of these is behind a URL
        if images.stream is not None:
            from normstat.sources.packed_arrays import Packed, forward_of  # long to import

            end = images.start + images.images * images.stride
            self._forward = forward_of(Packed(images.file, images.stamp, images.stream, end))
        self._descriptor = descriptor

    def _read_block(self, first: int) -> NDArray[Any]:
        """Images from the first on: those that lie close together, at least one."""
        images = self._images
        several, left = max(_BLOCK // images.stride, 1), images.images - first
        if images.checked is not None:
            if left == 1:
                from normstat.sources.packed_arrays import compare_checksum  # long to import

                compare_checksum(images.file, images.checked)
            left = max(1, left - 1)
        if images.columns:
            block = self._from_columns(first, min(several * _COLUMNS, left))
        elif self._forward:
            data = self._forward.read(images.start + first * images.stride, self._bytes)
            block = self._array_of(data, 1)
        else:
            size = (min(several, left) - 1) * images.stride + self._bytes
            data = self._at(images.start + first * images.stride, size)
            block = self._array_of(data, 1 + (size - self._bytes) // images.stride)
        return block.transpose((0, *(axis + 1 for axis in images.axes))) if images.axes else block

    def _array_of(self, data: bytes, images: int) -> NDArray[Any]:
        """Shape (images, *shape): arrays that begin a stride apart."""
        stride = self._images.stride
        if len(data) == images * stride:
            return np.frombuffer(data, self._dtype).reshape((images, *self._images.shape))
        rows = np.frombuffer(data.ljust(images * stride), np.uint8).reshape(images, stride)
        values = np.ascontiguousarray(rows[:, : self._bytes]).view(self._dtype)
        return values.reshape((images, *self._images.shape))

    def _from_columns(self, first: int, several: int) -> NDArray[Any]:
        """A block of images whose values lie apart: each value of all images side by side."""
        images, itemsize = self._images, self._dtype.itemsize
        values = b"".join(
            self._at(images.start + (value * images.columns + first) * itemsize, several * itemsize)
            for value in range(math.prod(images.shape))
        )
        flat = np.frombuffer(values, self._dtype)
        return np.ascontiguousarray(flat.reshape((several, *images.shape), order="F"))

    def _at(self, at: int, size: int) -> bytes:
        assert self._descriptor is not None
        try:
            data = os.pread(self._descriptor, size, at)
        except OSError as error:
            raise failure_of(error) from error
        if len(data) < size:  # it was long enough
            raise UnreadableImage(Code.CHANGED_WHILE_READ, "the file is another now")
        return data
