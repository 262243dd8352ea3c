"""Parts of a file, as the container of samples."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import BufferedReader, BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

from normstat import files
from normstat.errors import UnreadableImage
from normstat.images import Code, Payload, Reader, Sample
from normstat.images.failures import failure_of
from normstat.sources.container_file import ContainerFile

if TYPE_CHECKING:
    from normstat.sources.object_ranges import ObjectRanges

# So many bytes are read at once where headers follow each other closely, and where they do not.
_MUCH = 1 << 17
_LITTLE = 1 << 11
_NEAR = 1 << 14
# Bytes of a header that are asked for at a time, of an object.
_HEAD = 1 << 14


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

    def __init__(self, descriptor: "int | ObjectRanges | UnreadableImage") -> None:
        self._descriptor = descriptor

    def ahead(self, samples: Iterable[Sample], most: int | None = None) -> Iterator[Sample]:
        descriptor = self._descriptor
        if isinstance(descriptor, int | UnreadableImage):
            return iter(samples)

        def extent(place: tuple[int, int]) -> tuple[int, int]:
            return place[0], place[1] if most is None else min(most, place[1])

        return fetched_ahead(descriptor, samples, extent)

    @contextmanager
    def head(self, sample: Sample) -> Iterator[BinaryIO]:
        descriptor = self._descriptor
        if isinstance(descriptor, int | UnreadableImage):
            with super().head(sample) as file:
                yield file
            return
        from normstat.sources.object_ranges import RangeFile  # of URLs alone

        try:
            with BufferedReader(RangeFile(descriptor, *sample.place), _HEAD) as opened:
                yield opened
        except UnreadableImage as error:
            raise OSError(error.detail) from error

    def data(self, sample: Sample) -> bytes:
        descriptor = self._descriptor
        if isinstance(descriptor, UnreadableImage):
            raise UnreadableImage(*descriptor.args)
        offset, size = sample.place
        data = files.read_at(descriptor, offset, size)
        if len(data) < size:
            raise UnreadableImage(Code.TRUNCATED, "the archive ends within it")
        return data


def fetched_ahead(
    ranges: "ObjectRanges",
    samples: Iterable[Sample],
    extent: Callable[[Any], tuple[int, int]],
) -> Iterator[Sample]:
    """Samples in the order of their places, each when its bytes are there.

    Parameters
    ----------
    ranges : the object that they are in.
    samples : in the order of their offsets.
    extent : offset and size of what is read for one, from its place.
    """
    from normstat.sources.object_ranges import together  # of URLs alone

    wanted = list(samples)
    ranges.plan(together(extent(sample.place) for sample in wanted))
    for sample in wanted:
        ranges.wait(extent(sample.place)[0])
        yield sample


class Ahead:
    """Small parts of a file, one behind the other: what lies close is read at once.

    Parameters
    ----------
    descriptor : of the file.
    """

    def __init__(self, descriptor: int | files.ByOffset) -> None:
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
