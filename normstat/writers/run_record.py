"""The record of a run: ``normstat.json`` in OUT, and while it lasts ``normstat.partial.json``."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from normstat import files
from normstat.errors import StatsFileError, UsageError, option
from normstat.files import shown
from normstat.images import ARRAY_LAYOUTS
from normstat.sources import Source
from normstat.sources.apply_record import RECORD, SCHEMA
from normstat.statsfile import render
from normstat.statsfile.json_reader import Node
from normstat.urls import is_url
from normstat.writers import WRITERS

STARTED = "normstat.partial.json"
# These may differ between a run and the one that continues it: versions, and which images are
# selected, which changes no array.
_VERSIONS = ("normstat", "decoder")
_SELECTING = ("include", "exclude")
_MOST = 1 << 26


@dataclass(frozen=True, slots=True)
class RunRecord:
    """The record of a finished run.

    Attributes
    ----------
    layout : of the arrays, ``chw`` or ``hwc``.
    channels : their names; None if the number of channels differs from image to image.
    store : name of the writer, one of :data:`normstat.writers.WRITERS`.
    normalizers : split → record of its normalizer, see :func:`normstat.methods.from_record`.
    """

    layout: str
    channels: tuple[str, ...] | None
    store: str
    normalizers: Mapping[str, Mapping[str, Any]]


def record_in_data(source: Source) -> RunRecord | None:
    """Read the record of a finished run beside images; None if they are not of ``apply``.

    A file that only happens to be called ``normstat.json`` says nothing here.

    Raises
    ------
    UsageError
        A run was begun here and did not end, or its record cannot be read; of several DATA, one has
        other arrays than the next, or none.
    """
    first, *others = ((top, _record_at(source, top)) for top in source.tops)
    for top, record in others:
        if _arrays(record) != _arrays(first[1]):
            raise UsageError(
                f"{shown(_shown_root(source, first[0]))} and {shown(_shown_root(source, top))}: "
                "apply recorded other axes or channels of the arrays in one than in the other; "
                "give them one by one"
            )
    return first[1]


def _arrays(record: RunRecord | None) -> tuple[str, tuple[str, ...] | None] | None:
    return (record.layout, record.channels) if record else None


def _record_at(source: Source, top: str) -> RunRecord | None:
    content = _ours(source, top, RECORD)
    root = _shown_root(source, top)
    if content is None:
        started = _ours(source, top, STARTED)
        if started is not None:
            raise _unfinished(root, started)
        return None
    return _record(content, f"{root}/{RECORD}")


def read_record(root: str) -> RunRecord | None:
    """Read the record of a finished run; None if the folder is not of ``apply``.

    Raises
    ------
    UsageError
        A run was begun here and did not end, or the record is not one.
    """
    path = f"{root}/{RECORD}"
    if not _is_file(path):
        if _is_file(f"{root}/{STARTED}"):
            raise _unfinished(root, _load(f"{root}/{STARTED}"))
        return None
    return _record(_load(path), path)


def _is_file(path: str) -> bool:
    if not is_url(path):
        return os.path.isfile(path)
    try:
        return files.exists(path)
    except OSError as error:
        raise UsageError(f"{shown(path)}: cannot be read ({error.strerror})") from error


def _unfinished(root: str, started: Mapping[str, Any]) -> UsageError:
    if number_of_parts(started):
        return UsageError(
            f"{shown(root)}: holds parts of the arrays; `normstat merge {shown(root)}` makes one "
            "result of them"
        )
    return UsageError(
        f"{shown(root)}: apply was interrupted here; finish it with "
        f"{option('skip_existing', True)} first"
    )


def _record(content: Mapping[str, Any], path: str) -> RunRecord:
    node = Node(content, "")
    try:
        return RunRecord(
            node["layout"].one_of(ARRAY_LAYOUTS),
            node["channels"].optional(lambda names: tuple(map(Node.text, names.list()))),
            node["store"].one_of(tuple(WRITERS)),
            {split: normalizer.value for split, normalizer in node["normalizers"].items()},
        )
    except StatsFileError as error:
        raise UsageError(f"{shown(path)}: {shown(str(error))}; run apply again") from error


def earlier_record(root: str) -> dict[str, Any] | None:
    """Read the record of an earlier run, complete or not; None if there was none."""
    for name in (RECORD, STARTED):
        if files.exists(f"{root}/{name}"):
            return _load(f"{root}/{name}")
    return None


def refuse_other_settings(root: str, decided: Mapping[str, Any]) -> None:
    """Refuse to continue a run with other settings than it had, or where none was begun.

    `decided` is the record of the new run, as far as it is known before any work.
    """
    earlier = earlier_record(root)
    if earlier is None:
        raise UsageError(
            f"{shown(root)}: {option('skip_existing', True)} continues a run, and none was begun "
            f"here; {option('overwrite', True)} replaces what is there"
        )
    if number_of_parts(earlier):
        raise UsageError(
            f"{shown(root)}: holds parts of the arrays, which {option('shard', metavar='I/N')} "
            f"continues and `normstat merge {shown(root)}` puts together; "
            f"{option('overwrite', True)} replaces them"
        )
    if other := other_settings(decided, earlier):
        raise UsageError(
            f"{shown(root)}: the earlier run had other settings ({', '.join(other)}); "
            f"repeat its options, or replace it with {option('overwrite', True)}"
        )


def other_settings(decided: Mapping[str, Any], earlier: Mapping[str, Any]) -> list[str]:
    """Names of what a run decided otherwise than an earlier one that is to go on."""
    now, before = _comparable(json.loads(render(decided))), _comparable(earlier)
    other = [name for name, value in now.items() if before.get(name) != value]
    mine, theirs = now.get("normalizers"), before.get("normalizers")
    if isinstance(mine, dict) and isinstance(theirs, dict) and mine.keys() != theirs.keys():
        # There is one for each split; that there are others says nothing of the numbers.
        common = mine.keys() & theirs.keys()
        same = all(mine[split] == theirs[split] for split in common)
        place = other.index("normalizers")
        other[place : place + 1] = ["split"] if same else ["split", "normalizers"]
    return other


def number_of_parts(record: Mapping[str, Any]) -> int | None:
    """Number of the parts that a run is one of, from its record; None if it has all images.

    >>> number_of_parts({"parts": {"of": 16}}), number_of_parts({})
    (16, None)
    """
    parts = record.get("parts")
    of = parts.get("of") if isinstance(parts, dict) else None
    return of if isinstance(of, int) else None


def _comparable(record: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a record that has to be the same for a run to be continued."""
    kept = {name: value for name, value in record.items() if name not in _VERSIONS}
    if isinstance(kept.get("settings"), dict):
        settings = kept["settings"].items()
        kept["settings"] = {name: value for name, value in settings if name not in _SELECTING}
    return kept


def _ours(source: Source, top: str, name: str) -> dict[str, Any] | None:
    """Content of a record beside images; None if there is none."""
    path = f"{_shown_root(source, top)}/{name}"
    try:
        data = source.side_file(top + name)
    except OSError as error:  # who knows what it would say of the arrays
        raise UsageError(f"{shown(path)}: cannot be read ({error})") from error
    try:
        return None if data is None else _parsed(data, path)
    except UsageError:
        return None


def _shown_root(source: Source, top: str) -> str:
    """A folder that was given, as messages call it."""
    return top.removesuffix("/") or source.root


def _load(path: str) -> dict[str, Any]:
    try:
        if not is_url(path) and os.path.getsize(path) > _MOST:
            raise UsageError(f"{shown(path)}: is too large to be a record of apply")
        return _parsed(files.read(path), path)
    except OSError as error:
        raise UsageError(f"{shown(path)}: cannot be read ({error})") from error


def _parsed(data: bytes, path: str) -> dict[str, Any]:
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{shown(path)}: cannot be read ({error})") from error
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise UsageError(f"{shown(path)}: is not a record of apply ({SCHEMA})")
    return content
