"""Images that were counted, and those that were not, and why."""

from collections import Counter
from collections.abc import Iterator, Mapping
from math import gcd

from normstat.accumulators.tally import Extent
from normstat.errors import Message, option
from normstat.images import Unreadable
from normstat.markup import NONE, table, text
from normstat.reports.page.sections import paragraph, section
from normstat.reports.page.sizes import sizes
from normstat.stats import SplitStats, Stats, left_out_images, remarks, sentences

_NAMED = 20
# Aspect ratios of larger numbers tell nothing.
_ROUND = 32
_HEADERS = (
    "split", "counted", "unreadable", "left out", "width × height", "pixels each", "formats",
    "modes",
)  # fmt: skip
# Modes as Pillow calls them.
_MODES = {
    "L": "gray", "LA": "gray with alpha", "1": "black and white", "I;16": "gray, 16 bits",
    "RGB": "color", "RGBA": "with alpha", "P": "palette", "CMYK": "for print",
}  # fmt: skip
_GRAY_MODES = ("1", "L", "LA")
_NOTES = {
    "icc_profile": "{} a color profile, which is not applied",
    "exif_orientation": "{} an EXIF orientation, which does not change the statistics",
    "extension_mismatch": "{} another format than the extension of the name says",
}


def images(stats: Stats) -> str:
    """Write the section."""
    return section("Images", _parts(stats))


def _parts(stats: Stats) -> Iterator[str]:
    rows = [
        (
            text(name),
            f"{split.images:,}",
            f"{split.unreadable:,}",
            f"{split.skipped:,}",
            _size(split),
            f"{split.pixels / split.images:,.0f}" if split.images else NONE,
            _counts(split.formats),
            _counts(split.modes, _MODES),
        )
        for name, split in stats.splits.items()
    ]
    yield table("Images of each split", _HEADERS, rows, (0, 6, 7))
    notes: Counter[str] = Counter()
    for split in stats.splits.values():
        notes.update(split.notes)
    told = [*remarks(stats), *_gray(stats), *sentences(_NOTES, notes), *_left_out(stats)]
    if told:
        items = "".join(f"<li>{text(Message(words).on_command_line())}</li>" for words in told)
        yield f"<ul>{items}</ul>"
    yield from sizes(stats.splits)
    if stats.unreadable:
        yield "<h3>Not read</h3>"
        yield from _unreadable(stats.unreadable)


def _gray(stats: Stats) -> Iterator[str]:
    """A sentence on gray images that count as color, and on their part in the statistics."""
    color = [split for split in stats.splits.values() if split.images and _is_color(split)]
    plain = sum(split.modes.get(mode, 0) for split in color for mode in _GRAY_MODES)
    stored = sum(split.notes.get("equal_channels", 0) for split in color)
    if not (plain or stored):
        return
    kinds = [(plain, "gray"), (stored, "gray but stored as color, in three equal channels")]
    told = ", and ".join(f"{_are(number)} {kind}" for number, kind in kinds if number)
    if plain + stored == sum(split.images for split in color):
        yield (
            f"{told}: these are all, so the channels have the same statistics; "
            f"{option('channels', 'gray')} counts one channel"
        )
    else:
        yield (
            f"{told}: such an image has the same values in all channels, which draws their means "
            "and stds together"
        )


def _are(number: int) -> str:
    return f"{number:,} images are" if number > 1 else "1 image is"


def _is_color(split: SplitStats) -> bool:
    return len(split.channels or ()) == 3


def _size(split: SplitStats) -> str:
    if split.width.min is None or split.height.min is None:
        return NONE
    size = f"{_extent(split.width)} × {_extent(split.height)}"
    if (split.width.min, split.height.min) != (split.width.max, split.height.max):
        return size
    shared = gcd(split.width.min, split.height.min)
    wide, high = split.width.min // shared, split.height.min // shared
    return f"{size} ({wide}:{high})" if max(wide, high) <= _ROUND else size


def _extent(extent: Extent) -> str:
    low, high = extent
    return f"{low}" if low == high else f"{low}–{high}"


def _counts(counts: Mapping[str, int], meanings: Mapping[str, str] | None = None) -> str:
    known = meanings or {}
    return ", ".join(
        f"{text(name)}{f' ({known[name]})' if name in known else ''} {count:,}"
        for name, count in counts.items()
    )


def _left_out(stats: Stats) -> Iterator[str]:
    reasons: Counter[str] = Counter()
    for split in stats.splits.values():
        reasons.update(split.skipped_reasons)
    for reason, number_of in reasons.items():
        yield f"left out: {left_out_images(number_of, reason)}"
    for reason, skipped in stats.skipped.items():
        yield f"left out: {left_out_images(skipped.images, reason)}, such as {skipped.first}"


def _unreadable(records: tuple[Unreadable, ...]) -> Iterator[str]:
    codes = Counter(record.code for record in records)
    first = {record.code: record for record in reversed(records)}
    rows = [
        (text(code), f"{images:,}", text(first[code].hint.on_command_line()) or NONE)
        for code, images in codes.most_common()
    ]
    yield table("Reasons why images were not read", ("why", "images", "what helps"), rows, (0, 2))
    yield "<ul class=files>"
    for record in records[:_NAMED]:
        seen = f": {record.detail}" if record.detail else ""
        yield f"<li><code>{text(record.path)}</code> {text(record.code + seen)}</li>"
    yield "</ul>"
    if len(records) > _NAMED:
        yield paragraph(f"and {len(records) - _NAMED:,} more, which the stats file names.")
