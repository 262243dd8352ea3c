"""OUT: the folder that arrays are written to, from the start of a run to its end.

``normstat.partial.json`` has the decisions of a run from its start. ``normstat.json`` takes its
place at the end, so it is there only if everything else is. ``index.jsonl`` has a line
for each array, in the order of the walk; ``normstat.partial.jsonl`` those that may be there.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import lru_cache, partial
from itertools import chain
from typing import Any, Protocol, TextIO

from normstat import files
from normstat.errors import UsageError, option
from normstat.sources.apply_record import RECORD
from normstat.statsfile import render
from normstat.urls import is_url
from normstat.writers import writer_of
from normstat.writers.index import INDEX, read_index
from normstat.writers.journal import PLANNED, distinct, plan, planned, refuse_no_list
from normstat.writers.outdir_checks import (
    Disk,
    has_anything,
    linked_folders,
    refuse_around,
    refuse_filled,
    refuse_links,
    refuse_place,
    writing,
)
from normstat.writers.part_folder import PARTS, outputs_of_parts, remove_parts
from normstat.writers.run_record import (
    STARTED,
    earlier_record,
    number_of_parts,
    refuse_other_settings,
)
from normstat.writers.writer import UNFINISHED, Writer

#: Names in OUT that no folder of images may have.
RESERVED = (RECORD, STARTED, INDEX, PLANNED, UNFINISHED, PARTS)


class Folder(Protocol):
    """OUT, wherever it is; what the methods do is told of :class:`OutputFolder`."""

    root: str
    overwrite: bool
    skip_existing: bool

    @property
    def record(self) -> str: ...
    def refuse(self, data: str) -> None: ...
    def writer(self, store: str, dtype: str) -> Writer: ...
    def begun(
        self, decided: Mapping[str, Any], outputs: Iterable[str]
    ) -> AbstractContextManager[None]: ...
    def plan(self, outputs: Iterable[str]) -> None: ...
    def index(self) -> AbstractContextManager[TextIO]: ...
    def finish(self, result: Mapping[str, Any], besides: Iterable[str]) -> None: ...
    def undo(self) -> None: ...
    def overwritten_bytes(self, disk: Disk) -> int: ...


def folder_at(root: str, overwrite: bool, skip_existing: bool) -> Folder:
    """OUT, a folder of this machine or objects below a URL.

    >>> folder_at("out", False, False).root
    'out'
    """
    if not is_url(root):
        return OutputFolder(root, overwrite, skip_existing)
    from normstat.writers.objects import OutputObjects  # of URLs alone

    return OutputObjects(root, overwrite, skip_existing)


class OutputFolder:
    """The folder of one run, OUT; `overwrite`, `skip_existing`: see :func:`normstat.apply`."""

    def __init__(self, root: str, overwrite: bool = False, skip_existing: bool = False) -> None:
        self.root = root
        self.overwrite = overwrite
        self.skip_existing = skip_existing
        self.unfinished = UNFINISHED
        self.record = RECORD
        self._unfinished = f"{root}/{UNFINISHED}"
        self._decided: dict[str, Any] = {}
        self._continues = False
        self._made = False
        # The outputs of a folder follow each other.
        self._refuse_links = lru_cache(1)(partial(refuse_links, root))

    def refuse(self, data: str) -> None:
        """Refuse a place that is in DATA or has DATA in it, is a file, or holds something."""
        refuse_place(self.root, data, "arrays")
        refuse_around(self.root, data)
        if self.overwrite and self.skip_existing:
            raise UsageError(
                f"{option('overwrite', True)} and {option('skip_existing', True)}: choose one"
            )
        if not self.overwrite and not self.skip_existing and self._has_anything():
            earlier = earlier_record(self.root)
            cure = "or choose another folder"
            if earlier and number_of_parts(earlier):
                cure = f"{option('shard', metavar='I/N')} writes one more of the parts there"
            elif earlier:
                cure = f"{option('skip_existing', True)} continues an interrupted run"
            replaces = f"{option('overwrite', True)} replaces what is there"
            refuse_filled(self.root, f"{replaces}, {cure}")

    def writer(self, store: str, dtype: str) -> Writer:
        """The writer of arrays."""
        return writer_of(store)(self.root, dtype, self.skip_existing, self.unfinished)

    @contextmanager
    def begun(self, decided: Mapping[str, Any], outputs: Iterable[str]) -> Iterator[None]:
        """Make the folder, or make it ready again; at the end remove unfinished files.

        Parameters
        ----------
        decided : the run's record, as far as it is known before any work; JSON-ready.
        outputs : names of the files that the run will write.

        Raises
        ------
        UsageError
            There is a run to continue, and it had other settings. A folder on the way to an
            output is a link.
        OutputError
            The folder cannot be written to.
        """
        self._decided = dict(decided)
        self._continues = self.skip_existing and self._has_anything()
        if self._continues:
            refuse_other_settings(self.root, self._decided)
            refuse_no_list(self.root)
        outputs = self._without_links(outputs)
        try:
            with writing(self.root):
                self._made = not os.path.isdir(self.root)
                os.makedirs(self.root, exist_ok=True)
                if self.overwrite:
                    self._remove_earlier(outputs)
                self._make_ready()
            yield
        finally:
            self._remove_unfinished()

    def plan(self, outputs: Iterable[str]) -> None:
        """Note outputs before they are written: `overwrite` removes them if this run never ends."""
        with writing(self.root):
            plan(self.root, map(self._checked, outputs))

    @contextmanager
    def index(self) -> Iterator[TextIO]:
        """The index, open for writing."""
        with writing(self.root), open(self._path(INDEX), "w", encoding="ascii") as file:
            yield file

    def finish(self, result: Mapping[str, Any], besides: Iterable[str]) -> None:
        """Write the rest of the record: from now on the arrays count as complete.

        `besides` are files of the result that the index need not list.
        """
        with writing(self.root):
            if self._continues:
                self._remove_left_over(besides)
            self._write(RECORD, self._decided | dict(result))
            self._remove_unfinished()
            self._remove(PLANNED)
            self._remove(STARTED)

    def undo(self) -> None:
        """Leave the folder as if nothing had been begun, as no array was written.

        If the run continued another, that one's arrays stay, and can be continued still.
        """
        self._remove_unfinished()
        if self._continues:
            return
        for name in (INDEX, PLANNED, STARTED):
            self._remove(name)
        if self._made:
            with suppress(OSError):  # somebody has put something there
                os.rmdir(self.root)

    def overwritten_bytes(self, disk: Disk) -> int:
        """Bytes on the disk of arrays of earlier runs, which are removed first."""
        if not self.overwrite:
            return 0
        size = self._size(INDEX) + self._size(PLANNED)
        sizes = map(self._size, distinct(self._listed, size))
        return sum(disk.file(size).on_disk for size in sizes)

    def _has_anything(self) -> bool:
        # A run that was killed at once leaves the folder for unfinished files and nothing else.
        return has_anything(self.root, besides=UNFINISHED)

    def _without_links(self, outputs: Iterable[str]) -> Iterable[str]:
        """The outputs, if there is no link on the way to one, nor to those of earlier runs."""
        refuse_links(self.root, UNFINISHED)
        links = tuple(linked_folders(self.root))
        if not links:
            return outputs
        outputs = list(outputs)  # they can be walked over once only
        for output in chain(self._listed(), outputs):
            if output.startswith(links):
                self._checked(output)
        return outputs

    def _checked(self, output: str) -> str:
        """The output, if there is no link on the way to it."""
        self._refuse_links(os.path.dirname(output))
        return output

    def _make_ready(self) -> None:
        """Turn a folder that is complete, or empty, into one that is begun."""
        self._remove_unfinished()
        os.mkdir(self._unfinished)
        self._write(STARTED, self._decided)
        self._remove(RECORD)
        # A run that is killed before it comes to them must not hide the arrays of this one.
        plan(self.root, self._indexed())
        self._remove(INDEX)

    def _remove_earlier(self, outputs: Iterable[str]) -> None:
        """Remove all files of earlier runs, and those that would look like a result of this one.

        The records go first, so that nobody continues the rest of a run, or takes it for complete;
        the lists of arrays go last, so that the next `overwrite` has them.
        """
        for name in (RECORD, STARTED):
            self._remove(name)
        for output in chain(self._listed(), outputs):
            self._remove(output)
        for name in (INDEX, PLANNED):
            self._remove(name)
        remove_parts(self.root)

    def _remove_left_over(self, besides: Iterable[str]) -> None:
        """Remove arrays of images that are not selected, or cannot be read, any more."""
        kept = tuple(besides)
        noted, size = partial(planned, self.root), self._size(PLANNED)
        for output in distinct(noted, size, besides=lambda: chain(kept, self._indexed())):
            self._remove(output)

    def _listed(self) -> Iterator[str]:
        """The arrays that there may be of earlier runs."""
        return chain(self._indexed(), planned(self.root), outputs_of_parts(self.root))

    def _indexed(self) -> Iterator[str]:
        """The arrays that an index lists, as far as it is one of ours."""
        with suppress(UsageError, FileNotFoundError):
            for line in read_index(self.root):
                yield line.output

    def _write(self, name: str, content: Mapping[str, Any]) -> None:
        """Write a record by way of the folder for unfinished files: there nothing stays behind."""
        unfinished = f"{self._unfinished}/{name}"
        files.write(unfinished, render(content).encode("utf-8"))
        os.replace(unfinished, self._path(name))

    def _remove(self, name: str) -> None:
        # A folder of that name, or a file where its folder was, is none of ours.
        with suppress(FileNotFoundError, IsADirectoryError, NotADirectoryError):
            os.unlink(self._path(self._checked(name)))

    def _remove_unfinished(self) -> None:
        shutil.rmtree(self._unfinished, ignore_errors=True)

    def _size(self, name: str) -> int:
        """Bytes of a file; 0 if it is not there."""
        path = self._path(name)
        return os.path.getsize(path) if os.path.isfile(path) else 0

    def _path(self, name: str) -> str:
        return f"{self.root}/{name}"
