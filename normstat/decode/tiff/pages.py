"""A page of a TIFF file: its pixels and how they are stored, from its tags.

GDAL's private tags name bands and say what is no data; ImageJ's description counts images.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normstat.decode.tiff import terms
from normstat.decode.tiff.descriptions import band_descriptions, images_said, is_one_run
from normstat.decode.tiff.tags import Layout, Tag, Tags, directories
from normstat.errors import UnreadableImage
from normstat.images import Code

_EIGHT_BITS = 256
_REDUCED, _MASK = 1, 4
_OLD_REDUCED = 2
_TURNS = range(1, 9)
# Samples that a pixel has for its color; others than these have one.
_COLORS = {terms.RGB: 3, terms.YCBCR: 3, terms.CMYK: 4, 8: 3, 9: 3, 10: 3, 34892: 3}


class Page:
    """One image file directory, from its layout, its place in the file and its tags."""

    def __init__(self, number: int, layout: Layout, place: int, tags: Tags) -> None:
        one, many, text = tags.one, tags.many, tags.text
        self.number = number  # of the page in its file, from 0
        self.order, self.is_big = layout
        self.width, self.height = width, height = one(Tag.WIDTH, 0), one(Tag.HEIGHT, 0)
        if not (width > 0 and height > 0):
            raise UnreadableImage(Code.NOT_AN_IMAGE, f"TIFF of {width} × {height} pixels")
        self.samples = samples = one(Tag.SAMPLES, 1)
        if not 0 < samples < 1 << 16:
            raise UnreadableImage(Code.CORRUPT, f"TIFF with {samples} samples a pixel")
        self.bits = _of_each(many(Tag.BITS), samples, 1)
        self.formats = _of_each(many(Tag.FORMAT), samples, terms.UNSIGNED)
        self.compression = one(Tag.COMPRESSION, terms.NONE)
        self.predictor = one(Tag.PREDICTOR, 1)
        self.fill_order = one(Tag.FILL_ORDER, 1)
        self.orientation = one(Tag.ORIENTATION, 1) if one(Tag.ORIENTATION, 1) in _TURNS else 1
        # Decoders make different guesses. Fax machines send black on white.
        untold = terms.WHITE_IS_ZERO if self.compression in terms.FAX else terms.UNTOLD
        self.photometric = one(Tag.PHOTOMETRIC, untold)
        self.colormap = many(Tag.COLORMAP)  # of 16 bits: all reds, all greens, all blues
        # The samples beside the color, as many as there are: 0 where the file does not say.
        beside, extra = samples - min(samples, _COLORS.get(self.photometric, 1)), many(Tag.EXTRA)
        self.extra = (*extra, *([0] * samples))[:beside]
        # Numbers have the types and counts that all decoders expect.
        has_bytes = any(isinstance(tags[tag], bytes) for tag in tags if tag != Tag.ICC_PROFILE)
        self.is_usual = not has_bytes and len(extra) <= beside
        self.is_planar = samples > 1 and one(Tag.PLANAR, 1) == 2
        self.is_tiled = Tag.TILE_OFFSETS in tags or Tag.TILE_WIDTH in tags  # else in strips
        tile = one(Tag.TILE_WIDTH, 0), one(Tag.TILE_HEIGHT, 0)
        self.tile_area = math.prod(tile)
        offsets = many(Tag.TILE_OFFSETS) or many(Tag.OFFSETS)
        counts = many(Tag.TILE_COUNTS) or many(Tag.COUNTS)
        # Offset and bytes of each strip or tile, and how many the file does not list.
        self.segments = tuple(zip(offsets, counts, strict=False))
        across, down = tile if self.is_tiled else (width, one(Tag.ROWS, height))
        needed = -(-width // (across or 1)) * -(-height // (down or 1))
        needed *= samples if self.is_planar else 1
        is_listed = self.compression != terms.OLD_JPEG
        self.missing = max(0, needed - len(offsets)) if is_listed else 0
        subfile = one(Tag.SUBFILE, 0)
        self.is_reduced = bool(subfile & _REDUCED) or one(Tag.OLD_SUBFILE, 0) == _OLD_REDUCED
        self.is_mask = bool(subfile & _MASK) or self.photometric == terms.MASK
        self.has_sub_pages = Tag.SUB_PAGES in tags  # directories that are no pages of the file
        # Images one after the other in this directory's data (ImageJ, tifffile).
        images = images_said(text(Tag.DESCRIPTION) or "", width * height * samples)
        may_be_stack = self.compression == terms.NONE and not self.is_tiled
        is_stack = may_be_stack and is_one_run(self.segments, images, place)
        self.planes = images if is_stack else 1
        self.depth = one(Tag.DEPTH, 1)  # of a volume whose slices lie in one directory
        self.names = band_descriptions(text(Tag.GDAL_METADATA) or "", samples)
        self.nodata = text(Tag.GDAL_NODATA)  # value of pixels that are no data
        self.has_icc_profile = Tag.ICC_PROFILE in tags

    @property
    def form(self) -> int:
        """Format of the values of all samples; undefined ones are read as unsigned."""
        return terms.UNSIGNED if self.formats[0] == terms.VOID else self.formats[0]

    @property
    def bands(self) -> tuple[int, ...]:
        """The samples that count: all but alpha."""
        color = self.samples - len(self.extra)
        of_extra = enumerate(self.extra, color)
        return (*range(color), *(place for place, what in of_extra if what not in terms.ALPHA))

    @property
    def stretch(self) -> int:
        """Factor that brings 1, 2 and 4 bits of gray to 8, exactly, as every decoder does."""
        is_gray = self.samples == 1 and self.photometric in (
            terms.WHITE_IS_ZERO,
            terms.BLACK_IS_ZERO,
        )
        is_short = self.form == terms.UNSIGNED and self.bits[0] in (1, 2, 4)
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
        form = {terms.SIGNED: "signed ", terms.FLOAT: "float "}.get(self.form, "")
        bits = f"{form}{self.bits[0]} bits" if self.is_uniform else f"{_listed(self.bits)} bits"
        bands = f"{self.samples} band{'s' * (self.samples != 1)} of {bits}"
        before = "big-endian " * (self.order == ">")
        details = (
            terms.COMPRESSIONS.get(self.compression, f"compression {self.compression}"),
            terms.PHOTOMETRICS.get(self.photometric, f"photometric {self.photometric}"),
            *(("planar",) * self.is_planar),
            *(("tiles",) * self.is_tiled),
        )
        return f"{before}{'Big' * self.is_big}TIFF with {bands} ({', '.join(details)})"


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
    for number, directory in enumerate(directories(data)):
        yield Page(number, *directory)


def _of_each(values: Sequence[int], samples: int, default: int) -> tuple[int, ...]:
    """A value for each sample: files may give one for all."""
    if len(values) < samples:
        return tuple(values[:1] or (default,)) * samples
    return tuple(values[:samples])


def _listed(numbers: Sequence[int]) -> str:
    """A few numbers; of many the first."""
    return "/".join(map(str, numbers[:4])) + "/…" * (len(numbers) > 4)
