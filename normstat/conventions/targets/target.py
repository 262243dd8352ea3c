"""Numbers to hand on, and how a target takes them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from normstat.constants import Channels, Constants

# Largest value of what frameworks divide by on their own.
_LARGEST = {"uint8": 255, "int8": 127, "uint16": 65535, "int16": 32767}


@dataclass(frozen=True, slots=True)
class Exported:
    """Mean and std of each channel, and the pixels that they are of.

    Attributes
    ----------
    constants : unit scale, in the order of `channels`.
    channels : their names.
    white : stored value that is 1 in unit scale.
    dtype : of stored pixels.
    origin : of the numbers, in words.
    extremes : smallest and largest value of each channel, unit scale; None if they are not known.
    count : pixels; None if it is not known.

    Examples
    --------
    >>> gray = Exported(Constants((0.5,), (0.25,)), ("gray",), 255, "uint8", "a test")
    >>> gray.stored.mean, gray.affine
    ((127.5,), ((0.01568627450980392, -2.0),))
    """

    constants: Constants
    channels: tuple[str, ...]
    white: float
    dtype: str
    origin: str
    extremes: tuple[Channels, Channels] | None = None
    count: int | None = None

    @property
    def unit(self) -> Constants:
        """Of pixels in unit scale."""
        return self.constants

    @property
    def stored(self) -> Constants:
        """Of pixels as they are stored."""
        return self.constants.to(self.white, self.constants.order)

    @property
    def divided(self) -> Constants:
        """Of pixels over the largest value of their dtype, as frameworks scale them."""
        return self.constants.to(self.white / self.largest, self.constants.order)

    @property
    def largest(self) -> float:
        """Largest value of the dtype; 1 for floats, which nobody scales."""
        return _LARGEST.get(self.dtype, 1)

    @property
    def affine(self) -> tuple[tuple[float, float], ...]:
        """A and b of each channel, with a·x + b for stored x."""
        pairs = zip(self.stored.mean, self.stored.std, strict=True)
        return tuple((1 / std, -mean / std) for mean, std in pairs)


@dataclass(frozen=True, slots=True)
class Target:
    """A framework, or a format, that takes constants.

    Attributes
    ----------
    what : it is, in a few words.
    text : writes what it takes.
    comment : begins a line that says what the numbers are; empty where there can be none.
    unit : of pixels that the numbers refer to, in words.
    layout : of the arrays that it normalizes, in words.
    most : channels that it takes; None for any number.
    colors : it takes one or three channels, and no others.
    approximates : it cannot hold a std for each channel.
    needs : the reason why whole images' statistics are not for it; empty if they are.
    keys : of its constants in a JSON file: name → what stands there; none if it is no such file.
    under : the key of the object that these are in; empty at the top.
    """

    what: str
    text: Callable[[Exported], str]
    comment: str = "#"
    unit: str = "pixels / {largest:g}"
    layout: str = "(C, H, W)"
    most: int | None = None
    colors: bool = False
    approximates: Callable[[Exported], Sequence[tuple[float, float]]] | None = None
    needs: str = ""
    keys: Mapping[str, Callable[[Exported], Any]] = field(default_factory=dict)
    under: str = ""


def number(value: float) -> str:
    """A number with the nine digits that a float32 needs, as every language reads it.

    >>> number(0.4850000001), number(1.0), number(1e-9), number(123456789012.0)
    ('0.485', '1.0', '1e-09', '123456789000.0')
    """
    text = f"{value:.9g}"
    if "e" in text and abs(value) >= 1:
        text = f"{float(text):.1f}"
    return text if {".", "e"} & set(text) else f"{text}.0"


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
