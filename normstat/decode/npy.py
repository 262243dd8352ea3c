"""Arrays in ``.npy`` files as images: any number of channels, integers and floats."""

import hashlib
import math
from dataclasses import dataclass, replace
from functools import lru_cache
from io import BytesIO
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from normstat.decode import geometry
from normstat.decode.arrays import DecodedArray, decoded, kind_of_array
from normstat.decode.frames import DecodedFrames
from normstat.decode.pixels import DecodedImage, File, Header
from normstat.decode.refusals import refuse_large
from normstat.errors import UnreadableImage
from normstat.images import Code, Kind, ReadOptions, channel_names
from normstat.images.npy_header import FORMAT, Axes, axes_of, parsed_header, refuse_dtype

# Axes of a stack of images that have channels.
_OF_STACKS = 4


@dataclass(frozen=True, slots=True)
class ArrayHeader:
    """The header of a ``.npy`` file, seen as an image."""

    kind: Kind
    width: int
    height: int
    dtype: np.dtype[Any]  # as stored, with its byte order
    shape: tuple[int, ...]  # as stored
    axes: Axes  # of frames, height, width, channels in it
    fortran: bool  # the first axis varies fastest
    is_stack: bool  # each frame is an image of its own
    start: int  # where in the file the pixels begin
    order: tuple[int, ...]  # of the axes, to have those of images; empty if they have it
    seen: Header

    @property
    def end(self) -> int:
        """Number of bytes that the file should have."""
        return self.start + math.prod(self.shape) * self.dtype.itemsize


def array_header(data: bytes, reading: ReadOptions) -> ArrayHeader:
    """Read the header of a ``.npy`` file, in as many bytes as :func:`parsed_header` needs.

    Raises
    ------
    UnreadableImage
        ``truncated`` or ``corrupt`` header, ``unsupported_pixels``, ``not_an_image`` (nothing in
        it), ``too_large``.
    """
    shape, fortran, dtype, start = parsed_header(data)
    axes = axes_of(shape, reading.layout)
    frames, height, width = (1 if at is None else shape[at] for at in axes[:3])
    channels = 1 if axes[3] is None else shape[axes[3]]
    kind = kind_of_array(dtype, channel_names(channels))
    refuse_large(width, height, reading.max_pixels)
    geometry.refuse_resizing(kind.dtype, width, height, reading)
    is_stack = frames > 1 and axes[3] is not None
    order = tuple([at for at in axes if at is not None])
    seen = Header(FORMAT, dtype.newbyteorder("=").name, ())
    return ArrayHeader(
        kind,
        width,
        height,
        dtype,
        shape,
        axes,
        fortran,
        is_stack,
        start,
        () if order == tuple(range(len(shape))) else order,
        seen,
    )


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
    flat = np.frombuffer(data, header.dtype, offset=header.start)
    array = flat.reshape(header.shape, order="F" if header.fortran else "C")
    return _decoded(array, header, file.misnamed(FORMAT), file.digest)


def decode_payload(
    array: NDArray[Any], reading: ReadOptions
) -> DecodedImage | DecodedArray | DecodedFrames:
    """The pixels of an array, as of the ``.npy`` file that NumPy makes of it.

    If the layout is that of stacks, an array of up to three axes is an image out of one.

    Raises
    ------
    UnreadableImage
        As :func:`array_header`; ``non_finite``.
    """
    if array.dtype.hasobject:
        refuse_dtype(array.dtype)
    start = header_bytes(array.dtype, array.shape, array.flags.fnc)
    return _decoded(array, header_alone(start, reading, array.ndim), (), _digest(start, array))


def payload_digest(array: NDArray[Any]) -> bytes:
    """SHA-256 of the ``.npy`` file that NumPy makes of an array of anything but objects."""
    return _digest(header_bytes(array.dtype, array.shape, array.flags.fnc), array)


def _digest(start: bytes, array: NDArray[Any]) -> bytes:
    sha256 = hashlib.sha256(start)
    flags = array.flags
    values = array if flags.c_contiguous else array.T if flags.fnc else np.ascontiguousarray(array)
    # Not all types of values can be seen as bytes.
    sha256.update(values.data if array.dtype.kind in "uif" else values.tobytes())
    return sha256.digest()


@lru_cache(maxsize=64)
def header_bytes(dtype: np.dtype[Any], shape: tuple[int, ...], fortran: bool) -> bytes:
    """The header that NumPy writes before an array."""
    file = BytesIO()
    descr = npy.dtype_to_descr(dtype)
    npy.write_array_header_1_0(file, {"descr": descr, "fortran_order": fortran, "shape": shape})
    return file.getvalue()


def header_alone(start: bytes, reading: ReadOptions, axes: int) -> ArrayHeader:
    """Read the header of an array with so many axes that is in no file.

    Raises
    ------
    UnreadableImage
        As :func:`array_header`.
    """
    if axes < _OF_STACKS and reading.layout in ("nhwc", "nchw"):
        reading = _of_one(reading)
    return _header(start, reading)


@lru_cache(maxsize=64)
def _header(start: bytes, reading: ReadOptions) -> ArrayHeader:
    return array_header(start, reading)


@lru_cache(maxsize=4)
def _of_one(reading: ReadOptions) -> ReadOptions:
    """The same for the images of a stack one by one."""
    return replace(reading, layout=reading.layout[1:])


def _decoded(
    array: NDArray[Any], header: ArrayHeader, notes: tuple[str, ...], digest: bytes
) -> DecodedImage | DecodedArray | DecodedFrames:
    seen = header.seen._replace(notes=notes) if notes else header.seen
    if header.order:
        array = array.transpose(header.order)
    if header.axes[3] is None:
        array = array[..., np.newaxis]
    if header.axes[0] is None:
        return decoded(array, header.kind, seen, digest)
    frames = [decoded(frame, header.kind, seen, digest) for frame in array]
    if len(frames) == 1:
        return frames[0]
    return DecodedFrames(lambda: frames, header.is_stack)
