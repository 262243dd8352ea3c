"""Mistakes on the way of right constants into a config: a table, and a search in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import product

from normstat.constants import FLOOR, Channels, Constants, Deviation, explains
from normstat.conventions.config import Config
from normstat.conventions.published import exactly, same
from normstat.presets import DATA_SETS, PRESETS, Preset


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake, or several at once, with names and cures in a few words.

    Attributes
    ----------
    says : keys that would make the numbers right in a file of one's own.
    factor : by which all numbers are too large.
    squares : the variance stands for the std.

    Examples
    --------
    >>> Mistake(("variance",), ("take the root",), squares=True).of(Constants((0.5,), (0.5,))).std
    (0.25,)
    """

    names: tuple[str, ...] = ()
    cures: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    factor: float = 1.0
    reverses: bool = False
    squares: bool = False

    def of(self, right: Constants) -> Constants:
        """The constants that it makes of right ones."""
        made = self.placed(right)
        return made.squared if self.squares else made

    def placed(self, right: Constants) -> Constants:
        """Right ones in the wrong unit and order, but still mean and std."""
        order = right.order[::-1] if self.reverses else right.order
        made = right.to(right.scale * self.factor, order)
        return replace(made, scale=right.scale, order=right.order)

    def __add__(self, other: "Mistake") -> "Mistake":
        return Mistake(
            self.names + other.names,
            self.cures + other.cures,
            self.says + other.says,
            self.factor * other.factor,
            self.reverses or other.reverses,
            self.squares or other.squares,
        )


_NONE = Mistake()
_BYTE = 255
# Values of white that a configuration can name.
_NAMED = (255, 65535)
_ORDERS = (
    _NONE,
    Mistake(
        ("channels in reverse, as in BGR for RGB",),
        ("reverse mean and std",),
        ('"order": "BGR"',),
        reverses=True,
    ),
)
_VARIANCE = Mistake(("variance given as std",), ("take its square root",), squares=True)
_TWICE = Mistake(
    ("std divided by twice, as include_top does",),
    ("set include_top to false, or give the square root of std",),
    squares=True,
)

_PER_IMAGE = Mistake(
    ("averaged over each image's own mean and std",),
    ("use the pooled ones to get mean 0 and std 1; ImageNet's are averages, too",),
)


def _scales(white: float) -> tuple[Mistake, ...]:
    """Numbers for pixels of 0 to 1 in the place of stored ones, and the reverse."""
    if white == 1:
        return (_NONE,)
    return (
        _NONE,
        Mistake(
            (f"0–{white:g} numbers where pixels are 0–1",),
            (f"divide mean and std by {white:g}",),
            (f'"scale": {white:g}',) if white in _NAMED else (),
            factor=white,
        ),
        Mistake(
            (f"0–1 numbers where pixels are 0–{white:g}",),
            (f"multiply mean and std by {white:g}",),
            factor=1 / white,
        ),
    )


def mistakes(twice: bool = False, white: float = _BYTE) -> tuple[Mistake, ...]:
    """Every mistake, the single ones first; dividing twice is what makes a std a variance.

    Parameters
    ----------
    twice : the configuration divides by std twice.
    white : stored value of it.

    >>> mistakes(twice=True)[-1].names[-1]
    'std divided by twice, as include_top does'
    """
    spreads = (_NONE, _TWICE if twice else _VARIANCE)
    found = (sum(parts, _NONE) for parts in product(_scales(white), _ORDERS, spreads))
    return tuple(sorted((m for m in found if m.names), key=lambda mistake: len(mistake.names)))


@dataclass(frozen=True, slots=True)
class Measured:
    """The data's numbers in a config's scale and order, and the averages of images' own.

    Attributes
    ----------
    white : stored value of it.
    """

    pooled: Constants
    per_image: Constants | None
    white: float = 255


@dataclass(frozen=True, slots=True)
class Explanation:
    """Origin of constants, and a cure; keys to say beside them instead, if they are meant so.

    A choice that others made before is harmless, rather than a mistake.
    """

    words: str
    cure: str
    say: str = ""
    harmless: bool = False


def explanation(
    config: Config, constants: Constants, measured: Measured, margin: float
) -> Explanation | None:
    """Explain constants by a slip that leaves them much nearer to right ones; None if none does.

    They have to be within the margin of those that it makes.
    """
    found = Deviation.between(constants, measured.pooled).worst
    if found <= FLOOR:
        return None

    def fits(undone: float) -> bool:
        return undone <= margin and explains(undone, found)

    itself = Explanation("std equals mean", "give the std of the data")
    return (
        _from_offset(config, measured, fits)
        or _from_published(config, PRESETS)
        or (itself if config.mean == config.std else None)
        or _from_data(config, constants, measured, fits)
        or _from_published(config, DATA_SETS)
    )


def _from_offset(
    config: Config, measured: Measured, fits: Callable[[float], bool]
) -> Explanation | None:
    """Numbers for pixels of 0 to 1, which an offset has moved to -1 to 1."""
    if not config.offset or not config.scale:
        return None
    taken = replace(config, scale=1, offset=0.0)
    data = measured.pooled.to(1, measured.pooled.order)
    if preset := exactly(taken):
        whose = f"preset {preset.preset.name}"
    elif fits(Deviation.between(taken.constants.spread(len(data.mean)), data).worst):
        whose = "the data"
    else:
        return None
    return Explanation(
        f"mean and std of {whose} for pixels of 0 to 1, but an offset is subtracted before",
        "set the offset to false and rescale_factor to 1/255, or do_normalize to false",
    )


def _from_published(config: Config, rows: Mapping[str, Preset]) -> Explanation | None:
    numbers = config.numbers
    for mistake, row in product(mistakes(config.twice), rows.values()):
        # 0.5 and 0.25 are nobody's variance of 0.5: round numbers are too common to tell.
        if mistake.squares and len(set(row.mean)) == 1 and not config.twice:
            continue
        right = row.constants.to(numbers.scale, numbers.order)
        if same(numbers, config.written(mistake.of(right))):
            return _explained(f"preset {row.name}", mistake)
    return None


def _from_data(
    config: Config, constants: Constants, measured: Measured, fits: Callable[[float], bool]
) -> Explanation | None:
    """The fewest mistakes whose result is near enough; of as many, the nearest."""
    tried = [(mistake, measured.pooled) for mistake in mistakes(config.twice, measured.white)]
    if measured.per_image:
        tried.append((_PER_IMAGE, measured.per_image))
    found = [
        (len(mistake.names), undone, index)
        for index, (mistake, right) in enumerate(tried)
        if fits(undone := _undone(constants, mistake, right, measured.pooled.std))
    ]
    return _explained("the data", tried[min(found)[2]][0]) if found else None


def _undone(constants: Constants, mistake: Mistake, right: Constants, sigma: Channels) -> float:
    """Deviation of constants from those that a mistake makes of right ones."""
    widths = mistake.placed(replace(right, std=sigma)).std
    return Deviation.between(constants, mistake.of(right), widths).worst


def _explained(whose: str, mistake: Mistake) -> Explanation:
    words = f"mean and std of {whose}, but {' and '.join(mistake.names)}"
    say = " and ".join(mistake.says) if len(mistake.says) == len(mistake.names) else ""
    return Explanation(words, "; ".join(mistake.cures), say, mistake is _PER_IMAGE)
