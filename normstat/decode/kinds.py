"""Kinds of pixels, decided from the header of an opened image and the options of a run.

Pillow converts silently (16-bit RGB to 8 bits, signed bytes to unsigned), so its mode alone is
not enough: the raw mode of the tile and AVIF's configuration count too.
"""

from dataclasses import replace
from functools import lru_cache

from PIL import Image

from normstat.decode import avif
from normstat.decode.refusals import unsupported
from normstat.errors import UnreadableImage
from normstat.images import FLOAT, GRAY8, GRAY16, INT32, RGB8, Code, Kind, ReadOptions

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
        raise unsupported(f"pixels are {image.mode}")
    if image.format == avif.FORMAT and avif.bits(data) > _EIGHT:
        return avif.deep_kind(data, image.mode)
    if kind.bins == RGB8.bins and _drops_bits(image):
        raise UnreadableImage(Code.BIT_DEPTH_LOST, f"more than 8 bits in {image.mode}")
    return kind


def _drops_bits(image: Image.Image) -> bool:
    for tile in image.tile if hasattr(image, "tile") else ():
        rawmode = tile.args if isinstance(tile.args, str) else (*tile.args, "")[0]
        if ";16" in str(rawmode):
            return True
    return False


def kind_asked(kind: Kind, reading: ReadOptions) -> Kind:
    """The kind, with the names and the largest value that `reading` gives.

    Raises
    ------
    UnreadableImage
        ``unsupported_pixels`` if there are not as many channels as names.

    Examples
    --------
    >>> str(kind_asked(Kind("uint16", ("gray",)), ReadOptions(names=("VV",), max_value=4095)))
    'uint16 (up to 4095) VV'
    """
    if reading.names is None and reading.max_value is None:
        return kind
    return _asked(kind, reading.names, reading.max_value)


@lru_cache(maxsize=64)  # a run folds images of the very same kind faster
def _asked(kind: Kind, names: tuple[str, ...] | None, max_value: int | None) -> Kind:
    if names and len(names) != len(kind.channels):
        raise unsupported(
            f"{len(kind.channels)} channels, and --channel-names has {len(names)}",
        )
    return replace(kind, channels=names or kind.channels, scale=max_value or kind.scale)


def plain(image: Image.Image, kind: Kind) -> Image.Image:
    """Palettes, CMYK and the like as RGB, everything gray as L; alpha beside RGB may stay.

    >>> plain(Image.new("LA", (1, 1), (7, 9)), Kind("uint8", ("gray",))).getpixel((0, 0))
    7
    """
    if kind.bins != RGB8.bins:
        return image
    if len(kind.channels) > 1:
        return image if image.mode in ("RGB", "RGBA", "RGBX") else image.convert("RGB")
    if image.mode in ("LA", "La"):  # the values as they are, whatever alpha would make of them
        return image.getchannel(0)
    return image if image.mode == "L" else image.convert("L")
