"""Names in one folder of a walk, by what they mean."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import merge

from normstat.errors import UnreadableImage
from normstat.images import Skipped, in_byte_order, path_bytes
from normstat.sources.catalog import Identity
from normstat.sources.numbered import Stack
from normstat.sources.tree.walked_folder import WalkedFolder


@dataclass(frozen=True, slots=True)
class Found:
    """The names in a folder that are not hidden, in byte order.

    Attributes
    ----------
    place : the folder; its trail ends with itself.
    files : names of all files.
    images : of those that count.
    labels : of those that would count, were they no labels.
    folders : of all folders: those beside tell what a name means.
    links : folders that are links → the identity of the folder behind.
    failures : images that are known to be unreadable → why.
    splits : images that have a split of their own → the split, and what says so.
    apart : each of those splits → the folder as it is for its images.
    damage : see :class:`normstat.sources.catalog.Entries`.
    stack : the images, where these are all those of an array.
    """

    place: WalkedFolder
    files: Collection[str]
    images: Collection[str]
    labels: Collection[str]
    folders: list[str]
    links: Mapping[str, Identity]
    failures: Mapping[str, UnreadableImage]
    splits: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    apart: Mapping[tuple[str, str] | None, WalkedFolder] = field(default_factory=dict)
    damage: UnreadableImage | None = None
    stack: Stack | None = None

    def place_of(self, name: str) -> WalkedFolder:
        """The folder as it is for one of its images."""
        return self.apart.get(self.splits.get(name), self.place) if self.apart else self.place

    def by_place(
        self, takes: Callable[[str], bool] | None = None
    ) -> Iterator[tuple[WalkedFolder, Skipped, int]]:
        """The folder as it is for images, unreadable ones too; these, and the number to count.

        Parameters
        ----------
        takes : tells by its path if an image is to be counted; None: all are.
        """
        path = self.place.path
        if not (self.apart or takes or self.failures):
            if (images := self.skipped(self.images)).images:
                yield self.place, images, images.images
            return
        firsts: dict[tuple[str, str] | None, str] = {}
        numbers: Counter[tuple[str, str] | None] = Counter()
        counted: Counter[tuple[str, str] | None] = Counter()
        for name in merge(self.images, in_byte_order(self.failures), key=path_bytes):
            says = self.splits.get(name) if self.apart else None
            numbers[says] += 1
            counted[says] += takes is None or takes(path + name)
            firsts.setdefault(says, path + name)
        for says, number in numbers.items():
            place = self.apart.get(says, self.place)
            yield place, Skipped(number, firsts[says]), counted[says]

    def skipped(self, names: Collection[str]) -> Skipped:
        """The number of some of the names, and the first."""
        return Skipped(len(names), self.place.path + next(iter(names))) if names else Skipped()
