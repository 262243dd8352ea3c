"""List of files beside a stats file: a line for each image, by which a check names files.

::

    normstat files 1
    split train
    train/cat/1.jpg<TAB>48213<TAB>u0pgY4a1<TAB>Zl3hVn0oQ9-dP1sB

Name, bytes, the first 48 bits of the file's SHA-256 and the first 96 bits of the pixel key, the
latter two in base64 for URLs; ``-`` where there is none. Lines are sorted by split and by the bytes
of what is written for the name; a name with control characters is a JSON string.
"""

import hashlib
import heapq
import json
import os
import tempfile
import unicodedata
import weakref
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import IO, NamedTuple

from normstat import files
from normstat.errors import OutputError, UsageError, option
from normstat.files import shown
from normstat.images import ImageRow, path_from_text, path_text

_HEADER = b"normstat files 1\n"
_SPLIT = b"split "
#: A field of a line where there is nothing to tell.
NONE = "-"
_DIGEST, _KEY = 6, 12
_CURE = f"compute {option('files', metavar='FILE')} writes it anew, with the statistics"
# Lines that are sorted at once: about 12 MB.
_MOST = 100_000


class Entry(NamedTuple):
    """A line of a list.

    Attributes
    ----------
    split, name : of the image.
    size : bytes of the file.
    digest, key : as they are written; ``-`` where there is none.
    """

    split: str
    name: str
    size: str
    digest: str
    key: str


class FileList:
    """A sink that keeps a line for each image, in memory or, where there are many, on disk.

    Examples
    --------
    >>> listed = FileList()
    >>> for name in ("b.png", "a.png"):
    ...     listed.add(ImageRow("val", name, bytes=70, digest=b"d" * 16, key=b"k" * 16))
    >>> [(entry.name, entry.size) for entry in listed.entries()]
    [('a.png', '70'), ('b.png', '70')]
    """

    fields = frozenset({"bytes", "digest", "key"})

    def __init__(self) -> None:
        self._splits: dict[str, _Sorted] = {}

    def add(self, row: ImageRow) -> None:
        """Take the row of an image, in any order."""
        size = NONE if row.bytes is None else str(row.bytes)
        digest, key = _short(row.digest, _DIGEST), _short(row.key, _KEY)
        self.add_entry(Entry(row.split, row.name, size, digest, key))

    def add_entry(self, entry: Entry) -> None:
        """Take a line of another list, in any order."""
        rest = f"{entry.size}\t{entry.digest}\t{entry.key}".encode("ascii")
        line = b"%s\t%s\n" % (written(entry.name), rest)
        self._splits.setdefault(entry.split, _Sorted()).add(line)

    def entries(self) -> Iterator[Entry]:
        """The lines, sorted."""
        return _entries(self._lines())

    def save(self, file: str | os.PathLike[str]) -> str:
        """Write the list, whole or not at all, and return the SHA-256 of its bytes.

        Raises
        ------
        OutputError
        """
        digest = hashlib.sha256()

        def told() -> Iterator[bytes]:
            for line in self._lines():
                digest.update(line)
                yield line

        files.write(file, told())
        return digest.hexdigest()

    def _lines(self) -> Iterator[bytes]:
        yield _HEADER
        for split in sorted(self._splits):
            yield _SPLIT + written(split) + b"\n"
            yield from self._splits[split]


class _Sorted:
    """Lines in the order of their bytes; more than fit are sorted on disk."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._runs: list[IO[bytes]] = []

    def add(self, line: bytes) -> None:
        self._lines.append(line)
        if len(self._lines) == _MOST:
            self._runs.append(_on_disk(sorted(self._lines)))
            weakref.finalize(self, self._runs[-1].close)
            self._lines = []

    def __iter__(self) -> Iterator[bytes]:
        for run in self._runs:
            run.seek(0)
        return heapq.merge(*self._runs, sorted(self._lines))


def _on_disk(lines: list[bytes]) -> IO[bytes]:
    """A temporary file of some lines, which ends with the object that is returned."""
    try:
        run = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            run.writelines(lines)
            run.flush()
        except BaseException:
            with suppress(OSError):  # closing writes what is left, for which there is no room
                run.close()
            raise
    except OSError as error:
        raise OutputError(
            f"names of images cannot be written to a temporary file ({error.strerror or error}); "
            "free some space, or set TMPDIR to a folder on another disk"
        ) from error
    return run


def read_list(file: str | os.PathLike[str], digest: str) -> Iterator[Entry]:
    """The lines of a list, sorted, once it is known to be the one that was written.

    Parameters
    ----------
    digest : SHA-256 of its bytes.

    Raises
    ------
    UsageError
        It cannot be read, or is another file.
    """
    for _ in _hashed(file, digest, 1 << 20):  # a file of another kind may be one long line
        pass
    return _recorded(file, digest)


def _hashed(file: str | os.PathLike[str], digest: str, size: int = -1) -> Iterator[bytes]:
    """The lines of a list, or parts of some size of them; that it is the list is known at the end.

    It is read twice, before and after the images, and may be replaced meanwhile.
    """
    hashed = hashlib.sha256()
    try:
        with files.opened(os.fspath(file)) as opened:
            for line in iter(lambda: opened.readline(size), b""):
                hashed.update(line)
                yield line
    except OSError as error:
        raise UsageError(f"{shown(file)}: cannot be read ({error.strerror}); {_CURE}") from error
    found = hashed.hexdigest()
    if found != digest:
        raise UsageError(
            f"{shown(file)}: is not the list of files that was written with these statistics "
            f"(its SHA-256 is {found[:12]}…, not {digest[:12]}…); {_CURE}"
        )


def _recorded(file: str | os.PathLike[str], digest: str) -> Iterator[Entry]:
    try:
        yield from _entries(_hashed(file, digest))
    except ValueError as error:
        raise UsageError(f"{shown(file)}: is damaged, or no list of files; {_CURE}") from error


def _entries(lines: Iterable[bytes]) -> Iterator[Entry]:
    """The entries in lines as they are written; a ValueError for any others."""
    lines = iter(lines)
    if next(lines, b"") != _HEADER:
        raise ValueError("another first line")
    split, last = "", ("", b"")
    for line in lines:
        name, *rest = line.removesuffix(b"\n").split(b"\t")
        if not rest and name.startswith(_SPLIT):
            split = _read(name.removeprefix(_SPLIT))
            continue
        size, digest, key = (word.decode("ascii") for word in rest)
        entry = Entry(split, _read(name), size, digest, key)
        before, last = last, (split, written(entry.name))
        if last < before:
            raise ValueError("another order")
        yield entry


def written(name: str) -> bytes:
    r"""A name as a list has it; lists are sorted by these bytes.

    >>> written("a.png"), written("a\nb")
    (b'a.png', b'"a\\nb"')
    """
    text = path_text(name)
    plain = _is_printable(text) and not text.startswith('"')
    # Bytes that are no UTF-8 stay what they are.
    return (text if plain else json.dumps(text)).encode("utf-8", "surrogateescape")


def _is_printable(text: str) -> bool:
    """True if so in any Python: what one does not know yet, a later one prints."""
    return text.isprintable() or all(
        letter.isprintable() or unicodedata.category(letter) == "Cn" for letter in text
    )


def _read(written: bytes) -> str:
    text = written.decode("utf-8", "surrogateescape")
    return path_from_text(json.loads(text) if text.startswith('"') else text)


def _short(data: bytes | None, length: int) -> str:
    return urlsafe_b64encode(data[:length]).decode("ascii") if data else NONE
