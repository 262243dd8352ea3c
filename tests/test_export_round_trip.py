"""What is exported passes the check, for every target and every kind of pixels, or is refused."""

import re
from dataclasses import replace
from pathlib import Path

import make
import numpy as np
import pytest

import normstat
from normstat.conventions import read
from normstat.conventions.targets import TARGETS, Target
from normstat.errors import UsageError
from normstat.stats import SplitStats
from normstat.verbs.check.training_config import slips
from normstat.verbs.export import export, write
from normstat.verdict import Level

#: Kind of pixels → the channels of an image, its dtype, and white.
KINDS = {
    "color": (3, "uint8", None),
    "gray": (1, "uint8", None),
    "twelve bits": (1, "uint16", 4095),
    "bands": (6, "uint16", None),
    "floats": (3, "float32", None),
    "signed": (2, "int16", 1000),
}
#: Refused, besides nnU-Net: these take no such pixels.
REFUSED = {
    "gray": set(),
    "color": set(),
    "twelve bits": {"openclip", "ultralytics", "coreml", "deepstream"},
    "floats": {"openclip", "ultralytics", "coreml", "deepstream"},
    "bands": {
        *("openclip", "ultralytics", "coreml", "deepstream", "detectron2", "openmmlab"),
        *("lerobot", "opencv"),
    },
}
REFUSED["signed"] = REFUSED["bands"]
APPROXIMATE = ("coreml", "deepstream")


@pytest.fixture(scope="module", params=KINDS)
def measured(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, SplitStats]:
    channels, dtype, white = KINDS[request.param]
    folder = tmp_path_factory.mktemp("round")
    for seed in range(3):
        image = make.pixels(seed, 9, 8, channels=channels)
        pixels = image.reshape(9, 8, -1).astype(dtype) * (1 if dtype == "uint8" else 3)
        np.save(folder / f"{seed}.npy", pixels / 800 if dtype == "float32" else pixels)
    options = {} if white is None else {"max_value": white}
    stats = normstat.compute(folder, workers=0, layout="hwc", **options)
    split = stats.splits["all"]
    if channels == 3:  # arrays do not say that their channels are colors
        split = replace(split, channels=("R", "G", "B"))
    return request.param, split


def written(name: str, split: SplitStats, folder: Path) -> str:
    target: Target = TARGETS[name].load()
    file = folder / f"constants{target.suffix}"
    file.write_bytes(write(split, name, None, True).content)
    return str(file)


@pytest.mark.parametrize("name", [name for name in TARGETS if name != "nnunet"])
def test_what_is_exported_passes_the_check(
    name: str, measured: tuple[str, SplitStats], tmp_path: Path
) -> None:
    """``check --config`` reads it, finds the same a and b in a·x + b, and nothing wrong."""
    kind, split = measured
    if name in REFUSED[kind]:
        with pytest.raises(UsageError, match=f'to="{name}": takes'):
            export(split, name)
        return
    assert split.mean
    assert split.std
    assert split.scale
    assert split.dtype
    (config,) = read(written(name, split, tmp_path))
    if name in APPROXIMATE and len(split.mean) > 1:
        return  # how far off it is decides whether that passes
    (case,) = slips([config], split)
    assert case.level is Level.PASS, case.message
    found = config.of_pixels(split.scale, split.dtype).constants.to(1, "RGB")
    mean, std = (np.resize(values, len(found.mean)) for values in (split.mean, split.std))
    # ONNX holds float32, which is as far off as that is.
    precision = 2**-23 if name == "onnx" else 1e-7
    np.testing.assert_allclose(1 / np.array(found.std), 1 / std, rtol=precision)
    np.testing.assert_allclose(
        np.array(found.mean) / found.std, mean / std, rtol=precision, atol=precision / 10
    )


def test_numbers_have_nine_digits_and_are_floats(measured: tuple[str, SplitStats]) -> None:
    """In every text; none is written as NumPy writes its own."""
    kind, split = measured
    for name in TARGETS.keys() - REFUSED[kind] - {"nnunet", "onnx"}:
        text = export(split, name, allow_approximate=True)
        assert not re.search(r"np\.\w+\(\d", text), name
        for number in re.findall(r"\d+\.\d+", re.sub(r'"rescale_factor".*', "", text)):
            assert len(number.replace(".", "").strip("0")) <= 9, (name, number)


def test_what_the_numbers_are_of_is_said(measured: tuple[str, SplitStats]) -> None:
    """Unit, channels in the order of the numbers, layout and dtype: in the text, or beside it."""
    kind, split = measured
    for name in TARGETS.keys() - REFUSED[kind] - {"nnunet"}:
        made = write(split, name, None, True)
        says = " ".join(made.about)
        assert re.search(r"pixels (/ \d+|\(white is [\d.]+\)|as they are)", says), (name, says)
        assert re.search(r"channels .+, arrays of .+ layout, float32", says), name
        if kind == "color":
            assert f"channels {'B, G, R' if name == 'detectron2' else 'R, G, B'}," in says
        assert not made.says or all(line in str(made.text) for line in made.about), name
