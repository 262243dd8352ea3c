"""Files that have constants: code as people write it, YAML as it should not be, and any bytes."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normstat.conventions import Config, read
from normstat.conventions.formats import FORMATS
from normstat.conventions.read import read_bytes
from normstat.errors import UsageError


def one(name: str, text: str) -> Config:
    (config,) = read_bytes(name, text.encode())
    return config


@pytest.mark.parametrize(
    ("text", "mean", "std", "scale", "order", "pixels"),
    [
        ("T.Normalize((0.5,), (0.25,))", 0.5, 0.25, 1, "RGB", "dtype"),
        ("import x\nx.Normalize(mean=[1 / 2], std=[-0.25 + 0.5])", 0.5, 0.25, 1, "RGB", "dtype"),
        (
            "M = 0.5\nclass A:\n  def f(s): return T.Normalize([M], [M / 2])",
            0.5,
            0.25,
            1,
            "RGB",
            "dtype",
        ),
        ("F.normalize(image, [0.5], [0.25])", 0.5, 0.25, 1, "RGB", "dtype"),
        ("A.Normalize(mean=[0.5], std=[0.25])", 0.5, 0.25, 1, "RGB", "stored"),
        ("A.Normalize([0.5], [0.25], max_pixel_value=1.0)", 0.5, 0.25, 255, "RGB", "stored"),
        ("img_norm_cfg = dict(mean=[127], std=[64], to_rgb=False)", 127, 64, 255, "BGR", "stored"),
        (
            "x = dict(type='DetDataPreprocessor', mean=[127], std=[64])",
            127,
            64,
            255,
            "BGR",
            "stored",
        ),
        ("layers.Normalization(mean=0.5, variance=0.0625)", 0.5, 0.25, 255, "RGB", "stored"),
        ("cfg.MODEL.PIXEL_MEAN = [1.]\ncfg.MODEL.PIXEL_STD = [2.]", 1, 2, 255, "BGR", "stored"),
        (
            "mean, std = 1, 2\nMEAN = np.array([0.5])\nSTD = np.array([0.25])",
            0.5,
            0.25,
            None,
            None,
            "white",
        ),
        ("N.Normalize([.5], [.25]); N.Normalize([.5], [.25])", 0.5, 0.25, 1, "RGB", "dtype"),
        ("s = '\\d'; N.Normalize([.5], [.25])", 0.5, 0.25, 1, "RGB", "dtype"),
    ],
)
def test_python_code_is_read_and_not_run(
    text: str, mean: float, std: float, scale: float, order: str, pixels: str
) -> None:
    """Calls as people write them; the same numbers twice count once."""
    config = one("train.py", text)
    assert (config.mean, config.std) == ((mean,), (std,))
    assert (config.scale, config.order, config.pixels) == (scale, order, pixels)


@pytest.mark.parametrize(
    "text",
    [
        "T.Normalize(mean, std)",
        "torch.nn.functional.normalize(x, 2, 1)",
        "BatchNormalization(axis=1)",
        "raise SystemExit(3)",
        "f.Normalize(mean=[0.5])",
        "Normalization(mean=0, variance=-1)",
        "Normalization(mean=0, variance=1" + "0" * 400 + ")",
        "dict(mean=1, std=2)",
        "",
    ],
)
def test_code_without_constants_has_none(text: str) -> None:
    """What is no number in the text is not guessed, and nothing is run."""
    with pytest.raises(UsageError, match="no mean and std"):
        one("train.py", text)


def test_train_and_validation_may_differ(tmp_path: Path) -> None:
    """Two calls with other numbers are two configs, named by their lines."""
    file = tmp_path / "a.py"
    file.write_text("a.Normalize([0.5], [0.25])\nb.Normalize([0.5], [0.5])\n")
    pointers = [config.pointer for config in read(str(file))]
    assert pointers == ["/a.Normalize in line 1", "/b.Normalize in line 2"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("means: [1]\nmeans: [2]\nstds: [1]", "/means: stands twice in one mapping"),
        ("means: [.nan]\nstds: [1]", "/means/0: should be a finite number"),
        ("means: [1e-3]\nstds: [1]", "/means/0: should be a finite number"),
        ("means: [1]", "'stds' is missing"),
        ("a: [", "not YAML"),
        ("- 1", "/: should be an object"),
        ("", "/: should be an object"),
        ("a: 1\n---\nb: 2", "not YAML"),
        (
            "a: &a ["
            + "x, " * 9
            + "]\n"
            + "".join(
                f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n"
                for a, b in zip("abcdefgh", "bcdefghi", strict=True)
            ),
            "too many values",
        ),
        (
            "a: &a {x: 1}\n"
            + "".join(
                f"{b}: &{b} {{<<: [{', '.join([f'*{a}'] * 9)}]}}\n"
                for a, b in zip("abcdefgh", "bcdefghi", strict=True)
            ),
            "too many values",
        ),
        ("[" * 500, "nested too deeply"),
    ],
)
def test_yaml_that_cannot_be_used(text: str, problem: str) -> None:
    """A refusal says the place; aliases of aliases end, as does what is nested without an end."""
    with pytest.raises(UsageError, match=problem):
        one("a.yaml", text)


def test_yaml_merges_and_tags() -> None:
    """Keys that are said go before those merged in; objects of a tag are plain values."""
    text = "base: &b {means: [1], stds: [2]}\n"
    merged = "data: !!python/object/apply:os.abort\n  - {<<: *b, stds: [3], bands: !x [a]}\n"
    first, second = read_bytes("a.yaml", (text + merged).encode())
    assert (first.std, second.mean, second.std) == ((2.0,), (1.0,), (3.0,))


SIGNS = "=:[]{}(),|#'\";/*\\&\n \0"
NUMBERS = ("0.5", "-1", "1e999", "nan", "9" * 5000)
KEYS = (
    "mean",
    "std",
    "means",
    "stds",
    "MEAN",
    "STD",
    "PIXEL_MEAN",
    "NORMSTAT_MEAN",
    "NORMSTAT_STD",
)
WORDS = ("Normalize", "dict", "to_rgb", "float mean[1]=", "offsets", "net-scale-factor", "*a", "<<")
TEXTS = st.lists(st.sampled_from([*SIGNS, *NUMBERS, *KEYS, *WORDS]), max_size=30)


@pytest.mark.parametrize("ending", FORMATS)
@given(text=TEXTS.map("".join) | st.text(max_size=40))
def test_any_text_is_read_or_refused(ending: str, text: str) -> None:
    """No text of any format ends in another error."""
    with contextlib.suppress(UsageError):
        read_bytes(f"a{ending}", text.encode("utf-8", "surrogatepass"))
