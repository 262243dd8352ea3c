"""Identity with the data that was recorded: files, fingerprints and exact counts."""

from collections import Counter
from collections.abc import Iterator
from math import isclose

from normstat.accumulators.fingerprint import Fingerprint
from normstat.errors import option
from normstat.files import shown
from normstat.images import Code, Unreadable
from normstat.rules.comparison import Comparison, Pair, constants, examples, images, unreadable_in
from normstat.rules.excluded_images import left_out
from normstat.stats import Stats
from normstat.verdict import Case, Level

# In unit scale; exact numbers are equal anyway.
_ROUNDING = 1e-9


def unknown_split(comparison: Comparison) -> Iterator[Case]:
    """Splits that only one of the two has: nothing else is looked at there."""
    now, recorded = comparison.names(comparison.now), comparison.names(comparison.recorded)
    known, found = (", ".join(map(shown, names)) or "none" for names in (recorded, now))
    choose = f"choose with {option('split')}"
    for name in now:
        if name in recorded:
            yield Case("unknown-split", Level.PASS, "recorded, and found", name)
        else:
            words = f"found, but not recorded (recorded: {known}); record it, or {choose}"
            yield Case("unknown-split", Level.FAIL, words, name, None, "not there", "there")
    for name in recorded:
        if name not in now:
            words = f"recorded, but not found (found: {found}); {choose}"
            yield Case("unknown-split", Level.FAIL, words, name, None, "there", "not there")


def unreadable(comparison: Comparison) -> Iterator[Case]:
    """Images that cannot be read, save those that the stats file records with the same code."""
    for name in comparison.names(comparison.now):
        yield _unreadable_in(name, comparison.now, comparison.recorded)


def count_changed(comparison: Comparison) -> Iterator[Case]:
    """Another number of images; those that can no longer be read are left to `unreadable`."""
    for pair in comparison.pairs():
        lost = len(_lost(pair, comparison))
        observed = pair.now.images + lost
        more = observed - pair.recorded.images
        words = f"{images(abs(more))} {'more' if more > 0 else 'fewer'} than recorded"
        if not more:
            words = f"as many images as recorded{f', {lost} of them unreadable' if lost else ''}"
        level, then = Level.FAIL if more else Level.PASS, pair.recorded.images
        yield Case("count-changed", level, words, pair.split, None, then, observed, 0, "images")


def data_changed(comparison: Comparison) -> Iterator[Case]:
    """The fingerprints, from names over files to pixels, and then what was counted."""
    for pair in comparison.pairs():
        if lost := len(_lost(pair, comparison)):  # which were part of the sums
            words = f"{lost} of the recorded images cannot be read, so the fingerprints of the "
            words += f"other {pair.now.images} cannot be compared; see unreadable"
            yield Case("data-changed", Level.INCONCLUSIVE, words, pair.split)
        else:
            yield _changed(pair, comparison)
        yield from left_out(pair, comparison)


def _unreadable_in(name: str, now: Stats, recorded: Stats) -> Case:
    fresh = _fresh(name, now, recorded)
    # Among images of another depth only the first few are named; the others are a number.
    unnamed = _of_other_depth(name, now) - _of_other_depth(name, recorded)
    of_other_depth = sum(record.code == Code.OTHER_DEPTH for record in fresh)
    number = len(fresh) + max(0, unnamed - of_other_depth)
    if not number:
        known = now.splits[name].unreadable
        words = f"{known} cannot be read, as recorded" if known else "every image can be read"
        return Case("unreadable", Level.PASS, words, name, None, 0, 0, 0, "images")
    counts = Counter(record.code for record in fresh)
    counts[Code.OTHER_DEPTH] += number - len(fresh)
    codes = ", ".join(f"{count} {code}" for code, count in counts.most_common() if count)
    words = f"{images(number)} cannot be read ({codes}), which the stats file does not record"
    named, paths, first = examples(fresh)
    words += f": {named}" if named else ""
    return Case("unreadable", Level.FAIL, words, name, None, 0, number, 0, "images", paths, first)


def _fresh(name: str, now: Stats, recorded: Stats) -> list[Unreadable]:
    """Records of now that the other does not have."""
    known = {(record.path, record.code) for record in unreadable_in(recorded, name)}
    found = unreadable_in(now, name)
    return [record for record in found if (record.path, record.code) not in known]


def _of_other_depth(name: str, stats: Stats) -> int:
    if name not in stats.splits:
        return 0
    others = sum(r.code != Code.OTHER_DEPTH for r in unreadable_in(stats, name))
    return stats.splits[name].unreadable - others


def _lost(pair: Pair, comparison: Comparison) -> list[Unreadable]:
    """The images that are missing if all of them are here, and can no longer be read.

    The sum of hashes shows it: that of the recorded paths is that of the paths of now and of
    those that became unreadable.
    """
    recorded = {record.path for record in unreadable_in(comparison.recorded, pair.split)}
    fresh = _fresh(pair.split, comparison.now, comparison.recorded)
    fresh = [record for record in fresh if record.path not in recorded]
    paths = (Fingerprint.of(record.path, b"", b"") for record in fresh)
    there = sum(paths, pair.now.fingerprint).paths == pair.recorded.fingerprint.paths
    return fresh if there and pair.now.images + len(fresh) == pair.recorded.images else []


def _changed(pair: Pair, comparison: Comparison) -> Case:
    now, then = pair.now.fingerprint, pair.recorded.fingerprint
    if now.paths != then.paths:
        return _found(pair, "paths", _other_paths(pair))
    if now.files != then.files:
        return _found(pair, "files", _other_contents(pair))
    if now.pixels != then.pixels:
        words = "the same files have other pixels: the decoder changed"
        return _found(pair, "pixels", f"{words} {_versions(comparison)}; {_by(pair)}", Level.WARN)
    if not _equal_counts(pair) or not _close(pair):
        return _other_counts(pair, comparison)
    words = f"{images(pair.now.images)}, {pair.now.pixels} pixels: all as recorded"
    return _found(pair, "pixels", words, Level.PASS)


def _found(pair: Pair, which: str, words: str, level: Level = Level.FAIL) -> Case:
    expected, observed = (
        f"{which} {getattr(side.fingerprint, which):032x}" for side in (pair.recorded, pair.now)
    )
    return Case("data-changed", level, words, pair.split, None, expected, observed)


def _other_paths(pair: Pair) -> str:
    if more := pair.now.images - pair.recorded.images:
        done, than = ("added", "more") if more > 0 else ("removed", "fewer")
        return f"files were {done}, perhaps renamed too: {images(abs(more))} {than}"
    now, then = pair.now.fingerprint.content, pair.recorded.fingerprint.content
    if now is not None and now == then:
        return "files were renamed, moved or repacked: the same images, under other names"
    if then is None and _equal_counts(pair) and _close(pair):
        return "files were renamed or moved: as many images, and all counts as recorded"
    return "files were replaced by others of another name: as many images, with other pixels"


def _other_contents(pair: Pair) -> str:
    if pair.now.fingerprint.pixels == pair.recorded.fingerprint.pixels:
        return "the bytes of files changed, the pixels did not: metadata, or encoded anew"
    return f"the contents of files changed, under the same names; {_by(pair)}"


def _other_counts(pair: Pair, comparison: Comparison) -> Case:
    """Equal pixels that count otherwise: resized otherwise, or not these numbers at all."""
    if comparison.now.decoder != comparison.recorded.decoder:
        words = f"the same pixels are resized otherwise {_versions(comparison)}; {_by(pair)}"
        return _found(pair, "pixels", words, Level.WARN)
    words = "the fingerprints are equal and the numbers are not: the stats file was altered"
    return _found(pair, "pixels", f"{words}; {_by(pair)}")


def _equal_counts(pair: Pair) -> bool:
    """True if all is equal that is exact about pixels, whatever the order and the machine.

    The type is not: 0.1 recorded narrow signed integers as wider ones, and counted no values then.
    """
    now, then = (
        (side.channels, side.scale, side.pixels, side.min, side.max)
        for side in (pair.now, pair.recorded)
    )
    counts = pair.now.histogram(), pair.recorded.histogram()
    return now == then and (None in counts or counts[0] == counts[1])


def _close(pair: Pair) -> bool:
    """True if mean and std are equal but for how machines round sums of floats."""
    if pair.blank:
        return (pair.now.mean, pair.now.std) == (pair.recorded.mean, pair.recorded.std)
    now, then = constants(pair.now), constants(pair.recorded)
    numbers = zip(now.mean + now.std, then.mean + then.std, strict=True)
    return all(isclose(a, b, rel_tol=_ROUNDING, abs_tol=_ROUNDING) for a, b in numbers)


def _versions(comparison: Comparison) -> str:
    then, now = comparison.recorded.decoder, comparison.now.decoder
    names = [name for name in sorted({*then, *now}) if then.get(name) != now.get(name)]
    changed = [f"{shown(n)} {shown(then.get(n) or '-')} → {now.get(n)}" for n in names]
    return f"({', '.join(changed)})" if changed else "(its versions are the same)"


def _by(pair: Pair) -> str:
    """The size of the difference: the largest of any channel."""
    if pair.blank:
        return pair.blank
    if not pair.same_channels:
        return "the channels changed, too"
    now, then = constants(pair.now), constants(pair.recorded)
    mean = max(abs(a - b) for a, b in zip(now.mean, then.mean, strict=True))
    std = max(abs(a - b) for a, b in zip(now.std, then.std, strict=True))
    return f"mean differs by up to {mean:.3g}, std by up to {std:.3g}"
