"""From a file's name, or a preset's, to constants."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from normstat.conventions.config import Config
from normstat.conventions.documents import document, document_of, naming
from normstat.conventions.places import Place, Reader
from normstat.errors import UsageError
from normstat.lazy import Row
from normstat.presets import preset
from normstat.statsfile.json_reader import Node

#: Kind of document → module that reads it, a :class:`normstat.conventions.places.Reader`.
#: The first reader of some keys that recognizes an object reads it.
READERS: Mapping[str, Row] = MappingProxyType(
    {
        "stated": Row("normstat.conventions.stated_constants"),
        "TFLite": Row("normstat.conventions.tflite"),
        "timm": Row("normstat.conventions.timm"),
        "Detectron2": Row("normstat.conventions.detectron2"),
        "TorchGeo": Row("normstat.conventions.torchgeo"),
        "constants": Row("normstat.conventions.mean_std"),
        "Hugging Face": Row("normstat.conventions.hugging_face"),
    }
)
#: Prefix of a preset's name, in the place of a file's.
PRESET = "preset:"
_WANTED = "mean and std (or image_mean and image_std, means and stds, PIXEL_MEAN and PIXEL_STD)"
# Feature extractors of sound have do_normalize, mean and std, too.
_OF_SOUND = "sampling_rate"


def read(name: str) -> tuple[Config, ...]:
    """Read the constants of a configuration: one set, or one for each of several processors.

    A Hugging Face ``preprocessor_config.json`` (`image_mean`, `image_std`; `do_normalize`,
    `do_rescale`, `rescale_factor`, `rescale_offset` or `offset`, `include_top` and
    `do_flip_channel_order` count) or ``processor_config.json`` (each of its processors), a timm
    ``config.json``, YAML of Detectron2 (``MODEL.PIXEL_MEAN``), TorchGeo and TerraTorch (`means` and
    `stds` at any depth), or any JSON, TOML or YAML that has `mean` and `std` at the top or one
    level down, where `scale` (1, 255 or 65535: the value of white) and `order` (RGB or BGR) may
    stand beside them. Lists may have shape (C,), (C, 1, 1) or (1, C, 1, 1). Whatever else
    :func:`normstat.export` writes is read, too: Python code with calls of transforms (nothing of it
    is run), C, Markdown, environment variables, DeepStream's settings and ONNX.

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
    if name.startswith(PRESET):
        row = preset(name.removeprefix(PRESET))
        return (Config(PRESET + row.name, row.mean, row.std, row.scale, row.order, row.source),)
    return _configs(name, document(name))


def read_bytes(name: str, data: bytes) -> tuple[Config, ...]:
    r"""Read the constants that a file with these bytes would have, as :func:`read` does.

    >>> read_bytes("a.yaml", b"means: [1]\nstds: [2]")[0].source
    'TorchGeo, at /'
    """
    return _configs(name, document_of(name, data))


def _configs(name: str, root: Node) -> tuple[Config, ...]:
    with naming(name):
        found = places(root)
        configs = [(place.reader.config(name, place), place.where) for place in found]
        alone = len(configs) == 1
        return tuple(replace(config, pointer="" if alone else where) for config, where in configs)


def places(root: Node) -> list[Place]:
    """Find the constants in a document: one object, or every image processor.

    Processors may be nested in each other at any depth; others are at the top or one level down.
    Where several are there and some have shape (C, 1, 1), only these are of images; a
    StatsFileError where that cannot be told, or there are none.

    >>> processor = {"image_mean": [0.5], "image_std": [0.5]}
    >>> found = places(Node({"image_processor": processor, "video_processor": processor}, ""))
    >>> [place.source for place in found]
    ['Hugging Face, at /image_processor', 'Hugging Face, at /video_processor']
    """
    near = [root, *(node for _, node in root.items() if isinstance(node.value, dict))]
    found = [place for node in near for place in _of(node, root)]
    if all(place.reader.NESTED for place in found):
        found = [p for node in _nested(root) for p in _of(node, root) if p.reader.NESTED]
    elif len(found) > 1:
        found = [place for place in found if _is_of_images(place)] or found
        if not all(map(_is_of_images, found)):
            pointers = ", ".join(f"{p.node.pointer}/{p.reader.KEYS[0]}" for p in found)
            root.fail(f"several means: {pointers}; give a file with one of them")
    if not found:
        root.fail(f"no {_WANTED} here or one level down")
    return found


def _of(node: Node, root: Node) -> Iterator[Place]:
    if _OF_SOUND in node.value:
        return
    seen = set()
    for kind, row in READERS.items():
        reader: Reader = row.load()
        if reader.KEYS not in seen and reader.recognizes(node, root):
            seen.add(reader.KEYS)
            yield Place(node, root, kind, reader)


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
    value: Any = place.node.value.get(place.reader.KEYS[0])
    return isinstance(value, list) and bool(value) and isinstance(value[0], list)
