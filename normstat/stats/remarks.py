"""What statistics leave out of their images, or count all the same, in words for the screen."""

from collections import Counter
from collections.abc import Iterator

from normstat.stats.records import Stats

_WORDS = {
    "multi_frame": (
        "{} further frames or pages, of which only the first is counted; --frames all counts "
        "them, --frames channels takes each for a channel"
    ),
    "alpha_dropped": "{} alpha (transparency), which is not counted",
    "nodata_counted": (
        "{} a value that stands for no data (GDAL_NODATA), and such pixels are counted all the same"
    ),
}


def remarks(stats: Stats) -> Iterator[str]:
    """A sentence for all that a user would not expect to be missing, or to be there.

    Examples
    --------
    >>> from normstat.stats import Settings
    >>> list(remarks(Stats("0.1.0", {}, Settings(), {})))
    []
    """
    notes: Counter[str] = Counter()
    for split in stats.splits.values():
        notes.update(split.notes)
    for note, words in _WORDS.items():
        number = notes[note]
        if number and not (note == "multi_frame" and stats.settings.frames != "first"):
            yield words.format(f"{number} image{'s have' if number > 1 else ' has'}")
