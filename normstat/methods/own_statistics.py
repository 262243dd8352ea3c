"""Methods that take their numbers from the image itself."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from normstat.accumulators.image_moments import Moments
from normstat.errors import FlatImage, OutOfRange, UsageError, option
from normstat.methods.kernels import is_counted, sums
from normstat.methods.maps import Affine, Fitted

#: Pixels of shape (H, W, C) and their scale → for each channel (center, width), unit scale.
Measure: TypeAlias = Callable[[NDArray[Any], float], list[tuple[float, float]]]


@dataclass(frozen=True, slots=True)
class OfImage(Fitted):
    """A map made from each image's own pixels: of all its channels together, or of each.

    Examples
    --------
    >>> image = np.array([[[10, 0], [20, 4]]], dtype=np.uint8)
    >>> OfImage("image-min-max", extremes, whole=True).of(image, 1)
    Affine(center=(0.0,), width=(20.0,), limits=None)
    >>> OfImage("image-per-channel", mean_std, whole=False).of(image, 1)
    Affine(center=(15.0, 2.0), width=(5.0, 2.0), limits=None)
    """

    method: str
    measure: Measure
    whole: bool
    epsilon: float = 0.0

    def of(self, pixels: NDArray[Any], scale: float) -> Affine:
        """The map of an image (H, W, C), stored units; FlatImage or OutOfRange if there is none."""
        if not pixels.size:
            raise UsageError(f"{self.method}: an image without pixels has no statistics")
        measured = self.measure(pixels.reshape(len(pixels), -1, 1) if self.whole else pixels, scale)
        if not np.isfinite(measured).all():
            raise OutOfRange("NaN, infinity, or pixels too large to normalize")
        for channel, (_, width) in enumerate(measured, 1):
            if not width + self.epsilon:
                where = "" if self.whole else f" of channel {channel}"
                raise FlatImage(
                    f"{self.method}: every pixel{where} is the same; leave the image out "
                    f"({option('exclude')}), choose another method, or "
                    f"{option('epsilon', metavar='E')}"
                )
        centers, widths = zip(*measured, strict=True)
        return Affine(centers, tuple(width + self.epsilon for width in widths))

    def error(self, white: float, dtype: str) -> float:
        """Error of the worst map: no mean lies beyond white, and no width beyond twice that."""
        return Affine((white,), (2 * white + self.epsilon,)).error(white, dtype)


def mean_std(pixels: NDArray[Any], scale: float) -> list[tuple[float, float]]:
    """Mean and population std of each channel; from exact sums for 8 and 16 bits.

    >>> mean_std(np.array([[[0], [255]]], dtype=np.uint8), 255)
    [(0.5, 0.5)]
    """
    if not is_counted(pixels):
        return _floating_mean_std(pixels, scale)
    count = pixels.shape[0] * pixels.shape[1]
    totals = [sums(plane) for plane in np.moveaxis(pixels, 2, 0)]
    return [
        (s / (count * scale), math.sqrt(count * q - s * s) / (count * scale)) for s, q in totals
    ]


def _floating_mean_std(pixels: NDArray[Any], scale: float) -> list[tuple[float, float]]:
    with np.errstate(over="ignore", invalid="ignore"):
        moments = Moments.of(pixels)
        stds = np.sqrt(moments.m2 / moments.count)
    # The rounded mean of equal values may differ from them, and then they seem to vary.
    flat = moments.min == moments.max
    means, stds = np.where(flat, moments.min, moments.mean), np.where(flat, 0, stds)
    return list(zip((means / scale).tolist(), (stds / scale).tolist(), strict=True))


def extremes(pixels: NDArray[Any], scale: float) -> list[tuple[float, float]]:
    """Smallest pixel, and largest minus smallest, of each channel.

    >>> extremes(np.array([[[0.5], [2.0]]]), 1)
    [(0.5, 1.5)]
    """
    planes = np.moveaxis(pixels, 2, 0)
    ends = [(float(plane.min()) / scale, float(plane.max()) / scale) for plane in planes]
    return [(low, high - low) for low, high in ends]
