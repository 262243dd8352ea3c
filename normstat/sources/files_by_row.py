"""Files that rows of a list name, as the container of samples."""

import os
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO

from normstat import files
from normstat.errors import UnreadableImage
from normstat.images import Code, LocalFiles, Payload, Reader, Sample


@dataclass(frozen=True, slots=True)
class FilesByRow(LocalFiles):
    """Files that rows of a list name; the place of one is the number of its row, and its path.

    Attributes
    ----------
    unit : word for a row.
    """

    unit: str

    def open(self) -> AbstractContextManager[Reader]:
        return LocalFiles.open(self)

    def path(self, sample: Sample) -> str:
        path: str = sample.place[1]
        return os.path.join(self.root, path)

    def head(self, sample: Sample) -> AbstractContextManager[BinaryIO]:
        return files.opened(self.path(sample))

    def read(self, sample: Sample) -> Payload:
        """Return all bytes of the file; what is wrong with it is said of its row."""
        where = f"{self.unit} {sample.place[0]}"
        path = self.path(sample)
        if "\0" in path:
            raise UnreadableImage(Code.VANISHED, f"{where}: a path with a zero byte")
        try:
            return LocalFiles.read(self, sample)
        except UnreadableImage as error:
            if error.code == Code.VANISHED:
                raise UnreadableImage(Code.VANISHED, f"{where}: {_missing(path)}") from error
            if error.code == Code.NOT_REGULAR and os.path.isdir(path):
                detail = f"{where}: is a folder; list files, as find -type f does"
                raise UnreadableImage(Code.NOT_REGULAR, detail) from error
            raise


def _missing(path: str) -> str:
    if path.isprintable() or not any("\udc80" <= letter <= "\udcff" for letter in path):
        return "there is no such file"
    return (
        "there is no such file, and its name is no UTF-8; iconv -f ENCODING -t UTF-8 converts a "
        "list"
    )
