"""Files that frameworks and people read: JSON, YAML, TOML and Markdown."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from normstat.conventions.targets.target import Exported, Target, number, numbers, rounded
from normstat.files import shown

_Keys = Mapping[str, Callable[[Exported], Any]]


def _json(keys: _Keys, of: Exported, under: str = "") -> str:
    """The keys alone, below one key or at the top."""
    members = {name: value(of) for name, value in keys.items()}
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
_PLAIN: _Keys = {**_TIMM, "scale": lambda _: 1, "order": lambda _: "RGB"}


def _hugging_face(of: Exported) -> str:
    return _json({**_HUGGING_FACE, "image_processor_type": lambda _: "ViTImageProcessor"}, of)


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
    order = "BGR" if len(of.channels) == 3 else "L"
    made = of.stored.to(of.white, order) if order == "BGR" else of.stored
    return f"""MODEL:
  PIXEL_MEAN: {numbers(made.mean)}
  PIXEL_STD: {numbers(made.std)}
INPUT:
  FORMAT: "{order}"
"""


def _torchgeo(of: Exported) -> str:
    lines = ["means:"]
    pairs = zip(of.stored.mean, of.channels, strict=True)
    lines += [f"  - {number(value)} # {shown(name)}" for value, name in pairs]
    lines += ["stds:"]
    pairs = zip(of.stored.std, of.channels, strict=True)
    lines += [f"  - {number(value)} # {shown(name)}" for value, name in pairs]
    return "\n".join(lines) + "\n"


def _yaml(of: Exported) -> str:
    channels = json.dumps(list(of.channels), ensure_ascii=False)
    return (
        f"mean: {numbers(of.unit.mean)}\nstd: {numbers(of.unit.std)}\nscale: 1\n"
        f"white: {number(of.white)}\nchannels: {channels}\n"
    )


def _toml(of: Exported) -> str:
    order = 'order = "RGB"\n' if len(of.channels) == 3 else ""
    return (
        f"mean = {numbers(of.unit.mean)}\nstd = {numbers(of.unit.std)}\nscale = 1\n{order}"
        f"channels = {json.dumps(list(of.channels), ensure_ascii=False)}\n"
    )


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
    "Hugging Face preprocessor_config.json", _hugging_face, comment="", keys=_HUGGING_FACE
)
TIMM = Target(
    "timm config.json",
    lambda of: _json(_TIMM, of, "pretrained_cfg"),
    comment="",
    keys=_TIMM,
    under="pretrained_cfg",
)
OPENCLIP = Target(
    "OpenCLIP open_clip_config.json",
    lambda of: _json(_OPENCLIP, of, "preprocess_cfg"),
    comment="",
    most=3,
    colors=True,
    keys=_OPENCLIP,
    under="preprocess_cfg",
)
JSON = Target("JSON", lambda of: _json(_PLAIN, of), comment="", keys=_PLAIN)
LEROBOT = Target("LeRobot meta/stats.json, of one feature", _lerobot, comment="")
TFLITE = Target("TFLite metadata", _tflite, comment="")
DETECTRON2 = Target(
    "Detectron2 YAML", _detectron2, unit="stored pixels", layout="(H, W, C)", most=3, colors=True
)
TORCHGEO = Target("TorchGeo and TerraTorch YAML", _torchgeo, unit="stored pixels")
YAML = Target("YAML", _yaml, unit="pixels / {white:g}", layout="any")
TOML = Target("TOML", _toml, unit="pixels / {white:g}", layout="any")
MARKDOWN = Target("Markdown table", _markdown, comment="")
ENVIRONMENT = Target("environment variables", _environment, unit="pixels / {white:g}", layout="any")
NNUNET = Target(
    "nnU-Net dataset_fingerprint.json",
    _nothing,
    comment="",
    needs="it wants the statistics of the foreground of masks, and these are of whole images; "
    "nnUNetv2_extract_fingerprint counts them",
)
