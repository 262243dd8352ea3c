"""A file to pixels: the whole image exactly, or why not."""

import hashlib
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType

from PIL import features

from normstat.decode import exact, screens
from normstat.decode.arrays import DecodedArray
from normstat.decode.blocks import DecodedBlock, decode_block
from normstat.decode.images import Decoded, open_header
from normstat.decode.kinds import kind_asked
from normstat.decode.measuring import (
    Measured,
    measure_array,
    measure_header,
    measure_image,
    measure_pages,
)
from normstat.decode.npy import decode_payload, payload_digest
from normstat.decode.packages import package_versions
from normstat.decode.pixels import DecodedImage, File
from normstat.decode.process import decoder
from normstat.decode.refusals import UNPARSABLE
from normstat.decode.tiff import SIGNATURE as TIFF_SIGNATURE
from normstat.decode.tiff import is_tiff
from normstat.errors import UnreadableImage, UsageError
from normstat.images import Code, Payload, Reader, ReadOptions, Sample
from normstat.images.npy_header import SIGNATURE, is_array
from normstat.lazy import Row

__all__ = [
    "DecodedArray",
    "DecodedBlock",
    "DecodedImage",
    "Measured",
    "decode",
    "decode_block",
    "decoder",
    "measure",
    "versions",
    "with_lossy",
]

# A DICOM file may be one of another format, too, that has no slope for its values.
_DICOM, _DICOM_AT = b"DICM", 128
# It is read by pydicom, which asks these for what is compressed.
_OF_DICOM = (
    *("pydicom", "pylibjpeg", "pylibjpeg-libjpeg", "pylibjpeg-openjpeg", "pyjpegls"),
    "python-gdcm",
)
# Pointers to an image are text, and neither a PNG nor a JPEG starts like that.
_NO_TEXT = 0x80
_SIGNATURE = max(SIGNATURE, TIFF_SIGNATURE, screens.SIGNATURE, _DICOM_AT + len(_DICOM))
# What Pillow raises on damaged headers; libavif's refusals are RuntimeErrors.
_DAMAGED = (*UNPARSABLE, EOFError, ArithmeticError, MemoryError, RuntimeError, zlib.error)


#: Kind of file → function that decodes one.
DECODERS: Mapping[str, Row] = MappingProxyType(
    {
        "npy": Row("normstat.decode.npy:decode_array"),
        "dicom": Row("normstat.decode.dicom:decode_dicom", extra="dicom"),
        "tiff": Row("normstat.decode.tiff.file:decode_tiff"),
        "image": Row("normstat.decode.images:decode_image"),
    }
)


@cache
def _decoder(kind: str) -> Callable[[File], Decoded]:
    try:
        found: Callable[[File], Decoded] = DECODERS[kind].load()
    except UsageError as error:
        raise UnreadableImage(Code.UNSUPPORTED_FORMAT, f"{kind.upper()}: {error}") from error
    return found


def versions() -> dict[str, str | None]:
    """Pillow, and the library below it that decides the pixels of a JPEG.

    >>> sorted(versions())
    ['libjpeg_turbo', 'pillow']
    """
    return {
        "pillow": features.version("pil"),
        "libjpeg_turbo": features.version("libjpeg_turbo"),
    }


def with_lossy() -> dict[str, str | None]:
    """Versions of :func:`versions`, and of all else that decodes, or would if it were installed.

    zlib is not among them: what is compressed without loss comes out one way only.

    >>> sorted(with_lossy().keys() - versions().keys() - set(_OF_DICOM))
    ['imagecodecs', 'libavif', 'libtiff', 'libwebp', 'openjpeg', 'tifffile']
    """
    from normstat.decode.tiff import extra

    return {
        **versions(),
        **extra.versions(),
        **package_versions(*_OF_DICOM),
        "libwebp": features.version("webp"),
        "libavif": features.version("avif"),
        "libtiff": features.version("libtiff"),
        "openjpeg": features.version("jpg_2000"),
    }


def decode(sample: Sample, payload: Payload, reading: ReadOptions) -> Decoded:
    """Decode one image; call it inside :func:`decoder`.

    An array is an image as the ``.npy`` file is that NumPy makes of it, whatever its name.

    Raises
    ------
    UnreadableImage
        With the code and what was seen. A file's content leads to no other exception.
    """
    try:
        if not isinstance(payload, bytes):
            return _asked(decode_payload(payload, reading), reading)
        return _decode(sample, payload, reading)
    except UnreadableImage as error:
        error.sha256 = _digest(payload)
        raise
    except MemoryError as error:
        raise UnreadableImage(Code.OUT_OF_MEMORY, "not enough memory for it") from error


def _digest(payload: Payload) -> str | None:
    """SHA-256 of a file, hexadecimal; None for objects, which no file holds."""
    if isinstance(payload, bytes):
        return hashlib.sha256(payload).hexdigest()
    return None if payload.dtype.hasobject else payload_digest(payload).hex()


def measure(sample: Sample, reader: Reader, reading: ReadOptions) -> Measured:
    """Measure the pixels that :func:`decode` would give, from the header where that tells.

    Call it inside :func:`decoder`. Damage behind the header is not found.

    Raises
    ------
    UnreadableImage
        As :func:`decode`.
    """
    try:
        with reader.head(sample) as file:
            start = file.read(_SIGNATURE)
            if is_array(start[:SIGNATURE]):
                file.seek(0)
                return measure_array(file, reading)
            if start.startswith(_DICOM, _DICOM_AT):
                _decoder("dicom")  # without its extra it is no more than a record
                file.seek(0)
                return measure_header(file, reading)
            if is_tiff(start[:TIFF_SIGNATURE]):
                file.seek(0)
                return measure_pages(file, reading)
            if screens.is_screen(start):
                screens.refuse_unclear(start + file.read())
            if not exact.is_exact(start):
                file.seek(0)
                return measure_image(open_header(file), file, reading)
    except (UnreadableImage, *_DAMAGED):  # whichever it is, decoding gives it its name
        pass
    return Measured.of(decode(sample, reader.read(sample), reading))


def _kind(data: bytes) -> str:
    """The kind of a file, one of :data:`DECODERS`."""
    if is_array(data):
        return "npy"
    if data.startswith(_DICOM, _DICOM_AT):
        return "dicom"
    return "tiff" if is_tiff(data) else "image"


def _decode(sample: Sample, data: bytes, reading: ReadOptions) -> Decoded:
    if not data:
        raise UnreadableImage(Code.EMPTY, "zero bytes")
    if data[0] < _NO_TEXT:
        from normstat.decode.foreign import pointer

        if found := pointer(data):
            raise found
    file = File(sample.name, data, hashlib.sha256(data).digest(), reading)
    pixels = _decoder(_kind(data))(file)
    return _asked(pixels, reading)


def _asked(pixels: Decoded, reading: ReadOptions) -> Decoded:
    """An image that is converted, shaped and named as asked for."""
    if reading.channels != "auto":
        pixels = pixels.converted(reading.channels)
    if reading.resize or reading.crop or reading.upright:
        pixels = pixels.shaped(reading)
    pixels.kind = kind_asked(pixels.kind, reading)
    return pixels
