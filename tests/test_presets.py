"""Published constants: found by their names, and consistent with each other."""

import dataclasses

import command
import make
import numpy as np
import pytest

import normstat
from normstat.conventions.targets import TARGETS
from normstat.errors import UsageError
from normstat.methods import METHODS
from normstat.presets import DATA_SETS, PRESETS, Preset, preset
from normstat.presets import NAMES as NAMES_OF_PRESETS
from normstat.unknown_names import KINDS

NAMES = [(name, row) for row in PRESETS.values() for name in (row.name, *row.aliases)]


def test_a_name_is_of_one_preset():
    """No alias is another's name, and none is a method's: one word means one thing."""
    names = [name for name, _ in NAMES]
    names += DATA_SETS
    assert len(names) == len(set(names))
    plain = {name.replace("-", ""): preset(name) for name in names}
    assert all(preset(name) is plain[name.replace("-", "")] for name in names)
    assert not set(names) & set(METHODS)
    assert all(name == name.lower() and "_" not in name for name in names)


@pytest.mark.parametrize(("name", "row"), NAMES)
def test_every_name_finds_its_preset(name, row):
    """Names and aliases are found in any case, with ``_`` for ``-`` or without both."""
    assert preset(name) is preset(name.upper().replace("-", "_")) is row
    assert preset(name.replace("-", "")) is row
    assert PRESETS[row.name] is row


def test_an_unknown_name():
    """The message has the name that was meant, and how to list names of every kind."""
    with pytest.raises(UsageError, match=r"did you mean imagenet\?") as caught:
        preset("imagnet")
    assert all(kinds in str(caught.value) for kinds, _ in KINDS.values())
    with pytest.raises(UsageError, match="nope: no such preset; to list presets and published"):
        preset("nope")
    with pytest.raises(UsageError, match="did you mean cifar10 or cifar10-own"):
        preset("CIFAR")
    with pytest.raises(UsageError) as caught:
        preset("\x1b[31m")
    assert "\x1b" not in str(caught.value)


#: A command line with a name of another kind, or of none → what is said of it.
WRONG = {
    "presets imagnet": "imagnet: no such preset; did you mean imagenet? to list",
    "presets standard": "no such preset; standard is a method (--method standard); to list",
    "apply d o --preset unti": "did you mean the method unit (--method unit)? to list",
    "apply d o --preset keras": "keras is a target (--to keras); did you mean keras-torch or",
    "apply {} o --method mnist": "--method mnist: no such method; mnist is a preset (--preset",
    "apply {} o --method z-score": "--method z-score: no such method; to list",
    "export clip --to mnist": "--to mnist: no such target; mnist is a preset (--preset mnist)",
    "export clip --to jason": "--to jason: no such target; did you mean json? to list",
    "export nope --to json": "nope: no such preset or method; to list",
    "explain --config preset:nope": "nope: no such preset; to list",
}


@pytest.mark.parametrize("line", WRONG)
def test_a_name_of_another_kind(line, tmp_path):
    """One message: of which kind the name is, if any, and how each kind is listed."""
    make.write(tmp_path / "a.png", make.encoded(make.pixels(1, 5, 7)))
    run = command.here(*line.format(tmp_path).split())
    assert (run.returncode, run.stdout) == (2, "")
    assert WRONG[line] in run.stderr
    assert len(run.stderr.splitlines()) == 1
    for words, lister in KINDS.values():
        assert f"{words}: {lister}" in run.stderr


def test_the_lists_that_messages_name_are_whole():
    """Each command named there lists every name of its kind."""
    listed = command.here("presets").stdout
    assert [name for name in (*NAMES_OF_PRESETS, *DATA_SETS) if name not in listed] == []
    listed = "".join(command.here("apply", "--help").stdout.split())
    assert [name for name in METHODS if name not in listed] == []
    listed = command.here("export", "--list").stdout
    assert [name for name in TARGETS if name not in listed] == []


@pytest.mark.parametrize(
    "changes", [{"mean": (0.5, 0.5)}, {"std": ()}, {"scale": 100}, {"order": "GBR"}]
)
def test_what_is_no_preset(changes):
    """Three numbers, a scale of 1 or 255, RGB or BGR."""
    with pytest.raises(UsageError, match="should be"):
        dataclasses.replace(PRESETS["clip"], **changes)


def test_imagenet_times_255():
    """The numbers that OpenMMLab writes out are those of torchvision times 255."""
    small, large = PRESETS["imagenet"], PRESETS["imagenet-255"]
    assert tuple(round(value * 255, 3) for value in small.mean) == large.mean
    assert tuple(round(value * 255, 3) for value in small.std) == large.std


@pytest.mark.parametrize("pair", [("imagenet", "imagenet-255"), ("clip", "clip-255")])
def test_a_preset_and_its_double(pair):
    """Two ways to write the same constants give the same arrays."""
    image = np.arange(256, dtype="uint8").repeat(3).reshape(16, 16, 3)
    small, large = (normstat.normalizer(name)(image) for name in pair)
    np.testing.assert_allclose(small, large, rtol=0, atol=1e-6)


def test_rows_that_descend_from_others():
    """Detectron2's are ImageNet's in BGR; DPN has one scale for all channels."""
    assert PRESETS["detectron2"].mean == PRESETS["imagenet-255"].mean[::-1]
    assert PRESETS["detectron2-std"].std == PRESETS["imagenet-255"].std[::-1]
    assert len(set(PRESETS["dpn"].std)) == 1
    assert PRESETS["dpn"].std[0] == pytest.approx(0.2348245, abs=1e-7)


def test_the_ones_from_caffe():
    """What comes from Caffe is in BGR, for pixels up to 255, and has no std."""
    for name in ("caffe", "caffe-ilsvrc", "ssd", "detectron2"):
        row = PRESETS[name]
        assert (row.order, row.scale, row.std) == ("BGR", 255, (1, 1, 1))
        assert row.mean[0] < row.mean[1] < row.mean[2]  # photos have least blue


def test_where_the_scale_is_1_so_are_the_numbers():
    """Means of scale 1 are in [0, 1]; those of scale 255 are not."""
    for row in PRESETS.values():
        assert (max(row.mean) <= 1) == (row.scale == 1)
        assert min(row.std) > 0


def test_inception_is_for_scaled_pixels():
    """0.5 and 0.5 are [-1, 1] only where white is 1: floats up to 255 have to say so."""
    image = np.array([[[0.0, 127.5, 255.0]]])
    assert normstat.normalizer("inception", scale=255)(image).tolist() == [[[-1, 0, 1]]]
    assert normstat.normalizer("inception")(image).max() == 509
    assert normstat.normalizer("tf")(image.astype("uint8")).min() == -1


def test_facenet_does_not_reach_1():
    """127.5 and 128: white is a little below 1."""
    white = np.full((1, 1, 3), 255, "uint8")
    assert normstat.normalizer("facenet", dtype="float64")(white)[0, 0, 0] == 127.5 / 128


def test_the_table_has_every_name_and_source():
    """All that is known of each preset is in lines that 200 columns hold."""
    lines = command.normstat("presets").stdout.splitlines()
    assert max(map(len, lines)) <= 200
    for row in PRESETS.values():
        numbers, names = (line for line in lines if line.split()[:1] == [row.name])
        assert row.source in numbers
        assert row.what in names
        assert all(alias in names.split(row.what)[1] for alias in row.aliases)


def test_presets_of_ones_own():
    """A Preset is used like those of the table."""
    own = Preset("ours", (10, 20, 30), (1, 2, 4), "a test", "here", scale=255, order="BGR")
    result = normstat.normalizer(own, dtype="float64")(np.array([[[30, 20, 10]]], "uint8"))
    np.testing.assert_allclose(result, 0, atol=1e-13)


@pytest.mark.parametrize("name", DATA_SETS)
def test_published_statistics_normalize(name):
    """Their mean becomes 0, and one std above it 1."""
    row = DATA_SETS[name]
    pixels = np.array([row.mean, np.add(row.mean, row.std)])[:, None, :]
    result = normstat.normalizer(name, dtype="float64")(pixels)
    np.testing.assert_allclose(
        result.ravel(), [0] * len(row.mean) + [1] * len(row.mean), atol=1e-12
    )


@pytest.mark.parametrize("name", ["cifar10", "cifar10-copied", "eurosat", "stl10"])
def test_apply_says_which_std_published_statistics_have(tmp_path, name):
    """On the terminal, before anything is written."""
    make.write(tmp_path / "data" / "a.png", make.encoded(make.pixels(1, 5, 7)))
    run = command.here("apply", "data", "o", "--preset", name, "--dry-run", cwd=tmp_path)
    assert run.returncode == 0
    assert f"{name} are published statistics: " in run.stderr
    assert f"; std {DATA_SETS[name].definition}" in run.stderr
