"""Files that are read, and options for reading them."""

from dataclasses import dataclass

#: Width × height above which an image is not read; Pillow warns of a "bomb" from here on.
MAX_PIXELS = 89_478_485

#: File name extensions (lower case) that are read, with the format each stands for.
FORMATS = {
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif"), "JPEG"),
    **dict.fromkeys((".png", ".apng"), "PNG"),
    ".webp": "WEBP",
    **dict.fromkeys((".tif", ".tiff"), "TIFF"),
    ".bmp": "BMP",
    ".gif": "GIF",
    **dict.fromkeys((".ppm", ".pgm", ".pbm", ".pnm", ".pfm"), "PPM"),
    ".avif": "AVIF",
    ".npy": "NPY",
    **dict.fromkeys((".dcm", ".dicom"), "DICOM"),
}

#: Orders of the axes in arrays: as a shape of one reading only says; height, width and channels;
#: channels first; a volume of gray frames; and stacks of images.
LAYOUTS = ("auto", "hwc", "chw", "zhw", "nhwc", "nchw")
#: Orders of the axes in the arrays that ``apply`` writes.
ARRAY_LAYOUTS = ("chw", "hwc")
#: Which frames or pages of a file count: the first, each, or all of them as channels of one image.
FRAMES = ("first", "all", "channels")


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Options for reading images: the part of the settings that a decoder needs.

    Attributes
    ----------
    channels : ``auto`` keeps an image's own; ``gray`` and ``rgb`` convert 8-bit images.
    max_pixels : width × height above which an image is ``too_large``, also once resized.
    resize : pixels that the shorter side is resized to; None leaves the size.
    crop : width and height of the square taken out of the center; None takes all.
    layout : order of the axes in ``.npy`` images, one of :data:`LAYOUTS`.
    names : names of the channels, where somebody gives them; None: as the file says.
    max_value : stored value that is 1.0 in unit scale; None: the largest that the format declares.
    frames : which frames or pages of a file count, one of :data:`FRAMES`.
    upright : turn by the EXIF orientation, last of all. Statistics do not need it.
    """

    channels: str = "auto"
    max_pixels: int = MAX_PIXELS
    resize: int | None = None
    crop: int | None = None
    layout: str = "auto"
    names: tuple[str, ...] | None = None
    max_value: int | None = None
    frames: str = "first"
    upright: bool = False
