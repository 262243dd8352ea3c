"""A decoded image: its counts, its pixels and the key that tells it from others.

A key is 16 bytes, equal for images with equal pixels, however they are held.
"""

import hashlib
import sys
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from normstat.decode import geometry
from normstat.errors import UnreadableImage
from normstat.images import FORMATS, GRAY8, RGB8, Code, Kind, ReadOptions

_BANDS = {1: "L", 3: "RGB"}
#: Pixels up to which an array is made faster than Pillow's histogram and resize are called.
SMALL = 64 * 64
#: Rows and columns of the sample of pixels in a key of 8 bits.
SAMPLE = 16


class Header(NamedTuple):
    """Facts that a file states, kept from before the pixels are loaded and converted."""

    format: str
    mode: str
    notes: tuple[str, ...]
    orientation: int = 1


def noted(**notes: bool) -> tuple[str, ...]:
    """Those of :data:`normstat.images.NOTES` that hold."""
    return tuple([note for note, holds in notes.items() if holds])


class File(NamedTuple):
    """A file to decode, and the options for reading it."""

    name: str
    data: bytes
    digest: bytes  # SHA-256 of the data
    reading: ReadOptions

    def misnamed(self, format: str) -> tuple[str, ...]:
        """The note of a file in this format whose name has the extension of another.

        >>> File("a.jpg", b"", b"", ReadOptions()).misnamed("PNG")
        ('extension_mismatch',)
        """
        extension = self.name[self.name.rfind(".") :].lower()
        return () if FORMATS.get(extension, format) == format else ("extension_mismatch",)


class DecodedPixels:
    """Attributes that all decoded images have; see :class:`normstat.images.Pixels`."""

    __slots__ = ("digest", "header", "height", "kind", "width")

    digest: bytes
    header: Header
    height: int
    kind: Kind
    width: int

    @property
    def area(self) -> int:
        return int(self.width * self.height)

    @property
    def mode(self) -> str:
        return self.header.mode

    @property
    def format(self) -> str:
        return self.header.format

    @property
    def notes(self) -> tuple[str, ...]:
        return self.header.notes

    def _hash(self, dtype: str, *parts: bytes) -> bytes:
        """BLAKE2b-128 of type, number of channels, size and the parts."""
        head = hash_head(dtype, len(self.kind.channels), self.width, self.height)
        return hash_of(head, *parts)


class DecodedImage(DecodedPixels):
    """One decoded image.

    Parameters
    ----------
    image : loaded; of a small one with 8 bits the pixels alone will do: shape (H, W, C).
    """

    __slots__ = ("_counts", "_decoded", "_key", "_loaded", "_pixels", "_small")

    def __init__(
        self,
        image: Image.Image | NDArray[np.uint8],
        kind: Kind,
        header: Header,
        digest: bytes,
        decoded: "DecodedImage | None" = None,
    ) -> None:
        self._loaded: Image.Image | None = None
        self._pixels: NDArray[Any] | None = None
        if isinstance(image, np.ndarray):
            self.height, self.width = image.shape[:2]
            self._pixels = image.reshape(-1)
        else:
            self.width, self.height = image.size
            self._loaded = image
        self._small = self.width * self.height <= SMALL
        self._counts: NDArray[np.int64] | None = None
        self._key: bytes | None = None
        self.kind = kind
        self.digest = digest
        self.header = header
        self._decoded = decoded  # what this one was made from, if it was converted or shaped

    @property
    def _image(self) -> Image.Image:
        if self._loaded is None:
            array = self.array()
            self._loaded = Image.fromarray(array[:, :, 0] if array.shape[2] == 1 else array)
        return self._loaded

    @property
    def images(self) -> "tuple[DecodedImage]":
        return (self,)

    @property
    def notes(self) -> tuple[str, ...]:
        if self._decoded:
            return self._decoded.notes
        return self.header.notes + (("equal_channels",) if self._has_equal_channels() else ())

    @property
    def key(self) -> bytes:
        if self._key is None:
            self._key = self._decoded.key if self._decoded else self._made_key()
        return self._key

    def counts(self) -> NDArray[np.int64]:
        """Number of pixels with each value: shape (C, bins), int64."""
        if self._counts is None:
            channels = len(self.kind.channels)
            bins = self.kind.bins or 0
            if bins == 256 and not self._small:
                # A fourth band (alpha, padding) is not counted.
                counts = np.fromiter(self._image.histogram(), np.int64, channels * 256)
            elif channels == 1:
                counts = np.bincount(self._flat(), minlength=bins)
            else:
                counts = self._counted_at_once(channels, bins)
            self._counts = counts.reshape(channels, bins)
        return self._counts

    def _counted_at_once(self, channels: int, bins: int) -> NDArray[np.int64]:
        """Counts of all channels in one row, shape (C·bins,): each has values of its own."""
        flat = self._flat()
        if self._small:
            return np.bincount(
                flat + _offsets(len(flat), channels, bins), minlength=channels * bins
            )
        values = flat.reshape(-1, channels) + np.arange(channels) * bins
        return np.bincount(values.reshape(-1), minlength=channels * bins)

    def array(self) -> NDArray[Any]:
        """The pixels: shape (H, W, C), the kind's dtype, stored units; not to be written to."""
        return self._flat().reshape(self.height, self.width, -1)

    def last_row(self) -> bytes | None:
        """The bytes of the last row, where they are at hand: of small images with 8 bits."""
        if not self._small or self.kind.bins != 256:
            return None
        return self._flat()[-self.width * len(self.kind.channels) :].tobytes()

    def _flat(self) -> NDArray[Any]:
        """The pixels in one row: shape (H·W·C,)."""
        if self._pixels is None:
            if self.kind.bins == 256:
                packed = self._image.tobytes("raw", _BANDS[len(self.kind.channels)])
                self._pixels = np.frombuffer(packed, dtype=np.uint8)
            else:
                array = np.asarray(self._image).reshape(-1)
                self._pixels = array.astype(self.kind.dtype, copy=False)
        return self._pixels

    def converted(self, channels: str) -> "DecodedImage":
        """The same image with its 8-bit pixels as ``gray`` or ``rgb``; key and notes stay.

        Raises
        ------
        UnreadableImage
            ``other_depth`` if the pixels are not 8 bits.
        """
        if self.kind.bins != 256:
            raise UnreadableImage(
                Code.OTHER_DEPTH, f"--channels {channels} takes 8-bit images; this is {self.mode}"
            )
        names = (GRAY8 if channels == "gray" else RGB8).channels
        if len(names) == len(self.kind.channels):
            return self
        kind = replace(self.kind, channels=names)
        return self._with(self._image.convert(_BANDS[len(names)]), kind)

    def shaped(self, reading: ReadOptions) -> "DecodedImage":
        """The same image resized, cropped and turned as asked for; key and notes stay."""
        image = geometry.shaped(self._image, reading, self.header.orientation)
        return self._with(image, self.kind)

    def _with(self, image: Image.Image, kind: Kind) -> "DecodedImage":
        return DecodedImage(image, kind, self.header, self.digest, self._decoded or self)

    def _made_key(self) -> bytes:
        """Hash of the counts and a 16 × 16 sample; of every pixel if not 8 bits."""
        if self.kind.bins != 256:
            return self._hash(self.kind.dtype, little_endian(self._flat()))
        channels = len(self.kind.channels)
        if self._small:
            sample = self._flat().take(nearest(self.height, self.width, channels)).tobytes()
        else:
            resized = self._image.resize((SAMPLE, SAMPLE), Image.Resampling.NEAREST)
            sample = resized.tobytes("raw", _BANDS[channels])
        return self._hash(self.kind.dtype, little_endian(self.counts()), sample)

    def _has_equal_channels(self) -> bool:
        if self.kind.bins != 256 or len(self.kind.channels) == 1:
            return False
        red, green, blue = self.counts()
        if not red.tobytes() == green.tobytes() == blue.tobytes():
            return False
        array = self.array()
        return bool((array == array[:, :, :1]).all())


@lru_cache(maxsize=16)
def _offsets(values: int, channels: int, bins: int) -> NDArray[np.int64]:
    """First bin of each value's channel, shape (values,): made once for each size."""
    return np.tile(np.arange(channels) * bins, values // channels)


@lru_cache(maxsize=64)
def nearest(height: int, width: int, channels: int) -> NDArray[np.intp]:
    """Positions in a row of pixels that a nearest-neighbor resize to 16 × 16 takes."""
    steps = 2 * np.arange(SAMPLE) + 1
    rows, columns = steps * height // (2 * SAMPLE), steps * width // (2 * SAMPLE)
    positions = (rows[:, np.newaxis] * width + columns).reshape(-1, 1) * channels
    return (positions + np.arange(channels)).reshape(-1)


def hash_head(dtype: str, channels: int, width: int, height: int) -> bytes:
    """The part of a key that images of one kind and size have in common, before it is hashed."""
    return f"{dtype} {channels} {width} {height} ".encode()


def hash_of(*parts: bytes) -> bytes:
    """BLAKE2b-128 of the parts as one."""
    return hashlib.blake2b(b"".join(parts), digest_size=16).digest()


def little_endian(array: NDArray[Any]) -> bytes:
    """The bytes of an array, the same on every machine."""
    if sys.byteorder == "little" and array.dtype.isnative:
        return array.tobytes()
    return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
