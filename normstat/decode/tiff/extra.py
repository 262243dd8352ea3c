"""TIFF pages by tifffile and imagecodecs, the extra ``normstat[tiff]``: any bands and bits."""

import functools
import logging
from io import BytesIO
from types import ModuleType
from typing import Any

from numpy.typing import NDArray

from normstat.decode.tiff.pages import (
    BLACK_IS_ZERO,
    CMYK,
    FLOAT,
    JPEG,
    OLD_JPEG,
    PALETTE,
    RGB,
    SIGNED,
    UNSIGNED,
    WHITE_IS_ZERO,
    YCBCR,
    Page,
)
from normstat.errors import UnreadableImage
from normstat.images import Code

_JPEGS = (JPEG, OLD_JPEG)
_MOST_BITS = 16
_COMPLEX = (5, 6)
# LZW, deflate (twice), LZMA, zstd: others have no predictor, and libtiff looks at none there.
_PREDICTED = (5, 8, 32946, 34925, 50000)
# Samples of the colors that are known.
_COLORS = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, PALETTE: 1, RGB: 3, YCBCR: 3, CMYK: 4}


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
    from importlib import metadata  # costs as much as Pillow, and only a cache asks

    found: dict[str, str | None] = {}
    for package in ("tifffile", "imagecodecs"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = None
    return found


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
    if page.form == FLOAT:
        return True
    low = -(1 << page.bits[0] - 1) if page.form == SIGNED else 0
    return value.is_integer() and low <= value < low + (1 << page.bits[0])


def _of_numbers(bits: int, form: int) -> str:
    if form not in (UNSIGNED, SIGNED, FLOAT):
        return "complex numbers" if form in _COMPLEX else "numbers of an unknown kind"
    if bits in ((16, 32, 64) if form == FLOAT else (8, 16, 32, 64)):
        return ""
    return "" if form == UNSIGNED and bits <= _MOST_BITS else f"numbers of {bits} bits"


def _of_colors(page: Page) -> str:
    bits, form = page.bits[0], page.form
    color = _COLORS.get(page.photometric)
    refused = {
        "colors that are neither gray, RGB, CMYK, YCbCr nor a palette": color is None,
        "YCbCr in planes": page.photometric == YCBCR and page.is_planar,
        "YCbCr that is not JPEG": page.photometric == YCBCR and page.compression not in _JPEGS,
        "white is zero, and values have no largest": (
            page.photometric == WHITE_IS_ZERO and form != UNSIGNED
        ),
        "CMYK of other than 8 bits": page.photometric == CMYK and (bits, form) != (8, UNSIGNED),
        "bands beside CMYK or a palette": (
            page.photometric in (CMYK, PALETTE) and len(page.bands) != color
        ),
        "a palette of another length": (
            page.photometric == PALETTE and len(page.colormap) != 3 << bits
        ),
    }
    return next((reason for reason, holds in refused.items() if holds), "")


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
    _refuse_unknown(tifffile.TIFF, page)
    found = file.pages[page.number]
    if page.compression not in _PREDICTED:
        found.predictor = 1
    # Separate planes, depth, height, width, samples that lie together.
    array: NDArray[Any] = found.asarray(maxworkers=1, squeeze=False)
    return array[:, 0].transpose(1, 2, 3, 0).reshape(page.height, page.width, -1)


def _refuse_unknown(known: Any, page: Page) -> None:
    for codecs, code in (
        (known.DECOMPRESSORS, page.compression),
        (known.UNPREDICTORS, page.predictor),
    ):
        try:
            _ = code == 1 or codecs[code]
        except KeyError as error:
            raise UnreadableImage(
                Code.UNSUPPORTED_PIXELS, f"{page}: no codec for {code}"
            ) from error
