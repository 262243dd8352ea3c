"""Text to stats, or a refusal that says where in the file."""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, NoReturn, TypeVar

import numpy as np

from normstat.accumulators.fingerprint import Fingerprint
from normstat.accumulators.histogram import Histogram
from normstat.accumulators.moments import Moments
from normstat.accumulators.perimage import COLUMNS, DOUBLE, PLACES, PerImage
from normstat.accumulators.tally import Extent, KindTally, SplitTally
from normstat.errors import StatsFileError
from normstat.images import DTYPES, NOTES, Code, Kind, Unreadable, path_from_text
from normstat.stats import (
    QUANTILES,
    MeanStd,
    Settings,
    SplitStats,
    StandardError,
    Stats,
)
from normstat.statsfile.writing import SCHEMA

_T = TypeVar("_T")
_TOO_LARGE = float("inf")


def loads(text: str | bytes) -> Stats:
    """The statistics in the text of a stats file; see :func:`normstat.load`."""
    try:
        text = text.decode("utf-8") if isinstance(text, bytes) else text
        content = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise StatsFileError("not UTF-8, so not a stats file") from error
    except json.JSONDecodeError as error:
        raise StatsFileError(
            f"not JSON: {error.msg} in line {error.lineno}, column {error.colno}"
        ) from error
    except ValueError as error:  # an integer of thousands of digits
        raise StatsFileError(f"not usable: {error}") from error
    except RecursionError as error:
        raise StatsFileError("nested too deeply for a stats file") from error
    root = _Node(content, "")
    schema = root["schema"].text()
    if schema != SCHEMA:
        root["schema"].fail(f"this version reads {SCHEMA!r}, found {schema!r}")
    unreadable = tuple(_unreadable(node) for node in root["unreadable"].list())
    return Stats(
        normstat=root["normstat"].text(),
        decoder={name: node.optional(_Node.text) for name, node in root["decoder"].items()},
        settings=_settings(root["settings"]),
        splits={name: _split(name, node, unreadable) for name, node in root["splits"].items()},
        unreadable=unreadable,
    )


def _unreadable(node: "_Node") -> Unreadable:
    return Unreadable(
        split=node["split"].text(),
        path=path_from_text(node["path"].text()),
        code=node["code"].one_of(tuple(Code)),
        detail=node["detail"].text(),
    )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise StatsFileError(f"/…/{twice}: stands twice in one object")
    return content


def _refuse_constant(name: str) -> NoReturn:
    raise StatsFileError(f"not JSON: {name} is no number there")


def _settings(node: "_Node") -> Settings:
    node["resize"].null()
    node["crop"].null()
    return Settings(
        channels=node["channels"].one_of(("auto", "gray", "rgb")),
        include=tuple(glob.text() for glob in node["include"].list()),
        exclude=tuple(glob.text() for glob in node["exclude"].list()),
        max_pixels=node["max_pixels"].whole(),
        split_dirs={name: folder.text() for name, folder in node["split_dirs"].items()},
    )


def _split(name: str, node: "_Node", unreadable: tuple[Unreadable, ...]) -> SplitStats:
    channels = node["channels"].optional(_channels)
    state = _state(name, node["state"], unreadable)
    node["covariance"].null()

    def numbers(values: _Node) -> tuple[float, ...]:
        return tuple(value.number() for value in values.list(len(channels or ())))

    def defined(values: _Node) -> tuple[float | None, ...]:
        return tuple(value.optional(_Node.number) for value in values.list(len(channels or ())))

    def quantiles(values: _Node) -> dict[str, tuple[float, ...]]:
        return {p: numbers(values[p]) for p in QUANTILES}

    return SplitStats(
        listed=node["listed"].whole(),
        images=node["images"].whole(),
        unreadable=node["unreadable"].whole(),
        skipped=node["skipped"].whole(),
        pixels=node["pixels"].whole(),
        channels=channels,
        dtype=node["dtype"].optional(_Node.text),
        scale=node["scale"].optional(_Node.whole),
        mean=node["mean"].optional(numbers),
        std=node["std"].optional(numbers),
        stderr=StandardError(
            node["stderr"]["mean"].optional(defined), node["stderr"]["std"].optional(defined)
        ),
        per_image=MeanStd(
            node["per_image"]["mean"].optional(numbers), node["per_image"]["std"].optional(numbers)
        ),
        min=node["min"].optional(numbers),
        max=node["max"].optional(numbers),
        quantiles=node["quantiles"].optional(quantiles),
        covariance=None,
        width=_extent(node["width"]),
        height=_extent(node["height"]),
        modes=_counter(node["modes"]),
        formats=_counter(node["formats"]),
        notes={note: node["notes"][note].whole() for note in NOTES},
        fingerprint=_fingerprint(node["fingerprint"]),
        state=state,
    )


def _state(name: str, node: "_Node", unreadable: tuple[Unreadable, ...]) -> SplitTally:
    kinds = dict(_kind(kind) for kind in node["kinds"].list())
    # Images of another depth are in the state themselves; their records were made from it.
    of_kinds = {path for tally in kinds.values() for path in tally.first}
    records = (record for record in unreadable if record.split == name)
    return SplitTally(kinds, tuple(record for record in records if record.path not in of_kinds))


def _kind(node: "_Node") -> tuple[Kind, KindTally]:
    kind = Kind(node["dtype"].one_of(DTYPES), _channels(node["channels"]))
    values = _histogram(kind, node["values"]) if kind.bins else _moments(kind, node["values"])
    return kind, KindTally(
        values=values,
        per_image=_per_image(kind, node["per_image"]),
        width=_extent(node["width"]),
        height=_extent(node["height"]),
        modes=_counter(node["modes"]),
        formats=_counter(node["formats"]),
        notes=_counter(node["notes"]),
        fingerprint=_fingerprint(node["fingerprint"]),
        first=tuple(path_from_text(path.text()) for path in node["first"].list()),
    )


def _histogram(kind: Kind, node: "_Node") -> Histogram:
    bins = kind.bins or 0
    counts = np.zeros((len(kind.channels), bins), dtype=np.int64)
    for row, channel in zip(counts, node.list(len(kind.channels)), strict=True):
        if bins == 256:
            row[:] = [count.count() for count in channel.list(bins)]
            continue
        present = channel["value"].list()
        for value, count in zip(present, channel["count"].list(len(present)), strict=True):
            if not value.whole() < bins:
                value.fail(f"should be below {bins}")
            row[value.whole()] = count.count()
    return Histogram(counts)


def _moments(kind: Kind, node: "_Node") -> Moments:
    def array(name: str) -> Any:
        return np.array([value.number() for value in node[name].list(len(kind.channels))])

    return Moments(
        count=node["count"].whole(),
        mean=array("mean"),
        mean_low=array("mean_low"),
        m2=array("m2"),
        min=array("min"),
        max=array("max"),
    )


def _per_image(kind: Kind, node: "_Node") -> PerImage:
    return PerImage(
        images=node["images"].whole(),
        pixels=node["pixels"].digits(),
        pixels2=node["pixels2"].digits(),
        channels=tuple(
            tuple(channel[column].digits() for column in COLUMNS)
            for channel in node["channels"].list(len(kind.channels))
        ),
        shift=0 if kind.bins else DOUBLE,
        places=PLACES if kind.bins else DOUBLE,
    )


def _channels(node: "_Node") -> tuple[str, ...]:
    return tuple(channel.text() for channel in node.list())


def _extent(node: "_Node") -> Extent:
    return Extent(node["min"].optional(_Node.whole), node["max"].optional(_Node.whole))


def _counter(node: "_Node") -> dict[str, int]:
    return {name: count.whole() for name, count in node.items()}


def _fingerprint(node: "_Node") -> Fingerprint:
    return Fingerprint(*(node[name].hexadecimal() for name in ("paths", "files", "pixels")))


class _Node:
    """A value of the file and its JSON pointer, so that every refusal says where."""

    def __init__(self, value: Any, pointer: str) -> None:
        self.value = value
        self.pointer = pointer

    def fail(self, problem: str) -> NoReturn:
        raise StatsFileError(f"{self.pointer or '/'}: {problem}")

    def __getitem__(self, key: str) -> "_Node":
        if not isinstance(self.value, dict):
            self.fail("should be an object")
        if key not in self.value:
            self.fail(f"{key!r} is missing")
        return self._child(key, self.value[key])

    def items(self) -> Iterable[tuple[str, "_Node"]]:
        if not isinstance(self.value, dict):
            self.fail("should be an object")
        return [(key, self._child(key, value)) for key, value in self.value.items()]

    def list(self, length: int | None = None) -> "list[_Node]":
        if not isinstance(self.value, list):
            self.fail("should be a list")
        if length is not None and len(self.value) != length:
            self.fail(f"should have {length} items, has {len(self.value)}")
        return [self._child(str(index), value) for index, value in enumerate(self.value)]

    def _child(self, key: str, value: Any) -> "_Node":
        return _Node(value, f"{self.pointer}/{key.replace('~', '~0').replace('/', '~1')}")

    def text(self) -> str:
        if not isinstance(self.value, str):
            self.fail("should be a string")
        return self.value

    def whole(self) -> int:
        if type(self.value) is not int or self.value < 0:
            self.fail("should be an integer, 0 or more")
        return self.value

    def number(self) -> float:
        if type(self.value) not in (int, float) or not abs(self.value) < _TOO_LARGE:
            self.fail("should be a finite number")
        return float(self.value)

    def digits(self) -> int:
        """An integer of any size, written as text."""
        if not re.fullmatch(r"-?\d{1,4000}", self.text()):
            self.fail("should be an integer as a string")
        return int(self.value)

    def hexadecimal(self) -> int:
        if not re.fullmatch(r"[0-9a-f]{32}", self.text()):
            self.fail("should be 32 hexadecimal digits")
        return int(self.value, 16)

    def one_of(self, allowed: tuple[str, ...]) -> str:
        if self.text() not in allowed:
            self.fail(f"should be one of {', '.join(allowed)}; found {self.value!r}")
        return self.text()

    def optional(self, read: Callable[["_Node"], _T]) -> _T | None:
        return None if self.value is None else read(self)

    def null(self) -> None:
        if self.value is not None:
            self.fail("should be null: this version of normstat cannot use it")

    def count(self) -> int:
        """A number of pixels, as the histogram holds them: 64 bits."""
        if self.whole() >= 2**63:
            self.fail("should be below 2**63")
        return self.whole()
