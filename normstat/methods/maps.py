"""Maps of the pixels of one image, with their inverse; affine per channel."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from normstat.constants import Channels
from normstat.methods.kernels import Line, is_counted, write_counted, write_exact

#: The planes of an image, each of shape (H, W), any strides.
Planes: TypeAlias = Sequence[NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Coefficients:
    """``y = a * x + b`` for each channel of the result: a per stored unit, b in the result's."""

    a: Channels
    b: Channels


class Fitted(Protocol):
    """A method with its numbers: one map for every image, or a way to make each its own.

    Numbers that a kind does not have, or that differ from image to image, are None.
    """

    __slots__ = ()

    @property
    def shared(self) -> "Map | None":
        """The map of every image; None where each has its own."""
        return None

    def of(self, pixels: NDArray[Any], scale: float) -> "Map":
        """The map of an image of shape (H, W, C), stored units."""

    def error(self, white: float, dtype: str) -> float:
        """A bound of the change of pixels within ±white, to a dtype and back, unit scale."""

    def numbers(self) -> dict[str, Any] | None:
        """All numbers in unit scale, for JSON."""
        return None

    def coefficients(self, channels: int, scale: float) -> Coefficients | None:  # noqa: ARG002
        """Coefficients on stored pixels, unless channels are mixed."""
        return None

    def clip(self, scale: float) -> tuple[Channels, Channels] | None:  # noqa: ARG002
        """Lowest and highest pixel of each channel, stored units, where there are limits."""
        return None

    def mixing(self, scale: float) -> tuple[Channels, ...] | None:  # noqa: ARG002
        """The matrix on stored pixels, where channels are mixed."""
        return None


class Map(Fitted, Protocol):
    """A map of pixels, the same for every image."""

    __slots__ = ()

    @property
    def shared(self) -> Self:
        return self

    def of(self, pixels: NDArray[Any], scale: float) -> Self:  # noqa: ARG002
        return self

    def write(self, planes: Planes, outs: Planes, scale: float) -> None:
        """Normalize: planes in stored units to as many planes of a floating dtype."""

    def inverse(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """From normalized values of shape (…, C) to unit scale."""

    def largest(self, white: float) -> float:
        """The largest absolute result for pixels from 0 to white, unit scale."""


@dataclass(frozen=True, slots=True)
class Affine(Map):
    """``y = (x / scale - center) / width`` for each channel; a single number serves all channels.

    Attributes
    ----------
    center, width : unit scale, width > 0.
    limits : for each channel the range, in unit scale, that pixels are limited to first.

    Examples
    --------
    >>> image = np.array([[[0, 51, 255]]], dtype=np.uint8)
    >>> out = np.empty((3, 1, 1))
    >>> Affine((0.2,), (0.4,)).write(list(np.moveaxis(image, 2, 0)), list(out), 255)
    >>> out.ravel()
    array([-0.5,  0. ,  2. ])
    """

    center: Channels
    width: Channels
    limits: tuple[tuple[float, float], ...] | None = None

    def write(self, planes: Planes, outs: Planes, scale: float) -> None:
        for plane, out, line in zip(planes, outs, self._lines(len(outs), scale), strict=True):
            if is_counted(plane) and out.dtype == np.float32 and line.suits_float32():
                write_counted(plane, out, line)
            else:
                write_exact(plane, out, line)

    def inverse(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        units: NDArray[np.float64] = values * np.array(self.width) + np.array(self.center)
        return units

    def coefficients(self, channels: int, scale: float) -> Coefficients:
        lines = self._lines(channels, scale)
        return Coefficients(
            tuple(1 / (line.width * line.scale) for line in lines),
            tuple(-line.center / line.width for line in lines),
        )

    def clip(self, scale: float) -> tuple[Channels, Channels] | None:
        if self.limits is None:
            return None
        low, high = zip(*self.limits, strict=True)
        return tuple(x * scale for x in low), tuple(x * scale for x in high)

    def numbers(self) -> dict[str, Any]:
        return asdict(self)

    def largest(self, white: float) -> float:
        limits = self.limits or ((0.0, white),) * len(self.center)
        return max(
            abs(end - center) / width
            for center, width, ends in zip(self.center, self.width, limits, strict=True)
            for end in ends
        )

    def error(self, white: float, dtype: str) -> float:
        relative, least = rounding(dtype)
        # To float32, counted pixels are computed in float32: see kernels.write_counted.
        relative *= 6 if dtype == "float32" else 1
        return max(
            (white + abs(center)) * relative + width * least
            for center, width in zip(self.center, self.width, strict=True)
        )

    def _lines(self, channels: int, scale: float) -> list[Line]:
        repeat = channels if len(self.center) == 1 else 1
        limits = self.limits or (None,) * len(self.center)
        each = zip(self.center * repeat, self.width * repeat, limits * repeat, strict=True)
        return [
            Line(
                center,
                width,
                scale,
                ends and ((ends[0] - center) / width, (ends[1] - center) / width),
            )
            for center, width, ends in each
        ]


def rounding(dtype: str) -> tuple[float, float]:
    """The error of a result computed in float64 and rounded: relative, and for the smallest.

    >>> rounding("float16")[1] == 2**-25
    True
    """
    limits = np.finfo(dtype)
    return float(limits.eps) / 2 + 8 * 2.0**-53, float(limits.smallest_subnormal) / 2
