"""Statistics of several sets of images together, and of a set without some of its images."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice

from normstat.accumulators.tally import Tally
from normstat.errors import UsageError, option
from normstat.files import shown
from normstat.images import LeftOut, Skipped
from normstat.stats.split_stats import Parts, Stats
from normstat.stats.summarize import summarize

# Settings that say where images were, and decide no number of one.
_OF_PLACE = {"source", "split", "split_dirs", "include", "exclude", "labels"}
# Numbers of parts that a message has room for.
_NAMED = 10


def merged(stats: Iterable[tuple[str, Stats]], allow_missing: bool = False) -> Stats:
    """The statistics of all images, as one run would have counted them.

    Parameters
    ----------
    stats : a name for messages, and statistics; all of them parts of one data set, or none. Each
        is let go before the next is asked for.
    allow_missing : parts may be missing, which the result says.

    Raises
    ------
    UsageError
        They were not made alike, or parts are missing, given twice, or not of one data set.
    """
    total: _Total | None = None
    for name, each in stats:
        total = total or _Total(name, each)
        total.add(name, each)
    if total is None:
        raise UsageError("there are no statistics to merge")
    return total.stats(allow_missing)


def without(whole: Stats, part: Stats) -> Stats:
    """The statistics of the images of `whole` that `part` does not have.

    Sizes of images are not known of what remains, nor the first names; extremes of floats are
    those of their counts.

    Raises
    ------
    UsageError
        They were not made alike, or `part` has images that `whole` does not have.
    """
    _refuse_other("the whole", whole, "the part", part, ignored=_OF_PLACE)
    parts = whole.parts and _parts_left(whole.parts, part.parts)
    try:
        tally = _tally(whole) - _tally(part)
    except ValueError as error:
        raise UsageError(f"these images are not a part of the others: {error}") from error
    return _summarized(whole, tally, LeftOut({name: {} for name in tally.splits}, {}), parts)


def _parts_left(whole: Parts, part: Parts | None) -> Parts:
    """The parts of a data set that remain when some are taken away."""
    if part is None:
        raise UsageError(
            "the whole is of some parts of a data set, and what is subtracted is none of them; "
            "merge all parts first"
        )
    _refuse_other_walk("the whole", whole, "the part", part)
    left = tuple(number for number in whole.have if number not in part.have)
    if not left or len(left) + len(part.have) != len(whole.have):
        raise UsageError(
            f"the part is part {_listed(part.have)} of {part.of}, and the whole has "
            f"{_listed(whole.have)}; subtract some of these, not all"
        )
    return whole._replace(have=left)


def _listed(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers[:_NAMED])) + "…" * (len(numbers) > _NAMED)


class _Total:
    """Statistics added so far, and what the next ones have to fit."""

    def __init__(self, first: str, one: Stats) -> None:
        self._first = first
        self._one = replace(one, splits={}, unreadable=())  # settings, versions, and its parts
        self._tally = Tally.empty()
        self._splits: dict[str, dict[str, Skipped]] = {}
        self._beside: dict[str, Skipped] = {}
        self._parts: dict[int, str] = {}  # number -> who has it
        self._images: dict[tuple[str, int, int], str] = {}  # split, images, content -> who has them

    def add(self, name: str, stats: Stats) -> None:
        """Add statistics; a UsageError if they do not fit."""
        self._refuse_other_parts(name, stats.parts)
        ignored = set() if stats.parts else _OF_PLACE
        _refuse_other(self._first, self._one, name, stats, ignored)
        if not stats.parts:
            self._refuse_same_images(name, stats)
        self._tally += _tally(stats)
        for split, of in stats.splits.items():
            reasons = self._splits.setdefault(split, {})
            for reason, images in of.skipped_reasons.items():
                reasons[reason] = reasons.get(reason, Skipped()) + Skipped(images)
        for reason, skipped in stats.skipped.items():
            self._beside[reason] = self._beside.get(reason, Skipped()) + skipped

    def stats(self, allow_missing: bool) -> Stats:
        """The statistics of all."""
        parts = self._one.parts and self._all_parts(self._one.parts, allow_missing)
        return _summarized(self._one, self._tally, LeftOut(self._splits, self._beside), parts)

    def _all_parts(self, one: Parts, allow_missing: bool) -> Parts | None:
        """The parts that were given; None if they are all."""
        missing = one.of - len(self._parts)
        if missing and not allow_missing:
            numbers = (number for number in range(1, one.of + 1) if number not in self._parts)
            more = f" and {missing - _NAMED:,} more" if missing > _NAMED else ""
            raise UsageError(
                f"of {one.of} parts {', '.join(map(str, islice(numbers, _NAMED)))}{more} "
                f"{'is' if missing == 1 else 'are'} missing; count them, or "
                f"{option('allow_missing', True)} does without"
            )
        return Parts(one.of, tuple(sorted(self._parts)), one.names) if missing else None

    def _refuse_other_parts(self, name: str, parts: Parts | None) -> None:
        one = self._one.parts
        if not (parts and one):
            if parts or one:
                alone = self._first if parts else name
                raise UsageError(
                    f"{shown(alone)}: is no part, and the others are; merge parts alone"
                )
            return
        _refuse_other_walk(self._first, one, name, parts)
        for number in parts.have:
            owner = self._parts.setdefault(number, name)
            if owner != name:
                raise UsageError(
                    f"{shown(name)}: is part {number} of {one.of}, as {shown(owner)} is; give each "
                    "part once"
                )

    def _refuse_same_images(self, name: str, stats: Stats) -> None:
        """Refuse the very same images in a split as other statistics have: they count twice."""
        for split, of in stats.splits.items():
            content = of.fingerprint.content
            if not of.images or content is None:
                continue
            other = self._images.setdefault((split, of.images, content), name)
            if other != name:
                raise UsageError(
                    f"{shown(name)}: has the same images in {shown(split)} as {shown(other)}, "
                    "which would count twice; leave one out"
                )


def _tally(stats: Stats) -> Tally:
    return Tally({name: split.state for name, split in stats.splits.items()})


def _summarized(like: Stats, tally: Tally, left_out: LeftOut, parts: Parts | None) -> Stats:
    versions = {"normstat": like.normstat, **like.decoder}
    return replace(summarize(tally, tally.splits, like.settings, versions, left_out), parts=parts)


def _refuse_other_walk(first: str, one: Parts, name: str, parts: Parts) -> None:
    if parts.of != one.of:
        raise UsageError(
            f"{shown(name)}: is a part of {parts.of}, {shown(first)} of {one.of}; merge parts of "
            f"one {option('shard', metavar='I/N')}"
        )
    if parts.names != one.names:
        raise UsageError(
            f"{shown(name)}: is a part of other images than {shown(first)}: the names that were "
            "listed differ; count the parts again, of one state of the data"
        )


def _refuse_other(first: str, one: Stats, name: str, other: Stats, ignored: set[str]) -> None:
    """Refuse statistics that were made otherwise: they do not add up to what a run would count."""
    made = (
        ("normstat", one.normstat, other.normstat),
        *((library, one.decoder[library], other.decoder.get(library)) for library in one.decoder),
        *(
            (field, getattr(one.settings, field), getattr(other.settings, field))
            for field in one.settings.__slots__
            if field not in ignored
        ),
    )
    for what, was, found in made:
        if was != found:
            raise UsageError(
                f"{shown(name)}: was made with {what} {found}, {shown(first)} with {was}; only "
                "statistics that were made alike add up"
            )
