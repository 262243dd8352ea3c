"""Parts of a file, as the container of samples."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, Protocol

from normstat import files
from normstat.errors import UnreadableImage
from normstat.images import Code, Payload, Reader, Sample

# So many bytes are read at once where headers follow each other closely, and where they do not.
_MUCH = 1 << 17
_LITTLE = 1 << 11
_NEAR = 1 << 14


@dataclass(frozen=True, slots=True)
class FileSlices:
    """A file whose parts are samples; the place of one is its offset and its size.

    Attributes
    ----------
    file : path of the file.
    size, mtime : of the file, in bytes and nanoseconds, when it was listed.
    """

    file: str
    size: int
    mtime: int

    @classmethod
    def of(cls, file: str, status: os.stat_result) -> "FileSlices":
        return cls(file, status.st_size, status.st_mtime_ns)

    @contextmanager
    def open(self) -> Iterator[Reader]:
        with unchanged(self) as descriptor:
            yield SliceReader(descriptor)

    def path(self, sample: Sample) -> str:  # noqa: ARG002  # one file has all
        return self.file


class Listed(Protocol):
    """A file as it was when it was listed: see :class:`FileSlices`."""

    @property
    def file(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def mtime(self) -> int: ...


@contextmanager
def unchanged(listed: Listed) -> Iterator[int | UnreadableImage]:
    """Open a file that is what it was when it was listed; else give the reason why it is not."""
    with ExitStack() as stack:
        found: int | UnreadableImage
        try:
            found = stack.enter_context(files.opened(listed.file)).fileno()
            status = os.fstat(found)
            if (status.st_size, status.st_mtime_ns) != (listed.size, listed.mtime):
                found = UnreadableImage(Code.CHANGED_WHILE_READ, "the archive is another now")
        except OSError as error:
            found = failure_of(error)
        yield found


class SampleReader(Reader):
    """A reader whose samples are bytes; a subclass reads them."""

    def read(self, sample: Sample) -> Payload:
        """See :class:`normstat.images.Reader`; errors of storage and memory become records."""
        try:
            return self.data(sample)
        except OSError as error:
            raise failure_of(error) from error
        except MemoryError as error:
            raise UnreadableImage(Code.OUT_OF_MEMORY, "not enough memory for it") from error

    def data(self, sample: Sample) -> bytes:
        """All bytes of a sample."""
        raise NotImplementedError

    @contextmanager
    def head(self, sample: Sample) -> Iterator[BinaryIO]:
        try:
            data = self.data(sample)
        except UnreadableImage as error:
            raise OSError(error.detail) from error
        yield BytesIO(data)


class SliceReader(SampleReader):
    """The reader of :class:`FileSlices`.

    Parameters
    ----------
    descriptor : of the file; or the reason why there is none, which is that of each sample.
    """

    def __init__(self, descriptor: int | UnreadableImage) -> None:
        self._descriptor = descriptor

    def data(self, sample: Sample) -> bytes:
        descriptor = self._descriptor
        if isinstance(descriptor, UnreadableImage):
            raise UnreadableImage(*descriptor.args)
        offset, size = sample.place
        data = files.read_at(descriptor, offset, size)
        if len(data) < size:
            raise UnreadableImage(Code.TRUNCATED, "the archive ends within it")
        return data


class Ahead:
    """Small parts of a file, one behind the other: what lies close is read at once.

    Parameters
    ----------
    descriptor : of the file.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._block = b""
        self._begins = 0
        self._latest = 0

    def __call__(self, offset: int, size: int) -> bytes:
        start = offset - self._begins
        if not 0 <= start <= start + size <= len(self._block):
            much = _MUCH if offset - self._latest < _NEAR else _LITTLE
            try:
                self._block = files.read_at(self._descriptor, offset, max(size, much))
            except OSError as error:
                raise failure_of(error) from error
            self._begins, start = offset, 0
        self._latest = offset
        return self._block[start : start + size]


def failure_of(error: OSError) -> UnreadableImage:
    """The record of a file that cannot be read.

    >>> failure_of(FileNotFoundError()).code
    <Code.VANISHED: 'vanished'>
    """
    if isinstance(error, files.NotRegularError):
        return UnreadableImage(Code.NOT_REGULAR, "no regular file behind this name")
    if isinstance(error, FileNotFoundError):
        return UnreadableImage(Code.VANISHED, "listed, but gone when it was opened")
    if isinstance(error, PermissionError):
        return UnreadableImage(Code.PERMISSION_DENIED, "may not be opened")
    return UnreadableImage(Code.IO_ERROR, os.strerror(error.errno or 0))
