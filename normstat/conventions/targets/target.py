"""Numbers to hand on, and how a target takes them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from normstat.constants import Channels, Constants
from normstat.conventions.dtypes import largest

#: Names of color channels, in their order.
COLORS = ("R", "G", "B")


@dataclass(frozen=True, slots=True)
class Exported:
    """Mean and std of each channel, and the pixels that they are of.

    Attributes
    ----------
    unit : of pixels in unit scale, in the order of `channels`.
    channels : their names.
    white : stored value that is 1 in unit scale.
    dtype : of stored pixels.
    origin : of the numbers, in words.
    extremes : smallest and largest value of each channel, unit scale; None if they are not known.
    count : images; None if it is not known.

    Examples
    --------
    >>> gray = Exported(Constants((0.5,), (0.25,)), ("gray",), 255, "uint8", "a test")
    >>> gray.stored.mean, gray.affine
    ((127.5,), ((0.01568627450980392, -2.0),))
    >>> gray.colored.unit.mean, gray.colored.channels
    ((0.5, 0.5, 0.5), ('R', 'G', 'B'))
    """

    unit: Constants
    channels: tuple[str, ...]
    white: float
    dtype: str
    origin: str
    extremes: tuple[Channels, Channels] | None = None
    count: int | None = None

    @property
    def stored(self) -> Constants:
        """Of pixels as they are stored."""
        return self.over(1)

    @property
    def divided(self) -> Constants:
        """Of pixels over the largest value of their dtype, as frameworks scale them."""
        return self.over(self.largest)

    @property
    def largest(self) -> float:
        """Largest value of the dtype; 1 for floats, which nobody scales."""
        return largest(self.dtype)

    @property
    def is_color(self) -> bool:
        """True of R, G and B, in this order, and nothing else."""
        return self.channels == COLORS

    @property
    def affine(self) -> tuple[tuple[float, float], ...]:
        """A and b of each channel, with a·x + b for stored x."""
        pairs = zip(self.stored.mean, self.stored.std, strict=True)
        return tuple((1 / std, -mean / std) for mean, std in pairs)

    @property
    def reversed(self) -> "Exported":
        """The same with colors in reverse; other channels stay as they are."""
        if self.channels not in (COLORS, COLORS[::-1]):
            return self
        return self._with(self.channels[::-1], lambda c: c[::-1])

    @property
    def colored(self) -> "Exported":
        """The same of three channels, which gray images have that are converted to RGB."""
        return self._with(COLORS, lambda c: c * 3) if len(self.channels) == 1 else self

    def over(self, divisor: float) -> Constants:
        """Of stored pixels that were divided by a number."""
        return self.unit.to(self.white / divisor, self.unit.order)

    def _with(self, names: tuple[str, ...], change: Callable[[Channels], Channels]) -> "Exported":
        unit = replace(self.unit, mean=change(self.unit.mean), std=change(self.unit.std))
        extremes = (change(self.extremes[0]), change(self.extremes[1])) if self.extremes else None
        return replace(self, unit=unit, channels=names, extremes=extremes)


@dataclass(frozen=True, slots=True)
class Target:
    """A framework, or a format, that takes constants.

    Attributes
    ----------
    what : it is, in a few words.
    text : writes what it takes: text, or the bytes of a binary file.
    suffix : of a file of it.
    comment : begins a line that says what the numbers are; empty where there can be none.
    unit : of pixels that the numbers refer to: ``stored``; ``unit``, over white; ``dtype``, over
        the largest value of their type; ``byte``, over 255.
    layout : of the arrays that it normalizes, in words.
    order : of the three colors in its numbers.
    takes : numbers of channels that it takes; empty for any.
    colors : three channels have to be R, G and B.
    spreads : it wants three numbers for gray images, too.
    eight : it takes 8-bit pixels only.
    approximates : a and b of each channel, where it cannot hold a std for each.
    needs : the reason why whole images' statistics are not for it; empty if they are.
    keys : of its constants, in a file that can be updated: name → what stands there.
    under : the key of the object that these are in; empty at the top.
    note : on what a new file does beside normalizing, or leaves to its reader; empty for nothing.
    """

    what: str
    text: Callable[[Exported], str | bytes]
    suffix: str = ".py"
    comment: str = "#"
    unit: Literal["stored", "unit", "dtype", "byte"] = "unit"
    layout: str = "(C, H, W)"
    order: Literal["RGB", "BGR"] = "RGB"
    takes: tuple[int, ...] = ()
    colors: bool = False
    spreads: bool = False
    eight: bool = False
    approximates: Callable[[Exported], Sequence[tuple[float, float]]] | None = None
    needs: str = ""
    keys: Mapping[str, Callable[[Exported], Any]] = field(default_factory=dict)
    under: str = ""
    note: str = ""

    def given(self, exported: Exported) -> Exported:
        """The numbers in the order that it wants them, and as many."""
        made = exported.colored if self.spreads else exported
        return made.reversed if self.order == "BGR" else made

    def pixels(self, exported: Exported) -> str:
        """Pixels that its numbers refer to, in words.

        >>> gray = Exported(Constants((0.5,), (0.25,)), ("gray",), 4095, "uint16", "a test")
        >>> [Target("", str, unit=unit).pixels(gray) for unit in ("stored", "unit", "dtype")]
        ['stored pixels (white is 4095)', 'pixels / 4095', 'pixels / 65535']
        """
        if self.unit == "stored":
            return f"stored pixels (white is {exported.white:g})"
        divisors = {"unit": exported.white, "dtype": exported.largest, "byte": 255}
        divisor = divisors[self.unit]
        return "pixels as they are" if divisor == 1 else f"pixels / {divisor:.12g}"


def number(value: float) -> str:
    """A number with the nine digits that a float32 needs, as every language reads it.

    YAML takes ``1e-09`` for a word, and Python ``1`` for an integer: there is always a point.

    >>> number(0.4850000001), number(1.0), number(1e-9), number(123456789012.0)
    ('0.485', '1.0', '1.0e-09', '123456789000.0')
    """
    text = f"{value:.9g}"
    if "e" in text and abs(value) >= 1:
        text = f"{float(text):.1f}"
    if "." in text:
        return text
    digits, exponent, power = text.partition("e")
    return f"{digits}.0{exponent}{power}"


def numbers(values: Iterable[float], opening: str = "[", closing: str = "]") -> str:
    """Numbers as a list.

    >>> numbers((0.5, 0.25)), numbers((1.0,), "{", "}")
    ('[0.5, 0.25]', '{1.0}')
    """
    return f"{opening}{', '.join(map(number, values))}{closing}"


def rounded(values: Iterable[float]) -> list[float]:
    """The numbers that a reader of :func:`numbers` gets.

    >>> rounded((1 / 3,))
    [0.333333333]
    """
    return [float(number(value)) for value in values]
