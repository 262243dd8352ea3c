"""Counts of floating-point values by their leading bits: order, error, ends, and old files."""

import json
import math
from pathlib import Path
from typing import Any

import make
import numpy as np
import pytest
from arrays import kind_tally, tally
from hypothesis import given, settings
from hypothesis import strategies as st
from test_statsfile import stats_of

import normstat
from normstat.accumulators.log_histogram import LogHistogram
from normstat.errors import StatsFileError, UsageError
from normstat.images import NOTES
from normstat.stats import QUANTILES, summarize_split
from normstat.statsfile import dumps, loads

SMALLEST = float(np.finfo(np.float32).tiny)
LARGEST = float(np.finfo(np.float32).max)
DOUBLES = st.floats(-(2.0**400), 2.0**400)


def bin_of(value: float) -> int:
    """The one bin that a value is counted in."""
    counts = kind_tally(np.array([[[value]]])).values.counts
    assert counts is not None
    ((place,),) = (np.flatnonzero(channel) for channel in counts)
    return int(place)


@settings(deadline=None)
@given(a=DOUBLES, b=DOUBLES)
def test_bins_stand_in_the_order_of_the_values(a, b):
    """A larger value is never in a lower bin, whatever its sign."""
    low, high = sorted((a, b))
    assert bin_of(low) <= bin_of(high)
    levels = LogHistogram.empty(1).levels
    assert levels[bin_of(-low)] == -levels[bin_of(low)]


@settings(deadline=None)
@given(value=DOUBLES)
def test_a_bin_tells_its_values_within_the_error(value):
    """The level of a bin is within 2**-8 of each value in it; below 2**-126 within 2**-133."""
    level = LogHistogram.empty(1).levels[bin_of(value)]
    if abs(value) < 2.0**128:
        assert abs(level - value) <= max(2**-8 * abs(value), 2.0**-133)
    else:
        assert 2.0**127 < abs(level) < 2.0**128
        assert math.copysign(1, level) == math.copysign(1, value)


@pytest.mark.parametrize(
    "value", [0.0, -0.0, 5e-324, -5e-324, 2.0**-134, -(2.0**-140), SMALLEST * 2**-10]
)
def test_zeros_and_what_rounds_to_them_are_one_bin(value: float) -> None:
    """Both zeros, and values too small for a bin of their own, count as exactly 0."""
    assert bin_of(value) == bin_of(0.0)
    assert LogHistogram.empty(1).levels[bin_of(value)] == 0


def test_rounding_moves_no_value_to_another_bin() -> None:
    """A double just below a border of float32's bins is in the bin below."""
    for border in (1.0, -2.0, 2.0**127, 1 + 2**-7):
        inner = math.nextafter(border, 0)
        assert bin_of(inner) != bin_of(border)
        assert bin_of(float(np.float32(inner))) == bin_of(border)  # what rounding would have done


def test_extremes_bound_the_quantiles() -> None:
    """One value has itself as every quantile; no quantile lies beyond min and max."""
    split = summarize_split(tally(np.full((3, 4, 2), -0.1)).splits["train"])
    assert split.quantiles is not None
    assert set(split.quantiles.values()) == {(-0.1, -0.1)}
    values = np.linspace(0.5 + 2**-9, 0.75 - 2**-9, 500).reshape(20, 25, 1)
    split = summarize_split(tally(values).splits["train"])
    assert split.quantiles is not None
    assert split.min is not None
    assert split.max is not None
    for (quantile,) in split.quantiles.values():
        assert split.min[0] <= quantile <= split.max[0]


@pytest.mark.parametrize(("value", "noted"), [(LARGEST, 0), (-(2.0**128), 1), (1e300, 1)])
def test_beyond_float32_is_counted_at_the_end_and_noted(value: float, noted: int) -> None:
    """Such values change no other number; quantiles take them for the end, and a note says so."""
    images = [np.ones((2, 3, 1)), np.full((1, 2, 1), value)]
    split = summarize_split(tally(*images).splits["train"])
    assert split.notes["beyond_float32"] == noted
    assert "beyond_float32" in NOTES
    assert {split.min, split.max} == {(min(1.0, value),), (max(1.0, value),)}
    assert split.mean == pytest.approx((np.mean([1.0] * 6 + [value] * 2),))
    assert split.quantiles is not None
    assert abs(split.quantiles["0.995" if value > 0 else "0.005"][0]) <= 2.0**128


def test_images_of_any_size_are_gathered_alike() -> None:
    """Counting values together or apart, in pieces of any size, gives the same counts."""
    values = np.random.default_rng(5).normal(0, 9, (700, 500, 1)).astype("float32")
    pieces = [values[a : a + 37] for a in range(0, 700, 37)]
    assert kind_tally(values).values == kind_tally(*pieces).values


def without_counts(text: str) -> str:
    """A stats file as 0.1 wrote it for floats."""
    content = json.loads(text)
    for split in content["splits"].values():
        split["quantiles"] = None
        del (
            split["quantile_error"],
            split["notes"]["beyond_float32"],
            split["fingerprint"]["content"],
        )
        for kind in split["state"]["kinds"]:
            del kind["values"]["counts"], kind["fingerprint"]["content"]
    return json.dumps(content)


def test_files_of_before_have_no_quantiles() -> None:
    """They load, say None, and so does their sum with any other state."""
    new = stats_of(tally(np.arange(6.0).reshape(1, 2, 3)))
    old = loads(without_counts(dumps(new)))
    split = old.splits["train"]
    assert (split.quantiles, split.quantile_error, split.fingerprint.content) == (None, None, None)
    assert split.mean == new.splits["train"].mean
    assert loads(dumps(old)) == old
    for total in (split.state + new.splits["train"].state, new.splits["train"].state + split.state):
        both = summarize_split(total)
        assert (both.images, both.quantiles, both.fingerprint.content) == (2, None, None)
    with pytest.raises(UsageError, match="quantiles"):
        normstat.normalizer(old, method="robust")


@pytest.mark.parametrize("change", ["count", "bin"])
def test_counts_of_other_pixels_are_refused(change: str) -> None:
    """Counts are as many as the pixels, and the extremes are in the first and the last bin."""
    content = json.loads(dumps(stats_of(tally(np.arange(6.0).reshape(1, 6, 1)))))
    (kind,) = content["splits"]["train"]["state"]["kinds"]
    (counts,) = kind["values"]["counts"]
    if change == "count":
        counts["count"][0] += 1
    else:
        counts["value"][-1] += 1
    with pytest.raises(StatsFileError, match="/splits/train/state: is of no images"):
        loads(json.dumps(content))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32"])
def test_robust_and_clip_standard_of_floats(dtype: str) -> None:
    """With statistics of floats both methods are theirs by the formula, within the error."""
    values = (np.random.default_rng(3).normal(300, 50, (60, 70, 3))).astype(dtype)
    stats = stats_of(tally(values))
    x = values.astype("float64")
    low, median, high = np.quantile(x, [0.25, 0.5, 0.75], axis=(0, 1))
    found = normstat.normalizer(stats, method="robust")(values)
    np.testing.assert_allclose(found, (x - median) / (high - low), rtol=0.06, atol=0.06)
    ends = np.quantile(x, [0.005, 0.995], axis=(0, 1))
    found = normstat.normalizer(stats, method="clip-standard")(values)
    exact = (np.clip(x, *ends) - x.mean((0, 1))) / x.std((0, 1))
    np.testing.assert_allclose(found, exact, atol=2**-8 * 450 / 50)


def test_check_tells_distances_of_floats(tmp_path: Path) -> None:
    """Two sets of floats have W1, KS and PSI; a shift of all values is W1 itself."""
    values = np.random.default_rng(4).uniform(1, 2, (50, 60, 1)).astype("float32")
    stats: list[Any] = []
    for name, shift in (("a", 0), ("b", 0.125)):
        for index in range(3):
            make.write(tmp_path / name / f"{index}.npy", make.npy(values + np.float32(shift)))
        stats.append(normstat.compute(tmp_path / name, layout="hwc"))
    (case,) = [
        case
        for case in normstat.check(stats[1], stats[0], mode="compatible").cases
        if case.rule == "drift" and "mean" in case.message
    ]
    w1 = float(case.message.split("W1/σ ")[1].split(",")[0])
    assert w1 == pytest.approx(0.125 / values.std(), rel=0.01)


def test_every_quantile_is_there() -> None:
    """The same quantiles as of counted kinds, in a file as well."""
    read = loads(dumps(stats_of(tally(np.arange(6.0).reshape(1, 6, 1)))))
    assert list(read.splits["train"].quantiles or ()) == list(QUANTILES)
