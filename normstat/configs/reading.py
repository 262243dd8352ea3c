"""From a file's name, or a preset's, to constants."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from normstat.configs.documents import document, naming
from normstat.configs.records import Config
from normstat.errors import UsageError
from normstat.presets import preset
from normstat.stats.records import Channels
from normstat.statsfile.nodes import Node

_PRESET = "preset:"
_KEYS = (("mean", "std"), ("image_mean", "image_std"))
_WANTED = "mean and std (or image_mean and image_std)"
_MOST_CHANNELS = 512
_SCALES = (1, 255, 65535)


def read(name: str) -> Config:
    """The constants in a configuration.

    A Hugging Face ``preprocessor_config.json`` (`image_mean`, `image_std`; `do_normalize`,
    `do_rescale`, `rescale_factor` and `do_flip_channel_order` count), a timm ``config.json``, or
    any JSON or TOML that has `mean` and `std` at the top or one level down, where `scale` (1, 255
    or 65535: the value of white) and `order` (RGB or BGR) may stand beside them.

    Parameters
    ----------
    name : of the file, or ``preset:NAME``.

    Raises
    ------
    UsageError
        It cannot be read, or does not have one mean and one std; with the JSON pointer.

    Examples
    --------
    >>> clip = read("preset:openai")
    >>> clip.name, clip.scale, clip.order, clip.mean[0]
    ('preset:clip', 1, 'RGB', 0.48145466)
    """
    if not name:
        raise UsageError("config '': is empty; give the name of a file, or preset:NAME")
    if name.startswith(_PRESET):
        return _of_preset(name.removeprefix(_PRESET))
    root = document(name)
    with naming(name):
        place = _only_place(root)
        mean, std = _constants(place)
        scale, order, source = _convention(place, root)
        where = place.node.pointer or "/"
        return Config(name, mean, std, scale, order, f"{source}, at {where}")


@dataclass(frozen=True, slots=True)
class _Place:
    """An object that holds constants, and the names they have in it."""

    node: Node
    mean: str
    std: str

    @property
    def pointer(self) -> str:
        return f"{self.node.pointer}/{self.mean}"


def _of_preset(name: str) -> Config:
    found = preset(name)
    return Config(
        _PRESET + found.name, found.mean, found.std, found.scale, found.order, found.source
    )


def _only_place(root: Node) -> _Place:
    places = list(_places(root))
    if not places:
        root.fail(f"no {_WANTED} here or one level down")
    if len(places) > 1:
        found = ", ".join(place.pointer for place in places)
        root.fail(f"several means: {found}; give a file with one of them")
    return places[0]


def _places(root: Node) -> Iterator[_Place]:
    nodes = [root, *(node for _, node in root.items() if isinstance(node.value, dict))]
    for node in nodes:
        found = [keys for keys in _KEYS if not set(keys).isdisjoint(node.value)]
        if not found and node.value.get("do_normalize") is False:
            found = [_KEYS[1]]
        yield from (_Place(node, *keys) for keys in found)


def _constants(place: _Place) -> tuple[Channels, Channels]:
    if _is_hugging_face(place) and not _truth(place.node, "do_normalize"):
        return (0.0,), (1.0,)
    mean, std = _numbers(place.node[place.mean]), _numbers(place.node[place.std])
    length = max(len(mean), len(std))
    if not {len(mean), len(std)} <= {1, length}:
        place.node[place.std].fail(f"should have {len(mean)} items like {place.mean}")
    for index, value in enumerate(std):
        if value <= 0:
            place.node[place.std].fail(f"number {index} should be above 0: it is divided by")
    return _spread(mean, length), _spread(std, length)


def _numbers(node: Node) -> Channels:
    if not isinstance(node.value, list):
        return (node.number(),)
    if not 1 <= len(node.value) <= _MOST_CHANNELS:
        node.fail(f"should have 1 to {_MOST_CHANNELS} items, has {len(node.value)}")
    return tuple(item.number() for item in node.list())


def _spread(values: Channels, length: int) -> Channels:
    return values if len(values) == length else values * length


def _convention(place: _Place, root: Node) -> tuple[float | None, str | None, str]:
    """Scale, order, and what kind of file decided them."""
    if _is_hugging_face(place):
        flips = _truth(place.node, "do_flip_channel_order", default=False)
        return _rescaled(place.node), "BGR" if flips else "RGB", "Hugging Face"
    if place.node.pointer == "/pretrained_cfg" or "architecture" in root.value:
        return 1, "RGB", "timm"
    scale = place.node.get("scale").optional(_scale)
    order = place.node.get("order").optional(lambda node: node.one_of(("RGB", "BGR")))
    return scale, order, "constants"


def _is_hugging_face(place: _Place) -> bool:
    return place.mean == "image_mean"


def _rescaled(node: Node) -> float:
    """White after rescaling, which leaves x/255 unless the file says otherwise."""
    if not _truth(node, "do_rescale"):
        return 255
    factor = node.get("rescale_factor", 1 / 255).number()
    if factor <= 0:
        node["rescale_factor"].fail("should be above 0")
    white = 255 * factor
    # The factor is 1/255 in as many digits as somebody typed.
    return 1 if math.isclose(white, 1, rel_tol=1e-3) else white


def _scale(node: Node) -> int:
    if node.value not in _SCALES:
        node.fail(
            "should be 1, 255 or 65535: the value of white that mean and std refer to; found "
            f"{node.value!r}"[:100]
        )
    return int(node.value)


def _truth(node: Node, key: str, default: bool = True) -> bool:
    member = node.get(key, default)
    if member.value is None:
        return default
    if not isinstance(member.value, bool):
        member.fail("should be true or false")
    return bool(member.value)
