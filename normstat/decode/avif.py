"""AVIF with 10 or 12 bits, which Pillow cuts to 8: by imagecodecs, of the extra ``tiff``."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normstat.decode.refusals import unsupported
from normstat.errors import UnreadableImage
from normstat.images import Code, Kind, channel_names

FORMAT = "AVIF"

_CONFIGURATION = b"av1C"
# In it, after its name: marker and version, profile and level, then tier and two flags.
_FLAGS_AT = len(_CONFIGURATION) + 2
_HIGH, _TWELVE = 0x40, 0x20
_BIT_DEPTH_LOST = 'more than 8 bits: pip install "normstat[tiff]" reads them'


def bits(data: bytes) -> int:
    r"""The bits of a value, the most there are among color and alpha: 8, 10 or 12.

    >>> bits(b"av1C\x81\x04\x0c"), bits(b"av1C\x81\x04\x4c"), bits(b"av1C\x81\x44\x6c")
    (8, 10, 12)
    """
    most, at = 8, data.find(_CONFIGURATION)
    while 0 <= at < len(data) - _FLAGS_AT:
        flags = data[at + _FLAGS_AT]
        if flags & _HIGH:
            most = max(most, 12 if flags & _TWELVE else 10)
        at = data.find(_CONFIGURATION, at + 1)
    return most


def deep_kind(data: bytes, mode: str) -> Kind:
    """The kind of an image of more than 8 bits, by the mode that Pillow finds.

    Raises
    ------
    UnreadableImage
        ``bit_depth_lost`` without imagecodecs.
    """
    if _imagecodecs() is None:
        raise UnreadableImage(Code.BIT_DEPTH_LOST, _BIT_DEPTH_LOST)
    channels = channel_names(1 if mode in ("L", "LA") else 3)
    return Kind("uint16", channels, (1 << bits(data)) - 1)


def deep_pixels(data: bytes, kind: Kind) -> NDArray[np.uint16]:
    """The first image without its alpha: shape (H, W, C), stored units.

    Raises
    ------
    UnreadableImage
        ``unsupported_pixels`` if they are not what `kind` says.
    """
    decode = _imagecodecs()
    assert decode
    array = decode(data)
    array = array[:, :, np.newaxis] if array.ndim == 2 else array
    channels = len(kind.channels)
    is_known = array.dtype == np.uint16 and array.shape[2] in (channels, channels + 1)
    if not is_known or int(array.max()) > kind.scale:
        raise unsupported(f"AVIF decoded to {array.dtype} and {array.shape[2]} channels")
    return array[:, :, :channels]


@functools.cache
def _imagecodecs() -> Callable[[bytes], NDArray[Any]] | None:
    try:
        from imagecodecs import avif_decode
    except ImportError:
        return None
    return functools.partial(avif_decode, index=0)
