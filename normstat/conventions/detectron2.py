"""Read YAML of Detectron2: (x - mean) / std of stored pixels, BGR unless the file says RGB."""

from normstat.conventions.config import Config
from normstat.conventions.places import Place, numbers
from normstat.statsfile.json_reader import Node

KEYS = ("PIXEL_MEAN", "PIXEL_STD")
NESTED = False


def recognizes(node: Node, _root: Node) -> bool:
    """True for ``MODEL``, which has them.

    >>> recognizes(Node({"PIXEL_MEAN": [103.5]}, "/MODEL"), Node({}, ""))
    True
    """
    return not node.value.keys().isdisjoint(KEYS)


def config(name: str, place: Place) -> Config:
    """Read the constants."""
    node = place.node
    mean, std = numbers(node["PIXEL_MEAN"], node["PIXEL_STD"])
    said = place.root.value.get("INPUT")
    order = said.get("FORMAT") if isinstance(said, dict) else None
    order = "RGB" if order == "RGB" else "BGR"
    return Config(name, mean, std, 255, order, place.source, pixels="stored")
