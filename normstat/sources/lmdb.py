"""LMDB databases: encoded images by their keys, read where they lie."""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import Any

import lmdb

from normstat import files
from normstat.errors import UnreadableImage
from normstat.images import FORMATS, Code, Reader, Reason, Sample
from normstat.sources.archives import Archives, Contents, Ignored
from normstat.sources.container_file import ContainerFile
from normstat.sources.endings import DATA_MDB, LMDB
from normstat.sources.file_slices import SampleReader
from normstat.sources.given import given_files
from normstat.sources.lmdb_pages import damage
from normstat.sources.member import Member, safe_name
from normstat.sources.options import SourceOptions
from normstat.sources.patterns import Given, folder_of
from normstat.sources.signatures import is_image
from normstat.sources.split_by import assigned_by, refuse_column
from normstat.sources.survey import Survey
from normstat.sources.tree.filters import extension_of
from normstat.sources.tree_source import TreeSource
from normstat.sources.versions import version_of

# Where the magic number of a database is, and that number; of a file that is too short it is none.
_MAGIC_AT, _MAGIC = 16, (b"\xde\xc0\xef\xbe", b"\xbe\xef\xc0\xde")
# Pages that tell where all others are.
_META = 2


def open_lmdb(path: str, options: SourceOptions) -> TreeSource:
    """Open an LMDB database, those in a folder, or those of a pattern.

    Raises
    ------
    UsageError
        There is none, or an option does not fit.
    """
    refuse_column(options.split_by, "an LMDB database")
    given = given_files(path, LMDB)
    named = {
        # A pattern may mean the folders of databases.
        _name_of_file(name, given.root): f"{file}/{DATA_MDB}" if os.path.isdir(file) else file
        for name, file in given.files.items()
    }
    return TreeSource(Databases(given._replace(files=named), options), options)


def _name_of_file(file: str, root: str) -> str:
    """The name of a database, which may be that of its folder."""
    folder, _, name = file.rpartition("/")
    if name != DATA_MDB:
        return file
    return folder or os.path.basename(os.path.realpath(folder_of(root) or "."))


class Databases(Archives):
    """The values of LMDB databases.

    Parameters
    ----------
    given : the files with the data.
    options : `key` and `split_by`.
    """

    only_images = True

    def __init__(self, given: Given, options: SourceOptions) -> None:
        super().__init__(given)
        self._keys = options.key
        self._record = {"kind": "lmdb", **options.given("key", "split_by")}
        self.assigned = assigned_by(options.split_by, given.files)

    def contents(self, path: str) -> Contents:
        status = os.stat(path)
        if failure := _no_database(path, status.st_size):
            raise failure
        ignored = Ignored()
        values = LmdbValues.of(path, status)
        return Contents(values, _listed(values, self._keys, ignored), ignored, version_of(status))

    def record(self) -> Mapping[str, Any]:
        return self._record

    def report(self, survey: Survey) -> None:
        super().report(survey)
        if not (self._keys or self.has_any()):
            survey.remarks.append(
                "no value is an encoded image; other databases have to be unpacked"
            )


class LmdbValues(ContainerFile):
    """A database whose values are samples; the place of one is its key."""

    __slots__ = ()

    @contextmanager
    def open(self) -> Iterator[Reader]:
        with self.unchanged() as found:
            if isinstance(found, UnreadableImage):
                yield _Values(found)
                return
            with _environment(self.file) as environment, environment.begin() as transaction:
                yield _Values(transaction)


class _Values(SampleReader):
    def __init__(self, transaction: Any) -> None:
        self._transaction = transaction

    def data(self, sample: Sample) -> bytes:
        if isinstance(self._transaction, UnreadableImage):
            raise self._transaction
        try:
            value: bytes | None = self._transaction.get(sample.place)
        except lmdb.Error as error:
            raise UnreadableImage(Code.CORRUPT, _reason(error)) from error
        if value is None:
            raise UnreadableImage(Code.VANISHED, "the key is gone")
        return value


# Databases that are open in this process, each with its users: it may be open once only.
_open: dict[str, tuple[Any, int]] = {}
_opening = threading.Lock()


@contextmanager
def _environment(path: str) -> Iterator[Any]:
    real = os.path.realpath(path)
    with _opening:
        environment, users = _open.get(real, (None, 0))
        if environment is None:
            environment = _opened(path)
        _open[real] = environment, users + 1
    try:
        yield environment
    finally:
        with _opening:
            environment, users = _open.pop(real)
            if users > 1:
                _open[real] = environment, users - 1
            else:
                environment.close()


def _opened(path: str) -> Any:
    try:
        # As bytes: the library knows no names that are not UTF-8.
        return lmdb.open(os.fsencode(path), subdir=False, readonly=True, lock=False, create=False)
    except lmdb.Error as error:
        raise UnreadableImage(Code.CORRUPT, _reason(error)) from error


def _reason(error: Exception) -> str:
    """The words of an error, without the path before them."""
    return f"the database cannot be read ({str(error).rpartition(': ')[2]})"


def _no_database(path: str, size: int) -> UnreadableImage | None:
    """The reason why a file is no whole database; one that is damaged would end the process."""
    with files.opened(path) as file:
        start = file.read(_MAGIC_AT + len(_MAGIC[0]))
    if not start:
        return UnreadableImage(Code.EMPTY)
    if start[_MAGIC_AT:] not in _MAGIC:
        return UnreadableImage(Code.NOT_AN_IMAGE, f"no LMDB database (begins with {start[:8]!r})")
    with _environment(path) as environment:
        page = environment.stat()["psize"]
        pages = environment.info()["last_pgno"] + 1
    if size < max(pages, _META) * page:
        return UnreadableImage(Code.TRUNCATED, f"{size} bytes of {pages * page}")
    with files.opened(path) as file:
        return damage(file.fileno(), page, size)


def _listed(values: LmdbValues, keys: tuple[str, ...], ignored: Ignored) -> Iterator[Member]:
    with _environment(values.file) as environment, environment.begin(buffers=True) as transaction:
        for key, value in _entries(transaction):
            place = bytes(key)
            name = _name(place)
            if keys:
                if any(fnmatchcase(name, glob) for glob in keys):
                    yield Member(name, place, len(value))
            elif extension_of(name) in FORMATS or is_image(bytes(value[:12])):
                yield Member(name, place, len(value))
            else:
                ignored.add(Reason.NO_IMAGE, name)


def _entries(transaction: Any) -> Iterator[tuple[memoryview, memoryview]]:
    """Keys and values; the error of a damaged page ends them."""
    try:
        yield from transaction.cursor()
    except lmdb.Error as error:
        raise UnreadableImage(Code.CORRUPT, _reason(error)) from error


def _name(key: bytes) -> str:
    r"""The name of an image; that of a key which is no text is its digits.

    >>> _name(b"cat/001"), _name(b"\0\0\1"), _name(b"../x")
    ('cat/001', '0x000001', '0x2e2e2f78')
    """
    try:
        text = key.decode()
    except UnicodeDecodeError:
        return f"0x{key.hex()}"
    name = safe_name(text) if text.isprintable() else None
    return (
        name if name == text and not name.startswith(".") and "/." not in name else f"0x{key.hex()}"
    )
