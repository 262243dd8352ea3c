"""Compare a stats file with the statistics that replace it: it may be the baseline of a check."""

from collections.abc import Iterator
from dataclasses import fields

from normstat.errors import UsageError
from normstat.files import shown
from normstat.stats import Settings, Stats
from normstat.statsfile import load

_NAMED = 3


def replaced(file: str, stats: Stats) -> str:
    """The difference between the statistics in a file and those that replace them.

    Parameters
    ----------
    file : that will be replaced; it may not be there, or be no stats file.
    stats : that will be written to it.

    Returns
    -------
    str
        In words; empty if both are of the same images with the same settings, or there is nothing
        that a check could be held against.

    Examples
    --------
    >>> import os, tempfile
    >>> from normstat.statsfile import save
    >>> from normstat.verbs.compute.verb import compute
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("L", (4, 2), 51).save(f"{folder}/a.png")
    ...     before = compute(folder, workers=0)
    ...     save(before, f"{folder}/stats.json")
    ...     Image.new("L", (4, 2), 52).save(f"{folder}/b.png")
    ...     now = compute(folder, workers=0)
    ...     replaced(f"{folder}/stats.json", before), replaced(f"{folder}/stats.json", now)
    ('', 'was of other images (all: 1, now 2)')
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
        if was is None or is_now is None:
            yield f"{shown(name)}: {'not there' if was is None else was.images}, now " + (
                "not there" if is_now is None else f"{is_now.images}"
            )
            continue
        same = (was.listed, was.fingerprint.paths, was.fingerprint.files) == (
            is_now.listed,
            is_now.fingerprint.paths,
            is_now.fingerprint.files,
        )
        if not same:
            yield f"{shown(name)}: {was.images}, now {is_now.images}"


def _other_settings(before: Settings, now: Settings) -> Iterator[str]:
    for field in fields(Settings):
        if getattr(before, field.name) != getattr(now, field.name):
            yield field.name.replace("_", "-")
