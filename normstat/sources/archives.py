"""Files that each hold many images, as folders of their images."""

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from normstat.errors import UnreadableImage
from normstat.files import shown
from normstat.images import Code, Container, Reason, Skipped
from normstat.sources.catalog import Entries, Identity, Located
from normstat.sources.given import Given
from normstat.sources.members import Member, Members
from normstat.sources.spool import Spool
from normstat.sources.survey import Survey


class Contents(NamedTuple):
    """The images in one file.

    Attributes
    ----------
    container : reads them.
    members : their names, listed while they are asked for. An UnreadableImage on the way ends the
        list, and is the record of the file.
    ignored : what is in the file besides images, complete when the list has ended.
    """

    container: Container
    members: Iterable[Member]
    ignored: "Ignored"


class Ignored:
    """Members that are no images to read: why, how many, and the first.

    >>> ignored = Ignored()
    >>> ignored.add(Reason.NO_IMAGE, "a.json")
    >>> ignored.reasons
    {<Reason.NO_IMAGE: 'no_image'>: Skipped(images=1, first='a.json')}
    """

    def __init__(self) -> None:
        self.reasons: dict[Reason, Skipped] = {}

    def add(self, reason: Reason, name: str) -> None:
        """Count one."""
        self.reasons[reason] = self.reasons.get(reason, Skipped()) + Skipped(1, name)


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
        # The folders that lead to the files, as members of nothing.
        self._above = Members((Member(name) for name in given.files), Spool())
        self._spool = Spool()
        self._locks = {name: threading.Lock() for name in given.files}
        self._listed: dict[str, tuple[Container, Members, Ignored]] = {}
        self._failed: dict[str, UnreadableImage] = {}

    @abstractmethod
    def contents(self, path: str) -> Contents:
        """The images in the file at a path.

        Raises
        ------
        UnreadableImage
            It is not such a file, or damaged from its start.
        """

    @abstractmethod
    def record(self) -> Mapping[str, Any]:
        """See :class:`normstat.sources.catalog.Catalog`."""

    def above(self) -> Sequence[Identity]:
        return ()

    def entries(self, path: str) -> Entries:
        name, rest = self._split(path)
        if name is not None:
            return self._members(name)[1].entries(rest)
        found = self._above.entries(path)
        return Entries(found.identity, sorted({*found.folders, *found.files}), {}, [])

    def locate(self, path: str, versions: bool) -> Located:
        name, rest = self._split(path)
        container, members, _ = self._members(name or "")
        member = members.member(rest)
        return Located(container, member.place, member.size, member.version if versions else b"")

    def side_file(self, name: str) -> bytes | None:  # noqa: ARG002  # no archive has one
        return None

    def report(self, survey: Survey) -> None:
        again = Skipped()
        for name, (_, members, ignored) in self._listed.items():
            for reason, skipped in ignored.reasons.items():
                survey.skip(None, reason, Skipped(skipped.images, f"{name}/{skipped.first}"))
            again += Skipped(members.again.images, f"{name}/{members.again.first}")
        if again.images:
            names = "name occurs" if again.images == 1 else "names occur"
            survey.remarks.append(
                f"{again.images:,} {names} again in the same file, and count under names of their "
                f"own, the first: {shown(again.first)}"
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

    def _members(self, name: str) -> tuple[Container, Members, Ignored]:
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

    def _list(self, name: str) -> tuple[Container, Members, Ignored]:
        path = self._files[name]
        try:
            contents = self.contents(path)
            number = len(self._listed)
            members = Members(contents.members, self._spool, number)
        except FileNotFoundError as error:
            raise UnreadableImage(Code.VANISHED, "there is no such file") from error
        except PermissionError as error:
            raise UnreadableImage(Code.PERMISSION_DENIED, "may not be opened") from error
        except OSError as error:
            raise UnreadableImage(Code.IO_ERROR, os.strerror(error.errno or 0)) from error
        return contents.container, members, contents.ignored
