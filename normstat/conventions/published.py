"""Constants that are a preset's: exactly, rounded, or but for a digit."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from normstat.constants import Constants
from normstat.conventions.config import Config
from normstat.presets import PRESETS, Preset

_CHANNELS = 3
# Fewer digits are not a rounded preset but a number of somebody's own.
_ROUNDED_DIGITS = 4
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


def written(config: Config) -> Iterator[Written]:
    """Every preset as the config would have it, and as it was published if that may be meant."""
    ours = config.numbers
    for row in PRESETS.values():
        yield Written(row, row.constants.to(ours.scale, ours.order))
        may_be_meant = config.scale in (None, row.scale) and config.order in (None, row.order)
        if may_be_meant and not _is_native(row, ours):
            unsaid = [f'"scale": {row.scale}'] * (row.scale != ours.scale)
            unsaid += [f'"order": "{row.order}"'] * (row.order != ours.order)
            yield Written(row, row.constants, " and ".join(unsaid))


def exactly(config: Config) -> Written | None:
    """The preset that the config has, to the digits it gives; None if it is none.

    One that is published in the config's own scale and order goes before one that is not.
    """
    rows = written(config)
    found = [row for row in rows if same(config.numbers, config.written(row.constants))]
    native = [row for row in found if _is_native(row.preset, config.numbers)]
    return next(iter(native + found), None)


def one_digit_off(config: Config) -> Typo | None:
    """The preset that the config has but for one digit, or two swapped, of one number."""
    found = _numbers(config.numbers)
    for row in written(config):
        meant = _numbers(config.written(row.constants))
        wrong = [pair for pair in zip(found, meant, strict=False) if not _same(*pair)]
        if len(found) == len(meant) and len(wrong) == 1 and _is_typo(*wrong[0]):
            return Typo(row.preset, *wrong[0])
    return None


def same(constants: Constants, published: Constants) -> bool:
    """True if constants are published ones, to the digits they are given with.

    >>> clip = Constants((0.48145466,), (0.26862954,))
    >>> same(Constants((0.4815,), (0.2686,)), clip), same(Constants((0.48,), (0.27,)), clip)
    (True, False)
    """
    one, two = _numbers(constants), _numbers(published)
    return len(one) == len(two) and all(map(_same, one, two))


def _is_native(preset: Preset, numbers: Constants) -> bool:
    return (preset.scale, preset.order) == (numbers.scale, numbers.order)


def _numbers(constants: Constants) -> tuple[float, ...]:
    spread = constants.spread(_CHANNELS)
    return spread.mean + spread.std


def _same(number: float, published: float) -> bool:
    if math.isclose(number, published, rel_tol=_PRECISION):
        return True
    text = _digits(number)
    significant = len(text.replace(".", "").lstrip("-0"))
    return significant >= _ROUNDED_DIGITS and float(_like(published, text)) == number


def _is_typo(number: float, meant: float) -> bool:
    text, right = _digits(number), _digits(meant)
    length = max(len(text), len(right))  # a zero at the end is not written
    text, right = text.ljust(length, "0"), right.ljust(length, "0")
    wrong = [pair for pair in zip(text, right, strict=True) if pair[0] != pair[1]]
    if "." in {letter for pair in wrong for letter in pair}:
        return False
    return len(wrong) == 1 or (len(wrong) == 2 and wrong[0] == wrong[1][::-1])


def _digits(number: float) -> str:
    """A number as a person would write it: no exponent, and nothing that only rounding left."""
    return f"{Decimal(f'{number:.12g}'):f}" if number % 1 else f"{number:.1f}"


def _like(number: float, text: str) -> str:
    """A number with as many decimals as a text."""
    return f"{number:.{len(text.partition('.')[2])}f}"
