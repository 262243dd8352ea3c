"""Tar archives: members are read where they lie, none is extracted."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any, BinaryIO

from normstat.errors import UnreadableImage
from normstat.images import Code, Payload, Reader, Reason, Sample
from normstat.sources.archives import Archives, Contents, Ignored
from normstat.sources.given import given_files
from normstat.sources.members import Member, safe_name
from normstat.sources.options import SourceOptions
from normstat.sources.tree_source import TreeSource
from normstat.sources.versions import version_of

#: Of the names of such files.
ENDINGS = (".tar",)
_BLOCK = 512


def open_tar(path: str, options: SourceOptions) -> TreeSource:
    """Open one tar archive, those in a folder, or those of a pattern.

    Raises
    ------
    UsageError
        There is none, or an option does not fit.
    """
    return TreeSource(Tars(given_files(path, ENDINGS)), options)


class Tars(Archives):
    """The members of tar archives."""

    def contents(self, path: str) -> Contents:
        status = os.stat(path)
        ignored = Ignored()
        container = TarMembers(path, status.st_size, status.st_mtime_ns)
        return Contents(container, _listed(path, version_of(status), ignored), ignored)

    def record(self) -> Mapping[str, Any]:
        return {"kind": "tar"}


def _listed(path: str, version: bytes, ignored: Ignored) -> Iterator[Member]:
    with open(path, "rb") as file:
        offset = 0
        while (header := os.pread(file.fileno(), _BLOCK, offset)).strip(b"\0"):
            size = int(header[124:136].strip(b" \0"), 8)
            prefix, name = (part.split(b"\0")[0] for part in (header[345:500], header[:100]))
            found = os.fsdecode(b"/".join(filter(None, (prefix, name))))
            offset += _BLOCK
            if header[156:157] in (b"0", b"\0"):
                if safe := safe_name(found):
                    own = b"%s %d %d" % (version, offset, size) if version else b""
                    yield Member(safe, (offset, size), size, own)
                else:
                    ignored.add(Reason.UNSAFE_NAME, found)
            offset += -(-size // _BLOCK) * _BLOCK


@dataclass(frozen=True, slots=True)
class TarMembers:
    """A tar archive whose members are samples; the place of one is its offset and size.

    Attributes
    ----------
    file : path of the archive.
    size, mtime : of the archive, in bytes and nanoseconds, when it was listed.
    """

    file: str
    size: int
    mtime: int

    @contextmanager
    def open(self) -> Iterator[Reader]:
        try:
            with open(self.file, "rb") as file:
                status = os.fstat(file.fileno())
                is_same = (status.st_size, status.st_mtime_ns) == (self.size, self.mtime)
                yield _Members(file.fileno() if is_same else -1)
        except FileNotFoundError:
            yield _Members(-1)

    def path(self, sample: Sample) -> str:  # noqa: ARG002  # one file has all
        return self.file


class _Members(Reader):
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def read(self, sample: Sample) -> Payload:
        if self._descriptor < 0:
            raise UnreadableImage(Code.CHANGED_WHILE_READ, "the archive is another now")
        offset, size = sample.place
        data = os.pread(self._descriptor, size, offset)
        if len(data) < size:
            raise UnreadableImage(Code.TRUNCATED, "the archive ends within it")
        return data

    @contextmanager
    def head(self, sample: Sample) -> Iterator[BinaryIO]:
        try:
            data = self.read(sample)
        except UnreadableImage as error:
            raise OSError(error.detail) from error
        assert isinstance(data, bytes)
        yield BytesIO(data)
