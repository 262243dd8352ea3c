"""File name patterns."""

import re
from collections.abc import Iterable
from fnmatch import translate


class Globs:
    """Any of several globs; false if there are none.

    With a ``/`` a glob is matched with the whole path, without one with each part of it.

    >>> Globs(["masks", "train/*.png"]).match("val/masks/1.png")
    True
    >>> Globs(["train/*.png"]).match("val/1.png")
    False
    """

    def __init__(self, globs: Iterable[str]) -> None:
        globs = tuple(glob.removesuffix("/").removeprefix("./") for glob in globs)
        self._whole = [re.compile(translate(glob)) for glob in globs if "/" in glob]
        self._part = [re.compile(translate(glob)) for glob in globs if "/" not in glob]

    def __bool__(self) -> bool:
        return bool(self._whole or self._part)

    def match(self, path: str) -> bool:
        return any(glob.match(path) for glob in self._whole) or any(
            glob.match(part) for glob in self._part for part in path.split("/")
        )
