"""The way back: from normalized values to stored pixels."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normstat.errors import UsageError
from normstat.methods.maps import Coefficients


def from_maps(
    values: NDArray[np.float64], maps: Coefficients | Sequence[Coefficients] | None
) -> NDArray[np.float64]:
    """Stored pixels of an image (H, W, C), or of several, from each one's own a and b."""
    each = [maps] if isinstance(maps, Coefficients) else list(maps or ())
    if not each:
        raise UsageError("each image was normalized by numbers of its own; give them as maps")
    if len(each) > 1 and (values.ndim != 4 or len(each) != len(values)):
        raise UsageError(f"{len(each)} maps for an array of shape {values.shape}")
    lengths = {len(numbers) for one in each for numbers in (one.a, one.b)}
    if len(lengths) > 1 or not lengths <= {1, values.shape[-1]}:
        raise UsageError(
            f"maps with {', '.join(map(str, sorted(lengths)))} numbers for an array of shape "
            f"{values.shape}; should be one for each channel"
        )
    shape = (-1, 1, 1, len(each[0].a))
    a = np.array([one.a for one in each]).reshape(shape)
    b = np.array([one.b for one in each]).reshape(shape)
    pixels: NDArray[np.float64] = (values - b) / a
    return pixels.reshape(values.shape)


def stored_as(
    pixels: NDArray[np.float64], dtype: np.dtype[Any], error: float = 0.0
) -> NDArray[Any]:
    """Pixels as they are stored: integers are rounded, and refused outside the dtype.

    Those that are outside by no more than the `error` of the way there were the dtype's ends.

    >>> stored_as(np.array([2.6, -0.4]), np.dtype("uint8"))
    array([3, 0], dtype=uint8)
    >>> stored_as(np.array([256.2, -1.0]), np.dtype("uint8"), error=1.5)
    array([255,   0], dtype=uint8)
    """
    if dtype.kind == "f":
        return pixels.astype(dtype)
    limits = np.iinfo(dtype)
    low, high = limits.min - error - 0.5, limits.max + error + 0.5
    if pixels.size and not (low <= pixels.min() and pixels.max() <= high):
        raise UsageError(
            f"pixels from {pixels.min():.6g} to {pixels.max():.6g} are no {dtype.name}: "
            "this array was not made by this normalizer"
        )
    return np.clip(np.rint(pixels), limits.min, limits.max).astype(dtype)
