"""Read constants that code, tables and graphs state, with the pixels that they are of."""

from typing import cast

from normstat.conventions.config import Config, Pixels
from normstat.conventions.formats.stated import PIXELS
from normstat.conventions.places import Place, numbers
from normstat.statsfile.json_reader import Node

KEYS = ("mean", "std")
NESTED = True


def recognizes(node: Node, _root: Node) -> bool:
    """True for an object that a format has made.

    >>> recognizes(Node({"mean": 0.5, "pixels of": "dtype"}, ""), Node({}, ""))
    True
    """
    return PIXELS in node.value


def config(name: str, place: Place) -> Config:
    """Read the constants; scale and order are None where nothing says them."""
    node = place.node
    mean, std = numbers(node["mean"], node["std"])
    return Config(
        name,
        mean,
        std,
        node.get("scale").optional(Node.above_zero),
        node.get("order").optional(Node.text),
        place.source,
        pixels=cast(Pixels, node[PIXELS].one_of(("white", "stored", "dtype"))),
    )
