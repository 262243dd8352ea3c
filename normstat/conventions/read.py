"""From a file's name, or a preset's, to constants."""

from normstat.conventions import hugging_face
from normstat.conventions.config import Config
from normstat.conventions.documents import document, naming
from normstat.conventions.places import Place, numbers, places
from normstat.errors import UsageError
from normstat.presets import preset
from normstat.statsfile.json_reader import Node

_PRESET = "preset:"
_SCALES = (1, 255, 65535)


def read(name: str) -> tuple[Config, ...]:
    """The constants in a configuration: one set, or one for each of several processors.

    A Hugging Face ``preprocessor_config.json`` (`image_mean`, `image_std`; `do_normalize`,
    `do_rescale`, `rescale_factor`, `rescale_offset` or `offset`, `include_top` and
    `do_flip_channel_order` count) or ``processor_config.json`` (each of its processors), a timm
    ``config.json``, or any JSON or TOML that has `mean` and `std` at the top or one level down,
    where `scale` (1, 255 or 65535: the value of white) and `order` (RGB or BGR) may stand beside
    them. Lists may have shape (C,), (C, 1, 1) or (1, C, 1, 1).

    Parameters
    ----------
    name : of the file, or ``preset:NAME``.

    Raises
    ------
    UsageError
        It cannot be read, or does not have one mean and one std; with the JSON pointer.

    Examples
    --------
    >>> (clip,) = read("preset:openai")
    >>> clip.name, clip.scale, clip.order, clip.mean[0]
    ('preset:clip', 1, 'RGB', 0.48145466)
    """
    if not name:
        raise UsageError("config '': is empty; give the name of a file, or preset:NAME")
    if name.startswith(_PRESET):
        return (_of_preset(name.removeprefix(_PRESET)),)
    root = document(name)
    with naming(name):
        found = places(root)
        alone = len(found) == 1
        return tuple(_config(name, place, root, "" if alone else place.where) for place in found)


def _of_preset(name: str) -> Config:
    found = preset(name)
    return Config(
        _PRESET + found.name, found.mean, found.std, found.scale, found.order, found.source
    )


def _config(name: str, place: Place, root: Node, pointer: str) -> Config:
    if place.is_hugging_face:
        return hugging_face.config(name, place, pointer)
    mean, std = numbers(place.node[place.mean], place.node[place.std])
    scale, order, source = _convention(place, root)
    return Config(name, mean, std, scale, order, f"{source}, at {place.where}", pointer=pointer)


def _convention(place: Place, root: Node) -> tuple[float | None, str | None, str]:
    """Scale, order, and what kind of file decided them."""
    if place.node.pointer == "/pretrained_cfg" or "architecture" in root.value:
        return 1, "RGB", "timm"
    scale = place.node.get("scale").optional(_scale)
    order = place.node.get("order").optional(lambda node: node.one_of(("RGB", "BGR")))
    return scale, order, "constants"


def _scale(node: Node) -> int:
    if node.value not in _SCALES:
        node.fail(
            "should be 1, 255 or 65535: the value of white that mean and std refer to; found "
            f"{node.value!r}"[:100]
        )
    return int(node.value)
