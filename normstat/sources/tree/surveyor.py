"""A look through all names of a folder: how many images there are, and what is left out."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from normstat.errors import UnreadableImage
from normstat.files import shown
from normstat.images import FORMATS, Reason, Skipped
from normstat.sources.source import Selection
from normstat.sources.survey import Folders, Survey
from normstat.sources.tree.filters import extension_of
from normstat.sources.tree.split_words import ALL, SPLIT_DIR
from normstat.sources.tree.tree import Found, Tree
from normstat.sources.tree.walked_folder import WalkedFolder

# Extensions of images that are not read here; some may be one day.
_FOREIGN = {
    *(".heic", ".heif", ".jxl", ".jp2", ".j2k", ".jpx", ".jpf", ".dng", ".cr2", ".nef", ".arw"),
    *(".tga", ".exr", ".hdr", ".ico", ".psd", ".svg", ".eps"),
}
_NONE = Skipped()
# An extension with something behind it that is no other extension: what a URL, a browser or a
# careless script has left (a.jpg?w=640, a.jpg_large, "a.jpg ", a.jpg.1), but not a.jpg.json.
_LIKE_AN_IMAGE = re.compile(
    r".\.(?:" + "|".join(extension[1:] for extension in FORMATS) + r")"
    r"(?:\.\d*|(?![A-Za-z0-9.]).*(?<!\.[A-Za-z]{2})(?<!\.[A-Za-z]{3})(?<!\.[A-Za-z]{4}))$",
    re.IGNORECASE | re.DOTALL,
)


def looks_like_an_image(name: str) -> bool:
    """True for a name that an image may have, but that does not end like one.

    >>> [looks_like_an_image(name) for name in ("a.jpg?w=640", "a.jpg_large", "a.jpg ", "a.HEIC")]
    [True, True, True, True]
    >>> [looks_like_an_image(name) for name in ("a.jpg", "a.jpg.json", "a.jpgs", "a.jpg_list.txt")]
    [False, False, False, False]
    """
    extension = extension_of(name)
    if extension in FORMATS:
        return False
    return extension in _FOREIGN or _LIKE_AN_IMAGE.search(name) is not None


class Surveyor:
    """A look through all names below a folder, for the splits of a selection.

    Parameters
    ----------
    takes : tells by its path if an image is to be counted; None: all are.
    """

    def __init__(
        self, tree: Tree, selection: Selection, takes: Callable[[str], bool] | None = None
    ) -> None:
        self._tree = tree
        self._selection = selection
        self._takes = takes
        self._survey = Survey(only_labels=selection.only_labels, filtered=tree.filters.is_any)
        self._images_elsewhere = False
        # Of several DATA, those without an image so far.
        self._empty = [top for top in tree.tops if top]
        # Path of the folder met last, of each kind: it is met again in each of those below it.
        self._latest: dict[int, str] = {}

    def survey(self) -> Survey:
        """Look at all names, once."""
        survey, selection = self._survey, self._selection
        stack = [self._tree.top()]
        while stack:
            place = stack.pop()
            try:
                found = self._tree.look_into(place)
            except UnreadableImage:  # shards() makes one record of a folder that cannot be listed
                if not place.labels:
                    self._add(place, place.failed_split(selection), [""])
                continue
            if found.damage:
                damaged = replace(place, damaged=True).failed_split(selection)
                if damaged and damaged in selection.splits:
                    survey.images[damaged] += self._counted(place.path, [""])
                    if place.rule:
                        survey.rules.setdefault(damaged, set()).add(place.rule)
            stack.extend(self._tree.below(found))
            survey.extensions.update(map(extension_of, found.files))
            for part, images in found.by_place():
                self._add(part, part.images_split(selection), images)
            beside = found.labels, self._others(found)
            skipped = (_skipped(place, names) for names in beside)
            self._add(place, place.own or selection.rest, (), *skipped)
        self._tree.report(survey)
        for top in self._empty if not selection.wanted else ():
            survey.remarks.append(f"{shown(top.removesuffix('/'))}: has no images")
        if survey.doubtful.number == 1 and not self._images_elsewhere:
            survey.doubtful = Folders()  # all images are in it: a name of the data set
        return survey

    def _others(self, found: Found) -> list[str]:
        """Files that are no images by their names, and may be."""
        if len(found.files) == len(found.images) + len(found.labels):
            return []
        takes, path = self._tree.filters.takes, found.place.path
        return [name for name in found.files if looks_like_an_image(name) and takes(path, name)]

    def _add(
        self,
        place: WalkedFolder,
        split: str | None,
        names: Sequence[str],
        labels: Skipped = _NONE,
        others: Skipped = _NONE,
    ) -> None:
        """Add the files of a folder."""
        survey, selection = self._survey, self._selection
        if split not in selection.splits:
            if selection.wanted and split is not None:
                return  # of a split that nobody asked for
            split = None
        survey.skip(split, Reason.LABELS, labels)
        if labels.images and place.labels and self._tree.pairing.says_name_alone(place.labels):
            self._meet(survey.alone, place.labels)
        survey.skip(None, Reason.UNKNOWN_EXTENSION, others)
        if not names:
            return
        self._empty = [top for top in self._empty if not place.path.startswith(top)]
        if place.ordinary[0]:
            self._meet(survey.ordinary, *place.ordinary)
        if split is None:
            survey.skip(None, Reason.BESIDE_SPLITS, _skipped(place, names))
            return
        if counted := self._counted(place.path, names):
            survey.images[split] += counted
        rest = f"no folder says a split; {SPLIT_DIR} would" if split == ALL else "DATA's own name"
        survey.rules.setdefault(split, set()).add(place.rule or rest)
        if place.doubtful:
            self._meet(survey.doubtful, place.doubtful)
        else:
            self._images_elsewhere = True
        if place.given and place.split and place.given != place.split:
            survey.taken[place.rule, place.given, place.split] += len(names)

    def _counted(self, folder: str, names: Sequence[str]) -> int:
        """Number of images in a folder that are to be counted."""
        if self._takes is None:
            return len(names)
        return sum(self._takes(folder + name) for name in names)

    def _meet(self, folders: Folders, path: str, split: str = "") -> None:
        if self._latest.get(id(folders)) != path:
            self._latest[id(folders)] = path
            folders.add(path, split)


def _skipped(place: WalkedFolder, names: Sequence[str]) -> Skipped:
    return Skipped(len(names), place.path + names[0]) if names else _NONE
