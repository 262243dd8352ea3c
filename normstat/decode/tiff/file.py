"""The pixels of a TIFF file, and what its tags alone tell of them."""

import math
from collections.abc import Iterator
from functools import cached_property
from io import BytesIO
from itertools import chain, repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from normstat.decode import damage, geometry
from normstat.decode.arrays import decoded, kind_of_array
from normstat.decode.frames import DecodedFrames, Frame, as_channels
from normstat.decode.kinds import plain
from normstat.decode.pixels import DecodedImage, File, Header, noted
from normstat.decode.process import silence_libtiff
from normstat.decode.refusals import refuse_large, unsupported
from normstat.decode.tiff import FORMAT, extra, terms
from normstat.decode.tiff.allowed import pillow_reads
from normstat.decode.tiff.pages import Page, pages
from normstat.decode.tiff.samples import colored, stack_of, stack_refusal
from normstat.errors import UnreadableImage
from normstat.images import FLOAT, GRAY8, RGB8, Code, Kind, ReadOptions, band_names, channel_names

_INSTALL = 'pip install "normstat[tiff]"'
# Raw modes of Pillow that change colors, and those that leave them.
_STORED = {"RGBa": "RGBA"}
_GRAY_BITS = 8
_COUNTED = 16
_COLORS = 3
_TYPES = {terms.UNSIGNED: "uint", terms.SIGNED: "int", terms.FLOAT: "float"}


def decode_tiff(file: File) -> Frame | DecodedFrames:
    """The pixels of a TIFF file."""
    first, others = _full_pages(file.data)
    notes, frames = file.misnamed(FORMAT), file.reading.frames
    if frames == "first":
        notes += ("multi_frame",) if first.planes > 1 or _is_more(others) else ()
        return next(_frames(_Opened(file), first, notes))
    listed = [first, *others]
    # ImageJ counts the images of all directories in the first; they are behind it if it is alone.
    all_planes = len(listed) == 1
    if all_planes and first.planes == 1:
        return next(_frames(_Opened(file), first, notes))
    notes += ("multi_frame",)

    def each() -> Iterator[Frame]:
        opened = _Opened(file)
        return chain.from_iterable(_frames(opened, page, notes, all_planes) for page in listed)

    return DecodedFrames(each) if frames == "all" else as_channels(each())


def _is_more(others: Iterator[Page]) -> bool:
    """True if there is a further page, be it one that could not be counted."""
    try:
        return next(others, None) is not None
    except UnreadableImage as error:
        if error.code == Code.TRUNCATED:  # what is missing may be more than this page
            raise
        return True


class _Opened:
    """A file that each decoder opens once: it looks for a page from the one before."""

    def __init__(self, file: File) -> None:
        self.file = file

    @cached_property
    def by_pillow(self) -> TiffImagePlugin.TiffImageFile:
        return TiffImagePlugin.TiffImageFile(BytesIO(self.file.data))

    @cached_property
    def by_tifffile(self) -> Any:
        return extra.opened(self.file.data)


def measure_tiff(data: Any, reading: ReadOptions) -> tuple[Kind, int, int, int]:
    """Kind, width, height and orientation of what :func:`decode_tiff` will give, from its tags.

    Raises
    ------
    UnreadableImage
        The tags speak against the image; or only its pixels tell.
    """
    first, others = _full_pages(data)
    further = sum(1 for _ in others) if reading.frames != "first" else 0
    planes = 1 if further or reading.frames == "first" else first.planes
    kind = _kind_taken(first, reading, planes)
    if reading.frames == "channels":
        channels = further + planes
        if channels > 1 and len(kind.channels) > 1:
            raise unsupported("its pages have channels of their own")
        kind = Kind(kind.dtype, band_names(channels), kind.scale) if channels > 1 else kind
    return kind, first.width, first.height, first.orientation


def _full_pages(data: Any) -> tuple[Page, Iterator[Page]]:
    """The first page that is no smaller copy or mask of another, and the others of its like."""
    everything = pages(data)
    thumbnail = None
    for page in everything:
        if not (page.is_reduced or page.is_mask):
            return page, (p for p in everything if not (p.is_reduced or p.is_mask))
        thumbnail = thumbnail or page
    assert thumbnail
    if thumbnail.has_sub_pages:
        raise unsupported("TIFF whose pages are thumbnails; their images are in SubIFDs")
    return thumbnail, iter(())


def _frames(
    opened: _Opened, page: Page, notes: tuple[str, ...], all_planes: bool = False
) -> Iterator[Frame]:
    """The images of a page: one, or each of its planes if they are asked for."""
    _, data, digest, reading = opened.file
    planes = page.planes if all_planes else 1
    kind = _kind_taken(page, reading, planes)
    notes += noted(
        alpha_dropped=page.has_alpha,
        icc_profile=page.has_icc_profile,
        exif_orientation=page.orientation > 1,
        nodata_counted=page.nodata is not None,
    )
    try:
        if planes == 1 and pillow_reads(page):
            yield _by_pillow(opened, page, kind, notes)
            return
        stored = stack_of(data, page) if planes > 1 else [extra.pixels(opened.by_tifffile, page)]
    except (UnreadableImage, MemoryError):
        raise
    # Decoders raise nearly anything on damaged bytes; whatever it is, it is about this one file.
    except Exception as error:
        if page.is_cut(len(data)):
            raise UnreadableImage(Code.TRUNCATED, "ends before the last of its pixels") from error
        raise damage.verdict(error, data) from error
    header = Header(FORMAT, stored[0].dtype.newbyteorder("=").name, notes, page.orientation)
    for array in map(colored, stored, repeat(page)):
        if array.dtype.kind == "f":
            _refuse_no_data(array, page)
        yield decoded(array, kind, header, digest)


def _by_pillow(opened: _Opened, page: Page, kind: Kind, notes: tuple[str, ...]) -> Frame:
    if page.compression != terms.NONE:
        silence_libtiff()
    file = opened.by_pillow
    file.seek(page.number)
    mode = file.mode
    turned = geometry.turn(file)  # also by XMP, which is not looked at here
    # Pillow would divide colors by their alpha, and round them.
    file.tile = [
        tile._replace(args=(_STORED.get(tile.args[0], tile.args[0]), *tile.args[1:]))
        for tile in file.tile
        if isinstance(tile.args, tuple)
    ]
    file.load()
    # The next page would be decoded into the same memory.
    image: Image.Image = file.copy() if page.number or file.is_animated else file
    if image.mode == "P":
        image.putpalette(page.palette().tobytes())
    stored = geometry.turned_back(image, turned)
    if kind.dtype == FLOAT.dtype:
        values = np.asarray(stored)
        _refuse_no_data(values, page)
        if not np.isfinite(values).all():
            raise UnreadableImage(Code.NON_FINITE, "has NaN or infinite values")
    header = Header(FORMAT, mode, notes, page.orientation)
    if kind.least:  # Pillow has them in 32 bits
        return decoded(np.asarray(stored)[:, :, np.newaxis], kind, header, opened.file.digest)
    return DecodedImage(plain(stored, kind), kind, header, opened.file.digest)


def _refuse_no_data(values: NDArray[Any], page: Page) -> None:
    """NaN or infinity is no damage where the file says that it marks pixels that are no data."""
    try:
        marker = float(page.nodata or 0)
    except ValueError:
        return
    if math.isfinite(marker):
        return
    if (np.isnan(values) if math.isnan(marker) else values == marker).any():
        raise unsupported(
            f"has {'NaN' if math.isnan(marker) else 'infinite'} pixels, which it declares as no "
            "data (GDAL_NODATA)",
        )


def _kind_taken(page: Page, reading: ReadOptions, planes: int) -> Kind:
    """The kind of a page's pixels; refused if no decoder gives them, or there are too many."""
    refuse_large(page.width, page.height, reading.max_pixels)
    if page.missing:
        raise UnreadableImage(Code.CORRUPT, f"{page.missing} of its strips or tiles are not listed")
    if page.tile_area > reading.max_pixels:
        raise UnreadableImage(
            Code.TOO_LARGE, f"tiles of {page.tile_area} pixels; the limit is {reading.max_pixels}"
        )
    if planes > 1 or not pillow_reads(page):
        reason = extra.refusal(page) or (stack_refusal(page) if planes > 1 else "")
        if reason:
            raise unsupported(f"{page}: {reason}")
        if planes == 1 and not extra.installed():
            raise UnreadableImage(_code_without(page), f"{page}; {_INSTALL} reads it")
    return _kind(page)


def _code_without(page: Page) -> Code:
    """Colors of more than 8 bits are what other decoders cut to 8."""
    is_cut = page.photometric == terms.RGB and (page.bits[0], page.form) == (16, terms.UNSIGNED)
    return Code.BIT_DEPTH_LOST if is_cut else Code.UNSUPPORTED_PIXELS


def _kind(page: Page) -> Kind:
    bits, form = page.bits[0], page.form
    if page.photometric in (terms.PALETTE, terms.CMYK):
        return RGB8
    number = len(page.bands)
    if number == _COLORS and page.photometric in (terms.RGB, terms.YCBCR):
        names = channel_names(number)
    elif page.names and number > 1:
        names = tuple(page.names[band] for band in page.bands)
    else:
        names = band_names(number)
    if form == terms.UNSIGNED and bits <= _COUNTED:
        if page.stretch > 1:
            return GRAY8
        kept = "uint8" if bits <= _GRAY_BITS else "uint16"
        return kind_of_array(np.dtype(kept), names, (1 << bits) - 1)
    return kind_of_array(np.dtype(f"{_TYPES[form]}{bits}"), names)
