"""OUT: the folder that arrays are written to, and what it records about them.

``normstat.partial.json`` is there from the start of a run: what was decided. ``normstat.json``
takes its place at the end, so it is there only if everything else is. ``index.jsonl`` has a line
for each array, in the order of the walk.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from operator import index
from typing import Any, TextIO

from normstat import files
from normstat.errors import UsageError
from normstat.files import shown
from normstat.images import LAYOUTS, path_from_text, path_text
from normstat.statsfile import render
from normstat.statsfile.nodes import Node
from normstat.writers.npy import UNFINISHED
from normstat.writers.place import has_anything, refuse_filled, refuse_place, writing
from normstat.writers.protocol import Row, Writer

#: Of ``normstat.json`` and ``normstat.partial.json``.
SCHEMA = "normstat/apply/1"
RECORD = "normstat.json"
STARTED = "normstat.partial.json"
INDEX = "index.jsonl"
#: Names in OUT that no folder of images may have.
RESERVED = (RECORD, STARTED, INDEX, UNFINISHED)
# Versions may differ between an interrupted run and the one that continues it.
_VERSIONS = ("normstat", "decoder")
_MOST = 1 << 26
_STORES = ("npy", "stack")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the index.

    Attributes
    ----------
    input, output : relative to DATA and to OUT.
    row : of a stack; None where the file is the image's own.
    split : of the image.
    shape : of the array.
    dtype, channels : of the image's pixels.
    a, b : of ``y = a * x + b`` on stored pixels, where each image has its own.
    """

    input: str
    output: str
    row: int | None
    split: str
    shape: tuple[int, ...]
    dtype: str
    channels: tuple[str, ...]
    a: tuple[float, ...] | None = None
    b: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What a finished run says of its folder.

    Attributes
    ----------
    layout : of the arrays, ``chw`` or ``hwc``.
    channels : their names; None if the number of channels differs from image to image.
    store : ``npy`` or ``stack``.
    normalizers : split → what :func:`normstat.methods.from_record` takes.
    """

    layout: str
    channels: tuple[str, ...] | None
    store: str
    normalizers: Mapping[str, Mapping[str, Any]]


class Out:
    """The folder of one run.

    Parameters
    ----------
    root : OUT.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self._decided: dict[str, Any] = {}

    def refuse(self, data: str, overwrite: bool, skip_existing: bool) -> None:
        """Find out whether a run may write here, before any work.

        Raises
        ------
        UsageError
            OUT is in DATA, is a file, or holds something.
        """
        refuse_place(self.root, data, "arrays")
        if overwrite and skip_existing:
            raise UsageError("--overwrite and --skip-existing: choose one")
        if not overwrite and not skip_existing and has_anything(self.root):
            continues = "--skip-existing continues an interrupted run"
            refuse_filled(self.root, continues if self._earlier() else "choose another")

    def begin(self, decided: Mapping[str, Any], overwrite: bool, skip_existing: bool) -> None:
        """Make the folder, or make it ready again.

        Parameters
        ----------
        decided : what the run's record says before any work; JSON-ready.

        Raises
        ------
        UsageError
            There is a run to continue, and it had other settings.
        OutputError
            The folder cannot be written to.
        """
        self._decided = dict(decided)
        if skip_existing and has_anything(self.root):
            self._refuse_other_settings()
        with writing(self.root):
            os.makedirs(self.root, exist_ok=True)
            if overwrite:
                self._remove_earlier_arrays()
            shutil.rmtree(self._unfinished, ignore_errors=True)
            os.mkdir(self._unfinished)
            for name in (RECORD, INDEX):
                with suppress(FileNotFoundError):
                    os.unlink(self._path(name))
        files.write(self._path(STARTED), _json(self._decided))

    @contextmanager
    def index(self) -> Iterator[TextIO]:
        """The index, open for writing."""
        with writing(self.root), open(self._path(INDEX), "w", encoding="ascii") as file:
            yield file

    def finish(self, result: Mapping[str, Any]) -> None:
        """Write the record: from now on the arrays count as complete."""
        with writing(self.root):
            os.rmdir(self._unfinished)
        files.write(self._path(RECORD), _json(self._decided | dict(result)))
        with suppress(FileNotFoundError):
            os.unlink(self._path(STARTED))

    def give_up(self) -> None:
        """Leave only what is whole."""
        shutil.rmtree(self._unfinished, ignore_errors=True)

    def _earlier(self) -> dict[str, Any] | None:
        """What an earlier run had decided."""
        for name in (RECORD, STARTED):
            if os.path.exists(self._path(name)):
                return _load(self._path(name))
        return None

    def _refuse_other_settings(self) -> None:
        earlier = self._earlier()
        if earlier is None:
            raise UsageError(
                f"{shown(self.root)}: --skip-existing continues a run, and none was begun here; "
                "--overwrite replaces what is there"
            )
        decided = json.loads(_json(self._decided))
        other = [
            name
            for name, value in decided.items()
            if name not in _VERSIONS and earlier.get(name) != value
        ]
        if other:
            raise UsageError(
                f"{shown(self.root)}: the earlier run had other settings ({', '.join(other)}); "
                "repeat its options, or replace it with --overwrite"
            )

    def _remove_earlier_arrays(self) -> None:
        """Those that the earlier index lists: they would look like results of this run."""
        try:
            for line in read_index(self.root):
                with suppress(FileNotFoundError, IsADirectoryError):
                    os.unlink(self._path(line.output))
        except UsageError:
            return  # no index, or not one of ours: files of the same names are replaced anyway

    @property
    def _unfinished(self) -> str:
        return self._path(UNFINISHED)

    def _path(self, name: str) -> str:
        return f"{self.root}/{name}"


def index_line(row: Row, writer: Writer, number: int | None) -> str:
    """The line of the index for an image; ``number`` is its row in a stack."""
    content: dict[str, Any] = {
        "input": path_text(row.path),
        "output": path_text(writer.output(row.split, row.path)),
        "row": number,
        "split": row.split,
        "shape": row.shape,
        "dtype": row.kind.dtype,
        "channels": row.kind.channels,
        "a": row.a,
        "b": row.b,
    }
    return json.dumps({name: value for name, value in content.items() if value is not None}) + "\n"


def read_index(root: str) -> Iterator[Line]:
    """The lines of an index.

    Raises
    ------
    UsageError
        There is no index, or a line is not one of ``apply``'s.
    """
    for number, text in enumerate(_texts_of(f"{root}/{INDEX}"), 1):
        try:
            line = _line(json.loads(text))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise UsageError(
                f"{shown(root)}/{INDEX}: line {number} is not one that apply writes"
            ) from error
        yield line


def _texts_of(path: str) -> Iterator[bytes]:
    try:
        with open(path, "rb") as file:
            yield from file
    except OSError as error:
        raise UsageError(
            f"{shown(path)}: cannot be read ({error.strerror}); run apply again"
        ) from error


def read_record(root: str) -> Record | None:
    """What a finished run recorded in a folder; None if the folder is not of ``apply``.

    Raises
    ------
    UsageError
        A run was begun here and did not end, or the record is not one.
    """
    path = f"{root}/{RECORD}"
    if os.path.exists(path):
        node = Node(_load(path), "")
        return Record(
            node["layout"].one_of(LAYOUTS),
            node["channels"].optional(_texts),
            node["store"].one_of(_STORES),
            {split: normalizer.value for split, normalizer in node["normalizers"].items()},
        )
    if os.path.exists(f"{root}/{STARTED}"):
        raise UsageError(
            f"{shown(root)}: apply was interrupted here; finish it with --skip-existing first"
        )
    return None


def _line(content: Any) -> Line:
    output = _inside(path_from_text(content["output"]))
    if not output.endswith(".npy"):
        raise ValueError("is no array")
    row = content.get("row")
    return Line(
        _inside(path_from_text(content["input"])),
        output,
        None if row is None else index(row),
        content["split"],
        tuple(map(index, content["shape"])),
        content["dtype"],
        tuple(content["channels"]),
        tuple(map(float, content["a"])) if "a" in content else None,
        tuple(map(float, content["b"])) if "b" in content else None,
    )


def _inside(path: str) -> str:
    if os.path.isabs(path) or ".." in path.split("/"):
        raise ValueError("leads out of the folder")
    return path


def _load(path: str) -> dict[str, Any]:
    try:
        if os.path.getsize(path) > _MOST:
            raise UsageError(f"{shown(path)}: is too large to be a record of apply")
        content = json.loads(files.read(path))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{shown(path)}: cannot be read ({error})") from error
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise UsageError(f"{shown(path)}: is not a record of apply ({SCHEMA})")
    return content


def _texts(node: Node) -> tuple[str, ...]:
    return tuple(item.text() for item in node.list())


def _json(content: Mapping[str, Any]) -> bytes:
    return render(content).encode("utf-8")
