"""Statistics as one page of HTML, for somebody who has never heard of normstat."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from normstat.errors import Message
from normstat.files import shown
from normstat.reports import text as words_of
from normstat.reports import words
from normstat.stats import SplitStats, Stats, remarks, supported_digits
from normstat.stats.curves import Curves, curves, ends
from normstat.statsfile.to_json import summary_to_json
from normstat.svg import STYLE, Curve, chart
from normstat.verdict import Verdict

_NAMED = 20
_COLORS = 6
#: From this difference of cumulative shares on, a shift is drawn, too.
LARGE = 0.1


@dataclass(frozen=True, slots=True)
class Shift:
    """A channel of one set of images against that of another.

    Attributes
    ----------
    channel : its name.
    mean, std : differences: of the mean in σ, and of the std relative to itself; each with the
        bound of its error, if that is known.
    w1, ks, psi : distances of the distributions; None where values are not counted alike.
    """

    channel: str
    mean: tuple[float | None, float | None]
    std: tuple[float | None, float | None]
    w1: float | None = None
    ks: float | None = None
    psi: float | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """Two sets of images, and how far apart they are.

    Attributes
    ----------
    title : names of both.
    shifts : of each channel.
    splits : of both, for a drawing; by their names.
    """

    title: str
    shifts: tuple[Shift, ...]
    splits: Mapping[str, SplitStats] = field(default_factory=dict)


def page(
    stats: Stats,
    title: str,
    compared: Sequence[Compared] = (),
    verdict: Verdict | None = None,
) -> str:
    """Write the page: one file without a script, a font or a request to anywhere.

    Parameters
    ----------
    stats : to be shown.
    title : of the page.
    compared : sets of images that are held against each other.
    verdict : of a check, shown on top.
    """
    body = [
        *(_verdict(verdict) if verdict else ()),
        *_answer(stats),
        *_read(stats),
        *_distributions(stats),
        *_compared(compared),
        *_covariance(stats),
        *_provenance(stats),
    ]
    content = "\n".join(body)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{_text(title)}</title>
<link rel="icon" href="data:,">
<style>{_STYLE}{STYLE}</style>
</head>
<body>
<main>
<h1>{_text(title)}</h1>
{content}
</main>
<script type="application/json" id="normstat">{_summary(stats)}</script>
</body>
</html>
"""


def _text(text: str) -> str:
    """Text of any origin as HTML: no markup, no control or direction character."""
    return escape(shown(text))


def _verdict(verdict: Verdict) -> Iterator[str]:
    state = "failed" if verdict.failed else "passed"
    yield f'<section class="verdict {state}"><h2>Check: {state}</h2>'
    yield f"<p>{_text(words.conclusion(verdict))}</p>"
    if verdict.findings:
        pairs = zip(words_of.rows(verdict), verdict.findings, strict=True)
        rows = [tuple(map(_text, (*row, words.message(case)))) for row, case in pairs]
        yield _table((*words_of.HEADERS, "what"), rows)
    yield "</section>"


def _answer(stats: Stats) -> Iterator[str]:
    names = [name for name, split in stats.splits.items() if split.images]
    if not names:
        yield "<p>No image was counted.</p>"
        return
    yield "<section><h2>Mean and standard deviation</h2>"
    first = "train" if "train" in names else names[0]
    split = stats.splits[first]
    if split.mean and split.std:
        over = f"after x / {split.scale}" if split.scale != 1 else "in stored units"
        mean, std = (
            ", ".join(f"{value:.6g}" for value in each) for each in (split.mean, split.std)
        )
        yield f"<p>To normalize with, from <b>{_text(first)}</b>, {over}:</p>"
        yield f'<pre tabindex="0">mean = [{mean}]\nstd  = [{std}]</pre>'
    rows: list[tuple[str, ...]] = []
    for name in names:
        rows += _numbers(name, stats.splits[name])
    yield _table(
        ("split", "channel", "mean", "± se", "std, all pixels", "± se", "std, own", "min", "max"),
        rows,
    )
    yield (
        "<p><b>std, all pixels</b> is the spread of all pixels together: what normalizing to mean 0"
        " and std 1 needs. <b>std, own</b> is the average over images of each image's own std; it"
        " is smaller, and what some published numbers are. Digits in bold are those that the"
        " standard error (se) supports.</p></section>"
    )


def _numbers(name: str, split: SplitStats) -> Iterator[tuple[str, ...]]:
    if not (split.channels and split.mean and split.std and split.min and split.max):
        return
    own = split.per_image.std or (None,) * len(split.channels)
    for index, channel in enumerate(split.channels):
        means, stds = (
            (errors or (None,) * len(split.channels))[index]
            for errors in (split.stderr.mean, split.stderr.std)
        )
        yield (
            _text(name if index == 0 else ""),
            _text(channel),
            _marked(split.mean[index], means),
            "–" if means is None else f"{means:.2g}",
            _marked(split.std[index], stds),
            "–" if stds is None else f"{stds:.2g}",
            "–" if own[index] is None else f"{own[index]:.6g}",
            f"{split.min[index]:.6g}",
            f"{split.max[index]:.6g}",
        )


def _marked(value: float, error: float | None) -> str:
    text, supported = supported_digits(value, error)
    return f"<b>{text[:supported]}</b>{text[supported:]}" if supported else text


def _read(stats: Stats) -> Iterator[str]:
    yield "<section><h2>Images</h2>"
    rows = [
        (
            _text(name),
            f"{split.images:,}",
            f"{split.unreadable:,}",
            f"{split.skipped:,}",
            _extent(split.width),
            _extent(split.height),
            _counts(split.formats),
            _counts(split.modes),
        )
        for name, split in stats.splits.items()
    ]
    headers = ("split", "counted", "unreadable", "left out", "width", "height", "formats", "modes")
    yield _table(headers, rows)
    for remark in remarks(stats):
        yield f"<p>{_text(Message(remark).on_command_line())}</p>"
    for reason, skipped in stats.skipped.items():
        yield f"<p>Left out, {_text(reason)}: {skipped.images:,}, as {_text(skipped.first)}</p>"
    if stats.parts:
        have = ", ".join(map(str, stats.parts.have))
        yield f"<p>Only parts {have} of {stats.parts.of} are counted.</p>"
    if stats.unreadable:
        yield "<h3>Not read</h3>"
        listed = [
            (_text(record.path), _text(record.code), _text(record.detail))
            for record in stats.unreadable[:_NAMED]
        ]
        yield _table(("image", "why", "seen"), listed)
        if len(stats.unreadable) > _NAMED:
            yield f"<p>and {len(stats.unreadable) - _NAMED:,} more, in the stats file.</p>"
    yield "</section>"


def _extent(extent: tuple[int | None, int | None]) -> str:
    low, high = extent
    if low is None:
        return "–"
    return f"{low}" if low == high else f"{low}–{high}"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{_text(name)} {number:,}" for name, number in counts.items())


def _distributions(stats: Stats) -> Iterator[str]:
    drawn = list(_drawn(stats.splits, "values"))
    if drawn:
        yield "<section><h2>Distributions</h2>"
        yield f"<p>{_legend(stats.splits)}</p>"
        yield f'<div class="grid">{"".join(drawn)}</div></section>'


def _legend(names: Iterable[str]) -> str:
    return " ".join(
        f'<span class="key"><i class="c{number % _COLORS}"></i>{_text(name)}</span>'
        for number, name in enumerate(names)
    )


def _drawn(splits: Mapping[str, SplitStats], place: str, cumulative: bool = False) -> Iterator[str]:
    """A chart for each channel, with a curve for each split of the same channels."""
    counted = {name: split for name, split in splits.items() if split.channels}
    if not counted:
        return
    channels = next(iter(counted.values())).channels or ()
    alike = {name: split for name, split in counted.items() if split.channels == channels}
    low, high = ends(list(alike.values()))
    colors = {name: f"c{number % _COLORS}" for number, name in enumerate(splits)}
    found = {name: made for name, split in alike.items() if (made := curves(split, low, high))}
    for index, channel in enumerate(channels[:16]):
        lines = [
            Curve(name, _heights(made, cumulative)[index], colors[name])
            for name, made in found.items()
        ]
        if not lines or len({len(line.values) for line in lines}) > 1:
            continue
        what = "Cumulative shares" if cumulative else "Distribution"
        about = f"{what} of values of {shown(channel)}"
        told = "; ".join(
            f"{shown(name)}: mean {(alike[name].mean or (0,))[index]:.4g}, "
            f"std {(alike[name].std or (0,))[index]:.4g}"
            for name in found
        )
        drawing = chart(
            lines, about, told, (f"{low:g}", f"{high:g}"), not cumulative, f"{place}-{index}"
        )
        yield f"<figure>{drawing}<figcaption>{_text(channel)}</figcaption></figure>"


def _heights(made: Curves, cumulative: bool) -> tuple[tuple[float, ...], ...]:
    return made.cumulative() if cumulative else made.shares


def _compared(compared: Sequence[Compared]) -> Iterator[str]:
    for number, each in enumerate(compared):
        yield f"<section><h2>{_text(each.title)}</h2>"
        headers = ("channel", "Δ mean, σ", "± bound", "Δ std, %", "± bound", "W1", "KS", "PSI")
        yield _table(headers, [_shifted(shift) for shift in each.shifts])
        yield (
            "<p>Bounds hold together with a chance of 99 % if images are samples of one source. W1:"
            " how far values have to move on average; KS: the largest difference of cumulative"
            " shares; PSI: above 0.25 is usually called a large shift.</p>"
        )
        if any((shift.ks or 0) > LARGE for shift in each.shifts):
            yield f"<p>Shares up to each value. {_legend(each.splits)}</p>"
            drawn = "".join(_drawn(each.splits, f"shift-{number}", cumulative=True))
            yield f'<div class="grid">{drawn}</div>'
        yield "</section>"


def _shifted(shift: Shift) -> tuple[str, ...]:
    def number(value: float | None, factor: float = 1.0) -> str:
        return "–" if value is None else f"{value * factor:.3g}"

    return (
        _text(shift.channel),
        number(shift.mean[0]),
        number(shift.mean[1]),
        number(shift.std[0], 100),
        number(shift.std[1], 100),
        number(shift.w1),
        number(shift.ks),
        number(shift.psi),
    )


def _covariance(stats: Stats) -> Iterator[str]:
    for name, split in stats.splits.items():
        if split.covariance and split.channels and len(split.channels) <= 16:
            yield f"<section><h2>Covariance of the channels, {_text(name)}</h2>"
            rows = [
                (_text(channel), *(f"{value:.4g}" for value in row))
                for channel, row in zip(split.channels, split.covariance, strict=True)
            ]
            yield _table(("", *split.channels), rows)
            yield "</section>"


def _provenance(stats: Stats) -> Iterator[str]:
    yield "<section><h2>Provenance</h2>"
    settings = stats.settings
    rows = [
        ("normstat", _text(stats.normstat)),
        *((_text(library), _text(version or "–")) for library, version in stats.decoder.items()),
        *(
            (_text(name), _text(json.dumps(getattr(settings, name), ensure_ascii=False)))
            for name in settings.__slots__
            if getattr(settings, name) not in (None, (), {}, False)
        ),
    ]
    for name, split in stats.splits.items():
        rows.append((f"fingerprint of {_text(name)}", f"{split.fingerprint.pixels:032x}"))
    yield _table(("", "value"), rows)
    yield "</section>"


def _table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table that scrolls by itself where it is too wide; cells are HTML already."""
    head = "".join(f'<th scope="col">{_text(header)}</th>' for header in headers)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return (
        '<div class="wide" tabindex="0" role="region" aria-label="table">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _summary(stats: Stats) -> str:
    """The numbers for programs, as the stats file names them, without the state."""
    content = {
        "normstat": stats.normstat,
        "complete": stats.complete,
        "splits": {name: summary_to_json(split) for name, split in stats.splits.items()},
    }
    # Nothing in it may end the element, or begin another.
    return json.dumps(content).replace("<", "\\u003c").replace(">", "\\u003e")


_STYLE = """
:root{color-scheme:light dark}
body{margin:0;font:16px/1.5 system-ui,sans-serif}
main{max-width:1080px;margin:0 auto;padding:16px}
h1{font-size:1.5rem;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:1.6em 0 .4em}
h3{font-size:1rem}
pre{background:#8882;padding:12px;overflow-x:auto;font-size:15px}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:14px}
th,td{padding:4px 12px 4px 0;text-align:left;border-bottom:1px solid #8886;vertical-align:top}
td{overflow-wrap:break-word}
.grid{display:grid;grid-template-columns:repeat(auto-fit,minmax(260px,1fr));gap:16px}
figure{margin:0}
figcaption{font-size:14px}
.key{margin-right:16px;white-space:nowrap}
.key i{display:inline-block;width:12px;height:12px;margin-right:6px}
.verdict{border-left:6px solid;padding-left:12px}
.failed{border-color:#b3261e}
.passed{border-color:#22702d}
@media print{@page{size:A4;margin:16mm}body{font-size:11pt}section{break-inside:avoid}}
"""
