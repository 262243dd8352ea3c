"""Images whose keys are equal, read again to compare all their pixels."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from normstat.accumulators.keys import KEY, NO_KEY
from normstat.decode import decode, decoder
from normstat.errors import UnreadableImage
from normstat.executors import Executor
from normstat.images import Pixels, Reader, ReadOptions, Sample, Shard, Unreadable


@dataclass(frozen=True, slots=True)
class Rereading:
    """Hashes of images that were read again, in their order, without anything between."""

    keys: bytes  # as at the first reading; NO_KEY for an image that cannot be read
    pixels: bytes  # of all pixels, cut to the same length

    def __add__(self, other: "Rereading") -> "Rereading":
        return Rereading(self.keys + other.keys, self.pixels + other.pixels)


@dataclass(frozen=True, slots=True)
class Reread:
    """The job of a worker: images to hashes of all their pixels."""

    reading: ReadOptions

    def __call__(self, shard: Shard) -> Rereading:
        """Two hashes for each image."""
        with decoder(), shard.container.open() as reader:
            hashes = [self._hashes(sample, reader) for sample in shard.ahead(reader)]
        return Rereading(
            b"".join(key for key, _ in hashes), b"".join(pixels for _, pixels in hashes)
        )

    def lost(self, record: Unreadable) -> Rereading:  # noqa: ARG002  # the protocol has it
        """An image that ended its worker."""
        return Rereading(NO_KEY, NO_KEY)

    def _hashes(self, sample: Sample, reader: Reader) -> tuple[bytes, bytes]:
        try:
            pixels = decode(sample, reader.read(sample), self.reading)
        except UnreadableImage:
            return NO_KEY, NO_KEY
        return pixels.key, hash_of_pixels(pixels)


def hash_of_pixels(pixels: Pixels) -> bytes:
    """The first 128 bits of the SHA-256 of an image's kind, size and every pixel."""
    array = np.ascontiguousarray(pixels.array())
    digest = hashlib.sha256(f"{array.dtype.name} {array.shape} ".encode())
    digest.update(array.data)
    return digest.digest()[:KEY]


def replace_keys(
    shards: Iterable[Shard],
    keys: Mapping[str, NDArray[np.uint64]],
    alike: Mapping[str, NDArray[np.bool_]],
    job: Reread,
    executor: Executor,
) -> dict[str, int]:
    """Put hashes of all pixels in the place of the keys, and count what was lost by split.

    Images that were not read again get zeros. So do those that are not what they were: gone,
    damaged, replaced, or others at their place in the walk; they are lost.

    Parameters
    ----------
    shards : all images, in the order of the first reading.
    keys : split → those of the first reading, shape (images, 2), uint64. It is written to: two
        such arrays at a time would be most of the memory of a run.
    alike : split → images to be read again, shape (images,), bool.
    """
    # Split and numbers of the images that are being read, for each shard.
    asked: dict[int, tuple[str, NDArray[np.int64]]] = {}

    numbers_of_shards = count()

    def chosen() -> Iterator[Shard]:
        seen: Counter[str] = Counter()
        for shard in shards:
            split, start = shard.split, seen[shard.split]
            seen[split] += len(shard)
            places = np.flatnonzero(alike[split][start : start + len(shard)])
            if len(places):
                asked[next(numbers_of_shards)] = split, start + places
                yield shard.only(places.tolist())

    known = {split: np.zeros(len(own), np.bool_) for split, own in keys.items()}
    with closing(executor.map(job, chosen())) as results:
        for number, result in results:
            split, numbers = asked.pop(number)
            known[split][numbers] = (keys[split][numbers] == _rows(result.keys)).all(axis=1)
            keys[split][numbers] = _rows(result.pixels)
    lost = {}
    for split, own in keys.items():
        own[~known[split]] = 0
        lost[split] = int((alike[split] & ~known[split]).sum())
    return lost


def _rows(keys: bytes) -> NDArray[np.uint64]:
    return np.frombuffer(keys, np.uint64).reshape(-1, 2)
