"""Files that frameworks and people read: JSON, YAML, TOML and Markdown."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from normstat.conventions.targets.target import Exported, Target, number, numbers, rounded
from normstat.files import shown

_Keys = Mapping[str, Callable[[Exported], Any]]


def of_keys(keys: _Keys, of: Exported) -> dict[str, Any]:
    """Keys with their values; those that do not hold for such channels are missing."""
    members = {name: value(of) for name, value in keys.items()}
    return {name: value for name, value in members.items() if value is not None}


def _json(keys: _Keys, of: Exported, under: str = "") -> str:
    """The keys alone, below one key or at the top."""
    members = of_keys(keys, of)
    return json.dumps({under: members} if under else members, indent=2) + "\n"


def _unit_mean(of: Exported) -> list[float]:
    return rounded(of.unit.mean)


def _unit_std(of: Exported) -> list[float]:
    return rounded(of.unit.std)


_HUGGING_FACE: _Keys = {
    "do_rescale": lambda _: True,
    "rescale_factor": lambda of: 1 / of.white,
    "do_normalize": lambda _: True,
    "image_mean": _unit_mean,
    "image_std": _unit_std,
}
_TIMM: _Keys = {"mean": _unit_mean, "std": _unit_std}
_OPENCLIP: _Keys = {"mode": lambda _: "RGB", **_TIMM}
_PLAIN: _Keys = {
    **_TIMM,
    "scale": lambda _: 1,
    "order": lambda of: "RGB" if of.is_color else None,
    "white": lambda of: of.white,
    "channels": lambda of: list(of.channels),
}


def _hugging_face(of: Exported) -> str:
    # Without the key that processor makes every image 224 x 224.
    more: _Keys = {
        "do_resize": lambda _: False,
        "image_processor_type": lambda _: "ViTImageProcessor",
    }
    return _json({**_HUGGING_FACE, **more}, of)


def _lerobot(of: Exported) -> str:
    def shaped(values: Any) -> list[list[list[float]]]:
        return [[[value]] for value in rounded(values)]

    low, high = of.extremes or (None, None)
    feature: dict[str, Any] = {"mean": shaped(of.unit.mean), "std": shaped(of.unit.std)}
    if low is not None and high is not None:
        feature = {"min": shaped(low), "max": shaped(high), **feature}
    if of.count is not None:
        feature["count"] = [of.count]
    return json.dumps({"observation.image": feature}, indent=2) + "\n"


def _tflite(of: Exported) -> str:
    options = {"mean": rounded(of.stored.mean), "std": rounded(of.stored.std)}
    unit = {"options_type": "NormalizationOptions", "options": options}
    metadata = {"subgraph_metadata": [{"input_tensor_metadata": [{"process_units": [unit]}]}]}
    return json.dumps(metadata, indent=2) + "\n"


def _detectron2(of: Exported) -> str:
    return f"""MODEL:
  PIXEL_MEAN: {numbers(of.stored.mean)}
  PIXEL_STD: {numbers(of.stored.std)}
INPUT:
  FORMAT: "{_detectron2_format(of)}"
"""


def _detectron2_format(of: Exported) -> str:
    return "BGR" if len(of.channels) > 1 else "L"


def _torchgeo(of: Exported) -> str:
    """Arguments of Normalize in TorchGeo, and of data modules in TerraTorch."""
    lines = ["# in TerraTorch below data: init_args:"]
    for key, values in (("means", of.stored.mean), ("stds", of.stored.std)):
        rows = zip(values, of.channels, strict=True)
        lines += [f"{key}:", *(f"  - {number(value)} # {shown(name)}" for value, name in rows)]
    return "\n".join(lines) + "\n"


def _lines(between: str) -> Callable[[Exported], str]:
    """Lines of keys and values, which YAML and TOML write alike but for a sign."""

    def text(of: Exported) -> str:
        members = of_keys(_PLAIN, of)
        return "".join(f"{name}{between}{_value(value)}\n" for name, value in members.items())

    return text


def _value(value: Any) -> str:
    if isinstance(value, list) and isinstance(value[0], float):
        return numbers(value)
    return json.dumps(value, ensure_ascii=False)


def _markdown(of: Exported) -> str:
    lines = ["| channel | mean | std |", "|---|---|---|"]
    rows = zip(of.channels, of.unit.mean, of.unit.std, strict=True)
    for name, mean, std in rows:
        plain = shown(name).replace("\\", "\\\\").replace("|", "\\|")
        lines.append(f"| {plain} | {number(mean)} | {number(std)} |")
    return "\n".join(lines) + f"\n\nAfter x / {of.white:g}. {of.origin}.\n"


def _environment(of: Exported) -> str:
    mean, std = (",".join(map(number, values)) for values in (of.unit.mean, of.unit.std))
    return f"NORMSTAT_MEAN={mean}\nNORMSTAT_STD={std}\nNORMSTAT_WHITE={number(of.white)}\n"


def _nothing(_: Exported) -> str:
    return ""


HUGGING_FACE = Target(
    "Hugging Face preprocessor_config.json",
    _hugging_face,
    suffix=".json",
    comment="",
    keys=_HUGGING_FACE,
    note="images keep their size (do_resize is false): set it and size as the model wants them, "
    "and image_processor_type to that of the model",
)
TIMM = Target(
    "timm config.json",
    lambda of: _json(_TIMM, of, "pretrained_cfg"),
    suffix=".json",
    comment="",
    keys=_TIMM,
    under="pretrained_cfg",
)
OPENCLIP = Target(
    "OpenCLIP open_clip_config.json",
    lambda of: _json(_OPENCLIP, of, "preprocess_cfg"),
    suffix=".json",
    comment="",
    takes=(1, 3),
    colors=True,
    spreads=True,
    eight=True,
    keys=_OPENCLIP,
    under="preprocess_cfg",
)
JSON = Target("JSON", lambda of: _json(_PLAIN, of), suffix=".json", comment="", keys=_PLAIN)
LEROBOT = Target(
    "LeRobot meta/stats.json, of one feature",
    _lerobot,
    suffix=".json",
    comment="",
    takes=(1, 3),
    colors=True,
    spreads=True,
)
TFLITE = Target("TFLite metadata", _tflite, suffix=".json", comment="", unit="stored")
DETECTRON2 = Target(
    "Detectron2 YAML",
    _detectron2,
    suffix=".yaml",
    unit="stored",
    layout="(C, H, W)",
    order="BGR",
    takes=(1, 3),
    colors=True,
    keys={
        "PIXEL_MEAN": lambda of: rounded(of.stored.mean),
        "PIXEL_STD": lambda of: rounded(of.stored.std),
    },
    under="MODEL",
)
TORCHGEO = Target(
    "TorchGeo and TerraTorch YAML",
    _torchgeo,
    suffix=".yaml",
    unit="stored",
    keys={
        "means": lambda of: rounded(of.stored.mean),
        "stds": lambda of: rounded(of.stored.std),
    },
)
YAML = Target("YAML", _lines(": "), suffix=".yaml", layout="any", keys=_PLAIN)
TOML = Target("TOML", _lines(" = "), suffix=".toml", layout="any", keys=_PLAIN)
MARKDOWN = Target("Markdown table", _markdown, suffix=".md", comment="")
ENVIRONMENT = Target("environment variables", _environment, suffix=".env", layout="any")
NNUNET = Target(
    "nnU-Net dataset_fingerprint.json",
    _nothing,
    suffix=".json",
    comment="",
    needs="it wants the statistics of the foreground of masks, and these are of whole images; "
    "nnUNetv2_extract_fingerprint counts them",
)
