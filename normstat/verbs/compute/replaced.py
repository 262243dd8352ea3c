"""Compare a stats file with the statistics that replace it: it may be the baseline of a check."""

from collections.abc import Iterator
from dataclasses import fields

from normstat.errors import UsageError
from normstat.files import shown
from normstat.stats import Settings, SplitStats, Stats
from normstat.statsfile import load

_NAMED = 3


def replaced(file: str, stats: Stats) -> str:
    """The difference, in words, between the statistics in a file and those that replace them.

    Empty if both are of the same images with the same settings, or there is nothing that a check
    could be held against: the file may not be there, or be no stats file.
    """
    try:
        before = load(file)
    except UsageError:
        return ""
    if images := list(_other_images(before, stats)):
        more = f", and {len(images) - _NAMED} more splits" if len(images) > _NAMED else ""
        return f"was of other images ({', '.join(images[:_NAMED])}{more})"
    if settings := list(_other_settings(before.settings, stats.settings)):
        return f"was of the same images with other settings ({', '.join(settings)})"
    splits = stats.splits.items()
    if not all(s.fingerprint.same_images(before.splits[name].fingerprint) for name, s in splits):
        return "was of the same files, from which other pixels were read"
    return ""


def _other_images(before: Stats, now: Stats) -> Iterator[str]:
    for name in dict.fromkeys((*before.splits, *now.splits)):
        was, is_now = before.splits.get(name), now.splits.get(name)
        if _identity(was) != _identity(is_now):
            images = [split.images if split else "not there" for split in (was, is_now)]
            yield f"{shown(name)}: {images[0]}, now {images[1]}"


def _identity(split: SplitStats | None) -> tuple[int, int, int] | None:
    if split is None:
        return None
    return split.listed, split.fingerprint.paths, split.fingerprint.files


def _other_settings(before: Settings, now: Settings) -> Iterator[str]:
    for field in fields(Settings):
        if getattr(before, field.name) != getattr(now, field.name):
            yield field.name.replace("_", "-")
