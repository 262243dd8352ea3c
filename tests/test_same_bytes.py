"""The same images give the same bytes, whatever the workers, the environment and the names."""

import json
import os
import sys
from functools import cache
from pathlib import Path

import make
import numpy as np
import pytest
from command import here, normstat

IMAGES = 10
OTHER_WORKERS = {"8-bit": ("2", "1"), "16-bit": ("5", "0"), "float": ("2", "5")}
ENVIRONMENTS = {
    "optimized": (("-O", "-W", "error"), {"PYTHONHASHSEED": "1"}),
    "locale-posix": ((), {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    "locale-c": ((), {"LC_ALL": "C", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}),
    "utf-8-mode": ((), {"PYTHONUTF8": "1"}),
}


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of 8-bit, 16-bit and float images large enough for several shards, one cut each."""
    folder = tmp_path_factory.mktemp("same-bytes") / "sets"
    for index in range(IMAGES):
        rgb = make.pixels(index, 400, 500)
        gray = make.pixels(index, 500, 600, channels=1, dtype="uint16")
        tall = (make.pixels(index, 400, 380, channels=1) / np.float32(7) + 1e4).astype("float32")
        make.write(folder / "8-bit" / "train" / f"größe-{index}.ppm", make.encoded(rgb, "PPM"))
        make.write(folder / "16-bit" / f"{index}.tif", make.tiff(gray))
        make.write(folder / "float" / f"{index}.tif", make.tiff(tall, "><"[index % 2]))
    whole = make.encoded(make.pixels(1, 48, 64))
    make.write(folder / "8-bit" / "val" / "whole.png", whole)
    for name in ("8-bit/val", "16-bit", "float"):
        make.write(folder / name / "cut.png", whole[:-20])
    return folder


def stats_bytes(
    data: Path, *options: str, flags: tuple[str, ...] = (), env: dict[str, str] | None = None
) -> str:
    """What a run writes."""
    run = normstat("compute", data, "-o", "-", *options, flags=flags, env=env)
    assert run.returncode == 3, run.stderr
    return run.stdout


@cache
def usual(data: Path) -> str:
    """What every other run is compared with."""
    return stats_bytes(data, "-j", "1")


@pytest.mark.sampled
@pytest.mark.fault(55)
@pytest.mark.parametrize("name", OTHER_WORKERS)
def test_any_number_of_workers(sets: Path, name: str) -> None:
    """One, two or five, and none at all; with one, once more."""
    text = usual(sets / name)
    for workers in (
        ("2", "5") if name == "float" else ("5", "0") if name == "16-bit" else ("2", "1")
    ):
        assert stats_bytes(sets / name, "-j", workers) == text
    assert json.loads(text)["splits"]["train" if name == "8-bit" else "all"]["images"] == IMAGES


@pytest.mark.sampled
@pytest.mark.parametrize("name", OTHER_WORKERS)
def test_covariance_with_any_number_of_workers(sets: Path, name: str) -> None:
    """The covariance between channels, too, and nothing else is different for it."""
    text = here("compute", sets / name, "-o", "-", "--covariance").stdout
    assert stats_bytes(sets / name, "--covariance", "-j", "5") == text
    split = "train" if name == "8-bit" else "all"
    with_it, without = (json.loads(t)["splits"][split] for t in (text, usual(sets / name)))
    assert with_it.pop("covariance")
    assert without.pop("covariance") is None
    assert with_it["state"]["kinds"][0].pop("covariance")
    assert without["state"]["kinds"][0].pop("covariance") is None
    assert with_it == without


@pytest.mark.fault(56)
@pytest.mark.parametrize(("flags", "env"), ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_any_environment(sets: Path, flags: tuple[str, ...], env: dict[str, str]) -> None:
    """Locale, hash seed and Python's flags change nothing."""
    assert stats_bytes(sets / "8-bit", "-j", "2", flags=flags, env=env) == usual(sets / "8-bit")


@pytest.mark.matrix
def test_any_place(sets: Path, tmp_path: Path) -> None:
    """Neither the path to the folder nor where the command runs is in the file."""
    text = usual(sets / "float")
    run = normstat("compute", ".", "-o", "-", cwd=sets / "float")
    assert run.stdout == text
    (tmp_path / "moved").mkdir()
    (sets / "float").rename(tmp_path / "moved" / "elsewhere")
    try:
        assert stats_bytes(tmp_path / "moved" / "elsewhere") == text
    finally:
        (tmp_path / "moved" / "elsewhere").rename(sets / "float")


NAMES = [
    b"new\nline",
    b"tab\there",
    b"escape\x1b[31m\x1b]0;title\x07",
    b"quote\"'`$(true)",
    b"\n::error::forged",
    b"<b>&amp;%0A%s{}",
    b"[red]rich[bold",
    b"not utf-8 \xff\xfe\xc3",
    b"-o",
    b" spaces ",
    "e\u0301-nfd".encode(),
    "\u00e9-nfc".encode(),
    "\u202egnp.right-to-left".encode(),
    b"back\\slash\\n",
    b"x" * 251,
    b"Case",
    b"case",
]


@pytest.mark.fault(32)
@pytest.mark.skipif(sys.platform != "linux", reason="only there names are just bytes")
@pytest.mark.parametrize("whole", [True, False], ids=["counted", "unreadable"])
def test_any_name(tmp_path: Path, whole: bool) -> None:
    """Every name counts; it is shown escaped, and the stats file has it as it is."""
    png = make.encoded(make.pixels(1, 30, 40))
    folder = os.fsencode(tmp_path / "data")
    os.mkdir(folder)
    make.write(tmp_path / "data" / "sound.png", png)
    names = [name + b".png" for name in NAMES]
    for name in names:
        with open(folder + b"/" + name, "wb") as file:
            file.write(png if whole else png[:-20])
    run = normstat("compute", "data", cwd=tmp_path)
    assert run.returncode == (0 if whole else 3)
    for text in (run.stdout, run.stderr):
        assert all(line.isprintable() for line in text.split("\n"))
        assert not any(line.startswith("::error") for line in text.split("\n"))
    text = (tmp_path / "stats.json").read_bytes().decode("utf-8")
    assert all(line.isprintable() for line in text.split("\n"))
    stats = json.loads(text)
    assert stats["splits"]["all"]["listed"] == len(names) + 1
    paths = {os.fsencode(record["path"]) for record in stats["unreadable"]}
    assert paths == (set() if whole else set(names))
    shown = here("show", "stats.json", cwd=tmp_path)
    assert shown.returncode == 0
    assert all(line.isprintable() for line in shown.stdout.split("\n"))


@pytest.mark.skipif(sys.platform != "linux", reason="only there names are just bytes")
def test_a_stats_file_with_odd_names_round_trips(tmp_path: Path) -> None:
    """What is loaded and written again is the same text."""
    import normstat as library
    from normstat.statsfile import dumps, loads

    for name in NAMES:
        with open(os.fsencode(tmp_path) + b"/" + name + b".png", "wb") as file:
            file.write(b"no image")
    make.write(tmp_path / "sound.png", make.encoded(make.pixels(1, 30, 40)))
    stats = library.compute(tmp_path, workers=0)
    assert len(stats.unreadable) == len(NAMES)
    assert dumps(loads(dumps(stats))) == dumps(stats)
