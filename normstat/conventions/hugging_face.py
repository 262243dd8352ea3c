"""Read image and video processors of Hugging Face's transformers.

Rescale: x * rescale_factor, and with an offset x * rescale_factor - 1. Normalize: (x - mean) / std.
EfficientNet's `include_top` divides by std after that, with mean 0, even without `do_normalize`.
"""

import math
from collections.abc import Mapping
from typing import Any

from normstat.conventions.config import Config
from normstat.conventions.places import Place, numbers
from normstat.statsfile.json_reader import Node

KEYS = ("image_mean", "image_std")
NESTED = True
_TYPES = ("image_processor_type", "video_processor_type", "feature_extractor_type")
# Defaults of processors, by the beginning of their names, for files that do not say them.
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "EfficientNet": {"include_top": True},
    "Vivit": {"offset": True, "rescale_factor": 1 / 127.5},
}
_ZERO = Node(0, "")
_ONE = Node(1, "")


def recognizes(node: Node, _root: Node) -> bool:
    """True for an image processor, or one that says that it does not normalize.

    >>> recognizes(Node({"do_normalize": False}, ""), Node({}, ""))
    True
    """
    keys = node.value.keys()
    says_no = node.value.get("do_normalize") is False
    return not keys.isdisjoint(KEYS) or (says_no and keys.isdisjoint(("mean", "std")))


def config(name: str, place: Place) -> Config:
    """Read the constants of one processor.

    >>> import sys
    >>> keys = {"image_mean": 0.0, "image_std": 0.5, "include_top": True, "rescale_offset": True}
    >>> root = Node(keys, "")
    >>> place = Place(root, root, "Hugging Face", sys.modules[config.__module__])
    >>> found = config("a.json", place)
    >>> found.offset, found.twice, found.constants.mean, found.constants.std
    (1.0, True, (1.0,), (0.25,))
    """
    node = place.node
    normalizes, divides = _truth(node, "do_normalize", True), _truth(node, "include_top", False)
    mean, std = numbers(
        node["image_mean"] if normalizes else _ZERO,
        node["image_std"] if normalizes or divides else _ONE,
    )
    rescales = _truth(node, "do_rescale", True)
    offsets = _truth(node, "rescale_offset", False) or _truth(node, "offset", False)
    return Config(
        name,
        mean,
        std,
        scale=_white(node) if rescales else 255,
        order="BGR" if _truth(node, "do_flip_channel_order", False) else "RGB",
        source=place.source,
        offset=1.0 if rescales and offsets else 0.0,
        twice=normalizes and divides,
        pixels="stored",
    )


def _white(node: Node) -> float:
    """White after rescaling, which leaves x/255 unless the file says otherwise."""
    factor = node.get("rescale_factor", _default(node, "rescale_factor", 1 / 255)).number()
    if factor <= 0:
        node["rescale_factor"].fail("should be above 0")
    white = 255 * factor
    # The factor is 1/255 (or 1/127.5) in as many digits as somebody typed.
    near = round(white)
    return near if near in (1, 2) and math.isclose(white, near, rel_tol=1e-3) else white


def _truth(node: Node, key: str, default: bool) -> bool:
    member = node.get(key)
    if member.value is None:
        return bool(_default(node, key, default))
    return member.truth()


def _default(node: Node, key: str, default: Any) -> Any:
    kinds = [node.value[name] for name in _TYPES if isinstance(node.value.get(name), str)]
    for beginning, values in _DEFAULTS.items():
        if any(kind.startswith(beginning) for kind in kinds):
            return values.get(key, default)
    return default
