"""Numbers that somebody has written down, and the definition that gives them."""

import json
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
from normstat.verbs.engine import Engine
from normstat.verbs.explain.definitions import Known, definitions
from normstat.verbs.explain.verb import measured, read_config

IMAGES = [make.pixels(seed, 12, 10) // (1 + seed) for seed in range(6)]
#: The same with several sizes.
SIZES = [image[: 5 + number, : 10 - number] for number, image in enumerate(IMAGES)]
LUMA = np.array([0.299, 0.587, 0.114])


def pooled(images: list[Any]) -> Any:
    return np.concatenate([image.reshape(-1, 3) for image in images]) / 255


def defined(images: list[Any]) -> dict[str, tuple[str, Any]]:
    """Words of each definition → whether of mean or std, and what NumPy gives for it."""
    x, own = pooled(images), [image.reshape(-1, 3) / 255 for image in images]
    means, variances = np.array([i.mean(0) for i in own]), np.array([i.var(0) for i in own])
    train, std = ", of train", "the average over images of each image's own std"
    over = f"the std over all pixels (ddof 0), which normalizing needs{train}"
    return {
        f"the mean of all pixels{train}": ("mean", x.mean(0)),
        f"the mean of all pixels{train}, times 255": ("mean", 255 * x.mean(0)),
        f"the mean of all pixels{train}, channels in reverse (BGR)": ("mean", x.mean(0)[::-1]),
        f"the mean of all pixels{train}, averaged over channels": ("mean", [x.mean()]),
        f"the mean of gray (0.299 R + 0.587 G + 0.114 B){train}": ("mean", [(x @ LUMA).mean()]),
        over: ("std", x.std(0)),
        f"the std over all pixels (ddof 1){train}": ("std", x.std(0, ddof=1)),
        f"{std} (ddof 0){train}": ("std", np.mean([i.std(0) for i in own], 0)),
        f"{std} (ddof 1){train}": ("std", np.mean([i.std(0, ddof=1) for i in own], 0)),
        f"the root of the images' average variance (ddof 0){train}": (
            "std", np.sqrt(variances.mean(0)),
        ),
        f"the root of the images' average variance (ddof 1){train}": (
            "std", np.sqrt(np.mean([i.var(0, ddof=1) for i in own], 0)),
        ),
        f"the std of the images' own means (ddof 0){train}": ("std", means.std(0)),
        f"the std of the images' own means (ddof 1){train}": ("std", means.std(0, ddof=1)),
        f"the variance of all pixels, in the place of the std{train}": ("std", x.var(0)),
        f"the variance of all pixels, in the place of the std{train}, times 65025": (
            "std", (255 * x).var(0),
        ),
        f"the variance of an image, on average, in the place of the std{train}": (
            "std", variances.mean(0),
        ),
        f"the std of gray (0.299 R + 0.587 G + 0.114 B){train}": ("std", [(x @ LUMA).std()]),
        f"{over}, times 255": ("std", 255 * x.std(0)),
        f"{over}, channels in reverse (BGR)": ("std", x.std(0)[::-1]),
        f"{over}, times 255, channels in reverse (BGR)": ("std", 255 * x.std(0)[::-1]),
        f"{over}, averaged over channels": ("std", [x.std(0).mean()]),
    }  # fmt: skip


def elsewhere(train: list[Any], val: list[Any]) -> dict[str, tuple[str, Any]]:
    """Definitions of another split, and of all of them."""
    over = "the std over all pixels (ddof 0), which normalizing needs, of"
    return {
        "the mean of all pixels, of val": ("mean", pooled(val).mean(0)),
        f"{over} val": ("std", pooled(val).std(0)),
        f"{over} all splits together": ("std", pooled([*train, *val]).std(0)),
        "the mean of all pixels, of all splits together": (
            "mean", pooled([*train, *val]).mean(0),
        ),
    }  # fmt: skip


#: To which numbers are rounded; one of them tells enough, most days.
DIGITS = [7, *(pytest.param(digits, marks=pytest.mark.matrix) for digits in (4, 12))]
VAL = [255 - image for image in IMAGES[:3]]
#: Of images of one size a stats file tells them all.
ALIKE = defined(IMAGES) | elsewhere(IMAGES, VAL)


def weighted(images: list[Any]) -> dict[str, tuple[str, Any]]:
    """Definitions in which every image has the same weight, whatever its size."""
    x, own = pooled(images), [image.reshape(-1, 3) / 255 for image in images]
    weights = np.concatenate([np.full(len(i), 1 / len(i) / len(own)) for i in own])
    mean = np.average(x, axis=0, weights=weights)
    return {
        "the average over images of each image's own mean, of train": ("mean", mean),
        "the std over all pixels, each image with the same weight whatever its size, of train": (
            "std", np.sqrt(np.average((x - mean) ** 2, axis=0, weights=weights)),
        ),
    }  # fmt: skip


#: Of images of several sizes the images do, and there are more of them.
UNLIKE = defined(SIZES) | elsewhere(SIZES, VAL) | weighted(SIZES)


def written(folder: Path, train: list[Any]) -> Path:
    for split, images in (("train", train), ("val", VAL)):
        for number, pixels in enumerate(images):
            make.write(folder / split / f"{number}.png", make.encoded(pixels))
    return folder


@pytest.fixture(scope="module")
def stats(tmp_path_factory: pytest.TempPathFactory) -> normstat.Stats:
    folder = written(tmp_path_factory.mktemp("explain"), IMAGES)
    return normstat.compute(folder, workers=0, covariance=True)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Known:
    folder = written(tmp_path_factory.mktemp("sizes"), SIZES)
    return measured(folder, engine=Engine.of(workers=0))


def recognized(words: str, of: str, expected: Any, digits: int, known: Any) -> None:
    """The definition is found by its rounded numbers, and its values are NumPy's."""
    text = ",".join(f"{value:.{digits}f}" for value in expected)
    found = [origin for origin in normstat.explain(text, stats=known) if origin.words == words]
    assert [(origin.of, origin.fits) for origin in found if origin.of == of] == [(of, True)]
    values = next(origin.values for origin in found if origin.of == of)
    np.testing.assert_allclose(values, expected, rtol=1e-9)


@pytest.mark.parametrize("words", ALIKE)
@pytest.mark.parametrize("digits", DIGITS)
def test_a_stats_file_tells_where_a_number_is_from(
    stats: normstat.Stats, words: str, digits: int
) -> None:
    """Rounded as people write it, among all other definitions; the values are NumPy's."""
    recognized(words, *ALIKE[words], digits, stats)


@pytest.mark.parametrize("words", UNLIKE)
@pytest.mark.parametrize("digits", DIGITS)
def test_images_of_several_sizes_tell_it(images: Known, words: str, digits: int) -> None:
    """Each image's own numbers are known, so that every definition is exact."""
    recognized(words, *UNLIKE[words], digits, images)


def test_definitions_come_in_the_order_of_their_use(stats: normstat.Stats) -> None:
    """Where digits tell no two apart: ddof 0 before 1, train before val, data before published."""
    words = [each.words for each in definitions(Known(stats))]
    first = [each for each in words if each.endswith((" (ddof 0), of train", "needs, of train"))]
    assert len(first) == 4
    for each in first:
        assert "(ddof 1), of train" in words[words.index(each) + 1]
    values = stats.splits["train"].per_image.std
    exact = normstat.explain(values, stats=stats)
    assert "(ddof 0), of train" in exact[0].words


def test_of_one_size_weights_make_no_difference(stats: normstat.Stats) -> None:
    """So definitions that differ by them are named once."""
    words = [each.words for each in definitions(Known(stats))]
    assert not any(
        "own mean," in each or "same weight" in each for each in words if "train" in each
    )


def test_gray_among_color_counts_in_each_channel(tmp_path: Path) -> None:
    """Of a gray image each channel has the same own numbers."""
    gray = make.pixels(9, 7, 9)[..., 0]
    make.write(tmp_path / "a.png", make.encoded(IMAGES[0]))
    make.write(tmp_path / "b.png", make.encoded(IMAGES[1][:5]))
    make.write(tmp_path / "c.png", make.encoded(gray))
    three = [IMAGES[0], IMAGES[1][:5], np.repeat(gray[..., None], 3, axis=2)]
    expected = np.mean([image.reshape(-1, 3).std(0, ddof=1) / 255 for image in three], 0)
    known = measured(tmp_path, engine=Engine.of(workers=0))
    (first, *_) = normstat.explain(",".join(f"{value:.6f}" for value in expected), stats=known)
    assert first.words.startswith("the average over images of each image's own std (ddof 1), of")
    np.testing.assert_allclose(first.values, expected, rtol=1e-12)


def test_images_after_resize_and_crop(tmp_path: Path) -> None:
    """As recorded, or as asked; the words say which."""
    written(tmp_path, IMAGES)
    stats = normstat.compute(tmp_path, workers=0, resize=8, crop=6)
    known = measured(tmp_path, resize=8, crop=6, engine=Engine.of(workers=0))
    own = stats.splits["train"].per_image.std
    for each in (stats, known):
        (first, *_) = normstat.explain([round(value, 6) for value in own], stats=each)
        assert first.words.endswith("own std (ddof 0), of train after resize 8 and crop 6")


def test_a_stats_file_of_several_sizes_says_what_it_lacks(tmp_path: Path) -> None:
    """Sums tell no average variance of images of several sizes; what is about so says it."""
    written(tmp_path / "data", SIZES)
    stats = normstat.compute(tmp_path / "data", workers=0)
    normstat.save(stats, tmp_path / "s.json")
    _, own = UNLIKE["the average over images of each image's own std (ddof 1), of train"]
    found = normstat.explain(",".join(f"{value:.2f}" for value in own), stats=stats)
    assert any("about, as images have several sizes" in origin.words for origin in found)
    assert not any("average variance" in origin.words for origin in found)
    _, means = UNLIKE["the std of the images' own means (ddof 1), of train"]
    text = ",".join(f"{value:.6f}" for value in means)
    said = "images have several sizes: --data DATA tries more"
    assert said in here("explain", text, "--stats", tmp_path / "s.json").stdout
    run = here("explain", text, tmp_path / "data")
    assert "std: the std of the images' own means (ddof 1), of train" in run.stdout
    assert said not in run.stdout


@pytest.mark.parametrize("channel", range(3))
def test_one_digit_off(stats: normstat.Stats, channel: int) -> None:
    """A wrong digit, or two swapped, in one of several numbers; it is named, and the right one."""
    texts = [f"{value:.4f}" for value in stats.splits["train"].std]
    right = texts[channel]
    texts[channel] = right[:-1] + str((int(right[-1]) + 5) % 10)
    first = normstat.explain(",".join(texts), stats=stats)[0]
    assert (first.fits, first.slip) == (False, f"one digit off: {texts[channel]} should be {right}")
    assert first.words.startswith("the std over all pixels (ddof 0)")
    swapped = normstat.explain("0.485,0.456,0.460")[0]
    assert swapped.slip == "one digit off: 0.460 should be 0.406"
    assert "preset imagenet" in swapped.words


def test_digits_that_are_cut_off() -> None:
    """Not rounded, as many copy the numbers of CIFAR-10."""
    first = normstat.explain("0.247,0.243,0.261")[0]
    assert "preset cifar10 (" in first.words
    assert first.slip == "digits cut off instead of rounded"


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
    near = normstat.explain("0.2470,0.2435,0.2566")
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
    _, own = ALIKE["the average over images of each image's own std (ddof 1), of train"]
    run = here("explain", ",".join(f"{value:.5f}" for value in own), "--stats", file)
    lines = run.stdout.splitlines()
    assert run.returncode == 0
    assert "std: the average over images of each image's own std (ddof 1), of train" in lines[0]
    assert "(all digits fit)" in lines[0]
    assert lines[-1].startswith("training needs, of train: mean ")
    make.write(tmp_path / "data" / "a.png", make.encoded(IMAGES[0]))
    mean = ",".join(f"{value:.5f}" for value in pooled(IMAGES[:1]).mean(0))
    assert here("explain", mean, file).stdout == here("explain", mean, "--stats", file).stdout
    for words in (["--data", tmp_path / "data", "-j", "1"], [tmp_path / "data", "-q"]):
        run = here("explain", mean, *words)
        assert "mean: the mean of all pixels, of all" in run.stdout
    assert "nothing that is known" in here("explain", "0.987,0.123,0.5").stdout


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("hugging-face", "which normalizing needs, of train:"),
        ("detectron2", "which normalizing needs, of train, times 255, channels in reverse (BGR):"),
    ],
)
def test_a_config_is_explained_as_it_is_written(
    stats: normstat.Stats, tmp_path: Path, target: str, words: str
) -> None:
    """Its unit and order are part of the answer."""
    file, config = tmp_path / "stats.json", tmp_path / "config.json"
    normstat.save(stats, file)
    if target == "hugging-face":
        config.write_text(normstat.export(stats, target))
    else:
        split = stats.splits["train"]
        mean, std = ([value * 255 for value in each[::-1]] for each in (split.mean, split.std))
        config.write_text(json.dumps({"mean": mean, "std": std, "scale": 255, "order": "BGR"}))
    assert words in here("explain", "--config", config, "--stats", file).stdout


@pytest.mark.parametrize(
    ("white", "target", "unit"),
    [
        *((65535, "keras", ""), (65535, "opencv", ", times 65535"), (65535, "hugging-face", "")),
        *((4095, "torchvision", ", times 4095 / 65535"), (4095, "torchgeo", ", times 4095")),
        *((1, "torchvision", ", times 1 / 65535"), (1, "numpy", ""), (4095, "albumentations", "")),
    ],
)
def test_a_config_of_deep_pixels_is_explained(
    tmp_path: Path, white: int, target: str, unit: str
) -> None:
    """In the unit that it has, and all its digits fit, also where they are a variance."""
    for seed in range(2):
        pixels = make.pixels(seed, 9, 8, channels=1).astype(np.uint16) * 16
        make.write(tmp_path / "data" / "train" / f"{seed}.png", make.encoded(pixels))
    stats = normstat.compute(tmp_path / "data", workers=0, max_value=white)
    suffix = {"hugging-face": ".json", "torchgeo": ".yaml"}.get(target, ".py")
    file, config = tmp_path / "stats.json", tmp_path / f"config{suffix}"
    normstat.save(stats, file)
    config.write_text(normstat.export(stats, target))
    lines = here("explain", "--config", config, "--stats", file).stdout.splitlines()
    for of in ("the mean of all pixels", "the std over all pixels (ddof 0), which normalizing"):
        (line,) = (line for line in lines if f": {of}" in line)
        assert f", of train{unit}: " in line
        assert line.endswith("(all digits fit)")


def test_an_offset_is_of_the_pixels_that_there_are(tmp_path: Path) -> None:
    """Numbers of a config that subtracts one are told without it, for 16 bits as for 8."""
    stats = normstat.compute([np.full((3, 3), 7, np.uint16)], workers=0)
    config = {"rescale_factor": 1 / 32767.5, "rescale_offset": True}
    numbers = {"image_mean": [0.5], "image_std": [0.5]}
    (tmp_path / "a.json").write_text(json.dumps({**config, **numbers}))
    ((mean, std),) = read_config(str(tmp_path / "a.json"), stats)
    assert (*mean, *std) == pytest.approx((0.75, 0.25))


def test_zeros_at_the_end_are_shown() -> None:
    """Numbers of a list have equally many decimals."""
    run = here("explain", "0.2023,0.1994,0.2010")
    assert "with ddof 1): 0.2023, 0.1994, 0.2010 (all digits fit)" in run.stdout


#: Words on a command line → mean and std that are explained.
FORMS = {
    "0.485,0.456,0.406": ("imagenet", ""),
    "0.485 0.456 0.406": ("imagenet", ""),
    "0.485, 0.456, 0.406": ("imagenet", ""),
    "[0.485, 0.456, 0.406]": ("imagenet", ""),
    "(0.485,0.456,0.406) (0.229,0.224,0.225)": ("imagenet", "imagenet"),
    "0.485 0.456 0.406 0.229 0.224 0.225": ("imagenet", "imagenet"),
    "mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225]": ("imagenet", "imagenet"),
    "mean=[0.485, 0.456, 0.406] std=[0.229, 0.224, 0.225]": ("imagenet", "imagenet"),
    "0.1307 0.3081": ("mnist", "mnist"),
    "4.81e-1,4.58e-1,4.08e-1": ("clip", ""),
}


@pytest.mark.parametrize("quoted", [False, True])
@pytest.mark.parametrize("words", FORMS)
def test_numbers_as_people_paste_them(words: str, quoted: bool) -> None:
    """With commas, spaces, brackets, names; in one word of the shell or in many."""
    run = here("explain", *([words] if quoted else words.split()))
    assert run.returncode == 0
    for of, name in zip(("mean", "std"), FORMS[words], strict=True):
        assert (f"{of}: preset {name} (" in run.stdout) == bool(name)


def test_negative_numbers_are_numbers(tmp_path: Path) -> None:
    """No option, as the means of elevations or of arrays that were normalized."""
    images = [make.pixels(seed, 6, 5).astype("float32") / 64 - 3 - seed for seed in range(3)]
    for number, pixels in enumerate(images):
        np.save(tmp_path / f"{number}.npy", pixels)
    stats = normstat.compute(tmp_path, workers=0)
    normstat.save(stats, tmp_path / "s.json")
    own = [pixels.reshape(-1, 3).astype("float64") for pixels in images]
    root = np.sqrt(np.mean([x.var(0) for x in own], 0))
    (first, *_) = normstat.explain(",".join(f"{value:.6f}" for value in root), stats=stats)
    assert first.words.startswith("the root of the images' average variance (ddof 0), of")
    np.testing.assert_allclose(first.values, root, rtol=1e-12)
    mean = np.concatenate(own).mean(0)
    assert mean.max() < 0
    run = here(
        "explain", ",".join(f"{value:.5f}" for value in mean), "--stats", tmp_path / "s.json"
    )
    assert run.returncode == 0
    assert run.stdout.startswith("mean: the mean of all pixels")
    run = here("explain", "--statz", "s.json")
    assert (run.returncode, run.stdout) == (2, "")
    assert "--statz: no such option" in run.stderr


def test_what_is_refused(tmp_path: Path) -> None:
    """Each with a cure in the message."""
    for words, said in (
        ([], "give the numbers, as in 0.2023,0.1994,0.2010, or --config FILE"),
        (["0.5", "--config", "preset:clip"], "or --config FILE that has them"),
        (
            ["0.5", "--stats", "s.json", "--data", "x"],
            "s.json (stats file) and x (images): choose one",
        ),
        (["0.5", "x", "--stats", "s.json"], "s.json (stats file) and x (images): choose one"),
        (["0.5", "x", "y"], "x, y: give one of them"),
        (["x"], "x: is no number; give the numbers, as in 0.2023"),
        (["0.1,0.2", "0.3,0.4", "0.5,0.6"], "one list of numbers or two"),
        (["0.1", "0.2", "0.3", "0.4"], "one list of numbers or two"),
        (["0.5", "--resize", "8"], "--resize and --crop: are for DATA"),
    ):
        run = here("explain", *words)
        assert (run.returncode, run.stdout) == (2, ""), words
        assert said in run.stderr


def test_one_digit_fits_nearly_everything() -> None:
    """So what it is exactly goes alone; with more digits others fit as well."""
    assert {origin.words.split(" (")[0] for origin in normstat.explain("0.5,0.5,0.5")} == {
        "preset inception"
    }
    assert [origin.words for origin in normstat.explain("0,0,0", "1,1,1")] == [
        "preset yolo ([0, 1]: Ultralytics YOLO)",
        "nothing is divided, as by presets detectron2, caffe, caffe-ilsvrc, ssd, yolo",
    ]
    assert len(normstat.explain("0.4914,0.4822,0.4465")) == 2


def test_each_of_the_two_has_an_answer(stats: normstat.Stats, tmp_path: Path) -> None:
    """If nothing comes near one of them, that is said, and numbers of other channels are told."""
    run = here("explain", "0.987,0.123,0.5", "0.2470,0.2435,0.2616")
    assert "0.987,0.123,0.5: nothing that is known comes near; --stats FILE" in run.stdout
    assert "std: preset cifar10 (" in run.stdout
    normstat.save(stats, tmp_path / "s.json")
    run = here("explain", "0.987,0.123", tmp_path / "s.json")
    assert (
        "0.987,0.123: nothing that is known comes near; given are 2, and the images" in run.stdout
    )


@pytest.mark.matrix
def test_images_are_counted_by_workers(tmp_path: Path) -> None:
    """As of compute, where no statistics are at hand."""
    make.write(tmp_path / "a.png", make.encoded(IMAGES[0]))
    text = ",".join(f"{value:.5f}" for value in pooled(IMAGES[:1]).std(0, ddof=1))
    (first, *_) = normstat.explain(text, data=tmp_path)
    assert first.words.startswith("the std over all pixels (ddof 1), of")


def test_of_a_published_average_training_needs_the_pooled_std() -> None:
    """The other definition is named where that is published, too."""
    run = here("explain", "0.2023,0.1994,0.2010")
    assert "training needs the std over all pixels: preset cifar10: 0.2470322" in run.stdout
    assert "training needs" not in here("explain", "0.2470,0.2435,0.2616").stdout
    # The number of MNIST that is asked about most: each image's own std, with ddof 1.
    assert "preset mnist-own (" in here("explain", "0.3015").stdout.splitlines()[0]


def test_presets_are_searched() -> None:
    run = here("presets", "--search", "CIFAR")
    assert run.returncode == 0
    assert "cifar100-own" in run.stdout
    assert "imagenet" not in run.stdout
    assert "imagenet" in here("presets", "--search", "0.485").stdout
    run = here("presets", "--search", "unit")
    assert run.returncode == 2
    assert "--search unit: no such preset; unit is a method (--method unit)" in run.stderr
    assert here("presets", "clip", "--search", "x").returncode == 2
    assert "other  cifar10-copied, of the same images: std" in here("presets", "cifar10").stdout
    assert "the std is average of the images' own std" in here("presets", "cifar10-own").stdout
