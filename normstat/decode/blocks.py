"""Small images of 8 bits that come as one array, decoded at once."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normstat.decode.arrays import same_kind
from normstat.decode.kinds import kind_asked
from normstat.decode.npy import header_alone, header_bytes
from normstat.decode.pixels import SMALL, Header, hash_head, little_endian, nearest, noted
from normstat.errors import UnreadableImage
from normstat.images import GRAY8, RGB8, Kind, ReadOptions

# Channels of the images that are decoded at once, and values of 8 bits.
_CHANNELS = len(GRAY8.channels), len(RGB8.channels)
_BINS = 256


@dataclass(frozen=True, slots=True)
class DecodedBlock:
    """Images of one kind and size: what is counted of them, in their order.

    Attributes
    ----------
    kind, width, height, header : of each, as of :class:`normstat.decode.DecodedImage`.
    counts : pixels with each value: shape (images, C, bins), int64.
    digests, keys, notes : of each image its own.
    """

    kind: Kind
    width: int
    height: int
    header: Header
    counts: NDArray[np.int64]
    digests: list[bytes]
    keys: list[bytes]
    notes: list[tuple[str, ...]]

    @property
    def area(self) -> int:
        """Pixels of each channel of an image."""
        return self.width * self.height

    @property
    def mode(self) -> str:
        return self.header.mode

    @property
    def format(self) -> str:
        return self.header.format


def decode_block(block: NDArray[Any], reading: ReadOptions) -> DecodedBlock | None:
    """Decode images at once, each as :func:`normstat.decode.decode` does.

    Parameters
    ----------
    block : shape (images, …): an array for each.

    Returns
    -------
    DecodedBlock or None
        None for all but small images of 8 bits that are counted as they are, and if something is
        wrong with them: decoding one tells what.

    Examples
    --------
    >>> found = decode_block(np.full((2, 4, 5), 7, np.uint8), ReadOptions())
    >>> (found.width, found.height), found.counts[:, :, 7].tolist()
    ((5, 4), [[20], [20]])
    """
    is_changed = reading.resize or reading.crop or reading.upright or reading.channels != "auto"
    if is_changed or block.dtype != np.uint8 or not block.flags.c_contiguous:
        return None
    start = header_bytes(block.dtype, block.shape[1:], False)
    try:
        header = header_alone(start, reading, block.ndim - 1)
        kind = kind_asked(same_kind(header.kind), reading)
    except UnreadableImage:
        return None
    shape = header.height, header.width, len(header.kind.channels)
    is_plain = header.axes[0] is None and not header.order and shape[2] in _CHANNELS
    if not is_plain or shape[0] * shape[1] > SMALL:
        return None
    flat = block.reshape(len(block), -1)
    counts = _counts(flat, shape[2], _BINS)
    head = hash_head(header.kind.dtype, shape[2], header.width, header.height)
    sampled = flat.take(nearest(*shape), axis=1)
    return DecodedBlock(
        kind,
        header.width,
        header.height,
        header.seen,
        counts,
        [hashlib.sha256(file.data).digest() for file in _rows(start, flat)],
        [
            hashlib.blake2b(parts.data, digest_size=16).digest()
            for parts in _rows(head, _bytes_of(counts), sampled)
        ],
        list(_notes(flat.reshape(len(flat), -1, shape[2]), counts)),
    )


def _counts(flat: NDArray[np.uint8], channels: int, bins: int) -> NDArray[np.int64]:
    """Shape (images, C, bins): each channel of each image has values of its own."""
    images, size = flat.shape
    planes = flat.reshape(images, size // channels, channels).swapaxes(1, 2)
    values = planes.reshape(images * channels, -1) + bins * np.arange(images * channels)[:, None]
    counts = np.bincount(values.reshape(-1), minlength=images * channels * bins)
    return counts.reshape(images, channels, bins)


def _bytes_of(counts: NDArray[np.int64]) -> NDArray[np.uint8]:
    return np.frombuffer(little_endian(counts), np.uint8).reshape(len(counts), -1)


def _rows(head: bytes, *columns: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """For each image the head, and what is its own behind it, as one."""
    first = np.frombuffer(head, np.uint8)
    images = len(columns[0])
    return iter(np.concatenate([np.broadcast_to(first, (images, len(first))), *columns], axis=1))


def _notes(pixels: NDArray[np.uint8], counts: NDArray[np.int64]) -> Iterator[tuple[str, ...]]:
    """Notes on each image, from shape (images, H·W, C)."""
    if counts.shape[1] == 1:
        yield from [()] * len(counts)
        return
    alike = (counts == counts[:, :1]).all(axis=(1, 2))  # mostly not, and then the pixels are not
    for image, may_be in zip(pixels, alike.tolist(), strict=True):
        yield noted(equal_channels=may_be and bool((image == image[:, :1]).all()))
