"""The TIFF files that Pillow decodes right: a closed list, held against tifffile by a test matrix.

Of others Pillow swaps the bytes, leaves out bands or planes, or drops bits, without a word.
"""

from normstat.decode.tiff.pages import (
    BLACK_IS_ZERO,
    CMYK,
    FAX,
    FLOAT,
    JPEG,
    NONE,
    PALETTE,
    RGB,
    SIGNED,
    UNSIGNED,
    WHITE_IS_ZERO,
    YCBCR,
    Page,
)

# LZW, deflate (twice), PackBits, LZMA, zstd: what wheels of Pillow come with. WebP is not in them.
_LOSSLESS = (5, 8, 32946, 32773, 34925, 50000)
_ASSOCIATED, _UNASSOCIATED = 1, 2
# Photometric interpretation, samples, bits, format and extra samples.
_GRAY = {
    *((photometric, 1, bits, UNSIGNED, ()) for photometric in (0, 1) for bits in (1, 2, 4, 8)),
    *((PALETTE, 1, bits, UNSIGNED, ()) for bits in (1, 2, 4, 8)),
    (BLACK_IS_ZERO, 1, 12, UNSIGNED, ()),
    *((BLACK_IS_ZERO, 1, 16, form, ()) for form in (UNSIGNED, SIGNED)),
    *((BLACK_IS_ZERO, 1, 32, form, ()) for form in (SIGNED, FLOAT)),
    *((BLACK_IS_ZERO, 2, 8, UNSIGNED, (alpha,)) for alpha in (_ASSOCIATED, _UNASSOCIATED)),
}
_COLOR = {
    (RGB, 3, 8, UNSIGNED, ()),
    (RGB, 4, 8, UNSIGNED, (_ASSOCIATED,)),
    (RGB, 4, 8, UNSIGNED, (_UNASSOCIATED,)),
    (CMYK, 4, 8, UNSIGNED, ()),
    (YCBCR, 3, 8, UNSIGNED, ()),
}
_BY_JPEG = {
    (WHITE_IS_ZERO, 1, 8, UNSIGNED, ()),
    (BLACK_IS_ZERO, 1, 8, UNSIGNED, ()),
    (RGB, 3, 8, UNSIGNED, ()),
    (CMYK, 4, 8, UNSIGNED, ()),
    (YCBCR, 3, 8, UNSIGNED, ()),
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
    if page.compression in FAX:
        return bits == page.samples == 1 and pixels in _GRAY
    if page.fill_order != 1:
        return False
    if page.compression == JPEG:
        in_planes = page.is_planar and page.photometric == YCBCR
        return pixels in _BY_JPEG and not (in_planes or (page.order == ">" and page.is_big))
    if pixels not in _GRAY | _COLOR or page.compression not in (NONE, *_LOSSLESS):
        return False
    return _has_order(page, bits, form) and _has_layout(page, pixels)


def _has_order(page: Page, bits: int, form: int) -> bool:
    """True if Pillow knows the byte order: libtiff gives it the machine's own."""
    if page.order == "<":
        return True
    if page.is_big or bits == 12:
        return False
    return bits <= 8 or page.compression == NONE or (bits, form) == (16, UNSIGNED)


def _has_layout(page: Page, pixels: tuple[int, int, int, int, tuple[int, ...]]) -> bool:
    """True if Pillow knows where the samples and rows of a page lie."""
    raw = page.compression == NONE
    if page.photometric == YCBCR:  # subsampled blocks that only libtiff takes apart
        return not raw and not page.is_planar
    if not page.is_planar:
        return pixels[2] != 12 or page.predictor == 1
    if _ASSOCIATED in page.extra:
        return False
    return not (raw and page.samples == 2)
