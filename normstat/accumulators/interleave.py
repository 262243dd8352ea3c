"""A shard's tally from those of its parts, whichever images each of them has."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from normstat.accumulators.keys import KEY, Keys
from normstat.accumulators.tally import Tally


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the images of a shard.

    Attributes
    ----------
    places : of each of its images among the shard's, ascending.
    tally : of these images, with their keys.
    """

    places: Sequence[int]
    tally: Tally


def interleaved(split: str, images: int, parts: Sequence[Part]) -> Tally:
    """The sum of the parts; the keys, which alone have an order, in that of the images.

    Parameters
    ----------
    split : of the images.
    images : how many the shard has; each is in one part.
    parts : records of something else, such as a folder that cannot be listed, may be in any.

    Examples
    --------
    >>> from normstat.images import Unreadable
    >>> lost = [Tally.of_unreadable(Unreadable("val", path, "empty")) for path in ("b", "a")]
    >>> total = interleaved("val", 2, [Part([1], lost[0]), Part([0], lost[1])])
    >>> [record.path for record in total.splits["val"].unreadable]
    ['a', 'b']
    """
    total = Tally.empty()
    for part in parts:
        total += part.tally.without_keys()
    return replace(total, keys=_keys(split, images, parts))


def _keys(split: str, images: int, parts: Iterable[Part]) -> Keys:
    packed = bytearray(images * KEY)
    for part in parts:
        keys = part.tally.keys.splits.get(split, b"")
        for number, place in enumerate(part.places):
            packed[place * KEY : (place + 1) * KEY] = keys[number * KEY : (number + 1) * KEY]
    return Keys.of(split, [bytes(packed)])
