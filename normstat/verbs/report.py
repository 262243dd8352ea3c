"""Statistics as a page for people."""

import os
from collections.abc import Iterator
from itertools import pairwise

from normstat.errors import UsageError
from normstat.files import shown
from normstat.reports.page import Compared, Shift, page
from normstat.rules.comparison import Comparison, Pair
from normstat.rules.distances import between
from normstat.rules.effects import effects
from normstat.stats import SplitStats, Stats
from normstat.statsfile import load
from normstat.verdict import Verdict


def report(
    stats: Stats | str | os.PathLike[str],
    *,
    against: Stats | str | os.PathLike[str] | None = None,
    verdict: Verdict | None = None,
    title: str | None = None,
) -> str:
    """Write statistics as one self-contained page of HTML.

    Parameters
    ----------
    stats : statistics, or a stats file.
    against : others that they are held against, split by split.
    verdict : of a check, shown on top.
    title : of the page; None: the name of the file.

    Returns
    -------
    str
        Without a script, a font or a request to anywhere.

    Raises
    ------
    UsageError
        A file cannot be used, or the two have no split in common.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> from normstat import compute
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("RGB", (4, 2), (255, 0, 51)).save(f"{folder}/a.png")
    ...     text = report(compute(folder, workers=0))
    >>> "mean = [1, 0, 0.2]" in text
    True
    """
    name = "Statistics" if isinstance(stats, Stats) else os.path.basename(os.fspath(stats))
    known = stats if isinstance(stats, Stats) else load(stats)
    compared = list(_within(known))
    if against is not None:
        other = against if isinstance(against, Stats) else load(against)
        theirs = "the others" if isinstance(against, Stats) else os.path.basename(against)
        pairs = list(Comparison(known, other).pairs())
        if not pairs:
            raise UsageError(
                f"{shown(theirs)}: has no split in common with {shown(name)}, so there is nothing "
                "to hold against each other"
            )
        for pair in pairs:
            labels = f"{pair.split} of {name}", f"{pair.split} of {theirs}"
            compared += _compared(labels, pair)
    return page(known, title or name, compared, verdict)


def _within(stats: Stats) -> Iterator[Compared]:
    """The other splits, held against the one that trains."""
    if "train" not in stats.splits:
        return
    for name, split in stats.splits.items():
        if name != "train":
            yield from _compared((name, "train"), Pair(name, split, stats.splits["train"]))


def _compared(names: tuple[str, str], pair: Pair) -> Iterator[Compared]:
    if pair.blank or not pair.same_channels:
        return
    shifts = tuple(_shifts(pair.now, pair.recorded, pair.same_pixels))
    splits = dict(zip(names, (pair.now, pair.recorded), strict=True))
    yield Compared(f"{names[0]} against {names[1]}", shifts, splits)


def _shifts(now: SplitStats, before: SplitStats, same_images: bool) -> Iterator[Shift]:
    channels = now.channels or ()
    found = list(effects(now, before, 2 * len(channels), same_images))
    ours, theirs = now.values(), before.values()
    alike = type(ours) is type(theirs) and now.scale == before.scale
    apart = between(ours, theirs) if ours and theirs and alike else None
    for index, (mean, std) in enumerate(list(pairwise(found))[::2]):
        distance = apart[index] if apart else None
        yield Shift(
            mean.channel,
            (mean.observed, mean.bound),
            (None if std.observed is None else std.observed - std.expected, std.bound),
            distance.w1 / (now.scale or 1) if distance else None,
            distance.ks if distance else None,
            distance.psi if distance else None,
        )
