"""Images by the paths that a list or a table names them with."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from normstat.errors import NothingToRead, UnreadableImage, UsageError, option
from normstat.files import shown
from normstat.images import Code, Container, Reason
from normstat.images.local_files import side_file
from normstat.sources.catalog import Entries, Identity, Located
from normstat.sources.files_by_row import FilesByRow
from normstat.sources.listed_paths import ListedPaths
from normstat.sources.member import LONGEST, Member
from normstat.sources.members import Members
from normstat.sources.options import SourceOptions
from normstat.sources.spool import Spool
from normstat.sources.survey import Survey
from normstat.sources.versions import version_of
from normstat.urls import is_url, without_secrets

if TYPE_CHECKING:
    from normstat.sources.listed_urls import ListedUrls

# Of so many URLs one should be there.
_LOOKED_FOR = 16
# Names of a list that are looked for in others.
_COMPARED = 1000
# Characters that are left of a path that is too long for a file.
_SHOWN = 200
# Bytes of an object whose size nobody has asked for, for where a shard ends.
_USUAL = 1 << 15


class Row(NamedTuple):
    """An image as a list names it.

    Attributes
    ----------
    number : of the line or row, from 1.
    text : the path as it stands there.
    split : of its own, and what says so; None where the path says it.
    failure : the reason why it cannot be read, if that is known already.
    """

    number: int
    text: str
    split: tuple[str, str] | None = None
    failure: UnreadableImage | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of images, whatever it is written in.

    Attributes
    ----------
    root : DATA, as it was given.
    folder : that relative paths begin at.
    rows : the images; read once.
    record : the kind and its options, without any path.
    unit : word for a row, as in "line".
    remarks : on how it is read, for a user; complete when all rows have been read.
    """

    root: str
    folder: str
    rows: Iterable[Row]
    record: Mapping[str, Any]
    unit: str = "row"
    remarks: list[str] = field(default_factory=list)


class ListedFiles:
    """A catalog of files that are named in a list.

    Parameters
    ----------
    listed : the list.
    options : see :class:`normstat.sources.options.SourceOptions`.

    Raises
    ------
    NothingToRead
        It names no file, or none that is there.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     open(f"{folder}/a.png", "w").close()
    ...     rows = [Row(1, "./a.png"), Row(2, "b.png"), Row(3, "a.png")]
    ...     listed = Listed("a.txt", folder, rows, {"kind": "list"})
    ...     catalog = ListedFiles(listed, SourceOptions())
    >>> catalog.entries("").files, catalog.locate("b.png", False).place
    (['a.png', 'b.png'], (2, 'b.png'))
    """

    #: See :class:`normstat.sources.catalog.Catalog`.
    only_images = True
    assigned: Mapping[str, tuple[str, str]] = MappingProxyType({})

    def __init__(self, listed: Listed, options: SourceOptions) -> None:
        self.root = listed.root
        self.identity = _identity_of(listed)
        self.splits_images = False
        self._listed = listed
        self._paths = _paths_of(listed.folder, options.ext or "")
        self._container = FilesByRow(listed.folder, listed.unit)
        # The first objects that are named, and the container of all of them.
        self._urls: list[str] = []
        self._objects: Container | None = None
        self._beside: dict[str, bytes | None] = {}
        self._rows = self._there = 0
        self._first_names: list[str] = []
        once = _is_same if options.duplicates == "once" else None
        self._members = Members(self._read(listed.rows), Spool(), same=once)
        self._refuse_nothing()

    def _read(self, rows: Iterable[Row]) -> Iterator[Member]:
        """The rows as members; each is looked for until the first is there."""
        paths, folder = self._paths, self._listed.folder
        for number, text, split, failure in rows:
            name, place = paths.named(text)
            self._rows += 1
            if len(self._first_names) < _COMPARED:
                self._first_names.append(name)
            if place and is_url(place):
                if len(self._urls) < _LOOKED_FOR:
                    self._urls.append(place)
            elif not self._there:
                self._there = os.path.lexists(os.path.join(folder, place or name))
            if split:
                self.splits_images = True
            if len(name) > LONGEST:
                detail = f"{self._listed.unit} {number}: a path of {len(name):,} characters"
                failure = failure or UnreadableImage(Code.VANISHED, detail)
                name, place = name[:_SHOWN].rstrip("/"), None
            yield Member(name, (number, place) if place else number, 0, b"", failure, split)

    def _refuse_nothing(self) -> None:
        listed = self._listed
        if not self._rows:
            raise NothingToRead(f"{shown(self.root)}: names no images; it has no {listed.unit}s")
        if self._there:
            return
        if self._urls:
            from normstat.sources.listed_urls import refuse_none_there  # of URLs alone

            refuse_none_there(self.root, self._urls, listed.unit)
            return
        first = self._paths.first
        cures = [f"{option('root', metavar='FOLDER')} says where paths begin"]
        if not self._paths.ext and not os.path.splitext(first)[1]:
            cures.append(f"{option('ext', metavar='.jpg')} appends what names lack")
        words = first.split()
        if len(words) > 1 and os.path.lexists(os.path.join(listed.folder, words[0])):
            cures.insert(
                0,
                f"{shown(words[0])} is there, so list paths alone, as cut -d' ' -f1 does",
            )
        paths = "its path is" if self._rows == 1 else f"none of its {self._rows:,} paths is"
        there = "not there" if self._rows == 1 else "there"
        raise NothingToRead(
            f"{shown(self.root)}: {paths} {there}, seen from {shown(listed.folder)}, the first: "
            f"{shown(first)}; {', '.join(cures)}"
        )

    @property
    def folder(self) -> str:
        """The folder that relative paths begin at."""
        return self._listed.folder

    def has(self, path: str) -> bool:
        """True if the list names a path."""
        return self._members.has(path)

    def shared_with(self, other: "ListedFiles") -> str | None:
        """A file that another list of the same folder names, too; looked for among the first."""
        if self.folder != other.folder:
            return None
        return next(filter(other.has, self._first_names), None)

    def above(self) -> Sequence[Identity]:
        return ()

    def entries(self, path: str) -> Entries:
        return self._members.entries(path)

    def locate(self, path: str, versions: bool) -> Located:
        member = self._members.member(path)
        place = member.place
        number, text = place if isinstance(place, tuple) else (place, member.name)
        if is_url(text):
            return self._located_object(number, text)
        try:
            status = os.stat(os.path.join(self._listed.folder, text))
        except (OSError, ValueError):  # reading it will tell why
            return Located(self._container, (number, text))
        version = version_of(status) if versions else b""
        return Located(self._container, (number, text), status.st_size, version)

    def _located_object(self, number: int, url: str) -> Located:
        from normstat.sources.listed_urls import RowPlace, UrlsByRow  # of URLs alone

        if self._objects is None:
            self._objects = UrlsByRow(self._listed.unit)
        return Located(self._objects, RowPlace(url, number), _USUAL)

    def side_file(self, name: str) -> bytes | None:
        if is_url(self._listed.folder):
            if name not in self._beside:
                from normstat.sources.listed_urls import side_object  # of URLs alone

                self._beside[name] = side_object(self._listed.folder, name)
            return self._beside[name]
        return side_file(self._listed.folder, name)

    def record(self) -> Mapping[str, Any]:
        return self._listed.record

    def report(self, survey: Survey) -> None:
        survey.remarks += self._listed.remarks
        survey.remarks += self._paths.remarks()
        survey.skip(None, Reason.REPEATED, self._members.dropped)
        again = self._members.again
        if again.images:
            names = "name occurs" if again.images == 1 else "names occur"
            count = "counts under a name" if again.images == 1 else "count under names"
            own = "its" if again.images == 1 else "their"
            survey.remarks.append(
                f"{again.images:,} {names} again, and {count} of {own} own, the first: "
                f"{shown(again.first)}"
            )


def _identity_of(listed: Listed) -> str:
    for path in (listed.root, listed.folder):
        if is_url(path):
            return without_secrets(path)
    is_file = os.path.isfile(listed.root)  # and no pipe, whose name says nothing
    return os.path.realpath(listed.root if is_file else listed.folder)


def _paths_of(folder: str, ext: str) -> "ListedPaths | ListedUrls":
    if not is_url(folder):
        return ListedPaths(folder, ext)
    from normstat.sources.listed_urls import ListedUrls  # of URLs alone

    return ListedUrls(folder, ext)


def _is_same(one: Member, other: Member) -> bool:
    """True for two rows that name one file for one split."""
    places = (each.place[1] if isinstance(each.place, tuple) else None for each in (one, other))
    return one.split == other.split and len({*places}) == 1


def folder_of(options: SourceOptions, near: str) -> str:
    """The folder that relative paths begin at: the one that was given, or where the list is.

    Raises
    ------
    UsageError
        There is no such folder.
    """
    if options.root is None:
        return near
    if not is_url(options.root) and not os.path.isdir(options.root):
        raise UsageError(f"{option('root', shown(options.root))}: there is no such folder")
    return options.root.rstrip("/") if is_url(options.root) else options.root
