"""Pixels that the numbers of a method are for."""

from dataclasses import dataclass

import numpy as np

from normstat.errors import UsageError, option
from normstat.files import shown
from normstat.images import Kind

# The kind that statistics count pixels as; narrow integers widen without loss.
_KINDS = {
    "uint8": "uint8",
    "uint16": "uint16",
    "int8": "int32",
    "int16": "int32",
    "int32": "int32",
    "float16": "float",
    "float32": "float",
    "float64": "float",
}

#: Types of pixels that can be normalized.
INPUTS = tuple(_KINDS)


@dataclass(frozen=True, slots=True)
class Input:
    """Pixels that can be normalized with some numbers.

    Attributes
    ----------
    channels : names, in the order of the result; None: any number of channels.
    dtype : of the pixels; None: any.
    scale : stored value that is 1.0 in unit scale; None: as the dtype of the pixels says.
    spreads_gray : gray images become as many equal channels.
    reverses : the images have the channels in the reverse of that order (RGB to BGR).

    Examples
    --------
    >>> Input(("R", "G", "B"), "uint8", spreads_gray=True).accept(1, "uint8")
    3
    >>> Input(("B", "G", "R"), reverses=True).accept(3, "uint8", ("R", "G", "B"))
    3
    """

    channels: tuple[str, ...] | None = None
    dtype: str | None = None
    scale: float | None = None
    spreads_gray: bool = False
    reverses: bool = False

    def has_depth(self, dtype: str) -> bool:
        """True if pixels of this dtype are of the depth that the numbers are for."""
        return self.dtype is None or _KINDS.get(dtype) == _KINDS[self.dtype]

    def scale_of(self, dtype: str) -> float:
        """Stored value of 1.0 in unit scale, or a UsageError if numbers are for other pixels."""
        if dtype not in _KINDS:
            raise UsageError(f"pixels of {shown(dtype)}; should be one of {', '.join(INPUTS)}")
        if not self.has_depth(dtype):
            raise UsageError(
                f"pixels are {dtype}, the statistics are of {self.dtype}; convert the images, or "
                "compute their own statistics"
            )
        return self.scale or Kind(dtype, ()).scale

    def has_scale(self, scale: float) -> bool:
        """True if the numbers are for pixels of this scale."""
        return self.scale in (None, scale)

    def white(self) -> float | None:
        """The largest 8- or 16-bit pixel in unit scale; None where pixels have no such limit."""
        if self.dtype not in ("uint8", "uint16"):
            return None
        return int(np.iinfo(self.dtype).max) / self.scale_of(self.dtype)

    def accept(self, channels: int, dtype: str, names: tuple[str, ...] | None = None) -> int:
        """Count the channels of the result, or raise a UsageError if the numbers are for others.

        The names are in the order of the images; None: not known.
        """
        self.scale_of(dtype)
        if self.channels is None:
            return channels
        if channels == len(self.channels):
            self._refuse_other_names(names)
            return channels
        if channels == 1 and self.spreads_gray:
            return len(self.channels)
        cure = (
            f"{option('channels', 'rgb')} makes gray images three equal channels"
            if (channels, len(self.channels)) == (1, 3)
            else "the statistics or the preset should have the channels of the images"
        )
        raise UsageError(
            f"images have {channels} channel{'s' * (channels != 1)}, the numbers are for "
            f"{len(self.channels)} ({_listed(self.channels)}); {cure}"
        )

    def accept_array(self, shape: tuple[int, ...], dtype: str) -> int:
        """Count the channels of the result for an array (H, W, C) or (N, H, W, C), as `accept`.

        (C, H, W) is refused by name, where only the first axis has a number that fits.
        """
        if len(shape) not in (3, 4):
            raise UsageError(
                f"an array of shape {shape}; should be (H, W, C) or (N, H, W, C), "
                "gray images with C = 1"
            )
        own = len(self.channels or ())
        fitting = {own, 1 if self.spreads_gray else own}
        if self.channels and shape[-3] in fitting and shape[-1] not in fitting:
            axes, cure = ("N, C, H, W", "0, 2, 3, 1") if len(shape) == 4 else ("C, H, W", "1, 2, 0")
            raise UsageError(
                f"an array of shape {shape}, which looks like ({axes}); its last axis should be "
                f"the channels: array.transpose({cure})"
            )
        return self.accept(shape[-1], dtype)

    def refuse_other_results(self, shape: tuple[int, ...]) -> None:
        """Raise a UsageError if normalized arrays of a shape have other channels."""
        if self.channels and shape[-1:] != (len(self.channels),):
            raise UsageError(
                f"an array of shape {shape}; should have {len(self.channels)} channels on "
                "its last axis"
            )

    def _refuse_other_names(self, names: tuple[str, ...] | None) -> None:
        """Refuse another order, in which channels would get each other's numbers."""
        expected = self.channels or ()
        expected = expected[::-1] if self.reverses else expected
        if names is None or names == expected:
            return
        reverses = ", which it reverses itself" if self.reverses else ""
        raise UsageError(
            f"images have the channels {_listed(names)}, the numbers are for "
            f"{_listed(expected)}{reverses}; put the channels into that order, or take "
            "statistics of these images (normstat compute)"
        )


def _listed(channels: tuple[str, ...]) -> str:
    return " ".join(map(shown, channels))
