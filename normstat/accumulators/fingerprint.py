"""Identity of a set of images: hashes that add."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import TypeAlias

from normstat.accumulators.json_state import Json
from normstat.images import path_bytes

_MODULUS = 1 << 128
_Hashes: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Sums modulo 2**128, over images, of hashes: equal for equal sets in any order.

    Attributes
    ----------
    paths : of the relative path.
    files : of the path and the SHA-256 of the file's bytes.
    pixels : of the path and the key of the decoded pixels.
    content : of that key alone: of equal images under other names, or packed otherwise, the same.
        None if unknown, as of files from before it was recorded: equal to none that is known.

    Examples
    --------
    >>> one = Fingerprint.of("a.png", b"digest of a", b"key of a")
    >>> two = Fingerprint.of("b.png", b"digest of b", b"key of b")
    >>> one + two == two + one, one == two
    (True, False)
    >>> Fingerprint.of("c.png", b"digest of c", b"key of a").content == one.content
    True
    """

    paths: int = 0
    files: int = 0
    pixels: int = 0
    content: int | None = 0

    @classmethod
    def of(cls, path: str, digest: bytes, key: bytes) -> "Fingerprint":
        """The fingerprint of one image."""
        return cls(*hashes(path, digest, key))

    @classmethod
    def sum(cls, hashes: Iterable[_Hashes]) -> "Fingerprint":
        """The fingerprint of many images, from the :func:`hashes` of each."""
        return cls(*(sum(column) % _MODULUS for column in zip(*hashes, strict=True)))

    def same_images(self, other: "Fingerprint") -> bool:
        """True if both are of the same files with the same pixels, whatever `content` is known.

        >>> Fingerprint(1, 2, 3, None).same_images(Fingerprint(1, 2, 3, 4))
        True
        """
        return (self.paths, self.files, self.pixels) == (other.paths, other.files, other.pixels)

    def __add__(self, other: "Fingerprint") -> "Fingerprint":
        unknown = self.content is None or other.content is None
        return Fingerprint(
            (self.paths + other.paths) % _MODULUS,
            (self.files + other.files) % _MODULUS,
            (self.pixels + other.pixels) % _MODULUS,
            None if unknown else ((self.content or 0) + (other.content or 0)) % _MODULUS,
        )

    def __sub__(self, other: "Fingerprint") -> "Fingerprint":
        unknown = self.content is None or other.content is None
        return Fingerprint(
            (self.paths - other.paths) % _MODULUS,
            (self.files - other.files) % _MODULUS,
            (self.pixels - other.pixels) % _MODULUS,
            None if unknown else ((self.content or 0) - (other.content or 0)) % _MODULUS,
        )

    def to_json(self) -> dict[str, str | None]:
        """Hexadecimal digits of each sum."""
        return {
            name: None if total is None else f"{total:032x}" for name, total in asdict(self).items()
        }

    @classmethod
    def from_json(cls, node: Json) -> "Fingerprint":
        """Read the fingerprint that :meth:`to_json` wrote, or 0.1, which knew no content."""
        content = node.get("content")
        return cls(
            node["paths"].hexadecimal(),
            node["files"].hexadecimal(),
            node["pixels"].hexadecimal(),
            None if content.value is None else content.hexadecimal(),
        )


def hashes(path: str, digest: bytes, key: bytes) -> _Hashes:
    """First 128 bits of BLAKE2b, over fields with their lengths in front."""
    encoded = path_bytes(path)
    name = len(encoded).to_bytes(8, "little") + encoded
    pixels = len(key).to_bytes(8, "little") + key
    file = len(digest).to_bytes(8, "little") + digest
    return (
        int.from_bytes(blake2b(name).digest()[:16], "big"),
        int.from_bytes(blake2b(name + file).digest()[:16], "big"),
        int.from_bytes(blake2b(name + pixels).digest()[:16], "big"),
        int.from_bytes(blake2b(pixels).digest()[:16], "big"),
    )
