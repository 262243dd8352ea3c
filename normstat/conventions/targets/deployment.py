"""Settings of engines that run trained models."""

import re
from collections.abc import Sequence

from normstat.conventions.targets.target import COLORS, Exported, Target, number, numbers
from normstat.lazy import Row

_ONNX = Row("normstat.conventions.targets.onnx_graph:model", "onnx")


def _opencv(of: Exported) -> str:
    scale = [1 / std for std in of.stored.std]
    swap = of.channels[:3] == COLORS
    order = "# The image is BGR, as cv2.imread gives it; the blob is RGB.\n" if swap else ""
    image = "image" if of.dtype in ("uint8", "float32") else 'image.astype("float32")'
    return f"""import cv2

{order}params = cv2.dnn.Image2BlobParams()
params.scalefactor = {numbers(scale, "(", ")")}
params.mean = {numbers(of.stored.mean, "(", ")")}
params.swapRB = {swap}


def normalize(image):
    return cv2.dnn.blobFromImageWithParams({image}, params)
"""


def _openvino(of: Exported) -> str:
    return f"""import openvino as ov
from openvino.preprocess import PrePostProcessor


def with_normalization(model):
    ppp = PrePostProcessor(model)
    ppp.input().tensor().set_element_type(ov.Type.{_openvino_type(of.dtype)}).set_layout(ov.Layout("NHWC"))
    ppp.input().model().set_layout(ov.Layout("NCHW"))
    ppp.input().preprocess().convert_element_type(ov.Type.f32)
    ppp.input().preprocess().mean({numbers(of.stored.mean)})
    ppp.input().preprocess().scale({numbers(of.stored.std)})  # it divides
    return ppp.build()
"""


def _openvino_type(dtype: str) -> str:
    """Its name of a NumPy type, as ``u8`` of ``uint8``."""
    return re.sub("[a-z]+", lambda letters: letters[0][0], dtype)


def _rknn(of: Exported) -> str:
    return f"""from rknn.api import RKNN

rknn = RKNN()
rknn.config(mean_values=[{numbers(of.stored.mean)}], std_values=[{numbers(of.stored.std)}])
"""


def _ncnn(of: Exported) -> str:
    inverse = [1 / std for std in of.stored.std]
    return f"""const float mean_vals[{len(inverse)}] = {_floats(of.stored.mean)};
const float norm_vals[{len(inverse)}] = {_floats(inverse)};
in.substract_mean_normalize(mean_vals, norm_vals);
"""


def _c_header(of: Exported) -> str:
    number_of = len(of.channels)
    return f"""#ifndef NORMALIZATION_H
#define NORMALIZATION_H

#define NORMALIZATION_CHANNELS {number_of}
#define NORMALIZATION_WHITE {number(of.white)}f

/* y = (x / NORMALIZATION_WHITE - mean) / std */
static const float normalization_mean[{number_of}] = {_floats(of.unit.mean)};
static const float normalization_std[{number_of}] = {_floats(of.unit.std)};

#endif
"""


def _floats(values: Sequence[float]) -> str:
    return "{" + ", ".join(f"{number(value)}f" for value in values) + "}"


def _average_std(of: Exported) -> float:
    return sum(of.stored.std) / len(of.stored.std)


def _one_scale(of: Exported) -> Sequence[tuple[float, float]]:
    """A and b with one a for all channels, and the own mean of each."""
    scale = 1 / _average_std(of)
    return [(scale, -mean * scale) for mean in of.stored.mean]


def _coreml_affine(of: Exported) -> Sequence[tuple[float, float]]:
    pairs = zip(of.stored.mean, of.stored.std, strict=True)
    return [(1 / _average_std(of), -mean / std) for mean, std in pairs]


def _coreml(of: Exported) -> str:
    made = _coreml_affine(of)
    offsets = [offset for _, offset in made]
    layout, bias = ("RGB", numbers(offsets)) if of.is_color else ("GRAYSCALE", number(*offsets))
    return f"""import coremltools as ct

image_input = ct.ImageType(
    name="image",
    shape=(1, {len(of.channels)}, 224, 224),  # as your model takes it
    scale={number(made[0][0])},
    bias={bias},
    color_layout=ct.colorlayout.{layout},
)
"""


def _deepstream(of: Exported) -> str:
    offsets = ";".join(map(number, of.stored.mean))
    model = 0 if of.is_color else 2
    return f"""[property]
net-scale-factor={number(1 / _average_std(of))}
offsets={offsets}
model-color-format={model}
"""


def _onnx(of: Exported) -> bytes:
    model: bytes = _ONNX.load()(of)
    return model


OPENCV = Target(
    "OpenCV dnn, exact form", _opencv, unit="stored", layout="(N, C, H, W)", takes=(1, 3, 4)
)
OPENVINO = Target("OpenVINO preprocessing", _openvino, unit="stored", layout="(N, H, W, C)")
ONNX = Target(
    "ONNX graph of Sub and Div, to put before a model",
    _onnx,
    suffix=".onnx",
    comment="",
    unit="stored",
    layout="(N, C, H, W)",
)
RKNN = Target("Rockchip NPU toolkit", _rknn, unit="stored", layout="(N, H, W, C)")
NCNN = Target("ncnn, C++", _ncnn, suffix=".cpp", comment="//", unit="stored")
C_HEADER = Target("C header", _c_header, suffix=".h", comment="//", layout="any")
COREML = Target(
    "Core ML image input",
    _coreml,
    unit="stored",
    takes=(1, 3),
    colors=True,
    eight=True,
    approximates=_coreml_affine,
)
DEEPSTREAM = Target(
    "NVIDIA DeepStream nvinfer",
    _deepstream,
    suffix=".txt",
    unit="stored",
    takes=(1, 3),
    colors=True,
    eight=True,
    approximates=_one_scale,
)
