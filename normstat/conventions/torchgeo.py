"""Read YAML of TorchGeo and TerraTorch: (x - mean) / std of stored pixels, by band."""

from normstat.conventions.config import Config
from normstat.conventions.places import Place, numbers
from normstat.statsfile.json_reader import Node

KEYS = ("means", "stds")
NESTED = True


def recognizes(node: Node, _root: Node) -> bool:
    """True for arguments of a data module, at any depth.

    >>> recognizes(Node({"means": [0.5], "stds": [0.25]}, "/data/init_args"), Node({}, ""))
    True
    """
    return not node.value.keys().isdisjoint(KEYS)


def config(name: str, place: Place) -> Config:
    """Read the constants, in the order of the bands."""
    mean, std = numbers(place.node["means"], place.node["stds"])
    return Config(name, mean, std, 255, "RGB", place.source, pixels="stored")
