"""Files that hold many samples."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from normstat import files
from normstat.errors import UnreadableImage
from normstat.images import Code, Sample
from normstat.images.failures import failure_of

if TYPE_CHECKING:
    from normstat.sources.object_ranges import ObjectRanges
    from normstat.sources.stores import Object


@dataclass(frozen=True, slots=True)
class ContainerFile:
    """A file that holds many samples, as it was when it was listed.

    Attributes
    ----------
    file : its path.
    size : in bytes.
    stamp : time of its last change in nanoseconds; of an object the tag that it was listed with.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     container = ContainerFile.of(file.name, os.stat(file.name))
    ...     _ = file.write(b"more"), file.flush()
    ...     with container.unchanged() as found:
    ...         found.code
    <Code.CHANGED_WHILE_READ: 'changed_while_read'>
    """

    file: str
    size: int
    stamp: int | str

    @classmethod
    def of(cls, file: str, status: os.stat_result, *more: Any) -> Self:
        """The file with this status; `more` are the other fields of a subclass, in their order."""
        return cls(file, status.st_size, status.st_mtime_ns, *more)

    @classmethod
    def at(cls, url: str, listed: "Object", *more: Any) -> Self:
        """The object at a URL, as it was listed; `more` as for :meth:`of`."""
        return cls(url, listed.size or 0, listed.tag, *more)

    def path(self, sample: Sample) -> str | None:  # noqa: ARG002  # one file has all
        return None if isinstance(self.stamp, str) else self.file

    @contextmanager
    def unchanged(self) -> Iterator["int | ObjectRanges | UnreadableImage"]:
        """Open it, if it is what it was; else give the reason why not, one for all samples.

        An object is asked for by its tag, so each of its samples tells if it is another one.
        """
        if isinstance(self.stamp, str):
            from normstat.sources.object_ranges import ObjectRanges  # of URLs alone

            ranges = ObjectRanges(self.file, self.size, self.stamp)
            try:
                yield ranges
            finally:
                ranges.close()
            return
        with ExitStack() as stack:
            found: int | UnreadableImage
            try:
                found = stack.enter_context(files.opened(self.file)).fileno()
                status = os.fstat(found)
                if (status.st_size, status.st_mtime_ns) != (self.size, self.stamp):
                    found = UnreadableImage(Code.CHANGED_WHILE_READ, "the file is another now")
            except OSError as error:
                found = failure_of(error)
            yield found

    @contextmanager
    def opened(self) -> Iterator["int | ObjectRanges"]:
        """Open it.

        Raises
        ------
        UnreadableImage
            It is not what it was.
        """
        with self.unchanged() as found:
            if isinstance(found, UnreadableImage):
                raise found
            yield found
