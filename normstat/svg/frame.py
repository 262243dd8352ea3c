"""The frame of a drawing: its size, its words for those who do not see it, and an axis."""

import math
from collections.abc import Iterable, Sequence
from html import escape

#: Width of every drawing, in units of its own; text is 11 of these high.
WIDTH = 360
_TICKS = 5
# Numbers between are whole, and written out.
_LARGE, _HUGE = 1e4, 1e6


def drawing(height: float, title: str, description: str, parts: Iterable[str]) -> str:
    """An SVG element; title and description are escaped here.

    >>> drawing(10, "<R>", "none", []).count("&lt;R&gt;")
    1
    """
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img" xmlns="http://www.w3.org/2000/svg">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>{''.join(parts)}</svg>"
    )


def ticks(low: float, high: float) -> Sequence[float]:
    """Round numbers between two ends, both included if they are round: 3 to 6 of them.

    >>> ticks(0, 1), ticks(-0.13, 0.42)
    ([0.0, 0.25, 0.5, 0.75, 1.0], [0.0, 0.2, 0.4])
    """
    span = high - low
    if not 0 < span < math.inf:
        return [low]
    power = 10.0 ** math.floor(math.log10(span / _TICKS))
    steps = (step * power for step in (1, 2, 2.5, 5, 10, 20, 25, 50))
    step = next(step for step in steps if span / step < _TICKS)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    # Rounded, as 3 * 0.1 is not 0.3; and no -0.
    return [float(f"{number * step:.12g}") + 0.0 for number in range(first, last + 1)]


def word(x: float, y: float, words: str, anchor: str = "") -> str:
    """A text at a place; ``anchor`` is ``middle``, ``end``, or empty for its start."""
    side = f' class="{anchor}"' if anchor else ""
    return f'<text x="{x:.5g}" y="{y:.5g}"{side}>{escape(words)}</text>'


def line(kind: str, x: tuple[float, float], y: tuple[float, float]) -> str:
    """A straight line of some class."""
    return f'<path class="{kind}" d="M{x[0]:.5g} {y[0]:.5g}L{x[1]:.5g} {y[1]:.5g}"/>'


def tell(value: float) -> str:
    """A number at an axis.

    >>> tell(-0.25), tell(20000.0), tell(1e6)
    ('−0.25', '20000', '1e+06')
    """
    whole = _LARGE <= abs(value) < _HUGE
    return (f"{value:.0f}" if whole else f"{value:.4g}").replace("-", "−", 1)
