"""One of several parts of a source, for as many jobs as there are parts."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from normstat.errors import UsageError, option
from normstat.files import shown
from normstat.images import Shard, path_bytes
from normstat.sources.source import Selection, Source
from normstat.sources.survey import Survey

# A key of its own: what decides here has nothing to do with where shards end, or with samples.
_PERSON = b"normstat part"
_MODULUS = 1 << 128


class Part:
    """The images of a source whose names fall into one of several parts.

    Names alone decide, so parts are even, need no counting first, and are the same for each job.
    Shards are cut as for the whole and then filtered: a cache of a part serves the whole, and the
    reverse; their positions are those in the walk over the whole. What the whole leaves out is told
    by the first part.

    Parameters
    ----------
    whole : source of all images.
    number : of the part, from 1.
    of : how many parts there are.

    Attributes
    ----------
    whole, number, of : the same.
    names : sum modulo 2**128, over all names of the whole, of a hash of each: parts of one walk
        have the same. Known once all shards were asked for.

    Examples
    --------
    >>> import os, tempfile
    >>> from normstat.sources import open_source
    >>> with tempfile.TemporaryDirectory() as root:
    ...     for name in "abcdef":
    ...         open(f"{root}/{name}.png", "w").close()
    ...     halves = [Part(open_source(root), number, 2) for number in (1, 2)]
    ...     shards = [shard for half in halves for shard in half.shards(half.selection())]
    >>> [len(shard) for shard in shards], halves[0].names == halves[1].names
    ([3, 3], True)
    """

    def __init__(self, whole: Source, number: int, of: int) -> None:
        self.whole = whole
        self.number = number
        self.of = of
        self.names = 0

    #: Parts are chosen by names, which have to be known.
    streams = None

    @property
    def root(self) -> str:
        return self.whole.root

    @property
    def identity(self) -> str:
        return self.whole.identity

    @property
    def ordered(self) -> bool:
        return self.whole.ordered

    @property
    def tops(self) -> tuple[str, ...]:
        return self.whole.tops

    def selection(self, wanted: Collection[str] = (), presume: bool = False) -> Selection:
        return self.whole.selection(wanted, presume)

    def survey(self, selection: Selection, takes: Callable[[str], bool] | None = None) -> Survey:
        survey = self.whole.survey(
            selection, lambda name: self._has(name) and (takes is None or takes(name))
        )
        if self.number > 1:
            survey.skipped.clear()
        return survey

    def shards(self, selection: Selection, versions: bool = False) -> Iterator[Shard]:
        total = before = 0
        for shard in self.whole.shards(selection, versions):
            chosen: list[int] = []
            for index, name in enumerate(shard.names):
                part, hashed = self._hashed(name)
                total += hashed
                if part == self.number:
                    chosen.append(index)
            unreadable = []
            for record in shard.unreadable:
                part, hashed = self._hashed(record.path)
                total += hashed
                if part == self.number:
                    unreadable.append(record)
            if chosen or unreadable:
                positions = tuple(before + index for index in chosen)
                unread = tuple(unreadable)
                yield replace(shard.only(chosen), unreadable=unread, positions=positions)
            before += len(shard)
        self.names = total % _MODULUS

    def side_file(self, name: str) -> bytes | None:
        return self.whole.side_file(name)

    def record(self) -> Mapping[str, Any]:
        return self.whole.record()

    def with_split_dirs(self, split_dirs: Mapping[str, str]) -> "Part":
        return Part(self.whole.with_split_dirs(split_dirs), self.number, self.of)

    def _has(self, name: str) -> bool:
        return self._hashed(name)[0] == self.number

    def _hashed(self, name: str) -> tuple[int, int]:
        """The part of a name, from 1, and what it adds to :attr:`names`."""
        digest = blake2b(path_bytes(name), digest_size=24, person=_PERSON).digest()
        part = int.from_bytes(digest[:8], "big") * self.of >> 64
        return part + 1, int.from_bytes(digest[8:], "big")


def part_asked(text: str) -> tuple[int, int]:
    """Number of a part and of all, as an option has them.

    Raises
    ------
    UsageError
        It is none of them.

    Examples
    --------
    >>> part_asked("2/8")
    (2, 8)
    """
    found = re.fullmatch(r"\s*([0-9]{1,9})\s*/\s*([0-9]{1,9})\s*", text, re.ASCII)
    number, of = map(int, found.groups()) if found else (0, 0)
    if not 1 <= number <= of:
        raise UsageError(
            f"{option('shard', shown(text))}: should be I/N, part I of N, as in 1/8 to 8/8"
        )
    return number, of
