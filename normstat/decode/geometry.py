"""Geometry of an image: `resize`, `crop` and EXIF's orientation, in this order.

Resizing is Pillow's: antialiased bilinear, rounded to the pixels' own type after each of its two
passes. It and the crop act on the image as it is stored, turning comes last.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from normstat.decode.refusals import UNPARSABLE, unsupported
from normstat.errors import UnreadableImage
from normstat.images import Code, ReadOptions

_BILINEAR = Image.Resampling.BILINEAR
_WORKING = {"float16": np.float32, "int8": np.int32, "int16": np.int32}
_ORIENTATION = 0x0112
# Where Pillow looks for an orientation: EXIF itself, EXIF as text in old PNG files, and XMP.
_SOURCES = {"exif", "Raw profile type exif", "xmp", "XML:com.adobe.xmp"}
#: EXIF orientation → what shows a picture upright.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_BACK = _TURNS | {6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
#: The only orientations that exchange width and height.
_SIDEWAYS = (5, 6, 7, 8)


def orientation(image: Image.Image) -> int:
    """The EXIF orientation of an image: 2 to 8 where it is to be turned, else 1."""
    if _SOURCES.isdisjoint(image.info):
        return 1
    try:
        return turn(image)
    except UNPARSABLE:
        return 1  # EXIF data that cannot be parsed turn no picture


def turn(image: Image.Image) -> int:
    """Orientation by which Pillow turns a TIFF while loading: its tag, else XMP; 1 for none."""
    found = image.getexif().get(_ORIENTATION)
    return int(found) if found in _TURNS else 1


def turned_back(image: Image.Image, orientation: int) -> Image.Image:
    """An image as it is stored, where Pillow has turned it while loading: it does so with TIFF."""
    return image.transpose(_BACK[orientation]) if orientation in _BACK else image


def size_after(
    width: int, height: int, reading: ReadOptions, orientation: int = 1
) -> tuple[int, int]:
    """Width and height of the result, from those of the image as it is stored.

    Raises
    ------
    UnreadableImage
        ``unsupported_pixels`` if the image is smaller than the crop, ``too_large`` if it would be
        above ``max_pixels`` once resized.

    Examples
    --------
    >>> size_after(640, 480, ReadOptions(resize=256)), size_after(640, 480, ReadOptions(crop=224))
    ((341, 256), (224, 224))
    """
    (width, height), box = _steps(width, height, reading)
    if box:
        width, height = box[2] - box[0], box[3] - box[1]
    turned = reading.upright and orientation in _SIDEWAYS
    return (height, width) if turned else (width, height)


def refuse_resizing(dtype: str, width: int, height: int, reading: ReadOptions) -> None:
    """Raise if pixels of a dtype would have to be resized that Pillow does not have: float64.

    Raises
    ------
    UnreadableImage
        ``unsupported_pixels``, or as :func:`size_after`.
    """
    size, _ = _steps(width, height, reading)
    if dtype == "float64" and size != (width, height):
        raise unsupported(
            "float64 pixels cannot be resized: save them as float32 or int32",
        )


def shaped(image: Image.Image, reading: ReadOptions, orientation: int = 1) -> Image.Image:
    """The image resized, cropped and turned, as asked for; errors as of :func:`size_after`."""
    size, box = _steps(*image.size, reading)
    if size != image.size:
        image = _resizable(image).resize(size, _BILINEAR)
    if box:
        image = image.crop(box)
    if reading.upright and orientation in _TURNS:
        image = image.transpose(_TURNS[orientation])
    return image


def shaped_array(array: NDArray[Any], reading: ReadOptions, orientation: int = 1) -> NDArray[Any]:
    """Like :func:`shaped` for an array, plane by plane; also errors of :func:`refuse_resizing`.

    Parameters
    ----------
    array : shape (H, W, C), stored units, any of :data:`normstat.images.DTYPES`; narrow ones
        that Pillow has no mode for are resized as wider ones.
    """
    height, width, _ = array.shape
    refuse_resizing(array.dtype.name, width, height, reading)
    size, box = _steps(width, height, reading)
    if size != (width, height):
        array = _resized_planes(array, size)
    if box:
        left, top, right, bottom = box
        array = array[top:bottom, left:right]
    if reading.upright and orientation in _TURNS:
        array = np.ascontiguousarray(_turned_array(array, orientation))
    return array


def _turned_array(array: NDArray[Any], orientation: int) -> NDArray[Any]:
    if orientation in _SIDEWAYS:
        array = array.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    return array


def _resized_planes(array: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    working = _WORKING.get(array.dtype.name, array.dtype)
    planes = (
        Image.fromarray(np.ascontiguousarray(plane, working)) for plane in np.moveaxis(array, 2, 0)
    )
    resized = [np.asarray(plane.resize(size, _BILINEAR)) for plane in planes]
    return np.stack(resized, axis=2).astype(array.dtype, copy=False)


def _steps(
    width: int, height: int, reading: ReadOptions
) -> tuple[tuple[int, int], tuple[int, int, int, int] | None]:
    """Width and height after resizing; left, top, right and bottom of the crop after that."""
    size = _resized_size(width, height, reading)
    if not reading.crop:
        return size, None
    if min(size) < reading.crop:
        raise unsupported(
            f"{width} × {height} pixels: smaller than --crop {reading.crop}",
        )
    left, top = (size[0] - reading.crop) // 2, (size[1] - reading.crop) // 2
    return size, (left, top, left + reading.crop, top + reading.crop)


def _resized_size(width: int, height: int, reading: ReadOptions) -> tuple[int, int]:
    if not reading.resize:
        return width, height
    short = reading.resize
    long = max(1, round(max(width, height) * short / min(width, height)))
    if short * long > reading.max_pixels:
        raise UnreadableImage(
            Code.TOO_LARGE,
            f"{width} × {height} pixels, {short} × {long} once resized; "
            f"the limit is {reading.max_pixels}",
        )
    return (short, long) if width <= height else (long, short)


def _resizable(image: Image.Image) -> Image.Image:
    """Pillow weighs colors by their alpha when it resizes, and misreads big-endian 16 bits."""
    if image.mode in ("RGBA", "RGBX"):
        return image.convert("RGB")
    if image.mode.startswith("I;16"):
        return Image.fromarray(np.asarray(image).astype(np.uint16))
    return image
