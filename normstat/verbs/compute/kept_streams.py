"""Archives that another run has read, as rows of a cache: their members, and the sums of these."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from normstat.cache import Cache, sample_digest
from normstat.errors import UnreadableImage
from normstat.images import LASTING, Code, Reason, Shard, Skipped, path_from_text, path_text
from normstat.sources.archives import Ignored
from normstat.sources.member import Member
from normstat.sources.tar_stream import Listing, TarStream
from normstat.statsfile import dumps_counts
from normstat.verbs.compute.cached import contexts
from normstat.verbs.compute.job import Count
from normstat.verbs.compute.row_validation import validated
from normstat.verbs.compute.streamed import Streamed, Sum
from normstat.verbs.listeners import Progress

_NO_ROW = (ValueError, LookupError, TypeError, AttributeError, RecursionError)


@contextmanager
def kept_streams(path: str, data: str, job: Count, progress: Progress) -> Iterator["KeptStreams"]:
    """The archives in a cache.

    Parameters
    ----------
    path : of the cache.
    data : identity of the source.
    job : that counts images. It has to want the rows that are kept.
    progress : is warned of what is wrong with the file.
    """
    cache = Cache(path, progress.warning)
    try:
        yield KeptStreams(cache, data, job)
    finally:
        cache.close()


class KeptStreams:
    """See :class:`normstat.verbs.compute.streamed.Kept`."""

    def __init__(self, cache: Cache, data: str, job: Count) -> None:
        self._cache = cache
        self._context = contexts(data, job)("")

    def find(self, shard: Shard) -> Streamed | None:
        """Find what another run has found in an archive, if that can be true."""
        sample = _sample(shard)
        if sample is None:
            return None
        for row in self._cache.find(self._context, (sample,)):
            try:
                return loads(row.value)
            except _NO_ROW:  # somebody made it up
                return None
        return None

    def store(self, shard: Shard, streamed: Streamed) -> None:
        """Keep what was found, if another run would find the same."""
        sample = _sample(shard)
        if sample is not None and _is_lasting(streamed):
            self._cache.store(self._context, (sample,), dumps(streamed))


def _sample(shard: Shard) -> bytes | None:
    stream = shard.container
    is_known = isinstance(stream, TarStream) and stream.listed.version
    return sample_digest(shard.names[0], stream.listed.version) if is_known else None  # type: ignore[attr-defined]  # is_known


def _is_lasting(streamed: Streamed) -> bool:
    listing = streamed.listing
    if listing is None or (listing.damage and listing.damage.code not in LASTING):
        return False
    splits = (each.counts.tally.splits.values() for each in streamed.sums)
    records = (record for states in splits for state in states for record in state.unreadable)
    return all(record.code in LASTING for record in records)


def dumps(streamed: Streamed) -> bytes:
    """An archive as the value of a row.

    >>> loads(dumps(Streamed(Listing("gzip")))).listing.packing
    'gzip'
    """
    listing = streamed.listing
    assert listing
    content = {
        "packing": listing.packing,
        "members": [
            [path_text(each.name), *each.place, _failure(each.failure)] for each in listing.members
        ],
        "reasons": [
            [reason.value, skipped.images, path_text(skipped.first)]
            for reason, skipped in listing.ignored.reasons.items()
        ],
        "extensions": dict(listing.ignored.extensions),
        "damage": _failure(listing.damage),
        "sums": [
            [[path_text(row.name) for row in each.counts.rows], dumps_counts(each.counts).decode()]
            for each in streamed.sums
        ],
    }
    return json.dumps(content).encode("ascii")


def loads(value: bytes) -> Streamed:
    """The archive in the value of a row.

    Raises
    ------
    ValueError, LookupError, TypeError, AttributeError
        It is none, or contradicts itself.
    """
    content = json.loads(value)
    ignored = Ignored()
    ignored.extensions = Counter({str(key): int(n) for key, n in content["extensions"].items()})
    for reason, images, first in content["reasons"]:
        ignored.reasons[Reason(reason)] = Skipped(int(images), path_from_text(first))
    members = [
        Member(path_from_text(name), (int(offset), int(size)), int(size), b"", _failed(failure))
        for name, offset, size, failure in content["members"]
    ]
    listing = Listing(content["packing"], members, ignored, _failed(content["damage"]))
    sums = tuple(_sum(*each) for each in content["sums"])
    if sum(len(each.names) for each in sums) != sum(not each.failure for each in members):
        raise ValueError("there should be a row for each member")
    return Streamed(listing, sums)


def _sum(texts: list[str], counts: str) -> Sum:
    names = [path_from_text(text) for text in texts]
    found = validated(counts.encode(), "", names)
    if found is None:
        raise ValueError("is not that of these images")
    return Sum(frozenset(names), found)


def _failure(error: UnreadableImage | None) -> list[str] | None:
    return [error.code, error.detail] if error else None


def _failed(content: Any) -> UnreadableImage | None:
    return UnreadableImage(Code(content[0]), str(content[1])) if content else None
