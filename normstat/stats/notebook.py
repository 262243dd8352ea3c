"""Statistics as a notebook shows them: a table, and a chart for each channel."""

from collections.abc import Iterator, Mapping

from normstat.markup import NONE, fragment, legend, number, table, text
from normstat.stats.drawings import distributions
from normstat.stats.split_stats import SplitStats

_CHARTS = 8
_HEADERS = ("split", "channel", "mean ± se", "std ± se", "min", "max", "images")


def as_html(splits: Mapping[str, SplitStats]) -> str:
    """A table of mean and std with their errors, and the distributions of the first channels.

    >>> as_html({})
    '<p>No image was counted.</p>'
    """
    rows = [row for name, split in splits.items() for row in _rows(name, split)]
    if not rows:
        return "<p>No image was counted.</p>"
    first = 1 if "" in splits else 0  # a split by itself has no name
    numbers = table(
        "Mean and standard deviation",
        _HEADERS[first:],
        [row[first:] for row in rows],
        range(2 - first),
    )
    charts = "".join(
        f"<figure>{drawing.svg}<figcaption>{text(drawing.channel)}"
        f"{_told('▲ higher', drawing.cut_off)}"
        f"{_told('beyond the axis', drawing.beyond)}</figcaption></figure>"
        for drawing in distributions(splits, _CHARTS)
    )
    keys = f"<p>{legend(splits)}</p>" if len(splits) > 1 and charts else ""
    return fragment(f"{numbers}{keys}<div class=grid>{charts}</div>")


def _told(what: str, words: str) -> str:
    return f" ({what}: {text(words)})" if words else ""


def _rows(name: str, split: SplitStats) -> Iterator[tuple[str, ...]]:
    if not (split.channels and split.mean and split.std and split.min and split.max):
        return
    nothing = (None,) * len(split.channels)
    for index, channel in enumerate(split.channels):
        mean, std = ((errors or nothing)[index] for errors in (split.stderr.mean, split.stderr.std))
        yield (
            text(name),
            text(channel),
            f"{number(split.mean[index])} ± {NONE if mean is None else number(mean, 2)}",
            f"{number(split.std[index])} ± {NONE if std is None else number(std, 2)}",
            number(split.min[index]),
            number(split.max[index]),
            f"{split.images:,}" if index == 0 else "",
        )
