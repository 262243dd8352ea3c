"""Options of ``apply`` are written once: library, command line, help and record agree on them."""

import inspect
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import applied
import make
import pytest
from command import normstat as normstat_command

import normstat
from normstat.cli.apply import apply as command
from normstat.images import ARRAY_LAYOUTS
from normstat.methods import RESULTS
from normstat.sources import SourceKeywords
from normstat.stats import Settings
from normstat.verbs.apply.options import INPUT_LAYOUTS, ApplyOptions
from normstat.verbs.engine import Engine
from normstat.verbs.options import CHANNELS
from normstat.writers import WRITERS

#: Settings that decide no array, and those that only statistics tell.
NO_OPTIONS = {"covariance", "frames", "channel_names", "source"}
#: Names of settings for which ``apply`` has another word.
ARGUMENT = {"split_dirs": "split_dir"}
#: Arguments that decide where arrays go, and if they do.
PLACE = {"path", "out", "overwrite", "skip_existing", "dry_run", "shard"}
#: Arguments of the library alone, and of the command line alone.
PYTHON_ONLY = {"path", "source", "progress", "where"}
SHELL_ONLY = {"context", "data", "stats", "preset", "allow_unreadable", "quiet"}
FLAG = {"from_split": "--from", "exif": "--no-exif"}
WORDS: dict[str, Any] = {
    "channels": CHANNELS,
    "dtype": RESULTS,
    "input_layout": INPUT_LAYOUTS,
    "labels": ("skip", "count"),
    "layout": ARRAY_LAYOUTS,
    "store": WRITERS,
    "duplicates": ("once", "count"),
    "split_by": ("file", "folder", "column"),
}
#: Option → another value than the default, and its place in ``normstat.json``.
OTHER: dict[str, tuple[Any, str]] = {
    "method": ("center", "method"),
    "from_split": ("val", "stats"),
    "own_split": (True, "stats"),
    "epsilon": (0.5, "epsilon"),
    "dtype": ("float64", "dtype"),
    "layout": ("hwc", "layout"),
    "store": ("stack", "store"),
    "exif": (False, "settings.exif"),
    "input_layout": ("hwc", "settings.layout"),
    "channels": ("rgb", "settings.channels"),
    "include": (("[ab].png",), "settings.include"),
    "exclude": (("c.png",), "settings.exclude"),
    "max_pixels": (5000, "settings.max_pixels"),
    "split": (("train",), "splits"),
    "split_dir": ({"val": "val"}, "settings.split_dirs"),
    "labels": ("count", "settings.labels"),
}
#: Options that statistics have to be computed with, too.
WITH_STATISTICS = {"resize": 6, "crop": 4, "max_value": 100}


def parameters(function: Any) -> set[str]:
    return set(inspect.signature(function).parameters)


def words_of(hint: Any) -> tuple[str, ...]:
    """The words of a Literal, wherever it is in a hint."""
    if get_origin(hint) is Literal:
        return get_args(hint)
    return tuple(word for part in get_args(hint) for word in words_of(part))


def test_the_library_takes_settings_options_and_an_engine() -> None:
    """The arguments of ``apply`` are those of the nouns that it makes of them, and no others."""
    settings = {field.name for field in fields(Settings)} - NO_OPTIONS
    nouns = {
        *(ARGUMENT.get(name, name) for name in settings),
        *(field.name for field in fields(ApplyOptions)),
        *(parameters(Engine.of) - {"cache", "max_errors"}),
    }
    assert parameters(normstat.apply) == nouns | PLACE | {"where"}
    assert OTHER.keys() | WITH_STATISTICS | {"source"} == {
        *(ARGUMENT.get(name, name) for name in settings),
        *(field.name for field in fields(ApplyOptions)),
    }


def test_the_command_line_has_the_same_options() -> None:
    """Each has its flag in the help; words to choose from are those that the library knows."""
    library = parameters(normstat.apply) - PYTHON_ONLY | set(SourceKeywords.__annotations__)
    shell = {name.removeprefix("no_") for name in parameters(command)}
    assert shell - SHELL_ONLY == library
    told = normstat_command("apply", "--help", env={"COLUMNS": "200"}).stdout
    for name in library - {"out"}:
        assert FLAG.get(name, f"--{name.replace('_', '-')}") in told
    hints = get_type_hints(command, include_extras=True)
    found = {name: words_of(hint) for name, hint in hints.items() if words_of(hint)}
    assert found.keys() == WORDS.keys()
    for name, words in found.items():
        assert sorted(words) == sorted(WORDS[name])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for split in ("train", "val"):
        for seed, name in enumerate(("a", "b", "c"), len(split)):
            content = make.encoded(make.pixels(seed, 9, 8))
            make.write(tmp_path / "data" / split / f"{name}.png", content)
    return tmp_path / "data"


def recorded(data: Path, stats: normstat.Stats, **options: Any) -> Mapping[str, Any]:
    """``normstat.json`` of a run."""
    out = data.parent / "out"
    normstat.apply(data, out, stats, overwrite=True, workers=0, **options)
    return applied.record(out)


def value_at(record: Mapping[str, Any], place: str) -> Any:
    outer, _, inner = place.partition(".")
    return record[outer][inner] if inner else record[outer]


@pytest.mark.parametrize("name", OTHER)
def test_an_option_is_recorded(data: Path, name: str) -> None:
    """Under its name and as it was given, if it says anything by itself."""
    stats = normstat.compute(data, workers=0)
    value, place = OTHER[name]
    usual = value_at(recorded(data, stats), place)
    found = value_at(recorded(data, stats, **{name: value}), place)
    assert found != usual
    if place not in ("stats", "splits"):
        assert found == (list(value) if isinstance(value, tuple) else value)


@pytest.mark.parametrize("name", WITH_STATISTICS)
def test_an_option_of_statistics_is_that_of_arrays(data: Path, name: str) -> None:
    """It need not be given again, and another is refused."""
    value = WITH_STATISTICS[name]
    stats = normstat.compute(data, workers=0, **{name: value})
    for given in ({}, {name: value}):
        assert recorded(data, stats, **given)["settings"][name] == value
    with pytest.raises(normstat.NormstatError, match=f"computed with {name}="):
        recorded(data, stats, **{name: value + 1})
