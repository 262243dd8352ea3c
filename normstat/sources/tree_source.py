"""Images by their names in folders: their splits, and the shards to read from them."""

import hashlib
import math
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any, NamedTuple

from normstat.errors import UnknownSplit, UnreadableImage
from normstat.files import shown
from normstat.images import Code, Container, LocalFiles, Shard, Unreadable, path_bytes
from normstat.sources.catalog import Access, Catalog, Located, Streams
from normstat.sources.endings import OBJECTS
from normstat.sources.options import SourceOptions
from normstat.sources.source import Selection
from normstat.sources.survey import Survey
from normstat.sources.tree.split_words import ALL, SPLIT_DIR, assignments, said, split_names
from normstat.sources.tree.surveyor import Surveyor
from normstat.sources.tree.tree import BY_OPTION, Tree
from normstat.sources.tree.walked_folder import WalkedFolder
from normstat.urls import is_url

# Images that are put in the order of their places: more take another reading of their container.
_MOST_IN_ORDER = 100_000
# Images that say no split, so that others are presumed to say none.
_ENOUGH = 10_000
# Of a shard that has nothing but records.
_NOWHERE = LocalFiles("")


class TreeSource:
    """Images whose names are paths, whatever they are stored in.

    Parameters
    ----------
    catalog : tells the names, and the way to each image.
    options : see :class:`normstat.sources.options.SourceOptions`.
    tops : paths of the folders that were given as DATA, with a trailing ``/``; empty for DATA
        itself.
    streams : archives that may be read before their names are known.

    Attributes
    ----------
    catalog, tops, streams : the same.
    """

    def __init__(
        self,
        catalog: Catalog,
        options: SourceOptions,
        tops: tuple[str, ...] = ("",),
        files: tuple[str, ...] = (),
        streams: Streams | None = None,
    ) -> None:
        self.catalog = catalog
        self.streams = streams
        self.tops = tops
        self._files = files
        self._options = options
        given = dict(assignments(catalog.root, options.split_dirs, self._is_there))
        self._split_dirs = {split: path.removesuffix("/") or "." for path, split in given.items()}
        self._tree = Tree(
            catalog,
            {**catalog.assigned, **{path: (split, BY_OPTION) for path, split in given.items()}},
            options.include,
            options.exclude,
            options.labels == "count",
            tops,
            files,
        )

    @property
    def ordered(self) -> bool:
        return not self.catalog.splits_images

    @property
    def root(self) -> str:
        return self.catalog.root

    @property
    def identity(self) -> str:
        return self.catalog.identity

    def with_split_dirs(self, split_dirs: Mapping[str, str]) -> "TreeSource":
        options = replace(self._options, split_dirs=split_dirs)
        return TreeSource(self.catalog, options, self.tops, self._files, self.streams)

    def side_file(self, name: str) -> bytes | None:
        return self.catalog.side_file(name)

    def record(self) -> Mapping[str, Any]:
        options = self._options
        return {
            "split_dirs": self._split_dirs,
            "include": options.include,
            "exclude": options.exclude,
            "labels": options.labels,
            "source": self.catalog.record(),
        }

    def _own_split(self) -> str | None:
        """The split that DATA's own name says; or, of a file, the whole name of its folder."""
        if self.tops != ("",):
            return None
        names = split_names(os.path.basename(self.identity))
        if len(names) == 1:
            return next(iter(names))
        folder = said(os.path.basename(os.path.dirname(self.identity)))
        return folder.whole if folder and not names and _is_file(self.identity) else None

    def _is_there(self, path: str) -> bool:
        """True for a folder, also for one that only may be there."""
        above, _, name = path.removesuffix("/").rpartition("/")
        try:
            return not name or name in self.catalog.entries(f"{above}/" if above else "").folders
        except UnreadableImage as error:
            return error.code != Code.VANISHED

    def selection(self, wanted: Collection[str] = (), presume: bool = False) -> Selection:
        """The splits to read: those wanted, or every one there is.

        Every image is looked at by name only, and none inside a split already found.

        Raises
        ------
        UnknownSplit
            A wanted split has no images; the message lists those found.
        AmbiguousSplit
            A folder on the way speaks for two splits.
        """
        most = _ENOUGH if presume and not wanted else math.inf
        found, unassigned, presumed = self._found(self._tree, wanted, most)
        only_labels = False
        if not (found or unassigned or self._options.labels == "count"):
            # Who points at a folder of masks means them.
            found, unassigned, presumed = self._found(self._tree.counting_labels(), wanted, most)
            only_labels = bool(found or unassigned)
        rest = None
        if not found and unassigned:
            # Several DATA have no name in common.
            rest = self._own_split() or ALL
            found.add(rest)
        for split in wanted or self._split_dirs:
            if split not in found:
                cure = f"A folder is given to a split with {SPLIT_DIR}"
                for near in get_close_matches(split.lower(), found, 1):
                    cure = f"Did you mean {near}?"
                raise UnknownSplit(
                    f"{shown(self.root)}: has no split {shown(split)!r}; found: "
                    f"{', '.join(sorted(found)) or 'no images at all'}. {cure}"
                )
        splits = tuple(wanted) or tuple(sorted(found))
        return Selection(splits, rest, bool(wanted), only_labels, presumed)

    def _found(
        self, tree: Tree, wanted: Collection[str], most: float
    ) -> tuple[set[str], bool, bool]:
        """Splits with images, at least those wanted.

        And True if some images are in none; and True if these are as many as are looked at, and no
        folder met so far says a split.
        """
        looked_at = 0
        found: set[str] = set()
        unassigned = False
        stack = [tree.top()]
        while stack:
            place = stack.pop()
            # Nothing new in the folders of a split already found, unless one below was assigned.
            leave = not (tree.leads_to_assigned(place) or self.catalog.splits_images)
            if leave and place.own in found:
                continue
            more, splits, images = _looked_into(tree, place, leave)
            stack += more
            found |= splits - {""}
            unassigned |= "" in splits
            if wanted and found.issuperset(wanted):
                break
            looked_at += images
            if looked_at > most and stack and not (found or any(place.own for place in stack)):
                return found, unassigned, True
        return found, unassigned, False

    def shards(self, selection: Selection, versions: bool = False) -> Iterator[Shard]:
        """The images of some splits, as work.

        A shard ends after a sample when hash(path) / 2**64 < 1/128 + size / 4 MiB: at about 128
        small images or 4 MiB. The rule has no memory, so a new file changes one shard only.
        """
        begun: dict[str, _Begun] = {}  # by split; several only if images have their own
        for part in _in_reading_order(self._parts(selection, versions)):
            split, located = part.split, part.located
            if not part.apart and begun.keys() - {split}:
                yield from _ended(begun)
            shard = begun.get(split) or begun.setdefault(split, _Begun(split))
            if located is None:
                shard.unreadable.append(part.record())
                continue
            if located.container is not shard.container and shard.names:
                yield from shard.ended()
                shard = begun[split] = _Begun(split)
            shard.add(part.path, located, versions)
            is_cut = located.access not in (Access.WHOLE, Access.KNOWN)
            if is_cut and _ends_shard(part.path, located.size):
                yield from begun.pop(split).ended()
        yield from _ended(begun)

    def _parts(self, selection: Selection, versions: bool) -> "Iterator[_Part]":
        for place, path, error in self._tree_of(selection).walk():
            split = place.failed_split(selection) if error else place.images_split(selection)
            if split is not None and split in selection.splits:
                located = None if error else self.catalog.locate(path, versions)
                yield _Part(split, path, place.apart, located, error)

    def survey(self, selection: Selection, takes: Callable[[str], bool] | None = None) -> Survey:
        """Names only: how many images there are, and what to know about them.

        Raises
        ------
        AmbiguousSplit
            A folder with images speaks for two splits.
        """
        return Surveyor(self._tree_of(selection), selection, takes).survey()

    def _tree_of(self, selection: Selection) -> Tree:
        return self._tree.counting_labels() if selection.only_labels else self._tree


class _Part(NamedTuple):
    """An image, or something that cannot be read, on the way to a shard."""

    split: str
    path: str
    apart: bool
    located: Located | None
    error: UnreadableImage | None

    def record(self) -> Unreadable:
        error = self.error
        assert error
        return Unreadable(self.split, self.path, error.code, error.detail, error.sha256)


class _Begun:
    """Images gathered for a shard of one split."""

    def __init__(self, split: str) -> None:
        self.split = split
        self.container: Container | None = None
        self.names: list[str] = []
        self.places: list[Any] = []
        self.versions: list[bytes] = []
        self.unreadable: list[Unreadable] = []

    def add(self, name: str, located: Located, versions: bool) -> None:
        self.container = located.container
        self.names.append(name)
        self.places.append(located.place)
        if versions:
            self.versions.append(located.version)

    def ended(self) -> Iterator[Shard]:
        """The shard, if there is anything for one."""
        if self.names or self.unreadable:
            yield Shard(
                self.split,
                self.container or _NOWHERE,
                tuple(self.names),
                () if self.places.count(None) == len(self.places) else tuple(self.places),
                tuple(self.versions),
                tuple(self.unreadable),
            )


def _in_reading_order(parts: Iterable[_Part]) -> Iterator[_Part]:
    """All parts; those of a container that can only be read forward are in the order of places."""
    run: list[_Part] = []
    container: Container | None = None
    for part in parts:
        located = part.located
        if located is None:
            yield part
            continue
        if run and (located.container is not container or len(run) == _MOST_IN_ORDER):
            yield from sorted(run, key=_split_and_place)
            run = []
        if located.access in (Access.RANDOM, Access.KNOWN):
            yield part
        else:
            container = located.container
            run.append(part)
    yield from sorted(run, key=_split_and_place)


def _split_and_place(part: _Part) -> tuple[str, Any]:
    assert part.located
    return part.split, part.located.place


def _ended(begun: dict[str, _Begun]) -> Iterator[Shard]:
    for shard in begun.values():
        yield from shard.ended()
    begun.clear()


def _looked_into(
    tree: Tree, place: WalkedFolder, leave: bool
) -> tuple[list[WalkedFolder], set[str], int]:
    """Folders in a folder, the splits of its images, and their number.

    An empty split stands for those that are in none. If `leave`, images are enough.
    """
    try:
        found = tree.look_into(place)
    except UnreadableImage:  # there may be images; shards() makes a record of the folder
        return [], set() if place.labels else {place.own or ""}, 0
    placed = list(found.by_place())
    splits = {part.images_split(Selection(())) or "" for part, *_ in placed}
    if found.damage:
        splits.add(place.own or "")
    if leave and any(splits):
        return [], splits, 0
    below = [child for child in tree.below(found) if tree.has_images(child)]
    return below, splits, sum(number for *_, number in placed)


def _is_file(identity: str) -> bool:
    return identity.lower().endswith(OBJECTS) if is_url(identity) else os.path.isfile(identity)


def _ends_shard(path: str, size: int) -> bool:
    digest = hashlib.blake2b(path_bytes(path), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64 < 1 / 128 + size / 2**22
