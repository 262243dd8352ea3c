"""Whether it is the same set of images: hashes that add."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

from normstat.images import path_bytes

_MODULUS = 1 << 128


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Sums modulo 2**128, over images, of hashes: equal for equal sets in any order.

    Attributes
    ----------
    paths : of the relative path.
    files : of the path and the SHA-256 of the file's bytes.
    pixels : of the path and the key of the decoded pixels.

    Examples
    --------
    >>> one = Fingerprint.of("a.png", b"digest of a", b"key of a")
    >>> two = Fingerprint.of("b.png", b"digest of b", b"key of b")
    >>> one + two == two + one, one == two
    (True, False)
    """

    paths: int = 0
    files: int = 0
    pixels: int = 0

    @classmethod
    def of(cls, path: str, digest: bytes, key: bytes) -> "Fingerprint":
        """The fingerprint of one image."""
        return cls(*hashes(path, digest, key))

    @classmethod
    def sum(cls, hashes: Iterable[tuple[int, int, int]]) -> "Fingerprint":
        """The fingerprint of many images, from the :func:`hashes` of each."""
        return cls(*(sum(column) % _MODULUS for column in zip(*hashes, strict=True)))

    def __add__(self, other: "Fingerprint") -> "Fingerprint":
        return Fingerprint(
            (self.paths + other.paths) % _MODULUS,
            (self.files + other.files) % _MODULUS,
            (self.pixels + other.pixels) % _MODULUS,
        )


def hashes(path: str, digest: bytes, key: bytes) -> tuple[int, int, int]:
    """First 128 bits of BLAKE2b, over fields with their lengths in front."""
    encoded = path_bytes(path)
    name = len(encoded).to_bytes(8, "little") + encoded
    of_path = blake2b(name).digest()
    of_file = blake2b(name + len(digest).to_bytes(8, "little") + digest).digest()
    of_pixels = blake2b(name + len(key).to_bytes(8, "little") + key).digest()
    return (
        int.from_bytes(of_path[:16], "big"),
        int.from_bytes(of_file[:16], "big"),
        int.from_bytes(of_pixels[:16], "big"),
    )
