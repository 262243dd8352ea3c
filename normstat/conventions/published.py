"""Constants that are published: exactly, rounded, or but for a digit."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from normstat.constants import Channels, Constants
from normstat.conventions.config import Config
from normstat.presets import PRESETS, Preset

_CHANNELS = 3
# Fewer digits are not a rounded preset but a number of somebody's own.
_ROUNDED_DIGITS = 3
# Precision of float32, in which frameworks keep constants and take their roots.
_PRECISION = 1e-7


@dataclass(frozen=True, slots=True)
class Written:
    """A preset in the scale and order of a config, with the keys that this lacks for it, if any."""

    preset: Preset
    constants: Constants
    unsaid: str = ""


@dataclass(frozen=True, slots=True)
class Typo:
    """A preset with one wrong digit, or two swapped, in one of its numbers."""

    preset: Preset
    found: float
    meant: float


def written(config: Config, rows: Mapping[str, Preset] = PRESETS) -> Iterator[Written]:
    """Every row as the config would have it, and as it was published if that may be meant."""
    ours = config.numbers
    for row in rows.values():
        yield Written(row, row.constants.to(ours.scale, ours.order))
        may_be_meant = config.scale in (None, row.scale) and config.order in (None, row.order)
        if may_be_meant and not _is_native(row, ours):
            unsaid = [f'"scale": {row.scale}'] * (row.scale != ours.scale)
            unsaid += [f'"order": "{row.order}"'] * (row.order != ours.order)
            yield Written(row, row.constants, " and ".join(unsaid))


def exactly(config: Config, rows: Mapping[str, Preset] = PRESETS) -> Written | None:
    """The row that the config has, to the digits it gives; None if it is none.

    One that is published in the config's own scale and order goes before one that is not.
    """
    found = [
        row for row in written(config, rows) if same(config.numbers, config.written(row.constants))
    ]
    native = [row for row in found if _is_native(row.preset, config.numbers)]
    return next(iter(native + found), None)


def one_digit_off(config: Config, rows: Mapping[str, Preset] = PRESETS) -> Typo | None:
    """The row that the config has but for one digit, or two swapped, of one number."""
    for row in written(config, rows):
        pairs = _pairs(config.numbers, config.written(row.constants))
        wrong = [pair for pair in pairs or () if not pair.same]
        if len(wrong) == 1 and (meant := wrong[0].mended()) is not None:
            return Typo(row.preset, wrong[0].found, meant)
    return None


def same(constants: Constants, published: Constants) -> bool:
    """True if constants are published ones, to the digits they are given with.

    A zero at the end is not written, so the longest of the means, and of the stds, tells how many
    digits all of them have.

    >>> clip = Constants((0.48145466,), (0.26862954,))
    >>> same(Constants((0.4815,), (0.2686,)), clip), same(Constants((0.48,), (0.27,)), clip)
    (True, False)
    """
    pairs = _pairs(constants, published)
    return pairs is not None and all(pair.same for pair in pairs)


@dataclass(frozen=True, slots=True)
class _Pair:
    """A number that was found, and the published one in its place.

    Attributes
    ----------
    places : decimals that it was rounded to; None if these are too few to know a number by.
    """

    found: float
    published: float
    places: int | None

    @property
    def rounded(self) -> float | None:
        return None if self.places is None else float(f"{self.published:.{self.places}f}")

    @property
    def same(self) -> bool:
        close = math.isclose(self.found, self.published, rel_tol=_PRECISION)
        return close or self.found == self.rounded

    def mended(self) -> float | None:
        """The published number in the place of one with a wrong digit; None if more is wrong.

        >>> _Pair(0.385, 0.485, None).mended(), _Pair(0.2626, 0.26158784, 4).mended()
        (0.485, 0.2616)
        >>> _Pair(0.3, 0.485, 4).mended()
        """
        for meant in (self.published, self.rounded):
            if meant is not None and _differ_by_one(_digits(self.found), _digits(meant)):
                return meant
        return None


def _pairs(constants: Constants, published: Constants) -> list[_Pair] | None:
    """Each number with that in its place; None if there are not as many."""
    ours, theirs = constants.spread(_CHANNELS), published.spread(_CHANNELS)
    if len(ours.mean) != len(theirs.mean):
        return None
    places = _places(ours.mean, ours.std)
    return [
        _Pair(number, right, rounded_to)
        for found, meant, rounded_to in zip(
            (ours.mean, ours.std), (theirs.mean, theirs.std), places, strict=True
        )
        for number, right in zip(found, meant, strict=True)
    ]


@lru_cache(maxsize=16)  # the numbers of one configuration are held against many others
def _places(*groups: Channels) -> tuple[int | None, ...]:
    """Decimals that each group is given with; None if a group has too few digits."""
    if min(max(map(_significant, group)) for group in groups) < _ROUNDED_DIGITS:
        return (None,) * len(groups)
    return tuple(max(map(_decimals, group)) for group in groups)


def _is_native(preset: Preset, numbers: Constants) -> bool:
    return (preset.scale, preset.order) == (numbers.scale, numbers.order)


def _significant(number: float) -> int:
    return len(_digits(number).replace(".", "").lstrip("-0"))


def _decimals(number: float) -> int:
    return len(_digits(number).partition(".")[2])


def _differ_by_one(text: str, right: str) -> bool:
    """True if one digit differs, or two are swapped.

    >>> _differ_by_one("0.25", "0.35"), _differ_by_one("0.52", "0.25"), _differ_by_one("1.5", "15")
    (True, True, False)
    """
    length = max(len(text), len(right))  # a zero at the end is not written
    text, right = text.ljust(length, "0"), right.ljust(length, "0")
    wrong = [pair for pair in zip(text, right, strict=True) if pair[0] != pair[1]]
    if "." in {letter for pair in wrong for letter in pair}:
        return False
    return len(wrong) == 1 or (len(wrong) == 2 and wrong[0] == wrong[1][::-1])


def _digits(number: float) -> str:
    """A number as a person would write it: no exponent, and nothing that only rounding left."""
    return f"{Decimal(f'{number:.12g}'):f}" if number % 1 else f"{number:.1f}"
