"""Keys of a cache: contexts, samples and checksums."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

from normstat.images import path_bytes

#: Bytes of a digest: of a sample, a context, a checksum.
DIGEST = 16


@dataclass(frozen=True, slots=True)
class Context:
    """Everything but its samples that decides the result of a shard; rows of another are not used.

    The path of DATA has its links resolved; the settings are those that decide numbers, the
    versions are of the state and of the decoders.

    >>> one, other = Context("/data", "val", "", "1"), Context("/data", "val", "", "2")
    >>> len(one.digest()), one.digest() == other.digest()
    (16, False)
    """

    data: str
    split: str
    settings: str
    versions: str

    def fields(self) -> tuple[bytes, ...]:
        """The attributes, as they are stored: a path may be no text."""
        others = (self.split, self.settings, self.versions)
        return path_bytes(self.data), *(text.encode() for text in others)

    def digest(self) -> bytes:
        return digest_of(self.fields())


@dataclass(frozen=True, slots=True)
class Row:
    """Finished work: digests of samples in the order of the shard, and their result as bytes."""

    samples: tuple[bytes, ...]
    value: bytes


def sample_digest(name: str, version: bytes) -> bytes:
    """Digest that stands for one image: of its name and version.

    >>> one = sample_digest("a.png", b"1")
    >>> one == sample_digest("b.png", b"1"), one == sample_digest("a.png", b"2")
    (False, False)
    """
    return digest_of((version, path_bytes(name)))


def digest_of(fields: Iterable[bytes]) -> bytes:
    """The first 128 bits of BLAKE2b, over fields with their lengths in front."""
    digest = blake2b(digest_size=DIGEST)
    for field in fields:
        digest.update(len(field).to_bytes(8, "little"))
        digest.update(field)
    return digest.digest()


def split_samples(packed: object) -> tuple[bytes, ...]:
    """Digests that were stored as one value; none of a value that no row has."""
    if not isinstance(packed, bytes) or len(packed) % DIGEST:
        return ()
    return tuple(packed[start : start + DIGEST] for start in range(0, len(packed), DIGEST))
