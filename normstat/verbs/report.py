"""Statistics as a page for people."""

import os
from collections.abc import Iterator
from dataclasses import replace

from normstat.errors import UsageError, option
from normstat.files import shown
from normstat.reports.document import read
from normstat.reports.page import Compared, Listed, Shift, Subject, page
from normstat.rules.comparison import Comparison, Pair, names_of
from normstat.rules.shifts import shifts
from normstat.stats import Stats
from normstat.statsfile import load
from normstat.statsfile.file_list import read_list
from normstat.verdict import Verdict


def report(
    stats: Stats | str | os.PathLike[str],
    *,
    against: Stats | str | os.PathLike[str] | None = None,
    verdict: Verdict | str | os.PathLike[str] | None = None,
    files: str | os.PathLike[str] | None = None,
    title: str | None = None,
) -> str:
    """Write statistics as one self-contained page of HTML.

    Parameters
    ----------
    stats : statistics, or a stats file.
    against : others that they are held against, split by split.
    verdict : of a check, shown on top; or the JSON report of one.
    files : list of files that was written with the statistics: it adds sizes of files, and images
        with the same pixels.
    title : of the page; None: the name of the file.

    Returns
    -------
    str
        Without a script, a font or a request to anywhere.

    Raises
    ------
    UsageError
        A file cannot be used, the list is not that of the statistics, or the two have no split in
        common.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> from normstat import compute
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("RGB", (4, 2), (255, 0, 51)).save(f"{folder}/a.png")
    ...     text = report(compute(folder, workers=0))
    >>> "mean = [1.000000, 0.000000, 0.200000]" in text
    True
    """
    found = subject(stats, against=against, files=files, title=title)
    if verdict is not None:
        told = verdict if isinstance(verdict, Verdict) else read(verdict)
        found = replace(found, verdict=told)
    return page(found)


def subject(
    stats: Stats | str | os.PathLike[str],
    *,
    against: Stats | str | os.PathLike[str] | None = None,
    files: str | os.PathLike[str] | None = None,
    title: str | None = None,
) -> Subject:
    """All that the page of some statistics shows, see :func:`report`.

    >>> from normstat.stats import Settings
    >>> subject(Stats("0.1.0", {}, Settings(), {}), title="nothing").compared
    ()
    """
    name = "Statistics" if isinstance(stats, Stats) else _name(stats)
    known = stats if isinstance(stats, Stats) else load(stats)
    compared = [*_within(known), *(_against(known, name, against) if against is not None else ())]
    listed = None if files is None else _listed(known, files)
    return Subject(title or name, known, tuple(compared), files=listed)


def _name(file: str | os.PathLike[str]) -> str:
    """The last part of a path or URL, without the signature that may follow it."""
    return os.path.basename(shown(file))


def _listed(stats: Stats, files: str | os.PathLike[str]) -> Listed:
    if stats.files is None:
        cure = f"compute {option('files', metavar='FILE')} writes both"
        raise UsageError(f"{shown(files)}: the statistics have no list of files; {cure}")
    return Listed.of(read_list(files, stats.files.sha256))


def _against(
    known: Stats, name: str, against: Stats | str | os.PathLike[str]
) -> Iterator[Compared]:
    other = against if isinstance(against, Stats) else load(against)
    theirs = "the others" if isinstance(against, Stats) else _name(against)
    pairs = list(Comparison(known, other).pairs())
    if not pairs:
        raise UsageError(
            f"{shown(theirs)}: has no split in common with {shown(name)}, so there is nothing "
            "to hold against each other"
        )
    for pair in pairs:
        yield _compared((f"{pair.split} of {name}", f"{pair.split} of {theirs}"), pair)


def _within(stats: Stats) -> Iterator[Compared]:
    """The other splits, held against the one that trains."""
    if "train" not in stats.splits:
        return
    for name, split in stats.splits.items():
        if name != "train":
            yield _compared((name, "train"), Pair(name, split, stats.splits["train"]))


def _compared(names: tuple[str, str], pair: Pair) -> Compared:
    title = f"{names[0]} against {names[1]}"
    both = dict(zip(names, (pair.now, pair.recorded), strict=True))
    if pair.blank:
        empty = [f"{name} has no images" for name, split in both.items() if not split.images]
        return Compared(title, unlike=", ".join(empty) or pair.blank)
    if not pair.same_channels:
        ours, theirs = names_of(pair.now.channels), names_of(pair.recorded.channels)
        return Compared(title, unlike=f"the channels are {ours} and {theirs}")
    found = (
        Shift(
            *(each.channel, (each.mean, each.mean_bound), (each.std, each.std_bound)),
            *(each.w1, each.ks, each.psi),
        )
        for each in shifts(pair)
    )
    return Compared(title, tuple(found), both, pair.same_pixels)
