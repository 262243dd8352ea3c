"""Parts of a file, as the container of samples."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import BinaryIO

from normstat import files
from normstat.errors import UnreadableImage
from normstat.images import Code, Payload, Reader, Sample
from normstat.images.failures import failure_of
from normstat.sources.container_file import ContainerFile

# So many bytes are read at once where headers follow each other closely, and where they do not.
_MUCH = 1 << 17
_LITTLE = 1 << 11
_NEAR = 1 << 14


class FileSlices(ContainerFile):
    """A file whose parts are samples; the place of one is its offset and its size."""

    __slots__ = ()

    @contextmanager
    def open(self) -> Iterator[Reader]:
        with self.unchanged() as descriptor:
            yield SliceReader(descriptor)


class SampleReader(Reader):
    """A reader whose samples are bytes; a subclass reads them."""

    def read(self, sample: Sample) -> Payload:
        """See :class:`normstat.images.Reader`; errors of storage and memory become records."""
        try:
            return self.data(sample)
        except (OSError, MemoryError) as error:
            raise failure_of(error) from error

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
