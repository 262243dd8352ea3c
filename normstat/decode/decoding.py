"""Decoding, and measuring without it: each kind of file by its own module."""

import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType

from normstat.decode.images import Decoded
from normstat.decode.kinds import kind_asked
from normstat.decode.pixels import File
from normstat.decode.tiff import is_tiff
from normstat.errors import UnreadableImage, UsageError
from normstat.images import Code, Payload, ReadOptions, Sample
from normstat.images.npy_header import is_array
from normstat.lazy import Row

# A DICOM file may be one of another format, too, that has no slope for its values.
_DICOM, _DICOM_AT = b"DICM", 128
#: As many bytes of a file as :func:`is_dicom` needs.
DICOM_SIGNATURE = _DICOM_AT + len(_DICOM)
# Pointers to an image are text, and neither a PNG nor a JPEG starts like that.
_NO_TEXT = 0x80


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
def decoder_of(kind: str) -> Callable[[File], Decoded]:
    """Import the decoder of a kind of file, one of :data:`DECODERS`.

    Raises
    ------
    UnreadableImage
        Its extra is not installed.
    """
    try:
        found: Callable[[File], Decoded] = DECODERS[kind].load()
    except UsageError as error:
        raise UnreadableImage(Code.UNSUPPORTED_FORMAT, f"{kind.upper()}: {error}") from error
    return found


def is_dicom(start: bytes) -> bool:
    """True for the first bytes of a DICOM file."""
    return start.startswith(_DICOM, _DICOM_AT)


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
            from normstat.decode.npy import decode_payload  # few data sets have arrays

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
    from normstat.decode.npy import payload_digest

    return None if payload.dtype.hasobject else payload_digest(payload).hex()


def _kind(data: bytes) -> str:
    """The kind of a file, one of :data:`DECODERS`."""
    if is_array(data):
        return "npy"
    if is_dicom(data):
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
    pixels = decoder_of(_kind(data))(file)
    return _asked(pixels, reading)


def _asked(pixels: Decoded, reading: ReadOptions) -> Decoded:
    """An image that is converted, shaped and named as asked for."""
    if reading.channels != "auto":
        pixels = pixels.converted(reading.channels)
    if reading.resize or reading.crop or reading.upright:
        pixels = pixels.shaped(reading)
    pixels.kind = kind_asked(pixels.kind, reading)
    return pixels
