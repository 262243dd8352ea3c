"""Constants in configurations that are there: numbers change, and nothing else does."""

import json
from pathlib import Path

import pytest
from command import here

from normstat.conventions.targets.in_place import replaced
from normstat.errors import UsageError
from normstat.presets import PRESETS

HUGGING = """{
  "do_resize": true,   // ours
  "image_mean": [
    0.5,
    0.5,
    0.5
  ],
  /* "image_std": 9 */ "image_std": [0.5, 0.5, 0.5],
  "size": {"height": 224}
}
"""


def test_a_file_is_updated_in_place(tmp_path: Path) -> None:
    """Only numbers change: order, spaces and comments stay; what is missing goes to the end."""
    file = tmp_path / "a.json"
    file.write_text(HUGGING)
    run = here("export", "preset:clip", "--to", "hugging-face", "-o", file, "--update")
    assert run.returncode == 0, run.stderr
    text = file.read_text()
    expected = (
        HUGGING.replace("0.5,\n    0.5,\n    0.5", "0.48145466,\n    0.4578275,\n    0.40821073")
        .replace("[0.5, 0.5, 0.5]", "[0.26862954, 0.26130258, 0.27577711]")
        .replace(
            "224}\n",
            '224},\n  "do_rescale": true,\n  "rescale_factor": 0.00392156862745098,\n'
            '  "do_normalize": true\n',
        )
    )
    assert text == expected
    assert (
        here("export", "preset:clip", "--to", "hugging-face", "-o", file, "--update").returncode
        == 0
    )
    assert file.read_text() == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", '{ "pretrained_cfg": {"mean": [1.0]}}'),
        ('{"pretrained_cfg": {"mean": [0]}}', '{"pretrained_cfg": {"mean": [1.0]}}'),
        ('{"pretrained_cfg": {}}', '{"pretrained_cfg": { "mean": [1.0]}}'),
        ("[1]", None),
        ('{"a": {"mean": 1}, "b": [{"mean": 1}]}', None),
        ('{"mean": 1', None),
        ("", None),
        ('{"mean": [1, 2]}', '{"mean": [1.0]}'),
    ],
)
def test_objects_in_a_file(text: str, expected: str | None) -> None:
    """One object has the numbers; otherwise there is none, and it is made."""
    if expected is None:
        with pytest.raises(UsageError):
            replaced(text, {"mean": [1.0]}, "mean", "pretrained_cfg")
        return
    found = replaced(text, {"mean": [1.0]}, "mean", "pretrained_cfg")
    assert json.loads(found) == json.loads(expected)


CLIP = PRESETS["clip"]
MEAN, STD = ([f"{255 * value:.9g}" for value in values] for values in (CLIP.mean, CLIP.std))
TERRATORCH = """# of ours
data:
  class_path: GenericNonGeoSegmentationDataModule
  init_args:
    batch_size: 8
    means: # of each band
      - 0.1 # red
      - 0.2   # green
      - 0.3
    stds: [1, 1, 1]  # not yet
    num_classes: 2
"""
UPDATED_TERRATORCH = (
    TERRATORCH.replace("0.1 #", f"{MEAN[0]} #")
    .replace("0.2   #", f"{MEAN[1]}   #")
    .replace("0.3\n", f"{MEAN[2]}\n")
    .replace("[1, 1, 1]", f"[{', '.join(STD)}]")
)
MASK_RCNN = """_BASE_: "base.yaml"
MODEL:
  WEIGHTS: "a.pkl"   # theirs
INPUT:
  FORMAT: "RGB"
"""
PLAIN_TOML = """title = "mean = [1, 2, 3]" # no key
[data]
mean = [
    0.1, # red
    0.2, 0.3,
]
std = 1 # of all
note = 'std'
[train]
rate = 0.1
"""


@pytest.mark.parametrize(
    ("name", "target", "text", "expected"),
    [
        ("a.yaml", "torchgeo", TERRATORCH, UPDATED_TERRATORCH),
        (
            "a.yml",
            "detectron2",
            MASK_RCNN,
            MASK_RCNN.replace(
                "# theirs\n",
                f"# theirs\n  PIXEL_MEAN: [{', '.join(MEAN)}]\n  PIXEL_STD: [{', '.join(STD)}]\n",
            ),
        ),
        (
            "a.yaml",
            "detectron2",
            "A: 1",
            (
                "A: 1\nMODEL:\n"
                f"  PIXEL_MEAN: [{', '.join(MEAN[::-1])}]\n"
                f"  PIXEL_STD: [{', '.join(STD[::-1])}]\n"
            ),
        ),
        (
            "a.toml",
            "toml",
            PLAIN_TOML,
            PLAIN_TOML.replace("0.1, #", "0.48145466, #")
            .replace("0.2, 0.3,", "0.4578275, 0.40821073,")
            .replace("std = 1 #", "std = [0.26862954, 0.26130258, 0.27577711] #")
            .replace(
                "note = 'std'\n",
                "note = 'std'\nscale = 1\norder = \"RGB\"\nwhite = 255\n"
                'channels = ["R", "G", "B"]\n',
            ),
        ),
    ],
)
def test_yaml_and_toml_are_updated_in_place(
    tmp_path: Path, name: str, target: str, text: str, expected: str
) -> None:
    """Comments, order and lines stay; numbers are in the order in which the file feeds images."""
    file = tmp_path / name
    file.write_text(text)
    for _ in range(2):  # the second time nothing changes
        run = here("export", "preset:clip", "--to", target, "-o", file, "--update")
        assert run.returncode == 0, run.stderr
        assert file.read_text() == expected


@pytest.mark.parametrize(
    ("name", "target", "text", "problem"),
    [
        ("a.json", "hugging-face", '{"image_mean": [0], "rescale_offset": true}', "does more to"),
        ("a.json", "torchgeo", "{}", "is for a file .yaml"),
        ("a.yaml", "torchgeo", "means: &a [1, 2, 3]\nstds: *a", "one list for mean and std"),
        ("a.yaml", "torchgeo", "a: {means: [1]}\nb: {means: [1]}", "in 2 mappings"),
        ("a.yaml", "torchgeo", "- means", "is not one YAML mapping"),
        ("a.yaml", "torchgeo", "a: [", "is not YAML"),
        ("a.yaml", "detectron2", "MODEL: {}", "has 'MODEL' with nothing in it"),
        ("a.toml", "toml", "mean = [", "is not TOML"),
        ("a.toml", "toml", "[a]\nmean = 1\n[b]\nmean = 1", "in 2 tables"),
    ],
)
def test_what_cannot_be_updated_is_left_alone(
    tmp_path: Path, name: str, target: str, text: str, problem: str
) -> None:
    """Where the numbers would be wrong, or their place cannot be told, the file stays as it was."""
    file = tmp_path / name
    file.write_text(text)
    run = here("export", "preset:clip", "--to", target, "-o", file, "--update")
    assert run.returncode == 2
    assert problem in run.stderr
    assert file.read_text() == text


def test_a_configuration_is_not_lost(tmp_path: Path) -> None:
    """Without ``--update`` a file with other settings is replaced if that is asked for."""
    file = tmp_path / "preprocessor_config.json"
    text = '{"size": {"height": 224}, "image_mean": [0.5], "image_std": [0.5]}'
    file.write_text(text)
    command = ("export", "preset:clip", "--to", "hugging-face", "-o", file)
    run = here(*command)
    assert run.returncode == 2
    assert "would lose size; --update changes its constants only" in run.stderr
    assert file.read_text() == text
    assert here(*command, "--overwrite").returncode == 0
    assert here(*command).returncode == 0  # what export has written has nothing to lose
    assert "size" not in json.loads(file.read_text())
    file.write_text("no JSON")
    run = here(*command)
    assert run.returncode == 2
    assert run.stderr.endswith("--overwrite replaces it\n")
    file.write_text("")
    assert here(*command).returncode == 0
