"""Which files are read, and how."""

from dataclasses import dataclass

#: Width × height above which an image is not read; Pillow warns of a "bomb" from here on.
MAX_PIXELS = 89_478_485

#: File name extensions (lower case) that are read, with the format each stands for.
FORMATS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".png": "PNG",
    ".apng": "PNG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".gif": "GIF",
    ".ppm": "PPM",
    ".pgm": "PPM",
    ".pbm": "PPM",
    ".pnm": "PPM",
    ".pfm": "PPM",
    ".avif": "AVIF",
    ".npy": "NPY",
}

#: Orders of the axes in arrays: height, width, channels, or channels first.
LAYOUTS = ("hwc", "chw")


@dataclass(frozen=True, slots=True)
class Reading:
    """How images are read: the part of the settings that a decoder needs.

    Attributes
    ----------
    channels : ``auto`` keeps an image's own; ``gray`` and ``rgb`` convert 8-bit images.
    max_pixels : width × height above which an image is ``too_large``, also once resized.
    resize : pixels that the shorter side is resized to; None leaves the size.
    crop : width and height of the square taken out of the center; None takes all.
    layout : order of the axes in ``.npy`` images, ``hwc`` or ``chw``.
    names : names of the channels in ``.npy`` images, where a record tells them.
    upright : turn by the EXIF orientation, last of all. Statistics do not need it.
    """

    channels: str = "auto"
    max_pixels: int = MAX_PIXELS
    resize: int | None = None
    crop: int | None = None
    layout: str = "hwc"
    names: tuple[str, ...] | None = None
    upright: bool = False
