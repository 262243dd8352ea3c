"""Decoded images: the kinds of their pixels, and their interface."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # the command line needs names and limits from here, and no NumPy
    import numpy as np
    from numpy.typing import NDArray

#: Types of stored pixels, from few bits to many.
DTYPES = ("uint8", "int8", "uint16", "int16", "float16", "int32", "float32", "float64")
_BINS = {"uint8": 256, "int8": 256, "uint16": 65536, "int16": 65536}
_GRAY = ("gray",)
_COLORS = (("R", "G", "B"), ("B", "G", "R"))


def channel_names(number: int) -> tuple[str, ...]:
    """Names of channels where nothing else names them.

    >>> channel_names(1), channel_names(3), channel_names(2)
    (('gray',), ('R', 'G', 'B'), ('band1', 'band2'))
    """
    return _COLORS[0] if number == len(_COLORS[0]) else band_names(number)


def band_names(number: int) -> tuple[str, ...]:
    """Names of channels that are no colors, where nothing else names them.

    >>> band_names(1), band_names(3)
    (('gray',), ('band1', 'band2', 'band3'))
    """
    if number == 1:
        return _GRAY
    return tuple(f"band{band}" for band in range(1, number + 1))


@dataclass(frozen=True, slots=True, order=True)
class Kind:
    """Channels of an image, and the type of a value.

    Attributes
    ----------
    dtype : one of :data:`DTYPES`.
    channels : ``("gray",)``, ``("R", "G", "B")``, or other names, see :func:`channel_names`.
    scale : stored value that is 1.0 in unit scale: the largest that the file's format declares
        (255, 65535, 4095 of 12 bits), or 1. If not given, as the dtype says.

    Examples
    --------
    >>> GRAY8.scale, GRAY16.scale, FLOAT.scale, GRAY16.bins
    (255, 65535, 1, 65536)
    >>> str(RGB8), str(Kind("float32", channel_names(5))), str(Kind("uint16", ("gray",), 4095))
    ('uint8 R/G/B', 'float32 band1/…/band5', 'uint16 (up to 4095) gray')
    """

    dtype: str
    channels: tuple[str, ...]
    scale: int = 0

    def __post_init__(self) -> None:
        if not self.scale:
            object.__setattr__(self, "scale", self._usual_scale)

    @property
    def _usual_scale(self) -> int:
        return self.bins - 1 if self.bins and not self.least else 1

    @property
    def has_usual_scale(self) -> bool:
        """True if 1.0 is the stored value that the dtype alone says."""
        return self.scale == self._usual_scale

    @property
    def bins(self) -> int | None:
        """Number of different values where values are counted, else None."""
        return _BINS.get(self.dtype)

    @property
    def least(self) -> int:
        """Smallest of the values that are counted.

        >>> GRAY8.least, Kind("int16", ("gray",)).least
        (0, -32768)
        """
        return -(self.bins or 0) // 2 if self.dtype.startswith("int") else 0

    def takes_in(self, other: "Kind") -> bool:
        """True if images of the other kind count as this one: itself, and gray among color."""
        gray_in_color = self.channels in _COLORS and other.channels == _GRAY
        same_depth = (self.dtype, self.scale) == (other.dtype, other.scale)
        return self == other or (same_depth and gray_in_color)

    def __str__(self) -> str:
        names = self.channels
        if len(names) > 4:
            names = names[0], "…", names[-1]
        scale = "" if self.has_usual_scale else f" (up to {self.scale})"
        return f"{self.dtype}{scale} {'/'.join(names)}"


GRAY8 = Kind("uint8", ("gray",))
RGB8 = Kind("uint8", ("R", "G", "B"))
GRAY16 = Kind("uint16", ("gray",))
FLOAT = Kind("float32", ("gray",))
INT32 = Kind("int32", ("gray",))

#: The note of an image with values whose counts end where float32 does.
BEYOND_FLOAT32 = "beyond_float32"
#: What is remarked about an image without changing how it counts.
NOTES = (
    "alpha_dropped",
    "equal_channels",
    "icc_profile",
    "exif_orientation",
    "multi_frame",
    "nodata_counted",
    "extension_mismatch",
    BEYOND_FLOAT32,
)


class Pixels(Protocol):
    """A decoded image, seen from what counts it.

    Attributes
    ----------
    kind : what the pixels are.
    width, height : pixels; of several frames those of the first.
    area : pixels of each channel, in all frames.
    images : the images of a stack, each with pixels of its own; else this one alone.
    mode, format : as the file has them, before any conversion.
    notes : those of :data:`NOTES` that hold.
    digest : SHA-256 of the file's bytes.
    key : 16 bytes, equal for images with equal pixels.
    """

    @property
    def kind(self) -> Kind: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def area(self) -> int: ...
    @property
    def images(self) -> "Sequence[Pixels]": ...
    @property
    def mode(self) -> str: ...
    @property
    def format(self) -> str: ...
    @property
    def notes(self) -> tuple[str, ...]: ...
    @property
    def digest(self) -> bytes: ...
    @property
    def key(self) -> bytes: ...

    def counts(self) -> "NDArray[np.int64]":
        """Number of pixels with each value: shape (C, bins), int64; for counted kinds only."""

    def array(self) -> "NDArray[Any]":
        """The pixels themselves: shape (H, W, C), the kind's dtype, stored units.

        Of several frames below each other: shape (Σ H, W, C), or (1, area, C) if sizes differ.
        """


class Block(Protocol):
    """Images of one kind and size that were decoded at once.

    Attributes
    ----------
    kind, width, height, area, mode, format : of each, as of :class:`Pixels`.
    counts : pixels with each value: shape (images, C, bins), int64.
    digests, keys, notes : of each image its own, in their order.
    """

    @property
    def kind(self) -> Kind: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def area(self) -> int: ...
    @property
    def mode(self) -> str: ...
    @property
    def format(self) -> str: ...
    @property
    def counts(self) -> "NDArray[np.int64]": ...
    @property
    def digests(self) -> "Sequence[bytes]": ...
    @property
    def keys(self) -> "Sequence[bytes]": ...
    @property
    def notes(self) -> "Sequence[tuple[str, ...]]": ...
