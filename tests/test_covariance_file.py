"""Covariance in the stats file and on the command line."""

import copy
import json
from pathlib import Path
from typing import Any

import command
import make
import numpy as np
import pytest
import strategies
from arrays import tally
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from test_statsfile import SCHEMA

import normstat
from normstat.accumulators.covariance import Products
from normstat.accumulators.tally import Tally
from normstat.errors import StatsFileError
from normstat.images import Kind
from normstat.stats import Settings, Stats, summarize
from normstat.statsfile import dumps, loads

VERSIONS = {"normstat": "0", "pillow": "0", "libjpeg_turbo": "0"}


def stats_of(total: Tally) -> Stats:
    """The statistics of a tally."""
    return summarize(total, total.splits, Settings(), VERSIONS)


@settings(deadline=None)
@given(data=st.data(), some=st.lists(strategies.kinds, min_size=1, max_size=3))
def test_reading_gives_what_was_written(data: st.DataObject, some: list[Kind]) -> None:
    """Covariances and their states survive the file to the bit, and the file is valid."""
    images = [image for kind in some for image in data.draw(strategies.sets(kind, most=3))]
    stats = stats_of(tally(*images, covariance=True) + tally(images[0], split="without"))
    text = dumps(stats)
    assert loads(text) == stats
    assert dumps(loads(text)) == text
    Draft202012Validator(SCHEMA).validate(json.loads(text))


RAMP = np.arange(18, dtype="uint8").reshape(2, 3, 3)
CONTENT = json.loads(
    dumps(
        stats_of(
            tally(RAMP, covariance=True)
            + tally(RAMP[..., :1].astype("float32"), split="float", covariance=True)
        )
    )
)
Pointer = tuple[str | int, ...]
MATRIX: Pointer = ("splits", "train", "covariance")
COUNTED: Pointer = ("splits", "train", "state", "kinds", 0, "covariance")
FLOATS: Pointer = ("splits", "float", "state", "kinds", 0, "covariance")
WRONG: list[tuple[Pointer, Any]] = [
    (MATRIX, 0.5),
    (MATRIX, [[0.5]]),
    (MATRIX, [[0.5] * 3] * 2),
    (MATRIX, [[1.0, 0.5, 0.5], [0.4, 1.0, 0.5], [0.5, 0.5, 1.0]]),
    ((*MATRIX, 1), [0.5] * 2),
    ((*MATRIX, 1, 1), None),
    ((*COUNTED, "count"), -1),
    ((*COUNTED, "sums"), ["1"] * 4),
    ((*COUNTED, "sums", 0), 1),
    ((*COUNTED, "products"), [["1"]]),
    ((*COUNTED, "products", 1), ["1"] * 3),
    ((*COUNTED, "products", 2, 0), "0.5"),
    (COUNTED, []),
    (FLOATS, "x"),
    ((*FLOATS, "sums"), []),
    ((*FLOATS, "products"), [["1", "2"]]),
    ((*FLOATS, "products", 0, 0), 1.0),
]


def placed(pointer: Pointer, value: Any) -> Any:
    """The content with another value in one place."""
    content = copy.deepcopy(CONTENT)
    place = content
    for key in pointer[:-1]:
        place = place[key]
    place[pointer[-1]] = value
    return content


@pytest.mark.parametrize(("pointer", "value"), WRONG)
def test_a_wrong_value_is_refused_where_it_stands(pointer: Pointer, value: Any) -> None:
    """The message starts with the pointer, or with that of the list or object around."""
    with pytest.raises(StatsFileError) as caught:
        loads(json.dumps(placed(pointer, value)))
    assert str(caught.value).startswith("/" + "/".join(map(str, pointer)))


def test_files_from_before_still_load() -> None:
    """A file whose states know nothing of covariance is one in which it was not asked for."""
    stats = stats_of(tally(RAMP))
    content = json.loads(dumps(stats))
    del content["splits"]["train"]["state"]["kinds"][0]["covariance"]
    assert loads(json.dumps(content)) == stats


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Images of several modes."""
    image = make.pixels(1, 90, 70)
    with_alpha = np.dstack([make.pixels(2, 40, 50), make.pixels(3, 40, 50, channels=1)])
    make.write(tmp_path / "data" / "rgb.png", make.encoded(image))
    make.write(tmp_path / "data" / "rgba.png", make.encoded(with_alpha))
    make.write(tmp_path / "data" / "gray.png", make.encoded(image[:, :, 0]))
    return tmp_path / "data"


def test_files_of_several_modes(folder: Path) -> None:
    """Of decoded files it is the covariance of their pixels, alpha left out and gray spread."""
    image, with_alpha = make.pixels(1, 90, 70), make.pixels(2, 40, 50)
    gray = np.repeat(image[:, :, :1], 3, axis=2)
    split = normstat.compute(folder, workers=0, covariance=True).splits["all"]
    exact = Products.of(image) + Products.of(with_alpha) + Products.of(gray)
    assert split.covariance == tuple(
        tuple(float(value / 255**2) for value in row) for row in exact.covariance()
    )
    one = normstat.compute(folder, workers=0, covariance=True, channels="gray").splits["all"]
    assert one.std is not None
    assert np.shape(one.covariance) == (1, 1)
    np.testing.assert_allclose(one.covariance, np.square([one.std]), rtol=1e-15)


@pytest.mark.matrix
def test_the_command(folder: Path) -> None:
    """``--covariance`` fills what is null without it."""
    runs = [
        command.normstat("compute", folder, "-q", "-o", "-", *options)
        for options in ((), ("--covariance",))
    ]
    without, with_it = (json.loads(run.stdout)["splits"]["all"]["covariance"] for run in runs)
    assert without is None
    assert np.shape(with_it) == (3, 3)


@pytest.mark.parametrize("covariance", [False, True])
def test_files_from_before_it_was_recorded(folder: Path, covariance: bool) -> None:
    """Without the setting, what the states have says it; apply, which has no use for it, not."""
    stats = normstat.compute(folder, workers=0, covariance=covariance)
    content = json.loads(dumps(stats))
    Draft202012Validator(SCHEMA).validate(content)
    assert content["settings"].pop("covariance") is covariance
    Draft202012Validator(SCHEMA).validate(content)
    assert loads(json.dumps(content)) == stats
    normstat.apply(folder, folder.parent / "out", stats, from_split="all", workers=0)
    record = json.loads((folder.parent / "out/normstat.json").read_text())
    assert "covariance" not in record["settings"]
