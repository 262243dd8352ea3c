"""One channel of an image through one affine map, block by block: the loops that take the time."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normstat.errors import OutOfRange

_BLOCK = 1 << 16  # values at a time, so that a block stays in the processor's cache
_STEPS = 256  # x minus a multiple of 1/256 is exact in float32 for 16 bits, and for 8


@dataclass(frozen=True, slots=True)
class Line:
    """``y = (x / scale - center) / width`` of one channel, then limited, for stored pixels x.

    The center and the width, which is above 0, are in unit scale; the limits are those of y.
    """

    center: float
    width: float
    scale: float
    limits: tuple[float, float] | None = None

    def suits_float32(self) -> bool:
        """True if :func:`write_counted` keeps its promise: nothing rounds too early or overflows.

        >>> Line(0.5, 0.2, 255).suits_float32(), Line(-700.0, 0.2, 255).suits_float32()
        (True, False)
        """
        return 0 <= self.center <= 1 and 1e-30 < self.width * self.scale < 1e30


def is_counted(pixels: NDArray[Any]) -> bool:
    """True for pixels of 8 or 16 bits, without a sign."""
    return pixels.dtype.kind == "u" and pixels.dtype.itemsize <= 2


def write_counted(plane: NDArray[Any], out: NDArray[Any], line: Line) -> None:
    """Normalize 8- or 16-bit pixels (H, W) to float32, along a line that suits it.

    The pixel minus the multiple of 1/256 next to the mean is exact in float32. What is left is
    then of the order of the result, so the relative error is at most 6 · 2**-24 however small the
    std is against the mean; ``a * x + b`` would lose as many digits as a * x and b have in common.
    """
    start = float(np.rint(line.center * line.scale * _STEPS)) / _STEPS
    # start / scale rounds as a minimum in unit scale did: a minimum gives exactly 0.
    rest = np.float32((start / line.scale - line.center) / line.width)
    width = np.float32(line.width * line.scale)
    for place, values in _blocks(plane, np.dtype(np.float32)):
        np.subtract(plane[place], np.float32(start), out=values, dtype=np.float32)
        np.divide(values, width, out=values)
        np.add(values, rest, out=values)
        if line.limits:
            np.clip(values, *line.limits, out=values)
        out[place] = values


def write_exact(plane: NDArray[Any], out: NDArray[Any], line: Line) -> None:
    """Normalize any real pixels (H, W) in float64, rounded once to the dtype of the result.

    OutOfRange where a pixel is not finite, or its result would not be; out is then partly written.
    """
    for place, values in _blocks(plane, np.dtype(np.float64)):
        values[...] = plane[place]
        with np.errstate(over="ignore", invalid="ignore"):
            if line.scale != 1:
                np.divide(values, line.scale, out=values)
            np.subtract(values, line.center, out=values)
            np.divide(values, line.width, out=values)
        if line.limits:
            np.clip(values, *line.limits, out=values)
        store(values, out[place])


def store(values: NDArray[np.float64], out: NDArray[Any]) -> None:
    """Round to the dtype of the result, or raise OutOfRange if it cannot hold the values."""
    if not values.size:
        return
    largest = max(float(values.max()), -float(values.min()))
    limit = float(np.finfo(out.dtype).max)
    if not largest <= limit:
        raise OutOfRange(
            "NaN, infinity, or pixels too large to normalize"
            if not np.isfinite(largest)
            else f"a normalized value of {largest:.6g} is beyond {out.dtype.name} "
            f"(largest {limit:.6g}); choose another dtype, or a method with a smaller range"
        )
    out[...] = values


def sums(plane: NDArray[Any]) -> tuple[int, int]:
    """Σx and Σx² of 8- or 16-bit pixels, exact: those of a block are below 2**53.

    >>> sums(np.array([[1, 65535]], dtype=np.uint16))
    (65536, 4294836226)
    """
    total, squares = 0, 0
    for place, values in _blocks(plane, np.dtype(np.float64)):
        values[...] = plane[place]
        flat = values.reshape(-1)
        total += int(flat.sum())
        squares += int(flat.dot(flat))
    return total, squares


def _blocks(
    plane: NDArray[Any], dtype: np.dtype[Any]
) -> Iterator[tuple[tuple[slice, slice], NDArray[Any]]]:
    """Places of a plane, each time with the same room for as many values.

    Whole rows where some fit into a block, parts of one row where none does.
    """
    height, width = plane.shape
    columns = max(1, min(width, _BLOCK))
    rows = max(1, min(height, _BLOCK // columns))
    room = np.empty((rows, columns), dtype)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        for left in range(0, width, columns):
            right = min(left + columns, width)
            yield (slice(top, bottom), slice(left, right)), room[: bottom - top, : right - left]
