"""Count the images of a source: the heart of ``compute`` and of ``check``."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING

from normstat import __version__
from normstat.accumulators.rows import Counts, Sink
from normstat.accumulators.tally import Tally
from normstat.errors import OtherSplits, TooManyErrors
from normstat.executors import in_order
from normstat.executors.executor import Map
from normstat.images import LeftOut, Unreadable
from normstat.sources import Source
from normstat.stats import Settings, Stats, split_order, summarize
from normstat.statsfile import ROWS
from normstat.verbs.compute.job import Count
from normstat.verbs.engine import Engine
from normstat.verbs.listeners import Done
from normstat.verbs.run import Images, Run, most_frequent, none_readable, read_options

if TYPE_CHECKING:
    from normstat.verbs.compute.streamed import KnownSums


@dataclass(frozen=True, slots=True)
class Counted:
    """All that a count of images came to.

    Attributes
    ----------
    images : the source, and the splits that were read.
    settings : those asked for; the folders of splits are those that were found.
    tally : the state of each split.
    listed : split → images that were listed.
    records : images that could not be read.
    left_out : images that were skipped.
    """

    images: Images
    settings: Settings
    tally: Tally
    listed: Mapping[str, int] = field(default_factory=dict)
    records: tuple[Unreadable, ...] = ()
    left_out: LeftOut = field(default_factory=LeftOut)

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits that were read, that of training first."""
        return tuple(sorted(self.images.selection.splits, key=split_order))

    def stats(self) -> Stats:
        return summarize(self.tally, self.splits, self.settings, _made_with(), self.left_out)

    def refuse_unread(self) -> None:
        """Refuse a count of images that cannot be read, with the most frequent reasons."""
        splits = self.tally.splits.values()
        listed = sum(split.files for split in splits)
        if listed and not any(tally.images for split in splits for tally in split.kinds.values()):
            raise none_readable(self.images.source.root, listed, self.records)


def count(
    source: Source, settings: Settings, engine: Engine, sinks: Sequence[Sink] = ()
) -> Counted:
    """Count the images of a source; each row goes to the sinks, in the order of the source.

    Raises
    ------
    UsageError
        There are no images, or an unknown or ambiguous split.
    Stopped
        Too many errors, worker processes cannot be started, or there can be no cache.
    """
    # What a sink was given, or has ended a run, cannot be taken back.
    if sinks or engine.max_errors is not None or source.streams:
        return _counted(source, settings, engine, sinks)
    done = Done(engine.progress)
    try:
        return _counted(source, settings, replace(engine, progress=done), presume=True)
    except OtherSplits:
        done.take_back()
        return _counted(source, settings, engine)


def _counted(
    source: Source,
    settings: Settings,
    engine: Engine,
    sinks: Sequence[Sink] = (),
    presume: bool = False,
) -> Counted:
    settings = replace(settings, **source.record())
    fields = frozenset[str]().union(*(sink.fields for sink in sinks))
    job = Count(
        read_options(source, settings),
        settings.covariance,
        fields | ROWS if engine.cache is not None else fields,
    )
    streamed = _streamed(source, job, engine) if source.streams else None
    if streamed:
        engine = replace(engine, progress=streamed.told(engine.progress))
    images = Images.of(source, settings.split, presume)
    with _from_cache(source, job, engine, streamed) as mapping:
        run = Run(replace(images, versions=mapping is not None), engine.executor, engine.progress)
        total, records = _sum(run.results(job, mapping), sinks, engine)
    for split in images.selection.splits:
        found = total.splits[split].files if split in total.splits else 0
        if found != run.listed[split]:
            raise RuntimeError(f"{split}: {run.listed[split]} images listed, {found} accounted for")
    return Counted(images, settings, total, run.images, tuple(records), run.left_out)


def _is_kept(job: Count, engine: Engine) -> bool:
    """True if there is a cache for the job; of rows it keeps few fields, others are read anew."""
    return engine.cache is not None and job.fields <= ROWS


def _streamed(source: Source, job: Count, engine: Engine) -> "KnownSums":
    """The sums of archives that are read before their names are known."""
    from normstat.verbs.compute.streamed import count_streams  # archives at URLs

    assert source.streams
    if engine.cache is None or not _is_kept(job, engine):
        return count_streams(source.streams, job, engine)
    from normstat.verbs.compute.kept_streams import kept_streams  # not every Python has SQLite

    with kept_streams(engine.cache, source.identity, job, engine.progress) as kept:
        return count_streams(source.streams, job, engine, kept)


@contextmanager
def _from_cache(
    source: Source, job: Count, engine: Engine, streamed: "KnownSums | None"
) -> Iterator[Map[Counts] | None]:
    if engine.cache is None or not _is_kept(job, engine):
        yield streamed.in_front_of(engine.executor.map) if streamed else None
        return
    from normstat.verbs.compute.cached import cached_map  # not every Python has SQLite

    with cached_map(
        engine.cache, source.identity, job, engine.executor, engine.progress
    ) as resumed:
        if streamed:
            resumed.images, resumed.reused = streamed.images, streamed.reused
        yield streamed.in_front_of(resumed.map) if streamed else resumed.map


def _sum(
    results: Generator[tuple[int, Counts], None, None], sinks: Sequence[Sink], engine: Engine
) -> tuple[Tally, list[Unreadable]]:
    """The state of all results, and all that could not be read; rows go to the sinks."""
    total = Tally.empty()
    records: dict[int, list[Unreadable]] = {}  # by the number of their shard
    unreadable = 0
    with closing(results):
        # States add as they come; rows are those of the images in their order.
        numbered = enumerate(in_order(results)) if sinks else results
        for number, counts in numbered:
            _made_with()  # is imported while workers have the next shards, not after them all
            for sink in sinks:
                for row in counts.rows:
                    sink.add(row)
            total += counts.tally
            splits = counts.tally.splits.values()
            engine.progress.advance(sum(split.files for split in splits))
            if found := [record for split in splits for record in split.unreadable]:
                records[number] = found
                unreadable += len(found)
            if engine.max_errors is not None and unreadable > engine.max_errors:
                raise TooManyErrors(
                    f"stopped: more than {engine.max_errors} images are unreadable "
                    f"({most_frequent(_in_order_of_shards(records))})"
                )
    return total, _in_order_of_shards(records)


@cache
def _made_with() -> Mapping[str, str | None]:
    from normstat.decode import versions  # Pillow: nothing else of it is needed to start

    return {"normstat": __version__, **versions()}


def _in_order_of_shards(records: Mapping[int, list[Unreadable]]) -> list[Unreadable]:
    return [record for number in sorted(records) for record in records[number]]
