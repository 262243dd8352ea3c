"""``--max-value``: what is white where a file cannot say; and ``--channel-names``."""

import json
from pathlib import Path
from typing import Any

import make
import numpy as np
import pytest
from applied import arrays
from command import here as command

import normstat
from normstat.errors import UsageError

# 12 bits in 16.
DEEP = make.pixels(1, 40, 30, channels=1, dtype="uint16") // 16
RGB = make.pixels(2, 20, 31)
FLOAT = (DEEP / np.float32(3)).astype("float32")


def folder(root: Path, *images: Any) -> Path:
    """A split with these arrays as images."""
    for number, image in enumerate(images):
        name, data = f"{number}.png", image
        if not isinstance(image, bytes):
            name = f"{number}.npy" if image.dtype == "float32" else name
            data = make.npy(image) if image.dtype == "float32" else make.encoded(image)
        make.write(root / "train" / name, data)
    return root


@pytest.mark.parametrize("array", [DEEP, RGB, FLOAT], ids=["uint16", "uint8", "float32"])
@pytest.mark.parametrize("value", [1, 200, 4095, 2**40])
def test_it_is_one_in_unit_scale(tmp_path: Path, array: Any, value: int) -> None:
    """Everything that is told in units is the stored value over it: 1 leaves stored units."""
    data = folder(tmp_path / "data", array)
    plain = normstat.compute(data, workers=0, max_value=1).splits["train"]
    split = normstat.compute(data, workers=0, max_value=value).splits["train"]
    flat = array.reshape(-1, len(split.channels or ())).astype(float)
    assert split.scale == value
    assert split.mean == pytest.approx(tuple(flat.mean(axis=0) / value), rel=1e-13)
    assert split.std == pytest.approx(tuple(flat.std(axis=0) / value), rel=1e-12)
    assert plain.max == tuple(flat.max(axis=0))
    for name in ("min", "max"):
        assert getattr(split, name) == tuple(v / value for v in getattr(plain, name))


def test_it_is_recorded_and_used(tmp_path: Path) -> None:
    """The file tells it; apply and check take it from there, and another one is refused."""
    data = folder(tmp_path / "data", DEEP, DEEP // 2, DEEP // 3)
    stats = normstat.compute(data, workers=0, max_value=4095)
    normstat.save(stats, tmp_path / "stats.json")
    content = json.loads((tmp_path / "stats.json").read_text("utf-8"))
    assert content["settings"]["max_value"] == content["splits"]["train"]["scale"] == 4095
    read = normstat.load(tmp_path / "stats.json")
    assert read == stats
    done = command("check", "data", "--stats", "stats.json", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    normstat.apply(data, tmp_path / "out", read, workers=0)
    (mean,), (std,) = stats.splits["train"].mean or (), stats.splits["train"].std or ()
    found = arrays(tmp_path / "out")["train/0.npy"][0]
    assert found == pytest.approx((DEEP / 4095 - mean) / std, rel=1e-5, abs=1e-6)
    normstat.apply(data, tmp_path / "unit", read, method="unit", workers=0)
    found = arrays(tmp_path / "unit")["train/0.npy"][0]
    assert found == pytest.approx(DEEP / 4095, rel=1e-6)
    normstat.invert(tmp_path / "out", tmp_path / "back")
    again = normstat.compute(tmp_path / "back", workers=0).splits["train"]
    assert again.max == (DEEP.max() / 65535,)


def test_images_of_another_scale_become_of_one(tmp_path: Path) -> None:
    """What formats declare is not asked where somebody says what is white."""
    data = folder(tmp_path / "data", RGB[:, :, 0])
    make.write(data / "train" / "x.npy", make.npy(RGB[:, :, 1] > 99))
    assert len(normstat.compute(data, workers=0).unreadable) == 1
    stats = normstat.compute(data, workers=0, max_value=1)
    assert (stats.unreadable, stats.splits["train"].images) == ((), 2)


def test_the_command_line_says_it(tmp_path: Path) -> None:
    """compute records it from --max-value; numbers below 1 are none."""
    folder(tmp_path / "data", DEEP)
    done = command("compute", "data", "-o", "s.json", "--max-value", "4095", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    content = json.loads((tmp_path / "s.json").read_text("utf-8"))
    assert content["splits"]["train"]["mean"] == [pytest.approx(DEEP.mean() / 4095, rel=1e-13)]
    with pytest.raises(UsageError, match="max_value=0: should be 1 or more"):
        normstat.compute(tmp_path / "data", workers=0, max_value=0)


def test_names_are_those_given(tmp_path: Path) -> None:
    """Names of channels are recorded, and used by apply and check; every image must fit them."""
    bands = make.npy(make.pixels(3, 20, 31, channels=4))
    for number in range(3):
        make.write(tmp_path / "data" / "train" / f"{number}.npy", bands)
    names = ("B02", "B03", "B04", "B08")
    stats = normstat.compute(tmp_path / "data", workers=0, channel_names=names)
    assert stats.splits["train"].channels == names
    normstat.save(stats, tmp_path / "stats.json")
    assert normstat.load(tmp_path / "stats.json") == stats
    done = command("check", "data", "--stats", "stats.json", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    done = normstat.apply(tmp_path / "data", tmp_path / "out", stats, workers=0)
    assert {row.kind.channels for row in done.first} == {names}
    make.write(tmp_path / "data" / "train" / "x.png", make.encoded(RGB))
    (record,) = normstat.compute(tmp_path / "data", workers=0, channel_names=names).unreadable
    assert (record.path, record.code) == ("train/x.png", "unsupported_pixels")
    assert "3 channels, and --channel-names has 4" in record.detail


@pytest.mark.parametrize("names", [(), ("a", "a"), ("a", "")])
def test_names_that_are_none(tmp_path: Path, names: tuple[str, ...]) -> None:
    """No name, or one twice, is refused before anything is read."""
    with pytest.raises(UsageError, match="channel_names="):
        normstat.compute(folder(tmp_path, RGB), workers=0, channel_names=names)


def test_names_on_the_command_line(tmp_path: Path) -> None:
    """They stand between commas."""
    folder(tmp_path / "data", RGB)
    done = command("compute", "data", "-o", "s.json", "--channel-names", "X,Y,Z", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    content = json.loads((tmp_path / "s.json").read_text("utf-8"))
    assert content["splits"]["train"]["channels"] == ["X", "Y", "Z"]
