"""Frameworks and formats that take constants, one row each."""

from collections.abc import Mapping
from types import MappingProxyType

from normstat.conventions.targets.target import COLORS, Exported, Target
from normstat.lazy import Row

__all__ = ["COLORS", "TARGETS", "Exported", "Target"]

_CODE = "normstat.conventions.targets.python_code"
_DEPLOYED = "normstat.conventions.targets.deployment"
_WRITTEN = "normstat.conventions.targets.documents"
#: Name → what is written for it, a :class:`Target`.
TARGETS: Mapping[str, Row] = MappingProxyType(
    {
        "torchvision": Row(f"{_CODE}:TORCHVISION"),
        "albumentations": Row(f"{_CODE}:ALBUMENTATIONS"),
        "timm": Row(f"{_WRITTEN}:TIMM"),
        "hugging-face": Row(f"{_WRITTEN}:HUGGING_FACE"),
        "openclip": Row(f"{_WRITTEN}:OPENCLIP"),
        "keras": Row(f"{_CODE}:KERAS"),
        "tensorflow": Row(f"{_CODE}:TENSORFLOW"),
        "fastai": Row(f"{_CODE}:FASTAI"),
        "ultralytics": Row(f"{_CODE}:ULTRALYTICS"),
        "detectron2": Row(f"{_WRITTEN}:DETECTRON2"),
        "openmmlab": Row(f"{_CODE}:OPENMMLAB"),
        "dali": Row(f"{_CODE}:DALI"),
        "monai": Row(f"{_CODE}:MONAI"),
        "torchgeo": Row(f"{_WRITTEN}:TORCHGEO"),
        "lerobot": Row(f"{_WRITTEN}:LEROBOT"),
        "nnunet": Row(f"{_WRITTEN}:NNUNET"),
        "opencv": Row(f"{_DEPLOYED}:OPENCV"),
        "openvino": Row(f"{_DEPLOYED}:OPENVINO"),
        "onnx": Row(f"{_DEPLOYED}:ONNX"),
        "coreml": Row(f"{_DEPLOYED}:COREML"),
        "deepstream": Row(f"{_DEPLOYED}:DEEPSTREAM"),
        "tflite": Row(f"{_WRITTEN}:TFLITE"),
        "rknn": Row(f"{_DEPLOYED}:RKNN"),
        "ncnn": Row(f"{_DEPLOYED}:NCNN"),
        "numpy": Row(f"{_CODE}:NUMPY"),
        "c-header": Row(f"{_DEPLOYED}:C_HEADER"),
        "json": Row(f"{_WRITTEN}:JSON"),
        "yaml": Row(f"{_WRITTEN}:YAML"),
        "toml": Row(f"{_WRITTEN}:TOML"),
        "markdown": Row(f"{_WRITTEN}:MARKDOWN"),
        "environment": Row(f"{_WRITTEN}:ENVIRONMENT"),
    }
)
