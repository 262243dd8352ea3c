"""Arrays that are packed in a file, and what is wrong with those that cannot be unpacked."""

import errno
import gzip
import lzma
import struct
import threading
import weakref
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple, Protocol

from normstat import files
from normstat.errors import UnreadableImage
from normstat.images import Code
from normstat.images.failures import failure_of

#: Stands for the place of a member where the file is one that gzip has made.
GZIP = -1
#: Bytes that one byte of a stream comes to at most, as gzip and zip files mostly pack it (deflate).
MOST_UNPACKED = 1032
# Bytes of a stream that are passed over at once.
_PASSED = 1 << 16
# What damaged files end in, also names in them that are no text.
_DAMAGED = (
    *(gzip.BadGzipFile, zipfile.BadZipFile, zlib.error),
    *(lzma.LZMAError, struct.error, UnicodeDecodeError),
)
# And those that are read at once for a checksum.
_CHECKED = 1 << 20


class Packed(NamedTuple):
    """Arrays that are packed in a file.

    Attributes
    ----------
    file : its path.
    stamp : see :class:`normstat.sources.container_file.ContainerFile`.
    stream : byte at which the member of a zip file begins, or :data:`GZIP`.
    end : bytes that come out of it, to the end of the last array.
    """

    file: str
    stamp: int | str
    stream: int
    end: int


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
    except _DAMAGED as error:
        detail = "cannot be decompressed"
        if "CRC" in str(error):
            detail = "wrong checksum: any image in it may be damaged"
        raise UnreadableImage(Code.CORRUPT, detail) from error
    except (NotImplementedError, RuntimeError) as error:  # encrypted, or a method of later years
        raise UnreadableImage(Code.UNSUPPORTED_FORMAT, "encrypted, or compressed oddly") from error
    except files.NotRegularError as error:
        raise failure_of(error) from error
    except OSError as error:
        # bzip2 has no errors of its own, and a place that is damaged may be none in a file.
        if error.errno in (None, errno.EINVAL):
            raise UnreadableImage(Code.CORRUPT, "cannot be decompressed") from error
        raise failure_of(error) from error


def compare_checksum(path: str, member: int) -> None:
    """Read a member of a zip file to its end, where its checksum is compared.

    Raises
    ------
    UnreadableImage
        It is wrong.
    """
    with as_records(), ExitStack() as resources:
        stream = opened_stream(path, member, resources)
        while stream.read(_CHECKED):
            pass


class Forward:
    """A compressed stream that is read from its start to its end."""

    def __init__(self, packed: Packed) -> None:
        self.packed = packed
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
            self._stream = opened_stream(self.packed.file, self.packed.stream, self._resources)
            self._at = 0
        while self._at < at:
            self._at += len(_all_of(self._stream, min(at - self._at, _PASSED)))
        data = _all_of(self._stream, size)
        self._at += size
        if self._at == self.packed.end:
            _refuse_bad_end(self._stream)
        return data


def _refuse_bad_end(stream: Stream) -> None:
    """Read what lies behind the last image, which is where a checksum is compared."""
    try:
        more = stream.read(1)
    except EOFError as error:
        raise UnreadableImage(Code.TRUNCATED, "its checksum, at the end, is missing") from error
    except _DAMAGED as error:
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

    forward: Forward | None = None


_latest = _Latest()


def forward_of(packed: Packed) -> Forward:
    """The stream that this thread kept, if it is of these arrays; else one that is at its start."""
    kept, _latest.forward = _latest.forward, None
    return kept if kept and kept.packed == packed else Forward(packed)


def keep(forward: Forward) -> None:
    """Keep a stream for the next shard of this thread."""
    _latest.forward = forward
