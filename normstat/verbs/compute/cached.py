"""Runs that go on where another one ended: of each shard only what no cache has is read."""

import json
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields, replace
from functools import partial

from normstat.accumulators.rows import Counts
from normstat.cache import Cache, Context, sample_digest
from normstat.errors import EngineLost
from normstat.executors import Executor, Job
from normstat.executors.identity import identity
from normstat.files import shown
from normstat.images import LASTING, ReadOptions, Shard
from normstat.statsfile import dumps_counts
from normstat.verbs.compute.job import Count
from normstat.verbs.compute.row_validation import validated
from normstat.verbs.listeners import Progress


@contextmanager
def cached_map(
    path: str, data: str, job: Count, executor: Executor, progress: Progress
) -> Iterator["CachedMap"]:
    """The map of an executor, but for what a cache has; what is finished is kept there.

    Parameters
    ----------
    path : of the cache.
    data : identity of the source.
    job : that will be mapped. It has to want the rows that are kept, so that every run finds them.

    Raises
    ------
    UsageError, OutputError
        There can be no such file.
    """
    resumed = CachedMap(path, contexts(data, job), executor, progress)
    try:
        yield resumed
        progress.notice(f"{resumed.reused} of {resumed.images} images from the cache {shown(path)}")
    except BaseException as stop:
        by_signal = not isinstance(stop, Exception)
        # Other errors speak for themselves.
        if resumed.close(hurry=by_signal) and (by_signal or isinstance(stop, EngineLost)):
            stop.add_note(f"what is finished is kept in {shown(path)}")
        raise
    resumed.close()


@dataclass(frozen=True, slots=True)
class _Asked:
    """A shard whose missing images are being read."""

    shard: Shard  # all of it, with versions
    samples: tuple[bytes, ...]  # their digests
    known: tuple[Counts, ...]  # results that the cache has
    missing: tuple[int, ...]  # places of the others in the shard

    def rest(self) -> Shard:
        """The images left to read, perhaps none: an executor answers shard by shard."""
        rest = self.shard.only(self.missing)
        return replace(rest, unreadable=self.shard.unreadable, versions=())

    def whole(self, rest: Counts) -> Counts:
        """The counts of all of it, from those of the rest; rows in the order of the shard."""
        if not self.known:
            return rest
        total = sum(self.known, rest)
        rows = {row.name: row for row in total.rows}
        return Counts(total.tally, tuple(rows[name] for name in self.shard.names))

    def is_lasting(self, total: Counts) -> bool:
        """True if another run would come to the same, as long as the versions are the same."""
        shard = self.shard
        splits = total.tally.splits.values()
        records = (record for state in splits for record in state.unreadable)
        return (
            bool(shard.names)
            and not shard.unreadable
            and all(shard.versions)
            and all(record.code in LASTING for record in records)
        )


class CachedMap:
    """Stands in front of an executor, and asks it only for what a cache does not have.

    Attributes
    ----------
    images, reused : so far, and those of them that were in the cache.
    """

    def __init__(
        self, path: str, context: Callable[[str], Context], executor: Executor, progress: Progress
    ) -> None:
        # The cache speaks in threads of the executor; who listens expects that of the run.
        self._warnings: deque[str] = deque()
        self._cache = Cache(path, self._warnings.append)
        self._context = context
        self._executor = executor
        self._progress = progress
        self._asked: dict[int, _Asked] = {}  # by the number of the shard that is being read
        self.images = self.reused = 0

    def close(self, hurry: bool = False) -> bool:
        """Write what is left; true if another run will find something that this one need not do."""
        kept = self._cache.close(hurry)
        self._tell()
        return kept and self.reused + self._cache.written > 0

    def map(
        self, job: Job[Counts], shards: Iterable[Shard]
    ) -> Generator[tuple[int, Counts], None, None]:
        """See :class:`normstat.executors.Executor`; the shards have versions."""
        with closing(self._executor.map(job, self._rests(shards))) as results:
            for number, rest in results:
                asked = self._asked.pop(number)
                total = asked.whole(rest)
                self.images += len(asked.shard)
                self.reused += len(asked.shard) - len(asked.missing)
                if (asked.missing or len(asked.known) > 1) and asked.is_lasting(total):
                    context = self._context(asked.shard.split)
                    self._cache.store(context, asked.samples, dumps_counts(total))
                self._tell()
                yield number, total

    def _rests(self, shards: Iterable[Shard]) -> Iterator[Shard]:
        for number, shard in enumerate(shards):
            asked = self._asked[number] = self._find(shard)
            yield asked.rest()

    def _find(self, shard: Shard) -> _Asked:
        samples = tuple(map(sample_digest, shard.names, shard.versions))
        place = {sample: number for number, sample in enumerate(samples)}
        known: list[Counts] = []
        for row in self._cache.find(self._context(shard.split), samples):
            if not place.keys() >= set(row.samples):
                continue  # a larger row has some of them
            places = [place[sample] for sample in row.samples]
            counts = validated(row.value, shard.split, [shard.names[number] for number in places])
            if counts:
                known.append(counts)
                for sample in row.samples:
                    del place[sample]
            if not place:
                break
        return _Asked(shard, samples, tuple(known), tuple(place.values()))

    def _tell(self) -> None:
        while self._warnings:
            self._progress.warning(self._warnings.popleft())


def contexts(data: str, job: Count) -> Callable[[str], Context]:
    """The context of each split: everything but the samples that decides a tally."""
    settings = {
        field.name: getattr(job.reading, field.name)
        for field in fields(ReadOptions)
        if getattr(job.reading, field.name) != field.default
    }
    if job.covariance:
        settings["covariance"] = True
    return partial(
        Context,
        data,
        settings=", ".join(f"{name} {json.dumps(value)}" for name, value in settings.items()),
        versions=", ".join(f"{name} {version}" for name, version in identity().items()),
    )
