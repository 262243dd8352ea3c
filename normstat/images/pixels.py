"""Decoded images: of what kind their pixels are, and what can be asked of them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # the command line needs names and limits from here, and no NumPy
    import numpy as np
    from numpy.typing import NDArray

#: Types of stored pixels, from few bits to many.
DTYPES = ("uint8", "uint16", "float16", "int32", "float32", "float64")
_BINS = {"uint8": 256, "uint16": 65536}
_GRAY = ("gray",)
_COLORS = (("R", "G", "B"), ("B", "G", "R"))


def channel_names(number: int) -> tuple[str, ...]:
    """What channels are called where nothing else names them.

    >>> channel_names(1), channel_names(3), channel_names(2)
    (('gray',), ('R', 'G', 'B'), ('band1', 'band2'))
    """
    if number in (1, 3):
        return _GRAY if number == 1 else _COLORS[0]
    return tuple(f"band{band}" for band in range(1, number + 1))


@dataclass(frozen=True, slots=True, order=True)
class Kind:
    """What the pixels of an image are: its channels and the type of a value.

    Attributes
    ----------
    dtype : one of :data:`DTYPES`.
    channels : ``("gray",)``, ``("R", "G", "B")``, or other names, see :func:`channel_names`.

    Examples
    --------
    >>> GRAY8.scale, GRAY16.scale, FLOAT.scale, GRAY16.bins
    (255, 65535, 1, 65536)
    >>> str(RGB8), str(Kind("float32", channel_names(5)))
    ('uint8 R/G/B', 'float32 band1/…/band5')
    """

    dtype: str
    channels: tuple[str, ...]

    @property
    def scale(self) -> int:
        """Stored value that is 1.0 in unit scale."""
        return self.bins - 1 if self.bins else 1

    @property
    def bins(self) -> int | None:
        """Number of different values where values are counted, else None."""
        return _BINS.get(self.dtype)

    def takes_in(self, other: "Kind") -> bool:
        """Whether images of the other kind count as this one: itself, and gray among color."""
        gray_in_color = self.channels in _COLORS and other.channels == _GRAY
        return self == other or (self.dtype == other.dtype and gray_in_color)

    def __str__(self) -> str:
        names = self.channels
        return f"{self.dtype} {'/'.join(names if len(names) < 5 else (names[0], '…', names[-1]))}"


GRAY8 = Kind("uint8", ("gray",))
RGB8 = Kind("uint8", ("R", "G", "B"))
GRAY16 = Kind("uint16", ("gray",))
FLOAT = Kind("float32", ("gray",))
INT32 = Kind("int32", ("gray",))

#: What is remarked about an image without changing how it counts.
NOTES = (
    "alpha_dropped",
    "equal_channels",
    "icc_profile",
    "exif_orientation",
    "multi_frame",
    "extension_mismatch",
)


class Pixels(Protocol):
    """A decoded image, seen from what counts it.

    Attributes
    ----------
    kind : what the pixels are.
    width, height : pixels.
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
        """How often each value occurs: shape (C, bins), int64; for counted kinds only."""

    def array(self) -> "NDArray[Any]":
        """The pixels themselves: shape (H, W, C), the kind's dtype, stored units."""
