"""Rows of a cache, as far as they can be true.

A checksum tells what is damaged, not what somebody made up. Sums that only the pixels could confirm
are believed; whatever would stop a run, or contradicts itself, is not.
"""

from collections.abc import Sequence

from normstat.accumulators.rows import Counts
from normstat.accumulators.tally import FIRST, KindTally, SplitTally
from normstat.errors import StatsFileError
from normstat.images import LASTING
from normstat.statsfile import loads_counts

# Pixels of a row: thousands of such rows add up to what 64 bits hold.
_MOST = 1 << 50


def validated(value: bytes, split: str, paths: Sequence[str]) -> Counts | None:
    """The counts in a row of a cache; None if it cannot be that of these images."""
    try:
        counts = loads_counts(value)
    except StatsFileError:
        return None
    if counts.tally.splits.keys() != {split}:
        return None
    if [(row.split, row.name) for row in counts.rows] != [(split, path) for path in paths]:
        return None
    state = counts.tally.splits[split]
    records = [(row.name, row.code) for row in counts.rows if row.code]
    if sorted(records) != sorted((record.path, record.code) for record in state.unreadable):
        return None
    return counts if _may_be(state, split, paths) else None


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
    images, sums = tally.images, tally.per_image
    squares = [q for _, q, *_ in sums.channels]
    return (
        len(tally.first) == min(tally.files, FIRST)
        and sum(tally.modes.values()) == sum(tally.formats.values()) == images
        and all(number <= images for number in tally.notes.values())
        and tally.sizes is not None
        and None not in (*tally.width, *tally.height)
        and 0 < tally.files <= images <= sums.pixels < _MOST
        and sums.may_be()
        and (tally.covariance is None or tally.covariance.fits(sums.pixels, squares))
        and tally.values.fits(sums)
    )
