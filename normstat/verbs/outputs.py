"""Where the outputs of a run would go, from names alone: not over an image, no two to one file."""

import os
from contextlib import suppress

from normstat.errors import UsageError
from normstat.files import shown
from normstat.images import Shard
from normstat.writers.folder import RESERVED
from normstat.writers.place import Disk, is_inside
from normstat.writers.planned import folded
from normstat.writers.protocol import renamed


class Apart:
    """Looks whether images are in OUT, where a run would replace or remove them.

    Parameters
    ----------
    out : OUT; nothing can be in it while there is no such folder.
    """

    def __init__(self, out: str) -> None:
        self._out = out
        self._is_there = os.path.isdir(out)
        self._latest: tuple[str, bool] = ("", False)  # the images of a folder follow each other

    def refuse(self, shard: Shard) -> None:
        """Look at the images of a shard.

        Raises
        ------
        UsageError
            A link leads from DATA into OUT.
        """
        if not self._is_there:
            return
        for sample in shard:
            folder = os.path.dirname(sample.location)
            if folder != self._latest[0]:
                self._latest = folder, is_inside(folder, self._out)
            linked = os.path.islink(sample.location) and is_inside(sample.location, self._out)
            if linked or self._latest[1]:
                raise UsageError(
                    f"{shown(sample.path)}: a link leads into {shown(self._out)}, where the arrays "
                    "go; images and arrays belong in different folders"
                )


class Names:
    """The names of the outputs: no two images may have the same.

    Parameters
    ----------
    out : OUT.
    existing : the disk, if what is there already is to be measured.
    extension : of the outputs.
    """

    def __init__(self, out: str, existing: Disk | None = None, extension: str = ".npy") -> None:
        self._out = out
        self._extension = extension
        self._existing = existing
        # The folders from the root to where the walk is: their names, and who has them.
        self._open: list[tuple[str, dict[str, str]]] = [("", dict.fromkeys(RESERVED, "normstat"))]
        #: Bytes that outputs take which are there.
        self.existing_bytes = 0

    def add(self, shard: Shard) -> None:
        """Take the images of a shard, in the order of the walk.

        Raises
        ------
        UsageError
            Two inputs would become one output.
        """
        for path in shard.paths:
            output = renamed(path, self._extension)
            if self._existing:
                with suppress(OSError):
                    size = os.path.getsize(f"{self._out}/{output}")
                    self.existing_bytes += self._existing.taken(size)
            *folders, name = output.split("/")
            self._go_to(folders)
            self._claim(name, path)

    def _go_to(self, folders: list[str]) -> None:
        place = "".join(f"{folder}/" for folder in folders)
        while not place.startswith(self._open[-1][0]):
            self._open.pop()
        while (here := self._open[-1][0]) != place:
            below = here + place[len(here) :].split("/", 1)[0] + "/"
            self._claim(below[len(here) : -1], below)
            self._open.append((below, {}))

    def _claim(self, name: str, path: str) -> None:
        names = self._open[-1][1]
        other = names.setdefault(folded(name), path)
        if other != path:
            raise UsageError(
                f"{shown(other)} and {shown(path)} would both become "
                f"{shown(self._open[-1][0] + name)}; rename one, or leave it out with --exclude"
            )
