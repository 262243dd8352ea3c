"""Find the constants in a document."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from normstat.stats.split_stats import Channels
from normstat.statsfile.json_reader import Node

_PLAIN = ("mean", "std")
_HUGGING_FACE = ("image_mean", "image_std")
_KEYS = (_PLAIN, _HUGGING_FACE)
_WANTED = "mean and std (or image_mean and image_std)"
_MOST_CHANNELS = 512
# Feature extractors of sound have do_normalize, mean and std, too.
_OF_SOUND = "sampling_rate"


@dataclass(frozen=True, slots=True)
class Place:
    """An object that holds constants.

    Attributes
    ----------
    node : the object.
    mean, std : names that they have in it.
    """

    node: Node
    mean: str
    std: str

    @property
    def is_hugging_face(self) -> bool:
        """True for an image processor, whose other keys say what the numbers are for."""
        return self.mean == _HUGGING_FACE[0]

    @property
    def where(self) -> str:
        """JSON pointer of the object."""
        return self.node.pointer or "/"


def places(root: Node) -> tuple[Place, ...]:
    """The constants in a document: one place, or every image processor's.

    Processors may be nested in each other at any depth; others are at the top or one level down.
    Where several are there, of which some have shape (C, 1, 1), only these are of images.

    Raises
    ------
    StatsFileError
        There are none; or several, and it cannot be told which of them are for images.

    Examples
    --------
    >>> processor = {"image_mean": [0.5], "image_std": [0.5]}
    >>> found = places(Node({"image_processor": processor, "video_processor": processor}, ""))
    >>> [place.where for place in found]
    ['/image_processor', '/video_processor']
    """
    near = [root, *(node for _, node in root.items() if isinstance(node.value, dict))]
    found = [place for node in near for place in _of(node)]
    if all(place.is_hugging_face for place in found):
        found = [place for node in _nested(root) for place in _of(node) if place.is_hugging_face]
    elif len(found) > 1:
        found = [place for place in found if _is_of_images(place)] or found
        if not all(map(_is_of_images, found)):
            pointers = ", ".join(f"{place.node.pointer}/{place.mean}" for place in found)
            root.fail(f"several means: {pointers}; give a file with one of them")
    if not found:
        root.fail(f"no {_WANTED} here or one level down")
    return tuple(found)


def _of(node: Node) -> Iterator[Place]:
    if _OF_SOUND in node.value:
        return
    found = [keys for keys in _KEYS if not set(keys).isdisjoint(node.value)]
    if not found and node.value.get("do_normalize") is False:
        found = [_HUGGING_FACE]
    yield from (Place(node, *keys) for keys in found)


def _nested(root: Node) -> Iterator[Node]:
    """The object and all below, in lists too, in the order of the text."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        is_object = isinstance(node.value, dict)
        if is_object:
            yield node
        children = (child for _, child in node.items()) if is_object else node.list()
        below = [child for child in children if isinstance(child.value, (dict, list))]
        waiting.extend(reversed(below))


def _is_of_images(place: Place) -> bool:
    """True for (C, 1, 1), which is the shape for arrays (C, H, W)."""
    value: Any = place.node.value.get(place.mean)
    return isinstance(value, list) and bool(value) and isinstance(value[0], list)


def numbers(mean: Node, std: Node) -> tuple[Channels, Channels]:
    """A mean and a std for each channel; one number stands for all.

    Raises
    ------
    StatsFileError
        Not numbers, not as many of both, or a std that is not above 0.

    Examples
    --------
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
    return _spread(means, length), _spread(stds, length)


def _channels(node: Node) -> Channels:
    while _is_list_of_one(node) and isinstance(node.value[0], list):  # (1, C, 1, 1)
        node = node.list()[0]
    if not isinstance(node.value, list):
        return (node.number(),)
    if not 1 <= len(node.value) <= _MOST_CHANNELS:
        node.fail(f"should have 1 to {_MOST_CHANNELS} items, has {len(node.value)}")
    return tuple(_only(item).number() for item in node.list())


def _only(node: Node) -> Node:
    """The number in lists of one: (C, 1, 1) is (C,)."""
    while _is_list_of_one(node):
        node = node.list()[0]
    return node


def _is_list_of_one(node: Node) -> bool:
    return isinstance(node.value, list) and len(node.value) == 1


def _spread(values: Channels, length: int) -> Channels:
    return values if len(values) == length else values * length
