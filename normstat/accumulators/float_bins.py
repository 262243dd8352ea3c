"""Bins of values by their leading 16 bits as float32: as wide as the values are large."""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

_Float = NDArray[np.float64]
_Counts = NDArray[np.int64]
BINS = 1 << 16
# The bin of 0, and bins from there to those of infinity and NaN.
_ZERO, _FINITE = 1 << 15, 0x7F80
#: float32 ends below.
BEYOND = 2.0**128
#: Error of the middle of a bin: relative to a value in it, and absolute below 2**-126.
ERROR, LEAST = 2.0**-8, 2.0**-133
# Bits of a double that float32 has a place for.
_KEPT = np.uint64((1 << 64) - (1 << 29))
# Values whose bits are taken at once: their doubles fit into a core's own cache.
_BLOCK = 3 << 14


def leading_bits(pixels: NDArray[Any], out: NDArray[np.uint16]) -> None:
    """Sign, exponent and seven bits of the mantissa as float32, cut off and not rounded.

    Parameters
    ----------
    pixels : shape (N, C), any real dtype.
    out : shape (C, N), uint16, to be written to.

    Examples
    --------
    >>> out = np.empty((2, 1), np.uint16)
    >>> leading_bits(np.array([[1.0, -2.9999999999]]), out)
    >>> [f"{bits:016b}" for bits in out.ravel()]
    ['0011111110000000', '1100000000111111']
    """
    step = max(1, _BLOCK // pixels.shape[1])
    for start in range(0, len(pixels), step):
        columns = pixels[start : start + step].T
        if np.can_cast(columns.dtype, np.float32):
            single = np.ascontiguousarray(columns, np.float32)
        else:
            bits = np.ascontiguousarray(columns, np.float64).view(np.uint64) & _KEPT
            with np.errstate(over="ignore"):
                single = bits.view(np.float64).astype(np.float32)
        np.right_shift(single.view(np.uint32), 16, out[:, start : start + step], casting="unsafe")


def ordered(counts: _Counts) -> _Counts:
    """Counts by leading bits in the order of the values, finite ones, and of zeros one bin."""
    ordered = np.concatenate([counts[:, : _ZERO - 1 : -1], counts[:, :_ZERO]], axis=1)
    for outer, inner in (
        (_ZERO - 1, _ZERO),
        (_ZERO + _FINITE, _ZERO + _FINITE - 1),
        (_ZERO - 1 - _FINITE, _ZERO - _FINITE),
    ):
        ordered[:, inner] += ordered[:, outer]
        ordered[:, outer] = 0
    return ordered


@cache
def levels() -> _Float:
    """The middle of each bin, in order: shape (65536,), float64, not to be written to."""
    ends = (np.arange(_FINITE, dtype=np.uint32) << np.uint32(16)).view(np.float32)
    edges = np.append(ends.astype(np.float64), BEYOND)
    middles = (edges[:-1] + edges[1:]) / 2
    middles[0] = 0.0
    above = np.append(middles, np.full(_ZERO - _FINITE, middles[-1]))
    return np.concatenate([-above[::-1], above]) + 0.0
