"""Samples of a TIFF page to the channels that count, and of the images that lie behind it."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from normstat.decode.tiff import terms
from normstat.decode.tiff.pages import Page
from normstat.errors import UnreadableImage
from normstat.images import Code

_TYPES = {terms.UNSIGNED: "u", terms.SIGNED: "i", terms.FLOAT: "f"}
_WHOLE_BYTES = (8, 16, 32, 64)


def stack_refusal(page: Page) -> str:
    """Reason why the images behind a page are not read; empty if they are."""
    if page.bits[0] not in _WHOLE_BYTES or page.form not in _TYPES:
        return "a stack of values that fill no bytes"
    return "" if page.fill_order == 1 else "a stack with the bits of each byte reversed"


def stack_of(data: bytes, page: Page) -> NDArray[Any]:
    """All images behind a page, uncompressed: shape (planes, H, W, samples), stored units.

    ``truncated`` if the file ends before the last of them.
    """
    dtype = np.dtype(f"{page.order}{_TYPES[page.form]}{page.bits[0] // 8}")
    size = (page.height, page.width)
    shape = (
        (page.planes, page.samples, *size) if page.is_planar else (page.planes, *size, page.samples)
    )
    start = page.segments[0][0]
    if start + math.prod(shape) * dtype.itemsize > len(data):
        raise UnreadableImage(Code.TRUNCATED, f"ends before the last of {page.planes} images")
    array = np.frombuffer(data, dtype, math.prod(shape), start).reshape(shape)
    return array.transpose(0, 2, 3, 1) if page.is_planar else array


def colored(array: NDArray[Any], page: Page) -> NDArray[Any]:
    """The channels of an image: alpha left out, white at the top, palettes and CMYK as RGB.

    Parameters
    ----------
    array : shape (H, W, samples), as stored.
    """
    if array.dtype == np.bool_:
        array = array.view(np.uint8)
    if page.has_alpha:
        array = array[..., list(page.bands)]
    if page.photometric == terms.WHITE_IS_ZERO:
        array = array.dtype.type((1 << page.bits[0]) - 1) - array
    if page.photometric == terms.PALETTE:
        colors: NDArray[Any] = page.palette()[array[..., 0]]
        return colors
    if page.photometric == terms.CMYK:
        return np.asarray(Image.fromarray(np.ascontiguousarray(array), "CMYK").convert("RGB"))
    return array * array.dtype.type(page.stretch) if page.stretch > 1 else array
