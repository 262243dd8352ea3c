"""OUT while several parts of the images are written to it, each by a run of its own.

Each run has files of its own names in a folder of OUT, and touches no other's; what all have in
common, ``normstat.partial.json``, every one writes alike. So nothing has to be locked, and two runs
of the same part only do the work twice. A record is there once all else of its part is.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import chain
from typing import Any, TextIO

from normstat import files
from normstat.errors import UsageError, option
from normstat.files import shown
from normstat.statsfile import render
from normstat.urls import is_url
from normstat.writers import writer_of
from normstat.writers.index import INDEX, read_index
from normstat.writers.journal import distinct, plan, planned, refuse_no_list
from normstat.writers.outdir_checks import (
    Disk,
    has_anything,
    refuse_around,
    refuse_filled,
    refuse_links,
    refuse_place,
    writing,
)
from normstat.writers.run_record import STARTED, earlier_record, number_of_parts, other_settings
from normstat.writers.writer import Writer

#: Folder in OUT for the files of parts.
PARTS = ".normstat-parts"
_OF_ONE = re.compile(r"([0-9]{1,9})-of-([0-9]{1,9})(\.json|\.jsonl|\.partial\.jsonl)", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class PartFiles:
    """Names of the files of one part, relative to OUT.

    Attributes
    ----------
    number, of : part `number` of `of`, from 1.

    Examples
    --------
    >>> PartFiles(2, 16).index
    '.normstat-parts/2-of-16.jsonl'
    """

    number: int
    of: int

    @property
    def record(self) -> str:
        """The run and its result; there once the part is finished."""
        return f"{self}.json"

    @property
    def index(self) -> str:
        """A line for each array."""
        return f"{self}.jsonl"

    @property
    def planned(self) -> str:
        """Arrays that may be there, until the part is finished."""
        return f"{self}.partial.jsonl"

    def __str__(self) -> str:
        return f"{PARTS}/{self.number}-of-{self.of}"


class PartFolder:
    """The folder of a run that writes one of several parts.

    Parameters
    ----------
    root : OUT.
    number, of : of the part.
    skip_existing : see :func:`normstat.apply`.
    """

    overwrite = False

    def __init__(self, root: str, number: int, of: int, skip_existing: bool = False) -> None:
        self.root = root
        self.skip_existing = skip_existing
        self.files = PartFiles(number, of)
        self.unfinished = f"{self.files}.{files.unique()}"
        self._decided: dict[str, Any] = {}
        # The outputs of a folder follow each other.
        self._refuse_links = lru_cache(1)(partial(refuse_links, root))

    @property
    def record(self) -> str:
        return self.files.record

    def writer(self, store: str, dtype: str) -> Writer:
        """The writer of arrays."""
        return writer_of(store)(self.root, dtype, self.skip_existing, self.unfinished)

    def refuse(self, data: str) -> None:
        """Refuse a place that is in DATA or has DATA in it, or holds something else than parts."""
        shard = option("shard", f"{self.files.number}/{self.files.of}")
        if is_url(self.root):
            raise UsageError(
                f"{shown(self.root)}: parts of arrays share a folder, and behind a URL there is "
                f"none; leave out {shard}, or write all parts to a folder that every machine "
                "sees, merge them, and copy it there"
            )
        refuse_place(self.root, data, "arrays")
        refuse_around(self.root, data)
        there = has_anything(self.root, besides=PARTS)
        earlier = earlier_record(self.root)  # parts that begin meanwhile write it first
        if earlier is None and there:
            refuse_filled(self.root, "choose another folder for parts of the arrays")
        of = number_of_parts(earlier) if earlier else self.files.of
        if of is None:
            raise UsageError(
                f"{shown(self.root)}: holds a run over all images, which no {shard} can continue; "
                "choose another folder for parts of the arrays"
            )
        if of != self.files.of:
            raise UsageError(
                f"{shown(self.root)}: holds parts of {of}, this is {shard}; repeat their number, "
                "or choose another folder"
            )
        if not self.skip_existing and self._is_begun():
            raise UsageError(
                f"{shown(self.root)}: {shard} is written already, or was begun; "
                f"{option('skip_existing', True)} continues it"
            )

    @contextmanager
    def begun(self, decided: Mapping[str, Any], outputs: Iterable[str]) -> Iterator[None]:
        """Make the folder ready for the part; at the end remove its unfinished files.

        Raises
        ------
        UsageError
            Another part had other settings. A folder on the way to an output is a link.
        OutputError
            The folder cannot be written to.
        """
        self._decided = dict(decided)
        refuse_links(self.root, PARTS)
        refuse_no_list(self.root, self.files.planned)
        common = self._decided | {"parts": {"of": self.files.of}}
        earlier = earlier_record(self.root)
        if earlier and (other := other_settings(common, earlier)):
            raise UsageError(
                f"{shown(self.root)}: another part had other settings ({', '.join(other)}); "
                "repeat its options, or choose another folder"
            )
        try:
            with writing(self.root):
                os.makedirs(self._path(self.unfinished))
                if earlier is None:
                    self._write(STARTED, common)
                # A run that is killed before it comes to them must not hide arrays of this part.
                plan(self.root, self._indexed(), self.files.planned)
                self._remove(self.files.record)
            yield
        finally:
            shutil.rmtree(self._path(self.unfinished), ignore_errors=True)

    def plan(self, outputs: Iterable[str]) -> None:
        """Note outputs before they are written."""
        with writing(self.root):
            plan(self.root, map(self._checked, outputs), self.files.planned)

    @contextmanager
    def index(self) -> Iterator[TextIO]:
        """The index of the part, open for writing; it appears when it is whole."""
        unfinished = self._path(f"{self.unfinished}/{INDEX}")
        with writing(self.root), open(unfinished, "w", encoding="ascii") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())

    def finish(self, result: Mapping[str, Any], besides: Iterable[str]) -> None:
        """Write the rest of the record: from now on the part counts as complete."""
        unfinished = self._path(f"{self.unfinished}/{INDEX}")
        with writing(self.root):
            with open(unfinished, "rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            os.replace(unfinished, self._path(self.files.index))
            self._remove_left_over()
            part = {**result["part"], "index": digest}
            self._write(self.files.record, self._decided | dict(result) | {"part": part})
            self._remove(self.files.planned)

    def undo(self) -> None:
        """Nothing: other parts may have images that can be read."""

    def overwritten_bytes(self, disk: Disk) -> int:
        """Bytes on the disk of arrays that are removed first: none."""
        return 0

    def _is_begun(self) -> bool:
        names = (self.files.record, self.files.index, self.files.planned)
        return any(os.path.lexists(self._path(name)) for name in names)

    def _remove_left_over(self) -> None:
        """Remove arrays of images that are not selected, or cannot be read, any more."""
        path = self._path(self.files.planned)
        size = os.path.getsize(path) if os.path.exists(path) else 0
        noted = partial(planned, self.root, self.files.planned)
        for output in distinct(noted, size, besides=self._indexed):
            self._remove(self._checked(output))

    def _indexed(self) -> Iterator[str]:
        return _indexed(self.root, self.files.index)

    def _checked(self, output: str) -> str:
        """The output, if there is no link on the way to it."""
        self._refuse_links(os.path.dirname(output))
        return output

    def _write(self, name: str, content: Mapping[str, Any]) -> None:
        unfinished = self._path(f"{self.unfinished}/{os.path.basename(name)}")
        files.write(unfinished, render(content).encode("utf-8"))
        os.replace(unfinished, self._path(name))

    def _remove(self, name: str) -> None:
        with suppress(FileNotFoundError, IsADirectoryError, NotADirectoryError):
            os.unlink(self._path(name))

    def _path(self, name: str) -> str:
        return f"{self.root}/{name}"


def part_files(root: str) -> list[PartFiles]:
    """The parts that have a file in OUT, finished or not, in their order."""
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(f"{root}/{PARTS}") as entries:
        found = (_OF_ONE.fullmatch(entry.name) for entry in entries)
        return sorted({PartFiles(int(name[1]), int(name[2])) for name in found if name})
    return []


def outputs_of_parts(root: str) -> Iterator[str]:
    """The arrays that parts have, or may have, written to OUT."""
    for part in part_files(root):
        yield from chain(_indexed(root, part.index), planned(root, part.planned))


def _indexed(root: str, index: str) -> Iterator[str]:
    """The arrays that an index lists, as far as it is one of ours."""
    with suppress(UsageError, FileNotFoundError):
        for line in read_index(root, index):
            yield line.output


def remove_parts(root: str) -> None:
    """Remove the files of all parts, but for their arrays."""
    refuse_links(root, PARTS)
    with suppress(FileNotFoundError):
        os.unlink(f"{root}/{STARTED}")
    shutil.rmtree(f"{root}/{PARTS}", ignore_errors=True)
