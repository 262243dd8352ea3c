"""The walk through a folder of images: which are there, and which split their path speaks for.

It goes in the byte order of relative paths, with one folder's names in memory at a time.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import replace
from heapq import merge
from typing import TypeAlias

from normstat.errors import UnreadableImage, option
from normstat.files import shown
from normstat.images import FORMATS, path_bytes
from normstat.sources.catalog import Catalog
from normstat.sources.endings import FOLDERS
from normstat.sources.names import those
from normstat.sources.numbered import Stack
from normstat.sources.survey import Survey
from normstat.sources.tree.filters import Filters, extension_of
from normstat.sources.tree.found import Found
from normstat.sources.tree.pairing import LabelFolders, Pairing, labels_among
from normstat.sources.tree.peeks import Peeks
from normstat.sources.tree.speech import Speech, Spoken
from normstat.sources.tree.split_words import split_names
from normstat.sources.tree.walked_folder import WalkedFolder

#: The rule by which a split was chosen that a user has named.
BY_OPTION = option("split_dir")
# Of an image: its folder, its path, and the reason why it cannot be read. Of all those of an array:
# their folder, its path, and the stack.
_Image: TypeAlias = tuple[WalkedFolder, str, UnreadableImage | None, Stack | None]
_Walked: TypeAlias = WalkedFolder | _Image


class Tree:
    """Folders and images below a folder, as far as they count.

    Parameters
    ----------
    assigned : relative path of a folder, with a trailing ``/`` → the split that it was given to,
        and by what.
    include, exclude : globs, see :class:`normstat.sources.options.SourceOptions`.
    counts_labels : labels are images like others.
    tops : folders that were given as DATA, with a trailing ``/``: they are entered whatever they
        are called.
    files : those of them that are files: images in them are no labels for what these are called.

    Attributes
    ----------
    filters : which names count.
    pairing : which folders hold labels.
    tops : the same.
    """

    def __init__(
        self,
        catalog: Catalog,
        assigned: Mapping[str, tuple[str, str]],
        include: Iterable[str],
        exclude: Iterable[str],
        counts_labels: bool,
        tops: Collection[str] = (),
        files: Collection[str] = (),
    ) -> None:
        self._catalog = catalog
        self.tops = tuple(tops)
        self._assigned = assigned
        # Folders to pass on the way to an assigned one, whatever their names.
        self._above_assigned = _above(assigned) | ({""} if any(assigned) else set())
        # Who gives what lies in a folder of labels by its name has not been asked for labels.
        self._files = frozenset(files)
        self._no_labels = frozenset((*_above(tops), *files))
        asked = {*assigned, *self._above_assigned, *tops, *self._no_labels}
        self.filters = Filters(include, exclude, asked, catalog.only_images)
        peeks = Peeks(catalog, self.filters)
        self.pairing = Pairing(peeks, self.filters)
        self._speech = Speech(peeks, self.pairing, self.filters)
        self._counts_labels = counts_labels

    def counting_labels(self) -> "Tree":
        """The same tree with labels that are images like others."""
        tree = copy(self)
        tree._counts_labels = True  # noqa: SLF001  # a tree of this class
        return tree

    def top(self) -> WalkedFolder:
        """The root, from which the walk begins."""
        given, rule = self._assigned.get("", (None, ""))
        return WalkedFolder("", None, given, rule, None, tuple(self._catalog.above()))

    def report(self, survey: Survey) -> None:
        """Add to a survey what the catalog knows besides names."""
        self._catalog.report(survey)

    def leads_to_assigned(self, place: WalkedFolder) -> bool:
        """True if a folder below this one was given to a split."""
        return place.path in self._above_assigned

    def has_images(self, place: WalkedFolder) -> bool:
        """False if all that can be in a folder are labels."""
        return not place.labels or self.leads_to_assigned(place)

    def walk(self) -> Iterator[_Image]:
        """Images, and folders that cannot be listed, in byte order, each with its folder.

        All images of an array come as one.
        """
        stack = [self._walked(self.top())]
        while stack:
            for item in stack[-1]:
                if isinstance(item, WalkedFolder):
                    stack.append(self._walked(item))
                    break
                yield item
            else:
                stack.pop()

    def _walked(self, place: WalkedFolder) -> Iterator[_Walked]:
        """Images and folders in a folder, in byte order."""
        try:
            found = self.look_into(place)
        except UnreadableImage as error:
            if not place.labels:
                yield place, place.path, error, None
            return
        below: list[_Walked]
        below = [child for child in self.below(found) if self.has_images(child)]
        images: Iterator[_Walked]
        images = ((found.place_of(name), place.path + name, None, None) for name in found.images)
        if below:
            yield from merge(images, sorted(below, key=_bytes_of), key=_bytes_of)
        elif found.stack:
            yield found.place, place.path, None, found.stack
        else:
            yield from images
        for name, failure in found.failures.items():
            yield found.place_of(name), place.path + name, failure, None
        if found.damage:
            yield replace(found.place, damaged=True), place.path, found.damage, None

    def look_into(self, place: WalkedFolder) -> Found:
        """The names in a folder.

        Raises
        ------
        UnreadableImage
            It cannot be listed.
        """
        path, filters = place.path, self.filters
        entries = self._catalog.entries(path)
        if filters.has_only_images(path):
            files = images = entries.files
        else:
            files = those(entries.files, lambda name: not filters.is_hidden(path, name))
            images = those(files, lambda name: extension_of(name) in FORMATS)
        failures = dict(entries.failures)
        if filters.is_any:
            images = those(images, lambda name: filters.takes(path, name))
            failures = {name: failures[name] for name in failures if filters.takes(path, name)}
        labels: Collection[str] = []
        if place.labels:
            images, labels, failures = [], images, {}
        elif not self._counts_labels and (found := labels_among(images, filters)):
            labels = [name for name in images if name in found]
            images = those(images, lambda name: name not in found)
        folders = [name for name in entries.folders if not filters.is_hidden(path, name)]
        place = replace(place, trail=(*place.trail, entries.identity))
        splits = {} if place.rule == BY_OPTION else entries.splits
        apart: dict[tuple[str, str] | None, WalkedFolder] = {
            says: replace(place, given=says[0], rule=says[1], apart=True)
            for says in (entries.own_splits if splits else ())
        }
        links = entries.links
        return Found(
            place,
            files,
            images,
            labels,
            folders,
            links,
            failures,
            splits,
            apart,
            entries.damage,
            stack=entries.stack if images is entries.files else None,  # else some are left out
        )

    def below(self, found: Found) -> Iterator[WalkedFolder]:
        """The folders in a folder that the globs let through, but for links that lead back."""
        place = found.place
        skips = not (self._counts_labels or place.labels)
        labels = self.pairing.among(place.path, found.folders) if skips else LabelFolders()
        # Below labels nothing speaks: who asks for a folder there gives it to a split.
        spoken = {} if place.labels else self._speech.among(place.path, place.split, found.folders)
        for name in found.folders:
            if self.filters.enters(place.path, name) and found.links.get(name) not in place.trail:
                child = self._child(place, name, labels)
                says = None if child.labels else spoken.get(name)
                if child.path in self._files and (says is None or says.ordinary):
                    says = _own_word(name) or says
                yield _told(child, says) if says else child

    def _child(self, place: WalkedFolder, name: str, labels: LabelFolders) -> WalkedFolder:
        path = f"{place.path}{name}/"
        given = self._assigned.get(path)
        is_label = name in labels.labels and path not in self._no_labels
        held = "" if given else place.labels or (path if is_label else "")
        return replace(
            place,
            path=path,
            given=given[0] if given else place.given,
            rule=given[1] if given else place.rule,
            labels=held,
            doubtful=place.doubtful
            or (path if name in labels.counted and path not in self._no_labels else ""),
        )


def _bytes_of(item: _Walked) -> bytes:
    return path_bytes(item.path if isinstance(item, WalkedFolder) else item[1])


def _own_word(name: str) -> Spoken | None:
    """The split that the name of a file says that is DATA, as ``instances_train2017.json``."""
    splits = split_names(name)
    return Spoken(next(iter(splits))) if len(splits) == 1 else None


def _above(paths: Iterable[str]) -> set[str]:
    """The folders on the way to some folders."""
    return {
        path[: end + 1] for path in paths for end, letter in enumerate(path[:-1]) if letter == "/"
    }


def _told(place: WalkedFolder, spoken: Spoken) -> WalkedFolder:
    """A folder whose own name says something."""
    rule = place.rule
    if spoken.split and not place.given:
        path = place.path.removesuffix("/")
        rule = f"{'file' if path.lower().endswith(FOLDERS) else 'folder'} {shown(path)}"
    says_first = spoken.ordinary and not place.ordinary[0]  # those below it go with it
    ordinary = (place.path, spoken.ordinary) if says_first else place.ordinary
    return replace(
        place,
        split=spoken.split or place.split,
        rule=rule,
        conflict=place.conflict or spoken.conflict,
        ordinary=ordinary if not place.given else ("", ""),
    )
