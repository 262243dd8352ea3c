"""What a cache says of some images, as far as it can be true.

A checksum tells what is damaged, not what somebody made up. Sums that only the pixels could confirm
are believed; whatever would stop a run, or contradicts itself, is not.
"""

from collections.abc import Sequence

from normstat.accumulators.keys import KEY
from normstat.accumulators.tally import FIRST, KindTally, SplitTally, Tally
from normstat.errors import StatsFileError
from normstat.images import LASTING
from normstat.statsfile import loads_tally


def believed(value: bytes, split: str, paths: Sequence[str]) -> Tally | None:
    """The tally in a row of a cache; None if it cannot be that of these images.

    Parameters
    ----------
    value : of the row.
    split : of the images.
    paths : of the images, at least one.

    Examples
    --------
    >>> from normstat.accumulators.keys import NO_KEY, Keys
    >>> from normstat.images import Unreadable
    >>> from normstat.statsfile import dumps_tally
    >>> state = SplitTally(unreadable=(Unreadable("val", "a", "empty"),))
    >>> value = dumps_tally(Tally({"val": state}, Keys.of("val", [NO_KEY])))
    >>> believed(value, "val", ["a"]).splits["val"].listed
    1
    >>> believed(value, "val", ["b"]) is None
    True
    """
    try:
        tally = loads_tally(value)
    except StatsFileError:
        return None
    if tally.splits.keys() != {split} or tally.keys.splits.keys() != {split}:
        return None
    if len(tally.keys.splits[split]) != len(paths) * KEY:
        return None
    return tally if _may_be(tally.splits[split], split, paths) else None


def _may_be(state: SplitTally, split: str, paths: Sequence[str]) -> bool:
    named = [record.path for record in state.unreadable]
    named.extend(path for kind in state.kinds.values() for path in kind.first)
    return (
        state.files == len(paths)
        and len(set(named)) == len(named)
        and set(named).issubset(paths)
        and all(record.split == split and record.code in LASTING for record in state.unreadable)
        and all(kind.channels and _adds_up(tally) for kind, tally in state.kinds.items())
    )


def _adds_up(tally: KindTally) -> bool:
    images = tally.images
    return (
        len(tally.first) == min(tally.files, FIRST)
        and sum(tally.modes.values()) == sum(tally.formats.values()) == images
        and all(number <= images for number in tally.notes.values())
        and None not in (*tally.width, *tally.height)
        and 0 < tally.files <= images <= tally.per_image.pixels
        and tally.values.fits(tally.per_image)
    )
