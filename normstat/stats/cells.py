"""Statistics as the cells of a table, one row for each channel."""

from collections.abc import Iterator, Sequence

from normstat.accumulators.tally import Extent
from normstat.files import shown
from normstat.stats.split_stats import Parts, SplitStats

#: Header of the average over images of each image's own std.
OWN_STD = "std, own"
#: Headers of the columns.
HEADERS = ("split", "images", "size", "channel", "mean ± se", "std ± se", OWN_STD, "min", "max")
#: The two definitions of std that the columns have, a line each.
BOTH_STDS = (
    "std: over all pixels, which normalizing to mean 0 and std 1 needs",
    "std, own: the average of the images' own std, as some published numbers are",
)
_DECIMALS = 6


def cells(name: str, split: SplitStats) -> Iterator[tuple[str, ...]]:
    """A row of :data:`HEADERS` for each channel of a split, or one of dashes without images.

    >>> list(cells("train", SplitStats(0, 0, 0, 0, {})))
    [('train', '0', '–', '–', '–', '–', '–', '–', '–')]
    """
    images = f"{split.images}"
    if split.unreadable:
        images += f" (+ {split.unreadable} unreadable)"
    head = (shown(name), images, f"{_extent(split.width)} × {_extent(split.height)}")
    if split.channels is None or not (split.mean and split.std and split.min and split.max):
        yield (*head[:2], *"–" * (len(HEADERS) - 2))
        return
    own = split.per_image.std
    for index, channel in enumerate(split.channels):
        yield (
            *(head if index == 0 else ("", "", "")),
            shown(channel),
            _plus_minus(split.mean[index], split.stderr.mean, index),
            _plus_minus(split.std[index], split.stderr.std, index),
            f"{own[index]:#.{_DECIMALS}g}" if own else "–",
            f"{split.min[index]:.6g}",
            f"{split.max[index]:.6g}",
        )


def counted_parts(parts: Parts) -> str:
    """Words on parts of a data set, where others are missing.

    >>> counted_parts(Parts(4, (1, 3), 0))
    'only parts 1, 3 of 4 are counted'
    """
    have = ", ".join(map(str, parts.have))
    one = len(parts.have) == 1
    return f"only part{'' if one else 's'} {have} of {parts.of} {'is' if one else 'are'} counted"


def _extent(extent: Extent) -> str:
    if extent.min is None:  # of images that remain of others
        return "–"
    return f"{extent.min}" if extent.min == extent.max else f"{extent.min}–{extent.max}"


def _plus_minus(value: float, errors: Sequence[float | None] | None, index: int) -> str:
    error = errors[index] if errors else None
    return f"{value:#.{_DECIMALS}g} ± " + ("–" if error is None else f"{error:.2g}")
