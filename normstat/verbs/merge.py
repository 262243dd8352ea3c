"""Statistics that add: of parts of a data set, and of several."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice

from normstat.errors import UsageError, option
from normstat.files import ensure_writable, exists, shown
from normstat.stats import ListOfFiles, Stats
from normstat.stats.merging import merged, without
from normstat.statsfile import load
from normstat.statsfile.file_list import NONE, Entry, FileList, read_list, written
from normstat.statsfile.shared_keys import SharedKeys
from normstat.verbs.listeners import Listener, heard


def merge(
    stats: Iterable[Stats | str | os.PathLike[str]],
    *,
    allow_missing: bool = False,
    files: str | os.PathLike[str] | None = None,
    progress: Listener | None = None,
) -> Stats:
    """Merge statistics to those of all images, as one run would have counted them.

    Parameters
    ----------
    stats : statistics or stats files, in any order: all parts of one data set (``shard``), or of
        several data sets, whose splits go together by name.
    allow_missing : parts may be missing; the result says so.
    files : list of all images to write, from the lists beside the stats files.
    progress : is told of images that are in several data sets, where lists beside them tell that.

    Returns
    -------
    Stats
        To the last bit those of a single run over all images.

    Raises
    ------
    UsageError
        They were not made alike; parts are missing, given twice, or of different data; there is no
        list beside one.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> from normstat import compute
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for value in range(9):
    ...         Image.new("L", (4, 2), value).save(f"{folder}/{value}.png")
    ...     parts = [compute(folder, shard=f"{i}/3", workers=0) for i in (1, 2, 3)]
    ...     merge(parts) == compute(folder, workers=0)
    True
    """
    read: dict[str, Stats] = {}
    if files is not None:
        ensure_writable(files)
    whole = merged(_one_by_one(stats, read), allow_missing)
    if files is not None:
        return replace(whole, files=_merged_list(read, files))
    if not any(each.parts for each in read.values()):
        again, first = _in_several(read)
        if again:
            heard(progress).notice(
                f"{again:,} image{'s have' if again > 1 else ' has'} the pixels of one that is in "
                f"another of these data sets and count{'' if again > 1 else 's'} again, the first: "
                f"{shown(first)}"
            )
    return whole


def subtract(whole: Stats | str | os.PathLike[str], part: Stats | str | os.PathLike[str]) -> Stats:
    """Subtract the statistics of some images from those of all.

    Returns
    -------
    Stats
        Of the images that remain. Sizes of images are null, as they cannot be subtracted; extremes
        of floats are within 2**-8 of themselves.

    Raises
    ------
    UsageError
        They were not made alike, or `part` has images that `whole` does not have: sums tell that of
        most, and lists of files beside both stats files of all.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> from normstat import compute
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for value in (1, 2, 3):
    ...         Image.new("L", (4, 2), value).save(f"{folder}/{value}.png")
    ...     whole = compute(folder, workers=0)
    ...     rest = subtract(whole, compute(folder, include="1.png", workers=0))
    >>> rest.splits["all"].images, rest.splits["all"].min
    (2, (0.00784313725490196,))
    """
    one, other = (each if isinstance(each, Stats) else load(each) for each in (whole, part))
    lists = [
        (path, stats.files.sha256)
        for given, stats in ((whole, one), (part, other))
        if not isinstance(given, Stats)
        and stats.files is not None
        and (path := _list_beside(os.fspath(given), stats.files)) is not None
    ]
    if len(lists) == 2:
        _refuse_others(*(read_list(path, digest) for path, digest in lists))
    return without(one, other)


def _refuse_others(whole: Iterator[Entry], part: Iterator[Entry]) -> None:
    """Refuse a list with an image that another list does not have; both are sorted alike."""
    beside: Entry | None = None
    for entry in part:
        while beside is None or _place(beside) < _place(entry):
            beside = next(whole, None)
            if beside is None:
                break
        if beside != entry:
            why = (
                "has another content there"
                if beside and _place(beside) == _place(entry)
                else ("is not among the images of the whole")
            )
            raise UsageError(
                f"{shown(entry.name)}: {why}, so it cannot be subtracted; subtract images that "
                "were counted"
            )


def _place(entry: Entry) -> tuple[str, bytes]:
    """The order of lists."""
    return entry.split, written(entry.name)


def _one_by_one(
    stats: Iterable[Stats | str | os.PathLike[str]], read: dict[str, Stats]
) -> Iterator[tuple[str, Stats]]:
    """Statistics, read when they are added; `read` keeps each by its name, without its splits."""
    for number, each in enumerate(stats, 1):
        name = f"statistics {number}" if isinstance(each, Stats) else os.fspath(each)
        while name in read:  # the same file again, of which its part will tell
            name += " again"
        one = each if isinstance(each, Stats) else load(each)
        read[name] = replace(one, splits={}, unreadable=())
        yield name, one


def _list_beside(name: str, files: ListOfFiles) -> str | None:
    """Path of the list of files beside a stats file; None if it is not there."""
    path = os.path.join(os.path.dirname(name), files.name)
    return path if exists(path) else None


def _merged_list(read: Mapping[str, Stats], files: str | os.PathLike[str]) -> ListOfFiles:
    """Write the list of all images."""
    together = FileList()
    for name, stats in read.items():
        listed = stats.files
        path = None if listed is None else _list_beside(name, listed)
        if listed is None or path is None:
            raise UsageError(
                f"{shown(name)}: has no list of files beside it to go into "
                f"{option('files', shown(files))}; compute {option('files', metavar='FILE')} "
                "writes one"
            )
        for entry in read_list(path, listed.sha256):
            together.add_entry(entry)
    return ListOfFiles(os.path.basename(files), together.save(files))


def _in_several(read: Mapping[str, Stats]) -> tuple[int, str]:
    """Images that an earlier list has, too, by their pixels: how many, and the first."""
    lists = [
        (path, stats.files)
        for name, stats in read.items()
        if stats.files is not None and (path := _list_beside(name, stats.files)) is not None
    ]
    keys = SharedKeys()
    for number, (path, files) in enumerate(lists):
        for line, entry in enumerate(read_list(path, files.sha256)):
            if entry.key != NONE:
                keys.add(number, line, entry.key)
    again, first = keys.shared()
    if first is None:
        return again, ""
    path, files = lists[first[0]]
    (entry,) = islice(read_list(path, files.sha256), first[1], first[1] + 1)
    return again, entry.name
