"""Where the outputs of a run would go, from names alone: not over an image, no two to one file."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from normstat.errors import UsageError, option
from normstat.files import shown
from normstat.images import Shard
from normstat.verbs.apply.claims import Claims, hashed
from normstat.writers.folder import RESERVED
from normstat.writers.journal import folded
from normstat.writers.outdir_checks import Disk, is_inside
from normstat.writers.writer import renamed


class _Claim(NamedTuple):
    """A name relative to OUT, and what needs it: an input, or a folder (which ends in ``/``)."""

    name: str
    owner: str


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
                    f"{shown(sample.name)}: a link leads into {shown(self._out)}, where the arrays "
                    "go; images and arrays belong in different folders"
                )


class Names:
    """The names of the outputs: no two images may have the same, in whatever order they come.

    Parameters
    ----------
    out : OUT.
    inputs : all images, by name, once more: called to tell which two have one output.
    existing : the disk, if what is there already is to be measured.
    extension : of the outputs.
    """

    def __init__(
        self,
        out: str,
        inputs: Callable[[], Iterable[str]],
        existing: Disk | None = None,
        extension: str = ".npy",
    ) -> None:
        self._out = out
        self._inputs = inputs
        self._extension = extension
        self._existing = existing
        self._claims = Claims()
        #: Bytes that outputs take which are there.
        self.existing_bytes = 0

    def add(self, shard: Shard) -> None:
        """Take the images of a shard.

        Raises
        ------
        UsageError
            Two inputs would become one output, and that can be told already.
        """
        if self._existing:
            for path in shard.names:
                with suppress(OSError):
                    size = os.path.getsize(f"{self._out}/{renamed(path, self._extension)}")
                    self.existing_bytes += self._existing.taken(size)
        for claim in self._claimed(shard.names):
            if self._claims.add(folded(claim.name), claim.owner):
                self._refuse()

    def check(self) -> None:
        """Look at all that were taken together.

        Raises
        ------
        UsageError
            Two inputs would become one output.
        """
        self._refuse()

    def _refuse(self) -> None:
        """Refuse the first two inputs that share a name; equal hashes alone are no reason."""
        shared = self._claims.shared()
        if not shared:
            return
        owners: dict[str, str] = {}
        for claim in self._claimed(self._inputs()):
            name = folded(claim.name)
            if hashed(name) in shared:
                other = owners.setdefault(name, claim.owner)
                if other != claim.owner:
                    raise UsageError(
                        f"{shown(other)} and {shown(claim.owner)} would both become "
                        f"{shown(claim.name)}; rename one, or leave it out with {option('exclude')}"
                    )

    def _claimed(self, paths: Iterable[str]) -> Iterator[_Claim]:
        """Names that normstat and each input need: its output, and the folders on the way to it."""
        for name in RESERVED:
            yield _Claim(name, "normstat")
        latest = ""
        for path in paths:
            output = renamed(path, self._extension)
            folder = output.rpartition("/")[0]
            if folder != latest:  # those of a folder mostly follow each other
                latest = folder
                yield from _folders(folder)
            yield _Claim(output, path)


def _folders(folder: str) -> Iterator[_Claim]:
    names = folder.split("/")
    for depth in range(1, len(names) + 1):
        below = "/".join(names[:depth])
        yield _Claim(below, f"{below}/")
