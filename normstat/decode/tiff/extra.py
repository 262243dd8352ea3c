"""TIFF pages by tifffile and imagecodecs, the extra ``normstat[tiff]``: any bands and bits."""

import functools
import logging
from io import BytesIO
from types import ModuleType
from typing import Any

from numpy.typing import NDArray

from normstat.decode.packages import package_versions
from normstat.decode.refusals import unsupported
from normstat.decode.tiff import terms
from normstat.decode.tiff.pages import Page

_MOST_BITS = 16
_COMPLEX = (5, 6)
# LZW, deflate (twice), LZMA, zstd: others have no predictor, and libtiff looks at none there.
_PREDICTED = (5, 8, 32946, 34925, 50000)


@functools.cache
def installed() -> ModuleType | None:
    """tifffile, if it and imagecodecs are installed."""
    try:
        import imagecodecs  # noqa: F401  # tifffile imports its codecs one by one, and late
        import tifffile
    except ImportError:
        return None
    # It remarks on oddities to whoever has set no logging, on stderr.
    logging.getLogger("tifffile").addHandler(logging.NullHandler())
    module: ModuleType = tifffile
    return module


def versions() -> dict[str, str | None]:
    """Versions of the two packages, without importing them; None where one is not installed.

    >>> sorted(versions())
    ['imagecodecs', 'tifffile']
    """
    return package_versions("tifffile", "imagecodecs")


def refusal(page: Page) -> str:
    """Reason why no decoder gives the pixels of a page; empty if tifffile does."""
    if not page.is_uniform:
        return "samples of different types"
    if page.depth > 1:
        return "a volume in one page"
    if page.gaps and not _is_storable(page.nodata, page):
        return "strips or tiles that are left out, of a value that pixels cannot have"
    if page.has_unclear_gaps:
        return "strips or tiles with a place and no bytes, or the reverse"
    return _of_numbers(page.bits[0], page.form) or _of_colors(page)


def _is_storable(nodata: str | None, page: Page) -> bool:
    """True if the value that stands for no data is one of the page's type."""
    try:
        value = float(nodata or 0)
    except ValueError:
        return False
    if page.form == terms.FLOAT:
        return True
    low = -(1 << page.bits[0] - 1) if page.form == terms.SIGNED else 0
    return value.is_integer() and low <= value < low + (1 << page.bits[0])


def _of_numbers(bits: int, form: int) -> str:
    if form not in (terms.UNSIGNED, terms.SIGNED, terms.FLOAT):
        return "complex numbers" if form in _COMPLEX else "numbers of an unknown kind"
    if bits in ((16, 32, 64) if form == terms.FLOAT else (8, 16, 32, 64)):
        return ""
    return "" if form == terms.UNSIGNED and bits <= _MOST_BITS else f"numbers of {bits} bits"


def _of_colors(page: Page) -> str:
    bits, meaning = page.bits[0], page.photometric
    color = terms.SAMPLES.get(meaning)
    no_bands, in_bytes = len(page.bands) == color, (bits, page.form) == (8, terms.UNSIGNED)
    if color is None:
        return "colors that are neither gray, RGB, CMYK, YCbCr nor a palette"
    if meaning == terms.YCBCR and page.is_planar:
        return "YCbCr in planes"
    if meaning == terms.YCBCR and page.compression not in (terms.JPEG, terms.OLD_JPEG):
        return "YCbCr that is not JPEG"
    if meaning == terms.WHITE_IS_ZERO and page.form != terms.UNSIGNED:
        return "white is zero, and values have no largest"
    if meaning == terms.CMYK and not in_bytes:
        return "CMYK of other than 8 bits"
    if meaning in (terms.CMYK, terms.PALETTE) and not no_bands:
        return "bands beside CMYK or a palette"
    is_short = meaning == terms.PALETTE and len(page.colormap) != 3 << bits
    return "a palette of another length" if is_short else ""


def opened(data: bytes) -> Any:
    """A file for :func:`pixels`."""
    tifffile = installed()
    assert tifffile
    return tifffile.TiffFile(BytesIO(data))


def pixels(file: Any, page: Page) -> NDArray[Any]:
    """The pixels of a page: shape (H, W, samples), stored units.

    Parameters
    ----------
    file : as :func:`opened` gives it.

    Raises
    ------
    UnreadableImage
        ``unsupported_pixels`` if there is no codec for the page.
    """
    tifffile = installed()
    assert tifffile
    for codecs, code in (
        (tifffile.TIFF.DECOMPRESSORS, page.compression),
        (tifffile.TIFF.UNPREDICTORS, page.predictor),
    ):
        if code != 1 and code not in codecs:
            raise unsupported(f"{page}: no codec for {code}")
    found = file.pages[page.number]
    if page.compression not in _PREDICTED:
        found.predictor = 1
    # Separate planes, depth, height, width, samples that lie together.
    array: NDArray[Any] = found.asarray(maxworkers=1, squeeze=False)
    return array[:, 0].transpose(1, 2, 3, 0).reshape(page.height, page.width, -1)
