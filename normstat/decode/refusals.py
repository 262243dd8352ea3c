"""Refusals, and exceptions of decoders, that images of several formats share."""

import struct

from normstat.errors import UnreadableImage
from normstat.images import Code

#: What Pillow raises where bytes do not say what they should; EXIF may hold text for a number.
UNPARSABLE = (SyntaxError, struct.error, OSError, ValueError, TypeError, LookupError)


def unsupported(detail: str) -> UnreadableImage:
    """Refusal of pixels that no decoder here gives as they are stored."""
    return UnreadableImage(Code.UNSUPPORTED_PIXELS, detail)


def refuse_large(width: int, height: int, limit: int) -> None:
    """Raise ``too_large`` for more pixels than the limit."""
    if width * height > limit:
        raise UnreadableImage(Code.TOO_LARGE, f"{width} × {height} pixels; the limit is {limit}")
