"""Images one after the other in a file, as the container of samples."""

import gzip
import math
import os
import threading
import weakref
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

import numpy as np
from numpy.typing import NDArray

from normstat import files
from normstat.errors import UnreadableImage
from normstat.images import Code, Payload, Reader, Sample
from normstat.images.failures import failure_of
from normstat.sources.container_file import ContainerFile

#: Stands for the place of a member where the file is one that gzip has made.
GZIP = -1
# Small images are read together, in blocks of about so many bytes; and in larger ones those of an
# array whose first axis varies fastest.
_BLOCK, _COLUMNS = 1 << 16, 16
# Images of up to so many bytes gain by coming as one array, so many at a time.
_SMALL, _TOGETHER = 1 << 14, 64
#: Bytes that one byte of a stream comes to at most, as gzip and zip files mostly pack it (deflate).
MOST_UNPACKED = 1032
# Bytes of a stream that are passed over at once.
_PASSED = 1 << 16
# And those that are read at once for a checksum.
_CHECKED = 1 << 20


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
        member of a zip file begins, or :data:`GZIP`.
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


class Stream(Protocol):
    """Bytes that are read forward."""

    def read(self, size: int, /) -> bytes: ...


def opened_stream(path: str, stream: int, resources: ExitStack) -> Stream:
    """Open what is compressed in a file, at its start; closed with the resources."""
    file = resources.enter_context(files.opened(path))
    if stream == GZIP:
        return resources.enter_context(gzip.GzipFile(fileobj=file))
    archive = resources.enter_context(zipfile.ZipFile(file))
    members = (info for info in archive.infolist() if info.header_offset == stream)
    member = next(members, None)
    if member is None:
        raise UnreadableImage(Code.CHANGED_WHILE_READ, "the file is another now")
    return resources.enter_context(archive.open(member))


@contextmanager
def as_records() -> Iterator[None]:
    """Raise what is wrong with a file as the record that it makes."""
    try:
        yield
    except EOFError as error:
        raise UnreadableImage(Code.TRUNCATED, "ends before its last image") from error
    except (gzip.BadGzipFile, zipfile.BadZipFile, zlib.error) as error:
        detail = "cannot be decompressed"
        if "CRC" in str(error):
            detail = "wrong checksum: any image in it may be damaged"
        raise UnreadableImage(Code.CORRUPT, detail) from error
    except (NotImplementedError, RuntimeError) as error:  # encrypted, or a method of later years
        raise UnreadableImage(Code.UNSUPPORTED_FORMAT, "encrypted, or compressed oddly") from error
    except OSError as error:
        raise failure_of(error) from error


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
        self._forward: _Forward | None = None

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
            _latest.forward = self._forward
        self._resources.close()

    def _open(self) -> None:
        images = self._images
        descriptor = self._resources.enter_context(images.opened())
        assert isinstance(descriptor, int)  # none of these is behind a URL
        if images.stream is not None:
            self._forward = _forward_of(images)
        self._descriptor = descriptor

    def _read_block(self, first: int) -> NDArray[Any]:
        """Images from the first on: those that lie close together, at least one."""
        images = self._images
        several, left = max(_BLOCK // images.stride, 1), images.images - first
        if images.checked is not None:
            if left == 1:
                self._compare_checksum(images.checked)
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

    def _compare_checksum(self, member: int) -> None:
        """Raise the record of the last image if the checksum of all of them is wrong."""
        with as_records(), ExitStack() as resources:
            stream = opened_stream(self._images.file, member, resources)
            while stream.read(_CHECKED):
                pass

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
        with as_records():
            data = os.pread(self._descriptor, size, at)
        if len(data) < size:  # it was long enough
            raise UnreadableImage(Code.CHANGED_WHILE_READ, "the file is another now")
        return data


class _Forward:
    """A compressed stream that is read from its start to its end."""

    def __init__(self, images: StackedImages) -> None:
        self.images = images
        self._resources = ExitStack()
        weakref.finalize(self, self._resources.close)
        self._stream: Stream | None = None
        self._at = 0
        self._failed: tuple[int, UnreadableImage] | None = None

    def read(self, at: int, size: int) -> bytes:
        """Read some bytes; what has been passed is read again from the start.

        Raises
        ------
        UnreadableImage
            The stream ends, or is damaged, here or before.
        """
        if self._failed and at + size > self._failed[0]:
            raise self._failed[1].with_traceback(None)
        try:
            with as_records():
                return self._read(at, size)
        except UnreadableImage as error:
            self._failed = at + size - 1, error
            self._resources.close()
            self._stream = None
            raise

    def _read(self, at: int, size: int) -> bytes:
        if self._stream is None or self._at > at:
            self._resources.close()
            self._stream = opened_stream(self.images.file, self.images.stream or 0, self._resources)
            self._at = 0
        while self._at < at:
            self._at += len(_all_of(self._stream, min(at - self._at, _PASSED)))
        data = _all_of(self._stream, size)
        self._at += size
        if self._at == self.images.start + self.images.images * self.images.stride:
            _refuse_bad_end(self._stream)
        return data


def _refuse_bad_end(stream: Stream) -> None:
    """Read what lies behind the last image, which is where a checksum is compared."""
    try:
        more = stream.read(1)
    except EOFError as error:
        raise UnreadableImage(Code.TRUNCATED, "its checksum, at the end, is missing") from error
    except (gzip.BadGzipFile, zipfile.BadZipFile, zlib.error) as error:
        detail = "wrong checksum, or something else, behind the packed data"
        raise UnreadableImage(Code.CORRUPT, f"{detail}: any image in it may be damaged") from error
    if more:
        raise UnreadableImage(Code.CORRUPT, "more bytes than its shape says")


def _all_of(stream: Stream, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError
    return data


class _Latest(threading.local):
    """The stream that a thread has read last: its next shard goes on where it is."""

    forward: _Forward | None = None


_latest = _Latest()


def _forward_of(images: StackedImages) -> _Forward:
    """The stream that was kept, if it is of these images; else one that is at its start."""
    kept, _latest.forward = _latest.forward, None
    return kept if kept and kept.images == images else _Forward(images)
