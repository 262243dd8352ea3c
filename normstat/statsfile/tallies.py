"""A tally to bytes and back, to the bit: what a cache keeps of a shard.

The JSON of the stats file's states, but for what is long: counts and keys are base64. It is never
a pickle, because a file may come from anywhere.
"""

import base64
import binascii
import json

import numpy as np

from normstat.accumulators.histogram import Histogram
from normstat.accumulators.keys import KEY, Keys
from normstat.accumulators.tally import STATE, SplitTally, Tally
from normstat.images import Kind
from normstat.statsfile.from_json import kind_from_json, record_from_json
from normstat.statsfile.json_reader import Node, parse
from normstat.statsfile.to_json import kind_to_json, record_to_json

_COUNTS = np.dtype("<i8")


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
    root = parse(data)
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
        dict(kind_from_json(kind, _unpacked) for kind in node["kinds"].list()),
        tuple(record_from_json(record) for record in node["unreadable"].list()),
    )


def _packed(histogram: Histogram) -> str:
    return _text(histogram.counts.astype(_COUNTS).tobytes())


def _unpacked(kind: Kind, node: Node) -> Histogram:
    shape = len(kind.channels), kind.bins or 0
    data = _bytes(node)
    if len(data) != shape[0] * shape[1] * _COUNTS.itemsize:
        node.fail(f"should be the counts of {shape[0]} × {shape[1]} values")
    counts = np.frombuffer(data, _COUNTS).reshape(shape).astype(np.int64)
    if counts.size and counts.min() < 0:
        node.fail("has a count below 0")
    return Histogram(counts)


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
