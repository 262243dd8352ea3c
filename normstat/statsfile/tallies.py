"""Counts of a shard to bytes and back, to the bit, for a cache.

The JSON of the stats file's states, but for all that is long, which is base64. It is never a
pickle, because a file may come from anywhere.
"""

import base64
import binascii
import json

import numpy as np

from normstat.accumulators.histogram import Histogram
from normstat.accumulators.keys import KEY
from normstat.accumulators.rows import Counts
from normstat.accumulators.tally import STATE, SplitTally, Tally
from normstat.images import DIGEST, Code, ImageRow, Kind, path_text
from normstat.statsfile.from_json import kind_from_json, record_from_json
from normstat.statsfile.json_reader import Node, parse
from normstat.statsfile.to_json import kind_to_json, record_to_json

_COUNTS = np.dtype("<i8")


#: Fields of the rows that are kept.
ROWS = frozenset({"bytes", "digest", "key"})


def dumps_counts(counts: Counts) -> bytes:
    """Counts as bytes: the state, and of the rows the fields :data:`ROWS`.

    >>> from normstat.images import Unreadable
    >>> counts = Counts.of_unreadable(Unreadable("train", "a.png", "empty"))
    >>> loads_counts(dumps_counts(counts)) == counts
    True
    """
    content = {
        "state": STATE,
        "splits": {name: _split_to_json(split) for name, split in counts.tally.splits.items()},
        "rows": [_row_to_json(row) for row in counts.rows],
    }
    return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


def loads_counts(data: bytes) -> Counts:
    """The counts that :func:`dumps_counts` wrote.

    Raises
    ------
    StatsFileError
        It is something else, or of another version; with the JSON pointer of the problem.
    """
    root = parse(data)
    if root["state"].whole() != STATE:
        root["state"].fail(f"this version reads {STATE}")
    return Counts(
        Tally({name: _split_from_json(split) for name, split in root["splits"].items()}),
        tuple(map(_row_from_json, root["rows"].list())),
    )


def _row_to_json(row: ImageRow) -> list[object]:
    hashes = [part and _text(part) for part in (row.digest, row.key)]
    return [row.split, path_text(row.name), row.code, row.bytes, *hashes]


def _row_from_json(node: Node) -> ImageRow:
    split, name, code, size, digest, key = node.list(6)
    return ImageRow(
        split.text(),
        name.path(),
        code.optional(lambda code: code.one_of(tuple(Code))),
        bytes=size.optional(Node.whole),
        digest=digest.optional(lambda digest: _bytes(digest, DIGEST)),
        key=key.optional(lambda key: _bytes(key, KEY)),
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
    data = _bytes(node, shape[0] * shape[1] * _COUNTS.itemsize)
    counts = np.frombuffer(data, _COUNTS).reshape(shape).astype(np.int64)
    if counts.size and counts.min() < 0:
        node.fail("has a count below 0")
    return Histogram(counts)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(node: Node, length: int) -> bytes:
    try:
        data = base64.b64decode(node.text().encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        node.fail("should be base64")
    if len(data) != length:
        node.fail(f"should be {length} bytes")
    return data
