"""Counts of a shard to bytes and back, to the bit, for a cache.

The JSON of the stats file's states, but for all that is long, which is base64. It is never a
pickle, because a file may come from anywhere.
"""

import base64
import binascii
import json

import numpy as np
from numpy.typing import NDArray

from normstat.accumulators.keys import KEY
from normstat.accumulators.rows import Counts
from normstat.accumulators.tally import STATE, SplitTally, Tally
from normstat.images import DIGEST, Code, ImageRow, path_text
from normstat.statsfile.from_json import kind_from_json, record_from_json
from normstat.statsfile.json_reader import FEW_BINS, Node, parse
from normstat.statsfile.to_json import kind_to_json, record_to_json

_COUNTS = np.dtype("<i8")
_PRESENT = np.dtype([("place", "<u4"), ("count", "<i8")])
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
    root = parse(data, _Packed)
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
        dict(map(kind_from_json, node["kinds"].list())),
        tuple(record_from_json(record) for record in node["unreadable"].list()),
    )


def _packed(counts: NDArray[np.int64], _least: int) -> str:
    """Base64 of all counts, or of the places and counts of those that are not 0."""
    if counts.shape[1] == FEW_BINS:
        return _text(counts.astype(_COUNTS).tobytes())
    places = np.flatnonzero(counts)
    present = np.empty(len(places), _PRESENT)
    present["place"], present["count"] = places, counts.reshape(-1)[places]
    return _text(present.tobytes())


class _Packed(Node):
    """A node whose counts are as :func:`_packed` made them."""

    def counts(self, channels: int, bins: int, _least: int = 0) -> NDArray[np.int64]:
        size = channels * bins
        if bins == FEW_BINS:
            counts = np.frombuffer(_bytes(self, size * _COUNTS.itemsize), _COUNTS).astype(np.int64)
        else:
            data = _bytes(self)
            if len(data) % _PRESENT.itemsize:
                self.fail(f"should be {_PRESENT.itemsize} bytes for each count")
            present = np.frombuffer(data, _PRESENT)
            if present.size and not present["place"].max() < size:
                self.fail(f"has a count beyond the {size} that there are")
            counts = np.zeros(size, np.int64)
            counts[present["place"]] = present["count"]
        if counts.size and counts.min() < 0:
            self.fail("has a count below 0")
        return self.summable(counts.reshape(channels, bins))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(node: Node, length: int | None = None) -> bytes:
    try:
        data = base64.b64decode(node.text().encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        node.fail("should be base64")
    if length not in (None, len(data)):
        node.fail(f"should be {length} bytes")
    return data
