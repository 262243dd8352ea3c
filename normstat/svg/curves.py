"""Curves over one axis."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from normstat.svg.frame import WIDTH, drawing, line, tell, ticks, word

_HEIGHT = 172
_LEFT, _RIGHT, _TOP, _BOTTOM = 10, 10, 20, 24


@dataclass(frozen=True, slots=True)
class Curve:
    """One line of a chart.

    Attributes
    ----------
    values : heights, from left to right; beyond the ends of the chart they are cut off.
    color : of the line, one of :func:`normstat.svg.color`.
    mark : a place on the axis that is marked in the color, in its unit; None: none.
    """

    values: Sequence[float]
    color: str = "c0"
    mark: float | None = None


def chart(
    curves: Sequence[Curve],
    title: str,
    description: str,
    across: tuple[float, float] = (0.0, 1.0),
    up: tuple[float, float] | None = None,
    *,
    words: tuple[str, str] | None = None,
    percent: bool = True,
    steps: bool = True,
) -> str:
    """Draw curves over one axis; a single one with its area.

    Parameters
    ----------
    curves : all with as many values, at least one.
    title, description : for those who do not see it.
    across : the ends of the axis.
    up : heights at the bottom and at the top; None: 0 and the largest.
    words : in place of numbers, at the ends of the axis.
    percent : tell heights as shares of 100.
    steps : draw bins; otherwise lines between values.

    Examples
    --------
    >>> text = chart([Curve([1, 3, 2])], "R", "three bins")
    >>> text.startswith("<svg"), "<title>R</title>" in text, 'class="area c0"' in text
    (True, True, True)
    """
    frame = _Frame(across, up or (0.0, _highest(curves)))
    parts = [*frame.up_axis(percent), *frame.across_axis(words)]
    for curve in curves:
        path = frame.path(curve.values, steps)
        if len(curves) == 1 and steps:
            floor = _HEIGHT - _BOTTOM
            around = f"M{_LEFT} {floor}L{path[1:]}L{WIDTH - _RIGHT} {floor}Z"
            parts.append(f'<path class="area {curve.color}" d="{around}"/>')
        parts.append(f'<path class="line {curve.color}" d="{path}"/>')
        parts += frame.cut_off(curve, steps)
        if curve.mark is not None:
            x, y = frame.x(curve.mark), _HEIGHT - _BOTTOM
            corners = f"M{x:.5g} {y}l-4.5 -8h9Z"
            parts.append(f'<path class="mark {curve.color}" d="{corners}"/>')
    return drawing(_HEIGHT, title, description, parts)


def _highest(curves: Sequence[Curve]) -> float:
    return max((max(curve.values, default=0.0) for curve in curves), default=0.0) or 1.0


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.995 else f"{100 * share:.0f} %"


@dataclass(frozen=True, slots=True)
class _Frame:
    """The ends of both axes, and places between them."""

    across: tuple[float, float]
    up: tuple[float, float]

    def x(self, value: float) -> float:
        low, high = self.across
        share = (value - low) / ((high - low) or 1.0)
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * min(max(share, 0.0), 1.0)

    def y(self, value: float) -> float:
        low, high = self.up
        share = (value - low) / ((high - low) or 1.0)
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - min(max(share, 0.0), 1.0))

    def path(self, values: Sequence[float], steps: bool) -> str:
        return "M" + "L".join(f"{x:.4g} {y:.4g}" for x, y in self._points(values, steps))

    def _points(self, values: Sequence[float], steps: bool) -> Iterator[tuple[float, float]]:
        width = WIDTH - _LEFT - _RIGHT
        number = len(values) if steps else max(len(values) - 1, 1)
        for index, value in enumerate(values):
            yield _LEFT + width * index / number, self.y(value)
            if steps:
                yield _LEFT + width * (index + 1) / number, self.y(value)

    def cut_off(self, curve: Curve, steps: bool) -> Iterator[str]:
        """An arrow above each bin that is higher than the chart."""
        width = (WIDTH - _LEFT - _RIGHT) / max(len(curve.values), 1)
        for index, value in enumerate(curve.values):
            if steps and value > self.up[1]:
                x = _LEFT + width * (index + 0.5)
                yield f'<path class="mark {curve.color}" d="M{x:.5g} {_TOP - 8}l4 7h-8Z"/>'

    def up_axis(self, percent: bool) -> Iterator[str]:
        ends, floor = (_LEFT, WIDTH - _RIGHT), _HEIGHT - _BOTTOM
        for height in (0.0, 0.5, 1.0):
            y = floor - height * (floor - _TOP)
            yield line("axis" if not height else "grid", ends, (y, y))
        low, high = self.up
        tops = [_percent(end) if percent else tell(end) for end in (low, high)]
        if not percent:
            yield word(WIDTH - _RIGHT, floor - 4, tops[0], "end")
        yield word(WIDTH - _RIGHT, _TOP - 5, tops[1], "end")

    def across_axis(self, words: tuple[str, str] | None) -> Iterator[str]:
        floor = _HEIGHT - _BOTTOM
        if words:
            yield word(_LEFT, floor + 17, words[0])
            yield word(WIDTH - _RIGHT, floor + 17, words[1], "end")
            return
        for value in ticks(*self.across):
            x = self.x(value)
            yield line("axis", (x, x), (floor, floor + 4))
            anchor = "end" if x > WIDTH - 24 else "" if x < 24 and value >= 0 else "middle"
            yield word(x, floor + 17, tell(value), anchor)
