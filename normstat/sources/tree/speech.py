"""Splits that folders speak for: by a whole name, or by a word in it and what lies beside."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice

from normstat.sources.tree.filters import Filters
from normstat.sources.tree.labels import FOLDER_WORDS, IMAGE_WORDS, label_words
from normstat.sources.tree.pairing import Pairing
from normstat.sources.tree.peeks import Peeks, mention
from normstat.sources.tree.split_words import SPLIT_HINTS, Said, conflict_message, said


@dataclass(frozen=True, slots=True)
class Spoken:
    """The split that the name of a folder says.

    Attributes
    ----------
    split : for which it speaks; None if for none.
    conflict : the message to raise should it hold an image.
    ordinary : the split whose word is in its name without making it a split; else empty.
    """

    split: str | None = None
    conflict: str | None = None
    ordinary: str = ""


class Speech:
    """Tells folders that are splits from others."""

    def __init__(self, peeks: Peeks, pairing: Pairing, filters: Filters) -> None:
        self._peeks = peeks
        self._pairing = pairing
        self._filters = filters
        self._only: dict[str, str | None] = {}

    def among(self, path: str, split: str | None, folders: Sequence[str]) -> dict[str, Spoken]:
        """Judge all `folders` in `path`, which speaks for `split`; leave out the silent ones."""
        if not mention(folders, SPLIT_HINTS):
            return {}
        words = {name: spoken for name in folders if (spoken := said(name))}
        if split is not None:
            return {name: self._inside(path, name, split, words, folders) for name in words}
        beside = _Beside(words.values())
        return {name: self._outside(path, name, words[name], beside) for name in words}

    def _outside(self, path: str, name: str, mine: Said, beside: "_Beside") -> Spoken:
        if mine.whole:
            return Spoken(mine.whole)
        there = beside.with_rest.get(mine.rest, set())
        if mine.split and there - {mine.split}:
            return Spoken(mine.split)
        if mine.is_test_dev and there:
            return Spoken("test")
        if mine.split in beside.whole and _says_only(name, mine):
            return Spoken(mine.split)  # labels that are counted, as train_masks beside train
        if mine.glued:
            return Spoken()
        if not mine.split:
            # A folder of train and val beside one of val: given to train, it would leak.
            splits = sorted(mine.splits)
            offered = [] if any(beside.number[split] > 1 for split in splits) else splits
            return Spoken(conflict=conflict_message(f"{path}{name}/", splits, offered))
        if self._is_only(f"{path}{name}/"):
            return Spoken(mine.split)
        return Spoken(ordinary=mine.split)

    def _inside(
        self, path: str, name: str, split: str, words: dict[str, Said], folders: Sequence[str]
    ) -> Spoken:
        """Judge a folder inside of a split: it may be a class, if those beside it are."""
        exact = words[name].whole
        if exact in (None, split):
            return Spoken()
        others = [other for other in folders if other != name]
        if not any(words[other].whole for other in others if other in words) and any(
            self._is_class(path, other) for other in others
        ):
            return Spoken()
        return Spoken(conflict=conflict_message(f"{path}{name}/", (split, exact or "")))

    def _is_class(self, path: str, name: str) -> bool:
        says_nothing = not label_words(name) and name.lower() not in IMAGE_WORDS
        return says_nothing and self._holds(path, name)

    def _is_only(self, path: str) -> bool:
        """True if all images of DATA are in a folder."""
        if not path:
            return True
        above, slash, name = path.removesuffix("/").rpartition("/")
        above += slash
        if not self._is_only(above):
            return False
        if above not in self._only:
            self._only[above] = self._only_one(above)
        return self._only[above] == name

    def _only_one(self, path: str) -> str | None:
        """The only folder with images in a folder that has no others; labels are none."""
        folders, images = self._peeks.listed(path)
        if images:
            return None
        labels = self._pairing.among(path, folders).labels
        holding = (name for name in folders if name not in labels and self._holds(path, name))
        first_two = list(islice(holding, 2))
        return first_two[0] if len(first_two) == 1 else None

    def _holds(self, path: str, name: str) -> bool:
        return self._filters.enters(path, name) and self._peeks.holds_images(f"{path}{name}/")


class _Beside:
    """Words of all folders in a folder."""

    def __init__(self, names: Collection[Said]) -> None:
        self.whole = {words.whole for words in names if words.whole}
        # Folders with a word for a split; and by the words around one split's, the splits there.
        self.number = Counter(split for words in names for split in words.splits)
        self.with_rest: dict[tuple[tuple[str, ...], ...], set[str]] = {}
        for words in names:
            if words.split:
                self.with_rest.setdefault(words.rest, set()).add(words.split)


def _says_only(name: str, words: Said) -> bool:
    """True if a name has words of labels and a split, and no others."""
    return bool(label_words(name)) and {*words.rest[0], *words.rest[1]} <= FOLDER_WORDS
