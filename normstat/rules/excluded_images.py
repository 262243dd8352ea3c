"""Images that the recorded statistics leave out: no fingerprint of a split covers them."""

from collections.abc import Iterator

from normstat.accumulators.fingerprint import Fingerprint
from normstat.images import Code, Kind, Unreadable
from normstat.rules.comparison import Comparison, Pair, examples, images, unreadable_in
from normstat.stats import SplitStats
from normstat.verdict import Case, Level


def left_out(pair: Pair, comparison: Comparison) -> Iterator[Case]:
    """Recorded images that could not be read, or had another depth, and are not so any more.

    Those that have become so are found by ``unreadable``; nothing is said where all is as it was.
    """
    gone = _gone(pair.split, comparison)
    changed = _changed(pair.split, comparison)
    if gone:
        yield _of_unreadable(pair, gone, _became(pair, gone))
    elif changed:
        yield _of_unreadable(pair, changed, "another file now, and still unreadable")
    elif _other_depth_changed(pair):
        words = "other images than recorded have another depth than most; record the data anew"
        yield Case("data-changed", Level.FAIL, words, pair.split)


def _gone(split: str, comparison: Comparison) -> list[Unreadable]:
    """Records that name no unreadable image of now; another code is for ``unreadable``.

    Of those of another depth only the first few are named, and which ones depends on the others.
    """
    now = {record.path for record in unreadable_in(comparison.now, split)}
    return [
        record
        for record in unreadable_in(comparison.recorded, split)
        if record.code != Code.OTHER_DEPTH and record.path not in now
    ]


def _changed(split: str, comparison: Comparison) -> list[Unreadable]:
    """Records of images that cannot be read now for the same reason, but have other bytes."""
    now = {(r.path, r.code): r.sha256 for r in unreadable_in(comparison.now, split)}
    return [
        record
        for record in unreadable_in(comparison.recorded, split)
        if record.sha256 and now.get((record.path, record.code), record.sha256) != record.sha256
    ]


def _other_depth_changed(pair: Pair) -> bool:
    """True if they are others, and not only more: that is for ``unreadable``."""
    now, recorded = (
        sum(tally.images for _, tally in side.state.minorities())
        for side in (pair.now, pair.recorded)
    )
    return now <= recorded and _fingerprints(pair.now) != _fingerprints(pair.recorded)


def _of_unreadable(pair: Pair, gone: list[Unreadable], became: str) -> Case:
    words, paths, named = examples(gone)
    verb, them = ("is", "it") if len(gone) == 1 else ("are", "them")
    words = (
        f"{images(len(gone))} recorded as unreadable {verb} {became}: {words}; "
        f"record the data without {them}, or bring {them} back"
    )
    numbers = pair.recorded.unreadable, pair.now.unreadable, 0, "images"
    return Case("data-changed", Level.FAIL, words, pair.split, None, *numbers, paths, named)


def _became(pair: Pair, gone: list[Unreadable]) -> str:
    """Fate of the images, by the sum of the hashes of paths."""
    paths = pair.recorded.fingerprint
    if pair.now.fingerprint.paths == paths.paths:
        return "gone"
    added = sum((Fingerprint.of(record.path, b"", b"") for record in gone), paths)
    if pair.now.fingerprint.paths == added.paths:
        return "readable now"
    return "gone, or readable now"


def _fingerprints(split: SplitStats) -> dict[Kind, tuple[int, int]]:
    """The files of each depth that the statistics leave out; a decoder may see other pixels."""
    return {
        kind: (tally.fingerprint.paths, tally.fingerprint.files)
        for kind, tally in split.state.minorities()
    }
