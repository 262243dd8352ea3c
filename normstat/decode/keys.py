"""The key of an image: 16 bytes, equal for images with equal pixels, however they are held."""

import hashlib
import sys
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normstat.images import INT32, Kind

#: Rows and columns of the sample of pixels in a key of 8 bits.
SAMPLE = 16


@lru_cache(maxsize=64)
def nearest(height: int, width: int, channels: int) -> NDArray[np.intp]:
    """Positions in a row of pixels that a nearest-neighbor resize to 16 × 16 takes."""
    steps = 2 * np.arange(SAMPLE) + 1
    rows, columns = steps * height // (2 * SAMPLE), steps * width // (2 * SAMPLE)
    positions = (rows[:, np.newaxis] * width + columns).reshape(-1, 1) * channels
    return (positions + np.arange(channels)).reshape(-1)


def key_of_array(kind: Kind, array: NDArray[Any], counts: NDArray[np.int64] | None) -> bytes:
    """The key that a :class:`DecodedImage` with these pixels has.

    Parameters
    ----------
    array : shape (H, W, C), the kind's dtype.
    counts : shape (C, 256), for 8 bits only.
    """
    if kind.least:  # equal values of 32 bits have an equal key
        kind, array = replace(kind, dtype=INT32.dtype), array.astype(INT32.dtype)
    height, width, channels = array.shape
    head = f"{kind.dtype} {channels} {width} {height} ".encode()
    if counts is None:
        return hash_of(head, little_endian(array))
    sample = array.reshape(-1).take(nearest(height, width, channels))
    return hash_of(head, little_endian(counts), sample.tobytes())


def hash_of(*parts: bytes) -> bytes:
    """BLAKE2b-128 of the parts as one."""
    return hashlib.blake2b(b"".join(parts), digest_size=16).digest()


def little_endian(array: NDArray[Any]) -> bytes:
    """The bytes of an array, the same on every machine."""
    if sys.byteorder == "little" and array.dtype.isnative:
        return array.tobytes()
    return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
