"""A folder of images: its splits, and the shards to read from them."""

import hashlib
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from normstat.errors import UnknownSplit, UsageError, option
from normstat.files import shown
from normstat.images import Code, Shard, Unreadable, path_bytes
from normstat.sources.labels import LABELS
from normstat.sources.listing import Listing
from normstat.sources.local_files import LocalFiles
from normstat.sources.source import Selection
from normstat.sources.split_words import ALL, SPLIT_DIR, assignments, split_names
from normstat.sources.survey import Survey
from normstat.sources.surveyor import Surveyor
from normstat.sources.tree import Tree
from normstat.sources.versions import version_of
from normstat.sources.walked_folder import WalkedFolder


class Folder:
    """A folder of images, with or without a folder for each split.

    Parameters
    ----------
    root : DATA.
    split_dirs : split → folder below DATA; overrides what names say.
    include, exclude : globs. With a ``/`` a glob is matched with the whole relative path (``*``
        also matches ``/``), without one with each part of it. Images only: an ``include`` does
        not make other files images.
    labels : ``skip`` leaves out masks and other labels (see :mod:`normstat.sources.labels`), as
        long as there is anything else; ``count`` takes them for images like others.
    listing : the names below `root`, where somebody has them.

    Attributes
    ----------
    identity : real path of `root`.
    ordered : names come in byte order.
    split_dirs : split → folder that was given to it, relative to `root`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as root:
    ...     for name in ("train", "val"):
    ...         os.mkdir(f"{root}/{name}")
    ...         open(f"{root}/{name}/a.png", "w").close()
    ...     source = Folder(root)
    ...     [(shard.split, shard.names) for shard in source.shards(source.selection())]
    [('train', ('train/a.png',)), ('val', ('val/a.png',))]
    """

    ordered = True

    def __init__(
        self,
        root: str | os.PathLike[str],
        split_dirs: Mapping[str, str] | None = None,
        include: Iterable[str] = (),
        exclude: Iterable[str] = (),
        labels: str = "skip",
        listing: Listing | None = None,
    ) -> None:
        if labels not in LABELS:
            raise UsageError(
                f"{option('labels', shown(labels))}: should be one of {', '.join(LABELS)}"
            )
        self.root = os.fspath(root)
        self._listing = listing or Listing(self.root)
        try:
            os.stat(self.root)  # of an empty name: below it would be the root of all files
            self._listing.entries("")
        except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
            reason = error.strerror if isinstance(error, OSError) else error
            raise UsageError(
                f"{shown(self.root) or repr('')}: cannot be read ({reason}); DATA is a folder of "
                "images"
            ) from error
        assigned = dict(assignments(self.root, split_dirs or {}))
        self.split_dirs = {split: path.removesuffix("/") or "." for path, split in assigned.items()}
        self._include, self._exclude, self._labels = tuple(include), tuple(exclude), labels
        self._tree = Tree(
            self.root, self._listing, assigned, self._include, self._exclude, labels == "count"
        )

    @property
    def identity(self) -> str:
        return os.path.realpath(self.root)

    def with_split_dirs(self, split_dirs: Mapping[str, str]) -> "Folder":
        return Folder(
            self.root, split_dirs, self._include, self._exclude, self._labels, self._listing
        )

    def record(self) -> Mapping[str, Any]:
        return {
            "split_dirs": self.split_dirs,
            "include": self._include,
            "exclude": self._exclude,
            "labels": self._labels,
        }

    def selection(self, wanted: Collection[str] = ()) -> Selection:
        """The splits to read: those wanted, or every one there is.

        Every image is looked at by name only, and none inside a split already found.

        Raises
        ------
        UnknownSplit
            A wanted split has no images; the message lists those found.
        AmbiguousSplit
            A folder on the way speaks for two splits.
        """
        found, unassigned = self._found(self._tree, wanted)
        only_labels = False
        if not (found or unassigned or self._labels == "count"):
            # Who points at a folder of masks means them.
            found, unassigned = self._found(self._tree.counting_labels(), wanted)
            only_labels = bool(found or unassigned)
        rest = None
        if not found and unassigned:
            names = split_names(os.path.basename(self.identity))
            rest = next(iter(names)) if len(names) == 1 else ALL
            found.add(rest)
        for split in wanted or self.split_dirs:
            if split not in found:
                cure = f"A folder is given to a split with {SPLIT_DIR}"
                for near in get_close_matches(split.lower(), found, 1):
                    cure = f"Did you mean {near}?"
                raise UnknownSplit(
                    f"{shown(self.root)}: has no split {shown(split)!r}; found: "
                    f"{', '.join(sorted(found)) or 'no images at all'}. {cure}"
                )
        splits = tuple(wanted) or tuple(sorted(found))
        return Selection(splits, rest, bool(wanted), only_labels)

    def _found(self, tree: Tree, wanted: Collection[str]) -> tuple[set[str], bool]:
        """Splits with images, at least those wanted; and True if some images are in none."""
        found: set[str] = set()
        unassigned = False
        stack = [tree.top()]
        while stack:
            place = stack.pop()
            # Nothing new in the folders of a split already found, unless one below was assigned.
            leave = not tree.leads_to_assigned(place)
            if leave and place.own in found:
                continue
            more, split = _looked_into(tree, place, leave)
            stack += more
            if split:
                found.add(split)
            unassigned |= split == ""
            if wanted and found.issuperset(wanted):
                break
        return found, unassigned

    def shards(self, selection: Selection, versions: bool = False) -> Iterator[Shard]:
        """The images of some splits, as work.

        A shard ends after a sample when hash(path) / 2**64 < 1/128 + size / 4 MiB: at about 128
        small images or 4 MiB. The rule has no memory, so a new file changes one shard only.
        """
        container = LocalFiles(self.root)
        begun = ""  # the split whose images are gathered for a shard
        paths: list[str] = []
        marks: list[bytes] = []
        failures: list[Unreadable] = []

        def taken() -> Shard:
            names, marked, unreadable = tuple(paths), tuple(marks), tuple(failures)
            paths.clear()
            marks.clear()
            failures.clear()
            return Shard(begun, container, names, versions=marked, unreadable=unreadable)

        for place, path, error in self._tree_of(selection).walk():
            split = (place.own or selection.rest) if error else place.images_split(selection)
            if split is None or split not in selection.splits:
                continue
            if split != begun and (paths or failures):
                yield taken()
            begun = split
            if error:
                failures.append(Unreadable(split, path, *_failure(error)))
                continue
            try:
                status = os.stat(f"{self.root}/{path}")
            except OSError:  # reading it will tell why; the size only decides where a shard ends
                status = None
            paths.append(path)
            if versions:
                marks.append(version_of(status) if status else b"")
            if _ends_shard(path, status.st_size if status else 0):
                yield taken()
        if paths or failures:
            yield taken()

    def survey(self, selection: Selection) -> Survey:
        """Names only: how many images there are, and what to know about them.

        Raises
        ------
        AmbiguousSplit
            A folder with images speaks for two splits.
        """
        return Surveyor(self._tree_of(selection), selection).survey()

    def _tree_of(self, selection: Selection) -> Tree:
        return self._tree.counting_labels() if selection.only_labels else self._tree


def _looked_into(
    tree: Tree, place: WalkedFolder, leave: bool
) -> tuple[list[WalkedFolder], str | None]:
    """Folders in a folder, and the split of its images: empty if of none, None without any.

    If `leave`, images are enough.
    """
    try:
        found = tree.look_into(place)
    except OSError:  # there may be images; shards() makes a record of the folder
        return [], None if place.labels else place.own or ""
    split = place.images_split(Selection(())) or "" if found.images else None
    if split and leave:
        return [], split
    return [child for child in tree.below(found) if tree.has_images(child)], split


def _failure(error: OSError) -> tuple[str, str]:
    if isinstance(error, PermissionError):
        return Code.PERMISSION_DENIED, "folder cannot be listed"
    if isinstance(error, FileNotFoundError):
        return Code.VANISHED, "folder is gone"
    return Code.IO_ERROR, f"folder cannot be listed: {error.strerror}"


def _ends_shard(path: str, size: int) -> bool:
    digest = hashlib.blake2b(path_bytes(path), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64 < 1 / 128 + size / 2**22
