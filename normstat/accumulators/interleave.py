"""A shard's tally from those of its parts, whichever images each of them has."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from normstat.accumulators.keys import KEY, Keys
from normstat.accumulators.moments import Moments
from normstat.accumulators.tally import FIRST, KindTally, SplitTally, Tally
from normstat.images import Kind


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


def interleaved(split: str, paths: Sequence[str], parts: Sequence[Part]) -> Tally:
    """The same as the tally of all images in their order, keys included.

    Sums have no order; the lists do: records, the first paths of a kind, and keys. Means of
    floating-point pixels have one, too, so that images of one such kind must all be in one part.

    Parameters
    ----------
    split : of the images.
    paths : of all images of the shard, in their order.
    parts : each image is in one of them. Records of something else, such as a folder that cannot
        be listed, come first.

    Examples
    --------
    >>> from normstat.images import Unreadable
    >>> lost = [Tally.of_unreadable(Unreadable("val", path, "empty")) for path in ("b", "a")]
    >>> total = interleaved("val", ("a", "b"), [Part([1], lost[0]), Part([0], lost[1])])
    >>> [record.path for record in total.splits["val"].unreadable]
    ['a', 'b']
    """
    place = {path: number for number, path in enumerate(paths)}
    states = [part.tally.splits[split] for part in parts if split in part.tally.splits]
    records = [record for state in states for record in state.unreadable]
    records.sort(key=lambda record: place.get(record.path, -1))
    kinds = _kinds(states, place)
    splits = {split: SplitTally(kinds, tuple(records))} if states else {}
    return Tally(splits, _keys(split, len(paths), parts))


def has_order(tally: Tally) -> bool:
    """Whether there are floating-point means in it, which depend on the grouping in the last bit.

    >>> has_order(Tally.empty())
    False
    """
    return any(
        isinstance(kind.values, Moments)
        for state in tally.splits.values()
        for kind in state.kinds.values()
    )


def _kinds(states: Iterable[SplitTally], place: dict[str, int]) -> dict[Kind, KindTally]:
    totals: dict[Kind, KindTally] = {}
    firsts: dict[Kind, list[str]] = {}
    for state in states:
        for kind, tally in state.kinds.items():
            totals[kind] = totals[kind] + tally if kind in totals else tally
            firsts.setdefault(kind, []).extend(tally.first)
    for first in firsts.values():
        first.sort(key=place.__getitem__)
    return {
        kind: replace(totals[kind], first=tuple(first[:FIRST]))
        for kind, first in sorted(firsts.items(), key=lambda item: place[item[1][0]])
    }


def _keys(split: str, images: int, parts: Iterable[Part]) -> Keys:
    packed = bytearray(images * KEY)
    for part in parts:
        keys = part.tally.keys.splits.get(split, b"")
        for number, place in enumerate(part.places):
            packed[place * KEY : (place + 1) * KEY] = keys[number * KEY : (number + 1) * KEY]
    return Keys.of(split, [bytes(packed)])
