"""Numbers with the digits that their standard error supports."""

import math
from collections.abc import Iterable

_DIGITS = 6
# A number that needs more than so many decimals beyond the others keeps them to itself.
_MOST_BEYOND = 3
# Fixed notation of other numbers is mostly zeros.
_FIXED = (1e-9, 1e15)


def supported_digits(
    value: float, error: float | None, decimals: int | None = None
) -> tuple[str, int]:
    """A number, and how many of its characters the standard error supports.

    Up to the place of the error's first digit, as in 0.44 ± 0.02.

    Parameters
    ----------
    value, error : the number and its standard error; None if that is not known.
    decimals : of the list or column that it stands in, see :func:`common_decimals`; it has more
        where it needs them.

    Examples
    --------
    >>> supported_digits(0.444967, 0.0155), supported_digits(0.5, None), supported_digits(0.5, 0.0)
    (('0.444967', 4), ('0.500000', 0), ('0.500000', 8))
    """
    least = common_decimals([value]) if decimals is None else max(decimals, _needed(value))
    if error:
        place = -math.floor(math.log10(error))
        text = f"{value:.{max(least, place)}f}"
        whole = text.index(".") if "." in text else len(text)
        return text, max(0, whole + (place + 1 if place > 0 else place))
    text = f"{value:.{least}f}"
    return text, 0 if error is None else len(text)


def common_decimals(values: Iterable[float]) -> int:
    """Decimals that give each number of a list or column six digits; zeros need none.

    >>> common_decimals([0.47501, 0.31]), common_decimals([0.0115673, 0.009707, 1e-12])
    (6, 8)
    """
    needed = sorted(_needed(value) for value in values if value)
    if not needed:
        return _DIGITS
    return max(number for number in needed if number <= needed[0] + _MOST_BEYOND)


def aligned(values: Iterable[float]) -> tuple[str, ...]:
    """Numbers of a list with one number of decimals, trailing zeros included.

    >>> aligned([0.47501, 0.444968, 1.0]), aligned([1e-12, 0.25])
    (('0.475010', '0.444968', '1.000000'), ('1.00000e-12', '0.250000'))
    """
    listed = tuple(values)
    decimals = common_decimals(value for value in listed if _is_fixed(value))
    return tuple(
        f"{value:.{max(decimals, _needed(value))}f}" if _is_fixed(value) else f"{value:#.6g}"
        for value in listed
    )


def _is_fixed(value: float) -> bool:
    low, high = _FIXED
    return value == 0 or low <= abs(value) < high


def _needed(value: float) -> int:
    """Decimals that give a number six digits after its leading zeros."""
    if not (value and math.isfinite(value)):
        return 0
    magnitude = math.floor(math.log10(abs(value)))
    return max(0, _DIGITS - max(0, magnitude) - min(0, magnitude + 1))
