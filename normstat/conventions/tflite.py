"""Read JSON of TFLite metadata: (x - mean) / std of stored pixels; one number is for all."""

from normstat.conventions.config import Config
from normstat.conventions.places import Place, numbers
from normstat.statsfile.json_reader import Node

KEYS = ("mean", "std")
NESTED = True


def recognizes(node: Node, root: Node) -> bool:
    """True for the options of a normalization, in a file that describes graphs.

    >>> recognizes(Node({"mean": [127.5]}, "/x/options"), Node({"subgraph_metadata": []}, ""))
    True
    """
    return "subgraph_metadata" in root.value and not node.value.keys().isdisjoint(KEYS)


def config(name: str, place: Place) -> Config:
    """Read the constants."""
    mean, std = numbers(place.node["mean"], place.node["std"])
    return Config(name, mean, std, 255, "RGB", place.source, pixels="stored")
