"""Checks of real folders: what was done to the images, and what the verdict makes of it."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import make
import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from normstat import Case, Level, Stats, Verdict, check, compute, load, save
from normstat.errors import UnknownSplit, UsageError


def colored(seed: int) -> Image.Image:
    """A picture from 0 to 255 whose channels differ."""
    array = make.pixels(seed, 24, 31).astype("float64")
    stretched = (array - array.min()) * 255 / np.ptp(array) * (0.5, 0.8, 1.0)
    stretched[:3] = np.random.default_rng(seed).choice((0, 255), (3, 31, 1))
    return Image.fromarray(stretched.astype("uint8"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty PNG images in train, twelve in val."""
    data = tmp_path_factory.mktemp("data")
    for split, seeds in (("train", range(40)), ("val", range(40, 52))):
        for seed in seeds:
            make.write(data / split / f"{seed}.png", make.encoded(colored(seed)))
    return data


@pytest.fixture(scope="module")
def recorded(folder: Path) -> Stats:
    """Its statistics, as they come back from a file."""
    file = folder.parent / "recorded.json"
    save(compute(folder, workers=0), file)
    return load(file)


@pytest.fixture
def data(folder: Path, tmp_path: Path) -> Path:
    """A copy to be changed."""
    return shutil.copytree(folder, tmp_path / "elsewhere", copy_function=shutil.copyfile)


def findings(verdict: Verdict) -> dict[str, Level]:
    """Rule → the worst it found."""
    return {case.rule: case.level for case in reversed(verdict.findings)}


def checked(data: Path, recorded: Stats, mode: str = "same", **options: object) -> Verdict:
    return check(compute(data, workers=0), recorded, mode=mode, **options)  # type: ignore[arg-type]  # as given


@pytest.mark.parametrize("mode", ["same", "compatible"])
def test_unchanged(folder: Path, recorded: Stats, mode: str) -> None:
    """The folder itself passes without any finding."""
    verdict = checked(folder, recorded, mode)
    assert (verdict.exit_code, findings(verdict)) == (0, {})


@pytest.mark.parametrize("mode", ["same", "compatible"])
def test_copied_and_touched(data: Path, recorded: Stats, mode: str) -> None:
    """Other folders, other times and another order of creation change nothing."""
    for path in sorted(data.rglob("*.png"), reverse=True):
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content)
    assert findings(checked(data, recorded, mode)) == {}


def replaced(data: Path) -> None:
    make.write(data / "val" / "41.png", make.encoded(colored(99)))


def removed(data: Path) -> None:
    (data / "val" / "41.png").unlink()


def added(data: Path) -> None:
    make.write(data / "val" / "new.png", make.encoded(colored(99)))


def renamed(data: Path) -> None:
    (data / "val" / "41.png").rename(data / "val" / "x.png")


def commented(data: Path) -> None:
    file = data / "val" / "41.png"
    content = file.read_bytes()
    comment = make.chunk(b"tEXt", b"Comment\0a")
    file.write_bytes(content[:33] + comment + content[33:])


def one_pixel(data: Path) -> None:
    image = colored(41)
    value = image.getpixel((5, 7))
    assert isinstance(value, tuple)
    image.putpixel((5, 7), (value[0] ^ 1, *value[1:]))
    make.write(data / "val" / "41.png", make.encoded(image))


@pytest.mark.parametrize(
    ("change", "words", "counted"),
    [
        (replaced, "contents of files changed", False),
        (removed, "files were removed", True),
        (added, "files were added", True),
        (renamed, "under other names", False),
        (commented, "the pixels did not", False),
        (one_pixel, "contents of files changed", False),
    ],
)
def test_one_file(
    data: Path, recorded: Stats, change: Callable[[Path], None], words: str, counted: bool
) -> None:
    """A change of one file fails in mode same, naming its split and what kind of change it is."""
    change(data)
    verdict = checked(data, recorded)
    assert verdict.exit_code == 1
    assert set(findings(verdict)) == {"data-changed"} | ({"count-changed"} if counted else set())
    assert {case.split for case in verdict.findings} == {"val"}
    (case,) = [case for case in verdict.findings if case.rule == "data-changed"]
    assert words in case.message


def curve(of: Callable[[float], float]) -> Callable[[Image.Image], Image.Image]:
    table = [max(0, min(255, round(of(value)))) for value in range(256)]
    return lambda image: image.point(table * 3)


def swapped(image: Image.Image) -> Image.Image:
    return Image.merge("RGB", image.split()[::-1])


CHANGES: dict[str, tuple[Callable[[Image.Image], Image.Image], dict[str, Level]]] = {
    "BGR": (swapped, {"channel-order": Level.FAIL}),
    "gray files": (ImageOps.grayscale, {"gray-as-rgb": Level.FAIL}),
    "gray as color": (
        lambda image: ImageOps.grayscale(image).convert("RGB"),
        {"gray-as-rgb": Level.FAIL},
    ),
    "gamma": (curve(lambda v: 255 * (v / 255) ** 2.2), {"drift": Level.FAIL}),
    "contrast 0.8": (
        lambda image: ImageEnhance.Contrast(image).enhance(0.8),
        {"drift": Level.FAIL},
    ),
    "brightness": (curve(lambda v: v + 30), {"drift": Level.FAIL}),
    "video": (curve(lambda v: 16 + v * 219 / 255), {"value-range": Level.FAIL}),
    "divided": (curve(lambda v: v // 255), {"value-range": Level.FAIL}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_image_changed(data: Path, recorded: Stats, name: str) -> None:
    """What was done to all images is found under its name, in every split, and fails."""
    change, expected = CHANGES[name]
    for path in data.rglob("*.png"):
        with Image.open(path) as image:
            changed = change(image)
        changed.save(path)
    verdict = checked(data, recorded, "compatible")
    assert verdict.exit_code == 1
    assert expected.items() <= findings(verdict).items()
    (rule,) = expected
    assert {case.split for case in verdict.findings if case.rule == rule} == {"train", "val"}


def test_a_little_less_contrast(data: Path, recorded: Stats) -> None:
    """Contrast × 0.9 is at least a warning of drift, and of nothing else."""
    for path in data.rglob("*.png"):
        with Image.open(path) as image:
            changed = ImageEnhance.Contrast(image).enhance(0.9)
        changed.save(path)
    assert set(findings(checked(data, recorded, "compatible"))) == {"drift"}


def test_values_divided_and_stored_as_floats(data: Path, recorded: Stats) -> None:
    """Pixels / 255 in .npy files are another depth and another range, though mean and std fit."""
    for path in data.rglob("*.png"):
        with Image.open(path) as image:
            array = np.asarray(image)
        path.unlink()
        make.write(path.with_suffix(".npy"), make.npy((array / 255).astype("float32")))
    found = findings(checked(data, recorded, "compatible"))
    assert (found.pop("bit-depth"), found.pop("value-range")) == (Level.FAIL, Level.FAIL)
    assert found == {"drift": Level.INCONCLUSIVE}


def test_encoded_anew(tmp_path: Path) -> None:
    """JPEG of another quality is other data, and compatible."""
    for seed in range(12):
        file = tmp_path / "data" / f"{seed}.jpg"
        make.write(file, make.encoded(colored(seed), "JPEG", quality=95))
    recorded = compute(tmp_path / "data", workers=0)
    for path in (tmp_path / "data").iterdir():
        with Image.open(path) as image:
            image.load()
        image.save(path, quality=80)
    assert checked(tmp_path / "data", recorded).exit_code == 1
    assert checked(tmp_path / "data", recorded, "compatible").exit_code == 0


def test_a_damaged_image(data: Path, recorded: Stats) -> None:
    """A cut file fails; with the rule at warn the build goes on; recorded, it is no finding."""
    file = data / "train" / "3.png"
    file.write_bytes(file.read_bytes()[:200])
    for mode in ("same", "compatible"):
        verdict = checked(data, recorded, mode)
        assert (verdict.exit_code, findings(verdict)["unreadable"]) == (1, Level.FAIL)
        assert checked(data, recorded, mode, levels={"unreadable": "warn"}).exit_code == 0
    damaged = compute(data, workers=0)
    assert findings(check(damaged, damaged)) == {}


def test_one_split_of_two(data: Path, recorded: Stats) -> None:
    """Only the splits asked for are compared; one that neither has is an error that lists them."""
    removed(data)
    now = compute(data, workers=0)
    verdict = check(now, recorded, split="train")
    assert (verdict.exit_code, {case.split for case in verdict.cases}) == (0, {"train"})
    with pytest.raises(UnknownSplit, match=r"dev: not there; there are train, val"):
        check(now, recorded, split=["dev"])


@pytest.mark.parametrize("level", ["fail", "warn"])
def test_a_split_that_is_gone_is_a_finding(data: Path, recorded: Stats, level: str) -> None:
    """No image of the only split asked for: the verdict says so, whatever `unreadable` may do."""
    shutil.rmtree(data / "val")
    verdict = check(data, recorded, split="val", levels={"unreadable": level}, workers=0)
    assert (verdict.exit_code, findings(verdict)["unknown-split"]) == (1, Level.FAIL)


EXTRA = [
    Case("leakage", Level.FAIL, "a.png and b.png", "train"),
    Case("duplicate", Level.WARN, "c.png and d.png", "train"),
    Case("config", Level.PASS, "constants are those of the data"),
]


def test_cases_from_elsewhere(data: Path, recorded: Stats) -> None:
    """Cases that are handed in count, have their levels set like the others, and may be off."""
    added(data)
    now = compute(data, workers=0)
    verdict = check(now, recorded, mode="compatible", extra=EXTRA)
    assert (verdict.exit_code, findings(verdict)["leakage"]) == (1, Level.FAIL)
    verdict = check(now, recorded, mode="compatible", extra=EXTRA, levels={"leakage": "warn"})
    assert (verdict.exit_code, findings(verdict)["leakage"]) == (0, Level.WARN)
    levels = {"leakage": "off", "duplicate": "fail", "drift": "off"}
    verdict = check(now, recorded, mode="compatible", extra=EXTRA, levels=levels)
    assert findings(verdict) == {"duplicate": Level.FAIL}
    with pytest.raises(UsageError, match="no such rule"):
        check(now, recorded, extra=[Case("leek", Level.FAIL, "")])


def without_content(stats: Stats) -> Stats:
    """The same, as recorded before there was a fingerprint of images without their names."""
    splits = {
        name: replace(split, fingerprint=replace(split.fingerprint, content=None))
        for name, split in stats.splits.items()
    }
    return replace(stats, splits=splits)


def test_leakage_that_was_recorded(folder: Path, recorded: Stats) -> None:
    """In data that are just those recorded leakage is a warning, unless its level was set."""
    for before in (recorded, without_content(recorded)):
        verdict = checked(folder, before, extra=EXTRA)
        assert (verdict.exit_code, findings(verdict)["leakage"]) == (0, Level.WARN)
    assert checked(folder, recorded, extra=EXTRA, levels={"leakage": "fail"}).exit_code == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"mode": "alike"}, r"mode=\"alike\": should be one of same, compatible"),
        ({"margin": 0.0}, r"margin=0.0: should be a number above 0"),
        ({"margin": float("nan")}, r"margin=nan"),
        ({"margin": float("inf")}, r"margin=inf"),
        (
            {"levels": {"drfit": "warn"}},
            r"drfit: no such rule; did you mean drift\? there are .*drift",
        ),
        (
            {"levels": {"drift": "error"}},
            r"levels={\"drift\": \"error\"}: should be one of off, warn, fail",
        ),
    ],
)
def test_refusals(recorded: Stats, options: dict[str, object], words: str) -> None:
    """What is not known is refused before anything is compared, with what is."""
    with pytest.raises(UsageError, match=words):
        check(recorded, recorded, **options)  # type: ignore[arg-type]  # that is the point


def test_other_settings_are_refused(recorded: Stats) -> None:
    """Numbers of other channels or sizes are not compared; where the folder lies may differ."""
    for change in ({"channels": "gray"}, {"resize": 8}, {"crop": 8}):
        now = replace(recorded, settings=replace(recorded.settings, **change))
        with pytest.raises(UsageError, match=rf"compute with {next(iter(change))}="):
            check(now, recorded)
    elsewhere = replace(recorded.settings, include=("*.png",), split_dirs={"train": "a"})
    assert check(replace(recorded, settings=elsewhere), recorded).exit_code == 0


def test_what_is_off_is_not_looked_at(data: Path, recorded: Stats) -> None:
    """A rule that is off leaves no case, and its finding does not fail the build."""
    replaced(data)
    verdict = checked(data, recorded, levels={"data-changed": "off"})
    assert verdict.exit_code == 0
    assert "data-changed" not in {case.rule for case in verdict.cases}
