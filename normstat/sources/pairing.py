"""Which folders hold labels: by their whole names, or by names of files that pair with images."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from normstat.images import path_bytes
from normstat.sources.filters import Filters
from normstat.sources.labels import (
    LABEL_HINTS,
    are_labels,
    bare,
    image_stems,
    is_negated,
    is_plain_number,
    label_stems,
    label_words,
    rest_of,
    without_last_word,
)
from normstat.sources.peeks import Peeks, mention

# Names that are compared, folders beside that are looked at, and folders that are listed in each.
_NAMES = 64
_BESIDE = 64
_BELOW = 16
# Folders this deep below DATA may be classes; there it is worth a look at what else is there.
_NEAR = 2
# Answers that are kept: a data set may have a folder of labels for each of a million images.
_KEPT = 1024


@dataclass(frozen=True, slots=True)
class LabelFolders:
    """Of the folders in a folder, those whose names say labels.

    Attributes
    ----------
    labels : names of those that hold labels.
    counted : names of the others: classes, for all that is known.
    alone : of `labels`, those whose names are all that says so; looked for near DATA only.
    """

    labels: frozenset[str] = frozenset()
    counted: frozenset[str] = frozenset()
    alone: frozenset[str] = frozenset()


class _Match(Enum):
    NONE = 0
    # The same names; as any numbered files have them.
    NUMBERS = 1
    # The same names, which is enough if no other folder has them.
    NAMES = 2
    # Names that only labels of these images have.
    PAIRS = 3


_NO_LABELS = LabelFolders()


class Pairing:
    """Tells folders of labels from others.

    Parameters
    ----------
    peeks : names in DATA.
    filters : which names count.
    """

    def __init__(self, peeks: Peeks, filters: Filters) -> None:
        self._peeks = peeks
        self._filters = filters
        self._known: dict[str, LabelFolders] = {}

    def among(self, path: str, folders: Sequence[str]) -> LabelFolders:
        """The folders of labels among all `folders` in the folder `path`."""
        if not mention(folders, LABEL_HINTS):
            return _NO_LABELS
        known = self._known.get(path)
        if known is None:
            if len(self._known) >= _KEPT:
                self._known.clear()
            known = self._known[path] = self._decided(path, folders)
        return known

    def _decided(self, path: str, folders: Sequence[str]) -> LabelFolders:
        words = {name: said for name in folders if (said := label_words(name)) or are_labels(name)}
        names = {bare(name) for name in folders}
        others = [
            name
            for name in sorted(folders, key=path_bytes)
            if name not in words and self._filters.enters(path, name)
        ]
        kin: dict[tuple[str, ...], list[str]] = {}
        for name in others:
            kin.setdefault(rest_of(name), []).append(name)
        possible = {
            name
            for name, said in words.items()
            if not self._filters.asks_for_labels(name)
            and not any(is_negated(word, names) for word in said)
        }
        whole = {name for name in possible if are_labels(name)}
        near = path.count("/") < _NEAR
        pairs = set()
        for name in possible if near else possible - whole:
            rest = rest_of(name)
            closest = [*kin.get(rest, ()), *(kin.get((), ()) if rest else ())][:_BESIDE]
            if self._pairs(path, name, closest, others):
                pairs.add(name)
        labels = whole | pairs
        return LabelFolders(
            frozenset(labels), frozenset(words) - labels, frozenset(labels - pairs if near else ())
        )

    def _pairs(self, path: str, name: str, kin: Sequence[str], others: Sequence[str]) -> bool:
        """True if the files in a folder are named after images in another one beside it.

        The same numbers in several folders say nothing, as classes are numbered, too: then it has
        to be a folder of kindred name (``train_masks`` and ``train``), or the only one.
        """
        top = f"{path}{name}/"
        place, names = next(self._peeks.folders_with_images(top, _BELOW), ("", []))
        if not names:
            return False
        names, below = names[:_NAMES], place.removeprefix(top)
        matches = []
        if not below and (own := self._peeks.listed(path)[1]):
            matches.append(_match(names, own, kin=True))
        rest = [other for other in others if other not in kin]
        for other in (*kin, *rest[:_BESIDE]):
            images = self._images(f"{path}{other}/", below)
            matches.append(_match(names, images, kin=other in kin))
            if matches[-1] is _Match.PAIRS:
                return True
        same = [match for match in matches if match is not _Match.NONE]
        return _Match.PAIRS in same or same == [_Match.NAMES]

    def _images(self, path: str, below: str) -> list[str]:
        """The names of images in the same place of another folder, or else anywhere in it."""
        images = self._peeks.listed(path + below)[1]
        if images:
            return images
        found = self._peeks.folders_with_images(path, _BELOW)
        return [name for _, names in found for name in names]


class Suspects:
    """Tells the labels among the images of a folder, as soon as the names are enough."""

    def __init__(self, filters: Filters, looks: bool) -> None:
        self._filters = filters
        self._looks = looks
        self._names: list[str] = []
        self._suspects: list[os.DirEntry[str]] = []

    def sure(self, entries: list["os.DirEntry[str]"]) -> list["os.DirEntry[str]"]:
        """Those of some images that are nothing else, whatever lies beside."""
        if not self._looks:
            return entries
        names = [entry.name for entry in entries]
        self._names += names
        if not mention(names, LABEL_HINTS):
            return entries
        sure = []
        for entry in entries:
            if label_stems(entry.name) and not self._filters.asks_for_labels(entry.name):
                self._suspects.append(entry)
            else:
                sure.append(entry)
        return sure

    def rest(self) -> Iterator[tuple["os.DirEntry[str]", bool]]:
        """The other images, and whether they are labels, once all names are known."""
        if self._suspects:
            labels = paired([entry.name for entry in self._suspects], self._names)
            for entry in self._suspects:
                yield entry, entry.name in labels


def paired(names: Iterable[str], beside: Iterable[str]) -> frozenset[str]:
    """Of files whose names say labels, those that have an image beside them in the folder.

    >>> sorted(paired(["7_mask.png", "8_mask.png", "gt.png"], ["7_sat.jpg", "img.png"]))
    ['7_mask.png', 'gt.png']
    """
    stems = {stem for name in beside for stem in image_stems(name)}
    return frozenset(name for name in names if any(stem in stems for stem in label_stems(name)))


def _match(names: Sequence[str], images: Iterable[str], kin: bool) -> _Match:
    """How the names of files that may be labels match those of images: at least half of them."""
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
        is_plain_number(stem) and stems[stem.lower()].lower() == extension.lower()
        for stem, extension in map(os.path.splitext, same)
    )
    return _Match.NUMBERS if says_nothing else _Match.NAMES
