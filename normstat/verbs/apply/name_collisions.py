"""Outputs of a run, looked at by name: none over an image, no two to one file."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from itertools import accumulate

from normstat.errors import UsageError, option
from normstat.files import shown
from normstat.images import Shard
from normstat.verbs.apply.claims import Claims, hashed
from normstat.writers.folder import RESERVED
from normstat.writers.journal import folded
from normstat.writers.outdir_checks import Disk, is_inside


class OverlapCheck:
    """Finds images that are in OUT, where a run would replace or remove them."""

    def __init__(self, out: str) -> None:
        self._out = out
        self._is_there = os.path.isdir(out)
        # The images of a folder follow each other.
        self._is_folder_inside = lru_cache(1)(lambda folder: is_inside(folder, out))

    def refuse(self, shard: Shard) -> None:
        """Refuse a shard if a link leads from one of its images into OUT."""
        if not self._is_there:
            return
        for sample in shard:
            path = shard.container.path(sample)
            if path is None:
                continue
            linked = os.path.islink(path) and is_inside(path, self._out)
            if linked or self._is_folder_inside(os.path.dirname(path)):
                raise UsageError(
                    f"{shown(sample.name)}: a link leads into {shown(self._out)}, where the arrays "
                    "go; images and arrays belong in different folders"
                )


class OutputNames:
    """The names of the outputs: no two images may have the same, in whatever order they come.

    Parameters
    ----------
    images : gives each output with its image once more, to tell which two have one output.
    """

    def __init__(self, images: Callable[[], Iterable[tuple[str, str]]]) -> None:
        self._images = images
        self._claims = Claims()

    def add(self, images: Iterable[tuple[str, str]]) -> None:
        """Take some outputs, each with its image; refuse two of one name that can be told."""
        for name, owner in _claimed(images):
            if self._claims.add(folded(name), owner):
                self.check()

    def check(self) -> None:
        """Refuse two inputs that would become one output; equal hashes alone are no reason."""
        shared = self._claims.shared()
        owners: dict[str, str] = {}
        for name, owner in _claimed(self._images()) if shared else ():
            if hashed(folded(name)) in shared:
                other = owners.setdefault(folded(name), owner)
                if other != owner:
                    raise UsageError(
                        f"{shown(other)} and {shown(owner)} would both become {shown(name)}; "
                        f"rename one, or leave it out with {option('exclude')}"
                    )


def bytes_there(root: str, outputs: Iterable[tuple[str, str]], disk: Disk) -> int:
    """Bytes on the disk of the outputs that are in OUT already."""
    total = 0
    for output, _ in outputs:
        with suppress(OSError):
            total += disk.file(os.path.getsize(f"{root}/{output}")).on_disk
    return total


def _claimed(images: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Names in OUT with their owners: normstat, an image, or a folder, which ends in ``/``."""
    for name in RESERVED:
        yield name, "normstat"
    latest = ""
    for output, image in images:
        folder = output.rpartition("/")[0]
        if folder != latest:  # those of a folder mostly follow each other
            latest = folder
            for below in accumulate(folder.split("/"), "{}/{}".format):
                yield below, f"{below}/"
        yield output, image
