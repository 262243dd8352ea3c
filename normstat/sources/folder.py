"""A folder of images.

It is walked in the byte order of relative paths, one folder's names in memory at a time.
"""

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from operator import itemgetter
from typing import TypeAlias

from normstat.errors import AmbiguousSplit, UnknownSplit, UsageError
from normstat.files import shown
from normstat.images import FORMATS, Code, Shard, Stamp, Unreadable, path_bytes
from normstat.sources.globs import Globs
from normstat.sources.protocol import Selection, Survey
from normstat.sources.splits import ALL, SPLIT_WORDS, assignments, conflict_message, split_names
from normstat.sources.stamps import size_of, stamp_of

_NO_IMAGES = {"__macosx"}
_LOOKS_LIKE_LABELS = {"mask", "masks", "label", "labels", "annotation", "annotations", "depth"}
_BY_OPTION = "--split-dir"


# (st_dev, st_ino) of the folders from the root to a place: a link to one of them is a loop.
_Trail: TypeAlias = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """A folder on the walk, and what its path says about the split.

    ``path`` is relative: empty, or with a trailing ``/``. ``split`` is None while nothing on the
    way has spoken; ``conflict`` is the message to raise should an image turn up here.
    """

    path: str = ""
    split: str | None = None
    rule: str = ""
    conflict: str | None = None
    trail: _Trail = ()

    def images_split(self, selection: Selection) -> str | None:
        """The split of an image here; None if it is in none."""
        if self.conflict:
            raise AmbiguousSplit(self.conflict)
        return self.split or selection.rest


# Sort key, place, relative path, and: None for a folder, for an image its size (a million sizes
# take less memory than stamps, which only a cache needs) or its stamp, else the failure.
_Item: TypeAlias = tuple[bytes, _Place, str, int | Stamp | OSError | None]


@dataclass(slots=True)
class _Begun:
    """The shard that the walk is filling; true while there is anything in it."""

    root: str
    split: str = ""
    paths: list[str] = field(default_factory=list)
    failures: list[Unreadable] = field(default_factory=list)
    stamps: list[Stamp] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.paths or self.failures)

    def taken(self) -> Shard:
        """The shard; the next one is begun."""
        shard = Shard(
            self.split,
            self.root,
            tuple(self.paths),
            tuple(self.failures),
            stamps=tuple(self.stamps),
        )
        self.paths, self.failures, self.stamps = [], [], []
        return shard


class Folder:
    """A folder of images, with or without a folder for each split.

    Parameters
    ----------
    root : DATA.
    split_dirs : split → folder below DATA; overrides what names say.
    include, exclude : globs. With a ``/`` a glob is matched with the whole relative path (``*``
        also matches ``/``), without one with each part of it. Images only: an ``include`` does
        not make other files images.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as root:
    ...     for name in ("train", "val"):
    ...         os.mkdir(f"{root}/{name}")
    ...         open(f"{root}/{name}/a.png", "w").close()
    ...     source = Folder(root)
    ...     [(shard.split, shard.paths) for shard in source.shards(source.selection())]
    [('train', ('train/a.png',)), ('val', ('val/a.png',))]
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        split_dirs: Mapping[str, str] | None = None,
        include: Iterable[str] = (),
        exclude: Iterable[str] = (),
    ) -> None:
        self.root = os.fspath(root)
        try:
            os.scandir(self.root).close()
        except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
            reason = error.strerror if isinstance(error, OSError) else error
            raise UsageError(
                f"{shown(self.root)}: cannot be read ({reason}); DATA is a folder of images"
            ) from error
        self._assigned = dict(assignments(self.root, split_dirs or {}))
        # Folders to pass on the way to an assigned one, whatever their names.
        self._above_assigned = {
            path[: end + 1]
            for path in self._assigned
            for end, letter in enumerate(path[:-1])
            if letter == "/"
        } | ({""} if any(self._assigned) else set())
        self._include = Globs(include)
        self._exclude = Globs(exclude)
        #: Split → folder that was given to it, relative to ``root``.
        self.split_dirs = {
            split: path.removesuffix("/") or "." for path, split in self._assigned.items()
        }
        #: Whether globs leave out some files.
        self.filtered = bool(self._include or self._exclude)

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
        found, unassigned = self._found(wanted)
        rest = None
        if not found and unassigned:
            rest = self._own_split()
            found.add(rest)
        for split in wanted or self._assigned.values():
            if split not in found:
                close = get_close_matches(split.lower(), found, 1)
                raise UnknownSplit(
                    f"{shown(self.root)}: has no split {shown(split)!r}; found: "
                    f"{', '.join(sorted(found)) or 'no images at all'}. "
                    f"{f'Did you mean {close[0]}? ' if close else ''}"
                    "A folder is given to a split with --split-dir NAME=FOLDER"
                )
        return Selection(tuple(wanted) or tuple(sorted(found)), rest)

    def _found(self, wanted: Collection[str]) -> tuple[set[str], bool]:
        """Splits of which there are images, at least those wanted; and whether some have none."""
        found: set[str] = set()
        unassigned = False
        stack = [self._top()]
        while stack:
            place = stack.pop()
            # Nothing new in the folders of a split already found, unless one below was assigned.
            leave = place.path not in self._above_assigned
            if leave and place.split in found:
                continue
            try:
                for _, child in self._scan(place):
                    if child:
                        stack.append(child)
                    elif (split := place.images_split(Selection(()))) is None:
                        unassigned = True
                    else:
                        found.add(split)
                        if leave:
                            break
            except OSError:  # there may be images; shards() makes a record of the folder
                if place.split:
                    found.add(place.split)
                else:
                    unassigned = True
            if wanted and found.issuperset(wanted):
                break
        return found, unassigned

    def shards(self, selection: Selection, stamped: bool = False) -> Iterator[Shard]:
        """The images of some splits, as work.

        A shard ends after a sample when hash(path) / 2**64 < 1/128 + size / 4 MiB: at about 128
        small images or 4 MiB. The rule has no memory, so a new file changes one shard only.
        """
        begun = _Begun(self.root)
        for place, path, what in self._walk(stamp_of if stamped else size_of):
            failed = isinstance(what, OSError)
            split = (place.split or selection.rest) if failed else place.images_split(selection)
            if split is None or split not in selection.splits:
                continue
            if split != begun.split and begun:
                yield begun.taken()
            begun.split = split
            if isinstance(what, OSError):
                begun.failures.append(Unreadable(split, path, *_failure(what)))
                continue
            begun.paths.append(path)
            if isinstance(what, Stamp):
                begun.stamps.append(what)
            if _ends_shard(path, what.size if isinstance(what, Stamp) else what):
                yield begun.taken()
        if begun:
            yield begun.taken()

    def survey(self, selection: Selection) -> Survey:
        """Names only: how many images there are, and what to know about them.

        Raises
        ------
        AmbiguousSplit
            A folder with images speaks for two splits.
        """
        survey = Survey()
        stack = [self._top()]
        while stack:
            place = stack.pop()
            images = 0
            first = ""
            try:
                for entry, child in self._scan(place, survey.extensions):
                    if child:
                        stack.append(child)
                    else:
                        images += 1
                        first = min(first or entry.name, entry.name)
                split = place.images_split(selection) if images else None
            except OSError:  # shards() makes one record of a folder that cannot be listed
                images, first = 1, ""
                split = place.split or selection.rest
            if not images:
                continue
            if split is None:
                survey.beside += images
                path = place.path + first
                survey.first_beside = min(survey.first_beside or path, path)
            elif split in selection.splits:
                survey.images[split] += images
                survey.rules.setdefault(split, set()).add(place.rule or self._rest_rule(split))
                parts = place.path.lower().split("/")
                survey.look_like_labels.update(_LOOKS_LIKE_LABELS.intersection(parts))
        return survey

    def _top(self) -> _Place:
        split = self._assigned.get("")
        real = os.path.realpath(self.root)
        above = []
        while (parent := os.path.dirname(real)) != real:
            above.append(_identity(os.stat(parent)))
            real = parent
        return _Place("", split, _BY_OPTION if split else "", None, tuple(above))

    def _own_split(self) -> str:
        names = split_names(os.path.basename(os.path.realpath(self.root)))
        return names.pop() if len(names) == 1 else ALL

    def _rest_rule(self, split: str) -> str:
        if split == ALL:
            return f"no folder says a split; {_BY_OPTION} NAME=FOLDER would"
        return "DATA's own name"

    def _walk(
        self, measure: Callable[["os.DirEntry[str]"], int | Stamp]
    ) -> Iterator[tuple[_Place, str, int | Stamp | OSError]]:
        """Images with what is measured, and folders that cannot be listed, in byte order."""
        stack = [self._listed(self._top(), measure)]
        while stack:
            for _, place, path, what in stack[-1]:
                if what is None:
                    stack.append(self._listed(place, measure))
                    break
                yield place, path, what
            else:
                stack.pop()

    def _listed(
        self, place: _Place, measure: Callable[["os.DirEntry[str]"], int | Stamp]
    ) -> Iterator[_Item]:
        items: list[_Item] = []
        try:
            for entry, child in self._scan(place):
                path = place.path + entry.name
                if child:
                    items.append((path_bytes(entry.name + "/"), child, path, None))
                else:
                    items.append((path_bytes(entry.name), place, path, measure(entry)))
        except OSError as error:
            items = [(b"", place, place.path, error)]
        items.sort(key=itemgetter(0))
        return iter(items)

    def _scan(
        self, place: _Place, extensions: Counter[str] | None = None
    ) -> Iterator[tuple["os.DirEntry[str]", _Place | None]]:
        """What a folder holds, unsorted: folders with their place, and images (place None)."""
        location = f"{self.root}/{place.path}"
        trail = (*place.trail, _identity(os.stat(location)))
        with os.scandir(location) as entries:
            for entry in entries:
                name = entry.name
                if name.startswith(".") and not self._is_asked_for(f"{place.path}{name}/"):
                    continue
                if _is_folder(entry):
                    if self._may_enter(place, entry, trail):
                        yield entry, self._enter(place, name, trail)
                    continue
                dot = name.rfind(".")
                extension = name[dot:].lower() if dot > 0 else ""
                if extensions is not None:
                    extensions[extension] += 1
                if extension in FORMATS and (not self.filtered or self._takes(place.path + name)):
                    yield entry, None

    def _is_asked_for(self, path: str) -> bool:
        return path in self._assigned or path in self._above_assigned

    def _may_enter(self, place: _Place, entry: "os.DirEntry[str]", trail: _Trail) -> bool:
        path = place.path + entry.name
        if entry.name.lower() in _NO_IMAGES and not self._is_asked_for(f"{path}/"):
            return False
        if self._exclude.match(path):
            return False
        return not entry.is_symlink() or _identity(entry.stat()) not in trail

    def _enter(self, place: _Place, name: str, trail: _Trail) -> _Place:
        path = f"{place.path}{name}/"
        if path in self._assigned:
            return _Place(path, self._assigned[path], _BY_OPTION, None, trail)
        split, rule, conflict = place.split, place.rule, place.conflict
        if split is None:
            names = sorted(split_names(name))
            if len(names) == 1:
                split, rule = names[0], f"folder {shown(path.removesuffix('/'))}"
            elif names:
                conflict = conflict_message(path, *names)
        elif rule != _BY_OPTION:
            exact = SPLIT_WORDS.get(name.lower(), split)
            if exact != split:
                conflict = conflict_message(path, split, exact)
        return _Place(path, split, rule, conflict, trail)

    def _takes(self, path: str) -> bool:
        return (not self._include or self._include.match(path)) and not self._exclude.match(path)


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads in a circle: opening it will tell
        return False


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _failure(error: OSError) -> tuple[str, str]:
    if isinstance(error, PermissionError):
        return Code.PERMISSION_DENIED, "folder cannot be listed"
    if isinstance(error, FileNotFoundError):
        return Code.VANISHED, "folder is gone"
    return Code.IO_ERROR, f"folder cannot be listed: {error.strerror}"


def _ends_shard(path: str, size: int) -> bool:
    digest = hashlib.blake2b(path_bytes(path), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64 < 1 / 128 + size / 2**22
