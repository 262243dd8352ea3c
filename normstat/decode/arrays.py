"""Arrays in ``.npy`` files as images: any number of channels, integers and floats.

The format is NumPy's own (NEP 1). Nothing in a file is ever unpickled.
"""

import math
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray
from PIL import Image

from normstat.decode import geometry
from normstat.decode.pixels import DecodedImage, Header, key_of_array
from normstat.errors import UnreadableImage
from normstat.images import (
    DTYPES,
    FLOAT,
    GRAY8,
    GRAY16,
    INT32,
    RGB8,
    Code,
    Kind,
    Reading,
    channel_names,
)

FORMAT = "NPY"
#: As many bytes of a file as :func:`array_header` needs at most.
LONGEST_HEADER = 10_000
#: Histograms of 16 bits take half a megabyte a channel.
MOST_CHANNELS = 512

_MAGIC = b"\x93NUMPY"
#: As many bytes of a file as :func:`is_array` needs.
SIGNATURE = len(_MAGIC)
# Bytes of the magic and version, and of the length that follows, in each major version.
_LENGTH = {1: slice(8, 10), 2: slice(8, 12), 3: slice(8, 12)}
# Small signed integers widen without loss to the type that is summed.
_KEPT_AS = {dtype: dtype for dtype in DTYPES} | {"int8": "int32", "int16": "int32"}
_COLOR_COUNTS = (1, 3, 4)
# An axis longer than this is a width or height, not a number of channels, beside one of those.
_SURELY_PIXELS = 16
# Squared and summed over 2**64 pixels, and squared again in merging, it stays in float64.
_LARGEST = 2.0**450
_OF_PILLOW = (GRAY8, RGB8, GRAY16, INT32, FLOAT)


@dataclass(frozen=True, slots=True)
class ArrayHeader:
    """What the header of a ``.npy`` file says, seen as an image.

    Attributes
    ----------
    kind : what the pixels are.
    width, height : pixels.
    dtype : as stored, with its byte order.
    shape : as stored; ``axes`` are those of height, width and channels in it.
    fortran : whether the first axis varies fastest.
    start, end : where in the file the pixels begin and where the file should end.
    """

    kind: Kind
    width: int
    height: int
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    axes: tuple[int, ...]
    fortran: bool
    start: int

    @property
    def end(self) -> int:
        return self.start + math.prod(self.shape) * self.dtype.itemsize


def is_array(data: bytes) -> bool:
    """Whether these are the first bytes of a ``.npy`` file, or all there is left of one."""
    return bool(data) and _MAGIC.startswith(data[: len(_MAGIC)])


def array_header(data: bytes, reading: Reading) -> ArrayHeader:
    """What a ``.npy`` file holds, from at least its first :data:`LONGEST_HEADER` bytes.

    Raises
    ------
    UnreadableImage
        ``truncated`` or ``corrupt`` header, ``unsupported_pixels``, ``not_an_image`` (nothing in
        it), ``too_large``.
    """
    shape, fortran, dtype, start = _parsed(data)
    kept_as = _KEPT_AS.get(dtype.newbyteorder("=").name)
    if dtype.hasobject:
        raise UnreadableImage(Code.UNSUPPORTED_PIXELS, "holds Python objects: never unpickled")
    if kept_as is None:
        raise UnreadableImage(Code.UNSUPPORTED_PIXELS, f"pixels are {dtype.name}")
    axes = _axes(shape, reading.layout)
    height, width = shape[axes[0]], shape[axes[1]]
    if height * width > reading.max_pixels:
        raise UnreadableImage(
            Code.TOO_LARGE, f"{width} × {height} pixels; the limit is {reading.max_pixels}"
        )
    if kept_as == "float64" and geometry.changes_size(width, height, reading):
        raise UnreadableImage(
            Code.UNSUPPORTED_PIXELS, "float64 pixels cannot be resized: save them as float32"
        )
    channels = _channels(shape[axes[2]] if len(axes) > 2 else 1, reading.names)
    return ArrayHeader(Kind(kept_as, channels), width, height, dtype, shape, axes, fortran, start)


def decode_array(
    data: bytes, reading: Reading, notes: tuple[str, ...], digest: bytes
) -> "DecodedImage | DecodedArray":
    """The pixels of a ``.npy`` file.

    Raises
    ------
    UnreadableImage
        As :func:`array_header`; ``truncated``, or ``corrupt`` if there is more than the shape
        says; ``non_finite``.
    """
    header = array_header(data, reading)
    if len(data) < header.end:
        raise UnreadableImage(
            Code.TRUNCATED, f"{len(data)} bytes; its shape {header.shape} needs {header.end}"
        )
    if len(data) > header.end:
        raise UnreadableImage(Code.CORRUPT, "more bytes than its shape says")
    array = _array(data, header)
    if array.dtype.kind == "f":
        _refuse_odd_floats(array)
    seen = Header(FORMAT, header.dtype.newbyteorder("=").name, notes)
    for kind in _OF_PILLOW:  # the very objects: what Pillow can hold is treated as from a PNG
        if kind == header.kind:
            plane = array if kind is RGB8 else array[:, :, 0]
            return DecodedImage(Image.fromarray(plane), kind, seen, digest)
    return DecodedArray(array, header.kind, seen, digest)


def _parsed(data: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """Shape, order, dtype and start of the pixels."""
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
    return shape, fortran, dtype, start


def _axes(shape: tuple[int, ...], layout: str) -> tuple[int, ...]:
    """Where height, width and channels stand; a gray image may have no axis of channels."""
    if len(shape) not in (2, 3):
        raise UnreadableImage(Code.UNSUPPORTED_PIXELS, f"shape {shape}: not an image")
    if min(shape) < 0:
        raise UnreadableImage(Code.CORRUPT, f"shape {shape}")
    if not min(shape):
        raise UnreadableImage(Code.NOT_AN_IMAGE, f"shape {shape}: no pixels")
    if len(shape) == 2:
        return 0, 1
    first, last = (shape[0], shape[2]) if layout == "hwc" else (shape[2], shape[0])
    if first in _COLOR_COUNTS and last > _SURELY_PIXELS:
        other = "chw" if layout == "hwc" else "hwc"
        raise UnreadableImage(
            Code.UNSUPPORTED_PIXELS,
            f"shape {shape} read as {layout}: try --layout {other} of compute, "
            f"--input-layout {other} of apply",
        )
    return (0, 1, 2) if layout == "hwc" else (1, 2, 0)


def _channels(number: int, names: tuple[str, ...] | None) -> tuple[str, ...]:
    if number > MOST_CHANNELS:
        raise UnreadableImage(
            Code.UNSUPPORTED_PIXELS, f"{number} channels; the limit is {MOST_CHANNELS}"
        )
    if names is None:
        return channel_names(number)
    if len(names) != number:
        raise UnreadableImage(
            Code.UNSUPPORTED_PIXELS, f"{number} channels where {len(names)} are recorded"
        )
    return names


def _array(data: bytes, header: ArrayHeader) -> NDArray[Any]:
    """Shape (H, W, C), contiguous, in the machine's byte order."""
    flat = np.frombuffer(data, header.dtype, offset=header.start)
    array = flat.reshape(header.shape, order="F" if header.fortran else "C")
    planes = array.transpose(header.axes)
    if planes.ndim == 2:
        planes = planes[:, :, np.newaxis]
    return np.ascontiguousarray(planes, header.kind.dtype)


def _refuse_odd_floats(array: NDArray[Any]) -> None:
    if not np.isfinite(array).all():
        raise UnreadableImage(Code.NON_FINITE, "has NaN or infinite values")
    if array.dtype == np.float64 and max(array.max(), -array.min()) > _LARGEST:
        raise UnreadableImage(Code.NON_FINITE, "the squares of its values exceed float64")


class DecodedArray:
    """An array that no Pillow image can hold; see :class:`normstat.images.Pixels`."""

    __slots__ = (
        "_array",
        "digest",
        "format",
        "height",
        "key",
        "kind",
        "mode",
        "notes",
        "width",
    )

    def __init__(self, array: NDArray[Any], kind: Kind, header: Header, digest: bytes) -> None:
        self._array = array
        self.height, self.width = array.shape[:2]
        self.kind = kind
        self.mode = header.mode
        self.format = header.format
        self.notes = header.notes
        self.digest = digest
        self.key = key_of_array(kind, array, self.counts() if kind.bins == 256 else None)

    def counts(self) -> NDArray[np.int64]:
        """How often each value occurs: shape (C, bins), int64; for counted kinds only."""
        bins = self.kind.bins or 0
        planes = np.moveaxis(self._array, 2, 0)
        return np.stack([np.bincount(plane.reshape(-1), minlength=bins) for plane in planes])

    def array(self) -> NDArray[Any]:
        """The pixels: shape (H, W, C), the kind's dtype, stored units; not to be written to."""
        return self._array

    def converted(self, channels: str) -> "DecodedArray":
        """It has no gray or RGB form.

        Raises
        ------
        UnreadableImage
            ``other_depth``, always.
        """
        raise UnreadableImage(
            Code.OTHER_DEPTH, f"--channels {channels} takes 8-bit images; this is {self.kind}"
        )

    def shaped(self, reading: Reading) -> "DecodedArray":
        """The same array resized and cropped as asked for; the key stays."""
        self._array = geometry.shaped_array(self._array, reading)
        self.height, self.width = self._array.shape[:2]
        return self
