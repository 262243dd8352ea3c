"""Samples of a TIFF page to the channels that count."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from normstat.decode.tiff import terms
from normstat.decode.tiff.pages import Page


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
