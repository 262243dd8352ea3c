"""Constants as formats without keys of their own state them."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

#: Key of an object whose numbers are of pixels in a known unit, and nobody's own JSON.
PIXELS = "pixels of"


def stated(
    mean: Any,
    std: Any,
    pixels: Literal["white", "stored", "dtype"],
    scale: float | None = 1,
    order: str | None = "RGB",
) -> Mapping[str, Any]:
    """An object with mean and std, as :mod:`normstat.conventions.stated_constants` reads it.

    Parameters
    ----------
    mean, std : a number or a list of them, as they were written.
    pixels, scale, order : as :class:`normstat.conventions.config.Config` has them.

    Examples
    --------
    >>> stated([0.5], [0.25], "dtype")["mean"]
    [0.5]
    """
    return {"mean": mean, "std": std, PIXELS: pixels, "scale": scale, "order": order}


def inverse(values: Any) -> Any:
    """One over each number, or each of a list; what is none, and 0, stay for the reader to refuse.

    >>> inverse([4, 0, "x"]), inverse(2)
    ([0.25, 0, 'x'], 0.5)
    """
    if isinstance(values, Sequence) and not isinstance(values, str):
        return [inverse(value) for value in values]
    return 1 / values if isinstance(values, (int, float)) and values else values
