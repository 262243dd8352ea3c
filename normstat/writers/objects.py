"""OUT behind a URL: the objects that arrays are written to, from the start of a run to its end.

They are those of :mod:`normstat.writers.folder`. Lines cannot be added to an object, so the list of
outputs is written whole before the first array, and the index whole after the last one.
"""

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import chain, groupby
from typing import Any, TextIO

from normstat import files, urls
from normstat.errors import OutputError, UsageError, option
from normstat.files import shown
from normstat.images import path_text
from normstat.sources.apply_record import RECORD
from normstat.sources.stores import store_of
from normstat.statsfile import render
from normstat.urls import soon
from normstat.writers.index import INDEX, read_index
from normstat.writers.journal import PLANNED, planned
from normstat.writers.npy_objects import NpyObjects
from normstat.writers.outdir_checks import Disk, writing
from normstat.writers.run_record import STARTED, earlier_record, refuse_other_settings
from normstat.writers.writer import Writer

_BLOCK = 1 << 20


class OutputObjects:
    """The objects of one run below a URL; `overwrite`, `skip_existing`: see :func:`apply`.

    Attributes
    ----------
    root : OUT.
    overwrite, skip_existing : the same.
    """

    def __init__(self, root: str, overwrite: bool = False, skip_existing: bool = False) -> None:
        self.root = root.rstrip("/")
        self.overwrite = overwrite
        self.skip_existing = skip_existing
        self._decided: dict[str, Any] = {}
        self._continues = False

    @property
    def record(self) -> str:
        return RECORD

    def refuse(self, data: str) -> None:
        """Refuse a place that is in DATA or has DATA in it, or holds something."""
        here, there = f"{self.root}/", f"{data.rstrip('/')}/"
        if here.startswith(there):
            raise UsageError(
                f"{shown(self.root)}: is inside {shown(data)}; arrays belong elsewhere"
            )
        if there.startswith(here):
            raise UsageError(
                f"{shown(self.root)}: holds {shown(data)}, whose files could be written over; "
                "arrays belong elsewhere"
            )
        if self.overwrite and self.skip_existing:
            raise UsageError(
                f"{option('overwrite', True)} and {option('skip_existing', True)}: choose one"
            )
        if not self.overwrite and not self.skip_existing and self._has_anything():
            continues = f"{option('skip_existing', True)} continues an interrupted run"
            cure = continues if earlier_record(self.root) else "or choose another folder"
            raise UsageError(
                f"{shown(self.root)}: is not empty; {option('overwrite', True)} replaces what is "
                f"there, {cure}"
            )

    def writer(self, store: str, dtype: str) -> Writer:
        """The writer of arrays.

        Raises
        ------
        UsageError
            Objects cannot be written in parts, as others than one for each image need.
        """
        if store != "npy":
            raise UsageError(
                f"{option('store', store)}: its files are written in parts, which objects cannot "
                f"be; use {option('store', 'npy')}, or write to a folder of this machine and copy "
                "it"
            )
        return NpyObjects(self.root, dtype, self.skip_existing)

    @contextmanager
    def begun(self, decided: Mapping[str, Any], outputs: Iterable[str]) -> Iterator[None]:
        """Write what was decided, and the list of outputs; `overwrite` removes earlier ones.

        Raises
        ------
        UsageError
            There is a run to continue, and it had other settings.
        OutputError
            Nothing can be written there.
        """
        self._decided = dict(decided)
        self._continues = self.skip_existing and self._has_anything()
        if self._continues:
            refuse_other_settings(self.root, self._decided)
        with writing(self.root):
            names = list(outputs)
            if self.overwrite:
                self._remove_earlier(names)
            self._write(STARTED, self._decided)
            self._remove(RECORD)
            earlier = list(self._listed())
            files.write(self._url(PLANNED), _lines(chain(earlier, names)))
            self._remove(INDEX)
        yield

    def plan(self, outputs: Iterable[str]) -> None:
        """Do nothing: all outputs were noted at the start."""

    @contextmanager
    def index(self) -> Iterator[TextIO]:
        """The index, open for writing; it is there when the block ends without an error."""
        from tempfile import TemporaryFile

        with TemporaryFile() as file:
            text = io.TextIOWrapper(file, encoding="ascii", write_through=True)
            yield text
            text.detach()
            file.seek(0)
            files.write(self._url(INDEX), iter(lambda: file.read(_BLOCK), b""))

    def finish(self, result: Mapping[str, Any], besides: Iterable[str]) -> None:  # there are none
        """Write the rest of the record: from now on the arrays count as complete."""
        with writing(self.root):
            if self._continues:
                left_over = set(planned(self.root)) - set(self._indexed())
                self._remove_those(left_over)
            self._write(RECORD, self._decided | dict(result))
            self._remove(PLANNED)
            self._remove(STARTED)

    def undo(self) -> None:
        """Leave no trace, as no array was written; an earlier run can be continued still."""
        if not self._continues:
            with writing(self.root):
                for name in (INDEX, PLANNED, STARTED):
                    self._remove(name)

    def overwritten_bytes(self, disk: Disk) -> int:  # room is no question here
        """Return 0: storage behind a URL has no end."""
        return 0

    def _has_anything(self) -> bool:
        try:
            found = soon(lambda: store_of(self.root).listing().folder(""))
        except FileNotFoundError:
            return False
        except OSError as error:
            raise OutputError(f"{shown(self.root)}: cannot be read ({error.strerror})") from error
        return bool(found.folders or found.objects)

    def _remove_earlier(self, outputs: Iterable[str]) -> None:
        """Remove all objects of earlier runs, and those that would look like a result of this one.

        The records go first, the lists of arrays last, as in a folder.
        """
        for name in (RECORD, STARTED):
            self._remove(name)
        self._remove_those(chain(self._listed(), outputs))
        for name in (INDEX, PLANNED):
            self._remove(name)

    def _remove_those(self, names: Iterable[str]) -> None:
        there = set(self._there())
        for name in dict.fromkeys(names):
            if name in there:
                self._remove(name)

    def _there(self) -> Iterator[str]:
        """Names of all objects."""
        listing = store_of(self.root).listing()
        places = [""]
        while places:
            place = places.pop()
            found = listing.folder(place)
            yield from (place + each.name for each in found.objects)
            places += [f"{place}{name}/" for name in reversed(found.folders)]

    def _listed(self) -> Iterator[str]:
        """The arrays that there may be of earlier runs."""
        return chain(self._indexed(), planned(self.root))

    def _indexed(self) -> Iterator[str]:
        with suppress(UsageError, FileNotFoundError):
            for line in read_index(self.root):
                yield line.output

    def _write(self, name: str, content: Mapping[str, Any]) -> None:
        files.write(self._url(name), render(content).encode("utf-8"))

    def _remove(self, name: str) -> None:
        urls.remove(self._url(name))

    def _url(self, name: str) -> str:
        return f"{self.root}/{name}"


def _lines(outputs: Iterable[str]) -> bytes:
    lines = (json.dumps(path_text(output)) + "\n" for output, _ in groupby(outputs))
    return "".join(lines).encode("ascii")
