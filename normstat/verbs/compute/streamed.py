"""Archives that are counted before their names are known, by a worker that reads each once.

Images are added up by folder, for no split. Once all names are known the source says which images
belong to which split; then the sums are given to the splits. Where a sum has images of two splits,
or some that do not count at all, those are read again.
"""

import pickle
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, Protocol

from normstat.accumulators.fold import Fold
from normstat.accumulators.rows import Counts, row_of_unreadable
from normstat.accumulators.tally import Tally
from normstat.decode import decoder
from normstat.errors import UnreadableImage
from normstat.executors import Job
from normstat.executors.executor import Map
from normstat.images import ImageRow, Shard, Unreadable
from normstat.sources.catalog import Streams
from normstat.sources.spool import Spool
from normstat.sources.tar_stream import Listing, StreamReader, group_of
from normstat.verbs.compute.count_shard import add_image
from normstat.verbs.compute.job import Count
from normstat.verbs.engine import Engine
from normstat.verbs.listeners import Progress

# Sums of an archive: folders beyond so many share one for each folder at the top.
_GROUPS = 32


@dataclass(frozen=True, slots=True)
class Sum:
    """The counts of some images of an archive, for no split.

    Attributes
    ----------
    names : of the images.
    counts : of them.
    """

    names: frozenset[str]
    counts: Counts

    def of_split(self, split: str) -> Counts:
        """The same counts, for a split."""
        (state,) = self.counts.tally.splits.values()
        records = tuple(replace(record, split=split) for record in state.unreadable)
        rows = tuple(row._replace(split=split) for row in self.counts.rows)
        return Counts(Tally({split: replace(state, unreadable=records)}), rows)


@dataclass(frozen=True, slots=True)
class Streamed:
    """An archive, once it was read.

    Attributes
    ----------
    listing : its members; None if reading it ended a worker.
    sums : of all that could be read, and of records for the rest.
    """

    listing: Listing | None = None
    sums: tuple[Sum, ...] = ()

    def __add__(self, other: "Streamed") -> "Streamed":
        return Streamed(self.listing or other.listing, self.sums + other.sums)


@dataclass(frozen=True, slots=True)
class CountStream:
    """The job of a worker: an archive to its members and their sums."""

    count: Count

    def __call__(self, shard: Shard) -> Streamed:
        """The members and sums of the archive that is the one sample of a shard."""
        sums = _Sums(self.count)
        with decoder(), shard.container.open() as reader:
            assert isinstance(reader, StreamReader)
            for sample in shard.ahead(reader):
                fold, names, rows = sums.of(sample.name)
                names.append(sample.name)
                try:
                    row = add_image(fold, sample, reader, self.count.reading, self.count.fields)
                    rows.append(row)
                except UnreadableImage as error:
                    record = sample.unreadable(error)
                    rows.append(row_of_unreadable(record))
                    fold.add_unreadable(record)
            return Streamed(reader.listing, tuple(sums.results()))

    def lost(self, record: Unreadable) -> Streamed:  # noqa: ARG002  # its images are read one by one
        """An archive with an image that ends its worker."""
        return Streamed()


class _Sums:
    def __init__(self, count: Count) -> None:
        self._count = count
        self._groups: dict[Any, tuple[Fold, list[str], list[ImageRow | None]]] = {}

    def of(self, name: str) -> tuple[Fold, list[str], list[ImageRow | None]]:
        """The sum that an image is added to: its fold, and names and rows so far."""
        key = group_of(name)
        if key not in self._groups and len(self._groups) >= _GROUPS:
            key = "/".join(key[0].split("/")[:2]), key[1], key[2]
        if key not in self._groups:
            self._groups[key] = Fold(self._count.covariance), [], []
        return self._groups[key]

    def results(self) -> Iterator[Sum]:
        for fold, names, rows in self._groups.values():
            kept = tuple(filter(None, rows)) if self._count.fields else ()
            yield Sum(frozenset(names), Counts(fold.tally(), kept))


class Kept(Protocol):
    """Keeper of archives that another run has read."""

    def find(self, shard: Shard) -> Streamed | None:
        """Find the archive that is the one sample of a shard; None if it is not kept."""

    def store(self, shard: Shard, streamed: Streamed) -> None:
        """Keep what was found."""


def count_streams(
    streams: Streams, job: Count, engine: Engine, kept: Kept | None = None
) -> "KnownSums":
    """Count archives that are not listed yet; who has their names knows all of them after that."""
    asked: list[Shard] = []
    known = KnownSums()

    def take(shard: Shard, streamed: Streamed) -> int:
        if streamed.listing is None:
            return 0
        (name,) = shard.names
        known.keep(name, streamed.sums)
        streams.learn(name, streamed.listing)
        done = sum(len(each.names) for each in streamed.sums)
        engine.progress.advance(done)
        known.images += done
        return done

    def shards() -> Iterator[Shard]:
        for shard in streams.unlisted():
            found = kept.find(shard) if kept else None
            if found:
                known.reused += take(shard, found)
            else:
                asked.append(shard)
                yield shard

    with closing(engine.executor.map(CountStream(job), shards())) as results:
        for number, streamed in results:
            take(asked[number], streamed)
            if kept:
                kept.store(asked[number], streamed)
    return known


@dataclass(frozen=True, slots=True)
class _Split:
    """A shard that is answered from sums, and by an executor for the rest."""

    shard: Shard
    rest: Shard
    sums: tuple[Sum, ...] = ()

    def whole(self, rest: Counts) -> Counts:
        """The counts of all images of the shard; rows in their order."""
        if not self.sums:
            return rest
        total = sum((each.of_split(self.shard.split) for each in self.sums), rest)
        rows = {row.name: row for row in total.rows}
        return Counts(total.tally, tuple(rows[name] for name in self.shard.names if name in rows))


class KnownSums:
    """Sums of archives, in front of whatever else answers for shards.

    Attributes
    ----------
    images, reused : counted so far, and those of them that another run has counted.
    """

    def __init__(self) -> None:
        self.images = self.reused = 0
        self._spool = Spool()
        self._places: dict[str, int] = {}

    def keep(self, archive: str, sums: tuple[Sum, ...]) -> None:
        """Take the sums of an archive."""
        self._places[archive] = self._spool.add(pickle.dumps(sums, pickle.HIGHEST_PROTOCOL))

    def told(self, progress: Progress) -> Progress:
        """A listener that has heard of these images."""
        return _Told(progress, self.images)

    def in_front_of(self, others: Map[Counts]) -> Map[Counts]:
        """A map that asks others for what was not counted yet."""

        def both(
            job: Job[Counts], shards: Iterable[Shard]
        ) -> Generator[tuple[int, Counts], None, None]:
            asked: dict[int, _Split] = {}

            def rests() -> Iterator[Shard]:
                for number, shard in enumerate(shards):
                    asked[number] = self._split(shard)
                    yield asked[number].rest

            with closing(others(job, rests())) as results:
                for number, rest in results:
                    yield number, asked.pop(number).whole(rest)

        return both

    def _split(self, shard: Shard) -> _Split:
        archive = self._archive_of(shard)
        if archive is None:
            return _Split(shard, shard)
        wanted = set(shard.names)
        sums: tuple[Sum, ...] = pickle.loads(self._spool.read(self._places[archive]))  # noqa: S301  # its own
        fitting = tuple(each for each in sums if each.names <= wanted)
        for each in fitting:
            wanted -= each.names
        missing = [index for index, name in enumerate(shard.names) if name in wanted]
        rest = replace(shard.only(missing), unreadable=shard.unreadable)
        return _Split(shard, rest, fitting)

    def _archive_of(self, shard: Shard) -> str | None:
        """The archive that the images of a shard are in, if it was counted."""
        if not shard.names:
            return None
        parts = shard.names[0].split("/")
        above = ("/".join(parts[:depth]) for depth in range(1, len(parts)))
        return next((path for path in above if path in self._places), None)


class _Told:
    """A listener that has heard already of some images."""

    def __init__(self, progress: Progress, images: int) -> None:
        self.total, self.notice, self.warning = progress.total, progress.notice, progress.warning
        self._progress = progress
        self._images = images

    def advance(self, images: int) -> None:
        known = min(images, self._images)
        self._images -= known
        if images > known:
            self._progress.advance(images - known)
