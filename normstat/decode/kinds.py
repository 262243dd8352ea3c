"""What the pixels of an opened image are, decided from its header.

Pillow converts silently (16-bit RGB to 8 bits, signed bytes to unsigned), so its mode alone is
not enough: the raw mode of the tile and AVIF's configuration count too.
"""

from PIL import Image

from normstat.errors import UnreadableImage
from normstat.images import FLOAT, GRAY8, GRAY16, INT32, RGB8, Code, Kind

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
    if kind.bins == 256 and _drops_bits(image, data):
        raise UnreadableImage(Code.BIT_DEPTH_LOST, f"more than 8 bits in {image.mode}")
    return kind


def _drops_bits(image: Image.Image, data: bytes) -> bool:
    if image.format == "AVIF":
        # av1C: marker and version, profile and level, then tier and two flags for 10 and 12 bits.
        configuration = data.find(b"av1C")
        return configuration >= 0 and bool(data[configuration + 6] & 0x60)
    for tile in image.tile if hasattr(image, "tile") else ():
        rawmode = tile.args if isinstance(tile.args, str) else (*tile.args, "")[0]
        if ";16" in str(rawmode):
            return True
    return False
