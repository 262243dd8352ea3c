"""Numbers with the digits that their standard error supports."""

import math

_DECIMALS = 6


def supported_digits(value: float, error: float | None) -> tuple[str, int]:
    """A number, and how many of its characters the standard error supports.

    Up to the place of the error's first digit, as in 0.44 ± 0.02.

    >>> supported_digits(0.444967, 0.0155), supported_digits(0.5, None), supported_digits(0.5, 0.0)
    (('0.444967', 4), ('0.500000', 0), ('0.500000', 8))
    """
    magnitude = math.floor(math.log10(abs(value))) if value else 0
    decimals = max(0, _DECIMALS - max(0, magnitude) - min(0, magnitude + 1))
    if error:
        place = -math.floor(math.log10(error))
        decimals = max(decimals, place)
        text = f"{value:.{decimals}f}"
        whole = text.index(".") if "." in text else len(text)
        return text, max(0, whole + (place + 1 if place > 0 else place))
    text = f"{value:.{decimals}f}"
    return text, 0 if error is None else len(text)
