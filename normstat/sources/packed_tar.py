"""Packed tar archives: they can only be read forward, and are unpacked in memory alone."""

import threading
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from normstat.errors import UnreadableImage
from normstat.files import ByOffset
from normstat.images import Code, Reader, Sample
from normstat.sources.archives import Ignored
from normstat.sources.container_file import ContainerFile
from normstat.sources.file_slices import SampleReader
from normstat.sources.member import Member
from normstat.sources.tar_headers import listed
from normstat.sources.unpacking import Unpacking

#: Bytes that a packed image may come to: more is no image, but an attack on the memory.
MOST = 1 << 30
#: Padding is read on to the checksum behind it, but not for ever.
_PADDING = 1 << 26


@dataclass(frozen=True, slots=True)
class PackedTar(ContainerFile):
    """A packed tar archive whose members are samples; the place of one is its offset and size.

    A thread that reads shards of one archive goes on where the last one ended: the archive is
    unpacked once, as long as no shard leads back.

    Attributes
    ----------
    packing : see :data:`normstat.sources.unpacking.PACKINGS`.
    """

    packing: str

    @contextmanager
    def open(self) -> Iterator[Reader]:
        with self.unchanged() as found:
            failure = found if isinstance(found, UnreadableImage) else None
        yield _Members(self, failure)

    @contextmanager
    def forward(self) -> Iterator[int | ByOffset]:
        """Open it, to be read from its start on; an object is fetched ahead.

        Raises
        ------
        UnreadableImage
            It is not what it was.
        """
        with self.opened() as descriptor:
            if not isinstance(descriptor, int):
                descriptor.plan_all()
            yield descriptor

    def members(self, ignored: Ignored) -> Iterator[Member]:
        """The images in it, from one reading to its end.

        Raises
        ------
        UnreadableImage
            It is damaged, perhaps behind the last member.
        """
        with self.forward() as descriptor:
            yield from unpacked(Unpacking(descriptor, self.packing, checks=True), ignored)


def unpacked(unpacking: Unpacking, ignored: Ignored) -> Iterator[Member]:
    """The images of an archive that is unpacked from its start to its end.

    Raises
    ------
    UnreadableImage
        It is damaged, perhaps behind the last member; but not if it ends within a member, whose
        record that is.
    """
    end = 0  # of the member before
    try:
        for member in listed(unpacking, None, ignored):
            end = sum(member.place)
            is_large = member.size > MOST
            yield member._replace(failure=_too_large(member)) if is_large else member
        unpacking.finish(_PADDING)
    except UnreadableImage as error:
        if error.code != Code.TRUNCATED or unpacking.end >= end:
            raise


def _too_large(member: Member) -> UnreadableImage:
    return UnreadableImage(
        Code.TOO_LARGE,
        f"comes to {member.size:,} bytes; the limit is {MOST:,} in a packed archive: unpack it",
    )


class _Opened:
    """An archive in the middle of being read; the file is closed when nobody uses it."""

    def __init__(self, container: PackedTar) -> None:
        stack = ExitStack()
        weakref.finalize(self, stack.close)
        descriptor = stack.enter_context(container.forward())
        self.container = container
        self.unpacking = Unpacking(descriptor, container.packing, checks=False)


class _Latest(threading.local):
    """The archive that a thread has read last."""

    opened: _Opened | None = None


_latest = _Latest()


class _Members(SampleReader):
    def __init__(self, container: PackedTar, failure: UnreadableImage | None) -> None:
        self._container = container
        self._failure = failure

    def data(self, sample: Sample) -> bytes:
        if self._failure:
            raise UnreadableImage(*self._failure.args)
        offset, size = sample.place
        opened = _latest.opened
        if not opened or opened.container != self._container or offset < opened.unpacking.position:
            _latest.opened = None
            _latest.opened = opened = _Opened(self._container)
        try:
            data = opened.unpacking(offset, size)
        except UnreadableImage as error:
            if error.code == Code.IO_ERROR:  # it may pass; damage does not
                _latest.opened = None
            raise
        if len(data) < size:
            raise UnreadableImage(Code.TRUNCATED, "the archive ends within it")
        return data
