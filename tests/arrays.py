"""Arrays as decoded images, and states made from them: what the law tests work on."""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normstat.accumulators.fold import Fold
from normstat.accumulators.tally import KindTally, Tally
from normstat.images import FLOAT, GRAY8, GRAY16, INT32, RGB8, Kind, Sample, channel_names

BANDS = (
    Kind("uint8", channel_names(2)),
    Kind("uint16", channel_names(5)),
    Kind("int8", channel_names(2)),
    Kind("int16", channel_names(1)),
    Kind("float16", channel_names(1)),
    Kind("float64", channel_names(4)),
)
KINDS = (GRAY8, RGB8, GRAY16, INT32, FLOAT, *BANDS)


@dataclass
class ArrayPixels:
    """An array of shape (H, W, C), seen as a decoded image."""

    values: NDArray[Any]
    mode: str = "test"
    format: str = "TEST"
    notes: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        dtype, channels = self.values.dtype.name, self.values.shape[2]
        known = (k for k in KINDS if (k.dtype, len(k.channels)) == (dtype, channels))
        return next(known, Kind(dtype, channel_names(channels)))

    @property
    def height(self) -> int:
        return self.values.shape[0]

    @property
    def width(self) -> int:
        return self.values.shape[1]

    @property
    def area(self) -> int:
        return self.width * self.height

    @property
    def images(self) -> "tuple[ArrayPixels]":
        return (self,)

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.values.tobytes()).digest()

    @property
    def key(self) -> bytes:
        return self.digest[:16]

    def counts(self) -> NDArray[np.int64]:
        bins, least = self.kind.bins, self.kind.least
        channels = self.values.reshape(-1, self.values.shape[2]).T.astype("int64") - least
        return np.array([np.bincount(channel, minlength=bins) for channel in channels])

    def array(self) -> NDArray[Any]:
        return self.values


def tally(
    *arrays: NDArray[Any], split: str = "train", first: int = 0, covariance: bool = False
) -> Tally:
    """The tally of arrays as images ``0.png``, ``1.png``, …"""
    fold = Fold(covariance)
    for index, array in enumerate(arrays, first):
        path = f"{split}/{index}.png"
        fold.add(Sample(split, path), ArrayPixels(array))
    return fold.tally()


def kind_tally(*arrays: NDArray[Any]) -> KindTally:
    """The tally of arrays that are all of one kind."""
    (state,) = tally(*arrays).splits["train"].kinds.values()
    return state
