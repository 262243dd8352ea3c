"""Looks at names off the way of a walk, where those on it are not enough to decide."""

import os
from collections.abc import Iterable, Iterator

from normstat.images import path_bytes
from normstat.sources.filters import Filters


class Peeks:
    """Names in the folders of DATA, in byte order; nothing of what is found is kept.

    Parameters
    ----------
    root : DATA.
    filters : which names count.
    """

    def __init__(self, root: str, filters: Filters) -> None:
        self._root = root
        self._filters = filters

    def listed(self, path: str) -> tuple[list[str], list[str]]:
        """All folders but hidden ones, and the images, in a folder; none if it cannot be listed."""
        folders: list[str] = []
        images: list[str] = []
        try:
            with os.scandir(f"{self._root}/{path}") as entries:
                for entry in entries:
                    if self._filters.is_hidden(path, entry.name):
                        continue
                    if is_folder(entry):
                        folders.append(entry.name)
                    elif self._filters.takes_image(path, entry.name):
                        images.append(entry.name)
        except OSError:
            return [], []
        return sorted(folders, key=path_bytes), sorted(images, key=path_bytes)

    def holds_images(self, path: str) -> bool:
        """True if there are images in a folder or below, or if nobody can know."""
        stack, seen = [path], set[tuple[int, int]]()
        while stack:
            path = stack.pop()
            try:
                status = os.stat(f"{self._root}/{path}")
                if (status.st_dev, status.st_ino) in seen:  # a link that leads back
                    continue
                seen.add((status.st_dev, status.st_ino))
                with os.scandir(f"{self._root}/{path}") as entries:
                    for entry in entries:
                        if is_folder(entry):
                            if self._filters.enters(path, entry.name):
                                stack.append(f"{path}{entry.name}/")
                        elif not self._filters.is_hidden(
                            path, entry.name
                        ) and self._filters.takes_image(path, entry.name):
                            return True
            except OSError:
                return True
        return False

    def folders_with_images(self, path: str, most: int) -> Iterator[tuple[str, list[str]]]:
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
    text = "\n".join(names).lower()
    return any(word in text for word in words)


def is_folder(entry: "os.DirEntry[str]") -> bool:
    """True for a folder, and for a link to one."""
    try:
        return entry.is_dir()
    except OSError:  # a link that leads in a circle: opening it will tell
        return False
