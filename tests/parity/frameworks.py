"""Run what was exported in the framework that it is for: one process for each, in its environment.

Called as ``frameworks.py FRAMEWORK FOLDER...``: each folder has ``image.npy``, of shape (H, W, C),
and the exported files, named after their targets. It leaves ``FRAMEWORK.npy``, float32 of shape
(H, W, C), there, and prints the version.
"""

import json
import re
import runpy
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Image = NDArray[Any]
#: Folder of the image at hand.
FOLDER = Path()


def of(target: str) -> dict[str, Any]:
    """Names that an exported snippet of Python defines."""
    return runpy.run_path(str(FOLDER / f"{target}.py"))


def document(target: str) -> Any:
    """An exported JSON file."""
    return json.loads((FOLDER / f"{target}.json").read_text())


def last(array: Any) -> Image:
    """Channels after height and width."""
    return np.moveaxis(np.asarray(array), 0, -1)


def first(image: Image) -> Image:
    """Channels before height and width."""
    return np.ascontiguousarray(np.moveaxis(image, -1, 0))


def pillow(image: Image) -> Any:
    import PIL.Image

    return PIL.Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)


def torchvision(image: Image) -> Image:
    return last(of("torchvision")["normalize"](image))


def transformers(image: Image) -> Image:
    from transformers import AutoImageProcessor

    file = FOLDER / "preprocessor_config.json"
    file.write_bytes((FOLDER / "hugging-face.json").read_bytes())
    processor = AutoImageProcessor.from_pretrained(FOLDER)
    layout = {"input_data_format": "channels_first"}  # six channels do not tell it
    made = processor(images=first(image), return_tensors="np", **layout)
    return last(made["pixel_values"][0])


def timm(image: Image) -> Image:
    from timm.data import create_transform, resolve_data_config

    config = resolve_data_config(pretrained_cfg=document("timm")["pretrained_cfg"])
    size = (image.shape[2], *image.shape[:2])
    transform = create_transform(**{**config, "input_size": size, "crop_pct": 1.0})
    return last(transform(pillow(image)))


def open_clip(image: Image) -> Image:
    from open_clip.transform import PreprocessCfg, image_transform_v2

    config = PreprocessCfg(size=image.shape[:2], **document("openclip")["preprocess_cfg"])
    return last(image_transform_v2(config, is_train=False)(pillow(image)))


def fastai(image: Image) -> Image:
    from fastai.vision.all import IntToFloatTensor, TensorImage
    from torch import as_tensor

    normalize = of("fastai")["normalize"]
    batch = IntToFloatTensor()(TensorImage(as_tensor(first(image))[None]))
    return last(normalize(batch)[0])


def monai(image: Image) -> Image:
    return last(of("monai")["normalize"]({"image": first(image)})["image"])


def mmengine(image: Image) -> Image:
    from mmengine.config import Config
    from mmengine.model import ImgDataPreprocessor  # noqa: F401  # which registers it
    from mmengine.registry import MODELS
    from torch import as_tensor

    config = Config.fromfile(FOLDER / "openmmlab.py")
    stored = first(image[..., ::-1].copy())  # as it is read there: BGR
    made = MODELS.build(config.data_preprocessor)({"inputs": [as_tensor(stored)]})
    return last(made["inputs"][0])


def albumentations(image: Image) -> Image:
    made: Image = of("albumentations")["normalize"](image=image)["image"]
    return made


def opencv(image: Image) -> Image:
    stored = np.ascontiguousarray(image[..., ::-1] if image.shape[2] == 3 else image)
    return last(of("opencv")["normalize"](stored)[0])


def keras(image: Image) -> Image:
    return np.asarray(of("keras")["normalize"](image[None].astype("float32")))[0]


def tensorflow(image: Image) -> Image:
    return np.asarray(of("tensorflow")["normalize"](image))


def numpy(image: Image) -> Image:
    made: Image = of("numpy")["normalize"](image)
    return made


def jax(image: Image) -> Image:
    """The snippet with the import that its comment offers."""
    text = (FOLDER / "numpy.py").read_text()
    other = FOLDER / "jax_numpy.py"
    other.write_text(re.sub("import numpy as np.*", "import jax.numpy as np", text))
    normalize = runpy.run_path(str(other))["normalize"]
    return np.asarray(normalize(image))


def onnxruntime(image: Image) -> Image:
    from onnxruntime import InferenceSession

    session = InferenceSession(FOLDER / "onnx.onnx")
    (made,) = session.run(None, {"image": first(image)[None]})
    return last(made[0])


def openvino(image: Image) -> Image:
    import openvino as ov
    from openvino import opset8

    channels = image.shape[2]
    pixels = opset8.parameter([-1, channels, -1, -1], ov.Type.f32, name="pixels")
    same = opset8.add(pixels, opset8.constant(np.float32(0)))
    model = of("openvino")["with_normalization"](ov.Model([same], [pixels]))
    return last(ov.compile_model(model, "CPU")(image[None])[0][0])


def ncnn(image: Image) -> Image:
    """The arrays of the C++ snippet, by the same function of the Python package."""
    import ncnn as module

    text = (FOLDER / "ncnn.cpp").read_text()
    mean, norm = (
        [float(value.strip(" f")) for value in found.split(",")]
        for name in ("mean_vals", "norm_vals")
        for found in re.findall(rf"{name}\[\d\] = {{(.*)}}", text)
    )
    pixels = first(image).astype("float32")  # which the first Mat only looks at
    mat = module.Mat(pixels).clone()
    mat.substract_mean_normalize(mean, norm)
    return last(np.array(mat))


def dali(image: Image) -> Image:
    from nvidia.dali import fn, pipeline_def

    normalize = of("dali")["normalize"]

    @pipeline_def(batch_size=1, num_threads=1, device_id=None)  # type: ignore[untyped-decorator]
    def pipeline() -> Any:
        return normalize(fn.external_source(source=lambda: [image], layout="HWC"))

    made = pipeline()
    made.build()
    return last(made.run()[0].as_array()[0])


def bands() -> tuple[list[float], list[float]]:
    """Means and stds of an exported YAML file."""
    import yaml

    content = yaml.safe_load((FOLDER / "torchgeo.yaml").read_text())
    return content["means"], content["stds"]


def terratorch(image: Image) -> Image:
    from terratorch.datamodules.utils import Normalize
    from torch import as_tensor

    batch = {"image": as_tensor(first(image).astype("float32"))[None]}
    return last(Normalize(*bands())(batch)["image"][0])


def torchgeo(image: Image) -> Image:
    """Kornia's class, which data modules of TorchGeo normalize with."""
    from kornia.augmentation import Normalize
    from torch import as_tensor

    mean, std = map(as_tensor, bands())
    return last(Normalize(mean=mean, std=std)(as_tensor(first(image).astype("float32"))[None])[0])


class Framework(NamedTuple):
    """A framework, and a way to run what was exported for it.

    Attributes
    ----------
    distribution : of the package, which knows its version.
    target : whose file it takes.
    environment : last part of the environment's name.
    normalize : an image, of shape (H, W, C), to float32 of the same shape.
    eight : it takes 8-bit images only.
    """

    distribution: str
    target: str
    environment: str
    normalize: Callable[[Image], Image]
    eight: bool = False


FRAMEWORKS = {
    "torchvision": Framework("torchvision", "torchvision", "torch", torchvision),
    "transformers": Framework("transformers", "hugging-face", "torch", transformers),
    "timm": Framework("timm", "timm", "torch", timm, eight=True),
    "OpenCLIP": Framework("open_clip_torch", "openclip", "torch", open_clip),
    "fastai": Framework("fastai", "fastai", "torch", fastai),
    "MONAI": Framework("monai", "monai", "torch", monai),
    "OpenMMLab": Framework("mmengine", "openmmlab", "torch", mmengine),
    "albumentations": Framework("albumentations", "albumentations", "images", albumentations),
    "OpenCV": Framework("opencv-python-headless", "opencv", "images", opencv),
    "Keras": Framework("keras", "keras", "keras", keras),
    "TensorFlow": Framework("tensorflow_cpu", "tensorflow", "keras", tensorflow),
    "JAX": Framework("jax", "numpy", "keras", jax),
    "NumPy": Framework("numpy", "numpy", "graphs", numpy),
    "onnxruntime": Framework("onnxruntime", "onnx", "graphs", onnxruntime),
    "OpenVINO": Framework("openvino", "openvino", "graphs", openvino),
    "ncnn": Framework("ncnn", "ncnn", "graphs", ncnn),
    "TerraTorch": Framework("terratorch", "torchgeo", "terra", terratorch),
    "TorchGeo": Framework("torchgeo", "torchgeo", "terra", torchgeo),
    "DALI": Framework("nvidia-dali-cuda120", "dali", "dali", dali),
}


def main() -> None:
    global FOLDER  # snippets are found by their target alone
    name, *folders = sys.argv[1:]
    framework = FRAMEWORKS[name]
    for folder in map(Path, folders):
        FOLDER = folder
        made = framework.normalize(np.load(folder / "image.npy"))
        np.save(folder / f"{name}.npy", made)
    print(version(framework.distribution))


if __name__ == "__main__":
    main()
