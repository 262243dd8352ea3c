"""Text files that others have written: any encoding that says so, and bytes that are none."""

import codecs
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import BinaryIO, TextIO

from normstat import files
from normstat.errors import UsageError
from normstat.files import shown, unwritten
from normstat.sources.first_answer import cure
from normstat.urls import is_url, scheme_of, without_secrets

#: DATA that is the standard input.
STDIN = "-"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@contextmanager
def opened_text(path: str, newline: str) -> Iterator[TextIO]:
    r"""A text file, from its start.

    UTF-8, unless a byte order mark says UTF-16 or UTF-32. Bytes that are no UTF-8 come as surrogate
    escapes: a name of a file may have any.

    Parameters
    ----------
    path : of the file; ``-`` is the standard input.
    newline : as for :func:`open`.

    Raises
    ------
    UsageError
        It cannot be read, or is not in the encoding that it says.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open(f"{folder}/a.txt", "wb") as file:
    ...         _ = file.write("Größe\n".encode("utf-16"))
    ...     with opened_text(f"{folder}/a.txt", "\n") as file:
    ...         file.read()
    'Größe\n'
    """
    try:
        with _opened(path) as file:
            encoding = _encoding(file)
            errors = "surrogateescape" if encoding.startswith("utf-8") else "strict"
            text = TextIOWrapper(file, encoding, errors, newline)
            try:
                yield text
            finally:
                text.detach()
    except UnicodeError as error:
        raise UsageError(
            f"{shown(path)}: is not in the encoding that it begins with ({error}); convert it, as "
            "with iconv -f ENCODING -t UTF-8"
        ) from error
    except OSError as error:
        if is_url(path):
            raise UsageError(f"{shown(path)}: {cure(error, scheme_of(path))}") from None
        folder = "; a folder of images is DATA itself" if os.path.isdir(path) else ""
        raise UsageError(f"{shown(path)}: cannot be read ({error.strerror}){folder}") from error


@contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    """The file; of a pipe, which can be read once, a copy."""
    if path == STDIN:
        with _copied(sys.stdin.buffer) as copy:
            yield copy
        return
    if is_url(path):
        with files.opened(path) as file:
            yield file
        return
    try:
        file = open(path, "rb")  # noqa: SIM115  # closed below
    except ValueError as error:  # a name with a zero byte
        raise UsageError(f"{shown(path)}: cannot be read ({error})") from error
    with file:
        if file.seekable():
            yield file
            return
        with _copied(file) as copy:
            yield copy


@contextmanager
def _copied(stream: BinaryIO) -> Iterator[BinaryIO]:
    from shutil import copyfileobj  # takes a while, at the start of every command
    from tempfile import TemporaryFile, gettempdir

    with TemporaryFile() as file:
        try:
            copyfileobj(stream, file)
            file.flush()
        except OSError as error:
            raise unwritten(gettempdir(), error) from error
        file.seek(0)
        yield file


def _encoding(file: BinaryIO) -> str:
    start = file.read(4)
    file.seek(0)
    return next((encoding for mark, encoding in _MARKS if start.startswith(mark)), "utf-8")


def near(path: str) -> str:
    """The folder that relative names in a text file begin at; in a pipe, the current one.

    >>> near("lists/train.txt"), near("train.txt"), near("-"), near("s3://bucket/lists/a.txt")
    ('lists', '.', '.', 's3://bucket/lists')
    """
    if is_url(path):
        return without_secrets(path).rpartition("/")[0]
    is_pipe = path == STDIN or (os.path.exists(path) and not os.path.isfile(path))
    return "." if is_pipe else os.path.dirname(path) or "."
