"""Options are written once: the library, the command line, files and caches agree on them."""

import inspect
import json
from dataclasses import fields, replace
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any, Unpack

import make
import pytest

import normstat
from normstat.images import ReadOptions
from normstat.sources import SourceKeywords, SourceOptions
from normstat.stats import Settings
from normstat.statsfile import dumps, loads
from normstat.verbs.compute.cached import contexts
from normstat.verbs.compute.job import Count
from normstat.verbs.engine import Engine

#: Another value than the default for each setting, with which two gray images can be read.
OTHER: dict[str, Any] = {
    "channels": "gray",
    "include": ("*.png",),
    "exclude": ("b*",),
    "resize": 6,
    "crop": 4,
    "layout": "hwc",
    "frames": "all",
    "max_value": 100,
    "channel_names": ("Y",),
    "max_pixels": 5000,
    "split_dirs": {"mine": "folder"},
    "split": ("mine",),
    "covariance": True,
    "labels": "count",
    "source": {"kind": "tar"},
}
#: Settings that choose images and change the state of none of them.
SELECTING = {"include", "exclude", "split", "split_dirs", "labels", "source"}
#: Names of settings where the same thing is given by another word, one at a time.
ARGUMENT = {"split_dirs": "split_dir"}
#: Arguments of the library alone, and of the command line alone.
PYTHON_ONLY = {"data", "progress", "where"}
SHELL_ONLY = {"context", "data", "output", "allow_unreadable", "quiet"}


def names_of(function: Any) -> set[str]:
    return set(inspect.signature(function).parameters)


def command(name: str) -> Any:
    """A command, as the command line has it."""
    return getattr(import_module(f"normstat.cli.{name}"), name)


def test_every_setting_has_another_value_here() -> None:
    assert OTHER.keys() == {field.name for field in fields(Settings)}
    assert all(getattr(Settings(), name) != value for name, value in OTHER.items())


def test_compute_takes_settings_and_the_engine() -> None:
    """The library's compute has an argument for each setting and each of an engine."""
    settings = {ARGUMENT.get(field.name, field.name) for field in fields(Settings)} - {"source"}
    assert names_of(normstat.compute) == settings | names_of(Engine.of) | {
        "data",
        "files",
        "shard",
        "where",
    }


def test_options_of_a_source_are_its_keywords() -> None:
    """Those that the settings have by their own names are not among them."""
    keywords = set(SourceKeywords.__annotations__)
    assert keywords == {field.name for field in fields(SourceOptions)} - OTHER.keys()
    for function in (normstat.compute, normstat.apply, normstat.check):
        assert inspect.signature(function).parameters["where"].annotation == Unpack[SourceKeywords]


def test_the_command_line_has_the_same_options() -> None:
    """Whatever the library takes the command line takes, but for objects; and the reverse."""
    library = names_of(normstat.compute) - PYTHON_ONLY | set(SourceKeywords.__annotations__)
    assert names_of(command("compute")) - SHELL_ONLY == library


def test_the_schema_has_the_settings() -> None:
    schema = json.loads((files("normstat.statsfile") / "stats-1.schema.json").read_text("utf-8"))
    assert schema["properties"]["settings"]["properties"].keys() == OTHER.keys()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for name, seed in (("a.png", 1), ("c_mask.png", 2), ("c.png", 3)):
        content = make.encoded(make.pixels(seed, 9, 8, channels=1))
        make.write(tmp_path / "data" / "folder" / name, content)
    return tmp_path / "data"


@pytest.mark.parametrize("name", sorted(OTHER.keys() - {"source"}))
def test_a_setting_is_recorded_and_read_alike(data: Path, name: str) -> None:
    """What was asked for is in the stats file, comes back from it, and is what a check reads by."""
    needed = {"split_dir": OTHER["split_dirs"]} if name == "split" else {}
    option = {ARGUMENT.get(name, name): OTHER[name]}
    if name == "crop":
        needed = {"resize": 6}
    stats = normstat.compute(data, workers=0, **option, **needed)
    written = json.loads(dumps(stats))["settings"][name]
    value = OTHER[name]
    assert written == (list(value) if isinstance(value, tuple) else value)
    assert getattr(stats.settings, name) == value
    assert loads(dumps(stats)).settings == stats.settings
    verdict = normstat.check(data, stats, workers=0)
    assert verdict.exit_code == 0, verdict.findings


@pytest.mark.parametrize("name", sorted(OTHER.keys() - SELECTING))
def test_a_cache_tells_settings_apart(name: str) -> None:
    """A state that was counted otherwise is found under another context."""

    def context(settings: Settings) -> object:
        return contexts("/data", Count(settings.reading(), settings.covariance))("train")

    assert context(replace(Settings(), **{name: OTHER[name]})) != context(Settings())


def test_settings_have_all_that_a_decoder_needs() -> None:
    """Each option of reading comes from a setting; turning upright is for arrays alone."""
    other = Settings(**OTHER).reading()
    same = {
        field.name for field in fields(ReadOptions) if getattr(other, field.name) == field.default
    }
    assert same == {"upright"}
