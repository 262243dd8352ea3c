"""Names of what is in a container, by folder."""

import threading
from collections.abc import Callable, Iterable, Iterator

from normstat.errors import UnreadableImage
from normstat.images import Code, Skipped, in_byte_order
from normstat.sources.catalog import Entries
from normstat.sources.long_folder import LongFolder
from normstat.sources.member import Member, apart
from normstat.sources.names import Numbers
from normstat.sources.spool import Recent, Spool

# Members that are gathered in memory before they go to the spool, and the most of one folder that
# are in memory at once.
_AT_ONCE = 50_000


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
        recent: Recent | None = None,
        same: Callable[[Member, Member], bool] | None = None,
    ) -> None:
        self._spool = spool
        self._number = number
        self._recent = recent or Recent()
        self._same = same
        self._lock = threading.Lock()
        self._long: dict[str, LongFolder] = {}
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
        identity, folders = (-1 - self._number, hash(path)), in_byte_order(self._below[path])
        damage = None if path else self._damage
        members = self._members(path)
        if isinstance(members, LongFolder):
            return members.entries(identity, folders, damage)
        splits = {name: each.split for name, each in members.items() if each.split}
        return Entries(
            identity,
            folders,
            {},
            in_byte_order(name for name, each in members.items() if not each.failure),
            {name: each.failure for name, each in members.items() if each.failure},
            splits,
            frozenset(splits.values()),
            damage,
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
            place = self._spool.pack([tuple(member) for member in members])
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

    def _members(self, path: str) -> "dict[str, Member] | LongFolder":
        key = self._number, path, 0
        if (kept := self._long.get(path) or self._recent.get(key)) is not None:
            return kept
        found: dict[str, Member] = {}
        alike: dict[str, list[Member]] = {}  # those of a name that occurs again
        again = dropped = Skipped()
        for member in self._listed(path):
            name = member.name.rpartition("/")[2]
            if name in found:
                others = alike.setdefault(name, [found[name]])
                if self._same and any(self._same(other, member) for other in others):
                    dropped += Skipped(1, member.name)
                    continue
                others.append(member)
                again += Skipped(1, member.name)
                name = apart(name, found, len(others))
            found[name] = member
            if len(found) > _AT_ONCE:
                found.clear()  # they come again
                return self._sorted(path)
        self._note(path, again, dropped)
        self._recent.keep(key, found)
        return found

    def _listed(self, path: str) -> Iterator[Member]:
        for place in self._blocks.get(path, ()):
            for values in self._spool.unpack(place):
                yield Member(*values)

    def _sorted(self, path: str) -> LongFolder:
        with self._lock:
            if path not in self._long:
                key = self._number, path
                members = self._listed(path)
                long = LongFolder(key, members, self._spool, self._recent, self._same)
                self._note(path, long.again, long.dropped)
                self._long[path] = long
            return self._long[path]

    def _note(self, path: str, again: Skipped, dropped: Skipped) -> None:
        if again.images:
            self._again[path] = again
        if dropped.images:
            self._dropped[path] = dropped


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
    >>> list(rows.entries("").files)
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
        return Entries((-1, id(self)), [], {}, Numbers(self._number, self._digits))

    def member(self, path: str) -> Member:
        """See :class:`Members`."""
        row = int(path)
        return Member(path, row, self._size(row))

    def within(self, path: str) -> Callable[[str], Member]:  # noqa: ARG002  # there is one folder
        """See :class:`Members`."""
        return self.member
