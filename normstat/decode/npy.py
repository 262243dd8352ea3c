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

from normstat.decode import geometry
from normstat.decode.arrays import DecodedArray, decoded, kind_of_array
from normstat.decode.frames import DecodedFrames
from normstat.decode.pixels import DecodedImage, File, Header
from normstat.decode.refusals import refuse_large, unsupported
from normstat.errors import UnreadableImage
from normstat.images import Code, Kind, ReadOptions, channel_names

FORMAT = "NPY"
#: As many bytes of a file as :func:`array_header` needs at most.
LONGEST_HEADER = 10_000

_MAGIC = b"\x93NUMPY"
#: As many bytes of a file as :func:`is_array` needs.
SIGNATURE = len(_MAGIC)
# Bytes of the magic and version, and of the length that follows, in each major version.
_LENGTH = {1: slice(8, 10), 2: slice(8, 12), 3: slice(8, 12)}
# As many channels at most has an image whose layout its shape tells.
_FEW = 4
# Where frames, height, width and channels stand in the axes of each layout; None: there is none.
_AXES: dict[str, tuple[int | None, int, int, int | None]] = {
    "hwc": (None, 0, 1, 2),
    "chw": (None, 1, 2, 0),
    "zhw": (0, 1, 2, None),
    "nhwc": (0, 1, 2, 3),
    "nchw": (0, 2, 3, 1),
}
_GRAY: tuple[int | None, int, int, int | None] = (None, 0, 1, None)


@dataclass(frozen=True, slots=True)
class ArrayHeader:
    """The header of a ``.npy`` file, seen as an image."""

    kind: Kind
    width: int
    height: int
    dtype: np.dtype[Any]  # as stored, with its byte order
    shape: tuple[int, ...]  # as stored
    axes: tuple[int | None, int, int, int | None]  # of frames, height, width, channels in it
    fortran: bool  # the first axis varies fastest
    is_stack: bool  # each frame is an image of its own
    start: int  # where in the file the pixels begin

    @property
    def end(self) -> int:
        """Number of bytes that the file should have."""
        return self.start + math.prod(self.shape) * self.dtype.itemsize


def is_array(data: bytes) -> bool:
    """True for the first bytes of a ``.npy`` file, or all there is left of one."""
    return bool(data) and _MAGIC.startswith(data[: len(_MAGIC)])


def array_header(data: bytes, reading: ReadOptions) -> ArrayHeader:
    """Read the header in at least the first :data:`LONGEST_HEADER` bytes of a ``.npy`` file.

    Raises
    ------
    UnreadableImage
        ``truncated`` or ``corrupt`` header, ``unsupported_pixels``, ``not_an_image`` (nothing in
        it), ``too_large``.
    """
    shape, fortran, dtype, start = _parsed(data)
    axes = _axes(shape, reading.layout)
    frames, height, width = (1 if at is None else shape[at] for at in axes[:3])
    channels = 1 if axes[3] is None else shape[axes[3]]
    kind = kind_of_array(dtype, channel_names(channels))
    refuse_large(width, height, reading.max_pixels)
    geometry.refuse_resizing(kind.dtype, width, height, reading)
    is_stack = frames > 1 and axes[3] is not None
    return ArrayHeader(kind, width, height, dtype, shape, axes, fortran, is_stack, start)


def decode_array(file: File) -> DecodedImage | DecodedArray | DecodedFrames:
    """The pixels of a ``.npy`` file.

    Raises
    ------
    UnreadableImage
        As :func:`array_header`; ``truncated``, or ``corrupt`` if there is more than the shape
        says; ``non_finite``.
    """
    data, header = file.data, array_header(file.data, file.reading)
    if len(data) < header.end:
        raise UnreadableImage(
            Code.TRUNCATED, f"{len(data)} bytes; its shape {header.shape} needs {header.end}"
        )
    if len(data) > header.end:
        raise UnreadableImage(Code.CORRUPT, "more bytes than its shape says")
    seen = Header(FORMAT, header.dtype.newbyteorder("=").name, file.misnamed(FORMAT))
    frames = [decoded(frame, header.kind, seen, file.digest) for frame in _frames(data, header)]
    if len(frames) == 1:
        return frames[0]
    return DecodedFrames(lambda: frames, header.is_stack)


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
    if any(isinstance(size, bool) for size in shape):  # NumPy takes them for integers at first
        raise UnreadableImage(Code.CORRUPT, f"shape {shape}")
    return shape, fortran, dtype, start


def _axes(shape: tuple[int, ...], layout: str) -> tuple[int | None, int, int, int | None]:
    """Axes of frames, height, width and channels in a shape."""
    if not 2 <= len(shape) <= 4:
        raise unsupported(f"shape {shape}: not an image")
    if min(shape) < 0:
        raise UnreadableImage(Code.CORRUPT, f"shape {shape}")
    if not min(shape):
        raise UnreadableImage(Code.NOT_AN_IMAGE, f"shape {shape}: no pixels")
    if layout == "auto":
        layout = _told_by(shape)
    if len(shape) == 2 and layout in ("hwc", "chw"):
        return _GRAY
    if len(shape) != len(layout):
        raise unsupported(f"shape {shape} is not {layout}: {_options(shape)}")
    return _AXES[layout]


def _told_by(shape: tuple[int, ...]) -> str:
    """The layout that a shape tells: with few channels in the one reading, and not in the other."""
    if len(shape) == 2:
        return "hwc"
    if len(shape) == 3:
        last, first = shape[2] <= _FEW, shape[0] <= _FEW
        if last != first:
            return "hwc" if last else "chw"
    raise unsupported(f"shape {shape} does not tell its axes: {_options(shape)}")


def _options(shape: tuple[int, ...]) -> str:
    """The options for a shape, in words; apply calls the option otherwise."""
    if len(shape) == 4:
        return (
            "--layout nhwc or nchw of compute, for a stack of images; apply takes one image a file"
        )
    if len(shape) == 2:
        return "--layout hwc or chw takes it for a gray image"
    return (
        "--layout hwc or chw of compute, --input-layout of apply; --layout zhw for a volume of "
        f"{shape[0]} gray frames"
    )


def _frames(data: bytes, header: ArrayHeader) -> NDArray[Any]:
    """Shape (frames, H, W, C), a view of the data."""
    flat = np.frombuffer(data, header.dtype, offset=header.start)
    array = flat.reshape(header.shape, order="F" if header.fortran else "C")
    array = array.transpose([at for at in header.axes if at is not None])
    if header.axes[0] is None:
        array = array[np.newaxis]
    return array if header.axes[3] is not None else array[..., np.newaxis]
