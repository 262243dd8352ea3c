"""The answer first: mean and std to paste, and both definitions of std side by side."""

from collections.abc import Iterator, Sequence
from itertools import chain

from normstat.markup import NONE, number, table, text
from normstat.reports.page.sections import paragraph, section
from normstat.stats import SplitStats, Stats, aligned, common_decimals, supported_digits

#: Channels that a table has room for.
MOST = 32
_LARGE = 1e6
_HEADERS = (
    "split", "channel", "mean ± se", "std of all pixels ± se", "std within images", "min", "max"
)  # fmt: skip
_DEFINITIONS = (
    "<dl><dt>std of all pixels</dt><dd>The spread of all pixels together. Normalizing with it gives"
    " the whole set mean 0 and standard deviation 1: the one to train with.</dd>"
    "<dt>std within images</dt><dd>The average over images of each image’s own standard"
    " deviation. It leaves out how images differ from each other, so it is usually smaller; some"
    " published numbers are of this kind, which is why they do not agree with others.</dd>"
    "<dt>± se</dt><dd>The standard error: how far the number would typically be off if other"
    " images of the same kind had been counted. It supports the digits in <b>bold</b>; the others"
    " only tell two files apart.</dd></dl>"
)


def lead(stats: Stats) -> Iterator[str]:
    """Sentences for somebody who has never heard of such numbers."""
    counted = {name: split for name, split in stats.splits.items() if split.images}
    total = sum(split.images for split in counted.values())
    if not counted:
        yield paragraph("No image was counted.")
        return
    named = ", ".join(f"{split.images:,} {name}" for name, split in counted.items())
    of = f" ({named})" if len(counted) > 1 else ""
    images = f"{total:,} images" if total > 1 else "1 image"
    split = counted[_first(counted)]
    value = f"x / {split.scale}" if split.scale != 1 else "x"
    whole = f"({value} − mean) / std" if split.scale != 1 else "(x − mean) / std"
    yield (
        f"<p class=lead>Mean and standard deviation (std) of the pixel values x of "
        f"{text(images + of)}, for each channel. Models are trained on images that are normalized "
        f"with them: <code>{text(whole)}</code>.</p>"
    )
    yield from _incomplete(stats)


def _incomplete(stats: Stats) -> Iterator[str]:
    listed = sum(split.listed for split in stats.splits.values())
    lost = sum(split.unreadable for split in stats.splits.values())
    if lost:
        yield (
            f"<p class=warning><b>Incomplete:</b> {lost:,} of {listed:,} images could not be read "
            "and are not in these numbers: see Images.</p>"
        )
    if stats.parts:
        have = ", ".join(map(str, stats.parts.have))
        yield (
            f"<p class=warning><b>Incomplete:</b> part {have} of {stats.parts.of} of the data set; "
            "<code>normstat merge</code> adds the others.</p>"
        )


def answer(stats: Stats) -> Iterator[str]:
    """Write the section: numbers to paste, and the table of them all."""
    counted = {name: split for name, split in stats.splits.items() if split.images}
    if not counted:
        return
    first = _first(counted)
    yield section(
        "Mean and standard deviation",
        [
            *_to_paste(first, counted),
            *_numbers(counted),
            _DEFINITIONS,
        ],
    )


def _first(counted: dict[str, SplitStats]) -> str:
    """The split that trains, which is the one to normalize with."""
    return "train" if "train" in counted else next(iter(counted))


def _others(name: str, counted: dict[str, SplitStats]) -> list[str]:
    """Other splits that are normalized with the numbers of train: those of the same pixels."""
    split = counted[name]
    of = (split.channels, split.scale)
    alike = [other for other, its in counted.items() if (its.channels, its.scale) == of]
    return [other for other in alike if other != name] if name == "train" else []


def _to_paste(name: str, counted: dict[str, SplitStats]) -> Iterator[str]:
    split = counted[name]
    if not (split.mean and split.std and split.channels):
        return
    rest = _others(name, counted)
    over = f"divided by {split.scale}" if split.scale != 1 else "as they are stored"
    others = f", and so are those of {text(' and '.join(rest))}" if rest else ""
    yield (
        f"<p>Pixels, {over}, are normalized with the numbers of <b>{text(name)}</b>{others}:</p>"
    )
    mean, std = (", ".join(aligned(each)) for each in (split.mean, split.std))
    yield f"<pre class=pasted><span>mean = [{mean}]\n</span><span>std  = [{std}]</span></pre>"
    flat = [channel for channel, std in zip(split.channels, split.std, strict=True) if not std]
    if flat:
        told = ", ".join(flat[:MOST])
        yield paragraph(f"Every pixel is the same in {told}: a std of 0 normalizes nothing.")
    yield (
        "<p class=small><code>normstat export</code> writes them for torchvision, Hugging Face, "
        "Keras and others, from the file that this page is of.</p>"
    )


def _numbers(counted: dict[str, SplitStats]) -> Iterator[str]:
    of_columns = zip(*map(_columns, counted.values()), strict=True)
    decimals = [common_decimals(chain.from_iterable(column)) for column in of_columns]
    rows = [row for name, split in counted.items() for row in _rows(name, split, decimals)]
    yield table("Mean and standard deviation of each split", _HEADERS, rows, (0, 1))
    more = max(len(split.channels or ()) for split in counted.values()) - MOST
    if more > 0:
        yield paragraph(f"and {more} more channels, which are in the stats file.")


def _columns(split: SplitStats) -> tuple[Sequence[float], ...]:
    """The columns of the table whose numbers have equally many decimals."""
    extremes = ([x for x in each or () if not x.is_integer()] for each in (split.min, split.max))
    return split.mean or (), split.std or (), split.per_image.std or (), *extremes


def _rows(name: str, split: SplitStats, decimals: Sequence[int]) -> Iterator[tuple[str, ...]]:
    if not (split.channels and split.mean and split.std and split.min and split.max):
        return
    nothing = (None,) * len(split.channels)
    own = split.per_image.std or nothing
    for index, channel in enumerate(split.channels[:MOST]):
        mean, std = ((errors or nothing)[index] for errors in (split.stderr.mean, split.stderr.std))
        yield (
            text(name),
            text(channel),
            _with_error(split.mean[index], mean, decimals[0]),
            _with_error(split.std[index], std, decimals[1]),
            _digits(own[index], decimals[2]),
            _extreme(split.min[index], decimals[3]),
            _extreme(split.max[index], decimals[4]),
        )


def _digits(value: float | None, decimals: int) -> str:
    return NONE if value is None else supported_digits(value, None, decimals)[0]


def _extreme(value: float, decimals: int) -> str:
    if value.is_integer() or not abs(value) < _LARGE:
        return number(value)
    return supported_digits(value, None, decimals)[0].replace("-", "−")


def _with_error(value: float, error: float | None, decimals: int) -> str:
    digits, supported = supported_digits(value, error, decimals)
    marked = f"<b>{digits[:supported]}</b>{digits[supported:]}" if supported else digits
    told = NONE if error is None else number(error, 2)
    return f"{marked.replace('-', '−')} <span class=error>± {told}</span>"
