"""Read any document with `mean` and `std`; `scale` and `order` may stand beside them."""

from normstat.conventions.config import Config
from normstat.conventions.places import Place, numbers
from normstat.statsfile.json_reader import Node

KEYS = ("mean", "std")
NESTED = False
_SCALES = (1, 255, 65535)


def recognizes(node: Node, _root: Node) -> bool:
    """True for an object with one of the two.

    >>> recognizes(Node({"std": 0.5}, ""), Node({}, ""))
    True
    """
    return not node.value.keys().isdisjoint(KEYS)


def config(name: str, place: Place) -> Config:
    """Read the constants; scale and order are None where the document does not say them."""
    node = place.node
    mean, std = numbers(node["mean"], node["std"])
    scale = node.get("scale").optional(_scale)
    order = node.get("order").optional(lambda order: order.one_of(("RGB", "BGR")))
    return Config(name, mean, std, scale, order, place.source)


def _scale(node: Node) -> int:
    if node.value not in _SCALES:
        node.fail(
            "should be 1, 255 or 65535: the value of white that mean and std refer to; found "
            f"{node.value!r}"[:100]
        )
    return int(node.value)
