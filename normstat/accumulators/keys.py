"""Keys of the pixels of single images, from which identical ones are found."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from normstat.images import ImageRow

#: Bytes of a key.
KEY = 16
#: Stands where an image has none, because it could not be read.
NO_KEY = bytes(KEY)


class KeyCollector:
    """A sink for the keys of a whole run: 16 bytes an image, however many there are.

    The place of a key is the number of its image in its split, and no name needs to be kept.

    Examples
    --------
    >>> collector = KeyCollector()
    >>> collector.add(ImageRow("val", "a.png", key=b"k" * 16))
    >>> collector.images("val")
    1
    >>> [keys.shape for keys in collector.taken(["val", "test"]).values()]
    [(1, 2), (0, 2)]
    """

    fields = frozenset({"key"})

    def __init__(self) -> None:
        # Appending to a bytearray takes constant time on average, adding values would not.
        self._splits: dict[str, bytearray] = {}

    def add(self, row: ImageRow) -> None:
        """Take the key of the image that comes next in the walk."""
        self._splits.setdefault(row.split, bytearray()).extend(row.key or NO_KEY)

    def images(self, split: str) -> int:
        """Number of images of a split that it has been told of, unreadable ones included."""
        return len(self._splits.get(split, b"")) // KEY

    def taken(self, splits: Iterable[str]) -> dict[str, NDArray[np.uint64]]:
        """Hand over all that was collected, without a copy: it is empty then.

        Keys of a split have shape (images, 2), uint64; they may be written to.
        """
        collected, self._splits = self._splits, {}
        return {
            split: np.frombuffer(collected.get(split, bytearray()), np.uint64).reshape(-1, 2)
            for split in splits
        }
