"""Statistics that add: of parts of a data set, and of several."""

import os
from collections.abc import Iterable

from normstat.stats import Stats
from normstat.stats.merging import merged, without
from normstat.statsfile import load


def merge(stats: Iterable[Stats | str | os.PathLike[str]], *, allow_missing: bool = False) -> Stats:
    """Merge statistics to those of all images, as one run would have counted them.

    Parameters
    ----------
    stats : statistics or stats files, in any order: all parts of one data set (``shard``), or of
        several data sets, whose splits go together by name.
    allow_missing : parts may be missing; the result says so.

    Returns
    -------
    Stats
        To the last bit those of a single run over all images.

    Raises
    ------
    UsageError
        They were not made alike; parts are missing, given twice, or of different data.

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
    named: dict[str, Stats] = {}
    for number, each in enumerate(stats, 1):
        name = f"statistics {number}" if isinstance(each, Stats) else os.fspath(each)
        while name in named:  # the same file again, of which its part will tell
            name += " again"
        named[name] = each if isinstance(each, Stats) else load(each)
    return merged(named, allow_missing)


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
        They were not made alike, or `part` has images that `whole` does not have.

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
    return without(*(each if isinstance(each, Stats) else load(each) for each in (whole, part)))
