"""A training run's constants: read from every kind of file, and judged against the data."""

import dataclasses
import json
import math
import os
import re

import make
import pytest
from command import here
from hypothesis import given
from hypothesis import strategies as st

import normstat
from normstat.constants import Constants, Deviation
from normstat.conventions import Config, read
from normstat.conventions.formats.stated import stated
from normstat.conventions.places import Place
from normstat.conventions.read import READERS
from normstat.errors import StatsFileError, UsageError
from normstat.presets import DATA_SETS, POOLED, PRESETS, UNKNOWN
from normstat.rules import MARGIN
from normstat.stats import MeanStd
from normstat.statsfile.json_reader import Node
from normstat.verbs.check.project_settings import CheckSettings, project_settings
from normstat.verbs.check.training_config import slips
from normstat.verdict import Level

IMAGENET = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
HF = {"image_mean": IMAGENET["mean"], "image_std": IMAGENET["std"]}
MEAN, STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
PER_IMAGE = (0.2022, 0.1993, 0.2009)
# Keys by which readers of the same names of mean and std know theirs.
SIGNS = {"architecture": "x", "subgraph_metadata": [], **stated(None, None, "white")}


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Statistics of one split, made of two images."""
    folder = tmp_path_factory.mktemp("measured")
    for index in range(2):
        make.write(folder / f"{index}.png", make.encoded(make.pixels(index, 9, 12)))
    return normstat.compute(folder, workers=0).splits["all"]


@pytest.fixture(scope="module")
def cifar(measured):
    """The same split with published numbers of CIFAR-10."""
    return dataclasses.replace(
        measured, mean=MEAN, std=STD, per_image=MeanStd(MEAN, PER_IMAGE)
    )  # fmt: skip


def written(folder, content, name="config.json"):
    """The name of a file with this content."""
    text = content if isinstance(content, str) else json.dumps(content)
    file = folder / name
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    return str(file)


def judged(stats, mean, std, scale=None, order=None, **options):
    """The case that these constants come to."""
    (case,) = slips([Config("c.json", tuple(mean), tuple(std), scale, order, "")], stats, **options)
    assert case.rule == "config"
    return case


@pytest.mark.parametrize(
    ("content", "scale", "order"),
    [
        (HF, 1, "RGB"),
        (HF | {"do_rescale": True, "rescale_factor": 0.00392156862745098}, 1, "RGB"),
        (HF | {"rescale_factor": 0.0039}, 0.9945, "RGB"),
        (HF | {"rescale_factor": 1 / 127.5}, 2, "RGB"),
        (HF | {"do_rescale": False, "do_normalize": True}, 255, "RGB"),
        (HF | {"do_flip_channel_order": True}, 1, "BGR"),
        ({"image_processor": HF, "tokenizer": "t"}, 1, "RGB"),
        ({"architecture": "resnet18", **IMAGENET}, 1, "RGB"),
        ({"architecture": "resnet18", "pretrained_cfg": {"crop_pct": 0.9, **IMAGENET}}, 1, "RGB"),
        (IMAGENET, None, None),
        ({"data": IMAGENET, "list": [IMAGENET], "far": {"away": IMAGENET}}, None, None),
        (IMAGENET | {"scale": 255, "order": "BGR"}, 255, "BGR"),
    ],
)
def test_what_files_say(tmp_path, content, scale, order):
    """Every kind of file gives the same constants, and the scale and order that it implies."""
    (config,) = read(written(tmp_path, content))
    assert (config.mean, config.std) == (tuple(IMAGENET["mean"]), tuple(IMAGENET["std"]))
    assert config.order == order
    assert config.scale == (scale if scale is None else pytest.approx(scale))


@pytest.mark.parametrize("kind", READERS)
def test_every_reader_keeps_the_contract(tmp_path, kind):
    """A row of the table recognizes its own keys and nothing else, and names where they stand."""
    reader = READERS[kind].load()
    content = dict(zip(reader.KEYS, IMAGENET.values(), strict=True))
    root = Node({**SIGNS, **content}, "")
    assert reader.recognizes(root, root)
    assert not reader.recognizes(Node({"a": 1}, ""), root)
    config = reader.config("a.json", Place(root, root, kind, reader))
    assert config.source == f"{kind}, at /"
    assert (config.mean, config.std) == (tuple(IMAGENET["mean"]), tuple(IMAGENET["std"]))
    with pytest.raises(StatsFileError, match=f"{reader.KEYS[1]}' is missing"):
        reader.config("a.json", Place(Node({reader.KEYS[0]: 0.5}, ""), root, kind, reader))


EFFICIENT = {
    "image_processor_type": "EfficientNetImageProcessor",
    "image_mean": IMAGENET["mean"],
    "image_std": [0.47853944, 0.4732864, 0.47434163],
}


def fed(keys, pixels, kind=""):
    """What transformers feeds of pixels of 0 to 255: its own steps, one after the other."""
    rescaled = pixels * keys.get("rescale_factor", 1 / 127.5 if kind == "Vivit" else 1 / 255)
    if keys.get("offset", kind == "Vivit") or keys.get("rescale_offset"):
        rescaled = rescaled - 1
    values = rescaled if keys.get("do_rescale", True) else pixels
    if keys.get("do_normalize", True):
        values = (values - keys["image_mean"][0]) / keys["image_std"][0]
    if keys.get("include_top", kind == "EfficientNet"):
        values = values / keys["image_std"][0]
    return values


@pytest.mark.parametrize("kind", ["", "EfficientNet", "Vivit", "ViT"])
@given(keys=st.fixed_dictionaries(
    {"image_mean": st.just([0.25]), "image_std": st.just([0.5])},
    optional={
        **{
            key: st.booleans()
            for key in ("do_rescale", "do_normalize", "include_top", "rescale_offset", "offset")
        },
        "rescale_factor": st.sampled_from([1 / 255, 1 / 127.5, 1 / 65535]),
    },
))  # fmt: skip
def test_processors_feed_what_their_steps_give(tmp_path_factory, kind, keys):
    """Scale, mean and std of a processor's file give the values that its steps one by one give."""
    folder = tmp_path_factory.mktemp("processor")
    said = keys | ({"image_processor_type": f"{kind}ImageProcessorFast"} if kind else {})
    (config,) = read(written(folder, said))
    for pixels in (0, 51, 255):
        ours = pixels / 255 * config.scale - config.constants.mean[0]
        ours /= config.constants.std[0]
        assert math.isclose(ours, fed(keys, pixels, kind), rel_tol=1e-12, abs_tol=1e-12)
    assert config.written(config.constants) == config.numbers


def test_twice_divided(tmp_path, cifar):
    """EfficientNet's published std is a root, which include_top squares: ImageNet's, and a pass."""
    (case,) = slips(read(written(tmp_path, EFFICIENT)), cifar)
    assert case.level is Level.PASS
    assert "preset imagenet;" in case.message
    assert "include_top" in case.message
    (case,) = slips(read(written(tmp_path, EFFICIENT | {"include_top": False})), cifar)
    assert case.level is Level.FAIL


def test_twice_divided_by_mistake(tmp_path, cifar):
    """A std that include_top divides by twice is named so, a preset's as well as the data's."""
    for mean, std, whose in (
        (IMAGENET["mean"], IMAGENET["std"], "preset imagenet"),
        ([0.5] * 3, [0.5] * 3, "preset inception"),
        (MEAN, STD, "the data"),
    ):
        content = {"image_mean": mean, "image_std": std, "include_top": True}
        (case,) = slips(read(written(tmp_path, content)), cifar)
        assert case.level is Level.FAIL
        assert f"{whose}, but std divided by twice" in case.message
        assert "square root" in case.message
    roots = [math.sqrt(value) for value in STD]
    content = {"image_mean": MEAN, "image_std": roots, "include_top": True}
    (case,) = slips(read(written(tmp_path, content)), cifar)
    assert case.level is Level.PASS
    assert case.expected == case.observed


def test_offsets(tmp_path, cifar):
    """x * factor - 1 is [-1, 1]: the preset inception alone, and normalized again a mistake."""
    moved = {"rescale_factor": 1 / 127.5, "rescale_offset": True}
    (case,) = slips(read(written(tmp_path, moved | {"do_normalize": False})), cifar)
    assert case.level is Level.PASS
    assert "preset inception;" in case.message
    for mean, std, whose in (([0.5] * 3, [0.5] * 3, "preset inception"), (MEAN, STD, "the data")):
        content = moved | {"image_mean": mean, "image_std": std}
        (case,) = slips(read(written(tmp_path, content)), cifar)
        assert case.level is Level.FAIL
        assert f"{whose} for pixels of 0 to 1, but an offset" in case.message
    own = [2 * value - 1 for value in MEAN], [2 * value for value in STD]
    content = moved | dict(zip(("image_mean", "image_std"), own, strict=True))
    (case,) = slips(read(written(tmp_path, content)), cifar)
    assert case.level is Level.PASS


@pytest.mark.parametrize(
    "shaped", [lambda v: [[[v]]], lambda v: [v], lambda v: v], ids=["C11", "C1", "C"]
)
@pytest.mark.parametrize("batch", [False, True])
def test_shapes_of_lists(tmp_path, shaped, batch):
    """(C, 1, 1), (C, 1) and (1, C, 1, 1) are (C,)."""
    lists = {key: [shaped(value) for value in values] for key, values in IMAGENET.items()}
    if batch:
        lists = {key: [values] for key, values in lists.items()}
    (config,) = read(written(tmp_path, lists))
    assert (config.mean, config.std) == (tuple(IMAGENET["mean"]), tuple(IMAGENET["std"]))


def test_several_processors(tmp_path, cifar):
    """Each is looked at, at any depth, and its case says which one it is; sound is none."""
    content = {
        "image_processor": HF,
        "video_processor": HF | {"image_std": squares(HF["image_std"]), "do_rescale": True},
        "feature_extractor": {"do_normalize": False, "sampling_rate": 16000, "mean": -4.0},
        "deep": {"er": [1, {"image_processor": EFFICIENT}]},
        "processor_class": "AProcessor",
    }
    configs = read(written(tmp_path, content))
    pointers = ["/image_processor", "/video_processor", "/deep/er/1/image_processor"]
    assert [config.pointer for config in configs] == pointers
    cases = slips(configs, cifar)
    assert [case.level for case in cases] == [Level.PASS, Level.FAIL, Level.PASS]
    for case, pointer in zip(cases, pointers, strict=True):
        assert f"config.json at {pointer}: " in case.message
    nested = read(written(tmp_path, HF | {"video_processor": EFFICIENT}))
    assert [config.pointer for config in nested] == ["/", "/video_processor"]
    del content["video_processor"], content["deep"]
    (alone,) = read(written(tmp_path, content))
    assert alone.pointer == ""


def test_images_among_other_features(tmp_path):
    """Where some means have shape (C, 1, 1), only these are of images: LeRobot's stats.json."""
    of_image = {key: [[[value]] for value in values] for key, values in IMAGENET.items()}
    content = {"action": {"mean": [1.0, 2.0], "std": [1.0, 1.0]}, "camera": of_image}
    (config,) = read(written(tmp_path, content))
    assert config.mean == tuple(IMAGENET["mean"])
    both = read(written(tmp_path, content | {"second": of_image}))
    assert [config.pointer for config in both] == ["/camera", "/second"]


def test_toml(tmp_path):
    """TOML is read where the name ends so, with constants at the top or in a table."""
    (top,) = read(written(tmp_path, "mean = 0.5\nstd = [0.25, 0.25]\n", "a.TOML"))
    assert (top.mean, top.std) == ((0.5, 0.5), (0.25, 0.25))
    (table,) = read(written(tmp_path, "[norm]\nmean = [1, 2]\nstd = 1\nscale = 255", "a.toml"))
    assert (table.mean, table.std, table.scale) == ((1, 2), (1, 1), 255)
    assert "/norm" in table.source


def test_no_normalizing(tmp_path):
    """A processor that does not normalize has mean 0 and std 1, whatever else stands there."""
    for content in ({"do_normalize": False}, HF | {"do_normalize": False, "image_mean": None}):
        (config,) = read(written(tmp_path, content))
        assert (config.mean, config.std, config.scale) == ((0,), (1,), 1)


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_read_and_pass(cifar, name):
    """A preset under its own name is what it is published as, and passes by name."""
    (config,) = read(f"preset:{name.upper()}")
    row = PRESETS[name]
    assert (config.mean, config.std, config.scale, config.order) == (
        row.mean, row.std, row.scale, row.order
    )  # fmt: skip
    (case,) = slips([config], cifar)
    assert case.level is Level.PASS
    assert f"preset {name};" in case.message
    assert "σ" in case.message


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "not JSON"),
        ("{", "not JSON: .* line 1, column 2"),
        ('{"mean": NaN, "std": 1}', "/mean: NaN is no number"),
        ('{"mean": 1, "mean": 2, "std": 1}', "/mean: stands twice"),
        ('{"mean": 1e999, "std": 1}', "/mean: should be a finite number"),
        ('{"mean": ' + "9" * 5000 + ', "std": 1}', "/mean: .* too many digits"),
        ("[" * 100_000, "nested too deeply"),
        ('"\udcff"', "not UTF-8"),
        ([], "/: should be an object"),
        ({"a": 1}, "/: no mean and std"),
        ({"splits": {"train": IMAGENET}}, "/: no mean and std"),
        ({"mean": 0.5}, "/: 'std' is missing"),
        ({"std": 0.5}, "/: 'mean' is missing"),
        ({"mean": 0.5, "image_std": 0.5}, "several means: /mean, /image_mean"),
        (IMAGENET | {"b~/": IMAGENET}, r"several means: /mean, /b~0~1/mean"),
        ({"mean": "0.5", "std": 0.5}, "/mean: should be a finite number"),
        ({"mean": True, "std": 0.5}, "/mean: should be a finite number"),
        ({"mean": [0.5, None], "std": 0.5}, "/mean/1: should be a finite number"),
        ({"mean": [], "std": []}, "/mean: should have 1 to 512 items"),
        ({"mean": [0] * 513, "std": 1}, "/mean: should have 1 to 512 items"),
        ({"mean": [0, 0, 0], "std": [1, 1]}, "/std: should have 3 items"),
        ({"mean": [0, 0], "std": [1, 1, 1]}, "/std: should have 2 items"),
        ({"mean": 0, "std": 0}, "/std: number 0 should be above 0"),
        ({"mean": 0, "std": [1, -1]}, "/std: number 1 should be above 0"),
        (IMAGENET | {"scale": 1 / 255}, "/scale: should be 1, 255 or 65535"),
        (IMAGENET | {"scale": [0.08, 1]}, "/scale: should be 1, 255 or 65535"),
        (IMAGENET | {"order": "GBR"}, "/order: should be one of RGB, BGR"),
        (HF | {"rescale_factor": 0}, "/rescale_factor: should be above 0"),
        (HF | {"do_rescale": "yes"}, "/do_rescale: should be true or false"),
        (HF | {"include_top": 1}, "/include_top: should be true or false"),
        (HF | {"offset": -1}, "/offset: should be true or false"),
        ({"mean": [[0.5, 0.4], [0.3, 0.2]], "std": 1}, "/mean/0: should be a finite number"),
        ({"mean": [[]], "std": 1}, "/mean/0: should have 1 to 512 items"),
        ({"a": HF | {"image_std": [0.2, 0.2]}, "b": HF}, "/a/image_std: should have 3 items"),
        ({"mean": 0.5, "std": 1, "sampling_rate": 16000}, "/: no mean and std"),
    ],
)
def test_what_cannot_be_used(tmp_path, content, problem):
    """A refusal names the file and, as a JSON pointer, the place."""
    with pytest.raises(UsageError, match=problem) as caught:
        read(written(tmp_path, content))
    assert "config.json: " in str(caught.value)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("mean = ", "not TOML"),
        ("mean = 1\nmean = 2", "not TOML"),
        ("mean = nan\nstd = 1", "/mean: should be a finite number"),
        ("mean = 1979-05-27\nstd = 1", "/mean: should be a finite number"),
        ("mean = " + "9" * 5000, "not TOML"),
        ("mean = " + "[" * 100_000, "nested too deeply|not TOML"),
        ("a = '\udcff'", "not UTF-8"),
        ('"\\u001b[31m" = {mean = "?", std = 1}', r"/\\x1b\[31m/mean"),
    ],
)
def test_what_toml_cannot_be_used(tmp_path, content, problem):
    """TOML is refused with the same care as JSON."""
    with pytest.raises(UsageError, match=problem):
        read(written(tmp_path, content, "c.toml"))


def test_files_that_are_none(tmp_path):
    """What is not there, no file or too large is refused by name, and never read whole."""
    large = tmp_path / "500\n.json"
    with large.open("wb") as file:
        file.truncate(500 << 20)
    for name, problem in (
        (large, r"500\\n.json: larger than"),
        (tmp_path, "cannot be read"),
        (tmp_path / "no.json", "cannot be read"),
        ("a\0b", r"a\\x00b: cannot be read"),
        ("preset:imagnet", "did you mean imagenet"),
    ):
        with pytest.raises(UsageError, match=problem):
            read(str(name))


def test_the_numbers_of_the_data_pass(measured):
    """What compute wrote passes, in every scale and order that the config says."""
    mean, std = measured.mean, measured.std
    assert judged(measured, mean, std).level is Level.PASS
    assert judged(measured, mean[::-1], std[::-1], 1, "BGR").level is Level.PASS
    times = [[value * 255 for value in values] for values in (mean, std)]
    assert judged(measured, *times, 255, "RGB").level is Level.PASS


@given(st.integers(0, 2), st.booleans(), st.sampled_from([-1, 1]), st.floats(0, 0.3))
def test_the_margin(cifar, channel, is_std, sign, effect):
    """Constants fail if and only if a mean, in stds, or a std, as a share, is off by more."""
    mean, std = list(MEAN), list(STD)
    (std if is_std else mean)[channel] += sign * effect * STD[channel]
    level = judged(cifar, mean, std).level
    if abs(effect - MARGIN) > 1e-9 and level is not Level.WARN:
        assert level is (Level.PASS if effect < MARGIN else Level.FAIL)
    assert level is not Level.WARN or effect < MARGIN


def times(factor, values):
    return [value * factor for value in values]


def squares(values):
    return [value**2 for value in values]


SLIPS = [
    (times(255, MEAN), times(255, STD), "0–255 numbers"),
    (times(1 / 255, MEAN), times(1 / 255, STD), "0–1 numbers"),
    (MEAN[::-1], STD[::-1], "BGR"),
    (MEAN, squares(STD), "variance given as std"),
    (MEAN, MEAN, "std equals mean"),
    (times(255, MEAN[::-1]), times(255, STD[::-1]), "0–255 numbers .* and .*BGR"),
    (times(255, MEAN), squares(times(255, STD)), "0–255 numbers .* and variance"),
    ((0.406, 0.456, 0.485), (0.225, 0.224, 0.229), "preset imagenet, .*BGR"),
    (IMAGENET["mean"], squares(IMAGENET["std"]), "preset imagenet, .*variance"),
    ((127.5,) * 3, (127.5,) * 3, "preset inception, .*0–255 numbers"),
    ((0.485, 0.465, 0.406), IMAGENET["std"], "one digit off preset imagenet: 0.465 .* 0.456"),
    (IMAGENET["mean"], (0.229, 0.225, 0.225), "one digit off preset imagenet: 0.225 .* 0.224"),
    ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577771), "off preset clip"),
    ((123.675, 116.28, 103.35), (58.395, 57.12, 57.375), "one digit off preset imagenet-255"),
    ((0.5,) * 3, (0.25,) * 3, "nor a known preset"),
    ((0.48, 0.46, 0.41), (0.27, 0.26, 0.28), "nor a known preset"),
    ((0.3, 0.3, 0.3), (0.1, 0.1, 0.1), "nor a known preset"),
    ((0.5,) * 4, (0.25,) * 4, "4 channels, and the images have 3"),
]


@pytest.mark.parametrize(("mean", "std", "name"), SLIPS)
def test_slips_fail_by_name(cifar, mean, std, name):
    """Every classic slip fails, and its name is in the message."""
    case = judged(cifar, mean, std)
    assert case.level is Level.FAIL
    assert re.search(name, case.message), case.message


@pytest.mark.parametrize(
    ("mean", "std", "preset"),
    [
        ((0.4815, 0.4578, 0.4082), (0.2686, 0.2613, 0.2758), "clip"),
        ((0.5,), (0.5,), "inception"),
        ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225), "imagenet"),
    ],
)
def test_nearly_slips(cifar, mean, std, preset):
    """A preset in fewer digits, or as one number for all channels, is that preset."""
    case = judged(cifar, mean, std)
    assert case.level is Level.PASS
    assert f"preset {preset};" in case.message


def test_averages_over_images_are_a_warning(cifar):
    """The std that ImageNet's is: found by name, and left to the user."""
    case = judged(cifar, MEAN, PER_IMAGE)
    assert case.level is Level.WARN
    assert "published statistics cifar10-own: CIFAR-10, train; std average of" in case.message
    ours = dataclasses.replace(cifar, per_image=MeanStd(MEAN, (0.17, 0.18, 0.19)))
    case = judged(ours, MEAN, (0.17, 0.18, 0.19))
    assert case.level is Level.WARN
    assert "averaged over each image's own mean and std" in case.message
    neither = [0.22, 0.21, 0.23]
    assert judged(cifar, MEAN, neither).level is Level.FAIL


@pytest.mark.parametrize("digits", [4, 6, 17])
@pytest.mark.parametrize("name", DATA_SETS)
def test_published_statistics_say_their_definition(measured, name, digits):
    """Found in any rounding; those over all pixels pass for such data, others are a warning."""
    row = DATA_SETS[name]
    mean, std = ([float(f"{value:.{digits}f}") for value in each] for each in (row.mean, row.std))
    scale = len(mean) // len(row.mean)
    of_it = dataclasses.replace(measured, mean=row.mean * 3 * scale, std=row.std * 3 * scale)
    of_it = dataclasses.replace(of_it, mean=of_it.mean[:3], std=of_it.std[:3])
    fits, other = judged(of_it, mean, std), judged(measured, mean, std)
    for case in (fits, other):
        assert re.search(f"published statistics {name}(-\\w+)?: ", case.message)
        assert row.what.partition(";")[0] in case.message
        assert row.definition.partition(",")[0] in case.message
    pooled = row.definition in (POOLED, UNKNOWN)
    assert fits.level is (Level.PASS if pooled else Level.WARN)
    assert other.level is Level.WARN
    assert ("need the std over all pixels" in fits.message) == (not pooled)


def test_the_std_that_is_copied_for_cifar10(tmp_path):
    """It is told what it is, and the other one, whatever the data; `preset:` is read likewise."""
    for index in range(2):
        make.write(
            tmp_path / "data" / "train" / f"{index}.png", make.encoded(make.pixels(index, 9, 12))
        )
    here("compute", "data", "-o", "s.json", "-q", cwd=tmp_path)
    copied = {"mean": [0.4914, 0.4822, 0.4465], "std": [0.2023, 0.1994, 0.2010]}
    (tmp_path / "c.json").write_text(json.dumps(copied))
    for config in ("c.json", "preset:cifar10-copied"):
        run = here("check", "data", "--stats", "s.json", "--config", config, cwd=tmp_path)
        assert run.returncode == 0
        assert "std average of the images' own std, with ddof 1" in run.stdout + run.stderr
        assert (
            "need the std over all pixels (published: 0.247 0.2435 0.2616)"
            in run.stdout + run.stderr
        )


def test_a_published_number_with_a_wrong_digit(cifar, measured):
    """Rounded ones, too, but not where the data may have it: those were perhaps measured."""
    wrong = judged(measured, MEAN, (0.2470, 0.2435, 0.2916))
    assert wrong.level is Level.FAIL
    assert "one digit off preset cifar10: 0.2916 should be 0.2616" in wrong.message
    assert "0.2001 should be 0.201" in judged(cifar, MEAN, (0.2023, 0.1994, 0.2001)).message
    assert judged(cifar, MEAN, (0.2470, 0.2435, 0.2615)).level is Level.PASS


def test_published_statistics_in_another_unit(measured):
    """As numbers for pixels of 0 to 255 they are known, too."""
    row = DATA_SETS["svhn"]
    case = judged(measured, times(255, row.mean), times(255, row.std), 1, "RGB")
    assert case.level is Level.FAIL
    assert "preset svhn, but 0–255 numbers where pixels are 0–1" in case.message


def test_what_to_say_instead(cifar):
    """A file of one's own may say 255 or BGR; one that says what it is for needs other numbers."""
    numbers = times(255, MEAN[::-1]), times(255, STD[::-1])
    assert 'say "scale": 255 and "order": "BGR"' in judged(cifar, *numbers).message
    assert judged(cifar, *numbers, 255, "BGR").level is Level.PASS
    assert "say" not in judged(cifar, *numbers, 1, "RGB").message
    assert "say" not in judged(cifar, MEAN, squares(STD)).message


def test_a_preset_that_needs_more_said_is_a_warning(cifar):
    """A file that does not say 255 or BGR cannot be told from one that forgot; said, it passes."""
    row = PRESETS["detectron2-std"]
    unsaid = judged(cifar, row.mean, row.std)
    assert unsaid.level is Level.WARN
    assert '"scale": 255 and "order": "BGR"' in unsaid.message
    assert judged(cifar, row.mean, row.std, 255, "BGR").level is Level.PASS
    assert judged(cifar, row.mean, row.std, 1, "RGB").level is Level.FAIL


def test_a_slip_that_makes_no_difference_is_a_warning(cifar):
    """BGR where red and blue are alike: within the margin, still named."""
    alike = dataclasses.replace(cifar, mean=(0.49, 0.48, 0.475), std=(0.25, 0.25, 0.25))
    case = judged(alike, (0.475, 0.48, 0.49), (0.25, 0.25, 0.25))
    assert case.level is Level.WARN
    assert "BGR" in case.message
    assert judged(alike, (0.475, 0.48, 0.475), (0.25, 0.25, 0.25)).level is Level.PASS


def test_the_fewest_slips_are_named(cifar):
    """One slip that explains the numbers is named alone, even if a second makes them nearer."""
    alike = dataclasses.replace(cifar, mean=(0.4, 0.41, 0.404), std=(0.2, 0.2, 0.2))
    case = judged(alike, times(255, (0.404, 0.41, 0.4)), times(255, (0.2, 0.2, 0.2)))
    assert case.level is Level.FAIL
    assert "0–255 numbers" in case.message
    assert "reverse" not in case.message


def test_gray_images(cifar):
    """Gray is fed to three channels as three equal ones; one number is for all channels."""
    gray = dataclasses.replace(
        cifar, channels=("gray",), mean=(0.1307,), std=(0.3081,), per_image=MeanStd()
    )
    assert judged(gray, [0.1307], [0.3081]).level is Level.PASS
    assert judged(gray, [0.1307] * 3, [0.3081] * 3).level is Level.PASS
    assert judged(gray, [0.3081], [0.1307]).level is Level.FAIL
    color = dataclasses.replace(cifar, mean=(0.4,) * 3, std=(0.2,) * 3)
    assert judged(color, [0.4], [0.2]).level is Level.PASS


def test_what_cannot_be_compared(cifar):
    """A split without images is inconclusive, and a std of 0 no division."""
    nothing = dataclasses.replace(cifar, mean=None, std=None, per_image=MeanStd())
    assert judged(nothing, MEAN, STD).level is Level.INCONCLUSIVE
    flat = dataclasses.replace(cifar, mean=(0.5,) * 3, std=(0.0,) * 3)
    case = judged(flat, (0.5,) * 3, (0.1,) * 3)
    assert case.level is Level.FAIL
    assert "inf" in case.message


def test_cases_say_what_was_compared(cifar):
    """One case for each config, in order, with both sides in the config's own numbers."""
    names = ("a.json", "b\n.json")
    configs = [Config(name, MEAN, STD, 1, "RGB", "") for name in names]
    cases = slips(configs, cifar, "train")
    assert [case.message.partition(":")[0] for case in cases] == ["a.json", r"b\n.json"]
    assert {case.split for case in cases} == {"train"}
    assert cases[0].expected == cases[0].observed
    raw = judged(cifar, times(255, MEAN), times(255, STD), 255)
    assert raw.expected == raw.observed == "mean 125.307 122.961 113.858, std 62.985 62.0925 66.708"


def test_settings(tmp_path, monkeypatch):
    """The nearest pyproject.toml with the table counts, and its files are beside it."""
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert project_settings() == CheckSettings()
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.ruff]\n")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.normstat.check]\nmode = "compatible"\nmargin = 1\nrequire-conclusive = true\n'
        'config = ["c.json", "preset:clip"]\n[tool.normstat.check.rules]\nleakage = "off"\n'
    )
    found = project_settings()
    assert found == CheckSettings(
        mode="compatible",
        margin=1.0,
        rules={"leakage": "off"},
        config=(os.path.join("..", "..", "c.json"), "preset:clip"),
        require_conclusive=True,
        file=os.path.join("..", "..", "pyproject.toml"),
    )
    (below / "pyproject.toml").write_text("[tool.normstat.check]\n")
    assert project_settings() == CheckSettings(file="pyproject.toml")


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("modus = 1", "/tool/normstat/check/modus: no such key; there are mode"),
        ("mode = 'other'", "/mode: should be one of same, compatible"),
        ("margin = 0", "/margin: should be above 0"),
        ("margin = inf", "/margin: should be a finite number"),
        ("require-conclusive = 1", "/require-conclusive: should be true or false"),
        ("require_conclusive = true", "/require_conclusive: no such key"),
        ("config = 'a.json'", "/config: should be a list"),
        ("config = [1]", "/config/0: should be a string"),
        ("config = ['a.json', '']", "/tool/normstat/check/config/1: is empty; give the name of"),
        ("config = ['preset:']", "/config/0: is empty; give the name of a file, or preset:NAME"),
        ("rules = {leak = 'off'}", "/rules/leak: no such rule; there are unknown-split"),
        ("rules = {leakage = 'error'}", "/rules/leakage: should be one of off, warn, fail"),
        ("rules = ['leakage']", "/rules: should be an object"),
        ("mode = ", "not TOML"),
    ],
)
def test_settings_that_are_none(tmp_path, table, problem):
    """An unknown key, rule or value is refused with the file's name and its place."""
    (tmp_path / "pyproject.toml").write_text(f"[tool.normstat.check]\n{table}\n")
    with pytest.raises(UsageError, match=problem) as caught:
        project_settings(str(tmp_path))
    assert "pyproject.toml: " in str(caught.value)


def test_settings_that_cannot_be_read(tmp_path):
    """A link to nowhere, or a folder of that name, is an error and never passed over."""
    (tmp_path / "pyproject.toml").write_text("[tool.normstat.check]\n")
    below = tmp_path / "below"
    below.mkdir()
    (below / "pyproject.toml").mkdir()
    with pytest.raises(UsageError, match=r"pyproject\.toml: cannot be read"):
        project_settings(str(below))
    (below / "pyproject.toml").rmdir()
    try:
        (below / "pyproject.toml").symlink_to(tmp_path / "gone.toml")
    except OSError:
        pytest.skip("no links here")
    with pytest.raises(UsageError, match=r"pyproject\.toml: cannot be read"):
        project_settings(str(below))


def test_a_config_without_a_name():
    """It is said to be empty, not to be a file that is not there."""
    with pytest.raises(UsageError, match="config '': is empty; give the name of a file"):
        read("")


def test_distances_are_exact():
    """The margin is of the larger of both: means in stds of the data, stds as a share."""
    away = Deviation.between(Constants((1.0, 2.0), (1.0, 3.0)), Constants((0.0, 2.0), (2.0, 2.0)))
    assert (away.mean, away.std, away.worst) == (0.5, 0.5, 0.5)
    flat = Constants((1.0,), (0.0,))
    assert Deviation.between(flat, flat).worst == 0
    assert math.isinf(Deviation.between(Constants((1.0,), (0.5,)), flat).std)
