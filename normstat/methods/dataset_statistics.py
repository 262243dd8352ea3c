"""Methods with the same numbers for every image."""

from dataclasses import replace

from normstat.constants import Channels
from normstat.errors import UsageError, option
from normstat.methods.facts import Facts
from normstat.methods.maps import Affine

_COUNTED = "compute statistics of the data set (again, if 0.1 did), or choose standard"
_STATS = f"give statistics of the data set with {option('stats')}"


def unit(_facts: Facts, _epsilon: float) -> Affine:
    """Pixels in unit scale, x / scale: [0, 1]."""
    return Affine((0.0,), (1.0,))


def symmetric(_facts: Facts, _epsilon: float) -> Affine:
    """2 · x / scale - 1: [-1, 1]."""
    return Affine((0.5,), (0.5,))


def center(facts: Facts, _epsilon: float) -> Affine:
    """Pixels around their mean, x / scale - mean."""
    mean = facts.constants.mean
    return Affine(mean, (1.0,) * len(mean))


def standard(facts: Facts, epsilon: float, name: str = "standard") -> Affine:
    """(x / scale - mean) / (std + epsilon)."""
    width = _divisor(name, "std", facts, facts.constants.std, epsilon)
    return Affine(facts.constants.mean, width)


def min_max(facts: Facts, epsilon: float) -> Affine:
    """(x / scale - min) / (max - min + epsilon)."""
    low: Channels = facts.need("min-max", "min", _STATS)
    high: Channels = facts.need("min-max", "max", _STATS)
    ranges = tuple(b - a for a, b in zip(low, high, strict=True))
    return Affine(low, _divisor("min-max", "max - min", facts, ranges, epsilon))


def robust(facts: Facts, epsilon: float) -> Affine:
    """(x / scale - median) / (q75 - q25 + epsilon)."""
    quantiles = facts.need("robust", "quantiles", _COUNTED)
    between = tuple(b - a for a, b in zip(quantiles["0.25"], quantiles["0.75"], strict=True))
    width = _divisor("robust", "interquartile range", facts, between, epsilon)
    return Affine(quantiles["0.5"], width)


def clip_standard(facts: Facts, epsilon: float) -> Affine:
    """As ``standard``, with pixels limited to the quantiles 0.005 and 0.995 first."""
    quantiles = facts.need("clip-standard", "quantiles", _COUNTED)
    limits = tuple(zip(quantiles["0.005"], quantiles["0.995"], strict=True))
    return replace(standard(facts, epsilon, "clip-standard"), limits=limits)


def _divisor(method: str, what: str, facts: Facts, values: Channels, epsilon: float) -> Channels:
    for channel, value in zip(facts.channels, values, strict=True):
        if not value + epsilon:
            raise UsageError(
                f"{method}: the {what} of channel {channel} in {facts.name} is 0; "
                "choose another method (center and unit divide by nothing), or "
                f"{option('epsilon', metavar='E')}"
            )
    return tuple(value + epsilon for value in values)
