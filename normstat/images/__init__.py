"""The nouns of a run: samples, shards of samples, pixels, and images that cannot be read."""

from normstat.images.failures import failure_of
from normstat.images.local_files import LocalFiles
from normstat.images.paths import (
    in_byte_order,
    path_bytes,
    path_from_bytes,
    path_from_text,
    path_text,
    renamed,
)
from normstat.images.pixels import (
    BEYOND_FLOAT32,
    DTYPES,
    FLOAT,
    GRAY8,
    GRAY16,
    INT32,
    NOTES,
    RGB8,
    Block,
    Kind,
    Pixels,
    band_names,
    channel_names,
)
from normstat.images.read_options import (
    ARRAY_LAYOUTS,
    FORMATS,
    FRAMES,
    LAYOUTS,
    MAX_PIXELS,
    ReadOptions,
)
from normstat.images.row import DIGEST, ROW_FIELDS, ImageRow
from normstat.images.samples import Container, Fetched, Payload, Reader, Sample, Shard
from normstat.images.skipped import LeftOut, Reason, Skipped
from normstat.images.unreadable import HINTS, LASTING, Code, Unreadable

__all__ = [
    "ARRAY_LAYOUTS",
    "BEYOND_FLOAT32",
    "DIGEST",
    "DTYPES",
    "FLOAT",
    "FORMATS",
    "FRAMES",
    "GRAY8",
    "GRAY16",
    "HINTS",
    "INT32",
    "LASTING",
    "LAYOUTS",
    "MAX_PIXELS",
    "NOTES",
    "RGB8",
    "ROW_FIELDS",
    "Block",
    "Code",
    "Container",
    "Fetched",
    "ImageRow",
    "Kind",
    "LeftOut",
    "LocalFiles",
    "Payload",
    "Pixels",
    "ReadOptions",
    "Reader",
    "Reason",
    "Sample",
    "Shard",
    "Skipped",
    "Unreadable",
    "band_names",
    "channel_names",
    "failure_of",
    "in_byte_order",
    "path_bytes",
    "path_from_bytes",
    "path_from_text",
    "path_text",
    "renamed",
]
