"""The methods by name: what each needs, and how it becomes a map."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import partial
from types import MappingProxyType

from normstat.errors import Message, option
from normstat.files import shown
from normstat.methods import dataset_statistics as dataset
from normstat.methods.facts import Facts
from normstat.methods.maps import Fitted
from normstat.methods.own_statistics import Measure, OfImage, extremes, mean_std
from normstat.methods.whiten import whitening
from normstat.presets import DATA_SETS, NAMES
from normstat.unknown_names import no_such


class Needs(Enum):
    """Numbers that must be known before a method can start."""

    NOTHING = Message("nothing")
    CONSTANTS = Message(f"statistics ({option('stats')}) or a preset ({option('preset')})")
    STATS = Message(f"statistics ({option('stats')})")


@dataclass(frozen=True, slots=True)
class Method:
    """A way to normalize: its formula in words, and the fit of numbers to what is known.

    It takes an epsilon if it divides.
    """

    formula: str
    needs: Needs
    fit: Callable[[Facts, float], Fitted]
    per_image: bool = False
    divides: bool = True


def method_named(name: str) -> Method:
    """The method of a name.

    >>> method_named("unit").needs
    <Needs.NOTHING: 'nothing'>
    """
    if name not in METHODS:
        known = {"method": METHODS, "preset": (*NAMES, *DATA_SETS)}
        raise no_such(name, "method", known, option("method", shown(name)))
    return METHODS[name]


def _own(name: str, formula: str, measure: Measure) -> dict[str, Method]:
    """Two methods: over all channels together, and in each."""
    each, words = f"{name}-per-channel", f"{formula}, in each channel"
    own = partial(Method, needs=Needs.NOTHING, per_image=True)
    return {
        name: own(formula, fit=lambda _, epsilon: OfImage(name, measure, True, epsilon)),
        each: own(words, fit=lambda _, epsilon: OfImage(each, measure, False, epsilon)),
    }


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
    **_own("image", "(x - own mean) / own std", mean_std),
    **_own("image-min-max", "(x - own min) / (own max - own min)", extremes),
    "whiten": Method("ZCA matrix · (x/scale - mean)", Needs.STATS, whitening),
}

#: Name → method, in the order of listing.
METHODS: Mapping[str, Method] = MappingProxyType(_ROWS)
