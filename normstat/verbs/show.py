"""Statistics of one file, or of two side by side, as rows and as text for programs."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from normstat.errors import UnknownSplit
from normstat.files import shown
from normstat.images import path_text
from normstat.stats import SplitStats, Stats
from normstat.stats.cells import BOTH_STDS, HEADERS, cells, counted_parts
from normstat.statsfile import render, summary

if TYPE_CHECKING:
    from normstat.rules.shifts import Shift

SCHEMA = "normstat/show/1"
#: Columns that a narrow terminal is spared where two files are shown.
SPARED = (("W1", "KS", "PSI"), ("min", "max"), ("images",))
_FILE = "file"
_DISTANCES = ("W1", "KS", "PSI")
# Settings that change numbers without a change of the images.
_DECISIVE = ("channels", "resize", "crop", "frames", "max_value", "channel_names")
_ONE_FILE = tuple(header for header in HEADERS if header != "size")
_Rows: TypeAlias = Iterator[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class View:
    """Statistics to be shown, and others that they are held against.

    Attributes
    ----------
    name, stats : a stats file's; its name as it is shown, without secrets of an address.
    other_name, other : those of the other file, if there is one.
    shifts : split → channels of the first against those of the other, where these are the same.
    """

    name: str
    stats: Stats
    other_name: str = ""
    other: Stats | None = None
    shifts: "Mapping[str, tuple[Shift, ...]]" = field(default_factory=dict)

    def headers(self) -> tuple[str, ...]:
        """Headers of the columns of :meth:`rows`."""
        if self.other is None:
            return HEADERS
        return ("split", _FILE, *_ONE_FILE[1:], *_DISTANCES)

    def rows(self) -> _Rows:
        """A row for each channel of each split, of each of the files; and their differences."""
        if self.other is None:
            for name, split in self.stats.splits.items():
                yield from cells(name, split)
            return
        for name in dict.fromkeys((*self.stats.splits, *self.other.splits)):
            both = self.stats.splits.get(name), self.other.splits.get(name)
            yield from _of_both(name, both, self.shifts.get(name, ()))

    def splits(self) -> dict[tuple[str, str], SplitStats]:
        """Splits of both files by their names and ``X`` or ``Y``."""
        both = (("X", self.stats), ("Y", self.other))
        return {
            (name, file): split
            for file, stats in both
            for name, split in (stats.splits if stats else {}).items()
        }

    def lines(self) -> Iterator[str]:
        """Words to be read with the rows."""
        yield from BOTH_STDS
        if self.other is None:
            return
        if self.shifts:
            yield "X-Y: of means in σ of Y, of stds in % of Y; ± is a bound of what chance explains"
            yield "W1, KS, PSI: distances of the distributions, as normstat report has them"
        yield from self._unlike(self.other)
        yield from self._apart(self.other)

    def _unlike(self, other: Stats) -> Iterator[str]:
        """Reasons for which differences are not those of images alone."""
        both = (("X", self.stats), ("Y", other))
        for name in _DECISIVE:
            ours, theirs = (getattr(stats.settings, name) for _, stats in both)
            if ours != theirs:
                yield f"computed with other settings: {name} {ours} of X, {theirs} of Y"
        for file, stats in both:
            if stats.parts:
                yield f"{file}: {counted_parts(stats.parts)}"

    def _apart(self, other: Stats) -> Iterator[str]:
        """Reasons for which there are no differences."""
        from normstat.rules.comparison import Comparison, names_of  # which two files need

        if not self.stats.splits.keys() & other.splits.keys():
            ours, theirs = (", ".join(map(shown, each.splits)) for each in (self.stats, other))
            yield f"no split is in both, so there are no differences: X has {ours}, Y has {theirs}"
        for pair in Comparison(self.stats, other).pairs():
            if pair.blank:
                yield f"{shown(pair.split)}: no differences, as one of the two has no images"
            elif not pair.same_channels:
                ours, theirs = (shown(names_of(x.channels)) for x in (pair.now, pair.recorded))
                yield f"{shown(pair.split)}: no differences, as X has {ours} and Y has {theirs}"


def view(
    stats: Stats,
    other: Stats | None = None,
    *,
    names: tuple[str, str] = ("X", "Y"),
    split: Iterable[str] = (),
) -> View:
    """Choose splits of one or two files, and hold one against the other.

    Parameters
    ----------
    stats, other : statistics, and those that they are held against.
    names : of the files.
    split : splits to show; all that are there if empty.

    Raises
    ------
    UnknownSplit
        No file has such a split.

    Examples
    --------
    >>> from normstat import Accumulator
    >>> import numpy as np
    >>> some = Accumulator()
    >>> some.add(np.zeros((2, 2), np.uint8))
    >>> some.add(np.full((2, 2), 255, np.uint8))
    >>> shown = view(some.stats(), some.stats())
    >>> shown.shifts["all"][0].mean, [row[1] for row in shown.rows()]
    (0.0, ['X', 'Y', 'X-Y'])
    """
    wanted = tuple(dict.fromkeys(split))
    have = [*stats.splits, *(other.splits if other else ())]
    for name in wanted:
        if name not in have:
            known = ", ".join(map(shown, dict.fromkeys(have))) or "none"
            raise UnknownSplit(f"split {shown(name)}: not there; there are {known}")
    one = _only(stats, wanted)
    if other is None:
        return View(shown(names[0]), one)
    from normstat.rules.comparison import Comparison  # which one file needs not
    from normstat.rules.shifts import shifts

    two = _only(other, wanted)
    found = {
        pair.split: tuple(shifts(pair))
        for pair in Comparison(one, two).pairs()
        if not pair.blank and pair.same_channels
    }
    return View(shown(names[0]), one, shown(names[1]), two, found)


def _only(stats: Stats, wanted: tuple[str, ...]) -> Stats:
    if not wanted:
        return stats
    return replace(
        stats,
        splits={name: split for name, split in stats.splits.items() if name in wanted},
        unreadable=tuple(record for record in stats.unreadable if record.split in wanted),
    )


def _of_both(
    name: str, both: tuple[SplitStats | None, SplitStats | None], apart: "tuple[Shift, ...]"
) -> _Rows:
    """Rows of both files channel by channel, each channel's difference below them."""
    ours, theirs = (
        [_one_file(row, file) for row in cells(name, split)] if split else []
        for file, split in zip("XY", both, strict=True)
    )
    if not apart:
        yield from (*ours, *theirs)
        return
    for index, (our, their) in enumerate(zip(ours, theirs, strict=True)):
        yield our
        yield "", *their[1:3], "", *their[4:]
        yield _difference(apart[index], both, index)


def _one_file(row: tuple[str, ...], file: str) -> tuple[str, ...]:
    split, *others = (row[HEADERS.index(header)] for header in _ONE_FILE)
    return split, file, *others, *("" for _ in _DISTANCES)


def _difference(
    shift: "Shift", both: tuple[SplitStats | None, SplitStats | None], index: int
) -> tuple[str, ...]:
    own = [split.per_image.std[index] if split and split.per_image.std else None for split in both]
    own_std = own[0] / own[1] - 1 if own[0] is not None and own[1] else None
    return (
        *("", "X-Y", "", ""),
        _signed(shift.mean, 1, "σ") + _bound(shift.mean_bound, 1),
        _signed(shift.std, 100, "%") + _bound(shift.std_bound, 100),
        _signed(own_std, 100, "%"),
        *("", ""),
        *("–" if value is None else f"{value:.3g}" for value in (shift.w1, shift.ks, shift.psi)),
    )


def _signed(value: float | None, factor: float, unit: str) -> str:
    return "–" if value is None else f"{value * factor:+.3g} {unit}"


def _bound(value: float | None, factor: float) -> str:
    return " ± –" if value is None else f" ± {value * factor:.2g}"


def _json(shown_stats: View) -> str:
    """The content of the stats file without its states; the other one's below ``against``."""
    content: dict[str, Any] = {"schema": SCHEMA, "file": shown_stats.name}
    content |= summary(shown_stats.stats)
    if shown_stats.other:
        against = {"file": shown_stats.other_name} | summary(shown_stats.other)
        content["against"] = against
        content["shifts"] = {
            name: [_plain(shift) for shift in channels]
            for name, channels in shown_stats.shifts.items()
        }
    return render(content)


def _plain(shift: "Shift") -> dict[str, Any]:
    values = {name: getattr(shift, name) for name in shift.__slots__}
    # As in the report of a check, what JSON has no number for is a word.
    return {
        name: str(value) if value in (float("inf"), float("-inf")) else value
        for name, value in values.items()
    }


_COLUMNS = (
    *("file", "split", "images", "unreadable", "skipped", "channel", "mean", "mean_stderr"),
    *("std", "std_stderr", "per_image_mean", "per_image_std", "min", "max", "scale", "dtype"),
)
_SHIFTS = ("mean", "mean_bound", "std", "std_bound", "w1", "ks", "psi")


def _csv(shown_stats: View) -> str:
    """A line for each channel of each split of each file; shifts on the first file's lines."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow((*_COLUMNS, *(f"shift_{name}" for name in _SHIFTS if shown_stats.other)))
    for name, split in shown_stats.stats.splits.items():
        channels = shown_stats.shifts.get(name, ())
        for index, row in enumerate(_values(shown_stats.name, name, split)):
            shift = [getattr(channels[index], each) for each in _SHIFTS if channels]
            lines.writerow((*row, *shift))
    for name, split in (shown_stats.other.splits if shown_stats.other else {}).items():
        lines.writerows(_values(shown_stats.other_name, name, split))
    return text.getvalue()


def _values(file: str, name: str, split: SplitStats) -> Iterator[tuple[Any, ...]]:
    head = (file, path_text(name), split.images, split.unreadable, split.skipped)
    if not split.channels:
        yield head
        return
    columns = (
        *(split.mean, split.stderr.mean, split.std, split.stderr.std),
        *(split.per_image.mean, split.per_image.std, split.min, split.max),
    )
    for index, channel in enumerate(split.channels):
        numbers = (values[index] if values else None for values in columns)
        yield (*head, channel, *numbers, split.scale, split.dtype)


def _markdown(shown_stats: View) -> str:
    from normstat.reports import markdown  # which only this format needs

    headers = shown_stats.headers()
    lines = [markdown.table_row(headers), "|" + " --- |" * len(headers)]
    lines += map(markdown.table_row, shown_stats.rows())
    # Names of splits and channels are anybody's; the other lines stay easy to read as they are.
    words = [line if line in BOTH_STDS else markdown.plain(line) for line in shown_stats.lines()]
    if shown_stats.other:
        files = (("X", shown_stats.name), ("Y", shown_stats.other_name))
        words = [f"{file}: {markdown.plain(name)}" for file, name in files] + words
    return "\n".join([*lines, "", *(f"- {line}" for line in words)]) + "\n"


#: Format → the text of a view.
FORMATS: Mapping[str, Callable[[View], str]] = MappingProxyType(
    {"json": _json, "markdown": _markdown, "csv": _csv}
)
