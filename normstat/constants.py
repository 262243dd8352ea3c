"""Mean and std of each channel as models, configs and statistics give them; their conversion."""

from dataclasses import dataclass, replace
from math import hypot, inf
from typing import TypeAlias

#: A number for each channel.
Channels: TypeAlias = tuple[float, ...]

#: Ratio of the deviations with a slip and once it is undone, from which on it is a finding.
BETTER = 5.0
#: Deviation, in σ, up to which numbers count as equal.
FLOOR = 0.01
# The digits of a float32 leave more.
_NOTHING = 1e-6


@dataclass(frozen=True, slots=True)
class Constants:
    """Mean and std of each channel.

    Attributes
    ----------
    mean, std : shape (C,).
    scale : value of white that they refer to: 1 after x/255, 255 for 8-bit pixels as they are.
    order : ``RGB`` or ``BGR``.

    Examples
    --------
    >>> Constants((0.5, 0.25, 0.0), (0.5, 0.5, 0.25)).to(2, "BGR")
    Constants(mean=(0.0, 0.5, 1.0), std=(0.5, 1.0, 1.0), scale=2, order='BGR')
    """

    mean: Channels
    std: Channels
    scale: float = 1
    order: str = "RGB"

    def to(self, scale: float, order: str) -> "Constants":
        """Convert to another value of white and another order of channels.

        >>> Constants((127.5,), (51.0,), 255).to(1, "RGB").std
        (0.2,)
        """
        mean, std = self.mean, self.std
        if scale != self.scale:
            mean = tuple(value * scale / self.scale for value in mean)
            std = tuple(value * scale / self.scale for value in std)
        if order != self.order:
            mean, std = mean[::-1], std[::-1]
        return Constants(mean, std, scale, order)

    def affine(self, factor: float, offset: float) -> "Constants":
        """Mean and std of pixels that became factor · x + offset; the factor is above 0."""
        return replace(
            self,
            mean=tuple(value * factor + offset for value in self.mean),
            std=tuple(value * factor for value in self.std),
        )

    @property
    def squared(self) -> "Constants":
        """Variances in the place of the stds."""
        return replace(self, std=tuple(value**2 for value in self.std))

    def spread(self, channels: int) -> "Constants":
        """Repeat a single number for every channel; several stay as they are."""
        if len(self.mean) != 1:
            return self
        return replace(self, mean=self.mean * channels, std=self.std * channels)


@dataclass(frozen=True, slots=True)
class Deviation:
    """Difference of constants from those of data, over σ of the data.

    Attributes
    ----------
    mean : largest difference of means, in σ.
    std : largest difference of stds, as a share of σ.
    total : root of the sum of all squared differences, over all channels.
    """

    mean: float
    std: float
    total: float

    @classmethod
    def between(
        cls, constants: Constants, data: Constants, sigma: Channels | None = None
    ) -> "Deviation":
        """Compare constants of as many channels, one scale and one order.

        Means are over sigma, by default the std of the data; infinite where that is 0 and the
        numbers differ.

        >>> Deviation.between(Constants((0.75,), (0.5,)), Constants((0.5,), (0.25,))).worst
        1.0
        """
        means = _in_sigmas(constants.mean, data.mean, sigma or data.std)
        stds = _in_sigmas(constants.std, data.std, data.std)
        return cls(max(means), max(stds), hypot(*means, *stds))

    @property
    def worst(self) -> float:
        """The larger one of mean and std, to be compared with a margin."""
        return max(self.mean, self.std)

    def __str__(self) -> str:
        return f"mean up to {_short(self.mean)} σ, std up to {_short(100 * self.std)} % away"


def in_sigma(difference: float, sigma: float) -> float:
    """Difference over σ; infinite where σ is 0 and there is a difference.

    >>> in_sigma(-1.0, 2.0), in_sigma(0.0, 0.0), in_sigma(-1.0, 0.0)
    (-0.5, 0.0, inf)
    """
    if not difference:
        return 0.0
    return difference / sigma if sigma else inf


def explains(undone: float, found: float) -> bool:
    """True if numbers fit much better once a slip is undone, and do not fit as they were found.

    >>> explains(0.01, 0.05), explains(0.02, 0.05), explains(0.0, FLOOR)
    (True, False, False)
    """
    return found > FLOOR and undone < inf and found >= BETTER * undone


def _in_sigmas(values: Channels, others: Channels, sigmas: Channels) -> list[float]:
    return [abs(in_sigma(a - b, s)) for a, b, s in zip(values, others, sigmas, strict=True)]


def _short(number: float) -> str:
    if number < _NOTHING:
        return "0"
    return f"{number:.2g}" if number < 1 else f"{number:.0f}"
