"""OUT: the folder that arrays are written to, from the start of a run to its end.

``normstat.partial.json`` is there from the start of a run: what was decided. ``normstat.json``
takes its place at the end, so it is there only if everything else is. ``index.jsonl`` has a line
for each array, in the order of the walk; ``normstat.partial.jsonl`` those that may be there.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from itertools import chain
from typing import Any, TextIO

from normstat import files
from normstat.errors import UsageError, option
from normstat.files import shown
from normstat.statsfile import render
from normstat.writers.index import INDEX, read_index
from normstat.writers.journal import PLANNED, distinct, plan, planned, refuse_no_list
from normstat.writers.npy import UNFINISHED
from normstat.writers.outdir_checks import (
    Disk,
    has_anything,
    is_inside,
    linked_folders,
    refuse_filled,
    refuse_links,
    refuse_long_name,
    refuse_place,
    writing,
)
from normstat.writers.run_record import RECORD, STARTED, earlier_record, refuse_other_settings

#: Names in OUT that no folder of images may have.
RESERVED = (RECORD, STARTED, INDEX, PLANNED, UNFINISHED)


class Out:
    """The folder of one run.

    Parameters
    ----------
    root : OUT.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self._decided: dict[str, Any] = {}
        self._continues = False
        self._made = False
        self._looked_at = ""  # the folder of outputs that was no link

    def refuse(self, data: str, overwrite: bool, skip_existing: bool) -> None:
        """Find out whether a run may write here, before any work.

        Raises
        ------
        UsageError
            OUT is in DATA, or DATA in OUT; OUT is a file, or holds something.
        """
        refuse_place(self.root, data, "arrays")
        if is_inside(data, self.root):
            raise UsageError(
                f"{shown(self.root)}: holds {shown(data)}, whose files could be written over; "
                "arrays belong elsewhere"
            )
        if overwrite and skip_existing:
            raise UsageError(
                f"{option('overwrite', True)} and {option('skip_existing', True)}: choose one"
            )
        if not overwrite and not skip_existing and self._has_anything():
            continues = f"{option('skip_existing', True)} continues an interrupted run"
            cure = continues if earlier_record(self.root) else "or choose another folder"
            replaces = f"{option('overwrite', True)} replaces what is there"
            refuse_filled(self.root, f"{replaces}, {cure}")

    def begin(
        self,
        decided: Mapping[str, Any],
        outputs: Iterable[str],
        overwrite: bool,
        skip_existing: bool,
    ) -> None:
        """Make the folder, or make it ready again.

        Parameters
        ----------
        decided : what the run's record says before any work; JSON-ready.
        outputs : what the run will write.

        Raises
        ------
        UsageError
            There is a run to continue, and it had other settings. A folder on the way to an
            output is a link. A stack cannot be named for its split.
        OutputError
            The folder cannot be written to.
        """
        self._decided = dict(decided)
        self._continues = skip_existing and self._has_anything()
        if self._continues:
            refuse_other_settings(self.root, self._decided)
            refuse_no_list(self.root)
        if decided["store"] == "stack":
            for split in decided["normalizers"]:
                refuse_long_name(self.root, f"{split}.npy")
        outputs = self._without_links(outputs)
        try:
            with writing(self.root):
                self._made = not os.path.isdir(self.root)
                os.makedirs(self.root, exist_ok=True)
                if overwrite:
                    self._remove_earlier(outputs)
                self._make_ready()
        except BaseException:
            self.give_up()
            raise

    def plan(self, outputs: Iterable[str]) -> None:
        """Note outputs before they are written: `overwrite` removes them if this run never ends.

        Raises
        ------
        UsageError
            A folder on the way to one is a link.
        OutputError
        """
        with writing(self.root):
            plan(self.root, map(self._checked, outputs))

    @contextmanager
    def index(self) -> Iterator[TextIO]:
        """The index, open for writing."""
        with writing(self.root), open(self._path(INDEX), "w", encoding="ascii") as file:
            yield file

    def finish(self, result: Mapping[str, Any]) -> None:
        """Write the record: from now on the arrays count as complete."""
        with writing(self.root):
            if self._continues:
                self._remove_left_over()
            self._write(RECORD, self._decided | dict(result))
            self.give_up()
            self._remove(PLANNED)
            self._remove(STARTED)

    def undo(self) -> None:
        """Leave the folder as if nothing had been begun, as no array was written.

        If the run continued another, that one's arrays stay, and can be continued still.
        """
        self.give_up()
        if self._continues:
            return
        for name in (INDEX, PLANNED, STARTED):
            self._remove(name)
        if self._made:
            with suppress(OSError):  # somebody has put something there
                os.rmdir(self.root)

    def give_up(self) -> None:
        """Leave only what is whole."""
        shutil.rmtree(self._unfinished, ignore_errors=True)

    def earlier_bytes(self, disk: Disk) -> int:
        """Bytes that the arrays of earlier runs take."""
        size = self._size(INDEX) + self._size(PLANNED)
        return sum(disk.taken(self._size(output)) for output in distinct(self._listed, size))

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
        """The output, if there is no link on the way to it: asked once for those of a folder."""
        folder = os.path.dirname(output)
        if folder != self._looked_at:
            refuse_links(self.root, folder)
            self._looked_at = folder
        return output

    def _make_ready(self) -> None:
        """From a folder that is complete, or empty, to one that is begun."""
        shutil.rmtree(self._unfinished, ignore_errors=True)
        os.mkdir(self._unfinished)
        self._write(STARTED, self._decided)
        self._remove(RECORD)
        # A run that is killed before it comes to them must not hide the arrays of this one.
        plan(self.root, self._indexed())
        self._remove(INDEX)

    def _remove_earlier(self, outputs: Iterable[str]) -> None:
        """Everything of earlier runs, and what would look like a result of this one.

        The records go first, so that nobody takes for complete, or continues, what is left of a
        run; the lists of arrays go last, so that the next `overwrite` has them.
        """
        for name in (RECORD, STARTED):
            self._remove(name)
        for output in chain(self._listed(), outputs):
            self._remove(output)
        for name in (INDEX, PLANNED):
            self._remove(name)

    def _remove_left_over(self) -> None:
        """Arrays of images that are not selected, or cannot be read, any more."""
        if self._decided["store"] == "npy":  # a stack without rows is in no index
            noted = partial(planned, self.root)
            for output in distinct(noted, self._size(PLANNED), besides=self._indexed):
                self._remove(output)

    def _listed(self) -> Iterator[str]:
        """The arrays that there may be of earlier runs."""
        return chain(self._indexed(), planned(self.root))

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

    def _size(self, name: str) -> int:
        """Bytes of a file; 0 if it is not there."""
        path = self._path(name)
        return os.path.getsize(path) if os.path.isfile(path) else 0

    @property
    def _unfinished(self) -> str:
        return self._path(UNFINISHED)

    def _path(self, name: str) -> str:
        return f"{self.root}/{name}"
