"""Shards: images in the order of a walk, cut into units of work."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from normstat.errors import UnreadableImage
from normstat.images import Container, LocalFiles, Shard, Unreadable, path_bytes
from normstat.sources.catalog import Access, Located
from normstat.sources.numbered import Stack

# Images that are put in the order of their places: more take another reading of their container.
_MOST_IN_ORDER = 100_000
# Of a shard that has nothing but records.
_NOWHERE = LocalFiles("")


class Walked(NamedTuple):
    """Step of a walk: an image, all images of an array, or something that cannot be read."""

    split: str
    path: str
    apart: bool
    located: Located | None
    error: UnreadableImage | None
    stack: Stack | None = None

    def record(self) -> Unreadable:
        error = self.error
        assert error
        return Unreadable(self.split, self.path, error.code, error.detail, error.sha256)


def cut(walked: Iterable[Walked], versions: bool) -> Iterator[Shard]:
    """Cut images into shards, each of one split and one unit of one container.

    A shard ends after a sample when hash(path) / 2**64 < 1/128 + size / 4 MiB: at about 128 small
    images or 4 MiB. The rule has no memory, so a new file changes one shard only. Those of an array
    are cut at fixed numbers.

    Parameters
    ----------
    versions : shards are to have those of their samples.
    """
    begun: dict[str, _Begun] = {}  # by split; several only if images have their own
    for part in _in_reading_order(walked):
        split, located = part.split, part.located
        if not part.apart and begun.keys() - {split}:
            yield from _ended(begun)
        if part.stack:
            yield from _ended(begun)
            yield from part.stack.shards(split, part.path, versions)
            continue
        shard = begun.get(split) or begun.setdefault(split, _Begun(split))
        if located is None:
            shard.unreadable.append(part.record())
            continue
        if shard.names and not shard.is_read_with(located):
            yield from shard.ended()
            shard = begun[split] = _Begun(split)
        shard.add(part.path, located, versions)
        is_cut = located.access not in (Access.WHOLE, Access.KNOWN)
        if is_cut and _ends_shard(part.path, located.size):
            yield from begun.pop(split).ended()
    yield from _ended(begun)


class _Begun:
    """Images gathered for a shard of one split."""

    def __init__(self, split: str) -> None:
        self.split = split
        self.container: Container | None = None
        self.unit = 0
        self.names: list[str] = []
        self.places: list[Any] = []
        self.versions: list[bytes] = []
        self.unreadable: list[Unreadable] = []

    def add(self, name: str, located: Located, versions: bool) -> None:
        self.container, self.unit = located.container, located.unit
        self.names.append(name)
        self.places.append(located.place)
        if versions:
            self.versions.append(located.version)

    def is_read_with(self, located: Located) -> bool:
        """True if an image is in the same part of the same container."""
        return located.container is self.container and located.unit == self.unit

    def ended(self) -> Iterator[Shard]:
        """The shard, if there is anything for one."""
        if self.names or self.unreadable:
            yield Shard(
                self.split,
                self.container or _NOWHERE,
                tuple(self.names),
                () if self.places.count(None) == len(self.places) else tuple(self.places),
                tuple(self.versions),
                tuple(self.unreadable),
            )


def _in_reading_order(walked: Iterable[Walked]) -> Iterator[Walked]:
    """All of them; those of a container that is only read forward are in the order of places."""
    run: list[Walked] = []
    container: Container | None = None
    for part in walked:
        located = part.located
        if part.error:
            yield part
            continue
        at = located and located.container
        if run and (at is not container or len(run) == _MOST_IN_ORDER):
            yield from sorted(run, key=_split_and_place)
            run = []
        if located is None or located.access in (Access.RANDOM, Access.KNOWN):
            yield part
        else:
            container = located.container
            run.append(part)
    yield from sorted(run, key=_split_and_place)


def _split_and_place(part: Walked) -> tuple[str, Any]:
    assert part.located
    return part.split, part.located.place


def _ended(begun: dict[str, _Begun]) -> Iterator[Shard]:
    for shard in begun.values():
        yield from shard.ended()
    begun.clear()


def _ends_shard(path: str, size: int) -> bool:
    digest = hashlib.blake2b(path_bytes(path), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64 < 1 / 128 + size / 2**22
