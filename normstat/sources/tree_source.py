"""Images by their names in folders: their splits, and the shards to read from them."""

import math
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from normstat.errors import UnknownSplit, UnreadableImage
from normstat.files import shown
from normstat.images import Code, Shard
from normstat.sources.catalog import Catalog, Streams
from normstat.sources.cutting import Walked, cut
from normstat.sources.endings import OBJECTS
from normstat.sources.options import SourceOptions
from normstat.sources.source import Selection
from normstat.sources.survey import Survey
from normstat.sources.tree.split_words import ALL, SPLIT_DIR, assignments, said, split_names
from normstat.sources.tree.surveyor import Surveyor
from normstat.sources.tree.tree import BY_OPTION, Tree
from normstat.sources.tree.walked_folder import WalkedFolder
from normstat.urls import is_url

# Images that say no split, so that others are presumed to say none.
_ENOUGH = 10_000


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
        """The images of some splits, as work: see :func:`normstat.sources.cutting.cut`."""
        return cut(self._walked(selection, versions), versions)

    def _walked(self, selection: Selection, versions: bool) -> Iterator[Walked]:
        for place, path, error, stack in self._tree_of(selection).walk():
            split = place.failed_split(selection) if error else place.images_split(selection)
            if split is not None and split in selection.splits:
                located = None if error or stack else self.catalog.locate(path, versions)
                yield Walked(split, path, place.apart, located, error, stack)

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
