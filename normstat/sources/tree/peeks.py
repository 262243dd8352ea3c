"""Looks at names off the way of a walk, where those on it are not enough to decide."""

from collections.abc import Collection, Iterable, Iterator
from itertools import islice

from normstat.errors import UnreadableImage
from normstat.sources.catalog import Catalog, Identity
from normstat.sources.names import Numbers, those
from normstat.sources.tree.filters import Filters

# Names in which words are looked for at once.
_AT_ONCE = 100_000


class Peeks:
    """Names in the folders of DATA, in byte order."""

    def __init__(self, catalog: Catalog, filters: Filters) -> None:
        self._catalog = catalog
        self._filters = filters

    def listed(self, path: str) -> tuple[list[str], Collection[str]]:
        """All folders but hidden ones, and the images, in a folder; none if it cannot be listed."""
        try:
            entries = self._catalog.entries(path)
        except UnreadableImage:
            return [], []
        folders = [name for name in entries.folders if not self._filters.is_hidden(path, name)]
        return folders, those(entries.files, lambda name: self._filters.takes_image(path, name))

    def holds_images(self, path: str) -> bool:
        """True if there are images in a folder or below, or if nobody can know."""
        stack, seen = [path], set[Identity]()
        while stack:
            path = stack.pop()
            try:
                entries = self._catalog.entries(path)
            except UnreadableImage:
                return True
            if entries.damage:
                return True
            if entries.identity in seen:  # a link that leads back
                continue
            seen.add(entries.identity)
            if any(self._filters.takes_image(path, name) for name in entries.files):
                return True
            stack.extend(
                f"{path}{name}/" for name in entries.folders if self._filters.enters(path, name)
            )
        return False

    def folders_with_images(self, path: str, most: int) -> Iterator[tuple[str, Collection[str]]]:
        """Folders from this one down that hold images, and those; at most so many are listed."""
        stack = [path]
        while stack and most:
            most -= 1
            path = stack.pop()
            folders, images = self.listed(path)
            if images:
                yield path, images
            stack.extend(
                f"{path}{folder}/"
                for folder in reversed(folders)
                if self._filters.enters(path, folder)
            )


def mention(names: Iterable[str], words: Iterable[str]) -> bool:
    """True if one of the words is in one of the names, in any case.

    >>> mention(["a.png", "b_Mask.png"], ["label", "mask"]), mention(["a.png"], ["mask"])
    (True, False)
    """
    if isinstance(names, Numbers):  # no words, and maybe millions
        return False
    names = iter(names)
    while text := "\n".join(islice(names, _AT_ONCE)).lower():
        if any(word in text for word in words):
            return True
    return False
