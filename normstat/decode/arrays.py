"""Images that come as arrays, with any number of channels, of integers or floats."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from normstat.decode import geometry
from normstat.decode.pixels import (
    SMALL,
    DecodedImage,
    DecodedPixels,
    Header,
    little_endian,
    nearest,
)
from normstat.decode.refusals import unsupported
from normstat.errors import UnreadableImage
from normstat.images import FLOAT, GRAY8, GRAY16, INT32, RGB8, Code, Kind, ReadOptions
from normstat.images.npy_header import KEPT_AS, refuse_dtype

#: Histograms of 16 bits take half a megabyte a channel.
MOST_CHANNELS = 512
# Of wide integers float64 holds those within.
_EXACT = 2**53
# The most frequent, as one object.
_BYTES = np.dtype(np.uint8)
# Squared and summed over 2**64 pixels, and squared again in merging, it stays in float64.
_LARGEST = 2.0**450
_OF_PILLOW = {(kind.dtype, kind.channels): kind for kind in (GRAY8, RGB8, GRAY16, INT32, FLOAT)}


def kind_of_array(dtype: np.dtype[Any], channels: tuple[str, ...], scale: int = 0) -> Kind:
    """The kind of an image from the dtype of its array.

    Parameters
    ----------
    scale : stored value that is 1.0 in unit scale; 0: as the dtype says.

    Raises
    ------
    UnreadableImage
        ``unsupported_pixels``: no such pixels are counted, or too many channels.

    Examples
    --------
    >>> str(kind_of_array(np.dtype(">i2"), ("gray",))), kind_of_array(np.dtype(bool), ("a",)).scale
    ('int16 gray', 1)
    """
    refuse_dtype(dtype)
    name = dtype.newbyteorder("=").name
    if len(channels) > MOST_CHANNELS:
        raise unsupported(f"{len(channels)} channels; the limit is {MOST_CHANNELS}")
    return Kind(KEPT_AS[name], channels, scale or (1 if name == "bool" else 0))


def same_kind(kind: Kind) -> Kind:
    """The kind as the very object that most images have, which is faster to fold; or itself.

    >>> same_kind(Kind("uint8", ("gray",))) is GRAY8
    True
    """
    of_pillow = _OF_PILLOW.get((kind.dtype, kind.channels))
    return of_pillow if of_pillow and of_pillow.scale == kind.scale else kind


def decoded(
    array: NDArray[Any], kind: Kind, header: Header, digest: bytes
) -> "DecodedImage | DecodedArray":
    """An image from its array.

    Parameters
    ----------
    array : shape (H, W, C), of the dtype whose :func:`kind_of_array` is `kind`, stored units.

    Raises
    ------
    UnreadableImage
        ``non_finite``; ``unsupported_pixels`` for integers that float64 does not hold.
    """
    _refuse_odd_values(array)
    if array.dtype is not _BYTES or not array.flags.c_contiguous:
        array = np.ascontiguousarray(array, kind.dtype)
    if (kind.dtype, kind.channels) not in _OF_PILLOW:
        return DecodedArray(array, kind, header, digest)
    # What Pillow can hold is treated as from a PNG.
    same = same_kind(kind)
    if kind.bins == GRAY8.bins and array.shape[0] * array.shape[1] <= SMALL:
        return DecodedImage(array, same, header, digest)
    plane = array if len(kind.channels) > 1 else array[:, :, 0]
    return DecodedImage(Image.fromarray(plane), same, header, digest)


def _refuse_odd_values(array: NDArray[Any]) -> None:
    if array.dtype.kind == "f":
        if not np.isfinite(array).all():
            raise UnreadableImage(Code.NON_FINITE, "has NaN or infinite values")
        if array.dtype.itemsize == 8 and max(array.max(), -array.min()) > _LARGEST:
            raise UnreadableImage(Code.NON_FINITE, "the squares of its values exceed float64")
    elif array.dtype.itemsize == 8:
        low, high = int(array.min()), int(array.max())
        if max(high, -low) > _EXACT:
            raise unsupported(
                f"integers of {low} to {high}: beyond 2**53 they are not counted exactly",
            )


class DecodedArray(DecodedPixels):
    """An array that no Pillow image can hold."""

    __slots__ = ("_array", "_counts", "_key")

    def __init__(self, array: NDArray[Any], kind: Kind, header: Header, digest: bytes) -> None:
        self._array = array
        self.height, self.width = array.shape[:2]
        self.kind = kind
        self.header = header
        self.digest = digest
        self._counts: NDArray[np.int64] | None = None
        self._key: bytes | None = None

    @property
    def key(self) -> bytes:
        """The key that a :class:`DecodedImage` with these pixels has."""
        if self._key is None:
            dtype = INT32.dtype if self.kind.least else self.kind.dtype  # equal for equal values
            if dtype == GRAY8.dtype:
                positions = nearest(*self._array.shape)
                sample = self._array.reshape(-1).take(positions).tobytes()
                self._key = self._hash(dtype, little_endian(self.counts()), sample)
            else:
                self._key = self._hash(dtype, little_endian(self._array.astype(dtype, copy=False)))
        return self._key

    @property
    def images(self) -> "tuple[DecodedArray]":
        return (self,)

    def counts(self) -> NDArray[np.int64]:
        """Number of pixels with each value: shape (C, bins), int64; for counted kinds only."""
        if self._counts is None:
            bins = self.kind.bins or 0
            planes = np.moveaxis(self._array.view(f"uint{8 * self._array.itemsize}"), 2, 0)
            counts = [np.bincount(plane.reshape(-1), minlength=bins) for plane in planes]
            # As unsigned numbers, negative ones are the upper half.
            self._counts = np.roll(np.stack(counts), -self.kind.least, axis=1)
        return self._counts

    def array(self) -> NDArray[Any]:
        """The pixels: shape (H, W, C), the kind's dtype, stored units; not to be written to."""
        return self._array

    def converted(self, channels: str) -> "DecodedArray":
        """Raise ``other_depth``: it has no gray or RGB form."""
        raise UnreadableImage(
            Code.OTHER_DEPTH, f"--channels {channels} takes 8-bit images; this is {self.kind}"
        )

    def shaped(self, reading: ReadOptions) -> "DecodedArray":
        """The same array resized and cropped as asked for; the key stays."""
        array = geometry.shaped_array(self._array, reading, self.header.orientation)
        shaped = DecodedArray(array, self.kind, self.header, self.digest)
        shaped._key = self.key
        return shaped
