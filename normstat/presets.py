"""Published constants, under the names people search for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from normstat.constants import Channels, Constants
from normstat.errors import UsageError
from normstat.files import shown
from normstat.unknown_names import no_such, plain


@dataclass(frozen=True, slots=True)
class Preset:
    """Constants that some models expect, whatever the images they meet.

    Attributes
    ----------
    name : as it is listed.
    mean, std : of the three channels in the preset's own order, where white is ``scale``; of one
        channel where images are gray.
    what : the models, in a few words.
    source : publication of the numbers.
    scale : the value of white that mean and std refer to: 1 or 255.
    order : ``RGB`` or ``BGR``, of mean and std and of what the models are fed.
    aliases : other names for the same.
    definition : of the std, where it is that of a data set.
    pixels : of each image of a data set whose images have one size; otherwise 0.

    Raises
    ------
    UsageError
        Not three numbers, nor one, or another scale or order.

    Examples
    --------
    >>> Preset("ours", (0.4, 0.4, 0.4), (0.2, 0.2, 0.2), "our model", "its README").channels
    ('R', 'G', 'B')
    """

    name: str
    mean: Channels
    std: Channels
    what: str
    source: str
    scale: int = 1
    order: str = "RGB"
    aliases: tuple[str, ...] = ()
    definition: str = ""
    pixels: int = 0

    def __post_init__(self) -> None:
        if {len(self.mean), len(self.std)} not in ({3}, {1}):
            raise UsageError(
                f"preset {shown(self.name)}: mean and std should be 3 numbers each, or 1 of gray"
            )
        if self.scale not in (1, 255) or self.order not in ("RGB", "BGR"):
            raise UsageError(
                f"preset {shown(self.name)}: scale {self.scale}, order {shown(self.order)}; "
                "should be 1 or 255, and RGB or BGR"
            )

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels, in the preset's order."""
        return tuple(self.order) if len(self.mean) > 1 else ("gray",)

    @property
    def constants(self) -> Constants:
        """Mean and std with their scale and order."""
        return Constants(self.mean, self.std, self.scale, self.order)


def preset(name: str) -> Preset:
    """The preset of a name or an alias; case, ``-`` and ``_`` do not matter.

    >>> preset("ImageNet").mean, preset("open_clip").name, preset("CIFAR-10").definition
    ((0.485, 0.456, 0.406), 'clip', 'over all pixels')
    """
    wanted = plain(name)
    if wanted in NAMES:
        return PRESETS[NAMES[wanted]]
    if wanted in DATA_SETS:
        return DATA_SETS[wanted]
    for known in (*NAMES, *DATA_SETS):
        if wanted.replace("-", "") == known.replace("-", ""):
            return preset(known)
    raise no_such(name, "preset", {"preset": (*NAMES, *DATA_SETS)})


_ONES = (1.0, 1.0, 1.0)
_MMCV = Constants((123.675, 116.28, 103.53), (58.395, 57.12, 57.375), 255)
_MMCV_BGR = _MMCV.to(255, "BGR")
_CLIP = Constants((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
_CLIP_255 = _CLIP.to(255, "RGB")

# A row: name, mean, std; what; source; scale and order; aliases.
# fmt: off
_ROWS = (
    Preset("imagenet", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225),
           "torchvision, most of timm, DINOv2, MAE, ConvNeXt, Keras mode torch",
           "fb.resnet.torch datasets/imagenet.lua; timm data/constants.py",
           aliases=("torchvision", "timm", "torch", "keras-torch", "dinov2", "mae", "convnext")),
    Preset("imagenet-255", _MMCV.mean, _MMCV.std,
           "OpenMMLab (mmcv, mmdet), Segment Anything",
           "segment-anything build_sam.py; mmdet configs",
           scale=255, aliases=("mmcv", "mmdet", "sam", "segment-anything")),
    Preset("detectron2", _MMCV_BGR.mean, _ONES,
           "Detectron2 with weights of Caffe or MSRA, whose first layer holds the std",
           "detectron2 config/defaults.py", scale=255, order="BGR", aliases=("caffe-rcnn",)),
    Preset("detectron2-std", _MMCV_BGR.mean, _MMCV_BGR.std,
           "Detectron2 with weights of others", "detectron2 config/defaults.py",
           scale=255, order="BGR"),
    Preset("inception", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5),
           "[-1, 1]: Inception, Google's ViT, BiT, SigLIP, BEiT, Keras mode tf",
           "timm data/constants.py; keras imagenet_utils.py; siglip preprocessor_config.json",
           aliases=("vit", "bit", "siglip", "siglip2", "beit", "tf", "keras-tf")),
    Preset("clip", _CLIP.mean, _CLIP.std,
           "OpenAI CLIP, OpenCLIP, EVA-CLIP",
           "openai/CLIP clip.py and issue 20; timm data/constants.py",
           aliases=("openai", "openclip", "open-clip", "eva-clip")),
    Preset("clip-255", _CLIP_255.mean, _CLIP_255.std,
           "clip, times 255", "computed from clip", scale=255),
    Preset("dpn", (124 / 255, 117 / 255, 104 / 255), (1 / (0.0167 * 255),) * 3,
           "dual path networks", "timm data/constants.py"),
    Preset("caffe", (103.939, 116.779, 123.68), _ONES,
           "VGG, Keras mode caffe (ResNet50, VGG16)", "keras imagenet_utils.py",
           scale=255, order="BGR", aliases=("vgg", "keras-caffe")),
    Preset("caffe-ilsvrc", (104.00698793, 116.66876762, 122.67891434), _ONES,
           "Caffe's model zoo, FCN: ilsvrc_2012_mean.npy, averaged over its area",
           "Caffe model zoo",
           scale=255, order="BGR", aliases=("ilsvrc", "ilsvrc-2012-mean", "fcn")),
    Preset("ssd", (104.0, 117.0, 123.0), _ONES,
           "SSD on VGG", "weiliu89/caffe issue 272",
           scale=255, order="BGR", aliases=("ssd-vgg",)),
    Preset("yolo", (0.0, 0.0, 0.0), _ONES,
           "[0, 1]: Ultralytics YOLO", "ultralytics data/augment.py",
           aliases=("ultralytics", "zero-one")),
    Preset("dinov3-sat", (0.430, 0.411, 0.296), (0.213, 0.156, 0.143),
           "DINOv3 trained on satellite images (SAT-493M)",
           "Meta's transform for dinov3 SAT-493M weights",
           aliases=("dinov3-sat493m", "sat493m")),
    Preset("centernet", (0.40789654, 0.44719302, 0.47026115), (0.28863828, 0.27408164, 0.27809835),
           "CenterNet, CornerNet on COCO", "CornerNet and CenterNet, data set files",
           order="BGR", aliases=("cornernet",)),
    Preset("kinetics", (0.43216, 0.394666, 0.37645), (0.22803, 0.22145, 0.216989),
           "torchvision's video models (r3d, r2plus1d)",
           "torchvision references/video_classification/presets.py",
           aliases=("r3d", "r2plus1d", "torchvision-video")),
    Preset("video", (0.45, 0.45, 0.45), (0.225, 0.225, 0.225),
           "SlowFast and its kin", "SlowFast slowfast/config/defaults.py",
           aliases=("slowfast",)),
    Preset("facenet", (127.5, 127.5, 127.5), (128.0, 128.0, 128.0),
           "facenet-pytorch: fixed_image_standardization", "facenet-pytorch models/mtcnn.py",
           scale=255, aliases=("facenet-pytorch",)),
    Preset("cityscapes", (0.3257, 0.3690, 0.3223), (0.2112, 0.2148, 0.2115),
           "BiSeNet on Cityscapes", "CoinCheung/BiSeNet issue 189",
           aliases=("bisenet",)),
)
# fmt: on

#: Name → preset, in the order of listing.
PRESETS: Mapping[str, Preset] = MappingProxyType({row.name: row for row in _ROWS})

#: Name or alias → name.
NAMES: Mapping[str, str] = MappingProxyType(
    {alias: row.name for row in _ROWS for alias in (row.name, *row.aliases)}
)

#: Definitions of std: of all pixels, and of each image alone, averaged.
POOLED = "over all pixels"
OWN = "average of the images' own std"
OWN_DDOF1 = "average of the images' own std, with ddof 1"
UNKNOWN = "of unknown definition"
ROOT = "root of the images' average variance"


def _data_set(
    name: str,
    what: str,
    source: str,
    mean: Channels,
    pooled: Channels | None = None,
    own: Channels | None = None,
    unknown: Channels | None = None,
    pixels: int = 0,
) -> Iterator[Preset]:
    """A row for each std that is published, the one of all pixels under the plain name."""
    stds = ((POOLED, pooled), (UNKNOWN, unknown), (OWN, own))
    found = [(definition, std) for definition, std in stds if std]
    for number, (definition, std) in enumerate(found):
        yield Preset(
            name if number == 0 else f"{name}-own",
            mean,
            std,
            f"{what}; std {definition}",
            source,
            definition=definition,
            pixels=pixels,
        )


# fmt: off
_PUBLISHED = (
    *_data_set("mnist", "MNIST, train", "awslabs Renate, TorchVisionDataModule",
               (0.1306604762738429,), (0.30810780385646264,), (0.3013119162987143,),
               pixels=28 * 28),
    *_data_set("fashion-mnist", "Fashion-MNIST, train", "awslabs Renate, TorchVisionDataModule",
               (0.2860405969887955,), (0.3530242445149223,), (0.3202489254311618,),
               pixels=28 * 28),
    *_data_set("kmnist", "Kuzushiji-MNIST, train", "crypdick dataset_stats.json",
               (0.1917621473589436,), own=(0.33831065565115986,), pixels=28 * 28),
    *_data_set("cifar10", "CIFAR-10, train", "awslabs Renate; crypdick dataset_stats.json",
               (0.49139967861519745, 0.4821584083946076, 0.44653091444546616),
               (0.2470322324632823, 0.24348512800005553, 0.2615878417279641),
               (0.20220211700559232, 0.1993154176673635, 0.20086346175129435),
               pixels=32 * 32),
    Preset("cifar10-copied", (0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010),
           f"CIFAR-10, train, as it is copied; std {OWN_DDOF1}",
           "kuangliu/pytorch-cifar", definition=OWN_DDOF1),
    Preset("cifar10-test", (0.4942142800245098, 0.4851313890165441, 0.4504090927542892),
           (0.24665251509498004, 0.24289226346005355, 0.26159237802202373),
           f"CIFAR-10, test (to know it by; normalize with train's); std {POOLED}",
           "awslabs Renate", definition=POOLED),
    *_data_set("cifar100", "CIFAR-100, train", "awslabs Renate; crypdick dataset_stats.json",
               (0.5070751592371323, 0.48654887331495095, 0.4409178433670343),
               (0.26733428587941854, 0.25643846292120615, 0.2761504713263903),
               (0.20079844450299464, 0.19834626787923657, 0.2021983476350619),
               pixels=32 * 32),
    *_data_set("svhn", "SVHN, train", "awslabs Renate; crypdick dataset_stats.json",
               (0.4376821046090723, 0.4437697045639686, 0.4728044222297267),
               (0.19803012447157134, 0.20101562471828877, 0.19703614172172396),
               (0.12002779804698858, 0.12307685096875136, 0.10515253787957243),
               pixels=32 * 32),
    *_data_set("stl10", "STL-10, train", "crypdick dataset_stats.json",
               (0.4467106206597221, 0.4398098398352396, 0.40664644709967324),
               own=(0.22414583197470067, 0.22148905750860448, 0.22389974006124996),
               unknown=(0.26034098, 0.25657727, 0.27126738), pixels=96 * 96),
    *_data_set("tiny-imagenet", "Tiny ImageNet, train", "many repositories",
               (0.4802, 0.4481, 0.3975), unknown=(0.2770, 0.2691, 0.2821)),
    Preset("imagenet-raw", (0.4803, 0.4569, 0.4083), (0.2806, 0.2736, 0.2877),
           f"ImageNet, train, as its images are; std {ROOT}",
           "pytorch/vision issue 1439", definition=ROOT),
    Preset("imagenet-crop", (0.4845, 0.4541, 0.4025), (0.2724, 0.2637, 0.2761),
           f"ImageNet, train, after resize 256 and crop 224; std {ROOT}",
           "pytorch/vision issue 1439", definition=ROOT),
    *_data_set("imagenette", "Imagenette, train", "crypdick dataset_stats.json",
               (0.46252461662816363, 0.45800933552978396, 0.42948209813682414),
               own=(0.2451527213081417, 0.2389813487091203, 0.2468052900635812)),
    *_data_set("eurosat", "EuroSAT, all images", "crypdick dataset_stats.json",
               (0.3443759582652505, 0.3802908400281409, 0.40777028771360974),
               own=(0.09136772024351952, 0.06511841780862201, 0.055240408059199386),
               pixels=64 * 64),
)
# fmt: on

#: Name → published statistics of a data set.
DATA_SETS: Mapping[str, Preset] = MappingProxyType({row.name: row for row in _PUBLISHED})


def of_same_images(row: Preset) -> tuple[Preset, ...]:
    """Published statistics of the same images, by other definitions of std.

    >>> [other.name for other in of_same_images(preset("cifar10-own"))]
    ['cifar10', 'cifar10-copied']
    """
    whose = _images(row.name)
    return tuple(
        each for each in DATA_SETS.values() if _images(each.name) == whose and each.name != row.name
    )


def pooled_of(row: Preset) -> Preset | None:
    """Published statistics of the same images, whose std is over all pixels.

    >>> pooled_of(preset("cifar10-own")).name, pooled_of(preset("eurosat"))
    ('cifar10', None)
    """
    return next((each for each in of_same_images(row) if each.definition == POOLED), None)


def _images(name: str) -> str:
    return name.removesuffix("-own").removesuffix("-copied")
