"""Charts as SVG: a text to put into a page, without a script, a font or a request to anywhere."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT = 360, 150
_LEFT, _RIGHT, _TOP, _BOTTOM = 8, 8, 8, 22


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of a chart.

    Attributes
    ----------
    name : shown in the legend, escaped here.
    values : heights, from left to right; 0 or more.
    color : of the line: a CSS class, ``c0`` to ``c5``.
    """

    name: str
    values: Sequence[float]
    color: str = "c0"


def chart(
    curves: Sequence[Curve],
    title: str,
    description: str,
    ends: tuple[str, str] = ("0", "1"),
    steps: bool = True,
    name: str = "chart",
) -> str:
    """Draw curves over one axis, each with its area, and the legend below.

    Parameters
    ----------
    curves : all with as many values, at least one.
    title, description : for those who do not see it.
    ends : words at the ends of the axis.
    steps : draw bins; otherwise lines between values.
    name : of the chart, unlike those of others on its page.

    Examples
    --------
    >>> text = chart([Curve("train", [1, 3, 2])], "R", "three bins")
    >>> text.startswith("<svg"), "<title" in text, text.count("<path")
    (True, True, 2)
    """
    names = f"{name}-title", f"{name}-description"
    right, floor = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    highest = max((max(curve.values, default=0) for curve in curves), default=0) or 1
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-labelledby="{" ".join(names)}">',
        f'<title id="{names[0]}">{escape(title)}</title>',
        f'<desc id="{names[1]}">{escape(description)}</desc>',
        f'<line class="axis" x1="{_LEFT}" x2="{right}" y1="{floor}" y2="{floor}"/>',
    ]
    for curve in curves:
        line = _line(curve.values, highest, steps)
        area = f"M{_LEFT} {floor}{line.replace('M', 'L', 1)}L{right} {floor}Z"
        parts.append(f'<path class="area {curve.color}" d="{area}"/>')
        parts.append(f'<path class="line {curve.color}" d="{line}"/>')
    y = _HEIGHT - 7
    parts.append(f'<text x="{_LEFT}" y="{y}">{escape(ends[0])}</text>')
    parts.append(f'<text x="{right}" y="{y}" text-anchor="end">{escape(ends[1])}</text>')
    return "".join((*parts, "</svg>"))


def _line(values: Sequence[float], highest: float, steps: bool) -> str:
    return "M" + "L".join(f"{x:.5g} {y:.5g}" for x, y in _points(values, highest, steps))


def _points(values: Sequence[float], highest: float, steps: bool) -> Iterator[tuple[float, float]]:
    width, height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    number = len(values) if steps else max(len(values) - 1, 1)
    for index, value in enumerate(values):
        y = _TOP + height * (1 - value / highest)
        yield _LEFT + width * index / number, y
        if steps:
            yield _LEFT + width * (index + 1) / number, y


#: Rules for what :func:`chart` draws; colors of both themes have enough contrast for lines.
STYLE = """
svg{max-width:100%;height:auto;display:block}
svg text{font:11px system-ui,sans-serif;fill:currentColor}
svg .axis{stroke:currentColor;stroke-width:1}
svg .line{fill:none;stroke-width:1.6}
svg .area{stroke:none;fill-opacity:.14}
.c0{stroke:#0b5cad;fill:#0b5cad;background:#0b5cad}
.c1{stroke:#a33a00;fill:#a33a00;background:#a33a00}
.c2{stroke:#22702d;fill:#22702d;background:#22702d}
.c3{stroke:#7a3e9d;fill:#7a3e9d;background:#7a3e9d}
.c4{stroke:#6b5900;fill:#6b5900;background:#6b5900}
.c5{stroke:#555;fill:#555;background:#555}
@media (prefers-color-scheme:dark){
.c0{stroke:#7db8f5;fill:#7db8f5;background:#7db8f5}
.c1{stroke:#ffa36b;fill:#ffa36b;background:#ffa36b}
.c2{stroke:#7fd48a;fill:#7fd48a;background:#7fd48a}
.c3{stroke:#d2a4ee;fill:#d2a4ee;background:#d2a4ee}
.c4{stroke:#e3cd6a;fill:#e3cd6a;background:#e3cd6a}
.c5{stroke:#bbb;fill:#bbb;background:#bbb}
}
"""
