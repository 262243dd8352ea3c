"""Folders of labels: by their whole names, or by names of files that pair with images."""

import os
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from enum import Enum
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from normstat.images import path_bytes
from normstat.sources.tree.filters import Filters
from normstat.sources.tree.labels import (
    FOLDER_HINTS,
    LABEL_HINTS,
    PAIRED_WORDS,
    are_labels,
    bare,
    image_stems,
    is_negated,
    label_stems,
    label_words,
    rest_of,
    without_last_word,
)
from normstat.sources.tree.peeks import Peeks, mention

# Names that are compared, folders beside that are looked at, and folders that are listed in each.
_NAMES = 64
_BESIDE = 64
_BELOW = 16
# Folders this deep below DATA may be classes; there it is worth a look at what else is there.
_NEAR = 2
# Answers that are kept: a data set may have a folder of labels for each of a million images.
_KEPT = 1024


class LabelFolders(NamedTuple):
    """The folders in a folder whose names have words of labels.

    Attributes
    ----------
    labels : names of those that hold labels.
    counted : names of the others: classes, for all that is known.
    """

    labels: frozenset[str] = frozenset()
    counted: frozenset[str] = frozenset()


class _Match(Enum):
    NONE = 0
    # The same names; as any numbered files have them.
    NUMBERS = 1
    # The same names, which is enough if no other folder has them.
    NAMES = 2
    # Names that only labels of these images have.
    PAIRS = 3


class Pairing:
    """Tells folders of labels from others."""

    def __init__(self, peeks: Peeks, filters: Filters) -> None:
        self._peeks = peeks
        self._filters = filters
        self._known: dict[str, LabelFolders] = {}
        self._judged = ("", False)

    def among(self, path: str, folders: Sequence[str]) -> LabelFolders:
        """The folders of labels among all `folders` in the folder `path`."""
        if not mention(folders, FOLDER_HINTS):
            return LabelFolders()
        known = self._known.get(path)  # a survey in another thread may clear them
        if known is None:
            if len(self._known) >= _KEPT:
                self._known.clear()
            known = self._known[path] = self._decided(path, folders)
        return known

    def says_name_alone(self, labels: str) -> bool:
        """True if nothing but the name of a folder of labels says so; looked for near DATA only.

        Deeper down there may be millions, and no classes.
        """
        if self._judged[0] != labels:  # a survey asks in each folder below it
            self._judged = labels, self._has_name_alone(labels)
        return self._judged[1]

    def _has_name_alone(self, labels: str) -> bool:
        above, slash, name = labels.removesuffix("/").rpartition("/")
        above += slash
        if above.count("/") >= _NEAR or not are_labels(name):
            return False
        return not self._images_beside(above, self._peeks.listed(above)[0]).pair_with(name)

    def _decided(self, path: str, folders: Sequence[str]) -> LabelFolders:
        asked = self._filters.asks_for_labels
        words = {name: said for name in folders if (said := label_words(name)) or are_labels(name)}
        names = {bare(name) for name in folders}
        images = self._images_beside(path, folders)
        labels = {
            name
            for name, said in words.items()
            if not (asked(name) or any(is_negated(word, names) for word in said))
            and (are_labels(name) or images.pair_with(name))
        }
        counted = set(words) - labels
        others = [name for name in folders if name not in words]
        if paired := {name for name in others if label_words(name, PAIRED_WORDS)}:
            images = self._images_beside(path, [name for name in folders if name not in paired])
            labels |= {name for name in paired if not asked(name) and images.pair_with(name)}
            counted |= {name for name in paired - labels if are_labels(name, PAIRED_WORDS)}
        return LabelFolders(frozenset(labels), frozenset(counted))

    def _images_beside(self, path: str, folders: Sequence[str]) -> "_Images":
        others = [
            name
            for name in folders
            if not (label_words(name) or are_labels(name)) and self._filters.enters(path, name)
        ]
        return _Images(self._peeks, path, sorted(others, key=path_bytes))


class _Images:
    """The images in a folder, and in the folders in it that are not of labels."""

    def __init__(self, peeks: Peeks, path: str, folders: Sequence[str]) -> None:
        self._peeks = peeks
        self._path = path
        self._folders = folders
        self._kin: dict[tuple[str, ...], list[str]] = {}
        for name in folders:
            self._kin.setdefault(rest_of(name), []).append(name)

    @cached_property
    def _own(self) -> Collection[str]:
        return self._peeks.listed(self._path)[1]

    def pair_with(self, name: str) -> bool:
        """True if the files in a folder beside are named after images here.

        The same numbers in several folders say nothing, as classes are numbered, too: then it has
        to be a folder of kindred name (``train_masks`` and ``train``), or the only one.
        """
        top = f"{self._path}{name}/"
        place, names = next(self._peeks.folders_with_images(top, _BELOW), ("", []))
        if not names:
            return False
        names, below = list(islice(names, _NAMES)), place.removeprefix(top)
        matches = [_match(names, self._own, kin=True)] if not below and self._own else []
        rest = rest_of(name)
        kin = [*self._kin.get(rest, ()), *(self._kin.get((), ()) if rest else ())][:_BESIDE]
        others = (other for other in self._folders if other not in kin)
        for other in (*kin, *islice(others, _BESIDE)):
            if _Match.PAIRS in matches:
                return True
            matches.append(_match(names, self._below(other, below), kin=other in kin))
        same = [match for match in matches if match is not _Match.NONE]
        return _Match.PAIRS in same or same == [_Match.NAMES]

    def _below(self, folder: str, below: str) -> Collection[str]:
        """The names of images in the same place of another folder, or else anywhere in it."""
        path = f"{self._path}{folder}/"
        found = self._peeks.folders_with_images(path, _BELOW)
        return self._peeks.listed(path + below)[1] or [name for _, names in found for name in names]


def labels_among(names: Collection[str], filters: Filters) -> frozenset[str]:
    """The labels among the names of the images in a folder."""
    if not mention(names, LABEL_HINTS):
        return frozenset()
    asked = filters.asks_for_labels
    suspects = [name for name in names if mention((name,), LABEL_HINTS) and label_stems(name)]
    suspects = [name for name in suspects if not asked(name)]
    return paired(suspects, names) if suspects else frozenset()


def paired(names: Collection[str], beside: Iterable[str]) -> frozenset[str]:
    """The files among those named like labels that have an image beside them in the folder.

    Where no image has the name without a word, several with one word each may share it: channels
    of one scan, as ``7_t1`` and ``7_t2`` beside ``7_seg``. It has to end in a number, as a name of
    one thing among many does.

    >>> sorted(paired(["7_mask.png", "8_mask.png", "gt.png"], ["7_sat.jpg", "img.png"]))
    ['7_mask.png', 'gt.png']
    >>> sorted(paired(["7_seg.png", "8_seg.png"], ["7_t1.png", "7_t2.png", "8_t1.png"]))
    ['7_seg.png']
    """
    beside = list(beside)
    stems = {stem for name in beside for stem in image_stems(name)}
    found = {name for name in names if any(stem in stems for stem in label_stems(name))}
    rest = [name for name in names if name not in found]
    if rest:
        channels = Counter(without_last_word(name) for name in beside if not label_stems(name))
        shared = {stem for stem, images in channels.items() if images > 1 and stem[-1:].isdigit()}
        found.update(name for name in rest if not shared.isdisjoint(label_stems(name)))
    return frozenset(found)


def _match(names: Sequence[str], images: Iterable[str], kin: bool) -> _Match:
    """Match names of files that may be labels with those of images; half of them are enough."""
    stems = {stem: os.path.splitext(image)[1] for image in images for stem in image_stems(image)}
    same = {name for name in names if os.path.splitext(name)[0].lower() in stems}
    pairs = {name for name in names if any(stem in stems for stem in label_stems(name))}
    if kin:
        pairs |= same | {name for name in names if without_last_word(name) in stems}
    if 2 * len(pairs) >= len(names):
        return _Match.PAIRS
    if 2 * len(same) < len(names):
        return _Match.NONE
    says_nothing = all(
        stem.isdigit() and stems[stem.lower()].lower() == extension.lower()
        for stem, extension in map(os.path.splitext, same)
    )
    return _Match.NUMBERS if says_nothing else _Match.NAMES
