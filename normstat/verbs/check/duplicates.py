"""Images with identical pixels, within a split and across splits.

``compute`` collects a key of each image. Those with equal keys are read again here, and only equal
hashes of all pixels count. Kind, size and pixels decide, as they are stored, before `channels`,
`resize` and `crop`; neither the file's name and format nor its transparency do.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement

from normstat.accumulators.duplicate_keys import Common, common, repeated
from normstat.accumulators.keys import KeyCollector
from normstat.files import shown
from normstat.verbs.check.verify_pixels import Reread, replace_keys
from normstat.verbs.compute.count import Counted
from normstat.verbs.engine import Engine
from normstat.verbs.run import Images
from normstat.verdict import Case, Level

# Pairs that a message has room for.
_NAMED = 10


@dataclass(frozen=True, slots=True)
class Overlap:
    """Images of one split that are in another split, too; or more than once in the same.

    Attributes
    ----------
    splits : the two splits; twice the same if it is about one.
    compared : images of the first and of the second split that were compared.
    images : images of the second split that are in the first, too; of one split: how many could
        be left out without losing a picture.
    pairs : paths of two identical images, as in `splits`: each of `images` once, behind the first
        image that it is identical to; the first hundred.
    lost : images of these splits that looked like others, and were gone, damaged or changed when
        they were read again: nothing is known of them.
    """

    splits: tuple[str, str]
    compared: tuple[int, int]
    images: int = 0
    pairs: tuple[tuple[str, str], ...] = ()
    lost: int = 0


def identical(counted: Counted, keys: KeyCollector, engine: Engine) -> tuple[Overlap, ...]:
    """Find images with identical pixels.

    For each two splits and each split, those without identical images included. Memory is about
    20 bytes for each image, however many are identical.

    Parameters
    ----------
    counted : images that were counted.
    keys : sink of that count; empty afterwards.
    engine : reads those again that may be identical.

    Raises
    ------
    ValueError
        The keys were not collected with these counts, or were used before.
    """
    splits = counted.splits
    if any(keys.images(split) != counted.listed[split] for split in splits):
        raise ValueError("these keys are not of these images, or were used before")
    arrays = keys.taken(splits)
    compared = {split: int(array.any(axis=1).sum()) for split, array in arrays.items()}
    alike = dict(zip(splits, repeated(list(arrays.values())), strict=True))
    number = sum(int(flags.sum()) for flags in alike.values())
    if not number:
        return tuple(_overlaps(splits, compared, {}, {}, {}))
    engine.progress.notice(
        f"{number} images look like others and are read again to be compared pixel by pixel"
    )
    reading = replace(counted.settings.reading(), channels="auto", resize=None, crop=None)
    lost = replace_keys(counted.images.shards(), arrays, alike, Reread(reading), engine.executor)
    found = {
        (splits[one], splits[other]): what
        for (one, other), what in common(list(arrays.values())).items()
    }
    return tuple(_overlaps(splits, compared, found, lost, _paths(counted.images, found)))


def _overlaps(
    splits: tuple[str, ...],
    compared: Mapping[str, int],
    found: Mapping[tuple[str, str], Common],
    lost: Mapping[str, int],
    paths: Mapping[tuple[str, int], str],
) -> Iterator[Overlap]:
    for one, other in combinations_with_replacement(splits, 2):
        what = found.get((one, other), Common(0, ()))
        named = [
            (paths.get((one, first)), paths.get((other, second))) for first, second in what.pairs
        ]
        yield Overlap(
            (one, other),
            (compared[one], compared[other]),
            what.images,
            tuple((first, second) for first, second in named if first and second),
            sum(lost.get(split, 0) for split in {one, other}),
        )


def _paths(images: Images, found: Mapping[tuple[str, str], Common]) -> dict[tuple[str, int], str]:
    """The paths of the images that are named, by split and number: found again by walking."""
    wanted: dict[str, set[int]] = {split: set() for split in images.selection.splits}
    for (one, other), what in found.items():
        wanted[one].update(first for first, _ in what.pairs)
        wanted[other].update(second for _, second in what.pairs)
    missing = sum(map(len, wanted.values()))
    paths: dict[tuple[str, int], str] = {}
    seen: Counter[str] = Counter()
    shards = images.shards()
    while len(paths) < missing and (shard := next(shards, None)):
        split, start = shard.split, seen[shard.split]
        seen[split] += len(shard)
        for number in wanted[split].intersection(range(start, start + len(shard))):
            paths[split, number] = shard.names[number - start]
    return paths


def cases(overlaps: Iterable[Overlap]) -> tuple[Case, ...]:
    """Cases of a check: ``leakage`` for each two splits, ``duplicate`` for each split."""
    return tuple(_case(overlap) for overlap in overlaps)


def _case(overlap: Overlap) -> Case:
    one, other = overlap.splits
    is_duplicate = one == other
    message = _message(overlap)
    level = Level.PASS if all(overlap.compared) else Level.INCONCLUSIVE
    if overlap.lost:
        level = Level.INCONCLUSIVE
        message += (
            f"; {overlap.lost} images looked like others and were gone, damaged or changed when "
            "they were read again: run it again while nobody writes there"
        )
    if overlap.images:
        level = Level.WARN if is_duplicate else Level.FAIL
    return Case(
        rule="duplicate" if is_duplicate else "leakage",
        level=level,
        message=message,
        split=other,
        expected=0,
        observed=overlap.images,
        tolerance=0,
        unit="images",
        paths=tuple(path for pair in overlap.pairs for path in pair),
        named=2 * len(overlap.pairs[:_NAMED]),
        other_split=None if is_duplicate else one,
        in_pairs=True,
    )


def _message(overlap: Overlap) -> str:
    one, other = overlap.splits
    number = overlap.compared[1]
    for split, compared in zip(overlap.splits, overlap.compared, strict=True):
        if not compared:
            return f"no image of {shown(split)} can be read, so there is nothing to compare"
    if one == other:
        if not overlap.images:
            return f"no two of {number} images of {other} are identical"
        text = f"{overlap.images} of {number} images of {other} repeat another image of {other}"
    elif not overlap.images:
        return f"none of {number} images of {other} is in {one} ({overlap.compared[0]} images)"
    else:
        verb = "is" if overlap.images == 1 else "are"
        text = f"{overlap.images} of {number} images of {other} {verb} in {one}, too"
    if not overlap.pairs:
        return text
    pairs = overlap.pairs[:_NAMED]
    named = ", ".join(f"{shown(second)} is {shown(first)}" for first, second in pairs)
    more = overlap.images - len(pairs)
    return f"{text}: {named}" + (f", and {more} more" if more else "")
