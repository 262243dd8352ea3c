"""Statistics as a notebook shows them: a table, and a chart for each channel."""

from collections.abc import Iterator, Mapping
from html import escape

from normstat.files import shown
from normstat.stats.curves import curves, ends
from normstat.stats.split_stats import SplitStats
from normstat.svg import STYLE, Curve, chart

_CHARTS = 8


def as_html(splits: Mapping[str, SplitStats]) -> str:
    """A table of mean and std with their errors, and the distributions of the first channels.

    >>> as_html({})
    '<p>No image was counted.</p>'
    """
    rows = [row for name, split in splits.items() for row in _rows(name, split)]
    if not rows:
        return "<p>No image was counted.</p>"
    headers = ("split", "images", "channel", "mean ± se", "std ± se", "min", "max")
    head = "".join(f"<th>{header}</th>" for header in headers)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    charts = "".join(_charts(splits))
    return f"<style>{STYLE}</style><table><tr>{head}</tr>{body}</table><div>{charts}</div>"


def _rows(name: str, split: SplitStats) -> Iterator[tuple[str, ...]]:
    if not (split.channels and split.mean and split.std and split.min and split.max):
        return
    nothing = (None,) * len(split.channels)
    for index, channel in enumerate(split.channels):
        mean, std = ((errors or nothing)[index] for errors in (split.stderr.mean, split.stderr.std))
        yield (
            escape(shown(name)) if index == 0 else "",
            f"{split.images:,}" if index == 0 else "",
            escape(shown(channel)),
            f"{split.mean[index]:.6g} ± {'–' if mean is None else f'{mean:.2g}'}",
            f"{split.std[index]:.6g} ± {'–' if std is None else f'{std:.2g}'}",
            f"{split.min[index]:.6g}",
            f"{split.max[index]:.6g}",
        )


def _charts(splits: Mapping[str, SplitStats]) -> Iterator[str]:
    counted = {name: split for name, split in splits.items() if split.channels}
    channels = next(iter(counted.values())).channels or ()
    alike = {name: split for name, split in counted.items() if split.channels == channels}
    low, high = ends(list(alike.values()))
    found = {name: made for name, split in alike.items() if (made := curves(split, low, high))}
    for index, channel in enumerate(channels[:_CHARTS]):
        lines = [
            Curve(shown(name), made.shares[index], f"c{number % 6}")
            for number, (name, made) in enumerate(found.items())
        ]
        if lines and len({len(line.values) for line in lines}) == 1:
            about = f"Distribution of values of {shown(channel)}, of {', '.join(map(shown, found))}"
            drawing = chart(lines, about, about, (f"{low:g}", f"{high:g}"), name=f"nb-{index}")
            yield f'<div style="max-width:360px;display:inline-block">{drawing}</div>'
