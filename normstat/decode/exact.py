"""Formats that are read here and not by Pillow, which stretches what they store.

What reads them is imported with the first of them: most data sets have none.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from numpy.typing import NDArray

from normstat.images import Kind

#: Formats that Pillow is never asked to read.
WITHOUT_PILLOW = ("BMP",)
_MAP, _BITMAP = b"P", b"BM"


class Exact(NamedTuple):
    """An image with the values that its file stores."""

    array: NDArray[Any]  # shape (H, W, C), stored units
    kind: Kind  # with the scale that the file declares
    mode: str  # as Pillow names it
    format: str
    notes: tuple[str, ...]
    following: int = 0  # place in the file of the next image; 0 if there is none


def is_exact(data: bytes) -> bool:
    """True for the first bytes of a file that is read here."""
    return data.startswith(_BITMAP) or _is_map(data)


def exact(data: bytes, max_pixels: int, at: int = 0) -> Exact | None:
    r"""The image in a file of such a format, else None.

    Parameters
    ----------
    at : place in the file where an image begins.

    Examples
    --------
    >>> exact(b"P2 2 1 15 # by hand\n3 15", 100).array.tolist()
    [[[3], [15]]]
    """
    if _is_map(data, at):
        from normstat.decode import pnm

        header = pnm.map_header(data, max_pixels, at)
        array = pnm.map_pixels(data, header)
        following = pnm.following(data, header)
        notes = ("multi_frame",) if following else ()
        return Exact(array, header.kind, header.mode, pnm.FORMAT, notes, following)
    if data.startswith(_BITMAP):
        from normstat.decode import bmp

        bitmap = bmp.bitmap_header(data, max_pixels)
        notes = ("alpha_dropped",) if bitmap.has_alpha else ()
        return Exact(bmp.bitmap_pixels(data, bitmap), bitmap.kind, bitmap.mode, bmp.FORMAT, notes)
    return None


def all_exact(data: bytes, max_pixels: int) -> Iterator[Exact]:
    """Each image in a file with several; errors as of :func:`exact`."""
    at = 0
    while found := exact(data, max_pixels, at):
        yield found
        at = found.following
        if not at:
            return


def _is_map(data: bytes, at: int = 0) -> bool:
    if not data.startswith(_MAP, at):
        return False
    from normstat.decode import pnm

    return pnm.is_map(data, at)
