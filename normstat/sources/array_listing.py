"""Arrays by their headers: stacks of images, single images, and what cannot be read."""

import math
from dataclasses import replace
from typing import NamedTuple

from normstat.errors import UnreadableImage, option
from normstat.files import shown
from normstat.images import Code, path_bytes
from normstat.images.npy_header import NpyHeader, axes_of, is_told_by, refuse_dtype, refuse_size
from normstat.sources.catalog import Located
from normstat.sources.numbered import Stack
from normstat.sources.options import SourceOptions
from normstat.sources.signatures import LFS_POINTER
from normstat.sources.stacked_images import StackedImages
from normstat.sources.stacks import ListedArrays

_STACKS = ("nhwc", "nchw")
# Axes of a stack of gray images, and of one of images with channels; and of images that are rows.
_GRAY, _CHANNELS, _FLAT = 3, 4, 2
# Sides of an image are seldom so far from each other.
_LONG = 4


def is_stack(shape: tuple[int, ...], layout: str) -> bool:
    """True if an array of this shape is many images.

    One of three axes that may be a single image, by the rules for images, is one.

    >>> [is_stack(shape, "auto") for shape in ((9, 8, 8, 3), (9, 8, 8), (9, 8, 3), (9, 8))]
    [True, True, False, False]
    >>> is_stack((9, 8, 3), "nhwc"), is_stack((9, 8, 8), "hwc")
    (True, False)
    """
    if len(shape) != _GRAY:
        return len(shape) == _CHANNELS
    return layout in _STACKS or (layout == "auto" and not is_told_by(shape))


def no_array(begins: bytes) -> UnreadableImage:
    """The reason why a file is no array, from how it begins.

    >>> no_array(b"<html>").detail
    "begins with b'<html>': no .npy file"
    """
    if not begins:
        return UnreadableImage(Code.EMPTY, "zero bytes")
    if begins.startswith(LFS_POINTER):
        return UnreadableImage(Code.LFS_POINTER, "a pointer of Git LFS, not the array itself")
    return UnreadableImage(Code.NOT_AN_IMAGE, f"begins with {begins[:16]!r}: no .npy file")


class FoundArray(NamedTuple):
    """An array in a file.

    Attributes
    ----------
    path : below DATA.
    header : its shape, dtype and order, and the byte at which its values begin.
    file : holds it, its values not told yet.
    available : bytes of values that are there.
    version : of the file.
    """

    path: str
    header: NpyHeader
    file: StackedImages
    available: int
    version: bytes = b""


def add_array(
    listed: ListedArrays, found: FoundArray, options: SourceOptions, many: bool | None = None
) -> None:
    """List the images in an array.

    Parameters
    ----------
    many : True if its first axis counts images; None: as :func:`is_stack` says.

    Raises
    ------
    UnreadableImage
        It is no array of images, or is damaged from its start.
    """
    path, header, file, available, version = found
    shape, dtype = header.shape, header.dtype
    if many is None:
        many = is_stack(shape, options.layout)
    refuse_dtype(dtype)
    refuse_size(shape)
    one = shape[1:] if many else shape
    images = shape[0] if many else 1
    refuse_one(one, options)
    size = math.prod(one) * dtype.itemsize
    whole, over = divmod(available, size)
    if whole > images or (whole == images and over):
        raise UnreadableImage(Code.CORRUPT, "more bytes than its shape says")
    stored = replace(
        file,
        start=header.start,
        stride=size,
        dtype=dtype.str,
        shape=one,
        images=whole,
        checked=file.checked if whole == images else None,
    )
    if header.fortran and whole < images:
        raise UnreadableImage(
            Code.TRUNCATED, f"{available} bytes; its shape {shape} needs {images * size}"
        )
    if header.fortran and not many:
        stored = replace(stored, shape=one[::-1], axes=tuple(range(len(one)))[::-1])
    elif header.fortran and file.stream is not None:
        raise UnreadableImage(
            Code.UNSUPPORTED_PIXELS,
            "compressed with its first axis varying fastest: save np.ascontiguousarray of it",
        )
    elif header.fortran:
        stored = replace(stored, columns=images)
    if many:
        listed.stacks[path] = Stack(stored, whole, size, version, images - whole)
        listed.remarks.append(
            f"{shown(path)}: a stack of {images:,} image{'s' * (images != 1)}, shape {one} of "
            f"{dtype.name} each"
        )
        return
    if not whole:
        raise UnreadableImage(Code.TRUNCATED, f"{available} bytes; its shape {shape} needs {size}")
    remark_single(listed, path, shape, options.layout)
    listed.singles[path] = Located(stored, 0, size, version and version + b" %s" % path_bytes(path))


def remark_single(listed: ListedArrays, path: str, shape: tuple[int, ...], layout: str) -> None:
    """Say of an array that it is one image, where it might have been many.

    >>> from normstat.errors import Message
    >>> listed = ListedArrays()
    >>> for shape in ((32, 30, 3), (60000, 784), (28, 28)):
    ...     remark_single(listed, "x.npy", shape, "auto")
    >>> for remark in listed.remarks:
    ...     print(Message(remark))
    x.npy: shape (32, 30, 3) is one image; layout="nhwc" takes it for a stack of 32 gray ones
    x.npy: shape (60000, 784) is one gray image; if rows are images, reshape it to (60000, H, W)
    """
    if layout != "auto":
        return
    if len(shape) == _GRAY:
        listed.remarks.append(
            f"{shown(path)}: shape {shape} is one image; {option('layout', 'nhwc')} takes it for a "
            f"stack of {shape[0]} gray ones"
        )
    elif len(shape) == _FLAT and max(shape) > _LONG * min(shape):
        listed.remarks.append(
            f"{shown(path)}: shape {shape} is one gray image; if rows are images, reshape it to "
            f"({shape[0]}, H, W)"
        )


def refuse_one(shape: tuple[int, ...], options: SourceOptions) -> None:
    """Refuse a shape that is not one of an image, or of one that is too large.

    >>> try:
    ...     refuse_one((5, 4), SourceOptions(max_pixels=19))
    ... except UnreadableImage as error:
    ...     print(error.detail)
    4 × 5 pixels; the limit is 19
    """
    layout = options.layout
    axes = axes_of(shape, layout[1:] if layout in _STACKS else layout)
    height, width = shape[axes[1]], shape[axes[2]]
    if width * height > options.max_pixels:
        detail = f"{width} × {height} pixels; the limit is {options.max_pixels}"
        raise UnreadableImage(Code.TOO_LARGE, detail)
