"""Pixels to the bytes of an image file, without any loss."""

from io import BytesIO
from typing import Any

from numpy.typing import NDArray
from PIL import Image

from normstat.errors import UsageError
from normstat.files import shown

# Type of the pixels, number of channels: what PNG and Pillow both hold exactly.
_EXACT = (("uint8", 1), ("uint8", 3), ("uint16", 1))


def refuse_png(dtype: str, channels: int) -> None:
    """Raise ``UsageError`` for pixels that no PNG file can hold."""
    if (dtype, channels) not in _EXACT:
        raise UsageError(
            f"no PNG file holds {channels} channel{'s' * (channels != 1)} of {shown(dtype)}, only "
            "8-bit gray or RGB, or 16-bit gray; Normalizer.inverse gives the pixels in Python"
        )


def encode_png(pixels: NDArray[Any]) -> bytes:
    r"""The bytes of a PNG file.

    Parameters
    ----------
    pixels : shape (H, W, 1) or (H, W, 3), uint8, or shape (H, W, 1), uint16; stored units.

    Raises
    ------
    UsageError
        Any other pixels.

    Examples
    --------
    >>> import numpy as np
    >>> encode_png(np.zeros((2, 4, 3), np.uint8))[:4]
    b'\x89PNG'
    """
    refuse_png(pixels.dtype.name, pixels.shape[2])
    plane = pixels[:, :, 0] if pixels.shape[2] == 1 else pixels
    file = BytesIO()
    Image.fromarray(plane).save(file, "PNG")
    return file.getvalue()
