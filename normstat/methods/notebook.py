"""A normalizer as a notebook shows it: its numbers, and the line of each channel."""

from collections.abc import Sequence

from normstat.constants import Channels
from normstat.markup import fragment, legend, number, table, text
from normstat.methods.maps import Coefficients, Fitted
from normstat.svg import Curve, chart, color

_POINTS = 65
_DRAWN = 8


def as_html(words: str, fitted: Fitted, scale: float | None, channels: Sequence[str] | None) -> str:
    """Words on a method, and its numbers on stored pixels; in unit scale where none is known.

    >>> from normstat.methods.maps import Affine
    >>> as_html("standard", Affine((0.5,), (0.25,)), 255, ["gray"]).count("<svg")
    1
    """
    white = scale or 1.0
    maps = fitted.coefficients(len(channels or "1"), white)
    names = channels or ("each channel",) * len(maps.a if maps else ())
    if maps:
        shown = lines(names, maps, white, fitted.clip(white))
    elif matrix := fitted.mixing(white):
        shown = mixing(names, matrix)
    else:
        shown = "<p>Each image has numbers of its own.</p>"
    unit = f"x is a stored pixel, 0 to {white:g}" if scale else "x is a pixel from 0 to 1"
    return fragment(f"<p>{text(words)}; {unit}.</p>{shown}")


def lines(
    channels: Sequence[str],
    maps: Coefficients,
    white: float,
    clip: tuple[Channels, Channels] | None = None,
) -> str:
    """A table of ``y = a · x + b``, and the line of each channel from 0 to white.

    Parameters
    ----------
    channels : their names, as many as the maps have.
    white : the largest pixel, in the unit of the maps.
    clip : lowest and highest pixel of each channel, if there are limits.

    Examples
    --------
    >>> lines(["gray"], Coefficients((2.0,), (-1.0,)), 1.0).count("<svg")
    1
    """
    ends = list(zip(*clip, strict=True)) if clip else [(0.0, white)] * len(channels)
    results = [
        [a * min(max(white * i / (_POINTS - 1), low), high) + b for i in range(_POINTS)]
        for a, b, (low, high) in zip(maps.a, maps.b, ends, strict=True)
    ]
    rows = [
        (text(channel), number(a), number(b), number(made[0]), number(made[-1]))
        for channel, a, b, made in zip(channels, maps.a, maps.b, results, strict=True)
    ]
    headers = ("channel", "a", "b", "0 becomes", f"{number(white)} becomes")
    drawn = [Curve(made, color(i)) for i, made in enumerate(results[:_DRAWN])]
    lowest = min(min(made) for made in results)
    highest = max(max(made) for made in results)
    svg = chart(
        drawn,
        f"Result of each pixel, {', '.join(channels[:_DRAWN])}",
        f"from {number(lowest)} to {number(highest)}",
        (0.0, white),
        (lowest, highest if highest > lowest else lowest + 1),
        percent=False,
        steps=False,
    )
    keys = legend(channels[:_DRAWN]) if len(channels) > 1 else ""
    figure = f"<figure>{svg}<figcaption>pixel → result {keys}</figcaption></figure>"
    return f"{table('y = a · x + b', headers, rows)}<div class=grid>{figure}</div>"


def mixing(channels: Sequence[str], matrix: Sequence[Channels]) -> str:
    """The matrix of a method that mixes channels, a row for each channel of the result.

    >>> mixing(["R"], [(2.0,)]).count("<td")
    1
    """
    rows = [
        (text(channel), *map(number, row)) for channel, row in zip(channels, matrix, strict=True)
    ]
    return table("y = matrix · (x − mean)", ("channel", *channels), rows)
