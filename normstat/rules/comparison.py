"""Statistics of now beside the recorded ones, for rules to look at."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import wraps
from math import isfinite
from typing import TypeAlias, TypeVar

from normstat.accumulators.tally import FIRST
from normstat.constants import Constants
from normstat.errors import UsageError, option
from normstat.files import shown
from normstat.images import Unreadable
from normstat.stats import SplitStats, Stats
from normstat.verdict import Case, Level

_T = TypeVar("_T")

#: Default of the margin: a shift of the mean in σ, or of σ relative to itself.
MARGIN = 0.10
# Images that a message has room for.
_NAMED = 3
# Modes of files; other gray ones do not count among color.
_GRAY_MODES = ("1", "L", "LA")


def refuse_margin(margin: float) -> None:
    """Raise a UsageError if nothing can be within a margin.

    >>> refuse_margin(0.0)
    Traceback (most recent call last):
    normstat.errors.UsageError: margin=0.0: should be a number above 0, such as 0.1 (in σ)
    """
    if not (isfinite(margin) and margin > 0):
        raise UsageError(
            f"{option('margin', margin)}: should be a number above 0, such as {MARGIN:g} (in σ)"
        )


@dataclass(frozen=True, slots=True)
class Pair:
    """A split now, and what was recorded of it."""

    split: str
    now: SplitStats
    recorded: SplitStats

    @property
    def same_channels(self) -> bool:
        """True if the channels have the same names, in the same order."""
        return self.now.channels == self.recorded.channels

    @property
    def same_paths(self) -> bool:
        """True if the same set of paths was counted: no sampling lies between the two."""
        return self._same("paths")

    @property
    def same_pixels(self) -> bool:
        """True if every image is the one that was recorded, under its name."""
        return self._same("pixels")

    def _same(self, which: str) -> bool:
        ours, theirs = (getattr(side.fingerprint, which) for side in (self.now, self.recorded))
        return (ours, self.now.images) == (theirs, self.recorded.images)

    @property
    def blank(self) -> str:
        """Reason for which there is nothing to compare; empty if there is something."""
        if not self.now.images:
            return "no image was counted now" if self.recorded.images else "neither has images"
        if not self.recorded.images:
            return "no image was counted when it was recorded"
        # A stats file may have been edited by hand.
        complete = _has_numbers(self.now) and _has_numbers(self.recorded)
        return "" if complete else "its numbers are missing in the stats file"


def _has_numbers(split: SplitStats) -> bool:
    numbers = (split.dtype, split.scale, split.mean, split.std, split.min, split.max)
    return bool(split.channels) and all(number is not None for number in numbers)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two statistics to be compared: shifts up to the margin, in σ, count as none.

    It is limited to the splits that are named, if any are.
    """

    now: Stats
    recorded: Stats
    margin: float = MARGIN
    splits: tuple[str, ...] = ()

    def names(self, stats: Stats) -> list[str]:
        """The splits of one of the two that are to be compared."""
        return [name for name in stats.splits if not self.splits or name in self.splits]

    def pairs(self) -> Iterator[Pair]:
        """The splits that both have."""
        for name in self.names(self.now):
            if name in self.recorded.splits:
                yield Pair(name, self.now.splits[name], self.recorded.splits[name])


#: A rule: a case for all that it looked at, passes included; each says what it could not see.
Look: TypeAlias = Callable[[Comparison], Iterator[Case]]
_OfPair: TypeAlias = Callable[[Pair], Iterator[Case]]


def each_pair(rule: str) -> Callable[[_OfPair], Look]:
    """Make a rule of a function of one split; splits without images are inconclusive."""

    def of_pairs(look: _OfPair) -> Look:
        @wraps(look)
        def looked(comparison: Comparison) -> Iterator[Case]:
            for pair in comparison.pairs():
                if pair.blank:
                    yield Case(rule, Level.INCONCLUSIVE, f"{pair.blank}: not looked at", pair.split)
                else:
                    yield from look(pair)

        return looked

    return of_pairs


def known(value: _T | None) -> _T:
    """A value that every split with images has; no other split gets as far as this."""
    assert value is not None
    return value


def constants(split: SplitStats) -> Constants:
    """Mean and std of each channel of a split with images, in unit scale."""
    return Constants(known(split.mean), known(split.std))


def unreadable_in(stats: Stats, split: str) -> list[Unreadable]:
    """Records of the unreadable images of a split."""
    return [record for record in stats.unreadable if record.split == split]


def examples(records: Sequence[Unreadable]) -> tuple[str, tuple[str, ...], int]:
    """The first records in words, the paths of the first ones, and how many the words name."""
    words = "; ".join(f"{shown(record.path)}: {record.code}" for record in records[:_NAMED])
    paths = tuple(record.path for record in records[:FIRST])
    return words, paths, min(len(paths), _NAMED)


def images(number: int) -> str:
    """A number of images for a message.

    >>> images(1), images(2)
    ('1 image', '2 images')
    """
    return f"{number} image{'' if number == 1 else 's'}"


def gray_share(split: SplitStats) -> float:
    """Share of the images that are gray, or have equal channels; there are images."""
    if split.channels == ("gray",):
        return 1.0
    gray = sum(split.modes.get(mode, 0) for mode in _GRAY_MODES)
    return (split.notes["equal_channels"] + gray) / split.images


def names_of(channels: tuple[str, ...] | None) -> str:
    """Names of channels for a message.

    >>> names_of(("R", "G", "B"))
    'R, G, B'
    """
    return ", ".join(channels or ("none",))
