"""Sets of images against each other: shifts with their bounds, and distances."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isfinite

from normstat.files import shown
from normstat.markup import NONE, column, legend, number, table, text
from normstat.reports.page.answer import MOST
from normstat.reports.page.sections import paragraph, section
from normstat.reports.page.shapes import figures
from normstat.reports.page.subject import Compared, Shift
from normstat.stats.drawings import distributions
from normstat.svg import Interval, color, intervals

#: From this difference of cumulative shares on, a shift is drawn, too.
LARGE = 0.1
_MOST_DRAWN = 16
_WITHIN, _BEYOND = "c0", "c1"
_HEADERS = ("channel", "mean, σ", "± bound", "std, %", "± bound", "W1", "KS", "PSI")
_MEANINGS = (
    "<dl><dt>mean, σ</dt><dd>The difference of the means, in stds of the set that is named second."
    "</dd>"
    "<dt>std, %</dt><dd>How much larger the std is than that of the set that is named second.</dd>"
    "<dt>± bound</dt><dd>Differences up to it are explained by chance: all bounds of a table hold"
    " together in 99 of 100 cases if both sets are samples of one source.</dd>"
    "<dt>W1</dt><dd>How far pixel values have to move, on average, to turn one distribution into"
    " the other; in the unit of the means.</dd>"
    "<dt>KS</dt><dd>The largest difference of the shares of pixels up to a value: 0 is equal, 1 has"
    " no value in common.</dd>"
    "<dt>PSI</dt><dd>The population stability index: above 0.2 is commonly called a large"
    " change; ∞ if a tenth of the values is gone.</dd></dl>"
)


def shifts(compared: Sequence[Compared], splits: Iterable[str]) -> Iterator[str]:
    """Write the section, if anything is compared; `splits` have their colors elsewhere."""
    if compared:
        colors = {name: color(index) for index, name in enumerate(splits)}
        parts = [part for each in compared for part in _parts(each, colors)]
        if any(each.shifts for each in compared):
            told = paragraph("The last lines of this section explain the columns and the bounds.")
            parts = [told, *parts, "<h3>Columns</h3>", _MEANINGS]
        yield section("Differences between sets of images", parts)


def _parts(each: Compared, known: Mapping[str, str]) -> Iterator[str]:
    yield f"<h3>{text(each.title)}</h3>"
    if each.unlike:
        yield paragraph(f"They cannot be compared: {each.unlike}.")
        return
    if each.same and not any(shift.mean[0] or shift.std[0] for shift in each.shifts):
        yield paragraph("Both are the same images, with the same statistics.")
        return
    both = "Both are the same images, so no difference is by chance. " if each.same else ""
    yield paragraph(both + in_words(each.shifts))
    yield from _drawn(each)
    told = each.shifts[:MOST]
    columns = zip(*map(_values, told), strict=True)
    rows = zip((text(shift.channel) for shift in told), *map(column, columns), strict=True)
    yield table(f"Differences, {each.title}", _HEADERS, rows)
    if len(each.shifts) > MOST:
        yield paragraph(f"and {len(each.shifts) - MOST} more channels.")
    if any((shift.ks or 0) > LARGE for shift in each.shifts):
        names = enumerate(each.splits)
        colors = {name: known.get(name, color(index)) for index, name in names}
        yield f"<p>Shares of pixels up to each value. {legend(each.splits, colors)}</p>"
        yield figures(distributions(each.splits, _MOST_DRAWN, cumulative=True, colors=colors))


def in_words(found: Sequence[Shift]) -> str:
    """Sum up the differences in a sentence.

    >>> in_words([Shift("R", (0.5, 0.1), (0.02, 0.1)), Shift("G", (0.0, 0.1), (-0.2, 0.1))])
    'More than chance explains: mean of R +0.50 σ, std of G −20 %.'
    >>> in_words([Shift("R", (0.05, 0.1), (0.0, 0.1))])
    'No mean and no std differs by more than chance explains.'
    """
    beyond, known = [], False
    for shift in found:
        for name, (value, bound), factor, unit in (
            ("mean", shift.mean, 1.0, "σ"),
            ("std", shift.std, 100.0, "%"),
        ):
            if value is None or bound is None:
                continue
            known = True
            if abs(value) > bound:
                sign = "+" if value > 0 else ""
                told = f"{sign}{number(value * factor, 2)} {unit}"
                beyond.append(f"{name} of {shown(shift.channel)} {told}")
    if not known:
        return "There are too few images to say which differences chance explains."
    if not beyond:
        return "No mean and no std differs by more than chance explains."
    more = f", and {len(beyond) - _MOST_DRAWN} more" if len(beyond) > _MOST_DRAWN else ""
    return f"More than chance explains: {', '.join(beyond[:_MOST_DRAWN])}{more}."


def _drawn(each: Compared) -> Iterator[str]:
    """Both differences of each channel as points with their bounds, side by side."""
    drawings = []
    for caption, what, factor in (
        ("Difference of the mean, σ", "mean", 1.0),
        ("Difference of the std, %", "std", 100.0),
    ):
        rows, told = [], []
        for shift in each.shifts[:_MOST_DRAWN]:
            value, bound = shift.mean if what == "mean" else shift.std
            if value is not None and isfinite(value):
                scaled = None if bound is None else bound * factor
                color = _BEYOND if bound is not None and abs(value) > bound else _WITHIN
                rows.append(Interval(shown(shift.channel), value * factor, scaled, color))
                plus = NONE if scaled is None else number(scaled, 3)
                told.append(f"{shown(shift.channel)} {number(value * factor, 3)} ± {plus}")
        if rows:
            title = f"{caption}: {shown(each.title)}"
            drawing = intervals(rows, title, "; ".join(told))
            drawings.append(f"<figure><figcaption>{caption}</figcaption>{drawing}</figure>")
    if drawings:
        yield f"<div class=grid>{''.join(drawings)}</div>"


def _values(shift: Shift) -> tuple[float | None, ...]:
    percent = (None if value is None else 100 * value for value in shift.std)
    return (*shift.mean, *percent, shift.w1, shift.ks, shift.psi)
