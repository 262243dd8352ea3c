"""Kind and size of an image from its header: cheap enough to ask of all before a run."""

import os
import struct
import zlib
from dataclasses import dataclass, replace
from typing import BinaryIO

from PIL import Image

from normstat.decode import exact, geometry, screens
from normstat.decode.decoding import DICOM_SIGNATURE, decode, decoder_of, is_dicom
from normstat.decode.images import open_header
from normstat.decode.kinds import kind_asked, kind_of
from normstat.decode.npy import array_header
from normstat.decode.refusals import UNPARSABLE, refuse_large, unsupported
from normstat.decode.tiff import FORMAT as TIFF
from normstat.decode.tiff import SIGNATURE as TIFF_SIGNATURE
from normstat.decode.tiff import is_tiff
from normstat.errors import UnreadableImage
from normstat.images import GRAY8, RGB8, Code, Kind, Pixels, Reader, ReadOptions, Sample
from normstat.images.npy_header import FORMAT, LONGEST_HEADER, SIGNATURE, is_array

# What Pillow raises on damaged headers; libavif's refusals are RuntimeErrors.
_DAMAGED = (*UNPARSABLE, EOFError, ArithmeticError, MemoryError, RuntimeError, zlib.error)
_SIGNATURE = max(SIGNATURE, TIFF_SIGNATURE, screens.SIGNATURE, DICOM_SIGNATURE)
_PNG_CHUNK = struct.Struct(">I4s")
_PNG_FIRST_CHUNK = 8
# Bytes of integers that float64 may not hold.
_LONG = 8
_MAY_TURN = (b"eXIf", b"iTXt", b"tEXt", b"zTXt")


@dataclass(frozen=True, slots=True)
class Measured:
    """The pixels that decoding will give: kind, width and height in pixels, and file format."""

    kind: Kind
    width: int
    height: int
    format: str

    @classmethod
    def of(cls, pixels: Pixels) -> "Measured":
        """The same, of an image that is decoded."""
        return cls(pixels.kind, pixels.width, pixels.height, pixels.format)


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
                return _measure_array(file, reading)
            if is_dicom(start):
                decoder_of("dicom")  # without its extra it is no more than a record
                file.seek(0)
                return _measure_header(file, reading)
            if is_tiff(start[:TIFF_SIGNATURE]):
                file.seek(0)
                return _measure_pages(file, reading)
            if screens.is_screen(start):
                screens.refuse_unclear(start + file.read())
            if not exact.is_exact(start):
                file.seek(0)
                return _measure_image(open_header(file), file, reading)
    except (UnreadableImage, *_DAMAGED):  # whichever it is, decoding gives it its name
        pass
    return Measured.of(decode(sample, reader.read(sample), reading))


def _measure_array(file: BinaryIO, reading: ReadOptions) -> Measured:
    """A ``.npy`` file that is open at its start.

    Raises
    ------
    UnreadableImage
        The header speaks against the array, or the file has not the size that it says; or its
        values decide, as those of integers with 64 bits.
    """
    header = array_header(file.read(LONGEST_HEADER), reading)
    if os.fstat(file.fileno()).st_size != header.end:
        raise UnreadableImage(Code.CORRUPT, "not as many bytes as its shape says")
    if header.dtype.kind in "iu" and header.dtype.itemsize == _LONG:
        raise unsupported("its values tell whether it is exact")
    kind = _counted(header.kind, reading)
    size = geometry.size_after(header.width, header.height, reading)
    return Measured(kind, *size, FORMAT)


def _measure_pages(file: BinaryIO, reading: ReadOptions) -> Measured:
    """A TIFF file that is open; errors as of :func:`normstat.decode.tiff.file.measure_tiff`."""
    import mmap

    from normstat.decode.tiff.file import measure_tiff

    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        kind, width, height, orientation = measure_tiff(data, reading)
    geometry.refuse_resizing(kind.dtype, width, height, reading)
    kind = _counted(kind, reading)
    return Measured(kind, *geometry.size_after(width, height, reading, orientation), TIFF)


def _measure_header(file: BinaryIO, reading: ReadOptions) -> Measured:
    """A DICOM file that is open; errors as of :func:`normstat.decode.dicom.measure_dicom`."""
    from normstat.decode.dicom import FORMAT, measure_dicom

    kind, width, height = measure_dicom(file, reading)
    geometry.refuse_resizing(kind.dtype, width, height, reading)
    return Measured(_counted(kind, reading), *geometry.size_after(width, height, reading), FORMAT)


def _measure_image(image: Image.Image, file: BinaryIO, reading: ReadOptions) -> Measured:
    """An image that Pillow opened from a file and did not load.

    Raises
    ------
    UnreadableImage
        The header speaks against the image, or does not tell as it has several frames.
    """
    width, height = image.size
    refuse_large(width, height, reading.max_pixels)
    if reading.frames != "first" and getattr(image, "is_animated", False):
        raise unsupported("all of its frames tell what it is")
    format = image.format or ""
    data = b""
    if format == "AVIF":
        file.seek(0)
        data = file.read()
    kind = _counted(kind_of(image, data), reading)
    orientation = 1
    if reading.upright:
        if format == "PNG" and _may_turn_late(file):
            image.load()
        orientation = geometry.orientation(image)
    return Measured(kind, *geometry.size_after(width, height, reading, orientation), format)


def _counted(kind: Kind, reading: ReadOptions) -> Kind:
    """The kind of an image that is converted and named as asked for."""
    if reading.channels != "auto":
        if kind.dtype != GRAY8.dtype or kind.channels not in (GRAY8.channels, RGB8.channels):
            raise UnreadableImage(Code.OTHER_DEPTH)
        kind = replace(kind, channels=(GRAY8 if reading.channels == "gray" else RGB8).channels)
    return kind_asked(kind, reading)


def _may_turn_late(file: BinaryIO) -> bool:
    """True if a PNG has a chunk after its pixels that may hold an orientation."""
    position, after_pixels = _PNG_FIRST_CHUNK, False
    while True:
        file.seek(position)
        head = file.read(_PNG_CHUNK.size)
        if len(head) < _PNG_CHUNK.size:
            return False
        length, name = _PNG_CHUNK.unpack(head)
        if after_pixels and name in _MAY_TURN:
            return True
        after_pixels = after_pixels or name == b"IDAT"
        position += length + 12
