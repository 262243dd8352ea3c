"""A page of a TIFF file: its pixels and how they are stored, from its tags.

GDAL's private tags name bands and say what is no data; ImageJ's description counts images.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normstat.decode.tiff.descriptions import band_descriptions, images_said, is_one_run
from normstat.decode.tiff.tags import Layout, Tag, Tags, directories
from normstat.errors import UnreadableImage
from normstat.images import Code

#: What pixels mean (PhotometricInterpretation).
WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR = 0, 1, 2, 3, 5, 6
_UNTOLD = -1
#: What values are (SampleFormat).
UNSIGNED, SIGNED, FLOAT, VOID = 1, 2, 3, 4
#: Compression schemes that pixels are handled differently for.
NONE, OLD_JPEG, JPEG = 1, 6, 7
#: Those of fax machines: CCITT's.
FAX = (2, 3, 4)
#: Extra samples that are alpha: associated, unassociated.
_ALPHA = (1, 2)

_EIGHT_BITS = 256
_REDUCED, _MASK = 1, 4
_OLD_REDUCED = 2
_TURNS = range(1, 9)


@dataclass(frozen=True, slots=True)
class Page:
    """One image file directory.

    Attributes
    ----------
    number : of the page in its file, from 0.
    order : ``<`` or ``>``.
    is_big : BigTIFF.
    width, height : pixels.
    bits, formats : of each sample.
    extra : what the samples are that the photometric interpretation does not cover; as many as
        there are, 0 (unspecified) where the file does not say.
    compression, predictor, photometric, fill_order, orientation : as in the tags.
    is_planar : samples lie apart from each other.
    is_usual : numbers have the types and counts that all decoders expect.
    is_tiled : in tiles, else in strips.
    tile_area : pixels of a tile; 0 where there are none.
    colormap : entries of 16 bits, red, green, blue one after the other.
    segments : offset and bytes of each strip or tile, as far as the file says.
    missing : strips or tiles that there should be more than the file lists.
    is_reduced, is_mask : a smaller copy of another page, or a mask of it.
    has_sub_pages : it lists other directories, which are no pages of the file.
    planes : images one after the other in this directory's data (ImageJ, tifffile).
    names : of the bands (GDAL); None where one lacks its name.
    nodata : value of pixels that are no data (GDAL); None if there is none.
    depth : of a volume whose slices lie in one directory.
    has_icc_profile : there is one.
    """

    number: int
    order: str
    is_big: bool
    width: int
    height: int
    bits: tuple[int, ...]
    formats: tuple[int, ...]
    extra: tuple[int, ...]
    compression: int
    predictor: int
    photometric: int
    fill_order: int
    orientation: int
    is_planar: bool
    is_usual: bool
    is_tiled: bool
    tile_area: int
    colormap: tuple[int, ...]
    segments: tuple[tuple[int, int], ...]
    missing: int
    is_reduced: bool
    is_mask: bool
    has_sub_pages: bool
    planes: int
    names: tuple[str, ...] | None
    nodata: str | None
    depth: int
    has_icc_profile: bool

    @property
    def samples(self) -> int:
        return len(self.bits)

    @property
    def form(self) -> int:
        """Format of the values of all samples; undefined ones are read as unsigned."""
        return UNSIGNED if self.formats[0] == VOID else self.formats[0]

    @property
    def bands(self) -> tuple[int, ...]:
        """The samples that count: all but alpha."""
        color = self.samples - len(self.extra)
        of_extra = enumerate(self.extra, color)
        return (*range(color), *(place for place, what in of_extra if what not in _ALPHA))

    @property
    def stretch(self) -> int:
        """Factor that brings 1, 2 and 4 bits of gray to 8, exactly, as every decoder does."""
        is_gray = self.samples == 1 and self.photometric in (WHITE_IS_ZERO, BLACK_IS_ZERO)
        is_short = self.form == UNSIGNED and self.bits[0] in (1, 2, 4)
        return 255 // ((1 << self.bits[0]) - 1) if is_gray and is_short else 1

    def palette(self) -> NDArray[np.uint8]:
        """The colors of a palette: shape (entries, 3), uint8."""
        entries = np.array(self.colormap, np.uint16)
        # They have 16 bits. Where none needs more than 8, somebody has written 8.
        high = entries if max(self.colormap) < _EIGHT_BITS else entries >> 8
        return high.astype(np.uint8).reshape(3, -1).T

    @property
    def has_alpha(self) -> bool:
        return len(self.bands) < self.samples

    @property
    def is_uniform(self) -> bool:
        """True if all samples are of one type."""
        return len(set(self.bits)) == len(set(self.formats)) == 1

    @property
    def gaps(self) -> int:
        """Strips or tiles that nothing is stored of: GDAL leaves them out where all is no data."""
        return sum(offset == count == 0 for offset, count in self.segments)

    @property
    def has_unclear_gaps(self) -> bool:
        """True if a strip or tile has either a place or bytes."""
        return any((offset == 0) != (count == 0) for offset, count in self.segments)

    def is_cut(self, size: int) -> bool:
        """True if some of its data lie beyond a file of that size."""
        return any(offset + count > size for offset, count in self.segments)

    def __str__(self) -> str:
        form = {SIGNED: "signed ", FLOAT: "float "}.get(self.form, "")
        bits = f"{form}{self.bits[0]} bits" if self.is_uniform else f"{_listed(self.bits)} bits"
        bands = f"{self.samples} band{'s' * (self.samples != 1)} of {bits}"
        before = "big-endian " * (self.order == ">")
        details = (
            _COMPRESSIONS.get(self.compression, f"compression {self.compression}"),
            _PHOTOMETRICS.get(self.photometric, f"photometric {self.photometric}"),
            *(("planar",) * self.is_planar),
            *(("tiles",) * self.is_tiled),
        )
        return f"{before}{'Big' * self.is_big}TIFF with {bands} ({', '.join(details)})"


_COMPRESSIONS = {
    NONE: "uncompressed",
    2: "CCITT",
    3: "CCITT 3",
    4: "CCITT 4",
    5: "LZW",
    6: "old JPEG",
    JPEG: "JPEG",
    8: "deflate",
    32773: "PackBits",
    32946: "deflate",
    34887: "LERC",
    34712: "JPEG 2000",
    34925: "LZMA",
    50000: "zstd",
    50001: "WebP",
}
_PHOTOMETRICS = {
    _UNTOLD: "no photometric interpretation",
    WHITE_IS_ZERO: "white is zero",
    BLACK_IS_ZERO: "black is zero",
    RGB: "RGB",
    PALETTE: "palette",
    _MASK: "mask",
    CMYK: "CMYK",
    YCBCR: "YCbCr",
    8: "CIELab",
    9: "ICCLab",
    32803: "color filter array",
    34892: "linear raw",
}
# Samples that a pixel has for its color; others than these have one.
_COLORS = {RGB: 3, YCBCR: 3, CMYK: 4, 8: 3, 9: 3, 10: 3, 34892: 3}


def pages(data: Any) -> Iterator[Page]:
    """The pages of a TIFF file in their order, each read when it is asked for.

    Parameters
    ----------
    data : the file's bytes, or a map of them.

    Raises
    ------
    UnreadableImage
        ``truncated`` where a directory or the value of a tag lies beyond the end; ``corrupt`` or
        ``not_an_image`` where no pixels can be as the tags say.
    """
    for number, (layout, place, tags) in enumerate(directories(data)):
        yield _page(number, layout, place, tags)


def _page(number: int, layout: Layout, place: int, tags: Tags) -> Page:
    def one(tag: int, default: int) -> int:
        value = tags.get(tag)
        return int(value[0]) if isinstance(value, (tuple, bytes)) else default

    def many(tag: int) -> tuple[int, ...]:
        value = tags.get(tag)
        return tuple(value) if isinstance(value, (tuple, bytes)) else ()

    def text(tag: int) -> str | None:
        value = tags.get(tag)
        return value if isinstance(value, str) else None

    width, height = one(Tag.WIDTH, 0), one(Tag.HEIGHT, 0)
    if not (width > 0 and height > 0):
        raise UnreadableImage(Code.NOT_AN_IMAGE, f"TIFF of {width} × {height} pixels")
    samples = one(Tag.SAMPLES, 1)
    if not 0 < samples < 1 << 16:
        raise UnreadableImage(Code.CORRUPT, f"TIFF with {samples} samples a pixel")
    compression = one(Tag.COMPRESSION, NONE)
    # Decoders make different guesses. Fax machines send black on white.
    photometric = one(Tag.PHOTOMETRIC, WHITE_IS_ZERO if compression in FAX else _UNTOLD)
    color = min(samples, _COLORS.get(photometric, 1))
    is_tiled = Tag.TILE_OFFSETS in tags or Tag.TILE_WIDTH in tags
    offsets = many(Tag.TILE_OFFSETS) or many(Tag.OFFSETS)
    counts = many(Tag.TILE_COUNTS) or many(Tag.COUNTS)
    segments = tuple(zip(offsets, counts, strict=False))
    is_planar = samples > 1 and one(Tag.PLANAR, 1) == 2
    tile = one(Tag.TILE_WIDTH, 0), one(Tag.TILE_HEIGHT, 0)
    size = tile if is_tiled else (width, one(Tag.ROWS, height))
    needed = (
        (samples if is_planar else 1) * -(-width // (size[0] or 1)) * -(-height // (size[1] or 1))
    )
    extra = many(Tag.EXTRA)
    has_bytes = any(isinstance(tags[tag], bytes) for tag in tags if tag != Tag.ICC_PROFILE)
    images = images_said(text(Tag.DESCRIPTION) or "", width * height * samples)
    may_be_stack = compression == NONE and not is_tiled and is_one_run(segments, images, place)
    return Page(
        number=number,
        order=layout.order,
        is_big=layout.is_big,
        width=width,
        height=height,
        bits=_of_each(many(Tag.BITS), samples, 1),
        formats=_of_each(many(Tag.FORMAT), samples, UNSIGNED),
        extra=(*extra, *([0] * samples))[: samples - color],
        compression=compression,
        predictor=one(Tag.PREDICTOR, 1),
        photometric=photometric,
        fill_order=one(Tag.FILL_ORDER, 1),
        orientation=one(Tag.ORIENTATION, 1) if one(Tag.ORIENTATION, 1) in _TURNS else 1,
        is_planar=is_planar,
        is_usual=not has_bytes and len(extra) <= samples - color,
        is_tiled=is_tiled,
        tile_area=math.prod(tile),
        colormap=many(Tag.COLORMAP),
        segments=segments,
        missing=0 if compression == OLD_JPEG else max(0, needed - len(offsets)),
        is_reduced=bool(one(Tag.SUBFILE, 0) & _REDUCED) or one(Tag.OLD_SUBFILE, 0) == _OLD_REDUCED,
        is_mask=bool(one(Tag.SUBFILE, 0) & _MASK) or photometric == _MASK,
        has_sub_pages=Tag.SUB_PAGES in tags,
        planes=images if may_be_stack else 1,
        names=band_descriptions(text(Tag.GDAL_METADATA) or "", samples),
        nodata=text(Tag.GDAL_NODATA),
        depth=one(Tag.DEPTH, 1),
        has_icc_profile=Tag.ICC_PROFILE in tags,
    )


def _of_each(values: Sequence[int], samples: int, default: int) -> tuple[int, ...]:
    """A value for each sample: files may give one for all."""
    if len(values) < samples:
        return tuple(values[:1] or (default,)) * samples
    return tuple(values[:samples])


def _listed(numbers: Sequence[int]) -> str:
    """A few numbers; of many the first."""
    return "/".join(map(str, numbers[:4])) + "/…" * (len(numbers) > 4)
