"""The data of a check, read as those that were recorded."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from normstat.accumulators.rows import Sink
from normstat.accumulators.tally import Tally
from normstat.errors import UnknownFolder, UnknownSplit
from normstat.sources import ALL, Selection, Source, said
from normstat.stats import Settings, SplitStats, Stats
from normstat.verbs.compute.count import Counted, count
from normstat.verbs.engine import Engine
from normstat.verbs.run import Images


def recompute(
    source: Source,
    recorded: Stats,
    split: Collection[str],
    engine: Engine,
    sinks: Sequence[Sink] = (),
) -> Counted:
    """Count the images of a source with the settings of recorded statistics.

    A recorded split that the folder does not have is missing in what is returned: that is for a
    check to find. A folder without split folders is read as the one recorded split, if that had
    none either: both got a split's name, or none, from what they are called.

    Parameters
    ----------
    source : opened with these settings, but for the folders of splits.
    split : names of the splits to read; if empty those that were asked for when it was recorded,
        or all that are found.
    engine, sinks : as for :func:`normstat.verbs.compute.count.count`.

    Raises
    ------
    UsageError
        Nothing there to read, an ambiguous split, or one that is neither there nor recorded.
    """
    settings = recorded.settings
    wanted = split or settings.split
    split_dirs = {**dict(_dirs_there(source, settings)), **_own_name(source, recorded)}
    source = source.with_split_dirs(split_dirs)
    there = _splits_there(source, recorded, wanted)
    settings = replace(settings, split=tuple(there))
    if wanted and not there:
        return Counted(Images(source, Selection(())), settings, Tally.empty())
    return count(source, settings, engine, sinks)


def _dirs_there(source: Source, settings: Settings) -> Iterator[tuple[str, str]]:
    """The folders that were given to splits, of those that still have images."""
    for name, folder in settings.split_dirs.items():
        try:
            given = source.with_split_dirs({name: folder})
        except UnknownFolder:
            continue
        if _has(given, name):
            yield name, folder


def _splits_there(source: Source, recorded: Stats, wanted: Collection[str]) -> list[str]:
    """The splits that are wanted, without those that are recorded and no longer there."""
    missing = [name for name in wanted if name in recorded.splits and not _has(source, name)]
    if missing:
        Images.of(source, ())  # no image at all is no answer
    return [name for name in wanted if name not in missing]


def _has(source: Source, split: str) -> bool:
    try:
        source.selection((split,))
    except UnknownSplit:
        return False
    return True


def _own_name(source: Source, recorded: Stats) -> Mapping[str, str]:
    """The whole folder as the only split, where neither then nor now a folder below says one."""
    if recorded.settings.split_dirs or len(recorded.splits) != 1:
        return {}
    ((name, split),) = recorded.splits.items()
    if _in_split_folder(name, split, recorded):
        return {}
    own = source.selection().rest
    return {name: "."} if own and own != name and ALL in (own, name) else {}


def _in_split_folder(name: str, split: SplitStats, recorded: Stats) -> bool:
    """True if all recorded images that are known by name were in a folder of that split."""
    if name == ALL:
        return False
    paths = [path for tally in split.state.kinds.values() for path in tally.first]
    paths += [record.path for record in recorded.unreadable if record.split == name]
    return all(
        any((words := said(part)) and name in words.splits for part in path.split("/")[:-1])
        for path in paths
    )
