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
from normstat.decode.kinds import kind_of, plain
from normstat.decode.pixels import SMALL, DecodedImage, File, Header, noted
from normstat.decode.refusals import refuse_large, unsupported
from normstat.decode.tiff import FORMAT as TIFF
from normstat.errors import UnreadableImage
from normstat.images import FLOAT, FORMATS, GRAY8, RGB8, Code
from normstat.images.npy_header import FORMAT as NPY

#: What decoding gives.
Decoded: TypeAlias = DecodedImage | DecodedArray | DecodedFrames
_NOT_PILLOWS = (NPY, TIFF, "DICOM", *exact.WITHOUT_PILLOW)
_FORMATS = tuple(dict.fromkeys(f for f in FORMATS.values() if f not in _NOT_PILLOWS))
# What becomes of a GIF frame before the next one.
_TO_BACKGROUND, _TO_PREVIOUS = 2, 3
_ALPHA_MODES = {"LA", "La", "PA", "RGBA", "RGBa", "RGBX"}
# Pillow calls a JPEG with further pictures behind the first (many cameras write them) MPO.
_JPEG_OF_CAMERAS = "MPO"
_JPEG = ("JPEG", _JPEG_OF_CAMERAS)


def decode_image(file: File) -> Decoded:
    """The pixels of a file that is neither an array nor a TIFF."""
    try:
        pixels = _load(file)
    except (UnreadableImage, MemoryError):
        raise
    # On damaged bytes decoders raise nearly anything (OSError, ValueError, SyntaxError,
    # struct.error, KeyError, zlib.error, ...); whatever it is, it is about this one file.
    except Exception as error:
        raise damage.verdict(error, file.data) from error
    if pixels.kind is FLOAT and not np.isfinite(pixels.array()).all():
        raise UnreadableImage(Code.NON_FINITE, "has NaN or infinite values")
    return pixels


def _load(file: File) -> Decoded:
    """All that meets the bytes of the file, which may be hostile."""
    _, data, digest, reading = file
    is_png = data.startswith(damage.PNG_SIGNATURE)
    png_spans, png_texts = damage.png_spans(data) if is_png else ([], [])
    if is_png and (image := png.plain(data, png_spans, reading.max_pixels)):
        return _of_plain_png(file, png_spans, image)
    if data.startswith(jpeg.SOI) and (usual := _of_usual_jpeg(file)):
        return usual
    if stored := exact.exact(data, reading.max_pixels):
        return _of_stored(file, stored)
    if screens.is_screen(data):
        screens.refuse_unclear(data)
    without_texts = png.without_texts(data, png_texts)
    image = _open(without_texts, is_png)
    refuse_large(*image.size, reading.max_pixels)
    kind = kind_of(image, data)
    mode, format = image.mode, "JPEG" if image.format in _JPEG else image.format or ""
    multi_frame = bool(getattr(image, "is_animated", False))
    if multi_frame and reading.frames != "first" and (numbers := _full_frames(image)):
        return _of_frames(file._replace(data=without_texts), image, format, numbers)
    interlaced = bool(image.info.get("interlace"))
    image.load()
    if format == "JPEG":
        damage.check_jpeg_end(image, data)
    orientation = geometry.orientation(image)  # a PNG may tell after its pixels
    notes = noted(
        alpha_dropped=mode in _ALPHA_MODES or "transparency" in image.info,
        icc_profile="icc_profile" in image.info or png.has_profile(data, png_texts),
        exif_orientation=orientation > 1,
        multi_frame=multi_frame,
    )
    header = Header(image.format or "", mode, notes + file.misnamed(format), orientation)
    if format == avif.FORMAT and kind.bins != GRAY8.bins:
        if orientation > 1 and reading.upright:
            raise unsupported("AVIF of more than 8 bits, and to be turned: turn it first")
        return decoded(avif.deep_pixels(data, kind), kind, header, digest)
    bands = plain(image, kind)
    pixels = DecodedImage(bands, kind, header, digest)
    if is_png:
        # What was converted may be black where the file is not, and the reverse.
        last_row = pixels.last_row() if bands is image else None
        damage.check_png_rows(image, data, png_spans, interlaced, last_row)
    return pixels


def _of_plain_png(file: File, spans: list[tuple[int, int]], image: Image.Image) -> DecodedImage:
    kind = GRAY8 if image.mode == "L" else RGB8
    header = Header("PNG", image.mode, file.misnamed("PNG"))
    pixels = DecodedImage(image, kind, header, file.digest)
    damage.check_png_rows(image, file.data, spans, False, pixels.last_row())
    return pixels


def _of_usual_jpeg(file: File) -> DecodedImage | None:
    _, data, digest, reading = file
    header = jpeg.header(data)
    if not header or header.width * header.height > reading.max_pixels:
        return None
    kind = GRAY8 if header.mode == "L" else RGB8
    misnamed = file.misnamed("JPEG")
    if header.width * header.height <= SMALL and (array := jpeg.array(data, header)) is not None:
        return DecodedImage(array, kind, Header("JPEG", header.mode, misnamed), digest)
    image = jpeg.image(data, header)
    if not image:
        return None
    damage.check_jpeg_end(image, data)
    orientation = geometry.orientation(image)
    notes = noted(icc_profile="icc_profile" in image.info, exif_orientation=orientation > 1)
    seen = Header("JPEG", header.mode, notes + misnamed, orientation)
    return DecodedImage(image, kind, seen, digest)


def _of_stored(file: File, first: exact.Exact) -> Decoded:
    notes = first.notes + file.misnamed(first.format)

    def frame(stored: exact.Exact) -> DecodedImage | DecodedArray:
        header = Header(stored.format, stored.mode, notes)
        return decoded(stored.array, stored.kind, header, file.digest)

    def frames() -> Iterator[DecodedImage | DecodedArray]:
        return map(frame, exact.all_exact(file.data, file.reading.max_pixels))

    if file.reading.frames == "first" or "multi_frame" not in first.notes:
        return frame(first)
    return DecodedFrames(frames) if file.reading.frames == "all" else as_channels(frames())


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


def _of_frames(file: File, image: Image.Image, format: str, numbers: Sequence[int]) -> Decoded:
    """All frames of an animation, each as a viewer shows it when its turn comes."""
    data = file.data
    kinds = []
    for frame in numbers:
        image.seek(frame)
        kinds.append(kind_of(image, data))
        if frame != numbers[-1] and _uncovers(image):
            raise unsupported(
                f"frame {frame + 1} uncovers what is behind it: decoders disagree what that is",
            )
    if image.format == avif.FORMAT and kinds[0].bins != GRAY8.bins:
        raise unsupported("AVIF frames of more than 8 bits")
    kind = RGB8 if {GRAY8, RGB8} == set(kinds) else kinds[0]
    notes = noted(
        alpha_dropped=image.mode in _ALPHA_MODES or "transparency" in image.info,
        icc_profile="icc_profile" in image.info,
        multi_frame=True,
    )
    notes += file.misnamed(format)

    def frames() -> Iterator[DecodedImage]:
        opened = _open(data, data.startswith(damage.PNG_SIGNATURE))
        for frame in numbers:
            opened.seek(frame)
            mode, shown = opened.mode, opened.copy()
            orientation = geometry.orientation(opened)  # a PNG may tell after its pixels
            turned = ("exif_orientation",) if orientation > 1 else ()
            header = Header(format, mode, notes + turned, orientation)
            yield DecodedImage(plain(shown, kind), kind, header, file.digest)

    return DecodedFrames(frames) if file.reading.frames == "all" else as_channels(frames())


def _uncovers(image: Image.Image) -> bool:
    """True for a GIF frame that gives way to what was there before, or to nothing at all."""
    disposal = getattr(image, "disposal_method", 0)  # only GIF has it
    to_nothing = disposal == _TO_BACKGROUND and "transparency" in image.info
    return to_nothing or disposal == _TO_PREVIOUS


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
