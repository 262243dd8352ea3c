"""The TIFF files that Pillow decodes right: a closed list, held against tifffile by a test matrix.

Of others Pillow swaps the bytes, leaves out bands or planes, or drops bits, without a word.
"""

from normstat.decode.tiff import terms
from normstat.decode.tiff.pages import Page
from normstat.decode.tiff.terms import BLACK_IS_ZERO as GRAY
from normstat.decode.tiff.terms import FLOAT, JPEG, PALETTE, RGB, SIGNED, UNSIGNED, YCBCR

# LZW, deflate (twice), PackBits, LZMA, zstd: what wheels of Pillow come with. WebP is not in them.
_LOSSLESS = (5, 8, 32946, 32773, 34925, 50000)
# Photometric interpretation, samples, bits, format and extra samples.
_OF_BYTES = {(meaning, number, 8, UNSIGNED, ()) for meaning, number in terms.SAMPLES.items()}
_BY_JPEG = _OF_BYTES - {(PALETTE, 1, 8, UNSIGNED, ())}
_PIXELS = _OF_BYTES | {
    *((meaning, 1, bits, UNSIGNED, ()) for meaning in (0, GRAY, PALETTE) for bits in (1, 2, 4)),
    *((GRAY, 1, bits, UNSIGNED, ()) for bits in (12, 16)),
    *((GRAY, 1, bits, SIGNED, ()) for bits in (16, 32)),
    (GRAY, 1, 32, FLOAT, ()),
    *((GRAY, 2, 8, UNSIGNED, (alpha,)) for alpha in terms.ALPHA),
    *((RGB, 4, 8, UNSIGNED, (alpha,)) for alpha in terms.ALPHA),
}


def pillow_reads(page: Page) -> bool:
    """True if Pillow gives the pixels of a page as they are stored."""
    if not (page.is_uniform and page.is_usual) or page.depth > 1:
        return False
    if page.gaps or (page.has_unclear_gaps and len(page.segments) > 1):
        return False
    if page.photometric == PALETTE and len(page.colormap) != 3 << page.bits[0]:
        return False
    bits, form = page.bits[0], page.formats[0]
    pixels = (page.photometric, page.samples, bits, form, page.extra)
    if page.compression in terms.FAX:
        return bits == page.samples == 1 and pixels in _PIXELS
    if page.fill_order != 1:
        return False
    if page.compression == JPEG:
        in_planes = page.is_planar and page.photometric == YCBCR
        return pixels in _BY_JPEG and not (in_planes or (page.order == ">" and page.is_big))
    if pixels not in _PIXELS or page.compression not in (terms.NONE, *_LOSSLESS):
        return False
    return _has_order(page, bits, form) and _has_layout(page, pixels)


def _has_order(page: Page, bits: int, form: int) -> bool:
    """True if Pillow knows the byte order: libtiff gives it the machine's own."""
    if page.order == "<":
        return True
    if page.is_big or bits == 12:
        return False
    return bits <= 8 or page.compression == terms.NONE or (bits, form) == (16, UNSIGNED)


def _has_layout(page: Page, pixels: tuple[int, int, int, int, tuple[int, ...]]) -> bool:
    """True if Pillow knows where the samples and rows of a page lie."""
    raw = page.compression == terms.NONE
    if page.photometric == YCBCR:  # subsampled blocks that only libtiff takes apart
        return not raw and not page.is_planar
    if not page.is_planar:
        return pixels[2] != 12 or page.predictor == 1
    if terms.ASSOCIATED in page.extra:
        return False
    return not (raw and page.samples == 2)
