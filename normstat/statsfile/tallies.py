"""A tally to bytes and back, to the bit: what a cache keeps of a shard.

The JSON of the stats file's states, but for what is long: counts and keys are base64. It is never
a pickle, because a file may come from anywhere.
"""

import base64
import binascii
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normstat.accumulators.keys import KEY, Keys
from normstat.accumulators.tally import STATE, SplitTally, Tally
from normstat.statsfile.from_json import kind_from_json, record_from_json
from normstat.statsfile.json_reader import FEW_BINS, Node, parse
from normstat.statsfile.to_json import kind_to_json, record_to_json

_COUNTS, _PLACES = np.dtype("<i8"), np.dtype("<u4")


def dumps_tally(tally: Tally) -> bytes:
    """A tally as bytes: all that it holds.

    >>> from normstat.images import Unreadable
    >>> tally = Tally.of_unreadable(Unreadable("train", "a.png", "empty"))
    >>> loads_tally(dumps_tally(tally)) == tally
    True
    """
    content = {
        "state": STATE,
        "splits": {name: _split_to_json(split) for name, split in tally.splits.items()},
        "keys": {name: _text(packed) for name, packed in tally.keys.splits.items()},
    }
    return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


def loads_tally(data: bytes) -> Tally:
    """The tally that :func:`dumps_tally` wrote.

    Raises
    ------
    StatsFileError
        It is something else, or of another version; with the JSON pointer of the problem.
    """
    root = parse(data, _Packed)
    if root["state"].whole() != STATE:
        root["state"].fail(f"this version reads {STATE}")
    return Tally(
        {name: _split_from_json(split) for name, split in root["splits"].items()},
        Keys({name: _keys_from_json(packed) for name, packed in root["keys"].items()}),
    )


def _split_to_json(split: SplitTally) -> dict[str, list[object]]:
    return {
        "kinds": [kind_to_json(kind, tally, _packed) for kind, tally in split.kinds.items()],
        "unreadable": [record_to_json(record) for record in split.unreadable],
    }


def _split_from_json(node: Node) -> SplitTally:
    return SplitTally(
        dict(map(kind_from_json, node["kinds"].list())),
        tuple(record_from_json(record) for record in node["unreadable"].list()),
    )


def _packed(counts: NDArray[np.int64], _least: int) -> Any:
    """Base64 of all counts, or of the places and counts of those that are not 0."""
    if counts.shape[1] == FEW_BINS:
        return _text(counts.astype(_COUNTS).tobytes())
    places = np.flatnonzero(counts)
    present = counts.reshape(-1)[places]
    return {
        "place": _text(places.astype(_PLACES).tobytes()),
        "count": _text(present.astype(_COUNTS).tobytes()),
    }


class _Packed(Node):
    """A node whose counts are as :func:`_packed` made them."""

    def counts(self, channels: int, bins: int, _least: int = 0) -> NDArray[np.int64]:
        size = channels * bins
        if bins == FEW_BINS:
            counts = _array(self, _COUNTS, size)
        else:
            places = _array(self["place"], _PLACES)
            if places.size and not places.max() < size:
                self["place"].fail(f"should be below {size}")
            counts = np.zeros(size, np.int64)
            counts[places] = _array(self["count"], _COUNTS, len(places))
        if counts.size and counts.min() < 0:
            self.fail("has a count below 0")
        return counts.reshape(channels, bins)


def _array(node: Node, dtype: np.dtype[Any], size: int | None = None) -> NDArray[np.int64]:
    data = _bytes(node)
    if len(data) % dtype.itemsize or size not in (None, len(data) // dtype.itemsize):
        node.fail("should be " + ("whole" if size is None else f"{size}") + " numbers")
    return np.frombuffer(data, dtype).astype(np.int64)


def _keys_from_json(node: Node) -> bytes:
    packed = _bytes(node)
    if len(packed) % KEY:
        node.fail(f"should be keys of {KEY} bytes each")
    return packed


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(node: Node) -> bytes:
    try:
        return base64.b64decode(node.text().encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        node.fail("should be base64")
