"""Functions of frameworks that are called with constants, and what these mean there."""

import math
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from normstat.conventions.formats.stated import inverse, stated

# Larger integers are no floats; no constant is near.
_MOST = 1e300
_Stated: TypeAlias = Mapping[str, Any] | None


class Call(NamedTuple):
    """A call in a text.

    Attributes
    ----------
    function : its whole name, as in ``v2.Normalize``.
    given : arguments by their name, or by their place from 0; None where they are not known.
    line : in the text, from 1.

    Examples
    --------
    >>> call = Call("v2.Normalize", {0: 0.5, "std": 0.25}, 1)
    >>> call.name, call.get("mean", 0), call.get("std", 1), call.get("inplace", 2)
    ('Normalize', 0.5, 0.25, None)
    """

    function: str
    given: Mapping[str | int, Any]
    line: int

    @property
    def name(self) -> str:
        """The last part of the function's name."""
        return self.function.rpartition(".")[2]

    def get(self, *names: str | int) -> Any:
        """The first argument there is of those with one of these names or places."""
        return next((self.given[name] for name in names if name in self.given), None)


def _normalize(call: Call, _: Sequence[Call]) -> _Stated:
    """Torchvision scales by type before; albumentations divides by `max_pixel_value`."""
    mean, std, largest = call.get("mean", 0), call.get("std", 1), call.get("max_pixel_value")
    is_albumentations = call.function.startswith(("A.", "albumentations.")) or largest is not None
    if not is_albumentations:
        return stated(mean, std, "dtype")
    known = isinstance(largest, (int, float)) and 0 < largest <= _MOST
    return stated(mean, std, "stored", 255 / largest if known else 1)


def _function(call: Call, _: Sequence[Call]) -> _Stated:
    """Torchvision's function, whose first argument is an image; others of this name have no std."""
    mean, std = call.get("mean", 1), call.get("std", 2)
    return stated(mean, std, "dtype") if isinstance(mean, list) and isinstance(std, list) else None


def _of_bytes(call: Call, _: Sequence[Call]) -> _Stated:
    """Pixels / 255 before, whatever their type."""
    return stated(call.get("mean", 0), call.get("std", 1), "stored")


def _stored(*names: tuple[str | int, ...]) -> Callable[[Call, Sequence[Call]], _Stated]:
    """Pixels as they are."""

    def read(call: Call, _: Sequence[Call]) -> _Stated:
        mean, std = (call.get(*each) for each in names)
        return stated(mean, std, "stored", 255)

    return read


def _keras(call: Call, calls: Sequence[Call]) -> _Stated:
    """Mean and variance of pixels as the one Rescaling of the text leaves them."""
    variance = call.get("variance")
    values = variance if isinstance(variance, list) else [variance]
    if not all(isinstance(value, (int, float)) and 0 <= value <= _MOST for value in values):
        return None
    scales = [each.get("scale", 0) for each in calls if each.name == "Rescaling"]
    known = len(scales) == 1 and isinstance(scales[0], (int, float)) and 0 < scales[0] <= _MOST
    scale = scales[0] if known else 1
    return stated(call.get("mean"), [math.sqrt(value) for value in values], "stored", 255 * scale)


def _openmmlab(call: Call, _: Sequence[Call]) -> _Stated:
    """Stored pixels in the order that the file asks for; they are read as BGR."""
    kind = call.get("type") if call.name == "dict" else call.name
    flips = call.get("bgr_to_rgb", "to_rgb")
    if flips is None and not str(kind).lower().endswith("datapreprocessor"):
        return None
    order = "RGB" if flips else "BGR"
    return stated(call.get("mean"), call.get("std"), "stored", 255, order)


def _rknn(call: Call, _: Sequence[Call]) -> _Stated:
    """Stored pixels; a list for each input."""
    means, stds = call.get("mean_values"), call.get("std_values")
    if not (isinstance(means, list) and isinstance(stds, list) and len(means) == len(stds) == 1):
        return None
    return stated(means[0], stds[0], "stored", 255)


def _coreml(call: Call, _: Sequence[Call]) -> _Stated:
    """Stored pixels · scale + bias, with one scale for all channels."""
    scale, bias = call.get("scale"), call.get("bias")
    offsets = bias if isinstance(bias, list) else [bias]
    known = (scale, *offsets)
    if not all(isinstance(value, (int, float)) and abs(value) <= _MOST for value in known):
        return None
    if not scale:
        return None
    return stated([-value / scale for value in offsets], inverse(scale), "stored", 255)


#: Last part of a function's name → reader of a call of it, among all calls of the text.
READERS: Mapping[str, Callable[[Call, Sequence[Call]], _Stated]] = MappingProxyType(
    {
        "Normalize": _normalize,
        "normalize": _function,
        "from_stats": _of_bytes,
        "classify_transforms": _of_bytes,
        "Normalization": _keras,
        "dict": _openmmlab,
        "ImgDataPreprocessor": _openmmlab,
        "DetDataPreprocessor": _openmmlab,
        "SegDataPreProcessor": _openmmlab,
        "crop_mirror_normalize": _stored(("mean",), ("std",)),
        "NormalizeIntensityd": _stored(("subtrahend", 1), ("divisor", 2)),
        "NormalizeIntensity": _stored(("subtrahend", 0), ("divisor", 1)),
        "config": _rknn,
        "ImageType": _coreml,
    }
)
