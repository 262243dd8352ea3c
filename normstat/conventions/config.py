"""The constants of a training run, as its configuration has them."""

import math
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from normstat.constants import Channels, Constants
from normstat.conventions.dtypes import largest

#: Pixels of other depths than 8 bits: what becomes `scale` in a :class:`Config`.
Pixels: TypeAlias = Literal["white", "stored", "dtype"]
_BYTE = 255


@dataclass(frozen=True, slots=True)
class Config:
    """The constants that a training run uses.

    Attributes
    ----------
    name : of the file, or ``preset:NAME``; as it is, not escaped.
    mean, std : shape (C,), or one number for all channels.
    scale : value of white that they refer to, for 8-bit pixels: 1 after x/255, 255 for pixels as
        they are; None if the file does not say.
    order : ``RGB`` or ``BGR``; None if the file does not say.
    source : the framework, and where in the file the numbers stand.
    offset : subtracted from pixels in `scale`, before mean and std.
    twice : the result is divided by std once more.
    pointer : of the object that has the numbers (RFC 6901), where a file has several of them;
        otherwise empty.
    pixels : of other depths than 8 bits: ``white`` becomes `scale`; ``stored``, all are multiplied
        by scale / 255; ``dtype``, the largest value of their type becomes `scale`.

    Examples
    --------
    >>> Config("a.json", (0.5,), (0.5,), 1, "RGB", "timm").constants.spread(3).mean
    (0.5, 0.5, 0.5)
    >>> config = Config("a.json", (0.0,), (0.5,), 2, "RGB", "", offset=1.0, twice=True)
    >>> config.constants.mean, config.constants.std
    ((1.0,), (0.25,))
    >>> config.written(config.constants) == config.numbers
    True
    """

    name: str
    mean: Channels
    std: Channels
    scale: float | None
    order: str | None
    source: str
    offset: float = 0.0
    twice: bool = False
    pointer: str = ""
    pixels: Pixels = "white"

    @property
    def numbers(self) -> Constants:
        """The numbers as written; RGB for white of 1 where the file does not say."""
        return Constants(self.mean, self.std, self.scale or 1, self.order or "RGB")

    @property
    def constants(self) -> Constants:
        """Mean and std so that training is fed (x - mean) / std, with x in `scale`."""
        made = self.numbers.affine(1, self.offset)
        return made.squared if self.twice else made

    def of_pixels(self, white: float, dtype: str) -> "Config":
        """The same with the scale that it means for such pixels.

        >>> config = Config("a.yaml", (0.5,), (0.5,), 255, "BGR", "", pixels="stored")
        >>> config.of_pixels(4095, "uint16").scale
        4095.0
        """
        if self.pixels == "white" or self.scale is None:
            return self
        divisor = _BYTE if self.pixels == "stored" else largest(dtype)
        return replace(self, scale=self.scale * white / divisor)

    def written(self, constants: Constants) -> Constants:
        """The numbers that this file would need for `constants` to be fed."""
        made = constants.affine(1, -self.offset)
        return replace(made, std=tuple(map(math.sqrt, made.std))) if self.twice else made
