"""Headers of ``.npy`` files, and the axes of images in the shapes that they tell.

The format is NumPy's own (NEP 1). Nothing in a file is ever unpickled.
"""

from io import BytesIO
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.lib import format as npy

from normstat.errors import UnreadableImage
from normstat.images.pixels import DTYPES
from normstat.images.unreadable import Code

#: Name of the format in the statistics.
FORMAT = "NPY"
#: Axes of frames, height, width and channels in a shape; None: there is none.
Axes: TypeAlias = tuple[int | None, int, int, int | None]

#: As many bytes of a file as :func:`parsed_header` needs at most.
LONGEST_HEADER = 10_000
#: Dtype of an array → the one that its pixels are kept as.
KEPT_AS = {
    **{dtype: dtype for dtype in DTYPES},
    "bool": "uint8",
    "uint32": "float64",
    "int64": "float64",
    "uint64": "float64",
}
_MAGIC = b"\x93NUMPY"
#: As many bytes of a file as :func:`is_array` needs.
SIGNATURE = len(_MAGIC)
# Bytes of the magic and version, and of the length that follows, in each major version.
_LENGTH = {1: slice(8, 10), 2: slice(8, 12), 3: slice(8, 12)}
# As many channels at most has an image whose layout its shape tells.
_FEW = 4
# Where frames, height, width and channels stand in the axes of each layout.
_AXES: dict[str, Axes] = {
    "hwc": (None, 0, 1, 2),
    "chw": (None, 1, 2, 0),
    "zhw": (0, 1, 2, None),
    "nhwc": (0, 1, 2, 3),
    "nchw": (0, 2, 3, 1),
}
_GRAY: Axes = (None, 0, 1, None)


class NpyHeader(NamedTuple):
    """The header of a ``.npy`` file.

    Attributes
    ----------
    shape : of the array.
    fortran : the first axis varies fastest.
    dtype : as stored, with its byte order.
    start : byte of the file at which the values begin.
    """

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]
    start: int


def is_array(data: bytes) -> bool:
    r"""True for the first bytes of a ``.npy`` file, or all there is left of one.

    >>> is_array(b"\x93NUMPY\x01\0"), is_array(b"\x93N"), is_array(b"")
    (True, True, False)
    """
    return bool(data) and _MAGIC.startswith(data[: len(_MAGIC)])


def parsed_header(data: bytes) -> NpyHeader:
    """Parse the header in at least the first :data:`LONGEST_HEADER` bytes of a ``.npy`` file.

    Raises
    ------
    UnreadableImage
        ``truncated`` or ``corrupt``.

    Examples
    --------
    >>> file = BytesIO()
    >>> np.save(file, np.zeros((2, 3), ">u2"))
    >>> parsed_header(file.getvalue())
    NpyHeader(shape=(2, 3), fortran=False, dtype=dtype('>u2'), start=128)
    """
    major = data[len(_MAGIC)] if len(data) > len(_MAGIC) else 0
    length_at = _LENGTH.get(major, slice(0, 0))
    if len(data) < max(length_at.stop, len(_MAGIC) + 2):
        raise UnreadableImage(Code.TRUNCATED, "ends inside the header")
    length = int.from_bytes(data[length_at], "little")
    start = length_at.stop + length
    if major not in _LENGTH or start > LONGEST_HEADER:
        raise UnreadableImage(Code.CORRUPT, f"header of version {major} with {length} bytes")
    if len(data) < start:
        raise UnreadableImage(Code.TRUNCATED, "ends inside the header")
    # Version 3 differs from 2 in the encoding of field names, and there are no fields in images.
    read = npy.read_array_header_1_0 if major == 1 else npy.read_array_header_2_0
    try:
        shape, fortran, dtype = read(BytesIO(data[8:start]))
    # A literal is evaluated there, and a hostile one ends in nearly anything, a MemoryError of
    # the parser's stack included: these bytes are too few for a real one.
    except Exception as error:
        raise UnreadableImage(Code.CORRUPT, "its header cannot be parsed") from error
    if any(isinstance(size, bool) for size in shape):  # NumPy takes them for integers at first
        raise UnreadableImage(Code.CORRUPT, f"shape {shape}")
    return NpyHeader(shape, fortran, dtype, start)


def refuse_dtype(dtype: np.dtype[Any]) -> None:
    """Raise ``unsupported_pixels`` for values that are no pixels.

    >>> try:
    ...     refuse_dtype(np.dtype("complex64"))
    ... except UnreadableImage as error:
    ...     error.detail
    'pixels are complex64'
    """
    name = dtype.newbyteorder("=").name
    if dtype.hasobject:
        raise _unsupported(
            "holds Python objects: never unpickled; np.stack of them, saved, would be read"
        )
    if name not in KEPT_AS:
        raise _unsupported(f"pixels are {name}")


def axes_of(shape: tuple[int, ...], layout: str) -> Axes:
    """The axes in the shape of an image.

    Parameters
    ----------
    layout : one of :data:`normstat.images.LAYOUTS`.

    Raises
    ------
    UnreadableImage
        ``unsupported_pixels``, with the options that would tell; ``corrupt``; ``not_an_image`` if
        there is nothing in it.

    Examples
    --------
    >>> axes_of((28, 28, 3), "auto"), axes_of((3, 28, 28), "auto"), axes_of((28, 28), "auto")
    ((None, 0, 1, 2), (None, 1, 2, 0), (None, 0, 1, None))
    """
    if not 2 <= len(shape) <= 4:
        raise _unsupported(f"shape {shape}: not an image")
    refuse_size(shape)
    if layout == "auto":
        layout = _told_by(shape)
    if len(shape) == 2 and layout in ("hwc", "chw"):
        return _GRAY
    if len(shape) != len(layout):
        raise _unsupported(f"shape {shape} is not {layout}: {_options(shape)}")
    return _AXES[layout]


def refuse_size(shape: tuple[int, ...]) -> None:
    """Raise ``corrupt`` for a shape that no array has, ``not_an_image`` for one without pixels.

    >>> try:
    ...     refuse_size((0, 28, 28))
    ... except UnreadableImage as error:
    ...     error.detail
    'shape (0, 28, 28): no pixels'
    """
    if min(shape, default=1) < 0:
        raise UnreadableImage(Code.CORRUPT, f"shape {shape}")
    if not min(shape, default=1):
        raise UnreadableImage(Code.NOT_AN_IMAGE, f"shape {shape}: no pixels")


def is_told_by(shape: tuple[int, ...]) -> bool:
    """True if the shape of an image of three axes tells which of them are channels.

    >>> is_told_by((32, 32, 3)), is_told_by((60000, 28, 28))
    (True, False)
    """
    return (shape[2] <= _FEW) != (shape[0] <= _FEW)


def _told_by(shape: tuple[int, ...]) -> str:
    """The layout that a shape tells: with few channels in the one reading, and not in the other."""
    if len(shape) == 2:
        return "hwc"
    if len(shape) == 3 and is_told_by(shape):
        return "hwc" if shape[2] <= _FEW else "chw"
    raise _unsupported(f"shape {shape} does not tell its axes: {_options(shape)}")


def _options(shape: tuple[int, ...]) -> str:
    """The options for a shape, in words; apply calls the option otherwise."""
    if len(shape) == 4:
        return (
            "a stack of images is DATA by itself: give the file, or 'FOLDER/*.npy', in place of "
            "the folder; --layout nhwc or nchw of compute takes it in a folder, too"
        )
    if len(shape) == 2:
        return "--layout hwc or chw takes it for a gray image"
    return (
        "--layout hwc or chw of compute, --input-layout of apply; --layout zhw for a volume of "
        f"{shape[0]} gray frames; a file with a stack of gray images is DATA by itself, in place "
        "of its folder"
    )


def _unsupported(detail: str) -> UnreadableImage:
    return UnreadableImage(Code.UNSUPPORTED_PIXELS, detail)
