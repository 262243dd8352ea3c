"""Keys of a cache: contexts, samples and checksums."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from normstat.images import path_bytes

#: Bytes of a digest: of a sample, a context, a checksum.
DIGEST = 16


@dataclass(frozen=True, slots=True)
class Context:
    """Everything but its samples that decides the result of a shard; rows of another are not used.

    Attributes
    ----------
    data : path of DATA, with links resolved.
    split : that the samples belong to.
    settings : those that decide numbers.
    versions : of the state and of the decoders.

    Examples
    --------
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
        return (
            path_bytes(self.data),
            self.split.encode(),
            self.settings.encode(),
            self.versions.encode(),
        )

    def digest(self) -> bytes:
        return digest_of(self.fields())


@dataclass(frozen=True, slots=True)
class Row:
    """Finished work: samples and their result.

    Attributes
    ----------
    samples : digests, see :func:`sample_digest`, in the order of the shard.
    value : the result, in bytes of the caller.
    """

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


def checksum_of(context: bytes, samples: bytes, compressed: bytes) -> bytes:
    """The checksum of a row."""
    return digest_of((context, samples, compressed))


def lead_of(samples: Sequence[bytes]) -> bytes:
    """The one sample that a row is found by: if it is in a shard, the others may be.

    >>> lead_of([b"b", b"a", b"c"])
    b'a'
    """
    return min(samples)


def split_samples(packed: object) -> tuple[bytes, ...]:
    """Digests that were stored as one value; none of a value that no row has."""
    if not isinstance(packed, bytes) or len(packed) % DIGEST:
        return ()
    return tuple(packed[start : start + DIGEST] for start in range(0, len(packed), DIGEST))
