"""Convert Pillow images to the bands that are counted."""

from PIL import Image

from normstat.images import RGB8, Kind


def plain(image: Image.Image, kind: Kind) -> Image.Image:
    """Palettes, CMYK and the like as RGB, everything gray as L; alpha beside RGB may stay.

    >>> plain(Image.new("LA", (1, 1), (7, 9)), Kind("uint8", ("gray",))).getpixel((0, 0))
    7
    """
    if kind.bins != RGB8.bins:
        return image
    if len(kind.channels) > 1:
        return image if image.mode in ("RGB", "RGBA", "RGBX") else image.convert("RGB")
    if image.mode in (
        "LA",
        "La",
    ):  # the values as they are stored, whatever alpha would make of them
        return image.getchannel(0)
    return image if image.mode == "L" else image.convert("L")
