"""Keys of the pixels of single images, from which identical ones are found."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

#: Bytes of a key.
KEY = 16
#: Stands where an image has none, because it could not be read.
NO_KEY = bytes(KEY)


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of images, packed, in the order of the walk.

    Attributes
    ----------
    splits : split → 16 bytes for each image that was listed, :data:`NO_KEY` for an unreadable one.
        So the place of a key is the number of its image, and no path needs to be kept.

    Examples
    --------
    >>> one, other = Keys.of("val", [b"k" * 16, NO_KEY]), Keys.of("val", [b"l" * 16])
    >>> len((one + other).splits["val"]) // KEY, one + Keys() == one
    (3, True)
    """

    splits: Mapping[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, split: str, keys: Iterable[bytes]) -> "Keys":
        """The keys of consecutive images of one split."""
        packed = b"".join(keys)
        return cls({split: packed} if packed else {})

    def __add__(self, other: "Keys") -> "Keys":
        splits = dict(self.splits)
        for split, packed in other.splits.items():
            splits[split] = splits.get(split, b"") + packed
        return Keys(splits)


class KeyCollector:
    """Collects the keys of a whole run, in place: 16 bytes an image, however many there are.

    Hand a new one to :func:`normstat.compute`;
    :func:`normstat.verbs.check.duplicates.identical` finds in it which images may be identical.

    Examples
    --------
    >>> collector = KeyCollector()
    >>> collector.add(Keys.of("val", [b"k" * 16]))
    >>> collector.images("val")
    1
    >>> [keys.shape for keys in collector.taken(["val", "test"]).values()]
    [(1, 2), (0, 2)]
    """

    def __init__(self) -> None:
        # Appending to a bytearray takes constant time on average, adding values would not.
        self._splits: dict[str, bytearray] = {}

    def add(self, keys: Keys) -> None:
        """Take the keys of the images that come next in the walk."""
        for split, packed in keys.splits.items():
            self._splits.setdefault(split, bytearray()).extend(packed)

    @property
    def is_empty(self) -> bool:
        return not self._splits

    def images(self, split: str) -> int:
        """How many images of a split it has been told of, unreadable ones included."""
        return len(self._splits.get(split, b"")) // KEY

    def taken(self, splits: Iterable[str]) -> dict[str, NDArray[np.uint64]]:
        """Hand over what was collected, without a copy: it is empty then.

        Returns
        -------
        dict
            Split → keys, shape (images, 2), uint64; to be written to, if need be.
        """
        collected, self._splits = self._splits, {}
        return {
            split: np.frombuffer(collected.get(split, bytearray()), np.uint64).reshape(-1, 2)
            for split in splits
        }
