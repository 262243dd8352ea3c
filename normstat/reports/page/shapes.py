"""Distributions of pixel values."""

from collections.abc import Iterable, Iterator, Mapping

from normstat.markup import legend, text
from normstat.reports.page.sections import paragraph, section
from normstat.stats import SplitStats, Stats
from normstat.stats.drawings import Drawing, distributions, with_equal_channels

_MOST = 16


def shapes(stats: Stats) -> Iterator[str]:
    """Write the section, if there is something to draw."""
    counted = {name: split for name, split in stats.splits.items() if split.images}
    if not counted:
        return
    drawn = list(distributions(stats.splits, _MOST))
    yield section("Distributions", _parts(counted, drawn, stats.splits))


def _parts(
    counted: Mapping[str, SplitStats], drawn: list[Drawing], splits: Mapping[str, SplitStats]
) -> Iterator[str]:
    if not drawn:
        yield paragraph("The values of these splits are not counted alike: nothing is drawn.")
        return
    yield paragraph(
        "How often each pixel value occurs, in each channel. The number at the top right is the "
        "share of pixels at that height; triangles at the bottom are means."
    )
    yield f"<p>{legend(splits)}</p>"
    yield figures(drawn)
    left_out = [name for name in counted if name not in with_equal_channels(splits)]
    if left_out:
        yield paragraph(f"Not drawn, as they have other channels: {', '.join(left_out)}.")
    more = len(next(iter(counted.values())).channels or ()) - _MOST
    if more > 0:
        yield paragraph(f"{more} more channels are not drawn.")


def figures(drawn: Iterable[Drawing]) -> str:
    """Drawings side by side, with the names of their channels.

    >>> figures([Drawing("<R>", "<svg></svg>")])
    '<div class=grid><figure><figcaption><b>&lt;R&gt;</b></figcaption><svg></svg></figure></div>'
    """
    each = "".join(
        f"<figure><figcaption><b>{text(drawing.channel)}</b></figcaption>{drawing.svg}"
        f"{_told('Higher than drawn (▲)', drawing.cut_off)}"
        f"{_told('Beyond the axis', drawing.beyond)}</figure>"
        for drawing in drawn
    )
    return f"<div class=grid>{each}</div>"


def _told(what: str, words: str) -> str:
    return f"<p class=small>{what}: {text(words)}</p>" if words else ""
