"""The subject of a page: statistics, and what they are held against."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from normstat.reports.page.listed import Listed
from normstat.stats import SplitStats, Stats
from normstat.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Shift:
    """A channel of one set of images against that of another.

    Attributes
    ----------
    channel : its name.
    mean, std : differences: of the mean in σ, and of the std relative to itself; each with the
        bound of its error, if that is known.
    w1, ks, psi : distances of the distributions; None where values are not counted alike.
    """

    channel: str
    mean: tuple[float | None, float | None]
    std: tuple[float | None, float | None]
    w1: float | None = None
    ks: float | None = None
    psi: float | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """Two sets of images, and how far apart they are.

    Attributes
    ----------
    title : names of both.
    shifts : of each channel.
    splits : of both, for a drawing; by their names.
    same : they are the same images.
    unlike : reason for which they cannot be compared; empty if they can.
    """

    title: str
    shifts: tuple[Shift, ...] = ()
    splits: Mapping[str, SplitStats] = field(default_factory=dict)
    same: bool = False
    unlike: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """All that a page shows.

    Attributes
    ----------
    title : of the page.
    stats : to be shown; None on a page that has a verdict only.
    compared : sets of images that are held against each other.
    verdict : of a check, shown on top.
    files : sizes and duplicates of the files that were counted, from the list of them.
    """

    title: str
    stats: Stats | None = None
    compared: tuple[Compared, ...] = ()
    verdict: Verdict | None = None
    files: Listed | None = None
