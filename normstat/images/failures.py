"""Errors of storage and memory as the records that they make."""

import os

from normstat import files
from normstat.errors import UnreadableImage
from normstat.images.unreadable import Code


def failure_of(error: OSError | MemoryError) -> UnreadableImage:
    """The record of a file that cannot be read.

    >>> failure_of(FileNotFoundError()).code
    <Code.VANISHED: 'vanished'>
    """
    for kind, code, detail in _FAILURES:
        if isinstance(error, kind):
            return UnreadableImage(code, detail)
    assert isinstance(error, OSError)
    return UnreadableImage(Code.IO_ERROR, os.strerror(error.errno or 0))


_FAILURES: tuple[tuple[type[Exception], Code, str], ...] = (
    (files.NotRegularError, Code.NOT_REGULAR, "no regular file behind this name"),
    (files.ChangedWhileReadError, Code.CHANGED_WHILE_READ, "changed while it was read"),
    (FileNotFoundError, Code.VANISHED, "listed, but gone when it was opened"),
    (PermissionError, Code.PERMISSION_DENIED, "may not be opened"),
    (MemoryError, Code.OUT_OF_MEMORY, "not enough memory for it"),
)
