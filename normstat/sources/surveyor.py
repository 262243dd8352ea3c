"""A look through all names of a folder: how many images there are, and what is left out."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from normstat.images import FORMATS, Reason, Skipped, path_bytes
from normstat.sources.place import Place
from normstat.sources.source import Folders, Selection, Survey
from normstat.sources.tree import Tree

# Extensions of images that are not read here; some may be one day.
_FOREIGN = {
    *(".heic", ".heif", ".jxl", ".jp2", ".j2k", ".jpx", ".jpf", ".dcm", ".dicom", ".dng", ".cr2"),
    *(".nef", ".arw", ".tga", ".exr", ".hdr", ".ico", ".psd", ".svg", ".eps"),
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
    extension = name[name.rfind(".") :].lower() if "." in name else ""
    if extension in FORMATS:
        return False
    return extension in _FOREIGN or _LIKE_AN_IMAGE.search(name) is not None


def survey_of(tree: Tree, selection: Selection, rest_rule: Callable[[str], str]) -> Survey:
    """Look through all names below a folder.

    Parameters
    ----------
    rest_rule : what chose the split of images outside every split's folder.

    Raises
    ------
    AmbiguousSplit
        A folder with images speaks for two splits.
    """
    survey = Survey()
    images_elsewhere = False
    stack = [tree.top()]
    while stack:
        place = stack.pop()
        seen = _Seen(tree, survey.extensions)
        images, first = 0, ""
        try:
            for entry, child, is_label in tree.scan(place, seen):
                if child:
                    stack.append(child)
                elif is_label:
                    seen.labels += Skipped(1, entry.name)
                else:
                    images += 1
                    name = entry.name
                    if not first or name < first or not name.isascii():
                        first = min(first or name, name, key=path_bytes)
            split = place.images_split(selection) if images else place.own or selection.rest
        except OSError:  # shards() makes one record of a folder that cannot be listed
            if place.labels:
                continue
            seen = _Seen(tree, survey.extensions)
            images, first = 1, ""
            split = place.own or selection.rest
        seen.images = Skipped(images, first)
        _add(survey, place, seen, split, selection)
        images_elsewhere |= images > 0 and not place.doubtful and split in selection.splits
        if images and split in selection.splits:
            survey.rules.setdefault(split, set()).add(place.rule or rest_rule(split))
    if survey.doubtful.number == 1 and not images_elsewhere:
        survey.doubtful = Folders()  # all images are in it: a name of the data set
    return survey


@dataclass(slots=True)
class _Seen:
    """The files of one folder; is told those that are no images by their names."""

    tree: Tree
    extensions: Counter[str]
    images: Skipped = _NONE
    labels: Skipped = _NONE
    others: Skipped = _NONE

    def add(self, path: str, name: str) -> None:
        if looks_like_an_image(name) and self.tree.filters.takes(path, name):
            self.others += Skipped(1, name)


def _add(
    survey: Survey, place: Place, seen: _Seen, split: str | None, selection: Selection
) -> None:
    """Add what is in a folder."""
    if split not in selection.splits:
        if selection.wanted and split is not None:
            return  # of a split that nobody asked for
        split = None
    images, labels, others = (
        Skipped(names.images, place.path + names.first) if names.images else names
        for names in (seen.images, seen.labels, seen.others)
    )
    survey.skip(split, Reason.LABELS, labels)
    if labels.images and place.labels and seen.tree.says_name_alone(place.labels):
        survey.alone.add(place.labels)
    survey.skip(None, Reason.UNKNOWN_EXTENSION, others)
    if not images.images:
        return
    if place.ordinary[0]:
        survey.ordinary.add(*place.ordinary)
    if split is None:
        survey.skip(None, Reason.BESIDE_SPLITS, images)
        return
    survey.images[split] += images.images
    if place.doubtful:
        survey.doubtful.add(place.doubtful)
    if place.given and place.split and place.given != place.split:
        survey.taken[place.given, place.split] += images.images
