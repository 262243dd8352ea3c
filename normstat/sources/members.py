"""Names of what is in a container, by folder."""

import pickle
import re
import threading
from collections.abc import Callable, Container, Iterable
from itertools import count
from os.path import splitext
from tempfile import gettempdir
from typing import Any, NamedTuple

from normstat.errors import UnreadableImage
from normstat.files import unwritten
from normstat.images import Code, Skipped, in_byte_order
from normstat.sources.catalog import Entries
from normstat.sources.spool import Spool

# Members that are gathered in memory before they go to the spool.
_AT_ONCE = 100_000
# Names whose parts begin with a letter or digit, without anything odd in them.
_PLAIN = re.compile(
    r"(?:[A-Za-z0-9_][A-Za-z0-9_. -]*/)*[A-Za-z0-9_][A-Za-z0-9_. -]*", re.ASCII
).fullmatch
# Folders that are kept in memory: two threads go through them, each for itself.
_KEPT = 4


class Member(NamedTuple):
    """An image in a container, as it is listed.

    Attributes
    ----------
    name : its path in the container, as :func:`safe_name` gives it.
    place : where the container has it; None if the name says it.
    size : bytes that are read for it.
    version : opaque: equal means the same payload; empty if it is not known.
    failure : the reason why it cannot be read, if that is known already.
    split : of its own, and what says so, where that is not its folder.
    """

    name: str
    place: Any = None
    size: int = 0
    version: bytes = b""
    failure: UnreadableImage | None = None
    split: tuple[str, str] | None = None


class Members:
    """The members of one container; their names lie in a spool.

    An UnreadableImage on the way ends them: the container is damaged.

    A name that occurs again is told apart: the second ``a.png`` is ``a#2.png``. Or it is dropped,
    if it is the same image.

    Parameters
    ----------
    members : in any order.
    spool : takes the names.
    number : of the container, among all that share the spool.
    recent : keeps what was read from the spool last, for all that share it; None for one alone.
    same : True for two members of one name that are one image; None if no two ever are.

    Examples
    --------
    >>> members = Members([Member("x/a.png", 7), Member("b.png"), Member("x/a.png", 9)], Spool())
    >>> members.entries("").folders, members.entries("x/").files
    (['x'], ['a#2.png', 'a.png'])
    >>> members.member("x/a#2.png").place, members.again
    (9, Skipped(images=1, first='x/a.png'))
    """

    def __init__(
        self,
        members: Iterable[Member],
        spool: Spool,
        number: int = 0,
        recent: "Recent | None" = None,
        same: Callable[[Member, Member], bool] | None = None,
    ) -> None:
        self._spool = spool
        self._number = number
        self._recent = recent or Recent()
        self._same = same
        self._below: dict[str, set[str]] = {"": set()}
        self._blocks: dict[str, list[int]] = {}
        self._again: dict[str, Skipped] = {}
        self._dropped: dict[str, Skipped] = {}
        self._damage: UnreadableImage | None = None
        self._gather(members)

    def _gather(self, members: Iterable[Member]) -> None:
        gathered: dict[str, list[Member]] = {}
        try:
            for listed, member in enumerate(members, 1):
                above, slash, _ = member.name.rpartition("/")
                if (folder := above + slash) in gathered:
                    gathered[folder].append(member)
                else:
                    gathered[folder] = [member]
                if listed % _AT_ONCE == 0:
                    self._keep(gathered)
        except UnreadableImage as error:
            self._damage = error
        self._keep(gathered)

    @property
    def again(self) -> Skipped:
        """Names that had occurred before, in the folders that were asked for."""
        return sum(self._again.values(), Skipped())

    @property
    def dropped(self) -> Skipped:
        """Those that were one image, in the same folders."""
        return sum(self._dropped.values(), Skipped())

    def entries(self, path: str) -> Entries:
        """The names in a folder.

        Raises
        ------
        UnreadableImage
            There is no such folder.
        """
        if path not in self._below:
            raise UnreadableImage(Code.VANISHED, "there is no such folder")
        members = self._members(path)
        return Entries(
            (-1 - self._number, hash(path)),
            in_byte_order(self._below[path]),
            {},
            in_byte_order(name for name, each in members.items() if not each.failure),
            {name: each.failure for name, each in members.items() if each.failure},
            {name: each.split for name, each in members.items() if each.split},
            None if path else self._damage,
        )

    def has(self, path: str) -> bool:
        """True if there is a member of a name."""
        above, slash, name = path.rpartition("/")
        return above + slash in self._below and name in self._members(above + slash)

    def member(self, path: str) -> Member:
        """The member of a name."""
        above, slash, name = path.rpartition("/")
        return self._members(above + slash)[name]

    def within(self, path: str) -> Callable[[str], Member]:
        """Look-up of the members in a folder by their names there."""
        return self._members(path).__getitem__

    def _keep(self, gathered: dict[str, list[Member]]) -> None:
        for path, members in gathered.items():
            packed = pickle.dumps([tuple(member) for member in members], pickle.HIGHEST_PROTOCOL)
            try:
                place = self._spool.add(packed)
            except OSError as error:
                raise unwritten(gettempdir(), error) from error
            self._blocks.setdefault(path, []).append(place)
            self._add_folder(path)
        gathered.clear()

    def _add_folder(self, path: str) -> None:
        below = ""
        while True:
            is_known = path in self._below
            folders = self._below.setdefault(path, set())
            if below:
                folders.add(below)
            if is_known:
                return
            path, slash, below = path.removesuffix("/").rpartition("/")
            path += slash

    def _members(self, path: str) -> dict[str, Member]:
        key = self._number, path
        if (kept := self._recent.get(key)) is not None:
            return kept
        found: dict[str, Member] = {}
        alike: dict[str, list[Member]] = {}  # those of a name that occurs again
        again = dropped = Skipped()
        for place in self._blocks.get(path, ()):
            for values in pickle.loads(self._spool.read(place)):  # noqa: S301  # its own
                member = Member(*values)
                name = member.name.rpartition("/")[2]
                if name in found:
                    others = alike.setdefault(name, [found[name]])
                    if self._same and any(self._same(other, member) for other in others):
                        dropped += Skipped(1, member.name)
                        continue
                    others.append(member)
                    again += Skipped(1, member.name)
                    name = name_apart(name, found)
                found[name] = member
        if again.images:
            self._again[path] = again
        if dropped.images:
            self._dropped[path] = dropped
        self._recent.keep(key, found)
        return found


class Numbered:
    """Members that have no names, as the rows of a table: their numbers are, and none is kept.

    Parameters
    ----------
    number : of members.
    digits : of their names.
    size : gives the bytes that are read for one, by its number.

    Examples
    --------
    >>> rows = Numbered(3, 6, lambda row: 10 * row)
    >>> rows.entries("").files
    ['000000', '000001', '000002']
    >>> rows.member("000002")[:3]
    ('000002', 2, 20)
    """

    again = Skipped()

    def __init__(self, number: int, digits: int, size: Callable[[int], int]) -> None:
        self._number = number
        self._digits = digits
        self._size = size

    def entries(self, path: str) -> Entries:
        """See :class:`Members`."""
        if path:
            raise UnreadableImage(Code.VANISHED, "there is no such folder")
        names = [f"{row:0{self._digits}}" for row in range(self._number)]
        return Entries((-1, id(self)), [], {}, names)

    def member(self, path: str) -> Member:
        """See :class:`Members`."""
        row = int(path)
        return Member(path, row, self._size(row))

    def within(self, path: str) -> Callable[[str], Member]:  # noqa: ARG002  # there is one folder
        """See :class:`Members`."""
        return self.member


class Recent:
    """Members of the folders that were read from a spool last.

    >>> recent = Recent()
    >>> for number in range(5):
    ...     recent.keep((number, "x/"), {"a.png": Member("x/a.png", number)})
    >>> recent.get((4, "x/"))["a.png"].place, recent.get((0, "x/"))
    (4, None)
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[int, str], dict[str, Member]] = {}

    def get(self, key: tuple[int, str]) -> dict[str, Member] | None:
        """The members in a folder, by its container's number and its path, if they are kept."""
        return self._kept.get(key)

    def keep(self, key: tuple[int, str], members: dict[str, Member]) -> None:
        """Keep them, in the place of those that were kept first."""
        with self._lock:
            while len(self._kept) >= _KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[key] = members


def name_apart(name: str, taken: Container[str]) -> str:
    """A name that nothing else has, for a member whose own name occurs again.

    >>> name_apart("x/a.png", {"x/a.png", "x/a#2.png"})
    'x/a#3.png'
    """
    stem, extension = splitext(name)
    numbers = (f"{stem}#{number}{extension}" for number in count(2))
    return next(each for each in numbers if each not in taken)


def safe_name(name: str) -> str | None:
    r"""The name of a member as a relative path; None if it leads out of the container.

    >>> [safe_name(name) for name in ("./a//b.png", "../a.png", "/a.png", "C:/a.png", r"x\..\a")]
    ['a/b.png', None, None, None, None]
    """
    if _PLAIN(name):  # most names, in a tenth of the time
        return name
    parts = [part for part in name.split("/") if part not in ("", ".")]
    # Windows takes a backslash for a slash.
    leads_out = name.startswith(("/", "\\")) or "\0" in name or ".." in re.split(r"[/\\]", name)
    if leads_out or not parts or (parts[0][1:2] == ":" and parts[0][:1].isalpha()):
        return None
    return "/".join(parts)
