"""The bytes of an image file to pixels, with Pillow: the whole image exactly, or why not."""

import hashlib
import os
import struct
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin, features

from normstat import files
from normstat.decode import damage
from normstat.decode.kinds import kind_of
from normstat.errors import UnreadableImage
from normstat.images import FLOAT, FORMATS, GRAY8, RGB8, Code, Kind, Reading, Sample

__all__ = ["DecodedImage", "decode", "decoder", "versions"]

_T = TypeVar("_T")
_FORMATS = tuple(dict.fromkeys(FORMATS.values()))
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"
_ALPHA_MODES = {"LA", "La", "PA", "RGBA", "RGBa", "RGBX"}
# Pillow calls a JPEG with further pictures behind the first (many cameras write them) MPO.
_JPEG = ("JPEG", "MPO")
_ORIENTATION = 0x0112
_TURNED = range(2, 9)


def versions() -> dict[str, str | None]:
    """Pillow, and the library below it that decides the pixels of a JPEG.

    >>> sorted(versions())
    ['libjpeg_turbo', 'pillow']
    """
    return {
        "pillow": features.version("pil"),
        "libjpeg_turbo": features.version("libjpeg_turbo"),
    }


@contextmanager
def decoder() -> Iterator[None]:
    """Where :func:`decode` may be called: sets what Pillow keeps globally, and puts it back.

    The limit on pixels is :func:`decode`'s own, and Pillow's remarks about a file (warnings) are
    no verdict on its pixels, whatever ``-W`` says.
    """
    limit = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit


@dataclass(frozen=True, slots=True)
class _Header:
    """What the file says of itself, kept from before the pixels are loaded and converted."""

    format: str
    mode: str
    turned: bool
    multi_frame: bool


def _little_endian(array: NDArray[Any]) -> bytes:
    return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()


class DecodedImage:
    """One decoded image; see :class:`normstat.images.Pixels`."""

    __slots__ = ("_counts", "_image", "digest", "format", "key", "kind", "mode", "notes")

    def __init__(
        self,
        image: Image.Image,
        kind: Kind,
        header: _Header,
        notes: tuple[str, ...],
        digest: bytes,
    ) -> None:
        self._image = image
        self._counts: NDArray[np.int64] | None = None
        self.kind = kind
        self.mode = header.mode
        self.format = header.format
        self.digest = digest
        self.key = self._key()
        self.notes = (*notes, "equal_channels") if self._has_equal_channels() else notes

    @property
    def width(self) -> int:
        return self._image.width

    @property
    def height(self) -> int:
        return self._image.height

    def counts(self) -> NDArray[np.int64]:
        """How often each value occurs: shape (C, bins), int64."""
        if self._counts is None:
            channels = len(self.kind.channels)
            if self.kind.bins == 256:
                # A fourth band (alpha, padding) is not counted.
                histogram = self._image.histogram()[: channels * 256]
                self._counts = np.array(histogram, dtype=np.int64).reshape(channels, 256)
            else:
                counts = np.bincount(self.array().ravel(), minlength=65536)
                self._counts = counts.reshape(1, 65536)
        return self._counts

    def array(self) -> NDArray[Any]:
        """The pixels: shape (H, W, C), the kind's dtype, stored units."""
        array = np.atleast_3d(np.asarray(self._image))[:, :, : len(self.kind.channels)]
        return array.astype(self.kind.dtype, copy=False)

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
        kind = GRAY8 if channels == "gray" else RGB8
        if kind != self.kind:
            self._image = self._image.convert("L" if kind == GRAY8 else "RGB")
            self._counts = None
            self.kind = kind
        return self

    def _key(self) -> bytes:
        """BLAKE2b-128 of kind, size, counts and a 16 × 16 sample; of every pixel if not 8 bits."""
        key = hashlib.blake2b(digest_size=16)
        channels = len(self.kind.channels)
        key.update(f"{self.kind.dtype} {channels} {self.width} {self.height} ".encode())
        if self.kind.bins == 256:
            key.update(_little_endian(self.counts()))
            sample = self._image.resize((16, 16), Image.Resampling.NEAREST)
            key.update(sample.tobytes("raw", "L" if channels == 1 else "RGB"))
        else:
            key.update(_little_endian(self.array()))
        return key.digest()

    def _has_equal_channels(self) -> bool:
        if self.kind != RGB8:
            return False
        red, green, blue = self.counts()
        if not (np.array_equal(red, green) and np.array_equal(red, blue)):
            return False
        array = self.array()
        return bool((array == array[:, :, :1]).all())


def decode(sample: Sample, reading: Reading) -> DecodedImage:
    """Read and decode one image; call it inside :func:`decoder`.

    Raises
    ------
    UnreadableImage
        With the code and what was seen. A file's content leads to no other exception.
    """
    try:
        data = _read(sample)
        if not data:
            raise UnreadableImage(Code.EMPTY, "zero bytes")
        if data.startswith(_LFS_POINTER):
            raise UnreadableImage(Code.LFS_POINTER, "a Git LFS pointer, not the image")
        return _decode(sample, data, reading)
    except MemoryError as error:
        raise UnreadableImage(Code.OUT_OF_MEMORY, "not enough memory for it") from error


def _read(sample: Sample) -> bytes:
    try:
        return files.read(sample.location)
    except files.NotRegularError as error:
        raise UnreadableImage(Code.NOT_REGULAR, "no regular file behind this name") from error
    except files.ChangedWhileReadError as error:
        raise UnreadableImage(Code.CHANGED_WHILE_READ, "changed while it was read") from error
    except FileNotFoundError as error:
        raise UnreadableImage(Code.VANISHED, "listed, but gone when it was opened") from error
    except PermissionError as error:
        raise UnreadableImage(Code.PERMISSION_DENIED, "may not be opened") from error
    except OSError as error:
        raise UnreadableImage(Code.IO_ERROR, os.strerror(error.errno or 0)) from error


def _decode(sample: Sample, data: bytes, reading: Reading) -> DecodedImage:
    if data.startswith(damage.PNG_SIGNATURE):
        damage.check_png_chunks(data)
    image = _guarded(lambda: Image.open(BytesIO(data), formats=_FORMATS), data)
    if image.width * image.height > reading.max_pixels:
        size = f"{image.width} × {image.height}"
        raise UnreadableImage(Code.TOO_LARGE, f"{size} pixels; the limit is {reading.max_pixels}")
    kind = kind_of(image, data)
    header = _guarded(lambda: _header(image), data)
    interlaced = bool(image.info.get("interlace"))
    _guarded(image.load, data)
    if header.format == "PNG":
        damage.check_png_rows(image, data, interlaced)
    elif header.format in _JPEG:
        damage.check_jpeg_end(image, data)
    notes = tuple(_notes(header, image, sample))
    plain = _guarded(lambda: _plain(image, kind), data)
    if kind == FLOAT and not np.isfinite(np.asarray(plain)).all():
        raise UnreadableImage(Code.NON_FINITE, "has NaN or infinite values")
    pixels = DecodedImage(plain, kind, header, notes, hashlib.sha256(data).digest())
    return pixels if reading.channels == "auto" else pixels.converted(reading.channels)


def _guarded(call: Callable[[], _T], data: bytes) -> _T:
    """Let a decoder loose on bytes that may be hostile."""
    try:
        return call()
    except MemoryError:
        raise
    # On damaged bytes decoders raise nearly anything (OSError, ValueError, SyntaxError,
    # struct.error, KeyError, zlib.error, ...); whatever it is, it is about this one file.
    except Exception as error:
        raise damage.verdict(error, data) from error


def _plain(image: Image.Image, kind: Kind) -> Image.Image:
    """Palettes, CMYK and the like as RGB, everything gray as L; alpha beside RGB may stay."""
    if kind == RGB8:
        return image if image.mode in ("RGB", "RGBA", "RGBX") else image.convert("RGB")
    if kind == GRAY8 and image.mode != "L":
        return (image.convert("LA") if image.mode == "La" else image).convert("L")
    return image


def _notes(header: _Header, image: Image.Image, sample: Sample) -> Iterator[str]:
    if header.mode in _ALPHA_MODES or "transparency" in image.info:
        yield "alpha_dropped"
    if "icc_profile" in image.info:
        yield "icc_profile"
    if header.turned or _orientation(image) in _TURNED:
        yield "exif_orientation"
    if header.multi_frame:
        yield "multi_frame"
    extension = os.path.splitext(sample.path)[1].lower()
    found = "JPEG" if header.format in _JPEG else header.format
    if FORMATS.get(extension, found) != found:
        yield "extension_mismatch"


def _header(image: Image.Image) -> _Header:
    turned = False
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        # Pillow turns TIFF images itself while it loads them, and the tag is gone afterwards.
        turned = image.tag_v2.get(_ORIENTATION) in _TURNED
    multi_frame = bool(getattr(image, "is_animated", False))
    return _Header(image.format or "", image.mode, turned, multi_frame)


def _orientation(image: Image.Image) -> object:
    if "exif" not in image.info:
        return None
    try:
        return image.getexif().get(_ORIENTATION)
    except (SyntaxError, struct.error, OSError, ValueError, TypeError, KeyError, IndexError):
        return None  # EXIF data that cannot be parsed turn no picture
