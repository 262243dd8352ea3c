"""Files on this machine, as the container of samples."""

import os
import re
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import BinaryIO

from normstat import files
from normstat.errors import UnreadableImage
from normstat.images.failures import failure_of
from normstat.images.samples import Payload, Reader, Sample
from normstat.images.unreadable import Code

# Links to content that a version control system has not fetched.
_LINKS = (
    (Code.ANNEX_POINTER, "git-annex", r"[/\\]annex[/\\]objects[/\\]"),
    (Code.DVC_POINTER, "DVC", r"[/\\]?\.dvc[/\\]cache[/\\]"),
)

# Larger files beside images are not what anybody asks for.
_MOST = 1 << 26


@dataclass(frozen=True, slots=True)
class LocalFiles(Reader):
    """A folder whose files are samples; a place is a relative path, where the name is another.

    Attributes
    ----------
    root : path of the folder.

    Examples
    --------
    >>> LocalFiles("data").path(Sample("train", "a.png"))
    'data/a.png'
    >>> LocalFiles("data").path(Sample("train", "more/a.png", "a.png"))
    'data/a.png'
    """

    root: str

    def open(self) -> AbstractContextManager[Reader]:
        return nullcontext(self)

    def path(self, sample: Sample) -> str:
        return f"{self.root}/{sample.name if sample.place is None else sample.place}"

    def head(self, sample: Sample) -> AbstractContextManager[BinaryIO]:
        return files.opened(self.path(sample))

    def read(self, sample: Sample) -> Payload:
        """Return all bytes of the file, as they were at one moment."""
        path = self.path(sample)
        try:
            return files.read(path)
        except files.NotRegularError as error:
            if pointer := _unfetched(path):
                raise pointer from error
            raise failure_of(error) from error
        except (OSError, MemoryError) as error:
            raise failure_of(error) from error


def side_file(root: str, name: str) -> bytes | None:
    """Content of a small file in a folder; None if there is none, as for a catalog.

    Raises
    ------
    OSError
        It is there, and cannot be read.
    """
    path = f"{root}/{name}"
    if not os.path.isfile(path) or os.path.getsize(path) > _MOST:
        return None
    return files.read(path)


def _unfetched(path: str) -> UnreadableImage | None:
    try:
        target = os.readlink(path)
    except OSError:  # no link
        return None
    for code, name, pattern in _LINKS:
        if re.search(pattern, target):
            return UnreadableImage(code, f"a link of {name} to content that is not here")
    return None
