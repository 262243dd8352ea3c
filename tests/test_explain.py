"""Numbers that somebody has written down, and the definition that gives them."""

import math
from pathlib import Path
from typing import Any

import make
import numpy as np
import pytest
from command import here

import normstat
from normstat.errors import UsageError
from normstat.presets import DATA_SETS, PRESETS, preset

IMAGES = [make.pixels(seed, 12, 10) // (1 + seed) for seed in range(6)]


@pytest.fixture(scope="module")
def stats(tmp_path_factory: pytest.TempPathFactory) -> normstat.Stats:
    folder = tmp_path_factory.mktemp("explain")
    for number, pixels in enumerate(IMAGES):
        make.write(folder / "train" / f"{number}.png", make.encoded(pixels))
    for number, pixels in enumerate(IMAGES[:3]):
        make.write(folder / "val" / f"{number}.png", make.encoded(255 - pixels))
    return normstat.compute(folder, workers=0, covariance=True)


def pooled(images: list[Any]) -> Any:
    return np.concatenate([image.reshape(-1, 3) for image in images]) / 255


X = pooled(IMAGES)
OWN = [image.reshape(-1, 3) / 255 for image in IMAGES]
GRAY = X @ [0.299, 0.587, 0.114]
#: Words of a definition → what NumPy gives for it.
STDS: dict[str, Any] = {
    "the std over all pixels (ddof 0), which normalizing needs, of train": X.std(0),
    "each image's own std (ddof 0), of train": np.mean([x.std(0) for x in OWN], 0),
    "each image's own std (ddof 1), of train": np.mean([x.std(0, ddof=1) for x in OWN], 0),
    "the root of the average variance": np.sqrt(np.mean([x.var(0) for x in OWN], 0)),
    "the std of the images' own means, of train": np.std([x.mean(0) for x in OWN], 0),
    "own means (ddof 1), of train": np.std([x.mean(0) for x in OWN], 0, ddof=1),
    "the variance of all pixels": X.var(0),
    "(ddof 0), which normalizing needs, of train, times 255": 255 * X.std(0),
    "needs, of train, channels in reverse (BGR)": X.std(0)[::-1],
    "times 255, channels in reverse (BGR)": 255 * X.std(0)[::-1],
    "needs, of train, averaged over channels": [X.std(0).mean()],
    "the std of gray (0.299 R + 0.587 G + 0.114 B), of train": [GRAY.std()],
    "needs, of val": (1 - pooled(IMAGES[:3])).std(0),
}


@pytest.mark.parametrize("words", STDS)
@pytest.mark.parametrize("digits", [4, 6])
def test_a_std_is_recognized(stats: normstat.Stats, words: str, digits: int) -> None:
    """Rounded as people write it, among all other definitions; the values are NumPy's."""
    expected = STDS[words]
    text = ",".join(f"{value:.{digits}f}" for value in expected)
    found = [origin for origin in normstat.explain(text, stats=stats) if words in origin.words]
    assert found
    assert found[0].fits
    assert found[0].of == "std"
    np.testing.assert_allclose(found[0].values, expected, rtol=1e-9)


def test_a_mean_is_recognized(stats: normstat.Stats) -> None:
    for words, values in (
        ("the mean of all pixels, of train", X.mean(0)),
        ("the mean of gray", [GRAY.mean()]),
        ("the mean of all pixels, of val", (1 - pooled(IMAGES[:3])).mean(0)),
    ):
        found = normstat.explain([round(float(value), 5) for value in values], stats=stats)
        assert any(words in origin.words and origin.fits for origin in found)


def test_images_of_several_sizes_have_fewer_definitions(tmp_path: Path) -> None:
    """Sums tell no average variance of images of several sizes; what is about so says it."""
    for number, pixels in enumerate(IMAGES):
        make.write(tmp_path / f"{number}.png", make.encoded(pixels[: 6 + number]))
    stats = normstat.compute(tmp_path, workers=0)
    own = np.mean([x[: 6 + n].reshape(-1, 3).std(0, ddof=1) / 255 for n, x in enumerate(IMAGES)], 0)
    found = normstat.explain(",".join(f"{value:.3f}" for value in own), stats=stats)
    assert any("about, as images have several sizes" in origin.words for origin in found)
    assert not any("average variance" in origin.words for origin in found)


def test_what_is_known_without_data() -> None:
    """Presets and published statistics, by their names."""
    for numbers, name in (
        ("0.2023 0.1994 0.2010", "cifar10-copied"),
        ("[0.2470, 0.2435, 0.2616]", "cifar10"),
        ("0.3081", "mnist"),
        ("103.53,116.28,123.675", "detectron2"),
        ((0.229, 0.224, 0.225), "imagenet"),
    ):
        first = normstat.explain(numbers)[0]
        assert first.fits
        assert f"preset {name} (" in first.words
    assert normstat.explain("0.987,0.123,0.5") == ()
    near = normstat.explain("0.2470,0.2435,0.2626")
    assert not near[0].fits
    assert "preset cifar10 (" in near[0].words


def test_published_values_agree() -> None:
    """The copied std of CIFAR-10 is its own average with ddof 1, in four digits."""
    own, copied = DATA_SETS["cifar10-own"].std, DATA_SETS["cifar10-copied"].std
    assert [round(value * math.sqrt(1024 / 1023), 4) for value in own] == list(copied)
    assert not DATA_SETS.keys() & PRESETS.keys()
    assert preset("CIFAR10").definition == "over all pixels"
    assert preset("mnist").channels == ("gray",)


def test_data_sets_normalize(tmp_path: Path) -> None:
    """Published statistics are for images of their channels."""
    gray = make.pixels(1, 4, 5, channels=1)
    x = normstat.normalizer("mnist")(gray.reshape(4, 5, 1))
    expected = (gray.reshape(4, 5, 1) / 255 - 0.1306604762738429) / 0.30810780385646264
    np.testing.assert_allclose(x, expected, atol=2e-6)
    assert "std over all pixels" in normstat.export("cifar10", "torchvision")


@pytest.mark.parametrize("wrong", ["", "a,b", "0.1,nan", "1e999", []])
def test_what_is_no_number(wrong: Any) -> None:
    with pytest.raises(UsageError, match="no number"):
        normstat.explain(wrong)


def test_the_command_line(stats: normstat.Stats, tmp_path: Path) -> None:
    """What fits comes first, and then what training needs; a config is explained, too."""
    file = tmp_path / "stats.json"
    normstat.save(stats, file)
    own = ",".join(f"{value:.4f}" for value in STDS["each image's own std (ddof 1), of train"])
    run = here("explain", own, "--stats", file)
    lines = run.stdout.splitlines()
    assert run.returncode == 0
    assert "std: the average over images of each image's own std (ddof 1), of train" in lines[0]
    assert "(all digits fit)" in lines[0]
    assert lines[-1].startswith("training needs, of train: mean ")
    config = tmp_path / "config.json"
    config.write_text(normstat.export(stats, "hugging-face"))
    run = here("explain", "--config", config, "--stats", file)
    assert "which normalizing needs, of train" in run.stdout
    make.write(tmp_path / "data" / "a.png", make.encoded(IMAGES[0]))
    mean = ",".join(f"{value:.5f}" for value in pooled(IMAGES[:1]).mean(0))
    run = here("explain", mean, "--data", tmp_path / "data", "-j", "1")
    assert "mean: the mean of all pixels, of all" in run.stdout
    assert "nothing that is known" in here("explain", "0.987,0.123,0.5").stdout
    for arguments in ((), ("0.5", "--config", config), ("0.5", "--stats", file, "--data", "x")):
        assert here("explain", *arguments).returncode == 2


def test_presets_are_searched() -> None:
    run = here("presets", "--search", "CIFAR")
    assert run.returncode == 0
    assert "cifar100-own" in run.stdout
    assert "imagenet" not in run.stdout
    assert "imagenet" in here("presets", "--search", "0.485").stdout
    assert here("presets", "--search", "no such word").returncode == 2
    assert "the std is average of the images' own std" in here("presets", "cifar10-own").stdout
