"""The walk through a folder of images: which are there, and which split their path speaks for.

It goes in the byte order of relative paths, with one folder's names in memory at a time.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import TypeAlias

from normstat.errors import AmbiguousSplit
from normstat.files import shown
from normstat.images import FORMATS, Stamp, path_bytes
from normstat.sources.globs import Globs
from normstat.sources.protocol import Selection
from normstat.sources.splits import SPLIT_WORDS, conflict_message, split_names

_NO_IMAGES = {"__macosx"}
#: The rule by which a split was chosen that a user has named.
BY_OPTION = "--split-dir"


# (st_dev, st_ino) of the folders from the root to a place: a link to one of them is a loop.
_Trail: TypeAlias = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Place:
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
_Item: TypeAlias = tuple[bytes, Place, str, int | Stamp | OSError | None]


class Tree:
    """Folders and images below a folder, as far as they count.

    Parameters
    ----------
    root : the folder.
    assigned : relative path of a folder, with a trailing ``/`` → the split that it was given to.
    include, exclude : globs, see :class:`normstat.sources.Folder`.

    Attributes
    ----------
    filtered : globs leave out some files.
    """

    def __init__(
        self, root: str, assigned: Mapping[str, str], include: Iterable[str], exclude: Iterable[str]
    ) -> None:
        self._root = root
        self._assigned = assigned
        # Folders to pass on the way to an assigned one, whatever their names.
        self._above_assigned = {
            path[: end + 1]
            for path in assigned
            for end, letter in enumerate(path[:-1])
            if letter == "/"
        } | ({""} if any(assigned) else set())
        self._include = Globs(include)
        self._exclude = Globs(exclude)
        self.filtered = bool(self._include or self._exclude)

    def top(self) -> Place:
        """Where the walk begins: the root."""
        split = self._assigned.get("")
        real = os.path.realpath(self._root)
        above = []
        while (parent := os.path.dirname(real)) != real:
            above.append(_identity(os.stat(parent)))
            real = parent
        return Place("", split, BY_OPTION if split else "", None, tuple(above))

    def leads_to_assigned(self, place: Place) -> bool:
        """Whether a folder below this one was given to a split."""
        return place.path in self._above_assigned

    def walk(
        self, measure: Callable[["os.DirEntry[str]"], int | Stamp]
    ) -> Iterator[tuple[Place, str, int | Stamp | OSError]]:
        """Images with what is measured, and folders that cannot be listed, in byte order."""
        stack = [self._listed(self.top(), measure)]
        while stack:
            for _, place, path, what in stack[-1]:
                if what is None:
                    stack.append(self._listed(place, measure))
                    break
                yield place, path, what
            else:
                stack.pop()

    def _listed(
        self, place: Place, measure: Callable[["os.DirEntry[str]"], int | Stamp]
    ) -> Iterator[_Item]:
        items: list[_Item] = []
        try:
            for entry, child in self.scan(place):
                path = place.path + entry.name
                if child:
                    items.append((path_bytes(entry.name + "/"), child, path, None))
                else:
                    items.append((path_bytes(entry.name), place, path, measure(entry)))
        except OSError as error:
            items = [(b"", place, place.path, error)]
        items.sort(key=itemgetter(0))
        return iter(items)

    def scan(
        self, place: Place, extensions: Counter[str] | None = None
    ) -> Iterator[tuple["os.DirEntry[str]", Place | None]]:
        """What a folder holds, unsorted: folders with their place, and images (place None)."""
        location = f"{self._root}/{place.path}"
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

    def _may_enter(self, place: Place, entry: "os.DirEntry[str]", trail: _Trail) -> bool:
        path = place.path + entry.name
        if entry.name.lower() in _NO_IMAGES and not self._is_asked_for(f"{path}/"):
            return False
        if self._exclude.match(path):
            return False
        return not entry.is_symlink() or _identity(entry.stat()) not in trail

    def _enter(self, place: Place, name: str, trail: _Trail) -> Place:
        path = f"{place.path}{name}/"
        if path in self._assigned:
            return Place(path, self._assigned[path], BY_OPTION, None, trail)
        split, rule, conflict = place.split, place.rule, place.conflict
        if split is None:
            names = sorted(split_names(name))
            if len(names) == 1:
                split, rule = names[0], f"folder {shown(path.removesuffix('/'))}"
            elif names:
                conflict = conflict_message(path, *names)
        elif rule != BY_OPTION:
            exact = SPLIT_WORDS.get(name.lower(), split)
            if exact != split:
                conflict = conflict_message(path, split, exact)
        return Place(path, split, rule, conflict, trail)

    def _takes(self, path: str) -> bool:
        return (not self._include or self._include.match(path)) and not self._exclude.match(path)


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads in a circle: opening it will tell
        return False


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
