"""A normalizer from what it wrote about itself."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from normstat.constants import Channels
from normstat.methods.facts import Facts
from normstat.methods.inputs import INPUTS, Input
from normstat.methods.maps import Affine, Fitted
from normstat.methods.normalizing import RESULTS, Normalizer
from normstat.methods.table import METHODS
from normstat.methods.whiten import Whitening
from normstat.statsfile.json_reader import Node


def from_record(record: Mapping[str, Any]) -> Normalizer:
    """The normalizer that a record is of; a StatsFileError has the JSON pointer of a problem.

    >>> import normstat
    >>> clip = normstat.normalizer("clip")
    >>> from_record(clip.record()) == clip
    True
    """
    node = Node(dict(record), "")
    method = node["method"].one_of(tuple(METHODS))
    epsilon = node["epsilon"].positive()
    takes = Input(
        channels=node["channels"].optional(_names),
        dtype=node["input_dtype"].optional(lambda child: child.one_of(INPUTS)),
        scale=node["scale"].optional(Node.above_zero),
        spreads_gray=node["spreads_gray"].truth(),
        reverses=node["reverses"].truth(),
    )
    return Normalizer(
        method,
        _fitted(method, epsilon, node["numbers"], takes.channels),
        epsilon,
        node["dtype"].one_of(RESULTS),
        takes,
    )


def _fitted(method: str, epsilon: float, numbers: Node, channels: tuple[str, ...] | None) -> Fitted:
    if METHODS[method].per_image:
        numbers.null()
        return METHODS[method].fit(Facts(), epsilon)
    center = _numbers(numbers["center"])
    if method == "whiten":
        return _whitening(center, numbers, channels)
    if len(center) not in (1, len(channels or "1")):
        numbers["center"].fail(f"should have a number for each channel, has {len(center)}")
    width = tuple(node.above_zero() for node in _items(numbers["width"], len(center)))
    return Affine(center, width, numbers["limits"].optional(lambda node: _limits(node, center)))


def _whitening(center: Channels, numbers: Node, channels: tuple[str, ...] | None) -> Whitening:
    if channels is None or len(center) != len(channels):
        numbers["center"].fail(f"should have a number for each channel, has {len(center)}")
    rows = _items(numbers["matrix"], len(center))
    made = Whitening(center, tuple(_numbers(row, len(center)) for row in rows))
    try:
        made.inverse(np.zeros(len(center)))
    except np.linalg.LinAlgError:
        numbers["matrix"].fail("has no inverse")
    return made


def _limits(node: Node, center: Channels) -> tuple[tuple[float, float], ...]:
    pairs = [_numbers(pair, 2) for pair in _items(node, len(center))]
    return tuple((low, high) for low, high in pairs)


def _numbers(node: Node, length: int | None = None) -> Channels:
    return tuple(item.number() for item in _items(node, length))


def _names(node: Node) -> tuple[str, ...]:
    names = tuple(item.text() for item in _items(node))
    if not names:
        node.fail("should name a channel")
    return names


def _items(node: Node, length: int | None = None) -> list[Node]:
    """A list, or the tuple that it was before it became JSON."""
    value = list(node.value) if isinstance(node.value, tuple) else node.value
    return Node(value, node.pointer).list(length)
