"""The methods by name: what each needs, and how it becomes a map."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import TypeAlias

from normstat.errors import Message, UsageError, option
from normstat.files import shown
from normstat.methods import constants
from normstat.methods.facts import Facts
from normstat.methods.maps import Affine
from normstat.methods.own_statistics import Measure, OfImage, extremes, mean_std
from normstat.methods.whiten import Whitening, whitening

#: A method with its numbers: a map for every image, or what makes one of each.
Fitted: TypeAlias = Affine | Whitening | OfImage


class Needs(Enum):
    """What must be known before a method can start."""

    NOTHING = Message("nothing")
    CONSTANTS = Message(f"statistics ({option('stats')}) or a preset ({option('preset')})")
    STATS = Message(f"statistics ({option('stats')})")


@dataclass(frozen=True, slots=True)
class Method:
    """A way to normalize.

    Attributes
    ----------
    formula : of the result y, for messages and tables; x / scale is the pixel in unit scale.
    needs : what must be known.
    fit : of what is known and epsilon, to its numbers.
    per_image : whether the numbers are the image's own.
    divides : whether there is a denominator for epsilon to be added to.
    """

    formula: str
    needs: Needs
    fit: Callable[[Facts | None, float], Fitted]
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
        raise UsageError(f"{shown(name)}: no such method; there are {', '.join(METHODS)}")
    return METHODS[name]


def _free(formula: str, fit: Callable[[], Fitted]) -> Method:
    return Method(formula, Needs.NOTHING, lambda _facts, _epsilon: fit(), divides=False)


def _known(
    formula: str, fit: Callable[[Facts, float], Fitted], needs: Needs, divides: bool = True
) -> Method:
    def checked(facts: Facts | None, epsilon: float) -> Fitted:
        assert facts is not None, "refused before, where `needs` is looked at"
        return fit(facts, epsilon)

    return Method(formula, needs, checked, divides=divides)


def _own(name: str, formula: str, measure: Measure) -> Method:
    whole = not name.endswith("-per-channel")
    return Method(
        formula,
        Needs.NOTHING,
        lambda _facts, epsilon: OfImage(name, measure, whole, epsilon),
        per_image=True,
    )


_ROWS = {
    "standard": _known("(x/scale - mean) / std", constants.standard, Needs.CONSTANTS),
    "center": _known(
        "x/scale - mean", lambda facts, _: constants.center(facts), Needs.CONSTANTS, divides=False
    ),
    "unit": _free("x/scale", constants.unit),
    "symmetric": _free("2·x/scale - 1", constants.symmetric),
    "min-max": _known("(x/scale - min) / (max - min)", constants.min_max, Needs.STATS),
    "robust": _known("(x/scale - median) / (q75 - q25)", constants.robust, Needs.STATS),
    "clip-standard": _known(
        "standard of x/scale limited to [q0.005, q0.995]", constants.clip_standard, Needs.STATS
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
    "whiten": _known("ZCA matrix · (x/scale - mean)", whitening, Needs.STATS),
}

#: Name → method, in the order of listing.
METHODS: Mapping[str, Method] = MappingProxyType(_ROWS)
