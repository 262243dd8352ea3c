"""A file of constants as values that know where they stand."""

import contextlib
from collections.abc import Iterator

from normstat import files
from normstat.conventions.formats import format_of
from normstat.errors import StatsFileError, UsageError
from normstat.files import shown
from normstat.statsfile.json_reader import Node

# No configuration is that long, so what is longer is another file given by mistake.
_MOST_BYTES = 16 << 20


def document(file: str) -> Node:
    """The content of a file, in the format that its name's ending says; a UsageError if it is not.

    Without an ending that is known it is JSON.
    """
    try:
        with files.opened(file) as opened:
            data = opened.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"{shown(file)}: cannot be read ({reason})") from error
    if len(data) > _MOST_BYTES:
        most = f"{_MOST_BYTES >> 20} MiB"
        raise UsageError(f"{shown(file)}: larger than {most}, so not a configuration")
    return document_of(file, data)


def document_of(file: str, data: bytes) -> Node:
    """The content of bytes that are, or will be, in a file of this name.

    >>> document_of("a.toml", b"mean = 0.5").value
    {'mean': 0.5}
    """
    with naming(file):
        root = Node(format_of(file).load()(data), "")
        root.refuse_bad()
        return root


@contextlib.contextmanager
def naming(file: str) -> Iterator[None]:
    """Refusals inside name the file.

    >>> with naming("a.json"):
    ...     Node({"mean": "?"}, "")["mean"].number()
    Traceback (most recent call last):
    normstat.errors.UsageError: a.json: /mean: should be a finite number
    """
    try:
        yield
    except StatsFileError as error:
        raise UsageError(f"{shown(file)}: {shown(str(error))}") from error
