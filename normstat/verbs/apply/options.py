"""What is chosen for a run of ``apply``, held against its statistics: refused, or explained."""

from dataclasses import replace
from typing import Any

from normstat.errors import UsageError, option
from normstat.files import shown
from normstat.images import ARRAY_LAYOUTS
from normstat.methods import METHODS, Needs
from normstat.stats import Settings, SplitStats, Stats
from normstat.verbs.listeners import Progress
from normstat.writers import WRITERS

#: Orders of the axes in ``.npy`` images that one array each is written for.
INPUT_LAYOUTS = ("auto", "hwc", "chw")


def refuse_choices(
    layout: str,
    input_layout: str | None,
    store: str,
    source: Any,
    from_split: str | None,
    own_split: bool,
) -> None:
    """Raise if a choice is unknown, or two exclude each other."""
    for name, value, known in (
        ("layout", layout, ARRAY_LAYOUTS),
        ("input_layout", "auto" if input_layout is None else input_layout, INPUT_LAYOUTS),
        ("store", store, WRITERS),
    ):
        if value not in known:
            raise UsageError(f"{option(name, shown(value))}: should be one of {', '.join(known)}")
    if own_split and not isinstance(source, Stats):
        raise UsageError(
            f"{option('own_split', True)}: only a stats file ({option('stats')}) has a split for "
            "each"
        )
    if isinstance(source, SplitStats):
        raise UsageError(
            "the statistics of a single split do not tell how its images were read; give all of "
            "them (Stats), and the name of the split as from_split"
        )
    if own_split and from_split:
        raise UsageError(f"{option('own_split', True)} and {option('from_split')}: choose one")


def warn_of_leakage(progress: Progress, from_split: str | None, own_split: bool) -> None:
    """Say what it means to take other statistics than those of train."""
    if own_split:
        progress.notice(
            f"{option('own_split', True)}: every split has its own statistics; a single image in "
            "production has none"
        )
    elif from_split not in (None, "train"):
        progress.notice(
            f"{option('from_split', shown(from_split))}: if these statistics saw images that you "
            "validate or test with, they have leaked"
        )


def tell_of_unused(progress: Progress, method: str | None, source: Any) -> None:
    """Say that a method takes no numbers from the statistics that it was given."""
    if method and isinstance(source, Stats) and METHODS[method].needs is Needs.NOTHING:
        progress.notice(
            f"{option('method', method)} uses no mean or std of the statistics: they only say how "
            f"images are read (channels, {option('resize')}, {option('crop')})"
        )


def as_recorded(
    asked: Settings, channels: str | None, max_pixels: int | None, source: Any
) -> Settings:
    """The settings, where statistics were computed with some: theirs.

    Statistics of resized images are not those of the originals. That gray images become color is
    no other setting: among color they were counted so.

    Raises
    ------
    UsageError
        Others were asked for.
    """
    if not isinstance(source, Stats):
        return asked
    recorded = source.settings
    spreads = (channels, recorded.channels) == ("rgb", "auto")
    for name, given in (
        ("channels", None if spreads else channels),
        ("resize", asked.resize),
        ("crop", asked.crop),
        ("max_value", asked.max_value),
    ):
        theirs = getattr(recorded, name)
        if given is not None and given != theirs:
            asks = option(name, given)
            was = f"with {option(name, theirs)}" if theirs else f"without {option(name)}"
            raise UsageError(
                f"{asks}: the statistics were computed {was}; leave the option out, or compute "
                f"statistics with {asks}"
            )
    return replace(
        asked,
        channels=channels or recorded.channels,
        max_pixels=max_pixels or recorded.max_pixels,
        resize=recorded.resize,
        crop=recorded.crop,
        layout=recorded.layout if recorded.layout in INPUT_LAYOUTS else "auto",
        # An array is of one image: the first frame, where statistics are of all.
        frames="channels" if recorded.frames == "channels" else "first",
        max_value=recorded.max_value,
        channel_names=recorded.channel_names,
        labels=recorded.labels,
    )
