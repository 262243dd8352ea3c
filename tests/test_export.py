"""Constants in the words of frameworks: they come back, and what cannot be held is refused."""

import json
import math
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import make
import numpy as np
import pytest
from command import here

import normstat
from normstat.conventions.targets import TARGETS, Target
from normstat.errors import UsageError

Affine = list[tuple[float, float]]


def affine(mean: Any, std: Any, white: float = 1.0) -> Affine:
    """a and b of (x / white - mean) / std, for stored x."""
    return [(1 / (white * s), -m / s) for m, s in zip(mean, std, strict=True)]


class Called:
    """A module of which everything may be called: it keeps with what."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def of(self, name: str) -> dict[str, Any]:
        (found,) = [kwargs for called, _, kwargs in self.calls if called.endswith(name)]
        return found

    def positional(self, name: str) -> tuple[Any, ...]:
        (found,) = [args for called, args, _ in self.calls if called.endswith(name)]
        return found


class _Stub(ModuleType):
    def __init__(self, name: str, called: Called) -> None:
        super().__init__(name)
        self.__dict__["_called"] = called
        self.__dict__["__path__"] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Stub(f"{self.__name__}.{name}", self._called)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._called.calls.append((self.__name__, args, kwargs))
        return _Stub(f"{self.__name__}()", self._called)


_NAMES = (
    "torch torchvision torchvision.transforms albumentations keras tensorflow fastai "
    "fastai.vision fastai.vision.all ultralytics ultralytics.data ultralytics.data.augment nvidia "
    "nvidia.dali monai monai.transforms openvino openvino.preprocess rknn rknn.api coremltools cv2"
)
MODULES = _NAMES.split()


def run(text: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Called, dict[str, Any]]:
    """Run a snippet without the framework that it is for."""
    called = Called()
    for name in MODULES:
        monkeypatch.setitem(sys.modules, name, _Stub(name, called))
    names: dict[str, Any] = {}
    exec(compile(text, "snippet", "exec"), names)  # what a user would run
    return called, names


def _floats(text: str, name: str) -> list[float]:
    found = re.search(name + r"\[\d+\] = \{([^}]*)\}", text)
    assert found
    return [float(value.strip().removesuffix("f")) for value in found[1].split(",")]


def _torchvision(text: str, called: Called, largest: float) -> Affine:
    made = called.of("v2.Normalize")
    return affine(made["mean"], made["std"], largest)


def _keras(text: str, called: Called, largest: float) -> Affine:
    made, scale = called.of("Normalization"), called.of("Rescaling")["scale"]
    return affine(made["mean"], map(math.sqrt, made["variance"]), 1 / scale)


def _opencv(text: str, called: Called, largest: float) -> Affine:
    scale, mean = (
        json.loads("[" + re.search(rf"params\.{name} = \(([^)]*)\)", text)[1] + "]")  # type: ignore[index]
        for name in ("scalefactor", "mean")
    )
    return [(a, -m * a) for a, m in zip(scale, mean, strict=True)]


def _yaml_lists(text: str, *names: str) -> list[list[float]]:
    yaml = pytest.importorskip("yaml")
    content = yaml.safe_load(text)
    content = content.get("MODEL", content)
    return [content[name] for name in names]


#: Target → a and b of each channel, as what was written says them.
SAYS: dict[str, Callable[[str, Called, float], Affine]] = {
    "torchvision": _torchvision,
    "albumentations": lambda _, called, __: affine(
        (made := called.of("Normalize"))["mean"], made["std"], made["max_pixel_value"]
    ),
    "keras": _keras,
    "fastai": lambda _, called, largest: affine(*called.positional("from_stats"), largest),
    "ultralytics": lambda _, called, largest: affine(
        (made := called.of("classify_transforms"))["mean"], made["std"], largest
    ),
    "monai": lambda _, called, __: affine(
        (made := called.of("NormalizeIntensityd"))["subtrahend"], made["divisor"]
    ),
    "rknn": lambda _, called, __: affine(
        (made := called.of("config"))["mean_values"][0], made["std_values"][0]
    ),
    "opencv": _opencv,
    "ncnn": lambda text, _, __: [
        (a, -m * a)
        for a, m in zip(_floats(text, "norm_vals"), _floats(text, "mean_vals"), strict=True)
    ],
    "c-header": lambda text, _, __: affine(
        _floats(text, "normalization_mean"),
        _floats(text, "normalization_std"),
        float(re.search(r"WHITE ([0-9.]+)f", text)[1]),  # type: ignore[index]
    ),
    "hugging-face": lambda text, _, __: affine(
        (made := json.loads(text))["image_mean"], made["image_std"], 1 / made["rescale_factor"]
    ),
    "timm": lambda text, _, largest: affine(
        (made := json.loads(text)["pretrained_cfg"])["mean"], made["std"], largest
    ),
    "openclip": lambda text, _, largest: affine(
        (made := json.loads(text)["preprocess_cfg"])["mean"], made["std"], largest
    ),
    "json": lambda text, _, largest: affine(
        (made := json.loads(text))["mean"], made["std"], largest
    ),
    "lerobot": lambda text, _, largest: affine(
        np.ravel((made := json.loads(text)["observation.image"])["mean"]),
        np.ravel(made["std"]),
        largest,
    ),
    "tflite": lambda text, _, __: affine(
        *json.loads(text)["subgraph_metadata"][0]["input_tensor_metadata"][0]["process_units"][0][
            "options"
        ].values()
    ),
    "toml": lambda text, _, largest: affine(
        (made := tomllib.loads(text))["mean"], made["std"], largest
    ),
    "yaml": lambda text, _, largest: affine(*_yaml_lists(text, "mean", "std"), largest),
    "torchgeo": lambda text, _, __: affine(*_yaml_lists(text, "means", "stds")),
    "detectron2": lambda text, _, __: affine(*_yaml_lists(text, "PIXEL_MEAN", "PIXEL_STD"))[::-1],
    "environment": lambda text, _, __: affine(
        *([float(x) for x in value.split(",")] for value in re.findall(r"(?:MEAN|STD)=(.*)", text)),
        float(re.search(r"WHITE=(.*)", text)[1]),  # type: ignore[index]
    ),
    "markdown": lambda text, _, largest: affine(
        *np.array(re.findall(r"\| ([0-9.e-]+) \| ([0-9.e-]+) \|", text), dtype=float).T, largest
    ),
}
#: Targets whose snippets are functions, or module-level settings: run on an image instead.
RUN = {"numpy", "openmmlab"}


@pytest.fixture(scope="module")
def color(tmp_path_factory: pytest.TempPathFactory) -> normstat.Stats:
    folder = tmp_path_factory.mktemp("color") / "train"
    for seed in range(3):
        make.write(folder / f"{seed}.png", make.encoded(make.pixels(seed, 9, 8)))
    return normstat.compute(folder.parent, workers=0)


def exact(stats: normstat.Stats) -> Affine:
    split = stats.splits["train"]
    assert split.mean
    assert split.scale
    return affine(split.mean, split.std, split.scale)


@pytest.mark.parametrize("name", SAYS)
def test_the_numbers_come_back(
    name: str, color: normstat.Stats, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parsed or run, the text gives the same a and b in a·x + b, to the digits of a float32."""
    text = normstat.export(color, name)
    python = re.search("^(import|from) ", text, re.MULTILINE)
    called = run(text, monkeypatch)[0] if python else Called()
    np.testing.assert_allclose(SAYS[name](text, called, 255), exact(color), rtol=1e-7)


def test_functions_normalize(color: normstat.Stats, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written for NumPy is what ``apply`` does; OpenMMLab's are in stored units."""
    image = make.pixels(7, 5, 6)
    _, names = run(normstat.export(color, "numpy"), monkeypatch)
    ours = normstat.normalizer(color)(image)
    np.testing.assert_allclose(names["normalize"](image), ours, atol=2e-6)
    _, names = run(normstat.export(color, "openmmlab"), monkeypatch)
    made = names["data_preprocessor"]
    np.testing.assert_allclose(affine(made["mean"], made["std"]), exact(color), rtol=1e-7)
    assert made["bgr_to_rgb"] is True


@pytest.mark.parametrize("name", ["torchvision", "hugging-face", "torchgeo", "detectron2"])
def test_check_takes_what_is_exported(name: str, color: normstat.Stats, tmp_path: Path) -> None:
    """The whole way of a user: export, then check; test_export_round_trip has all targets."""
    target: Target = TARGETS[name].load()
    file = tmp_path / f"constants{target.suffix}"
    file.write_text(normstat.export(color, name))
    verdict = normstat.check(color, color, config=str(file))
    assert verdict.exit_code == 0
    assert not [case for case in verdict.findings if case.rule.startswith("config")]


def test_every_target_is_tried() -> None:
    untried = {"tensorflow", "dali", "openvino", "coreml", "deepstream", "nnunet", "onnx"}
    assert TARGETS.keys() == SAYS.keys() | RUN | untried


@pytest.mark.parametrize("name", ["tensorflow", "dali", "openvino", "coreml", "deepstream"])
def test_the_others_are_sound(
    name: str, color: normstat.Stats, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python that runs; nine digits of each number; what the numbers are of in the first lines."""
    text = normstat.export(color, name, allow_approximate=True)
    if name != "deepstream":
        run(text, monkeypatch)
    split = color.splits["train"]
    assert split.mean
    mean = split.mean if name == "tensorflow" else [255 * value for value in split.mean]
    if name != "coreml":
        assert all(f"{value:.9g}" in text for value in mean)
    assert text.startswith("# train of statistics, 3 images")
    assert "channels R, G, B" in text


@pytest.mark.parametrize("name", ["coreml", "deepstream"])
def test_what_is_approximate_is_asked_for(name: str, color: normstat.Stats) -> None:
    """With the largest error that it makes."""
    with pytest.raises(UsageError, match=r"off by up to [0-9.]+; allow_approximate=True"):
        normstat.export(color, name)
    assert "# approximate" in normstat.export(color, name, allow_approximate=True)


def test_what_a_target_cannot_hold_is_refused(tmp_path: Path, color: normstat.Stats) -> None:
    """More channels than it has, a std of 0, foregrounds of masks; and why."""
    bands = tmp_path / "bands"
    bands.mkdir()
    for seed in range(2):
        np.save(bands / f"{seed}.npy", make.pixels(seed, 9, 8, channels=6).astype("uint16") * 9)
    many = normstat.compute(bands, workers=0, layout="hwc")
    for name, words in (
        ("openmmlab", "takes images that are gray or R, G, B"),
        ("opencv", "takes 1, 3 or 4 channels, and these are 6"),
        ("nnunet", "foreground of masks"),
        ("torchvison", "did you mean torchvision"),
    ):
        with pytest.raises(UsageError, match=words):
            normstat.export(many, name, from_split="all")
    text = normstat.export(many, "torchgeo", from_split="all")
    assert "# of stored pixels (white is 65535), channels band1, band2" in text
    flat = tmp_path / "flat"
    make.write(flat / "a.png", make.encoded(np.full((4, 4), 7, np.uint8)))
    with pytest.raises(UsageError, match="the std of gray is 0"):
        normstat.export(normstat.compute(flat, workers=0), "json", from_split="all")
    with pytest.raises(UsageError, match="split"):
        normstat.export(color, "json", from_split="val")
    with pytest.raises(UsageError, match="a preset has no splits"):
        normstat.export("imagenet", "json", from_split="val")


def test_deep_pixels_have_their_own_white(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frameworks that divide by the dtype's largest value are given numbers for that."""
    for seed in range(2):
        array = make.pixels(seed, 9, 8, channels=1).astype("uint16") * 16
        make.write(tmp_path / f"data/{seed}.pgm", b"P5 8 9 4095\n" + array.astype(">u2").tobytes())
    stats = normstat.compute(tmp_path / "data", workers=0)
    split = stats.splits["all"]
    assert split.scale == 4095
    expected = affine(split.mean, split.std, 4095)
    for name in ("torchvision", "albumentations", "hugging-face"):
        text = normstat.export(stats, name, from_split="all")
        called = run(text, monkeypatch)[0] if name != "hugging-face" else Called()
        np.testing.assert_allclose(SAYS[name](text, called, 65535), expected, rtol=1e-6)


def test_a_new_processor_of_hugging_face_leaves_sizes_alone(tmp_path: Path) -> None:
    """As ViTImageProcessor would not by itself; it is said, and an update does not touch it."""
    new, old = tmp_path / "new.json", tmp_path / "old.json"
    run = here("export", "preset:clip", "--to", "hugging-face", "-o", new)
    assert "images keep their size (do_resize is false)" in run.stderr
    assert json.loads(new.read_text())["do_resize"] is False
    for keys in ({}, {"do_resize": True, "size": 96}):
        old.write_text(json.dumps(keys))
        run = here("export", "preset:clip", "--to", "hugging-face", "-o", old, "--update")
        assert "do_resize" not in run.stderr
        assert keys.items() <= json.loads(old.read_text()).items()
        assert ("do_resize" in json.loads(old.read_text())) == bool(keys)


def test_an_ending_of_another_format_is_refused(tmp_path: Path) -> None:
    """Python in a .json is found by nothing but its reader; endings that say nothing are taken."""
    for to, name, code in (
        ("torchvision", "a.json", 2), ("torchvision", "a.PY", 0), ("yaml", "a.yml", 0),
        ("json", "a.yaml", 2), ("json", "a.txt", 0), ("numpy", "constants", 0),
    ):  # fmt: skip
        run = here("export", "preset:clip", "--to", to, "-o", tmp_path / name)
        assert (run.returncode, (tmp_path / name).exists()) == (code, not code)
        assert (f"--to {to} writes ." in run.stderr) == bool(code)


def test_a_folder_of_images_is_no_source(tmp_path: Path) -> None:
    """It is told to be one, and what makes statistics of it."""
    run = here("export", tmp_path, "--to", "json")
    assert (run.returncode, run.stdout) == (2, "")
    assert "is a folder; normstat compute makes statistics of its images" in run.stderr


def test_masks_among_the_images_are_said(tmp_path: Path) -> None:
    """Statistics of masks are exported where they were asked for, with a word on it."""
    make.write(tmp_path / "data" / "a_mask.png", make.encoded(make.pixels(1, 9, 8)))
    stats = normstat.compute(tmp_path / "data", workers=0, labels="count")
    text = normstat.export(stats, "json", from_split="all")
    assert json.loads(text)["order"] == "RGB"
    first, *_ = normstat.export(stats, "numpy", from_split="all").splitlines()
    assert "(masks and other labels count as images)" in first


def test_channels_that_are_not_named_are_counted(tmp_path: Path) -> None:
    """In what is written, and in the refusal of a target."""
    (tmp_path / "data").mkdir()
    np.save(tmp_path / "data" / "a.npy", make.pixels(3, 9, 8, channels=13))
    bands = normstat.compute(tmp_path / "data", workers=0, layout="hwc")
    assert "band7, band8 and 5 more, arrays" in normstat.export(bands, "numpy", from_split="all")
    with pytest.raises(UsageError, match=r"band7, band8 and 5 more$"):
        normstat.export(bands, "openmmlab", from_split="all")


def test_presets_are_exported_too() -> None:
    """In RGB and unit scale, whatever they were published in."""
    text = normstat.export("preset:caffe", "json")
    assert json.loads(text)["mean"] == pytest.approx([0.48502, 0.45796, 0.40760], abs=1e-5)
    assert normstat.export("caffe", "json") == text
    with pytest.raises(UsageError, match="a method has no constants"):
        normstat.export("unit", "json")


def test_the_command_line(tmp_path: Path, color: normstat.Stats) -> None:
    """To stdout or a file; the list; what is missing or impossible is exit code 2."""
    stats = tmp_path / "stats.json"
    normstat.save(color, stats)
    run = here("export", stats, "--to", "torchvision")
    assert run.returncode == 0
    assert run.stdout.startswith(f"# train of {stats}, 3 images, std over all pixels\n")
    assert here("export", stats, "--to", "toml", "-o", tmp_path / "a.toml").returncode == 0
    assert (tmp_path / "a.toml").read_text().endswith('channels = ["R", "G", "B"]\n')
    listed = here("export", "--list").stdout
    assert all(name in listed for name in TARGETS)
    before = stats.read_bytes()
    for arguments in (
        (stats,),
        ("--to", "toml"),
        (stats, "--to", "nothing"),
        (stats, "--to", "toml", "-o", stats),
        (stats, "--to", "numpy", "-o", tmp_path / "a.toml", "--update"),
        (stats, "--to", "json", "-o", tmp_path / "a.toml", "--update"),
        (stats, "--to", "timm", "--update"),
        (stats, "--to", "timm", "-o", tmp_path / "nowhere.json", "--update"),
        (tmp_path / "nowhere.json", "--to", "timm"),
    ):
        run = here("export", *arguments)
        assert (run.returncode, run.stdout) == (2, ""), arguments
        assert run.stderr.startswith("normstat: ")
    assert stats.read_bytes() == before
