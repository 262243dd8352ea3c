"""The methods by name: what each needs, and how it becomes a map."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from normstat.errors import Message, UsageError, option
from normstat.files import shown
from normstat.methods import dataset_statistics as dataset
from normstat.methods.facts import Facts
from normstat.methods.maps import Fitted
from normstat.methods.own_statistics import Measure, OfImage, extremes, mean_std
from normstat.methods.whiten import whitening


class Needs(Enum):
    """Numbers that must be known before a method can start."""

    NOTHING = Message("nothing")
    CONSTANTS = Message(f"statistics ({option('stats')}) or a preset ({option('preset')})")
    STATS = Message(f"statistics ({option('stats')})")


@dataclass(frozen=True, slots=True)
class Method:
    """A way to normalize.

    Attributes
    ----------
    formula : of the result y, for messages and tables; x / scale is the pixel in unit scale.
    needs : numbers that must be known.
    fit : of what is known and epsilon, to its numbers.
    per_image : the numbers are the image's own.
    divides : there is a denominator for epsilon to be added to.
    """

    formula: str
    needs: Needs
    fit: Callable[[Facts, float], Fitted]
    per_image: bool = False
    divides: bool = True


def method_named(name: str) -> Method:
    """The method of a name.

    Raises
    ------
    UsageError
        There is none.

    Examples
    --------
    >>> method_named("unit").needs
    <Needs.NOTHING: 'nothing'>
    """
    if name not in METHODS:
        raise UsageError(
            f"{option('method', shown(name))}: no such method; there are {', '.join(METHODS)}"
        )
    return METHODS[name]


def _own(name: str, formula: str, measure: Measure) -> Method:
    whole = not name.endswith("-per-channel")

    def fit(_facts: Facts, epsilon: float) -> Fitted:
        return OfImage(name, measure, whole, epsilon)

    return Method(formula, Needs.NOTHING, fit, per_image=True)


_ROWS = {
    "standard": Method("(x/scale - mean) / std", Needs.CONSTANTS, dataset.standard),
    "center": Method("x/scale - mean", Needs.CONSTANTS, dataset.center, divides=False),
    "unit": Method("x/scale", Needs.NOTHING, dataset.unit, divides=False),
    "symmetric": Method("2·x/scale - 1", Needs.NOTHING, dataset.symmetric, divides=False),
    "min-max": Method("(x/scale - min) / (max - min)", Needs.STATS, dataset.min_max),
    "robust": Method("(x/scale - median) / (q75 - q25)", Needs.STATS, dataset.robust),
    "clip-standard": Method(
        "standard of x/scale limited to [q0.005, q0.995]", Needs.STATS, dataset.clip_standard
    ),
    "image": _own("image", "(x - own mean) / own std", mean_std),
    "image-per-channel": _own(
        "image-per-channel", "(x - own mean) / own std, in each channel", mean_std
    ),
    "image-min-max": _own("image-min-max", "(x - own min) / (own max - own min)", extremes),
    "image-min-max-per-channel": _own(
        "image-min-max-per-channel",
        "(x - own min) / (own max - own min), in each channel",
        extremes,
    ),
    "whiten": Method("ZCA matrix · (x/scale - mean)", Needs.STATS, whitening),
}

#: Name → method, in the order of listing.
METHODS: Mapping[str, Method] = MappingProxyType(_ROWS)
