"""Contents of images: constant channels, gray among color."""

from collections.abc import Iterator

from normstat.rules.comparison import Pair, each_pair, gray_share, known, names_of
from normstat.stats import SplitStats
from normstat.verdict import Case, Level

#: Change of the share of gray-looking images that is a finding if exceeded.
GRAY_SHARE = 0.5


@each_pair("constant-channel")
def constant_channel(pair: Pair) -> Iterator[Case]:
    """Channels of one value only, which were not recorded as such."""
    lowest, highest = known(pair.now.min), known(pair.now.max)
    for index, channel in enumerate(known(pair.now.channels)):
        value = lowest[index]
        if value != highest[index]:
            yield Case("constant-channel", Level.PASS, "not constant", pair.split, channel)
            continue
        recorded = pair.same_channels and _is_constant(pair.recorded, index)
        words = f"every pixel is {value:.4g}" + (", as recorded" if recorded else "; it was not")
        level = Level.PASS if recorded else Level.FAIL
        yield Case("constant-channel", level, words, pair.split, channel)


@each_pair("gray-as-rgb")
def gray_as_rgb(pair: Pair) -> Iterator[Case]:
    """The share of images that are gray, or have equal channels, changed by more than half."""
    before, after = gray_share(pair.recorded), gray_share(pair.now)
    gray_now, gray_then = (side.channels == ("gray",) for side in (pair.now, pair.recorded))
    words = f"{after:.0%} of the images are gray or look so, recorded were {before:.0%}"
    if gray_now != gray_then:
        words += f"; channels {names_of(pair.now.channels)}, recorded "
        words += names_of(pair.recorded.channels)
    changed = gray_now != gray_then or abs(after - before) > GRAY_SHARE
    level, numbers = Level.FAIL if changed else Level.PASS, (before, after, GRAY_SHARE)
    yield Case("gray-as-rgb", level, words, pair.split, None, *numbers, "share of images")


def _is_constant(split: SplitStats, index: int) -> bool:
    return bool(split.min and split.max and split.min[index] == split.max[index])
