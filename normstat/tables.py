"""Statistics as a person reads them in a terminal."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from normstat.files import shown
from normstat.images import Unreadable
from normstat.stats import (
    SplitStats,
    Stats,
    common_decimals,
    left_out_images,
    remarks,
    supported_digits,
)
from normstat.stats.cells import BOTH_STDS, HEADERS, OWN_STD, cells, counted_parts
from normstat.stats.curves import ends
from normstat.stats.glyphs import BLOCKS, histograms, left_out

#: Unreadable images that are named one by one.
NAMED = 10
# Columns that a narrow terminal is spared, one after the other: never a mean, an error or a split.
_SPARED = (("min", "max"), ("size",), ("images",), (OWN_STD,))
_ANY_WIDTH = 1_000_000
# Numbers of glyphs in a histogram, as there is room.
_BARS = (64, 32, 16)
_ASCII = str.maketrans(
    {"±": "+/-", "×": "x", "–": "-", "…": "...", "σ": "sigma"}
    | dict(zip(BLOCKS, " _.:-=+*#", strict=True))
)


def print_stats(stats: Stats, console: Console, unreadable_in: str, in_full: bool = False) -> None:
    """Print the table of statistics, what was unreadable, and the constants to paste.

    A console that is not UTF-8 gets plain ASCII. `unreadable_in` lists all unreadable images, for
    a run that names only some; `in_full` adds the other definition of std, a histogram for each
    channel, and what a run has said of its images.
    """
    wanted = [index for index, header in enumerate(HEADERS) if in_full or header != OWN_STD]
    rows = [row for name, split in stats.splits.items() for row in cells(name, split)]
    headers = [HEADERS[index] for index in wanted]
    print_rows(headers, [[row[index] for index in wanted] for row in rows], console, _SPARED)
    console.print()
    if in_full:
        print_lines([*BOTH_STDS, ""], console)
        print_histograms({(name, ""): split for name, split in stats.splits.items()}, console)
    unreadable = sum(split.unreadable for split in stats.splits.values())
    print_records(stats.unreadable, console, unreadable_in, unreadable)
    print_lines(_skipped(stats), console)
    if in_full and (said := [remark.on_command_line() for remark in remarks(stats)]):
        print_lines([*said, ""], console)
    if in_full and stats.parts:
        print_lines([f"{counted_parts(stats.parts)}; normstat merge adds the others", ""], console)
    print_lines(_constants(stats), console)


def print_rows(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    console: Console,
    spared: Sequence[Sequence[str]] = (),
    folded: Sequence[str] = (),
) -> None:
    """Print a table of texts with no cell cut.

    A narrow terminal does without the columns that are `spared`, those first that say least; then
    the cells of the `folded` ones are folded at spaces. If that is not enough, each row becomes a
    block with a line for each of its cells.
    """
    left_out: set[str] = set()
    for more in ((), *spared):
        left_out.update(more)
        kept = [index for index, header in enumerate(headers) if header not in left_out]
        some, cells = [headers[i] for i in kept], [[row[i] for i in kept] for row in rows]
        if _is_printed(_table(some, cells, _is_plain(console)), console):
            return
    if not _is_printed(_table(some, cells, _is_plain(console), folded), console):
        print_lines(_blocks(headers, rows), console)


def _is_printed(table: Table, console: Console) -> bool:
    """Print a table where it fits without a cell cut; whether it did."""
    anything = console.options.update(width=_ANY_WIDTH)
    fits = console.measure(table, options=anything).minimum <= console.width
    if fits:
        console.print(table, crop=False)
    return fits


def _blocks(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The cells of each row line by line, without those that are empty, and a blank line."""
    start = max(map(len, headers)) + 2
    for row in rows:
        yield from (
            f"{header:{start}}{cell}" for header, cell in zip(headers, row, strict=True) if cell
        )
        yield ""


def print_histograms(splits: Mapping[tuple[str, str], SplitStats], console: Console) -> None:
    """Print the distribution of each channel, all between the same two ends.

    Splits have a name and that of their file; those of one name stand beside each other.
    """
    counted = {name: split for name, split in splits.items() if split.channels}
    if counted:
        print_lines(_histograms(counted, console.width), console)


def print_records(
    records: Sequence[Unreadable], console: Console, where: str, number: int | None = None
) -> None:
    """Print the first of so many unreadable images, and where the others are listed."""
    print_lines(_unreadable(records, where, number or len(records)), console)


def print_lines(lines: Iterable[str], console: Console) -> None:
    """Print lines that are not wrapped, in plain ASCII where the console has no more."""
    plain = _is_plain(console)
    for line in lines:
        console.print(_text(line, plain), soft_wrap=True, markup=False, highlight=False)


def _is_plain(console: Console) -> bool:
    return "utf" not in console.encoding.lower()


def _text(text: str, plain: bool) -> str:
    return text.translate(_ASCII) if plain else text


def _table(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    plain: bool,
    folded: Sequence[str] = (),
) -> Table:
    table = Table(box=box.ASCII if plain else box.SIMPLE_HEAD, show_edge=plain, pad_edge=plain)
    texts = [[_text(cell, plain) for cell in cells] for cells in (headers, *rows)]
    for header, column in zip(headers, zip(*texts, strict=True), strict=True):
        whole = header not in folded
        # Without a least width rich would cut it.
        width = max(map(cell_len, column)) if whole else None
        table.add_column(column[0], no_wrap=whole, min_width=width)
    for row in texts[1:]:
        table.add_row(*map(Text, row))
    return table


def _histograms(splits: Mapping[tuple[str, str], SplitStats], width: int) -> Iterator[str]:
    """A line for each channel of splits with images, as long as there is room."""
    rows = [
        (name, channel, file, index)
        for name in dict.fromkeys(name for name, _ in splits)
        for index in range(max(len(s.channels or ()) for (n, _), s in splits.items() if n == name))
        for (other, file), split in splits.items()
        if other == name
        for channel in (split.channels or ())[index : index + 1]
    ]
    labels = [(shown(name), shown(channel), file) for name, channel, file, _ in rows]
    starts = [max(map(cell_len, column)) for column in zip(*labels, strict=True)]
    room = width - sum(start + 2 for start in starts if start)
    bins = next((bins for bins in _BARS if bins <= room), _BARS[-1])
    found = histograms(splits, bins)
    if not found:
        return
    low, high = ends(list(splits.values()))
    rest = left_out(splits.values())
    beyond = f"; up to {100 * rest:.2g} % of a channel are beyond" if rest else ""
    yield (
        f"distribution of values from {low:g} to {high:g}; the highest bar of each is full{beyond}"
    )
    before = None
    for (name, _, file, index), (split, channel, _) in zip(rows, labels, strict=True):
        bars = found.get((name, file))
        if bars is None:
            continue
        cells = ("" if name == before else split, channel, file)
        before = name
        padded = (
            cell + " " * (start - cell_len(cell) + 2)
            for cell, start in zip(cells, starts, strict=True)
            if start
        )
        yield f"{''.join(padded)}{bars[index]}".rstrip()
    yield ""


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


def _skipped(stats: Stats) -> Iterator[str]:
    """Lines on skipped images, by reason: beside all splits, then split by split."""
    lines = [
        f"  {left_out_images(skipped.images, reason)}, the first: {shown(skipped.first)}"
        for reason, skipped in stats.skipped.items()
    ]
    lines += [
        f"  {left_out_images(images, reason)} in {shown(name)}"
        for name, split in stats.splits.items()
        for reason, images in split.skipped_reasons.items()
    ]
    if lines:
        yield "left out:"
        yield from lines
        yield ""


def _reason(record: Unreadable) -> str:
    detail = f" ({shown(record.detail)})" if record.detail else ""
    return f"{record.code}{detail}" + (f"; {record.hint.on_command_line()}" if record.hint else "")


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
        decimals = common_decimals(values)
        for value, error in zip(values, errors or (None,) * len(values), strict=True):
            text, supported = supported_digits(value, error, decimals)
            texts.append(text)
            marks.append(("^" * supported).ljust(len(text)))
        yield start + ", ".join(texts) + "]"
        yield ("#".ljust(len(start)) + "  ".join(marks)).rstrip()
