"""Values with their bounds, one below the other around zero."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from normstat.svg.frame import WIDTH, drawing, line, tell, ticks, word

_ROW, _TOP, _BOTTOM, _RIGHT = 17, 5, 22, 12
_LETTER = 6.2
_MOST_LETTERS = 22


@dataclass(frozen=True, slots=True)
class Interval:
    """A row of a drawing.

    Attributes
    ----------
    name : in front of it, escaped here; a long one is cut off.
    value : its place on the axis.
    bound : the half of its width; None if that is not known.
    color : one of :func:`normstat.svg.color`.
    """

    name: str
    value: float
    bound: float | None = None
    color: str = "c0"


def intervals(
    rows: Sequence[Interval], title: str, description: str, band: float | None = None
) -> str:
    """Draw values and their bounds around zero.

    Parameters
    ----------
    rows : at least one, of finite numbers.
    title, description : for those who do not see it.
    band : half the width of a band around zero; None: none.

    Examples
    --------
    >>> intervals([Interval("R", 0.2, 0.1), Interval("G", 0.0)], "shifts", "two").count("<circle")
    2
    """
    names = [_short(row.name) for row in rows]
    left = 8 + _LETTER * max(map(len, names))
    reach = max(abs(row.value) + (row.bound or 0.0) for row in rows)
    # Never so narrow that nothing looks like much; the last tick needs room, too.
    reach = max(reach, band or 0.0, 1e-9) * 1.08
    axis = _Axis(left, reach)
    floor = _TOP + _ROW * len(rows)
    parts = [*axis.drawn(floor, band)]
    for index, (row, name) in enumerate(zip(rows, names, strict=True)):
        y = _TOP + _ROW * (index + 0.5)
        parts.append(word(0, y + 4, name))
        if row.bound:
            ends = axis.x(row.value - row.bound), axis.x(row.value + row.bound)
            parts.append(line(f"whisker {row.color}", ends, (y, y)))
            parts += [line(f"whisker {row.color}", (x, x), (y - 3.5, y + 3.5)) for x in ends]
        x = axis.x(row.value)
        parts.append(f'<circle class="mark {row.color}" cx="{x:.5g}" cy="{y:g}" r="3.5"/>')
    return drawing(floor + _BOTTOM, title, description, parts)


def _short(name: str) -> str:
    return name if len(name) <= _MOST_LETTERS else name[: _MOST_LETTERS - 1] + "…"


@dataclass(frozen=True, slots=True)
class _Axis:
    left: float
    reach: float

    def x(self, value: float) -> float:
        width = WIDTH - _RIGHT - self.left
        return self.left + width * (value + self.reach) / (2 * self.reach)

    def drawn(self, floor: float, band: float | None) -> Iterator[str]:
        if band is not None:
            start, end = self.x(-band), self.x(band)
            yield (
                f'<rect class="band" x="{start:.5g}" y="{_TOP}" '
                f'width="{end - start:.5g}" height="{floor - _TOP:g}"/>'
            )
        yield line("axis", (self.left, WIDTH - _RIGHT), (floor, floor))
        for value in ticks(-self.reach, self.reach):
            x = self.x(value)
            yield line("axis" if not value else "grid", (x, x), (_TOP, floor))
            yield word(x, floor + 15, tell(value), "middle")
