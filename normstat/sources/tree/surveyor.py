"""A look through all names of a folder: how many images there are, and what is left out."""

import re
from collections.abc import Callable, Collection
from dataclasses import replace

from normstat.errors import OtherSplits, UnreadableImage
from normstat.files import shown
from normstat.images import FORMATS, Reason, Skipped
from normstat.sources.names import those
from normstat.sources.source import Selection
from normstat.sources.survey import Folders, Survey
from normstat.sources.tree.filters import extension_of
from normstat.sources.tree.found import Found
from normstat.sources.tree.split_words import ALL, SPLIT_DIR
from normstat.sources.tree.tree import Tree
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
        """Look at all names, once.

        Raises
        ------
        AmbiguousSplit
            A folder with images speaks for two splits.
        OtherSplits
            The selection was presumed, and there are others.
        """
        survey, selection = self._survey, self._selection
        stack = [self._tree.top()]
        while stack:
            place = stack.pop()
            try:
                found = self._tree.look_into(place)
            except UnreadableImage:  # shards() makes one record of a folder that cannot be listed
                if not place.labels:
                    self._add(place, place.failed_split(selection), Skipped(1, place.path))
                continue
            if found.damage:
                broken = replace(place, damaged=True)
                self._add(broken, broken.failed_split(selection), Skipped(1, place.path))
            stack.extend(self._tree.below(found))
            survey.extensions.update(map(extension_of, found.files))
            for part, images, counted in found.by_place(self._takes):
                self._add(part, part.images_split(selection), images, counted)
            skipped = map(found.skipped, (found.labels, self._others(found)))
            self._add(place, place.own or selection.rest, _NONE, 0, *skipped)
        self._tree.report(survey)
        for top in self._empty if not selection.wanted else ():
            survey.remarks.append(f"{shown(top.removesuffix('/'))}: has no images")
        if survey.doubtful.number == 1 and not self._images_elsewhere:
            survey.doubtful = Folders()  # all images are in it: a name of the data set
        return survey

    def _others(self, found: Found) -> Collection[str]:
        """Files that are no images by their names, and may be."""
        if len(found.files) == len(found.images) + len(found.labels):
            return []
        takes, path = self._tree.filters.takes, found.place.path
        return those(found.files, lambda name: looks_like_an_image(name) and takes(path, name))

    def _add(
        self,
        place: WalkedFolder,
        split: str | None,
        images: Skipped,
        counted: int | None = None,
        labels: Skipped = _NONE,
        others: Skipped = _NONE,
    ) -> None:
        """Add the files of a folder; of several images so many are to be counted."""
        survey, selection = self._survey, self._selection
        self._refuse_other(split, images)
        if split not in selection.splits:
            if selection.wanted and split is not None:
                return  # of a split that nobody asked for
            split = None
        survey.skip(split, Reason.LABELS, labels)
        if labels.images and place.labels and self._tree.pairing.says_name_alone(place.labels):
            self._meet(survey.alone, place.labels)
        survey.skip(None, Reason.UNKNOWN_EXTENSION, others)
        if not images.images:
            return
        self._empty = [top for top in self._empty if not place.path.startswith(top)]
        if place.ordinary[0]:
            self._meet(survey.ordinary, *place.ordinary)
        if split is None:
            survey.skip(None, Reason.BESIDE_SPLITS, images)
            return
        self._count(split, images, counted)
        rest = f"no folder says a split; {SPLIT_DIR} would" if split == ALL else "DATA's own name"
        survey.rules.setdefault(split, set()).add(place.rule or rest)
        if place.doubtful:
            self._meet(survey.doubtful, place.doubtful)
        else:
            self._images_elsewhere = True
        if place.given and place.split and place.given != place.split:
            survey.taken[place.rule, place.given, place.split] += images.images

    def _count(self, split: str, images: Skipped, counted: int | None) -> None:
        if counted is None:  # it is one
            counted = int(self._takes is None or self._takes(images.first))
        if counted:
            self._survey.images[split] += counted

    def _refuse_other(self, split: str | None, images: Skipped) -> None:
        """Refuse a split that was presumed not to be there."""
        is_other = split not in self._selection.splits and images.images
        if self._selection.presumed and is_other:
            raise OtherSplits(f"there are images of the split {shown(split or '')}, too")

    def _meet(self, folders: Folders, path: str, split: str = "") -> None:
        if self._latest.get(id(folders)) != path:
            self._latest[id(folders)] = path
            folders.add(path, split)
