"""Files that each hold many images, as folders of their images."""

import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from normstat.errors import UnreadableImage
from normstat.files import shown
from normstat.images import FORMATS, Code, Container, Reason, Skipped
from normstat.images.failures import failure_of
from normstat.sources.catalog import Access, Entries, Identity, Located
from normstat.sources.member import Member, safe_name
from normstat.sources.members import Members, Numbered
from normstat.sources.patterns import Given
from normstat.sources.signatures import LFS_POINTER
from normstat.sources.spool import Recent, Spool
from normstat.sources.survey import Survey
from normstat.sources.tree.filters import extension_of
from normstat.sources.tree.surveyor import looks_like_an_image
from normstat.urls import is_url

if TYPE_CHECKING:
    from normstat.sources.stores import Object

# Of so many extensions the number of members is told: an archive may have one for each member.
_EXTENSIONS = 64
_TOLD = 5


class Contents(NamedTuple):
    """The images in one file.

    Attributes
    ----------
    container : reads them.
    members : their names, listed while they are asked for. An UnreadableImage on the way ends the
        list, and is the record of all that nobody can name.
    ignored : what is in the file besides images, complete when the list has ended.
    version : of the file. That of a member without its own is this and its place; empty if
        it is not known.
    access : order in which they are read.
    """

    container: Container
    members: Iterable[Member] | Numbered
    ignored: "Ignored"
    version: bytes = b""
    access: Access = Access.RANDOM


class _Listed(NamedTuple):
    """A file whose members are known."""

    contents: Contents
    members: Members | Numbered


class Ignored:
    """Members that are no images to read: why, how many, and the first.

    >>> ignored = Ignored()
    >>> ignored.add(Reason.NO_IMAGE, "a.json")
    >>> ignored.reasons
    {<Reason.NO_IMAGE: 'no_image'>: Skipped(images=1, first='a.json')}
    >>> ignored.image("x/a.png"), ignored.image("../a.png"), ignored.image("a.cls")
    ('x/a.png', None, None)
    >>> ignored.extensions
    Counter({'.cls': 1})
    """

    def __init__(self) -> None:
        self.reasons: dict[Reason, Skipped] = {}
        self.extensions: Counter[str] = Counter()

    def add(self, reason: Reason, name: str) -> None:
        """Count one."""
        self.reasons[reason] = self.reasons.get(reason, Skipped()) + Skipped(1, name)

    def image(self, name: str) -> str | None:
        """The relative path of an image; None for a member that is ignored, and counted."""
        safe = safe_name(name)
        if safe is None:
            self.add(Reason.UNSAFE_NAME, name)
            return None
        if extension_of(safe) in FORMATS:
            return safe
        base = safe.rpartition("/")[2]
        if looks_like_an_image(base):
            return safe
        self.add(Reason.NO_IMAGE, safe)
        extension = base[base.find(".", 1) :] if "." in base[1:] else ""
        is_known = extension in self.extensions or len(self.extensions) < _EXTENSIONS
        self.extensions[extension if is_known else ""] += 1
        return None


class Archives(ABC):
    """A catalog of files that each hold many images; each is listed once, when it is asked for.

    What a kind of file is like is told by the methods of a subclass.

    Parameters
    ----------
    given : the files.
    """

    #: See :class:`normstat.sources.catalog.Catalog`.
    only_images = False
    splits_images = False
    assigned: Mapping[str, tuple[str, str]] = MappingProxyType({})

    def __init__(self, given: Given) -> None:
        self.root = given.root
        self.identity = given.identity
        self._files = given.files
        self._objects = given.objects
        # The folders that lead to the files, as members of nothing.
        self._above = Members((Member(name) for name in given.files), Spool())
        self._spool = Spool()
        self._recent = Recent()
        self._latest: tuple[str, Contents, Callable[[str], Member]] | None = None
        # Not the order of listing: two threads may list two files at once.
        self._numbers = {name: number for number, name in enumerate(given.files, 1)}
        self._locks = {name: threading.Lock() for name in given.files}
        self._listed: dict[str, _Listed] = {}
        self._failed: dict[str, UnreadableImage] = {}

    @abstractmethod
    def contents(self, path: str) -> Contents:
        """The images in the file at a path.

        Raises
        ------
        UnreadableImage
            It is not such a file, or damaged from its start.
        """

    def object_of(self, path: str) -> "Object | None":
        """The object that a path is the URL of; None for a file of this machine.

        Raises
        ------
        OSError
            As :func:`normstat.urls.asked`.
        """
        if not is_url(path):
            return None
        listed = self._objects.get(path)
        if listed and listed.size is not None:
            return listed
        from normstat.sources.object_ranges import object_at  # of URLs alone

        return object_at(path)

    @abstractmethod
    def record(self) -> Mapping[str, Any]:
        """See :class:`normstat.sources.catalog.Catalog`."""

    def above(self) -> Sequence[Identity]:
        return ()

    def entries(self, path: str) -> Entries:
        name, rest = self._split(path)
        if name is not None:
            try:
                return self._members(name).members.entries(rest)
            except UnreadableImage as error:
                if rest:
                    raise
                return Entries((-1, hash(name)), [], {}, [], damage=error)
        found = self._above.entries(path)
        return Entries(found.identity, sorted({*found.folders, *found.files}), {}, [])

    def locate(self, path: str, versions: bool) -> Located:
        above, slash, name = path.rpartition("/")
        latest = self._latest  # the images of a folder follow each other
        if not latest or latest[0] != above:
            file, rest = self._split(path)
            contents, members = self._members(file or "")
            within = members.within(rest.rpartition("/")[0] + slash * ("/" in rest))
            latest = self._latest = above, contents, within
        contents, member = latest[1], latest[2](name)
        version = member.version
        if versions and not version and contents.version:
            version = b"%s %s" % (contents.version, repr(member.place).encode())
        container, size = contents.container, member.size
        return Located(container, member.place, size, version if versions else b"", contents.access)

    def side_file(self, name: str) -> bytes | None:  # noqa: ARG002  # no archive has one
        return None

    def has_any(self) -> bool:
        """True if there is an image in a file that was listed, whether or not it can be read."""
        tops = (listed.members.entries("") for listed in self._listed.values())
        return any(top.folders or top.files or top.failures for top in tops)

    def report(self, survey: Survey) -> None:
        again = Skipped()
        extensions = Counter[str]()
        for name, (contents, members) in self._listed.items():
            ignored = contents.ignored
            for reason, skipped in ignored.reasons.items():
                survey.skip(None, reason, Skipped(skipped.images, f"{name}/{skipped.first}"))
            extensions += ignored.extensions
            again += Skipped(members.again.images, f"{name}/{members.again.first}")
        survey.extensions += extensions
        if len(extensions) > 1:  # else the first member that is ignored shows it
            survey.remarks.append(f"ignored members by extension: {_numbers(extensions)}")
        if again.images:
            names = "name occurs" if again.images == 1 else "names occur"
            count = "counts under a name" if again.images == 1 else "count under names"
            own = "its" if again.images == 1 else "their"
            survey.remarks.append(
                f"{again.images:,} {names} again in the same file, and {count} of {own} own, the "
                f"first: {shown(again.first)}"
            )

    def _split(self, path: str) -> tuple[str | None, str]:
        """The file that a path leads into, and what is left of the path."""
        name, slash, rest = path.partition("/")
        while slash:
            if name in self._files:
                return name, rest
            further, slash, rest = rest.partition("/")
            name = f"{name}/{further}"
        return None, path

    def _members(self, name: str) -> _Listed:
        with self._locks[name]:
            if name in self._failed:
                raise self._failed[name]
            if name not in self._listed:
                try:
                    self._listed[name] = self._list(name)
                except UnreadableImage as error:
                    self._failed[name] = error
                    raise
            return self._listed[name]

    def _list(self, name: str) -> _Listed:
        path = self._files[name]
        try:
            contents = self.contents(path)
            listed = contents.members
            if isinstance(listed, Numbered):
                return _Listed(contents, listed)
            members = Members(listed, self._spool, self._numbers[name], recent=self._recent)
        except OSError as error:
            raise self._failure(path, error) from error
        return _Listed(contents._replace(members=()), members)

    def _failure(self, path: str, error: OSError) -> UnreadableImage:
        if isinstance(error, FileNotFoundError) and not is_url(path):
            return UnreadableImage(Code.VANISHED, "there is no such file")
        if not is_url(path):
            return failure_of(error)
        from normstat.sources.object_ranges import unreadable  # of URLs alone

        return unreadable(error, "file")


def no_archive(begins: bytes, kind: str) -> UnreadableImage:
    """The reason why a file is no archive of a kind, from how it begins.

    >>> no_archive(b"<html>", "tar").detail
    "no tar archive: begins with b'<html>'"
    """
    if not begins:
        return UnreadableImage(Code.EMPTY)
    if begins.startswith(LFS_POINTER):
        return UnreadableImage(Code.LFS_POINTER, "a pointer of Git LFS, not the archive itself")
    return UnreadableImage(Code.NOT_AN_IMAGE, f"no {kind} archive: begins with {begins[:16]!r}")


def _numbers(extensions: Counter[str]) -> str:
    named = [
        f"{number:,} {shown(extension) or 'without extension'}"
        for extension, number in extensions.most_common(_TOLD)
    ]
    more = len(extensions) - len(named)
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")
