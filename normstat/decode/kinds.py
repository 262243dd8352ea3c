"""Kinds of pixels, decided from the header of an opened image.

Pillow converts silently (16-bit RGB to 8 bits, signed bytes to unsigned), so its mode alone is
not enough: the raw mode of the tile and AVIF's configuration count too.
"""

from PIL import Image

from normstat.decode import avif
from normstat.errors import UnreadableImage
from normstat.images import FLOAT, GRAY8, GRAY16, INT32, RGB8, Code, Kind

_EIGHT = 8
_OF_MODE = {
    **dict.fromkeys(("1", "L", "LA", "La"), GRAY8),
    **dict.fromkeys(("RGB", "RGBA", "RGBa", "RGBX", "P", "PA", "CMYK", "YCbCr"), RGB8),
    **dict.fromkeys(("I;16", "I;16B", "I;16L", "I;16N"), GRAY16),
    "I": INT32,
    "F": FLOAT,
}


def kind_of(image: Image.Image, data: bytes) -> Kind:
    """The kind of an image that is open and not yet loaded.

    Raises
    ------
    UnreadableImage
        ``bit_depth_lost`` where Pillow would drop bits, ``unsupported_pixels`` where it would
        misread or leave out channels.
    """
    kind = _OF_MODE.get(image.mode)
    if kind is None:
        raise UnreadableImage(Code.UNSUPPORTED_PIXELS, f"pixels are {image.mode}")
    if image.format == avif.FORMAT and avif.bits(data) > _EIGHT:
        return avif.deep_kind(data, image.mode)
    if kind.bins == 256 and _drops_bits(image):
        raise UnreadableImage(Code.BIT_DEPTH_LOST, f"more than 8 bits in {image.mode}")
    return kind


def _drops_bits(image: Image.Image) -> bool:
    for tile in image.tile if hasattr(image, "tile") else ():
        rawmode = tile.args if isinstance(tile.args, str) else (*tile.args, "")[0]
        if ";16" in str(rawmode):
            return True
    return False
