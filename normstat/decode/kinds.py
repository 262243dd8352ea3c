"""What the pixels of an opened image are, decided from its header.

Pillow converts silently (16-bit RGB to 8 bits, signed bytes to unsigned), so its mode alone is
not enough: the raw mode of the tile, TIFF tags and AVIF's configuration count too.
"""

from collections.abc import Mapping
from typing import Any

from PIL import Image, TiffImagePlugin

from normstat.errors import UnreadableImage
from normstat.images import FLOAT, GRAY8, GRAY16, INT32, RGB8, Code, Kind

_OF_MODE = {
    **dict.fromkeys(("1", "L", "LA", "La"), GRAY8),
    **dict.fromkeys(("RGB", "RGBA", "RGBa", "RGBX", "P", "PA", "CMYK", "YCbCr"), RGB8),
    **dict.fromkeys(("I;16", "I;16B", "I;16L", "I;16N"), GRAY16),
    "I": INT32,
    "F": FLOAT,
}
_BITS_PER_SAMPLE = 258
_PHOTOMETRIC = 262
_WHITE_IS_ZERO = 0
_SAMPLES_PER_PIXEL = 277
_SAMPLE_FORMAT = 339
_UNSIGNED, _SIGNED = 1, 2


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
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return _of_tiff(kind, image.tag_v2)
    if kind.bins == 256 and _drops_bits(image, data):
        raise UnreadableImage(Code.BIT_DEPTH_LOST, f"more than 8 bits in {image.mode}")
    return kind


def _of_tiff(kind: Kind, tags: Mapping[int, Any]) -> Kind:
    bits = max(tags.get(_BITS_PER_SAMPLE, (1,)))
    sample_format = max(tags.get(_SAMPLE_FORMAT, (_UNSIGNED,)))
    samples = tags.get(_SAMPLES_PER_PIXEL, 1)
    if samples > 4:
        raise UnreadableImage(Code.UNSUPPORTED_PIXELS, f"TIFF with {samples} bands")
    if (bits, sample_format) in ((8, _SIGNED), (32, _UNSIGNED)):
        sign = "signed" if sample_format == _SIGNED else "unsigned"
        raise UnreadableImage(Code.UNSUPPORTED_PIXELS, f"TIFF with {bits} bits, {sign}")
    if bits == 16 and tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
        # Pillow inverts such images of 8 bits, and not those of 16.
        raise UnreadableImage(Code.UNSUPPORTED_PIXELS, "TIFF with 16 bits, white is zero")
    if kind.bins == 256 and bits > 8:
        raise UnreadableImage(Code.BIT_DEPTH_LOST, f"TIFF with {samples} × {bits} bits")
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
