"""States of each kind of pixels: counted one by one, or in bins and exact sums."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from normstat.accumulators.covariance import Products
from normstat.accumulators.double_double import DOUBLE
from normstat.accumulators.exact_sums import ExactSums
from normstat.accumulators.histogram import Histogram, Pooled
from normstat.accumulators.json_state import Json, Pack
from normstat.images import Kind, Pixels


class ValuesFold(Protocol):
    """Values and sums of images, added in place."""

    def add(self, pixels: Pixels) -> tuple[str, ...]:
        """Add the images of a file, all or none; return what is to be noted of it.

        Raises
        ------
        UnreadableImage
            ``non_finite`` if the squares of its values exceed float64.
        """

    def add_counts(self, pixels: int, counts: NDArray[np.int64], /) -> None:
        """Add images of so many pixels each whose values have been counted.

        Parameters
        ----------
        counts : shape (images, C, bins), int64; only of kinds whose values are integers.
        """

    def values(self) -> "Values":
        """The values so far."""

    def exact_sums(self) -> ExactSums:
        """The sums over the images so far, at least one."""


class Values(Protocol):
    """The state of the values of pixels; each kind has one.

    Attributes
    ----------
    count : pixels, the same for every channel.
    counts : pixels in each bin: shape (C, bins), int64; None where they are not known.
    levels : value of each bin, or about its value: shape (bins,), float64, stored units.
    quantile_error : relative error of a quantile, at most; None without counts.
    """

    @property
    def count(self) -> int: ...
    @property
    def counts(self) -> NDArray[np.int64] | None: ...
    @property
    def levels(self) -> NDArray[np.float64]: ...
    @property
    def quantile_error(self) -> float | None: ...
    def __add__(self, other: Self) -> Self: ...
    def __sub__(self, other: Self) -> Self:
        """The values without some of them; a ValueError if these are not among them."""

    def spread(self, channels: int) -> Self:
        """Gray pixels seen as pixels with ``channels`` equal channels."""

    def exact(self) -> Histogram | None:
        """Counts of every single value, where there are such."""

    def summary(self, sums: ExactSums, /, quantiles: Sequence[str]) -> Pooled:
        """Summarize the pixels of images with such sums."""

    def fits(self, sums: ExactSums) -> bool:
        """True if these are the pixels of images with such sums."""

    def to_json(self, pack: Pack) -> Any:
        """The state, as a file has it."""

    def from_json(self, node: Json) -> Self:
        """Read the state that :meth:`to_json` wrote: one of as many channels and bins."""

    def fold(self) -> ValuesFold:
        """Begin to add images in place."""


class States(NamedTuple):
    """States that depend on the kind of the pixels."""

    values: Values
    per_image: ExactSums
    covariance: Products


def empty_states(kind: Kind) -> States:
    """The states of no pixels of a kind: what the kind decides, it decides here.

    >>> from normstat.images import FLOAT, GRAY8
    >>> [type(empty_states(kind).values).__name__ for kind in (GRAY8, FLOAT)]
    ['Histogram', 'LogHistogram']
    """
    channels, bins, shift = len(kind.channels), kind.bins, 0 if kind.bins else DOUBLE
    values: Values
    if bins:
        values = Histogram.empty(channels, bins, kind.least)
    else:
        from normstat.accumulators.log_histogram import LogHistogram  # floats are rare

        values = LogHistogram.empty(channels)
    return States(
        values,
        ExactSums.empty(channels, shift),
        Products.empty(channels, shift),
    )
