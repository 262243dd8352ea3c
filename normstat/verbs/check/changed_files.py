"""Names of the files that are not what was recorded, from two lists of files."""

import os
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from heapq import merge
from itertools import groupby
from operator import itemgetter

from normstat.errors import UsageError
from normstat.files import shown
from normstat.stats import Stats
from normstat.statsfile.file_list import Entry, read_list, written
from normstat.verdict import Case, Level

_RULE = "data-changed"
_NONE = "-"
# Pairs that a message has room for.
_NAMED = 10


@dataclass(slots=True)
class Changes:
    """Files of one split; names in the order of the lists.

    Attributes
    ----------
    changed : that have other contents under the same name.
    added, removed : that only one of the lists has, and no pixels of the other are theirs.
    renamed : old and new name of those whose pixels are found under another name.
    moved : the same for those that were in another split; by that split.
    """

    changed: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    renamed: list[tuple[str, str]] = field(default_factory=list)
    moved: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))


def changes(before: Iterable[Entry], now: Iterable[Entry]) -> dict[str, Changes]:
    """Difference between two sorted lists of files, by split; memory is that of the differences."""
    found: dict[str, Changes] = defaultdict(Changes)
    gone: list[Entry] = []
    new: list[Entry] = []
    for old, fresh in _side_by_side(before, now):
        if old and fresh:
            known = _NONE not in (old.digest, fresh.digest)
            if known and (old.size, old.digest) != (fresh.size, fresh.digest):
                found[fresh.split].changed.append(fresh.name)
        elif fresh:
            new.append(fresh)
        elif old:
            gone.append(old)
    _pair(gone, new, found)
    return found


def _pair(gone: list[Entry], new: list[Entry], found: dict[str, Changes]) -> None:
    """Find files under another name by their pixels, those in the same split first."""
    gone, new = _paired(gone, new, found, lambda entry: (entry.key, entry.split))
    gone, new = _paired(gone, new, found, lambda entry: entry.key)
    for fresh in new:
        found[fresh.split].added.append(fresh.name)
    for old in gone:
        found[old.split].removed.append(old.name)


def _paired(
    gone: list[Entry], new: list[Entry], found: dict[str, Changes], of: Callable[[Entry], object]
) -> tuple[list[Entry], list[Entry]]:
    """Pair those that are equal in something; return the others."""
    candidates: dict[object, deque[Entry]] = defaultdict(deque)
    for old in gone:
        if old.key != _NONE:
            candidates[of(old)].append(old)
    others = []
    for fresh in new:
        if not (same := candidates.get(of(fresh))):
            others.append(fresh)
            continue
        old, files = same.popleft(), found[fresh.split]
        pairs = files.renamed if old.split == fresh.split else files.moved[old.split]
        pairs.append((old.name, fresh.name))
    left = {old for rest in candidates.values() for old in rest}
    return [old for old in gone if old.key == _NONE or old in left], others


def recorded_files(recorded: Stats, file: str | os.PathLike[str]) -> Iterator[Entry]:
    """The list of files that was written with statistics; one written with others is refused."""
    if recorded.files is None:
        raise UsageError(f"{shown(file)}: no list of files was written with these statistics")
    return read_list(file, recorded.files.sha256)


def changed(
    before: Iterable[Entry], now: Iterable[Entry], splits: Collection[str]
) -> Iterator[Case]:
    """Findings of the rule ``data-changed``, with the names of all files that each is about."""
    found = changes(*((e for e in entries if e.split in splits) for entries in (before, now)))
    for split in sorted(found):
        files = found[split]
        for words, names in (
            ("changed", files.changed), ("added", files.added), ("removed", files.removed)
        ):  # fmt: skip
            if names:
                yield Case(_RULE, Level.FAIL, _number(names, words), split, paths=tuple(names))
        if files.renamed:
            yield _pairs(files.renamed, "renamed", split)
        for other, pairs in sorted(files.moved.items()):
            yield _pairs(pairs, f"moved from {other}", split, other)


def _pairs(pairs: list[tuple[str, str]], words: str, split: str, other: str | None = None) -> Case:
    named = "; ".join(f"{shown(old)} is now {shown(new)}" for old, new in pairs[:_NAMED])
    more = f"; and {len(pairs) - _NAMED} more" if len(pairs) > _NAMED else ""
    return Case(
        _RULE,
        Level.FAIL,
        f"{_number(pairs, words)}, with the same pixels: {named}{more}",
        split,
        paths=tuple(name for pair in pairs for name in pair),
        named=2 * min(len(pairs), _NAMED),
        other_split=other,
        in_pairs=True,
    )


def _number(files: list[str] | list[tuple[str, str]], words: str) -> str:
    return f"{len(files)} file{'s' * (len(files) != 1)} {words}"


def _side_by_side(
    before: Iterable[Entry], now: Iterable[Entry]
) -> Iterator[tuple[Entry | None, Entry | None]]:
    """Entries of one name together, from two lists in the same order."""
    both = merge(_placed(before, 0), _placed(now, 1))
    for _, found in groupby(both, key=itemgetter(0)):
        pair = {side: entry for _, side, entry in found}
        yield pair.get(0), pair.get(1)


def _placed(entries: Iterable[Entry], side: int) -> Iterator[tuple[tuple[str, bytes], int, Entry]]:
    return (((entry.split, written(entry.name)), side, entry) for entry in entries)
