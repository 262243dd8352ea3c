"""The walk through a folder of images: which are there, and which split their path speaks for.

It goes in the byte order of relative paths, with one folder's names in memory at a time.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from operator import itemgetter
from typing import Protocol, TypeAlias

from normstat.errors import option
from normstat.files import shown
from normstat.images import FORMATS, path_bytes
from normstat.sources.filters import Filters
from normstat.sources.pairing import LabelFolders, Pairing, Suspects
from normstat.sources.peeks import Peeks, is_folder
from normstat.sources.place import Place, Trail
from normstat.sources.speech import Speech, Spoken

#: The rule by which a split was chosen that a user has named.
BY_OPTION = option("split_dir")
# Names that are looked at together.
_CHUNK = 512
_NO_LABELS = LabelFolders()
_SILENT = Spoken()


# Sort key, relative path, place, and: True for a folder, the failure where it cannot be listed.
_Item: TypeAlias = tuple[bytes, str, Place, bool | OSError]
# A folder with its place, or a file and True if it is a label.
_Entry: TypeAlias = tuple["os.DirEntry[str]", Place | None, bool]


class Others(Protocol):
    """Is told the files that are no images by their names.

    Attributes
    ----------
    extensions : those of all files are counted in it.
    """

    extensions: Counter[str]

    def add(self, path: str, name: str) -> None:
        """A file in a folder that has no extension of images."""


class Tree:
    """Folders and images below a folder, as far as they count.

    Parameters
    ----------
    root : the folder.
    assigned : relative path of a folder, with a trailing ``/`` → the split that it was given to.
    include, exclude : globs, see :class:`normstat.sources.Folder`.

    Attributes
    ----------
    filters : which names count.
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
        self.filters = Filters(include, exclude, {*assigned, *self._above_assigned})
        peeks = Peeks(root, self.filters)
        self._pairing = Pairing(peeks, self.filters)
        self._speech = Speech(peeks, self._pairing, self.filters)
        self.filtered = self.filters.is_any
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

    def says_name_alone(self, labels: str) -> bool:
        """True if a folder holds labels for all that its name says, and may be a class."""
        return self._pairing.says_name_alone(labels)

    def walk(self) -> Iterator[tuple[Place, str, OSError | None]]:
        """Images, and folders that cannot be listed, in byte order, each with its folder."""
        stack = [self._listed(self.top())]
        while stack:
            for _, path, place, what in stack[-1]:
                if what is True:
                    stack.append(self._listed(place))
                    break
                yield place, path, what or None
            else:
                stack.pop()

    def _listed(self, place: Place) -> Iterator[_Item]:
        items: list[_Item] = []
        try:
            for entry, child, is_label in self.scan(place):
                if child:
                    if self.has_images(child):
                        key = path_bytes(entry.name + "/")
                        items.append((key, child.path, child, True))
                elif not is_label:
                    path = place.path + entry.name
                    items.append((path_bytes(entry.name), path, place, False))
        except OSError as error:
            items = [] if place.labels else [(b"", place.path, place, error)]
        items.sort(key=itemgetter(0))
        return iter(items)

    def scan(self, place: Place, others: Others | None = None) -> Iterator[_Entry]:
        """List a folder, unsorted: images, then folders with their place.

        Parameters
        ----------
        others : is told what else there is.
        """
        path = place.path
        location = f"{self._root}/{path}"
        trail = (*place.trail, _identity(os.stat(location)))
        names: list[str] = []
        folders: list[os.DirEntry[str]] = []
        all_labels = bool(place.labels)
        pairs = Suspects(self.filters, not (self.counts_labels or place.labels))
        with os.scandir(location) as entries:
            for chunk in self._images(path, entries, names, folders, others):
                for image in pairs.sure(chunk):
                    yield image, None, all_labels
        for image, is_label in pairs.rest():
            yield image, None, is_label
        if folders:
            yield from self._entered(place, folders, names, trail)

    def _images(
        self,
        path: str,
        entries: Iterable["os.DirEntry[str]"],
        names: list[str],
        folders: list["os.DirEntry[str]"],
        others: Others | None,
    ) -> Iterator[list["os.DirEntry[str]"]]:
        """The images in a folder, many at a time.

        Parameters
        ----------
        names : is given the names of all folders: those beside tell what a name means.
        folders : is given those that the globs let through.
        """
        chunk = []
        for entry in entries:
            name = entry.name
            if name.startswith(".") and self.filters.is_hidden(path, name):
                continue
            if is_folder(entry):
                names.append(name)
                if self.filters.enters(path, name):
                    folders.append(entry)
                continue
            dot = name.rfind(".")
            extension = name[dot:].lower() if dot > 0 else ""
            if others is not None:
                others.extensions[extension] += 1
            if extension in FORMATS:
                if not self.filtered or self.filters.takes(path, name):
                    chunk.append(entry)
                    if len(chunk) == _CHUNK:
                        yield chunk
                        chunk = []
            elif others is not None:
                others.add(path, name)
        yield chunk

    def _entered(
        self, place: Place, folders: list["os.DirEntry[str]"], names: list[str], trail: Trail
    ) -> Iterator[_Entry]:
        skips = not (self.counts_labels or place.labels)
        labels = self._pairing.among(place.path, names) if skips else _NO_LABELS
        # Below labels nothing speaks: who asks for a folder there gives it to a split.
        spoken = {} if place.labels else self._speech.among(place.path, place.split, names)
        for entry in folders:
            name = entry.name
            if entry.is_symlink() and _identity(entry.stat()) in trail:
                continue
            child = self._child(place, name, trail, labels)
            yield entry, self._spoken(child, spoken.get(name, _SILENT)), False

    def _child(self, place: Place, name: str, trail: Trail, labels: LabelFolders) -> Place:
        path = f"{place.path}{name}/"
        is_given = path in self._assigned
        held = "" if is_given else place.labels or (path if name in labels.labels else "")
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
        says_first = spoken.ordinary and not place.ordinary[0]  # those below it go with it
        ordinary = (place.path, spoken.ordinary) if says_first else place.ordinary
        return replace(
            place,
            split=spoken.split or place.split,
            rule=rule,
            conflict=place.conflict or spoken.conflict,
            ordinary=ordinary if not place.given else ("", ""),
        )


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
