"""A file to pixels: the whole image exactly, or why not.

Decoders are imported with the first name that is used: a process that leaves the decoding to
others pays for none.
"""

from typing import TYPE_CHECKING

from normstat.lazy import attributes

if TYPE_CHECKING:
    from normstat.decode.arrays import DecodedArray
    from normstat.decode.blocks import DecodedBlock, decode_block
    from normstat.decode.decoding import decode
    from normstat.decode.measuring import Measured, measure
    from normstat.decode.packages import versions, with_lossy
    from normstat.decode.pixels import DecodedImage
    from normstat.decode.process import decoder

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

__getattr__ = attributes(
    __name__,
    {
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
    },
)
