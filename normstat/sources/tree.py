"""The walk through a folder of images: which are there, and which split their path speaks for.

It goes in the byte order of relative paths, with one folder's names in memory at a time.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Protocol, TypeAlias

from normstat.errors import AmbiguousSplit
from normstat.files import shown
from normstat.images import FORMATS, Stamp, path_bytes
from normstat.sources.filters import Filters
from normstat.sources.labels import LABEL_HINTS, label_stems
from normstat.sources.pairing import LabelFolders, Pairing, paired
from normstat.sources.peeks import Peeks, mention
from normstat.sources.protocol import Selection
from normstat.sources.speech import Speech, Spoken

#: The rule by which a split was chosen that a user has named.
BY_OPTION = "--split-dir"
# Names that are looked at together.
_CHUNK = 512
_NO_LABELS = LabelFolders()
_SILENT = Spoken()


# (st_dev, st_ino) of the folders from the root to a place: a link to one of them is a loop.
_Trail: TypeAlias = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A folder on the walk, and what its path says.

    Attributes
    ----------
    path : relative: empty, or with a trailing ``/``.
    split : for which the names on the way speak; None while nothing has spoken.
    given : the split that the folder, or one above, was given to; stronger than `split`.
    rule : what chose the split.
    conflict : the message to raise should an image turn up here.
    trail : the folders on the way.
    labels : name of the folder on the way that holds labels; empty if there is none.
    ordinary : path of the folder on the way that has a split's word in its name and is none, and
        that split; empty if there is none.
    doubtful : path of the folder on the way that has a word of labels in its name and counts.
    """

    path: str = ""
    split: str | None = None
    given: str | None = None
    rule: str = ""
    conflict: str | None = None
    trail: _Trail = ()
    labels: str = ""
    ordinary: tuple[str, str] = ("", "")
    doubtful: str = ""

    @property
    def own(self) -> str | None:
        """The split of this folder; None if it is in none."""
        return self.given or self.split

    def images_split(self, selection: Selection) -> str | None:
        """The split of an image here; None if it is in none."""
        if self.given:
            return self.given
        if self.conflict:
            raise AmbiguousSplit(self.conflict)
        return self.split or selection.rest


# Sort key, place, relative path, and: None for a folder, for an image its size (a million sizes
# take less memory than stamps, which only a cache needs) or its stamp, else the failure.
_Item: TypeAlias = tuple[bytes, Place, str, int | Stamp | OSError | None]
# A folder with its place, or a file and True if it is a label.
_Entry: TypeAlias = tuple["os.DirEntry[str]", Place | None, bool]


class Others(Protocol):
    """Is told all files of a folder, also those that are no images by their names."""

    def add(self, name: str, extension: str, taken: bool) -> None:
        """A file, with its extension in lower case; `taken` if the globs let it through."""


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
    counts_labels : labels are images like others.
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
        self._filters = Filters(include, exclude, {*assigned, *self._above_assigned})
        peeks = Peeks(root, self._filters)
        self._pairing = Pairing(peeks, self._filters)
        self._speech = Speech(peeks, self._pairing, self._filters)
        self.filtered = self._filters.is_any
        self.counts_labels = False

    def top(self) -> Place:
        """Where the walk begins: the root."""
        given = self._assigned.get("")
        real = os.path.realpath(self._root)
        above = []
        while (parent := os.path.dirname(real)) != real:
            above.append(_identity(os.stat(parent)))
            real = parent
        return Place("", None, given, BY_OPTION if given else "", None, tuple(above))

    def leads_to_assigned(self, place: Place) -> bool:
        """Whether a folder below this one was given to a split."""
        return place.path in self._above_assigned

    def has_images(self, place: Place) -> bool:
        """False if all that can be in a folder are labels."""
        return not place.labels or self.leads_to_assigned(place)

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
            for entry, child, is_label in self.scan(place):
                if child:
                    if self.has_images(child):
                        key = path_bytes(entry.name + "/")
                        items.append((key, child, place.path + entry.name, None))
                elif not is_label:
                    path = place.path + entry.name
                    items.append((path_bytes(entry.name), place, path, measure(entry)))
        except OSError as error:
            items = [] if place.labels else [(b"", place, place.path, error)]
        items.sort(key=itemgetter(0))
        return iter(items)

    def scan(self, place: Place, others: Others | None = None) -> Iterator[_Entry]:
        """What a folder holds, unsorted: images, then folders with their place.

        Parameters
        ----------
        others : is told all files.
        """
        path = place.path
        location = f"{self._root}/{path}"
        trail = (*place.trail, _identity(os.stat(location)))
        names: list[str] = []  # of all folders: those beside tell what a name means
        folders: list[os.DirEntry[str]] = []
        chunk: list[os.DirEntry[str]] = []
        pairs = _Pairs(place, self._filters, self.counts_labels)
        with os.scandir(location) as entries:
            for entry in entries:
                name = entry.name
                if name.startswith(".") and self._filters.is_hidden(path, name):
                    continue
                if _is_folder(entry):
                    names.append(name)
                    if self._may_enter(path, entry, trail):
                        folders.append(entry)
                    continue
                dot = name.rfind(".")
                extension = name[dot:].lower() if dot > 0 else ""
                taken = not self.filtered or self._filters.takes(path, name)
                if extension in FORMATS and taken:
                    chunk.append(entry)
                    if len(chunk) == _CHUNK:
                        yield from pairs.sure(chunk)
                        chunk = []
                if others is not None:
                    others.add(name, extension, taken)
        yield from pairs.sure(chunk)
        yield from pairs.rest()
        if folders:
            yield from self._entered(place, folders, names, trail)

    def _may_enter(self, path: str, entry: "os.DirEntry[str]", trail: _Trail) -> bool:
        if not self._filters.enters(path, entry.name):
            return False
        return not entry.is_symlink() or _identity(entry.stat()) not in trail

    def _entered(
        self, place: Place, folders: list["os.DirEntry[str]"], names: list[str], trail: _Trail
    ) -> Iterator[_Entry]:
        skips = not (self.counts_labels or place.labels)
        labels = self._pairing.among(place.path, names) if skips else _NO_LABELS
        # Below labels nothing speaks: who asks for a folder there gives it to a split.
        spoken = {} if place.labels else self._speech.among(place.path, place.split, names)
        for entry in folders:
            name = entry.name
            child = self._child(place, name, trail, labels)
            yield entry, self._spoken(child, spoken.get(name, _SILENT)), False

    def _child(self, place: Place, name: str, trail: _Trail, labels: LabelFolders) -> Place:
        path = f"{place.path}{name}/"
        is_given = path in self._assigned
        held = "" if is_given else place.labels or (name if name in labels.labels else "")
        return Place(
            path,
            place.split,
            self._assigned[path] if is_given else place.given,
            BY_OPTION if is_given else place.rule,
            place.conflict,
            trail,
            held,
            place.ordinary,
            place.doubtful or (path if name in labels.counted else ""),
        )

    def _spoken(self, place: Place, spoken: Spoken) -> Place:
        if spoken is _SILENT or place.labels:
            return place
        rule = place.rule
        if spoken.split and not place.given:
            rule = f"folder {shown(place.path.removesuffix('/'))}"
        ordinary = (place.path, spoken.ordinary) if spoken.ordinary else place.ordinary
        return replace(
            place,
            split=spoken.split or place.split,
            rule=rule,
            conflict=place.conflict or spoken.conflict,
            ordinary=ordinary if not place.given else ("", ""),
        )


class _Pairs:
    """Tells the labels among the images of a folder, as soon as the names are enough."""

    def __init__(self, place: Place, filters: Filters, counts_labels: bool) -> None:
        self._all_labels = bool(place.labels)
        self._looks = not (counts_labels or place.labels)
        self._filters = filters
        self._names: list[str] = []
        self._suspects: list[os.DirEntry[str]] = []

    def sure(self, entries: list["os.DirEntry[str]"]) -> Iterator[_Entry]:
        """Those of some files that are nothing else, whatever lies beside."""
        names = [entry.name for entry in entries]
        if not self._looks:
            for entry in entries:
                yield entry, None, self._all_labels
            return
        self._names += names
        if not mention(names, LABEL_HINTS):
            for entry in entries:
                yield entry, None, False
            return
        for entry in entries:
            if label_stems(entry.name) and not self._filters.asks_for_labels(entry.name):
                self._suspects.append(entry)
            else:
                yield entry, None, False

    def rest(self) -> Iterator[_Entry]:
        """The other files, once all names are known."""
        if self._suspects:
            labels = paired([entry.name for entry in self._suspects], self._names)
            for entry in self._suspects:
                yield entry, None, entry.name in labels


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads in a circle: opening it will tell
        return False


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
