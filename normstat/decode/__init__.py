"""A file to pixels: the whole image exactly, or why not.

Decoders are imported with the first name that is used: a process that leaves the decoding to
others pays for none.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from normstat.decode.arrays import DecodedArray
    from normstat.decode.blocks import DecodedBlock, decode_block
    from normstat.decode.decoding import decode
    from normstat.decode.measuring import Measured, measure
    from normstat.decode.packages import versions, with_lossy
    from normstat.decode.pixels import DecodedImage
    from normstat.decode.process import decoder

_LAZY = {
    "DecodedArray": "normstat.decode.arrays",
    "DecodedBlock": "normstat.decode.blocks",
    "DecodedImage": "normstat.decode.pixels",
    "Measured": "normstat.decode.measuring",
    "decode": "normstat.decode.decoding",
    "decode_block": "normstat.decode.blocks",
    "decoder": "normstat.decode.process",
    "measure": "normstat.decode.measuring",
    "versions": "normstat.decode.packages",
    "with_lossy": "normstat.decode.packages",
}
__all__ = [
    "DecodedArray",
    "DecodedBlock",
    "DecodedImage",
    "Measured",
    "decode",
    "decode_block",
    "decoder",
    "measure",
    "versions",
    "with_lossy",
]


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_LAZY[name]), name)
    globals()[name] = value
    return value
