"""Statistics as a person reads them in a terminal."""

import math
from collections.abc import Iterable, Iterator, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from normstat.accumulators.histogram import Histogram
from normstat.accumulators.tally import Extent
from normstat.files import shown
from normstat.images import HINTS, Code, Unreadable
from normstat.stats import SplitStats, Stats

#: Unreadable images that are named one by one.
NAMED = 10
_HEADERS = (
    "split", "images", "size", "channel", "mean ± se", "std ± se", "min", "max", "0 to 1"
)  # fmt: skip
# What a narrow terminal is spared, one after the other: never a mean, an error or a split.
_SPARED: tuple[tuple[str, ...], ...] = (
    (),
    ("0 to 1",),
    ("0 to 1", "min", "max"),
    ("0 to 1", "min", "max", "size"),
)
_DECIMALS = 6
_BARS = 32
_BLOCKS = " ▁▂▃▄▅▆▇█"
_ASCII = str.maketrans(
    {"±": "+/-", "×": "x", "–": "-", "…": "..."} | dict(zip(_BLOCKS, " _.:-=+*#", strict=True))
)


def print_stats(
    stats: Stats, console: Console, unreadable_in: str, histograms: bool = False
) -> None:
    """Print the table of statistics, what was unreadable, and the constants to paste.

    Parameters
    ----------
    stats : what to print.
    console : where to; not UTF-8 gets plain ASCII.
    unreadable_in : where all the unreadable images are listed, if not all are named.
    histograms : with a small histogram for each channel.
    """
    plain = "utf" not in console.encoding.lower()
    rows = [row for name, split in stats.splits.items() for row in _rows(name, split)]
    anything = console.options.update(width=1000)
    for left_out in _SPARED if histograms else _SPARED[1:]:
        kept = [index for index, header in enumerate(_HEADERS) if header not in left_out]
        headers = [_HEADERS[index] for index in kept]
        table = _table(headers, [[row[index] for index in kept] for row in rows], plain)
        if console.measure(table, options=anything).maximum <= console.width:
            break
    console.print(table, width=1000, crop=False)
    console.print()
    unreadable = sum(split.unreadable for split in stats.splits.values())
    print_records(stats.unreadable, console, unreadable_in, unreadable)
    _print_lines(_constants(stats), console)


def print_rows(headers: Sequence[str], rows: Sequence[Sequence[str]], console: Console) -> None:
    """Print a table of texts, as wide as it needs to be."""
    plain = "utf" not in console.encoding.lower()
    console.print(_table(headers, rows, plain), width=1000, crop=False)


def print_records(
    records: Sequence[Unreadable], console: Console, where: str, number: int | None = None
) -> None:
    """Print the first unreadable images, and where the others are listed.

    Parameters
    ----------
    number : of unreadable images, if there are more than records.
    """
    _print_lines(_unreadable(records, where, number or len(records)), console)


def _print_lines(lines: Iterable[str], console: Console) -> None:
    plain = "utf" not in console.encoding.lower()
    for line in lines:
        console.print(_text(line, plain), soft_wrap=True, markup=False, highlight=False)


def _text(text: str, plain: bool) -> str:
    return text.translate(_ASCII) if plain else text


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]], plain: bool) -> Table:
    table = Table(box=box.ASCII if plain else box.SIMPLE_HEAD, show_edge=plain, pad_edge=plain)
    for header in headers:
        table.add_column(_text(header, plain), no_wrap=True)
    for row in rows:
        table.add_row(*(Text(_text(cell, plain)) for cell in row))
    return table


def _rows(name: str, split: SplitStats) -> Iterator[tuple[str, ...]]:
    images = f"{split.images}"
    if split.unreadable:
        images += f" (+ {split.unreadable} unreadable)"
    head = (shown(name), images, f"{_extent(split.width)} × {_extent(split.height)}")
    if split.channels is None or not (split.mean and split.std and split.min and split.max):
        yield (*head[:2], *"–––––––")
        return
    bars = _bars(split.histogram())
    for index, channel in enumerate(split.channels):
        yield (
            *(head if index == 0 else ("", "", "")),
            shown(channel),
            _plus_minus(split.mean[index], split.stderr.mean, index),
            _plus_minus(split.std[index], split.stderr.std, index),
            f"{split.min[index]:.6g}",
            f"{split.max[index]:.6g}",
            bars[index] if bars else "–",
        )


def _extent(extent: Extent) -> str:
    return f"{extent.min}" if extent.min == extent.max else f"{extent.min}–{extent.max}"


def _plus_minus(value: float, errors: Sequence[float | None] | None, index: int) -> str:
    error = errors[index] if errors else None
    return f"{value:#.{_DECIMALS}g} ± " + ("–" if error is None else f"{error:.2g}")


def _bars(histogram: Histogram | None) -> list[str]:
    if histogram is None:
        return []
    channels, bins = histogram.counts.shape
    heights = histogram.counts.reshape(channels, _BARS, bins // _BARS).tolist()
    return ["".join(_blocks([sum(bar) for bar in channel])) for channel in heights]


def _blocks(heights: list[int]) -> Iterator[str]:
    highest = max(*heights, 1)
    for height in heights:
        yield _BLOCKS[-(-height * (len(_BLOCKS) - 1) // highest)]


def _unreadable(records: Sequence[Unreadable], where: str, number: int) -> Iterator[str]:
    if not number:
        return
    yield f"{number} unreadable:"
    for record in records[:NAMED]:
        yield f"  {shown(record.path)}: {_reason(record)}"
    listed = len(records)
    if listed > NAMED:
        yield f"  … and {listed - NAMED} more, listed in {where}"
    if number > listed:
        yield f"  … and {number - listed} more of another depth than their split's, counted only"
    yield ""


def _reason(record: Unreadable) -> str:
    hint = HINTS.get(Code(record.code))
    return (
        record.code
        + (f" ({shown(record.detail)})" if record.detail else "")
        + (f"; {hint}" if hint else "")
    )


def _constants(stats: Stats) -> Iterator[str]:
    """Mean and std of the training split as Python, the supported digits underlined."""
    names = [name for name, split in stats.splits.items() if split.images]
    name = "train" if "train" in names else next(iter(names), "")
    split = stats.splits.get(name)
    if not split or not split.mean or not split.std:
        return
    first = f"after x / {split.scale}; " if split.scale != 1 else ""
    yield f"# {shown(name)}; {first}^ marks the digits that the standard error supports"
    for label, values, errors in (
        ("mean", split.mean, split.stderr.mean),
        ("std", split.std, split.stderr.std),
    ):
        start = f"{label:4} = ["
        texts, marks = [], []
        for value, error in zip(values, errors or (None,) * len(values), strict=True):
            text, supported = _digits(value, error)
            texts.append(text)
            marks.append(("^" * supported).ljust(len(text)))
        yield start + ", ".join(texts) + "]"
        yield ("#".ljust(len(start)) + "  ".join(marks)).rstrip()


def _digits(value: float, error: float | None) -> tuple[str, int]:
    """A number, and how many of its characters the standard error supports.

    Up to the place of the error's first digit, as in 0.44 ± 0.02.

    >>> _digits(0.444967, 0.0155), _digits(0.5, None), _digits(0.5, 0.0)
    (('0.444967', 4), ('0.500000', 0), ('0.500000', 8))
    """
    magnitude = math.floor(math.log10(abs(value))) if value else 0
    decimals = max(0, _DECIMALS - max(0, magnitude) - min(0, magnitude + 1))
    if error:
        place = -math.floor(math.log10(error))
        decimals = max(decimals, place)
        text = f"{value:.{decimals}f}"
        whole = text.index(".") if "." in text else len(text)
        return text, max(0, whole + (place + 1 if place > 0 else place))
    text = f"{value:.{decimals}f}"
    return text, 0 if error is None else len(text)
