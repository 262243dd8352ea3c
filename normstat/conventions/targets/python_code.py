"""Snippets of Python for frameworks that train."""

from normstat.conventions.targets.target import Exported, Target, number, numbers


def _torchvision(of: Exported) -> str:
    made = of.divided
    return f"""import torch
from torchvision.transforms import v2

normalize = v2.Compose(
    [
        v2.ToImage(),
        v2.ToDtype(torch.float32, scale=True),
        v2.Normalize(
            mean={numbers(made.mean)},
            std={numbers(made.std)},
        ),
    ]
)
"""


def _albumentations(of: Exported) -> str:
    return f"""import albumentations as A

normalize = A.Normalize(
    mean={numbers(of.unit.mean)},
    std={numbers(of.unit.std)},
    max_pixel_value={number(of.white)},
)
"""


def _keras(of: Exported) -> str:
    variance = numbers(std**2 for std in of.unit.std)
    return f"""import keras

# variance is std squared
normalize = keras.Sequential(
    [
        keras.layers.Rescaling(scale=1 / {number(of.white)}),
        keras.layers.Normalization(
            axis=-1,
            mean={numbers(of.unit.mean)},
            variance={variance},
        ),
    ]
)
"""


def _tensorflow(of: Exported) -> str:
    return f"""import tensorflow as tf

MEAN = tf.constant({numbers(of.unit.mean)})
STD = tf.constant({numbers(of.unit.std)})


def normalize(image):
    return (tf.cast(image, tf.float32) / {number(of.white)} - MEAN) / STD
"""


def _fastai(of: Exported) -> str:
    made = of.over(255)  # which IntToFloatTensor divides by, whatever the type
    return f"""from fastai.vision.all import Normalize

normalize = Normalize.from_stats(
    {numbers(made.mean)},
    {numbers(made.std)},
)
"""


def _ultralytics(of: Exported) -> str:
    made = of.divided
    return f"""# For classification only: detection, segmentation and pose of Ultralytics
# divide by 255 and use no mean and std at all, so these numbers would be ignored there.
from ultralytics.data.augment import classify_transforms

transforms = classify_transforms(
    mean={numbers(made.mean)},
    std={numbers(made.std)},
)
"""


def _openmmlab(of: Exported) -> str:
    return f"""data_preprocessor = dict(
    # MMDetection has DetDataPreprocessor, MMSegmentation SegDataPreProcessor.
    type="ImgDataPreprocessor",
    mean={numbers(of.stored.mean)},
    std={numbers(of.stored.std)},
    bgr_to_rgb={of.is_color},
)
"""


def _dali(of: Exported) -> str:
    return f"""from nvidia.dali import fn, types


def normalize(images):
    return fn.crop_mirror_normalize(
        images,
        mean={numbers(of.stored.mean)},
        std={numbers(of.stored.std)},
        scale=1.0,
        shift=0.0,
        dtype=types.FLOAT,
        output_layout="CHW",
    )
"""


def _monai(of: Exported) -> str:
    return f"""from monai.transforms import NormalizeIntensityd

normalize = NormalizeIntensityd(
    keys=["image"],
    subtrahend={numbers(of.stored.mean)},
    divisor={numbers(of.stored.std)},
    channel_wise=True,
)
"""


def _numpy(of: Exported) -> str:
    return f"""import numpy as np  # or: import jax.numpy as np

MEAN = np.array({numbers(of.unit.mean)}, dtype=np.float32)
STD = np.array({numbers(of.unit.std)}, dtype=np.float32)


def normalize(image):
    return (image.astype(np.float32) / {number(of.white)} - MEAN) / STD
"""


TORCHVISION = Target("torchvision v2 transform", _torchvision, unit="dtype")
ALBUMENTATIONS = Target("albumentations transform", _albumentations, layout="(H, W, C)")
KERAS = Target("Keras layers", _keras, layout="(H, W, C)")
TENSORFLOW = Target("TensorFlow function", _tensorflow, layout="(H, W, C)")
FASTAI = Target("fastai transform", _fastai, unit="byte")
ULTRALYTICS = Target(
    "Ultralytics classification transform",
    _ultralytics,
    takes=(1, 3),
    colors=True,
    spreads=True,
    eight=True,
)
OPENMMLAB = Target(
    "OpenMMLab 2 data preprocessor", _openmmlab, unit="stored", takes=(1, 3), colors=True
)
DALI = Target("NVIDIA DALI operator", _dali, unit="stored")
MONAI = Target("MONAI transform", _monai, unit="stored")
NUMPY = Target("NumPy or JAX function", _numpy, layout="(H, W, C)")
