"""The bytes of an image file to pixels, with Pillow: the whole image exactly, or why not."""

import hashlib
import os
import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import TypeAlias

import numpy as np
from PIL import Image, PngImagePlugin, UnidentifiedImageError, features

from normstat import files
from normstat.decode import avif, damage, exact, foreign, geometry, jpeg, png, screens
from normstat.decode.arrays import DecodedArray, decoded
from normstat.decode.asked import kind_asked
from normstat.decode.frames import DecodedFrames, as_channels
from normstat.decode.kinds import kind_of
from normstat.decode.measuring import Measured, measure_array, measure_image, measure_pages
from normstat.decode.npy import FORMAT as NPY
from normstat.decode.npy import SIGNATURE, decode_array, is_array
from normstat.decode.pixels import SMALL, DecodedImage, Header
from normstat.decode.plain import plain
from normstat.decode.process import decoder
from normstat.decode.tiff import FORMAT as TIFF
from normstat.decode.tiff import SIGNATURE as TIFF_SIGNATURE
from normstat.decode.tiff import decode_tiff, is_tiff
from normstat.errors import UnreadableImage
from normstat.images import FLOAT, FORMATS, GRAY8, RGB8, Code, Kind, Reading, Sample

__all__ = [
    "DecodedArray",
    "DecodedImage",
    "Measured",
    "decode",
    "decoder",
    "measure",
    "versions",
    "with_lossy",
]

#: What :func:`decode` gives.
Decoded: TypeAlias = DecodedImage | DecodedArray | DecodedFrames
# TIFF has a way of its own.
_NOT_PILLOWS = (NPY, TIFF, *exact.WITHOUT_PILLOW)
_FORMATS = tuple(dict.fromkeys(f for f in FORMATS.values() if f not in _NOT_PILLOWS))
# Pointers to an image are text, and neither a PNG nor a JPEG starts like that.
_NO_TEXT = 0x80
_SIGNATURE = max(SIGNATURE, TIFF_SIGNATURE, screens.SIGNATURE)
_ALPHA_MODES = {"LA", "La", "PA", "RGBA", "RGBa", "RGBX"}
# What Pillow raises on damaged headers. Tags may hold text where a number belongs (TypeError);
# libavif's refusals are RuntimeErrors.
_DAMAGED = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    LookupError,
    ArithmeticError,
    TypeError,
    MemoryError,
    RuntimeError,
    struct.error,
    zlib.error,
)
# Pillow calls a JPEG with further pictures behind the first (many cameras write them) MPO.
_JPEG = ("JPEG", "MPO")


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
    """Those of :func:`versions`, and of what else decodes formats that leave a decoder a choice.

    zlib is not among them: what is compressed without loss comes out one way only.

    >>> sorted(with_lossy().keys() - versions().keys())
    ['libavif', 'libtiff', 'libwebp']
    """
    return versions() | {
        "libwebp": features.version("webp"),
        "libavif": features.version("avif"),
        "libtiff": features.version("libtiff"),
    }


def decode(sample: Sample, reading: Reading) -> Decoded:
    """Read and decode one image; call it inside :func:`decoder`.

    Raises
    ------
    UnreadableImage
        With the code and what was seen. A file's content leads to no other exception.
    """
    try:
        data = _read(sample)
        try:
            return _decode(sample, data, reading)
        except UnreadableImage as error:
            error.sha256 = hashlib.sha256(data).hexdigest()
            raise
    except MemoryError as error:
        raise UnreadableImage(Code.OUT_OF_MEMORY, "not enough memory for it") from error


def measure(sample: Sample, reading: Reading) -> Measured:
    """What :func:`decode` would give, from the file's header where that tells.

    Call it inside :func:`decoder`. Damage behind the header is not found.

    Raises
    ------
    UnreadableImage
        As :func:`decode`.
    """
    try:
        with files.opened(sample.location) as file:
            start = file.read(_SIGNATURE)
            if is_array(start[:SIGNATURE]):
                file.seek(0)
                return measure_array(file, reading)
            if is_tiff(start[:TIFF_SIGNATURE]):
                file.seek(0)
                return measure_pages(file, reading)
            if screens.is_screen(start):
                screens.refuse_unclear(start + file.read())
            if not exact.is_exact(start):
                file.seek(0)
                return measure_image(Image.open(file, formats=_FORMATS), file, reading)
    except (UnreadableImage, *_DAMAGED):  # whichever it is, decoding gives it its name
        pass
    return Measured.of(decode(sample, reading))


def _read(sample: Sample) -> bytes:
    try:
        return files.read(sample.location)
    except files.NotRegularError as error:
        if pointing := _pointing_link(sample.location):
            raise pointing from error
        raise UnreadableImage(Code.NOT_REGULAR, "no regular file behind this name") from error
    except files.ChangedWhileReadError as error:
        raise UnreadableImage(Code.CHANGED_WHILE_READ, "changed while it was read") from error
    except FileNotFoundError as error:
        raise UnreadableImage(Code.VANISHED, "listed, but gone when it was opened") from error
    except PermissionError as error:
        raise UnreadableImage(Code.PERMISSION_DENIED, "may not be opened") from error
    except OSError as error:
        raise UnreadableImage(Code.IO_ERROR, os.strerror(error.errno or 0)) from error


def _pointing_link(path: str) -> UnreadableImage | None:
    try:
        return foreign.pointing_link(os.readlink(path))
    except OSError:  # no link
        return None


def _decode(sample: Sample, data: bytes, reading: Reading) -> Decoded:
    if not data:
        raise UnreadableImage(Code.EMPTY, "zero bytes")
    if data[0] < _NO_TEXT and (pointer := foreign.pointer(data)):
        raise pointer
    digest = hashlib.sha256(data).digest()
    pixels: Decoded
    if is_array(data):
        notes = ("extension_mismatch",) if _is_called_otherwise(sample.path, NPY) else ()
        pixels = decode_array(data, reading, notes, digest)
    elif is_tiff(data):
        notes = ("extension_mismatch",) if _is_called_otherwise(sample.path, TIFF) else ()
        pixels = decode_tiff(data, reading, notes, digest)
    else:
        pixels = _decode_image(sample, data, reading, digest)
    if reading.channels != "auto":
        pixels = pixels.converted(reading.channels)
    if reading.resize or reading.crop or reading.upright:
        pixels = pixels.shaped(reading)
    pixels.kind = kind_asked(pixels.kind, reading)
    return pixels


def _decode_image(sample: Sample, data: bytes, reading: Reading, digest: bytes) -> Decoded:
    try:
        pixels = _load(sample, data, reading, digest)
    except (UnreadableImage, MemoryError):
        raise
    # On damaged bytes decoders raise nearly anything (OSError, ValueError, SyntaxError,
    # struct.error, KeyError, zlib.error, ...); whatever it is, it is about this one file.
    except Exception as error:
        raise damage.verdict(error, data) from error
    if pixels.kind is FLOAT and not np.isfinite(pixels.array()).all():
        raise UnreadableImage(Code.NON_FINITE, "has NaN or infinite values")
    return pixels


def _load(sample: Sample, data: bytes, reading: Reading, digest: bytes) -> Decoded:
    """All that meets the bytes of the file, which may be hostile."""
    is_png = data.startswith(damage.PNG_SIGNATURE)
    png_spans, png_texts = damage.png_spans(data) if is_png else ([], [])
    if is_png and (image := png.plain(data, png_spans, reading.max_pixels)):
        return _of_plain_png(sample, data, png_spans, image, digest)
    if data.startswith(jpeg.SOI) and (usual := _of_usual_jpeg(sample, data, reading, digest)):
        return usual
    if stored := exact.exact(data, reading.max_pixels):
        return _of_stored(sample, data, stored, reading, digest)
    if screens.is_screen(data):
        screens.refuse_unclear(data)
    without_texts = png.without_texts(data, png_texts)
    image = _open(without_texts, is_png)
    width, height = image.size
    if width * height > reading.max_pixels:
        raise UnreadableImage(
            Code.TOO_LARGE, f"{width} × {height} pixels; the limit is {reading.max_pixels}"
        )
    kind = kind_of(image, data)
    format, mode = image.format or "", image.mode
    multi_frame = bool(getattr(image, "is_animated", False))
    if multi_frame and reading.frames != "first":
        return _of_frames(sample, without_texts, image, reading, digest)
    interlaced = bool(image.info.get("interlace"))
    image.load()
    if format in _JPEG:
        damage.check_jpeg_end(image, data)
    orientation = geometry.orientation(image)  # a PNG may tell after its pixels
    found = "JPEG" if format in _JPEG else format
    notes = _noted(
        ("alpha_dropped", mode in _ALPHA_MODES or "transparency" in image.info),
        ("icc_profile", "icc_profile" in image.info or png.has_profile(data, png_texts)),
        ("exif_orientation", orientation > 1),
        ("multi_frame", multi_frame),
        ("extension_mismatch", _is_called_otherwise(sample.path, found)),
    )
    if format == avif.FORMAT and kind.bins != GRAY8.bins:
        header = Header(format, mode, notes, orientation)
        return _of_deep_avif(data, kind, header, reading, digest)
    bands = plain(image, kind)
    pixels = DecodedImage(bands, kind, Header(format, mode, notes, orientation), digest)
    if is_png:
        # What was converted may be black where the file is not, and the reverse.
        last_row = pixels.last_row() if bands is image else None
        damage.check_png_rows(image, data, png_spans, interlaced, last_row)
    return pixels


def _of_plain_png(
    sample: Sample, data: bytes, spans: list[tuple[int, int]], image: Image.Image, digest: bytes
) -> DecodedImage:
    notes = ("extension_mismatch",) if _is_called_otherwise(sample.path, "PNG") else ()
    kind = GRAY8 if image.mode == "L" else RGB8
    pixels = DecodedImage(image, kind, Header("PNG", image.mode, notes), digest)
    damage.check_png_rows(image, data, spans, False, pixels.last_row())
    return pixels


def _of_usual_jpeg(
    sample: Sample, data: bytes, reading: Reading, digest: bytes
) -> DecodedImage | None:
    header = jpeg.header(data)
    if not header or header.width * header.height > reading.max_pixels:
        return None
    kind = GRAY8 if header.mode == "L" else RGB8
    mismatch = _is_called_otherwise(sample.path, "JPEG")
    if header.width * header.height <= SMALL and (array := jpeg.array(data, header)) is not None:
        notes = _noted(("extension_mismatch", mismatch))
        return DecodedImage(array, kind, Header("JPEG", header.mode, notes), digest)
    image = jpeg.image(data, header)
    if not image:
        return None
    damage.check_jpeg_end(image, data)
    orientation = geometry.orientation(image)
    notes = _noted(
        ("icc_profile", "icc_profile" in image.info),
        ("exif_orientation", orientation > 1),
        ("extension_mismatch", mismatch),
    )
    return DecodedImage(image, kind, Header("JPEG", header.mode, notes, orientation), digest)


def _of_stored(
    sample: Sample, data: bytes, first: exact.Exact, reading: Reading, digest: bytes
) -> Decoded:
    mismatch = _noted(("extension_mismatch", _is_called_otherwise(sample.path, first.format)))

    def frame(stored: exact.Exact) -> DecodedImage | DecodedArray:
        header = Header(stored.format, stored.mode, first.notes + mismatch)
        return decoded(stored.array, stored.kind, header, digest)

    def frames() -> Iterator[DecodedImage | DecodedArray]:
        return map(frame, exact.all_exact(data, reading.max_pixels))

    if reading.frames == "first" or "multi_frame" not in first.notes:
        return frame(first)
    return DecodedFrames(frames) if reading.frames == "all" else as_channels(frames())


def _of_deep_avif(
    data: bytes, kind: Kind, header: Header, reading: Reading, digest: bytes
) -> DecodedImage | DecodedArray:
    if header.orientation > 1 and reading.upright:
        raise UnreadableImage(
            Code.UNSUPPORTED_PIXELS, "AVIF of more than 8 bits, and to be turned: turn it first"
        )
    return decoded(avif.deep_pixels(data, kind), kind, header, digest)


def _of_frames(
    sample: Sample, data: bytes, image: Image.Image, reading: Reading, digest: bytes
) -> DecodedFrames | DecodedImage | DecodedArray:
    """All frames of an animation, each as a viewer shows it when its turn comes."""
    number = int(getattr(image, "n_frames", 1))
    kinds = []
    for frame in range(number):
        image.seek(frame)
        kinds.append(kind_of(image, data))
    if image.format == avif.FORMAT and kinds[0].bins != GRAY8.bins:
        raise UnreadableImage(Code.UNSUPPORTED_PIXELS, "AVIF frames of more than 8 bits")
    kind = RGB8 if {GRAY8, RGB8} == set(kinds) else kinds[0]
    format = "JPEG" if image.format in _JPEG else image.format or ""
    notes = _noted(
        ("alpha_dropped", image.mode in _ALPHA_MODES or "transparency" in image.info),
        ("icc_profile", "icc_profile" in image.info),
        ("multi_frame", True),
        ("extension_mismatch", _is_called_otherwise(sample.path, format)),
    )

    def frames() -> Iterator[DecodedImage]:
        opened = _open(data, data.startswith(damage.PNG_SIGNATURE))
        for frame in range(number):
            opened.seek(frame)
            header = Header(format, opened.mode, notes)
            yield DecodedImage(plain(opened.copy(), kind), kind, header, digest)

    return DecodedFrames(frames) if reading.frames == "all" else as_channels(frames())


def _noted(*notes: tuple[str, bool]) -> tuple[str, ...]:
    return tuple([note for note, holds in notes if holds])


def _is_called_otherwise(path: str, format: str) -> bool:
    extension = path[path.rfind(".") :].lower()
    return FORMATS.get(extension, format) != format


def _open(data: bytes, is_png: bool) -> Image.Image:
    if not is_png:
        return Image.open(BytesIO(data), formats=_FORMATS)
    try:  # what Image.open would come to in the end, at half the cost
        return PngImagePlugin.PngImageFile(BytesIO(data))
    except (SyntaxError, IndexError, TypeError, struct.error) as error:
        raise UnidentifiedImageError(*error.args) from error
