"""Images that have numbers for names: those of one array."""

from collections.abc import Iterator
from dataclasses import dataclass

from normstat.errors import UnreadableImage
from normstat.images import Code, Container, Shard
from normstat.sources.names import Numbers

# Names of images have at least so many digits.
_DIGITS = 6
# Images of a shard at most, and bytes, unless one image has more.
_MOST, _BYTES = 256, 1 << 22


@dataclass(frozen=True, slots=True)
class Stack:
    """Images by their numbers.

    Attributes
    ----------
    container : holds them; the place of one is its number.
    images : how many there are.
    size : bytes of one.
    version : of all; empty if it is not known, or may still change.
    missing : how many more there should be.
    is_cut : the file ends within an image, and nobody knows how many more there should be.

    Examples
    --------
    >>> from normstat.images import LocalFiles
    >>> list(Stack(LocalFiles("data"), 3, 784).names)
    ['000000', '000001', '000002']
    """

    container: Container
    images: int
    size: int
    version: bytes = b""
    missing: int = 0
    is_cut: bool = False

    @property
    def names(self) -> Numbers:
        """Their names, as many digits for each."""
        return Numbers(self.images, self._digits)

    @property
    def failures(self) -> dict[str, UnreadableImage]:
        """One record for all that are missing."""
        if self.is_cut:
            return {self._behind: UnreadableImage(Code.TRUNCATED, "the file ends within it")}
        if not self.missing:
            return {}
        all_of = self.images + self.missing
        detail = f"the file ends here; {self.missing} of {all_of} images are missing"
        return {self._behind: UnreadableImage(Code.TRUNCATED, detail)}

    def version_of(self, name: str) -> bytes:
        """Version of the image with a name."""
        return b"%s %s" % (self.version, name.encode()) if self.version else b""

    def shards(self, split: str, folder: str, versions: bool) -> Iterator[Shard]:
        """Shards of all images, cut at fixed numbers: more images at the end change the last only.

        Parameters
        ----------
        folder : in which they are, with a trailing ``/``.
        versions : shards are to have those of their samples.

        Examples
        --------
        >>> from normstat.images import LocalFiles
        >>> shards = Stack(LocalFiles("data"), 300, 784).shards("train", "a.npy/", False)
        >>> [(len(shard), shard.names[0]) for shard in shards]
        [(256, 'a.npy/000000'), (44, 'a.npy/000256')]
        """
        digits, images = self._digits, self.images
        step = max(1, min(_MOST, _BYTES // max(self.size, 1)))
        for first in range(0, images, step):
            numbers = range(first, min(first + step, images))
            names = [f"{number:0{digits}}" for number in numbers]
            yield Shard(
                split,
                self.container,
                tuple([folder + name for name in names]),
                tuple(numbers),
                tuple(map(self.version_of, names)) if versions else (),
            )

    @property
    def _behind(self) -> str:
        return f"{self.images:0{self._digits}}"

    @property
    def _digits(self) -> int:
        return max(_DIGITS, len(str(self.images + self.missing - 1)))
