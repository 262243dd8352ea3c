"""Options that verbs have in common: in the form that is recorded, or refused."""

from collections.abc import Collection, Iterable

from normstat.errors import UsageError, option
from normstat.files import shown
from normstat.images import FRAMES, LAYOUTS
from normstat.stats import Settings
from normstat.statsfile.json_reader import MOST

#: Values of ``channels``.
CHANNELS = ("auto", "gray", "rgb")


def names_of(names: str | Iterable[str]) -> tuple[str, ...]:
    """One name, or several.

    >>> names_of("train"), names_of(["train", "val"])
    (('train',), ('train', 'val'))
    """
    return (names,) if isinstance(names, str) else tuple(names)


def refuse_settings(settings: Settings) -> None:
    """Refuse settings that no image can be read with.

    Raises
    ------
    UsageError
        A word that is none of those there are, or a number out of range.
    """
    refuse_unknown("channels", settings.channels, CHANNELS)
    refuse_unknown("layout", settings.layout, LAYOUTS)
    refuse_unknown("frames", settings.frames, FRAMES)
    names = settings.channel_names
    if names is not None and not (names and all(names) and len(set(names)) == len(names)):
        listed = option("channel_names", [*map(shown, names)])
        raise UsageError(f"{listed}: should be different names, as in B02,B03,B04")
    for name in ("max_pixels", "max_value", "resize", "crop"):
        refuse_below(name, value := getattr(settings, name), 1)
        if value is not None and value > MOST:
            raise UsageError(f"{option(name, ...)}: should be below 2**63")
    if settings.resize and settings.crop and settings.crop > settings.resize:
        raise UsageError(
            f"{option('crop', settings.crop)}: should be at most "
            f"{option('resize', settings.resize)}, to which the shorter side is resized first"
        )


def refuse_unknown(parameter: str, value: str, words: Collection[str]) -> None:
    """Refuse a word that is none of those there are."""
    if value not in words:
        raise UsageError(f"{option(parameter, shown(value))}: should be one of {', '.join(words)}")


def refuse_below(parameter: str, value: float | None, least: int) -> None:
    """Refuse a number that is too small."""
    if value is not None and not value >= least:
        raise UsageError(f"{option(parameter, value)}: should be {least} or more")
