"""Statistics of several sets of images together, and of a set without some of its images."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from normstat.accumulators.tally import Tally
from normstat.errors import UsageError, option
from normstat.files import shown
from normstat.images import LeftOut, Skipped
from normstat.stats.split_stats import Parts, Stats
from normstat.stats.summarize import summarize

# Settings that say where images were, and decide no number of one.
_OF_PLACE = {"source", "split", "split_dirs", "include", "exclude", "labels"}


def merged(stats: Mapping[str, Stats], allow_missing: bool = False) -> Stats:
    """The statistics of all images, as one run would have counted them.

    Parameters
    ----------
    stats : name for messages → statistics; all of them parts of one data set, or none.
    allow_missing : parts may be missing, which the result says.

    Raises
    ------
    UsageError
        They were not made alike, or parts are missing, given twice, or not of one data set.
    """
    if not stats:
        raise UsageError("there are no statistics to merge")
    (first, one), *others = stats.items()
    parts = _together(stats, allow_missing)
    for name, other in others:
        _refuse_other(first, one, name, other, ignored=set() if one.parts else _OF_PLACE)
    if not one.parts:
        _refuse_same_images(stats)
    tally = sum((_tally(each) for each in stats.values()), Tally.empty())
    return _summarized(one, tally, stats.values(), parts)


def without(whole: Stats, part: Stats) -> Stats:
    """The statistics of the images of `whole` that `part` does not have.

    The extents of what remains are not known, nor the first names; extremes of floats are
    those of their counts.

    Raises
    ------
    UsageError
        They were not made alike, or `part` has images that `whole` does not have.
    """
    _refuse_other("the whole", whole, "the part", part, ignored=_OF_PLACE)
    try:
        tally = _tally(whole) - _tally(part)
    except ValueError as error:
        raise UsageError(f"these images are not a part of the others: {error}") from error
    return _summarized(whole, tally, (), whole.parts)


def _tally(stats: Stats) -> Tally:
    return Tally({name: split.state for name, split in stats.splits.items()})


def _summarized(like: Stats, tally: Tally, stats: Iterable[Stats], parts: Parts | None) -> Stats:
    splits: dict[str, dict[str, Skipped]] = {name: {} for name in tally.splits}
    beside: dict[str, Skipped] = {}
    for each in stats:
        for name, split in each.splits.items():
            for reason, images in split.skipped_reasons.items():
                splits[name][reason] = splits[name].get(reason, Skipped()) + Skipped(images)
        for reason, skipped in each.skipped.items():
            beside[reason] = beside.get(reason, Skipped()) + skipped
    versions = {"normstat": like.normstat, **like.decoder}
    left_out = LeftOut(splits, beside)
    return replace(summarize(tally, tally.splits, like.settings, versions, left_out), parts=parts)


def _together(stats: Mapping[str, Stats], allow_missing: bool) -> Parts | None:
    """The parts that were given; None if they are all, or these are no parts."""
    known = {name: each.parts for name, each in stats.items() if each.parts}
    if not known:
        return None
    for name in stats:
        if name not in known:
            raise UsageError(f"{shown(name)}: is no part, and the others are; merge parts alone")
    first, one = next(iter(known.items()))
    owners: dict[int, str] = {}
    for name, parts in known.items():
        _refuse_other_walk(first, one, name, parts)
        for number in parts.have:
            if number in owners:
                raise UsageError(
                    f"{shown(name)}: is part {number} of {one.of}, as {shown(owners[number])} is; "
                    "give each part once"
                )
            owners[number] = name
    missing = [number for number in range(1, one.of + 1) if number not in owners]
    if missing and not allow_missing:
        more = f" and {len(missing) - 10} more" if len(missing) > 10 else ""
        raise UsageError(
            f"of {one.of} parts {', '.join(map(str, missing[:10]))}{more} "
            f"{'is' if len(missing) == 1 else 'are'} missing; count them, or "
            f"{option('allow_missing', True)} does without"
        )
    return Parts(one.of, tuple(sorted(owners)), one.names) if missing else None


def _refuse_same_images(stats: Mapping[str, Stats]) -> None:
    """Refuse data sets that have the very same images in a split: they would count twice."""
    owners: dict[tuple[str, int, int], str] = {}
    for name, each in stats.items():
        for split, of in each.splits.items():
            content = of.fingerprint.content
            if not of.images or content is None:
                continue
            other = owners.setdefault((split, of.images, content), name)
            if other != name:
                raise UsageError(
                    f"{shown(name)}: has the same images in {shown(split)} as {shown(other)}, "
                    "which would count twice; leave one out"
                )


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
