"""Sizes of images, counted in bins: a number of them that no data set can exceed."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import isqrt
from typing import Any, TypeAlias

from normstat.accumulators.json_state import Json

#: Bins of a side in each octave: from one to the next it grows by a factor of 2**(1/8), 9 %.
OCTAVE = 8
#: Bins of a side that any state may have: of sides below 2**63 pixels.
_BINS = 63 * OCTAVE
_MOST = 2**63

#: Bins of a width and of a height.
Bins: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Sizes:
    """Images by width and height, in bins on a logarithmic scale.

    Attributes
    ----------
    counts : bins of width and height → images. Bin n has sides from 2**(n/8) pixels to below
        2**((n+1)/8): n = floor(8·log2(side)), computed in integers. Only bins with images.

    Examples
    --------
    >>> both = Sizes.of({(640, 480): 2}) + Sizes.of({(645, 480): 1, (32, 32): 1})
    >>> both.counts, both.images
    ({(74, 71): 3, (40, 40): 1}, 4)
    """

    counts: Mapping[Bins, int] = field(default_factory=dict)

    @classmethod
    def of(cls, images: Mapping[tuple[int, int], int]) -> "Sizes":
        """The state of images by their width and height in pixels."""
        counts = Counter[Bins]()
        for (width, height), number in images.items():
            counts[bin_of(width), bin_of(height)] += number
        return cls(dict(counts))

    @property
    def images(self) -> int:
        return sum(self.counts.values())

    def __iter__(self) -> Iterator[tuple[int, int, int]]:
        """Bin of the width, bin of the height and images, in this order."""
        return iter(sorted((*bins, images) for bins, images in self.counts.items()))

    def __add__(self, other: "Sizes") -> "Sizes":
        counts = dict(self.counts)
        for bins, images in other.counts.items():
            counts[bins] = counts.get(bins, 0) + images
        return Sizes(counts)

    def __sub__(self, other: "Sizes") -> "Sizes":
        """The sizes without some of them.

        Raises
        ------
        ValueError
            There are fewer images of a size than are taken away.
        """
        counts = dict(self.counts)
        for bins, images in other.counts.items():
            counts[bins] = counts.get(bins, 0) - images
        if min(counts.values(), default=0) < 0:
            raise ValueError("there are fewer images of a size in the whole than in the part")
        return Sizes({bins: images for bins, images in counts.items() if images})

    def to_json(self) -> dict[str, list[int]]:
        """Columns: of each bin that has images, in order.

        >>> Sizes.of({(640, 480): 3, (32, 32): 1}).to_json()
        {'width': [40, 74], 'height': [40, 71], 'images': [1, 3]}
        """
        rows = list(self)
        names = ("width", "height", "images")
        return {name: [row[index] for row in rows] for index, name in enumerate(names)}

    @classmethod
    def from_json(cls, node: Json) -> "Sizes":
        """Read the state that :meth:`to_json` wrote."""
        widths = node["width"].list()
        heights: Any = node["height"].list(len(widths))
        images: Any = node["images"].list(len(widths))
        counts = Counter[Bins]()
        for width, height, number in zip(widths, heights, images, strict=True):
            bins = width.below(_BINS, 0), height.below(_BINS, 0)
            counts[bins] += number.below(_MOST, 1)
        return cls(dict(counts))


def bin_of(side: int) -> int:
    """The bin of a side of so many pixels, at least 1: floor(8·log2(side)), exactly.

    >>> [bin_of(side) for side in (1, 2, 256, 257, 279, 280)]
    [0, 8, 64, 64, 64, 65]
    """
    return int((side**OCTAVE).bit_length() - 1)


def smallest(number: int) -> int:
    """The smallest side in a bin that has sides, in pixels: 2**(n/8), rounded up, exactly.

    >>> [smallest(bin_of(side)) for side in (1, 2, 256, 279, 280, 4000)]
    [1, 2, 256, 256, 280, 3757]
    """
    return isqrt(isqrt(isqrt((1 << number) - 1))) + 1
