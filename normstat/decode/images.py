"""The bytes of JPEG, PNG and other image files to pixels: mostly by Pillow.

Each way gives the whole image exactly, or says why not.
"""

import struct
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import BinaryIO, TypeAlias

import numpy as np
from PIL import Image, PngImagePlugin, UnidentifiedImageError

from normstat.decode import avif, damage, exact, geometry, jpeg, png, screens
from normstat.decode.arrays import DecodedArray, decoded
from normstat.decode.frames import DecodedFrames, as_channels
from normstat.decode.kinds import kind_of
from normstat.decode.npy import FORMAT as NPY
from normstat.decode.pixels import SMALL, DecodedImage, Header
from normstat.decode.plain import plain
from normstat.decode.tiff import FORMAT as TIFF
from normstat.errors import UnreadableImage
from normstat.images import FLOAT, FORMATS, GRAY8, RGB8, Code, Kind, ReadOptions, Sample

#: What decoding gives.
Decoded: TypeAlias = DecodedImage | DecodedArray | DecodedFrames
_NOT_PILLOWS = (NPY, TIFF, *exact.WITHOUT_PILLOW)
_FORMATS = tuple(dict.fromkeys(f for f in FORMATS.values() if f not in _NOT_PILLOWS))
# What becomes of a GIF frame before the next one.
_TO_BACKGROUND, _TO_PREVIOUS = 2, 3
_ALPHA_MODES = {"LA", "La", "PA", "RGBA", "RGBa", "RGBX"}
# Pillow calls a JPEG with further pictures behind the first (many cameras write them) MPO.
_JPEG_OF_CAMERAS = "MPO"
_JPEG = ("JPEG", _JPEG_OF_CAMERAS)


def decode_image(sample: Sample, data: bytes, reading: ReadOptions, digest: bytes) -> Decoded:
    """The pixels of a file that is neither an array nor a TIFF.

    Raises
    ------
    UnreadableImage
        With the code and what was seen. The file's content leads to no other exception.
    """
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


def _load(sample: Sample, data: bytes, reading: ReadOptions, digest: bytes) -> Decoded:
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
    if multi_frame and reading.frames != "first" and (numbers := _full_frames(image)):
        return _of_frames(sample, without_texts, image, numbers, reading, digest)
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
        ("extension_mismatch", is_called_otherwise(sample.name, found)),
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
    notes = ("extension_mismatch",) if is_called_otherwise(sample.name, "PNG") else ()
    kind = GRAY8 if image.mode == "L" else RGB8
    pixels = DecodedImage(image, kind, Header("PNG", image.mode, notes), digest)
    damage.check_png_rows(image, data, spans, False, pixels.last_row())
    return pixels


def _of_usual_jpeg(
    sample: Sample, data: bytes, reading: ReadOptions, digest: bytes
) -> DecodedImage | None:
    header = jpeg.header(data)
    if not header or header.width * header.height > reading.max_pixels:
        return None
    kind = GRAY8 if header.mode == "L" else RGB8
    mismatch = is_called_otherwise(sample.name, "JPEG")
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
    sample: Sample, data: bytes, first: exact.Exact, reading: ReadOptions, digest: bytes
) -> Decoded:
    mismatch = _noted(("extension_mismatch", is_called_otherwise(sample.name, first.format)))

    def frame(stored: exact.Exact) -> DecodedImage | DecodedArray:
        header = Header(stored.format, stored.mode, first.notes + mismatch)
        return decoded(stored.array, stored.kind, header, digest)

    def frames() -> Iterator[DecodedImage | DecodedArray]:
        return map(frame, exact.all_exact(data, reading.max_pixels))

    if reading.frames == "first" or "multi_frame" not in first.notes:
        return frame(first)
    return DecodedFrames(frames) if reading.frames == "all" else as_channels(frames())


def _of_deep_avif(
    data: bytes, kind: Kind, header: Header, reading: ReadOptions, digest: bytes
) -> DecodedImage | DecodedArray:
    if header.orientation > 1 and reading.upright:
        raise UnreadableImage(
            Code.UNSUPPORTED_PIXELS, "AVIF of more than 8 bits, and to be turned: turn it first"
        )
    return decoded(avif.deep_pixels(data, kind), kind, header, digest)


def _full_frames(image: Image.Image) -> Sequence[int]:
    """Numbers of the frames, without the smaller pictures that cameras put behind a JPEG.

    None of them where that leaves one: then it is the image.
    """
    numbers = range(int(getattr(image, "n_frames", 1)))
    if image.format != _JPEG_OF_CAMERAS:
        return numbers
    full, size = [], image.size
    for number in numbers:
        image.seek(number)
        if image.size == size:
            full.append(number)
    image.seek(0)
    return full if len(full) > 1 else []


def _of_frames(
    sample: Sample,
    data: bytes,
    image: Image.Image,
    numbers: Sequence[int],
    reading: ReadOptions,
    digest: bytes,
) -> DecodedFrames | DecodedImage | DecodedArray:
    """All frames of an animation, each as a viewer shows it when its turn comes."""
    kinds = []
    for frame in numbers:
        image.seek(frame)
        kinds.append(kind_of(image, data))
        if frame != numbers[-1] and _uncovers(image):
            raise UnreadableImage(
                Code.UNSUPPORTED_PIXELS,
                f"frame {frame + 1} uncovers what is behind it: decoders disagree what that is",
            )
    if image.format == avif.FORMAT and kinds[0].bins != GRAY8.bins:
        raise UnreadableImage(Code.UNSUPPORTED_PIXELS, "AVIF frames of more than 8 bits")
    kind = RGB8 if {GRAY8, RGB8} == set(kinds) else kinds[0]
    format = "JPEG" if image.format in _JPEG else image.format or ""
    notes = _noted(
        ("alpha_dropped", image.mode in _ALPHA_MODES or "transparency" in image.info),
        ("icc_profile", "icc_profile" in image.info),
        ("multi_frame", True),
        ("extension_mismatch", is_called_otherwise(sample.name, format)),
    )

    def frames() -> Iterator[DecodedImage]:
        opened = _open(data, data.startswith(damage.PNG_SIGNATURE))
        for frame in numbers:
            opened.seek(frame)
            mode, shown = opened.mode, opened.copy()
            orientation = geometry.orientation(opened)  # a PNG may tell after its pixels
            turned = ("exif_orientation",) if orientation > 1 else ()
            header = Header(format, mode, notes + turned, orientation)
            yield DecodedImage(plain(shown, kind), kind, header, digest)

    return DecodedFrames(frames) if reading.frames == "all" else as_channels(frames())


def _uncovers(image: Image.Image) -> bool:
    """True for a GIF frame that gives way to what was there before, or to nothing at all."""
    disposal = getattr(image, "disposal_method", 0)  # only GIF has it
    to_nothing = disposal == _TO_BACKGROUND and "transparency" in image.info
    return to_nothing or disposal == _TO_PREVIOUS


def _noted(*notes: tuple[str, bool]) -> tuple[str, ...]:
    return tuple([note for note, holds in notes if holds])


def is_called_otherwise(path: str, format: str) -> bool:
    """True if a file's name has the extension of another format.

    >>> is_called_otherwise("a.jpg", "PNG"), is_called_otherwise("a.JPE", "JPEG")
    (True, False)
    """
    extension = path[path.rfind(".") :].lower()
    return FORMATS.get(extension, format) != format


def open_header(file: BinaryIO) -> Image.Image:
    """An image that Pillow opens and does not load; whatever damaged bytes make it raise."""
    return Image.open(file, formats=_FORMATS)


def _open(data: bytes, is_png: bool) -> Image.Image:
    if not is_png:
        return open_header(BytesIO(data))
    try:  # what Image.open would come to in the end, at half the cost
        return PngImagePlugin.PngImageFile(BytesIO(data))
    except (SyntaxError, IndexError, TypeError, struct.error) as error:
        raise UnidentifiedImageError(*error.args) from error
