"""HTML of names, numbers, tables and legends that no text can break."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from os import PathLike

from normstat.files import shown
from normstat.svg import color

#: A number that is not defined.
NONE = "–"
_HUGE = 1e6
_SMALL = 1e-6
#: Rules for drawings, tables, legends and figures, within an element of the class ``normstat``.
STYLE = files(__package__).joinpath("markup.css").read_text("utf-8")


def text(words: str | PathLike[str]) -> str:
    r"""Text of any origin as HTML: no markup, no control or direction character.

    >>> print(text("<b>\u202egnp.exe"))
    &lt;b&gt;\u202egnp.exe
    """
    return escape(shown(words))


def number(value: float | None, digits: int = 6) -> str:
    """A number with so many digits, all of it before the point, and a minus as wide as a plus.

    Zeros at its end are digits, too; integers are exact as they are.

    >>> number(-0.25, 3), number(None), number(float("inf")), number(1234.5, 3), number(1.0)
    ('−0.250', '–', '∞', '1234', '1')
    """
    if value is None:
        return NONE
    is_whole = 10 ** (digits - 1) <= abs(value) < _HUGE
    zeros = "" if float(value).is_integer() else "#"
    made = f"{value:{'.0f' if is_whole else f'{zeros}.{digits}g'}}".removesuffix(".")
    return made.replace("inf", "∞").replace("-", "−")


def column(values: Sequence[float | None], digits: int = 3) -> list[str]:
    """Numbers with as many decimals as the largest needs to have so many digits.

    >>> column([0.188, -0.09, None, 0.0]), column([12.0, 8.73])
    (['0.188', '−0.090', '–', '0.000'], ['12.0', '8.7'])
    """
    sizes = [abs(value) for value in values if value is not None and math.isfinite(value)]
    largest = max(sizes, default=0.0)
    if not _SMALL < largest < _HUGE:
        return [number(value, digits) for value in values]
    decimals = max(0, digits - 1 - math.floor(math.log10(largest)))
    return [
        f"{value:z.{decimals}f}".replace("-", "−")
        if value is not None and math.isfinite(value)
        else number(value)
        for value in values
    ]


def table(
    caption: str,
    headers: Sequence[str],
    rows: Iterable[Sequence[str]],
    words: Collection[int] = (0,),
) -> str:
    """A table that scrolls by itself where it is too wide; cells are HTML already.

    Parameters
    ----------
    caption : for those who hear it.
    headers : of the columns, plain text.
    rows : the first cell of each is its name. One that is that of the row before is not drawn
        again.
    words : columns of words, which begin on the left; numbers end on the right.

    Examples
    --------
    >>> table("Sizes", ["split", "images"], [["train", "3"]]).count("<th ")
    3
    """
    head = "".join(f"<th{_side(i, words)} scope=col>{text(h)}</th>" for i, h in enumerate(headers))
    body, last = [], ""
    for first, *cells in rows:
        name = f"<span class=again>{first}</span>" if first == last else first
        rest = "".join(f"<td{_side(i, words)}>{cell}</td>" for i, cell in enumerate(cells, 1))
        body.append(f"<tr><th{_side(0, words)} scope=row>{name}</th>{rest}</tr>")
        last = first
    return (
        f'<div class=wide tabindex=0 role=group aria-label="{text(caption)}"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )


def _side(column: int, words: Collection[int]) -> str:
    return " class=words" if column in words else ""


def legend(names: Iterable[str], colors: Mapping[str, str] | None = None) -> str:
    """The names of sets of images behind their colors, as HTML.

    Parameters
    ----------
    names : of the sets.
    colors : name → class of its color; None: in their order.

    Examples
    --------
    >>> legend(["train", "<val>"]).count("class=key")
    2
    """
    known = colors or {}
    return " ".join(
        f'<span class=key><svg viewBox="0 0 26 8" aria-hidden="true"><path class="line '
        f'{known.get(name, color(index))}" d="M0 4H26"/></svg>{text(name)}</span>'
        for index, name in enumerate(names)
    )


def fragment(content: str) -> str:
    """HTML for a notebook, with the rules that it needs.

    >>> fragment("<p>none</p>").endswith("</style><p>none</p></div>")
    True
    """
    return f'<div class="normstat"><style>{STYLE}</style>{content}</div>'
