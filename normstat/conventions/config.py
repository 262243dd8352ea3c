"""The constants of a training run, as its configuration has them."""

import math
from dataclasses import dataclass

from normstat.stats.split_stats import Channels


@dataclass(frozen=True, slots=True)
class Constants:
    """A mean and a std for each channel.

    Attributes
    ----------
    mean, std : shape (C,), in whatever unit and order of channels they were written.

    Examples
    --------
    >>> Constants((0.5, 0.25, 0.0), (0.5, 0.5, 0.25)).times(2).reversed
    Constants(mean=(0.0, 0.5, 1.0), std=(0.5, 1.0, 1.0))
    """

    mean: Channels
    std: Channels

    def times(self, factor: float) -> "Constants":
        """The same in another unit; as they are for a factor of 1."""
        return Constants(
            tuple(value * factor for value in self.mean),
            tuple(value * factor for value in self.std),
        )

    @property
    def reversed(self) -> "Constants":
        """The same with the channels in the opposite order: RGB as BGR."""
        return Constants(self.mean[::-1], self.std[::-1])

    @property
    def squared(self) -> "Constants":
        """The same with the variance in the place of the std."""
        return Constants(self.mean, tuple(value**2 for value in self.std))

    def spread(self, channels: int) -> "Constants":
        """One number for every channel; as they are if there is more than one already."""
        if len(self.mean) != 1:
            return self
        return Constants(self.mean * channels, self.std * channels)


@dataclass(frozen=True, slots=True)
class Distance:
    """How far constants are from those of the data, at the worst channel.

    Attributes
    ----------
    mean : of the means, in stds of the data.
    std : of the stds, as a share of those of the data.
    """

    mean: float
    std: float

    @classmethod
    def between(
        cls, constants: Constants, other: Constants, sigma: Channels | None = None
    ) -> "Distance":
        """That of constants from others of as many channels; `sigma` defaults to their std.

        Infinite where the data's std is 0 and the numbers differ.

        >>> Distance.between(Constants((0.75,), (0.5,)), Constants((0.5,), (0.25,))).worst
        1.0
        """
        sigma = other.std if sigma is None else sigma
        means = zip(constants.mean, other.mean, sigma, strict=True)
        stds = zip(constants.std, other.std, strict=True)
        return cls(
            max(_ratio(abs(one - two), width) for one, two, width in means),
            max(_ratio(abs(one - two), two) for one, two in stds),
        )

    @property
    def worst(self) -> float:
        """The larger of the two: what is compared with a margin."""
        return max(self.mean, self.std)

    def __str__(self) -> str:
        return f"mean up to {_short(self.mean)} σ, std up to {_short(100 * self.std)} % away"


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
    source : what kind of file it is, and where in it the numbers stand.
    offset : subtracted from pixels in `scale`, before mean and std.
    twice : the result is divided by std once more.
    pointer : of the object that has the numbers (RFC 6901), where a file has several of them;
        otherwise empty.

    Examples
    --------
    >>> Config("a.json", (0.5,), (0.5,), 1, "RGB", "timm").constants.spread(3).mean
    (0.5, 0.5, 0.5)
    >>> config = Config("a.json", (0.0,), (0.5,), 2, "RGB", "", offset=1.0, twice=True)
    >>> config.constants
    Constants(mean=(1.0,), std=(0.25,))
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

    @property
    def numbers(self) -> Constants:
        """The numbers alone, as they are written."""
        return Constants(self.mean, self.std)

    @property
    def constants(self) -> Constants:
        """Mean and std of which (x - mean) / std is fed, with x in `scale`."""
        mean = tuple(value + self.offset for value in self.mean)
        made = Constants(mean, self.std)
        return made.squared if self.twice else made

    def written(self, constants: Constants) -> Constants:
        """The numbers that this file would need for `constants` to be fed."""
        mean = tuple(value - self.offset for value in constants.mean)
        std = tuple(math.sqrt(value) for value in constants.std) if self.twice else constants.std
        return Constants(mean, std)


def _short(number: float) -> str:
    return f"{number:.2g}" if number < 1 else f"{number:.0f}"


def _ratio(difference: float, width: float) -> float:
    if difference == 0:
        return 0.0
    return difference / width if width else math.inf
