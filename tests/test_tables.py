"""What a person reads: the table, the unreadable images, and the constants to paste."""

import io
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import strategies
from arrays import tally
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from normstat.accumulators.tally import Tally
from normstat.images import GRAY8, RGB8, Unreadable
from normstat.stats import Settings, Stats, summarize, supported_digits
from normstat.stats.curves import curves, ends
from normstat.stats.glyphs import glyphs, histograms
from normstat.tables import print_histograms, print_rows, print_stats

VERSIONS = {"normstat": "0", "pillow": "0", "libjpeg_turbo": "0"}
GRAY = np.arange(12, dtype="uint8").reshape(3, 4, 1) * 20
COLOR = np.repeat(GRAY, 3, axis=2) // np.array([1, 2, 4], "uint8")


def stats_of(*totals: Tally, splits: tuple[str, ...] = ()) -> Stats:
    """The statistics of the sum, of the splits named or those it has."""
    total = sum(totals, Tally.empty())
    return summarize(total, splits or total.splits, Settings(), VERSIONS)


def lost(split: str, number: int) -> Tally:
    """The tally of some unreadable images."""
    records = [
        Unreadable(split, f"{split}/{index:02}\n.png", "truncated", f"{index} rows")
        for index in range(number)
    ]
    return sum(map(Tally.of_unreadable, records), Tally.empty())


def printed(stats: Stats, in_full: bool = False) -> list[str]:
    """The lines on a wide terminal."""
    file = io.StringIO()
    print_stats(stats, Console(file=file, width=200, highlight=False), "out.json", in_full)
    return file.getvalue().splitlines()


def rows(lines: list[str]) -> list[list[str]]:
    """The cells of the table, without its header."""
    start = next(index for index, line in enumerate(lines) if "──" in line)
    table = []
    for line in lines[start + 1 :]:
        if not line.strip():
            break
        table.append([cell.strip() for cell in line.strip().split("  ") if cell.strip()])
    return table


def test_a_row_for_each_channel_of_each_split() -> None:
    """Splits in their order; name, images and size stand in the first of their rows only."""
    stats = stats_of(
        tally(COLOR, COLOR[:2]), tally(GRAY, split="val"), lost("val", 2), lost("test", 1)
    )
    train, green, blue, val, test = rows(printed(stats))
    split = stats.splits["train"]
    errors = split.stderr
    assert train == [
        *("train", "2", "4 × 2–3", "R"),
        f"{split.mean[0]:.6f} ± {errors.mean[0]:.2g}",
        f"{split.std[0]:.6f} ± {errors.std[0]:.2g}",
        *("0", "0.862745"),
    ]
    assert (green[0], blue[0]) == ("G", "B")
    assert val[:4] == ["val", "1 (+ 2 unreadable)", "4 × 3", "gray"]
    assert val[4].endswith("± –")
    assert test == ["test", "0 (+ 1 unreadable)", *"––––––"]


def test_a_split_without_images() -> None:
    """A row of dashes, in full as well, and no constants where there are none."""
    stats = stats_of(lost("train", 1), tally(GRAY, split="val"))
    lines = printed(stats, in_full=True)
    assert rows(lines)[0] == ["train", "0 (+ 1 unreadable)", *"–––––––"]
    assert rows(lines)[1][:2] == ["val", "1"]
    empty = printed(stats_of(splits=("train",)))
    assert rows(empty) == [["train", "0", *"––––––"]]
    assert not any("mean = [" in line for line in empty)


@pytest.mark.parametrize("number", [1, 10, 11, 500])
def test_the_first_ten_unreadable_are_named(number: int) -> None:
    """With code, detail and hint, names escaped; then how many more and where they are listed."""
    lines = printed(stats_of(tally(GRAY), lost("train", number)))
    start = lines.index(f"{number} unreadable:")
    named = lines[start + 1 : start + 1 + min(number, 10)]
    assert named[0] == r"  train/00\n.png: truncated (0 rows); download it again"
    assert all(line.endswith("rows); download it again") for line in named)
    after = lines[start + 1 + len(named)]
    assert after == (f"  … and {number - 10} more, listed in out.json" if number > 10 else "")


def test_a_detail_that_says_what_to_do_has_no_hint_behind_it() -> None:
    """DICOM is saved as .npy: to name another format behind that would contradict it."""
    detail = "DICOM: convert it with pydicom: its pixel_array, saved as .npy"
    record = Unreadable("train", "a.png", "unsupported_format", detail)
    lines = printed(stats_of(tally(GRAY), Tally.of_unreadable(record)))
    assert f"  a.png: unsupported_format ({detail})" in lines


def test_long_names_are_not_wrapped() -> None:
    """A path stays on one line, however narrow the terminal, and is no markup."""
    name = "[bold]" + "x" * 300 + "[/red].png"
    stats = stats_of(tally(GRAY), Tally.of_unreadable(Unreadable("train", name, "empty")))
    file = io.StringIO()
    print_stats(stats, Console(file=file, width=40), "out.json")
    assert f"  {name}: empty\n" in file.getvalue()


@pytest.mark.parametrize("number", [0, 3, 11])
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp437"])
def test_terminals_without_utf_8_get_ascii(encoding: str, number: int) -> None:
    """What normstat itself says has only ASCII there, in tables, lists and histograms."""
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding=encoding) as file:
        stats = stats_of(tally(COLOR, COLOR[:2]), tally(GRAY, split="val"), lost("train", number))
        print_stats(stats, Console(file=file, width=200), "out.json", in_full=True)
        file.flush()
        text = raw.getvalue().decode(encoding)
    assert text.isascii()
    assert "+/-" in text
    assert "4 x 2-3" in text


def constants(lines: list[str]) -> tuple[str, dict[str, Any]]:
    """The block to paste, and what it defines."""
    start = next(index for index, line in enumerate(lines) if line.startswith("# "))
    block = "\n".join(lines[start:])
    values: dict[str, Any] = {}
    exec(compile(block, "pasted", "exec"), values)
    del values["__builtins__"]
    return block, values


@settings(deadline=None)
@given(data=st.data(), kind=strategies.kinds)
def test_the_constants_are_python_and_right_to_the_last_digit(
    data: st.DataObject, kind: Any
) -> None:
    """Each printed number is within half a unit of its last digit, and names are escaped."""
    images = data.draw(strategies.sets(kind))
    stats = stats_of(tally(*images, split="a\nb = 1"))
    (split,) = stats.splits.values()
    block, values = constants(printed(stats))
    assert set(values) == {"mean", "std"}
    lines = [line for line in block.splitlines() if not line.startswith("#")]
    for line, exact in zip(lines, (split.mean, split.std), strict=True):
        texts = line[line.index("[") + 1 : -1].split(", ")
        assert len(texts) == len(kind.channels)
        for text, value in zip(texts, exact, strict=True):
            unit = Fraction(1, 10 ** len(text.partition(".")[2]))
            assert abs(Fraction(text) - Fraction(value)) <= unit / 2
            assert abs(Fraction(text) - Fraction(value)) <= abs(Fraction(value)) / 10**5


def test_the_constants_are_those_of_train() -> None:
    """Train if there is one, else the first split; the scale is said where it is not 1."""
    stats = stats_of(tally(GRAY, split="val"), tally(COLOR, COLOR))
    block, values = constants(printed(stats))
    assert block.startswith("# train; after x / 255; ^ marks")
    assert values["mean"] == pytest.approx(stats.splits["train"].mean, abs=5e-7)
    sixteen = tally(GRAY.astype("uint16"), split="val")
    assert constants(printed(stats_of(sixteen)))[0].startswith("# val; after x / 65535; ^ marks")
    floats = tally(GRAY.astype("float32"), split="all")
    assert constants(printed(stats_of(floats)))[0].startswith("# all; ^ marks")


def test_marks_stand_under_the_digits() -> None:
    """Each row of marks begins where its number does."""
    stats = stats_of(tally(COLOR, COLOR // 2, COLOR // 3))
    lines = constants(printed(stats))[0].splitlines()
    for numbers, marks in ((lines[1], lines[2]), (lines[3], lines[4])):
        starts = [index for index, letter in enumerate(numbers) if letter in "[ "][-3:]
        assert [marks[index : index + 2] for index in starts] == [" ^"] * 3
        assert set(marks) == set("#^ ")


# Value, its standard error, and the number with the digits underlined that it supports.
DIGITS = [
    (0.444967, 0.0155, "0.44|4967"),
    (0.444967, 0.1, "0.4|44967"),
    (0.444967, 0.0999, "0.44|4967"),
    (0.444967, 0.5, "0.4|44967"),
    (0.444967, 1.5, "0|.444967"),
    (0.444967, 2e-8, "0.44496700|"),
    (0.444967, None, "|0.444967"),
    (0.5, 0.0, "0.500000|"),
    (0.0123456, 0.0004, "0.0123|456"),
    (127.25, 0.03, "127.25|00"),
    (127.25, 3.0, "127|.2500"),
    (127.25, 30.0, "12|7.2500"),
    (127.25, 3000.0, "|127.2500"),
    (123456.7, 30.0, "12345|6.7"),
    (-0.25, 0.01, "-0.25|0000"),
    (-1234.5, 20.0, "-123|4.500"),
    (9.9999996, 0.001, "10.000|000"),
    (0.0, 0.0, "0.000000|"),
    (0.0, 0.02, "0.00|0000"),
]


@pytest.mark.parametrize(("value", "error", "marked"), DIGITS)
def test_as_many_digits_are_marked_as_the_error_supports(
    value: float, error: float | None, marked: str
) -> None:
    """Up to the place of the error's first digit; all if it is 0, none if it is not known."""
    text, supported = supported_digits(value, error)
    assert text[:supported] + "|" + text[supported:] == marked


def drawn(*splits: tuple[str, Tally], width: int = 80) -> list[str]:
    """The lines of the histograms on a terminal of that width."""
    stats = stats_of(*(total for _, total in splits), splits=tuple(name for name, _ in splits))
    file = io.StringIO()
    keyed = {(name, ""): split for name, split in stats.splits.items()}
    print_histograms(keyed, Console(file=file, width=width, highlight=False))
    return file.getvalue().splitlines()


def test_a_glyph_for_each_share() -> None:
    """A full block for the highest, a blank for the empty, no blank for the few."""
    assert glyphs((400, 0, 1, 200, 0)) == "█ ▁▄ "
    assert glyphs((0.0, 0.0)) == "  "


@pytest.mark.parametrize(("width", "bins"), [(400, 64), (80, 64), (74, 64), (73, 32), (20, 16)])
def test_histograms_are_as_long_as_there_is_room(width: int, bins: int) -> None:
    """With the labels in front they fit into a terminal, and never have fewer than 16 bins."""
    ramp = np.arange(256, dtype="uint8").reshape(16, 16, 1).repeat(3, axis=2)
    title, *lines, last = drawn(("train", tally(ramp)), width=width)
    assert title.startswith("distribution of values from 0 to 1;")
    assert lines == ["train  R  " + "█" * bins, *(f"       {c}  " + "█" * bins for c in "GB")]
    assert last == ""


def test_histograms_end_at_one() -> None:
    """Where a format declares a largest value it is that; otherwise at the extremes of the data."""
    black, white = np.zeros((1, 1, 1), "uint16"), np.full((1, 1, 1), 65535, "uint16")
    assert drawn(("train", tally(black, white)))[1] == "train  gray  █" + " " * 62 + "█"
    wide = tally(black.astype("float32") - 2, white.astype("float32") / 65535 + 5)
    title, line, _ = drawn(("train", wide))
    assert title.startswith("distribution of values from -2 to 6;")
    assert line == "train  gray  █" + " " * 62 + "█"


@pytest.mark.parametrize(
    ("dtype", "highest", "end"),
    [
        *(("uint8", 9, 1), ("uint16", 65535, 1), ("uint16", 5000, 8191 / 65535)),
        *(("uint16", 3, 255 / 65535), ("float32", 0.3, 0.5), ("float32", 0.5, 0.5)),
        *(("float32", 3, 3), ("uint16", 0, 1), ("float64", 0, 1)),
    ],
)
def test_axes_are_as_long_as_deep_values_need(dtype: str, highest: float, end: float) -> None:
    """Half of it, a quarter and so on, for more than 8 bits; all values lie on it."""
    values = np.array([[[0], [highest]]], dtype)
    (split,) = stats_of(tally(values)).splits.values()
    assert ends([split]) == (0, end)
    ((bars,),) = histograms({"": split}, 32).values()
    assert bars[0] == "█"


@pytest.mark.parametrize(
    ("dtype", "far"), [("uint16", 65535), ("float32", 2.0**33), ("float32", -9999)]
)
def test_few_pixels_far_away_do_not_make_an_axis(dtype: str, far: float) -> None:
    """Up to a thousandth of them is told in the place of being drawn; more of them is drawn."""
    values = np.linspace(1000, 4000, 10_000).astype(dtype)
    values[:10] = far
    (split,) = stats_of(tally(values.reshape(100, 100, 1))).splits.values()
    low, high = ends([split])
    assert (low, high) == (0, 4095 / 65535) or (999 < low < 1100 and 3900 < high < 4020)
    made = curves(split, low, high)
    assert made
    assert made.below[0] + sum(made.shares[0]) + made.above[0] == pytest.approx(1)
    assert made.cumulative()[0][-1] == pytest.approx(1 - made.above[0])
    assert 0.001 <= made.below[0] + made.above[0] < 0.0025
    title, line, _ = drawn(("train", tally(values.reshape(100, 100, 1))))
    assert "% of a channel are beyond" in title
    assert line.count(" ") < 40
    values[:40] = far
    (split,) = stats_of(tally(values.reshape(100, 100, 1))).splits.values()
    assert far / (split.scale or 1) in ends([split])
    assert "beyond" not in drawn(("train", tally(values.reshape(100, 100, 1))))[0]


def test_histograms_share_their_ends() -> None:
    """Equal values of two splits stand below each other; a split without images has no line."""
    dark, both = np.zeros((1, 1, 1), "float32"), np.array([[[0], [8]]], "float32")
    lines = drawn(("train", tally(dark)), ("val", tally(both, split="val")), ("test", Tally()))
    assert lines[1:3] == ["train  gray  █", "val    gray  █" + " " * 62 + "█"]
    assert len(lines) == 4
    assert drawn(("train", Tally.empty())) == []


@given(data=st.data(), kind=st.sampled_from([GRAY8, RGB8]))
def test_a_glyph_is_blank_only_where_nothing_is(data: st.DataObject, kind: Any) -> None:
    """For each channel the highest bin is full, and the blanks are the empty bins."""
    (split,) = stats_of(tally(*data.draw(strategies.sets(kind)))).splits.values()
    for bar, counts in zip(histograms({"": split}, 32)[""], split.histogram().counts, strict=True):
        bins = counts.reshape(32, 8).sum(axis=1)
        assert [glyph == " " for glyph in bar] == [number == 0 for number in bins]
        assert bar[int(bins.argmax())] == "█"


def test_both_stds_are_shown_in_full() -> None:
    """The average of the images' own std stands beside that of all pixels, and words say which."""
    stats = stats_of(tally(COLOR, COLOR // 3))
    own = stats.splits["train"].per_image.std
    lines = printed(stats, in_full=True)
    assert [row[-3] for row in rows(lines)] == [f"{value:#.6g}" for value in own]
    assert "std, own" in lines[0]
    assert any(line.startswith("std, own: the average of the images' own std") for line in lines)
    assert "own" not in "".join(printed(stats))


HEADERS = ("rule", "split", "observed", "unit")
CELLS = [("channel-order", "validation", "0.25 and 0.5", "images"), ("drift", "", "1", "")]


def on(width: int, **options: Any) -> list[str]:
    """The lines of a table on a terminal of that width, without the blanks at their ends."""
    file = io.StringIO()
    console = Console(file=file, width=width, highlight=False)
    print_rows(HEADERS, CELLS, console, **options)
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_a_narrow_terminal_is_spared_columns() -> None:
    """One step after the other, and no more than it takes; the others keep all their letters."""
    spared = (("unit",), ("observed",))
    found = {width: on(width, spared=spared)[0].split() for width in (120, 50, 49, 41, 40, 26)}
    assert found == {
        120: [*HEADERS], 50: [*HEADERS], 49: [*HEADERS[:3]], 41: [*HEADERS[:3]],
        40: [*HEADERS[:2]], 26: [*HEADERS[:2]],
    }  # fmt: skip
    assert on(26, spared=spared)[2] == "channel-order   validation"


def test_cells_are_folded_where_that_is_enough() -> None:
    """At their spaces, where the columns that may be spared were not enough."""
    lines = on(37, spared=(("unit",),), folded=("observed",))
    assert lines[2:4] == [
        "channel-order   validation   0.25 and",
        "                             0.5",
    ]


def test_what_no_table_has_room_for_stands_in_blocks() -> None:
    """Every cell that is not empty, whole and with its header; a blank line after each row."""
    assert on(25, spared=(("unit", "observed"),)) == [
        "rule      channel-order",
        "split     validation",
        "observed  0.25 and 0.5",
        "unit      images",
        "",
        "rule      drift",
        "observed  1",
        "",
    ]


@given(width=st.integers(1, 60))
def test_no_cell_is_cut(width: int) -> None:
    """What tells rows apart is there to its last letter, however narrow the terminal is."""
    text = "\n".join(on(width, spared=(("unit",), ("observed",))))
    assert all(name in text for name in ("channel-order", "validation", "drift"))
    assert "…" not in text
