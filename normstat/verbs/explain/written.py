"""Numbers as somebody has written them down, with the digits that these have."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

from normstat.errors import UsageError
from normstat.files import shown

_EXAMPLE = "give them as in 0.2023,0.1994,0.2010"
# Fewer digits than these fit too many numbers but for one.
_TELLING = 3
# A float of more digits than a float32 needs was computed, of numbers with nine or so.
_WRITTEN, _COMPUTED = 9, 8


@dataclass(frozen=True, slots=True)
class Number:
    """A number, and how many decimals it was written with.

    Attributes
    ----------
    value : the number.
    places : decimals; negative for powers of ten.
    """

    value: float
    places: int

    @property
    def significant(self) -> int:
        """Digits from the first that is no zero.

        >>> Number(0.05, 2).significant, Number(0.5, 2).significant, Number(0.0, 0).significant
        (1, 2, 0)
        """
        return len(self.digits.replace(".", "").lstrip("-0"))

    @property
    def digits(self) -> str:
        """The number with its decimals."""
        return _text(self.value, self.places, ROUND_HALF_EVEN)

    def fits(self, value: float) -> bool:
        """True if the value rounds to this number.

        >>> Number(0.2023, 4).fits(0.20234), Number(0.2023, 4).fits(0.2022)
        (True, False)
        """
        half = 0.5 * 10.0**-self.places
        return abs(value - self.value) <= half * (1 + 1e-9) + 1e-12 * abs(value)

    def is_cut_from(self, value: float) -> bool:
        """True if the value becomes this number when digits are cut off.

        >>> Number(0.261, 3).is_cut_from(0.26159), Number(0.26, 2).is_cut_from(0.26159)
        (True, False)
        """
        telling = self.places >= _TELLING
        return telling and _text(value, self.places, ROUND_DOWN) == self.digits

    def slip_of(self, value: float) -> str:
        """The value in as many digits, if one of them differs, or two are swapped; else empty.

        >>> Number(0.2626, 4).slip_of(0.26159), Number(0.2506, 4).slip_of(0.26159)
        ('0.2616', '')
        """
        found, meant = self.digits, _text(value, self.places, ROUND_HALF_EVEN)
        if self.places < _TELLING or len(found) != len(meant):
            return ""
        wrong = [pair for pair in zip(found, meant, strict=True) if pair[0] != pair[1]]
        swapped = len(wrong) == 2 and wrong[0] == wrong[1][::-1]
        return meant if len(wrong) == 1 or swapped else ""


def numbers(given: str | Sequence[float]) -> tuple[Number, ...]:
    """Read numbers; of a text the digits count, of a computed float the first eight.

    Raises
    ------
    UsageError
        These are no numbers, or none.

    Examples
    --------
    >>> numbers("[0.20, 1e-3]")
    (Number(value=0.2, places=2), Number(value=0.001, places=3))
    >>> numbers([0.485, 1 / 3])
    (Number(value=0.485, places=3), Number(value=0.3333333333333333, places=8))
    """
    if isinstance(given, str):
        words = re.sub(r"[\[\](),;\s]+", " ", given).split()
        found = tuple(map(_number, words))
    else:
        found = tuple(map(_of_float, given))
    if not found:
        raise UsageError(f"no numbers; {_EXAMPLE}")
    return found


def _number(word: str) -> Number:
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"{shown(word)}: is no number; {_EXAMPLE}")
    digits, _, exponent = word.lower().partition("e")
    return Number(value, len(digits.partition(".")[2]) - int(exponent or 0))


def _of_float(value: float) -> Number:
    number = _number(repr(float(value)))
    if number.significant <= _WRITTEN:
        return number
    return Number(number.value, _COMPUTED - 1 - math.floor(math.log10(abs(number.value))))


def _text(value: float, places: int, rounding: str) -> str:
    exact = Decimal(repr(value))  # as it is printed, not the binary fraction behind it
    return f"{exact.quantize(Decimal(1).scaleb(-places), rounding):f}"
