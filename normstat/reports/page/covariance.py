"""Covariance of the channels, as small matrices."""

from collections.abc import Iterator, Sequence

from normstat.files import shown
from normstat.markup import NONE, number, table, text
from normstat.reports.page.sections import MOST_PRODUCTS, paragraph, section
from normstat.stats import Stats

# Up to so many columns fit on paper as they are.
_SPARSE = 8


def covariance(stats: Stats) -> Iterator[str]:
    """Write the section, if covariances were counted."""
    matrices = {
        name: (split.channels, split.covariance)
        for name, split in stats.splits.items()
        if split.covariance and split.channels
    }
    if matrices:
        parts = [_matrix(name, *matrix) for name, matrix in matrices.items()]
        yield section(
            "How the channels vary together",
            [
                paragraph(
                    "Covariance of each two channels, and below it their correlation: 1 where one "
                    "follows the other, 0 where they have nothing in common."
                ),
                f"<div class=matrices>{''.join(parts)}</div>",
            ],
        )


def _matrix(name: str, channels: Sequence[str], values: Sequence[Sequence[float]]) -> str:
    caption = f"<figcaption><b>{text(name)}</b></figcaption>"
    if len(channels) > MOST_PRODUCTS:
        words = f"{len(channels)} × {len(channels)} numbers, which are in the stats file."
        return f"<figure>{caption}{paragraph(words)}</figure>"
    rows = [(text(channel), *_cells(index, values)) for index, channel in enumerate(channels)]
    headers = ("channel", *map(shown, channels))
    dense = " class=dense" if len(channels) > _SPARSE else ""
    return f"<figure{dense}>{caption}{table(f'Covariance, {name}', headers, rows)}</figure>"


def _cells(row: int, values: Sequence[Sequence[float]]) -> Iterator[str]:
    for column, value in enumerate(values[row]):
        product = values[row][row] * values[column][column]
        correlation = _signed(value / product**0.5) if product > 0 else NONE
        yield f"{number(value, 3)}<br><span class=small>{correlation}</span>"


def _signed(correlation: float) -> str:
    return f"{correlation:z.2f}".replace("-", "−")
