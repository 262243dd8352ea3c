"""Objects of a document that hold constants, and the numbers in them."""

from dataclasses import dataclass
from typing import Protocol

from normstat.constants import Channels
from normstat.conventions.config import Config
from normstat.statsfile.json_reader import Node

_MOST_CHANNELS = 512


class Reader(Protocol):
    """A module that reads the constants of one framework.

    Attributes
    ----------
    KEYS : names of mean and std.
    NESTED : objects at any depth count, each as a config of its own; otherwise there is one, at
        the top or one level down.
    """

    KEYS: tuple[str, str]
    NESTED: bool

    def recognizes(self, node: Node, root: Node) -> bool:
        """True for an object that holds constants of this framework, in a document."""

    def config(self, name: str, place: "Place") -> Config:
        """Read the constants of an object that it recognizes."""


@dataclass(frozen=True, slots=True)
class Place:
    """An object that holds constants, the framework that wrote them, and the whole document."""

    node: Node
    root: Node
    kind: str
    reader: Reader

    @property
    def where(self) -> str:
        """JSON pointer of the object."""
        return self.node.pointer or "/"

    @property
    def source(self) -> str:
        """The framework and the place, in words."""
        return f"{self.kind}, at {self.where}"


def numbers(mean: Node, std: Node) -> tuple[Channels, Channels]:
    """Read a mean and a std for each channel; one number stands for all.

    Lists may have shape (C,), (C, 1, 1) or (1, C, 1, 1); a StatsFileError refuses others.

    >>> numbers(Node([[[0.25]], [[0.5]]], "/mean"), Node(1, "/std"))
    ((0.25, 0.5), (1.0, 1.0))
    """
    means, stds = _channels(mean), _channels(std)
    length = max(len(means), len(stds))
    if not {len(means), len(stds)} <= {1, length}:
        std.fail(f"should have {len(means)} items like {mean.pointer.rpartition('/')[2]}")
    for index, value in enumerate(stds):
        if value <= 0:
            std.fail(f"number {index} should be above 0: it is divided by")
    return means * (length // len(means)), stds * (length // len(stds))


def _channels(node: Node) -> Channels:
    while _is_list_of_one(node) and isinstance(node.value[0], list):
        node = node.list()[0]
    if not isinstance(node.value, list):
        return (node.number(),)
    if not 1 <= len(node.value) <= _MOST_CHANNELS:
        node.fail(f"should have 1 to {_MOST_CHANNELS} items, has {len(node.value)}")
    return tuple(_only(item).number() for item in node.list())


def _only(node: Node) -> Node:
    while _is_list_of_one(node):
        node = node.list()[0]
    return node


def _is_list_of_one(node: Node) -> bool:
    return isinstance(node.value, list) and len(node.value) == 1
