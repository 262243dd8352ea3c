"""A method with all its numbers: from pixels to arrays, and back."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from normstat.constants import Channels
from normstat.errors import UsageError, option
from normstat.methods.inputs import Input
from normstat.methods.inverse import from_maps, stored_as
from normstat.methods.maps import Coefficients, Fitted

#: Dtypes of the result.
RESULTS = ("float32", "float16", "float64")


@dataclass(frozen=True, slots=True)
class Normalizer:
    """Normalizes images; made by :func:`normstat.normalizer`. Picklable, equal by value.

    Calling it takes an array of shape (H, W, C) or (N, H, W, C) in stored units (uint8: 0–255,
    uint16: 0–65535, others as they are) and returns one of the same shape and of `dtype`.

    Attributes
    ----------
    method : name of the method.
    fitted : its numbers, in unit scale.
    epsilon : added to the denominator, unit scale.
    dtype : of the result: ``float32``, ``float16`` or ``float64``.
    takes : the pixels that it is for.

    Notes
    -----
    8- and 16-bit pixels to float32: relative error at most 6 · 2**-24 of each result. Everything
    else is computed in float64 and rounded once.

    Examples
    --------
    >>> import normstat
    >>> imagenet = normstat.normalizer("imagenet")
    >>> image = np.full((2, 4, 3), 255, dtype=np.uint8)
    >>> imagenet(image)[0, 0]
    array([2.2489083, 2.4285715, 2.6399999], dtype=float32)
    >>> bool((imagenet.inverse(imagenet(image)) == image).all())
    True
    """

    method: str
    fitted: Fitted
    epsilon: float = 0.0
    dtype: str = "float32"
    takes: Input = field(default_factory=Input)

    @property
    def channels(self) -> tuple[str, ...] | None:
        """Names of the result's channels; None: any number of channels, as they come."""
        return self.takes.channels

    @property
    def input_dtype(self) -> str | None:
        """Dtype of the pixels; None: any, see :meth:`on`."""
        return self.takes.dtype

    @property
    def scale(self) -> float | None:
        """Stored value that is 1.0 in unit scale; None: as the dtype of the pixels says."""
        return self.takes.scale

    @property
    def reverses(self) -> bool:
        """True if the result has the channels of the input in reverse (RGB to BGR)."""
        return self.takes.reverses

    @property
    def per_image(self) -> bool:
        """True if each image is normalized by its own numbers."""
        return self.fitted.shared is None

    @property
    def a(self) -> Channels | None:
        """Factors of ``y = a * x + b`` on stored pixels, per channel of the result.

        None where each image or each depth has its own (see :meth:`on`), or channels are mixed.
        """
        return coefficients.a if (coefficients := self._coefficients()) else None

    @property
    def b(self) -> Channels | None:
        """Summands, as :attr:`a`."""
        return coefficients.b if (coefficients := self._coefficients()) else None

    @property
    def clip(self) -> tuple[Channels, Channels] | None:
        """Lowest and highest pixel of each channel, stored units; the others are limited to it."""
        return self.fitted.clip(self.scale) if self.scale else None

    @property
    def matrix(self) -> tuple[Channels, ...] | None:
        """Matrix of ``y = matrix · (x - mean)`` on stored pixels; only where channels are mixed."""
        return self.fitted.mixing(self.scale) if self.scale else None

    def on(self, dtype: str, scale: float | None = None) -> "Normalizer":
        """Bind it to pixels of one dtype; those that do not fit are refused before any work.

        Parameters
        ----------
        scale : stored value that is 1.0 in unit scale, where nothing else has said it; None: as
            the dtype says.

        Raises
        ------
        UsageError
            The statistics are of other pixels, or results would be beyond the result's dtype.

        Examples
        --------
        >>> import normstat
        >>> normstat.normalizer("symmetric").on("uint8").b
        (-1.0,)
        """
        usual = self.takes.scale_of(dtype)
        scale = self.takes.scale or scale or usual
        takes = replace(self.takes, dtype=self.input_dtype or dtype, scale=scale)
        bound = replace(self, takes=takes)
        bound.refuse_overflow()
        return bound

    def refuse_overflow(self) -> None:
        """Raise a UsageError if results of 8- or 16-bit pixels could be beyond the dtype."""
        white, shared = self.takes.white(), self.fitted.shared
        if white is None or shared is None:
            return
        largest, limit = shared.largest(white), float(np.finfo(self.dtype).max)
        if not largest <= limit:
            cure = f"choose a wider {option('dtype')}, or {option('epsilon', metavar='E')}"
            reach = f"results reach {largest:.6g}, and {self.dtype} ends at {limit:.6g}"
            raise UsageError(f"{self.method}: {reach}; {cure}")

    def __call__(self, array: NDArray[Any]) -> NDArray[Any]:
        """Normalize one image (H, W, C), or several of one size (N, H, W, C), in stored units.

        Returns
        -------
        ndarray
            The same shape; with `spreads_gray` three channels for one. The dtype is `dtype`.

        Raises
        ------
        UsageError
            The shape or dtype of the pixels is not what the numbers are for.
        NotNormalizable
            An image without a range of its own, or values that the dtype cannot hold.
        """
        array = np.asarray(array)
        channels = self.takes.accept_array(array.shape, array.dtype.name)
        out = np.empty((*array.shape[:-1], channels), self.dtype)
        images = zip(array, out, strict=True) if array.ndim == 4 else [(array, out)]
        for image, result in images:
            self.write_into(image, result, channel_axis=2)
        return out

    def write_into(
        self, array: NDArray[Any], out: NDArray[Any], channel_axis: int = 0
    ) -> Coefficients | None:
        """Normalize one image into an array that is already there.

        Parameters
        ----------
        array : shape (H, W, C), stored units.
        out : `dtype`; shape (C, H, W) with `channel_axis` 0, (H, W, C) with 2; any strides.

        Returns
        -------
        Coefficients
            What was done, on stored pixels; None where channels are mixed.

        Raises
        ------
        UsageError, NotNormalizable
            As for a call; in the latter case `out` may be partly written.
        """
        dtype = array.dtype.name
        channels, scale = self.takes.accept(array.shape[-1], dtype), self.takes.scale_of(dtype)
        outs = out.transpose(2, 0, 1) if channel_axis == 2 else out
        if outs.shape != (channels, *array.shape[:2]) or out.dtype != self.dtype:
            raise UsageError(
                f"the result for {array.shape} is {out.dtype.name} {out.shape}; should be "
                f"{self.dtype} with {channels} channels on axis {channel_axis}"
            )
        planes = list(array.transpose(2, 0, 1))
        planes = planes[::-1] if self.reverses else planes
        planes = planes * channels if len(planes) == 1 else planes
        own = self.fitted.of(array, scale)
        own.write(planes, list(outs), scale)
        return own.coefficients(channels, scale)

    def maps(self, array: NDArray[Any]) -> Coefficients | None:
        """Coefficients of one image (H, W, C): a and b on stored pixels, per channel of the result.

        None where channels are mixed.

        Examples
        --------
        >>> import normstat
        >>> image = np.array([[[10], [20]]], dtype=np.uint8)
        >>> normstat.normalizer("image-min-max").maps(image).b
        (-1.0,)
        """
        channels = self.takes.accept(array.shape[-1], array.dtype.name)
        scale = self.takes.scale_of(array.dtype.name)
        return self.fitted.of(array, scale).coefficients(channels, scale)

    def inverse(
        self,
        array: NDArray[Any],
        stored: str | None = None,
        maps: Coefficients | Sequence[Coefficients] | None = None,
    ) -> NDArray[Any]:
        """From normalized arrays (H, W, C) or (N, H, W, C) to pixels in the input's channel order.

        Parameters
        ----------
        stored : dtype of the pixels; None: that of the statistics, where there are none ``uint8``.
        maps : for methods by image, what :meth:`maps` gave for the image, or one for each of N.

        Returns
        -------
        ndarray
            Stored units; integers are rounded, and the ends of their dtype where the rounding of
            the results leads beyond. What ``clip-standard`` has limited stays limited.

        Raises
        ------
        UsageError
            `maps` is missing or of other channels, the array has other channels than the numbers,
            or integer pixels would lie outside the dtype.
        """
        stored = stored or self.input_dtype or "uint8"
        scale = self.takes.scale_of(stored)
        values = np.asarray(array).astype(np.float64)
        self.takes.refuse_other_results(values.shape)
        shared = self.fitted.shared
        pixels = shared.inverse(values) * scale if shared else from_maps(values, maps)
        if self.reverses:
            pixels = pixels[..., ::-1]
        return stored_as(pixels, np.dtype(stored), self._error(stored))

    def is_lossless(self, stored: str) -> bool:
        """True if :meth:`inverse` is sure to give back each 8- or 16-bit pixel.

        Not what ``clip-standard`` has limited, nothing from float16, and not where the rounding
        of results may reach half of a stored unit.

        Examples
        --------
        >>> import normstat
        >>> normstat.normalizer("unit").is_lossless("uint16")
        True
        """
        is_exact = not self.fitted.clip(1) and self.dtype != "float16"
        return is_exact and self._error(stored) < 0.5

    def _error(self, stored: str) -> float:
        """The most that the dtype of the result changes pixels of integers, stored units."""
        if np.dtype(stored).kind == "f":
            return 0.0
        limits, scale = np.iinfo(stored), self.takes.scale_of(stored)
        white = max(int(limits.max), -int(limits.min)) / scale
        return self.fitted.error(white, self.dtype) * scale

    def record(self) -> dict[str, Any]:
        """All of it, for JSON; :func:`normstat.methods.from_record` makes it again.

        ``a``, ``b``, ``clip``, ``matrix`` are on stored pixels and tell a reader what was done;
        ``numbers`` are those in unit scale that it was computed with.
        """
        return {
            "method": self.method,
            "epsilon": self.epsilon,
            "dtype": self.dtype,
            "channels": self.channels,
            "input_dtype": self.input_dtype,
            "scale": self.scale,
            "spreads_gray": self.takes.spreads_gray,
            "reverses": self.reverses,
            "a": self.a,
            "b": self.b,
            "clip": self.clip,
            "matrix": self.matrix,
            "numbers": self.fitted.numbers(),
        }

    def _repr_html_(self) -> str:
        from normstat.methods.notebook import as_html  # which only notebooks need

        words = f"{self.method} to {self.dtype}, for pixels of {self.input_dtype or 'any dtype'}"
        return as_html(words, self.fitted, self.scale, self.channels)

    def _coefficients(self) -> Coefficients | None:
        channels = len(self.channels or "1")
        return self.fitted.coefficients(channels, self.scale) if self.scale else None
