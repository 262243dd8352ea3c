"""The stats file: its schema, its bytes, and that reading it loses nothing."""

import json
import os
from collections.abc import Iterable
from fractions import Fraction
from importlib import resources
from pathlib import Path
from typing import Any

import make
import numpy as np
import pytest
import strategies
from arrays import ArrayPixels, tally
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import normstat
from normstat.accumulators.fold import Fold
from normstat.accumulators.tally import Tally
from normstat.errors import OutputError, StatsFileError
from normstat.images import Sample, Unreadable
from normstat.stats import QUANTILES, Settings, Stats, summarize
from normstat.statsfile import dumps, load, loads, save

GOLDEN = Path(__file__).parent / "golden" / "stats.json"
SCHEMA = json.loads(
    resources.files("normstat.statsfile").joinpath("stats-1.schema.json").read_text("utf-8")
)
VERSIONS = {"normstat": "0.1.0", "pillow": "13.0.0", "libjpeg_turbo": None}
RGB = make.encoded(make.pixels(1, 9, 14))
GRAY = make.encoded(make.pixels(2, 7, 5, channels=1))
GRAY16 = make.encoded(make.pixels(3, 6, 8, channels=1, dtype="uint16"))
FLOAT = make.tiff((make.pixels(4, 5, 6, channels=1) / np.float32(7) - 9).astype("float32"))
INT32 = make.tiff(make.pixels(5, 5, 6, channels=1).astype("int32") * -70_000)
SETS = {
    "gray": {"a.png": GRAY, "b.png": GRAY},
    "rgb": {"train/a.png": RGB, "train/b.jpg": RGB, "val/c.png": RGB},
    "mixed": {"a.png": GRAY, "b.png": RGB},
    "16-bit": {"a.png": GRAY16, "b.png": GRAY16},
    "float": {"a.tif": FLOAT, "b.tif": FLOAT, "c.tif": FLOAT},
    "int32": {"a.tif": INT32, "b.tif": INT32},
    "one-image": {"a.png": GRAY},
    "one-float": {"a.tif": FLOAT},
    "nothing-readable-in-val": {"train/a.png": RGB, "val/b.png": b"", "val/c.png": b"<html>"},
    "unreadable": {"a.png": RGB, "cut.png": RGB[:99], "x\n\u202e.png": b"\x1b[31m"},
    "other-depth": {"a.png": RGB, "b.png": RGB, "c.png": GRAY16, "d.tif": FLOAT},
}  # fmt: skip
KEYS = "schema normstat decoder settings complete skipped files parts splits unreadable"
SPLIT_KEYS = """
listed images unreadable skipped skipped_reasons pixels channels dtype scale mean std stderr
per_image min max
quantiles quantile_error covariance width height sizes modes formats notes fingerprint state
"""


def stats_of(*totals: Tally, **options: Any) -> Stats:
    """The statistics of the sum, as if computed by fixed versions."""
    total = sum(totals, Tally.empty())
    return summarize(total, total.splits, Settings(**options), VERSIONS)


def golden() -> Stats:
    """Fixed integers of three kinds, two splits and a record; no decoder has a part in it."""
    ramp = np.arange(12, dtype="uint8").reshape(3, 4, 1)
    return stats_of(
        tally(
            ramp * 20,
            np.repeat(ramp[:2], 3, axis=2) * np.array([1, 2, 3], "uint8"),
            covariance=True,
        ),
        tally(np.array([[[0], [65535]], [[1], [4096]]], "uint16"), split="val"),
        tally(np.array([[[-(2**31)], [2**31 - 1]]], "int32"), split="scans", covariance=True),
        Tally.of_unreadable(Unreadable("val", "val/größe\n.png", "empty", "zero bytes")),
        include=("*.png",),
        covariance=True,
        split_dirs={"scans": "images/scans"},
    )


def test_the_schema_is_one() -> None:
    """The file that ships with the package is a valid JSON Schema."""
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("channels", ["auto", "gray", "rgb"])
@pytest.mark.parametrize("files", SETS.values(), ids=SETS)
def test_what_is_written_is_valid_and_complete(
    tmp_path: Path, files: dict[str, bytes], channels: str
) -> None:
    """Every file written agrees with the schema, and reading it gives the same statistics."""
    for name, content in files.items():
        make.write(tmp_path / "data" / name, content)
    if channels != "auto" and not {RGB, GRAY} & set(files.values()):
        with pytest.raises(normstat.NormstatError, match="other_depth"):
            normstat.compute(tmp_path / "data", workers=0, channels=channels)
        return
    stats = normstat.compute(tmp_path / "data", workers=0, channels=channels)
    save(stats, tmp_path / "stats.json")
    text = (tmp_path / "stats.json").read_text("utf-8")
    Draft202012Validator(SCHEMA).validate(json.loads(text))
    assert load(tmp_path / "stats.json") == stats
    assert dumps(loads(text)) == text


def test_the_bytes_stay_as_they_are() -> None:
    """Fixed arrays give the file that is kept here, byte by byte, on any system."""
    # After a change that is meant: python -c "from test_statsfile import *; save(golden(), GOLDEN)"
    assert dumps(golden()) == GOLDEN.read_text("utf-8")


def test_a_file_of_the_first_version_loads() -> None:
    """What 0.1.0 wrote has the same numbers, and written again it is one of this version."""
    file = GOLDEN.with_name("stats-0.1.0.json")
    old, now = json.loads(file.read_text("utf-8")), load(file)
    assert [record.code for record in now.unreadable] == ["truncated"]
    again = json.loads(dumps(now))
    for name, split in old["splits"].items():
        for key in ("mean", "std", "min", "max", "covariance", "images", "listed"):
            np.testing.assert_allclose(again["splits"][name][key], split[key], rtol=1e-12)
    Draft202012Validator(SCHEMA).validate(again)
    assert loads(json.dumps(again)) == now


def test_the_bytes_are_right() -> None:
    """Numbers of the file kept here that can be had by hand."""
    splits = json.loads(GOLDEN.read_text("utf-8"))["splits"]
    train, val, scans = splits["train"], splits["val"], splits["scans"]
    # 0, 20, ... 220 in each channel, and 0 ... 7 times 1, 2 and 3.
    assert train["mean"] == [(1320 + 28 * factor) / (20 * 255) for factor in (1, 2, 3)]
    assert train["max"] == [220 / 255] * 3
    assert train["state"]["kinds"][1]["per_image"]["pixels2"] == "144"
    assert val["mean"] == [(65535 + 1 + 4096) / (4 * 65535)]
    assert val["quantiles"]["0.5"] == [(1 + 4096) / 2 / 65535]
    values = [{"value": [0, 1, 4096, 65535], "count": [1, 1, 1, 1]}]
    assert val["state"]["kinds"][0]["values"] == values
    assert (val["listed"], val["images"], val["unreadable"]) == (2, 1, 1)
    assert (scans["mean"], scans["std"], scans["scale"]) == ([-0.5], [2**31 - 0.5], 1)
    # 12 gray pixels count in every pair of channels, 8 have i, 2i and 3i; Σi² is 140.
    sums = [1320 + 28 * factor for factor in (1, 2, 3)]
    assert train["covariance"] == [
        [
            float(
                Fraction(20 * (202400 + 140 * i * j) - sums[i - 1] * sums[j - 1], (20 * 255) ** 2)
            )
            for j in (1, 2, 3)
        ]
        for i in (1, 2, 3)
    ]
    assert val["covariance"] is None
    assert scans["covariance"] == [[(2**31 - 0.5) ** 2]]
    assert scans["stderr"] == {"mean": [None], "std": [None]}


def test_keys_come_in_their_order() -> None:
    """Human first: names, then numbers, then what machines need."""
    content = json.loads(dumps(golden()))
    assert list(content) == KEYS.split()
    settings_keys = [
        "channels",
        "include",
        "exclude",
        "resize",
        "crop",
        "layout",
        "frames",
        "max_value",
        "channel_names",
        "max_pixels",
        "split_dirs",
        "split",
        "covariance",
        "labels",
        "source",
    ]
    assert list(content["settings"]) == settings_keys
    assert list(content["splits"]) == ["train", "val", "scans"]
    for split in content["splits"].values():
        assert list(split) == SPLIT_KEYS.split()
        assert list(split["quantiles"] or QUANTILES) == list(QUANTILES)
        assert list(split["fingerprint"]) == ["paths", "files", "pixels", "content"]
    assert list(content["unreadable"][0]) == ["split", "path", "code", "detail", "sha256"]


def no_constant(name: str) -> None:
    """NaN, Infinity and -Infinity are not JSON."""
    raise AssertionError(name)


@settings(deadline=None)
@given(data=st.data(), some=st.lists(strategies.kinds, min_size=1, max_size=3))
def test_reading_gives_what_was_written(data: st.DataObject, some: list[Any]) -> None:
    """Statistics and states of any kinds survive the file to the bit, and are valid JSON."""
    images = [image for kind in some for image in data.draw(strategies.sets(kind, most=3))]
    stats = stats_of(tally(*images), tally(images[0], split="other split/é"))
    text = dumps(stats)
    assert loads(text) == stats
    assert dumps(loads(text)) == text
    Draft202012Validator(SCHEMA).validate(json.loads(text, parse_constant=no_constant))


@settings(deadline=None)
@given(data=st.data(), kind=strategies.kinds)
def test_states_from_files_add(data: st.DataObject, kind: Any) -> None:
    """The states of two files add up to the state, and the statistics, of all images."""
    images = data.draw(strategies.sets(kind, least=2))
    cut = data.draw(st.integers(1, len(images) - 1))
    parts = tally(*images[:cut]), tally(*images[cut:], first=cut)
    states = [loads(dumps(stats_of(part))).splits["train"].state for part in parts]
    total = Tally({"train": states[0] + states[1]})
    assert total == sum(parts, Tally.empty())
    assert stats_of(total) == stats_of(*parts)


def merged(*parts: Stats) -> Stats:
    """The statistics of all images of some stats files, which were computed alike."""
    states = [Tally({name: split.state for name, split in part.splits.items()}) for part in parts]
    total, first = sum(states, Tally.empty()), parts[0]
    versions = {"normstat": first.normstat, **first.decoder}
    return summarize(total, total.splits, first.settings, versions)


@pytest.mark.parametrize("covariance", [False, True])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_files_of_two_parts_make_the_file_of_the_whole(
    tmp_path: Path, dtype: str, covariance: bool
) -> None:
    """merge(A, B) = A ∪ B: however a set is parted, in either order, the same bytes."""
    files: dict[str, bytes] = {"train/cut.png": RGB[:99], "val/empty.tif": b"", "train/d.png": GRAY}
    for index in range(8):
        array = make.pixels(index, 6 + index, 9, channels=3 if dtype == "uint8" else 1)
        values = (array.astype(dtype) * 3 + index) / 7 if dtype == "float32" else array
        name = f"{'val' if index % 3 == 2 else 'train'}/{index}.tif"
        files[name] = make.tiff(values.astype(dtype), photometric=1 + (dtype == "uint8"))

    def computed(place: str, chosen: Iterable[str]) -> Stats:
        for name in chosen:
            make.write(tmp_path / place / "data" / name, files[name])
        data = tmp_path / place / "data"
        save(normstat.compute(data, covariance=covariance, workers=0), tmp_path / f"{place}.json")
        return load(tmp_path / f"{place}.json")

    whole = computed("whole", files)
    assert whole.unreadable
    for number in (3, 5):
        chosen = sorted(files)[::2][:number]
        some = computed(f"some-{number}", chosen)
        rest = computed(f"rest-{number}", set(files) - set(chosen))
        assert dumps(merged(some, rest)) == dumps(merged(rest, some)) == dumps(whole)


def test_the_smallest_numbers_are_read() -> None:
    """Floats so near to 0 that their variance is no normal number are images like others."""
    tiny = np.full((2, 4, 4), 3.3e-161)
    tiny[0, 0] = 0
    stats = stats_of(tally(tiny * 0, tiny))
    assert loads(dumps(stats)) == stats


@pytest.mark.parametrize("name", ["listed", "unreadable", "skipped", "pixels", "notes"])
def test_numbers_are_there_though_they_be_0(name: str) -> None:
    """Only notes may be missing one by one, in files from before there were such."""
    content = json.loads(GOLDEN.read_text("utf-8"))
    for split in content["splits"].values():
        for note in [note for note, images in split["notes"].items() if not images]:
            del split["notes"][note]
    loads(json.dumps(content))
    del content["splits"]["train"][name]
    with pytest.raises(StatsFileError, match=name):
        loads(json.dumps(content))


def test_records_of_another_depth_are_not_counted_twice() -> None:
    """They come from the state: what is read back has them there, and only there."""
    eight, sixteen = np.zeros((2, 3, 1), "uint8"), np.zeros((2, 3, 1), "uint16")
    lost = Tally.of_unreadable(Unreadable("train", "train/x.png", "empty", "zero bytes"))
    stats = stats_of(tally(eight, eight, sixteen), lost)
    assert [record.code for record in stats.unreadable] == ["other_depth", "empty"]
    read = loads(dumps(stats))
    assert read == stats
    assert read.splits["train"].state.listed == 4


odd_names = st.text(
    st.sampled_from(
        ["a", "\n", "\u202e", "\udcff", "\udc80", "é", "\x1b", '"', "\\", "\U0001f600"]
    ),
    min_size=1,
)


@given(names=st.lists(odd_names, min_size=1, max_size=3, unique=True))
def test_any_path_survives(names: list[str]) -> None:
    """Names that are no text, or not to be printed, come back; the file itself is printable."""
    fold = Fold()
    for name in sorted(names, key=lambda name: os.fsencode(f"{name}.png")):  # as the walk does
        fold.add(Sample("train", name), ArrayPixels(np.zeros((1, 2, 1), "uint8")))
        fold.add_unreadable(Unreadable("train", f"{name}.png", "empty", f"as {name} says"))
    stats = stats_of(fold.tally(), exclude=tuple(names))
    text = dumps(stats)
    assert all(letter.isprintable() or letter == "\n" for letter in text)
    assert text.encode("utf-8").decode("utf-8") == text
    read = loads(text)
    assert read == stats
    assert [record.path for record in read.unreadable] == [r.path for r in stats.unreadable]


def test_saving_is_all_or_nothing(tmp_path: Path) -> None:
    """What is saved is loaded; where that is impossible it is an error and nothing is there."""
    save(golden(), tmp_path / "stats.json")
    assert load(str(tmp_path / "stats.json")) == golden()
    with pytest.raises(OutputError, match="create the folder first"):
        save(golden(), tmp_path / "missing" / "stats.json")
    assert [path.name for path in tmp_path.iterdir()] == ["stats.json"]
