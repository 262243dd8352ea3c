"""Read ``config.json`` and ``pretrained_cfg`` of timm: (x / 255 - mean) / std, RGB."""

from normstat.conventions.config import Config
from normstat.conventions.places import Place, numbers
from normstat.statsfile.json_reader import Node

KEYS = ("mean", "std")
NESTED = False


def recognizes(node: Node, root: Node) -> bool:
    """True for `mean` and `std` in ``pretrained_cfg``, or where the document has an architecture.

    >>> recognizes(Node({"mean": 0.5}, ""), Node({"mean": 0.5, "architecture": "vit"}, ""))
    True
    """
    is_timm = node.pointer == "/pretrained_cfg" or "architecture" in root.value
    return is_timm and not node.value.keys().isdisjoint(KEYS)


def config(name: str, place: Place) -> Config:
    """Read the constants."""
    mean, std = numbers(place.node["mean"], place.node["std"])
    return Config(name, mean, std, 1, "RGB", place.source)
