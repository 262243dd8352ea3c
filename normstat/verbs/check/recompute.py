"""The data of a check, read as those that were recorded."""

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from normstat import __version__
from normstat.accumulators.keys import KeyCollector
from normstat.accumulators.tally import Tally
from normstat.decode import versions
from normstat.errors import UnknownSplit
from normstat.executors import Executor
from normstat.sources import ALL, Source, said
from normstat.stats import Settings, SplitStats, Stats, summarize
from normstat.verbs.compute.verb import compute
from normstat.verbs.listeners import Listener
from normstat.verbs.run import Images, folder_of


def recount(
    path: str | os.PathLike[str],
    recorded: Stats,
    *,
    split: Collection[str] = (),
    executor: Executor | None = None,
    progress: Listener | None = None,
    keys: KeyCollector | None = None,
    none_readable: bool = True,
    cache: str | os.PathLike[str] | None = None,
) -> Stats:
    """Compute the statistics of a folder with the settings of recorded ones.

    A recorded split that the folder does not have is missing in what is returned: that is for a
    check to find. A folder without split folders is read as the one recorded split, if that had
    none either: both got a split's name, or none, from what they are called.

    Parameters
    ----------
    path : folder
    recorded : as loaded from a stats file.
    split : names of the splits to read; if empty those that were asked for when it was recorded,
        or all that are found.
    executor, progress, keys, none_readable, cache : as for :func:`normstat.compute`; that no image
        can be read is for a check to find, too, unless that is no failure to it.

    Raises
    ------
    UsageError
        Nothing there to read, an ambiguous split, or one that is neither there nor recorded.
    Stopped
        Worker processes cannot be started.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     os.makedirs(f"{folder}/train")
    ...     Image.new("L", (4, 2), 51).save(f"{folder}/train/a.png")
    ...     recorded = compute(f"{folder}/train", workers=0)
    ...     os.rename(f"{folder}/train", f"{folder}/copy")
    ...     now = recount(f"{folder}/copy", recorded)
    >>> list(now.splits), now.splits["train"] == recorded.splits["train"]
    (['train'], True)
    """
    settings = recorded.settings
    split = split or settings.split
    split_dirs = {**dict(_dirs_there(path, settings)), **_own_name(path, recorded)}
    settings = replace(settings, split_dirs=split_dirs)
    splits = _splits_there(path, settings, recorded, split)
    if split and not splits:
        made_with = {"normstat": __version__, **versions()}
        return summarize(Tally.empty(), (), settings, made_with)
    return compute(
        path,
        split=splits,
        split_dir=settings.split_dirs,
        include=settings.include,
        exclude=settings.exclude,
        channels=settings.channels,
        covariance=settings.covariance,
        resize=settings.resize,
        crop=settings.crop,
        layout=settings.layout,
        frames=settings.frames,
        max_value=settings.max_value,
        channel_names=settings.channel_names,
        max_pixels=settings.max_pixels,
        executor=executor,
        progress=progress,
        keys=keys,
        none_readable=none_readable,
        cache=cache,
        labels=settings.labels,
    )


def _dirs_there(path: str | os.PathLike[str], settings: Settings) -> Iterator[tuple[str, str]]:
    """The folders that were given to splits, of those that still have images."""
    for name, folder in settings.split_dirs.items():
        if os.path.isdir(os.path.join(path, folder)):
            source = folder_of(path, settings, {name: folder})
            if _has(source, name):
                yield name, folder


def _splits_there(
    path: str | os.PathLike[str], settings: Settings, recorded: Stats, wanted: Collection[str]
) -> list[str]:
    """The splits that are wanted, without those that are recorded and no longer there."""
    source = folder_of(path, settings)
    missing = [name for name in wanted if name in recorded.splits and not _has(source, name)]
    if missing:
        Images.of(path, settings, ())  # no image at all is no answer
    return [name for name in wanted if name not in missing]


def _has(source: Source, split: str) -> bool:
    try:
        source.selection((split,))
    except UnknownSplit:
        return False
    return True


def _own_name(path: str | os.PathLike[str], recorded: Stats) -> Mapping[str, str]:
    """The whole folder as the only split, where neither then nor now a folder below says one."""
    if recorded.settings.split_dirs or len(recorded.splits) != 1:
        return {}
    ((name, split),) = recorded.splits.items()
    if _in_split_folder(name, split, recorded):
        return {}
    source = folder_of(path, recorded.settings, {})
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
