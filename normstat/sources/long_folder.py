"""Members of a folder that are too many for memory: sorted by name, in pages of a spool."""

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from heapq import merge
from itertools import filterfalse, islice

from normstat.errors import UnreadableImage
from normstat.images import Skipped, in_byte_order, path_bytes
from normstat.sources.catalog import Entries, Identity
from normstat.sources.member import Member, apart
from normstat.sources.names import LongNames
from normstat.sources.spool import Recent, Spool

# Members that are sorted at once; and those in a page, also of one of the runs that are merged.
_RUN = 50_000
_PAGE = 4096
_PAGE_OF_RUN = 256


class LongFolder(Mapping[str, Member]):
    """The members of one folder by their names there.

    In memory are those that occur again or cannot be read, and the first name of each page.

    Parameters
    ----------
    key : number of the container, and path of the folder in it.
    members : of the folder, in the order of their listing.
    spool : takes the pages.
    recent : keeps those that were read last.
    same : True for two members of one name that are one image; None if no two ever are.

    Attributes
    ----------
    again, dropped : names that had occurred before, and those of them that were one image.

    Examples
    --------
    >>> members = [Member("x/b.png", 1), Member("x/a.png", 2), Member("x/b.png", 3)]
    >>> folder = LongFolder((0, "x/"), members, Spool(), Recent())
    >>> list(folder.entries((0, 0), [], None).files), folder["b#2.png"].place
    (['a.png', 'b#2.png', 'b.png'], 3)
    """

    def __init__(
        self,
        key: tuple[int, str],
        members: Iterable[Member],
        spool: Spool,
        recent: Recent,
        same: Callable[[Member, Member], bool] | None = None,
    ) -> None:
        self._key = key
        self._spool = spool
        self._recent = recent
        self._same = same
        self._firsts: list[bytes] = []
        self._pages: list[tuple[int, int]] = []  # places of names, and of members
        self._number = 0
        self._own: set[tuple[str, str]] = set()
        self._odd: dict[str, Member] = {}  # those that are not in the pages
        self.again = self.dropped = Skipped()
        listed = iter(members)
        runs = [self._run(block) for block in iter(lambda: list(islice(listed, _RUN)), [])]
        later: list[tuple[Member, int]] = []
        self._keep(self._first_of_each(merge(*map(self._of_run, runs), key=_bytes_of), later))
        for member, number in later:
            self.again += Skipped(1, member.name)
            self._keep_apart(apart(self._name(member), self, number), member)

    def __getitem__(self, name: str) -> Member:
        if member := self._odd.get(name):
            return member
        index = bisect_right(self._firsts, path_bytes(name)) - 1
        if index < 0:
            raise KeyError(name)
        key = *self._key, index
        if (page := self._recent.get(key)) is None:
            names, members = map(self._spool.unpack, self._pages[index])
            page = dict(zip(names, members, strict=True))
            self._recent.keep(key, page)
        found: Member = page[name]
        return found

    def __iter__(self) -> Iterator[str]:
        return merge(self._in_pages(), in_byte_order(self._odd), key=path_bytes)

    def __len__(self) -> int:
        return self._number + len(self._odd)

    def entries(
        self, identity: Identity, folders: list[str], damage: UnreadableImage | None
    ) -> Entries:
        """The names in the folder, with those of the folders in it."""
        failures = {name: each.failure for name, each in self._odd.items() if each.failure}
        sound = _Sound(self, failures)
        splits = _Splits(self) if self._own else {}
        return Entries(identity, folders, {}, sound, failures, splits, frozenset(self._own), damage)

    def _in_pages(self) -> Iterator[str]:
        for place, _ in self._pages:
            yield from self._spool.unpack(place)

    def _run(self, block: list[Member]) -> list[int]:
        """Places of the sorted members of a block."""
        block.sort(key=_bytes_of)
        starts = range(0, len(block), _PAGE_OF_RUN)
        return [self._spool.pack(block[start : start + _PAGE_OF_RUN]) for start in starts]

    def _of_run(self, places: list[int]) -> Iterator[Member]:
        for place in places:
            yield from self._spool.unpack(place)

    def _first_of_each(
        self, members: Iterable[Member], later: list[tuple[Member, int]]
    ) -> Iterator[Member]:
        """The first member of each name; the others go to `later`, each with its number."""
        others: list[Member] = []
        for member in members:
            if not others or member.name != others[0].name:
                others = [member]
                yield member
            elif self._same and any(self._same(other, member) for other in others):
                self.dropped += Skipped(1, member.name)
            else:
                others.append(member)
                later.append((member, len(others)))

    def _keep(self, members: Iterator[Member]) -> None:
        while page := list(islice(members, _PAGE)):
            names: list[str] = []
            sound: list[Member] = []
            for member in page:
                name = self._name(member)
                if member.failure:
                    self._keep_apart(name, member)
                    continue
                names.append(name)
                sound.append(member)
                if member.split:
                    self._own.add(member.split)
            if names:
                self._firsts.append(path_bytes(names[0]))
                self._pages.append((self._spool.pack(names), self._spool.pack(sound)))
                self._number += len(names)

    def _keep_apart(self, name: str, member: Member) -> None:
        self._odd[name] = member
        if member.split:
            self._own.add(member.split)

    def _name(self, member: Member) -> str:
        return member.name.removeprefix(self._key[1])


class _Sound(LongNames):
    """The names of all members but some."""

    def __init__(self, folder: LongFolder, failures: Collection[str]) -> None:
        self._folder = folder
        self._failures = failures

    def __iter__(self) -> Iterator[str]:
        return filterfalse(self._failures.__contains__, self._folder)

    def __len__(self) -> int:
        return len(self._folder) - len(self._failures)


class _Splits(Mapping[str, tuple[str, str]]):
    """The splits of the members that have one."""

    def __init__(self, folder: LongFolder) -> None:
        self._folder = folder

    def __getitem__(self, name: str) -> tuple[str, str]:
        if split := self._folder[name].split:
            return split
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._folder if self._folder[name].split)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _bytes_of(member: Member) -> bytes:
    return path_bytes(member.name)
