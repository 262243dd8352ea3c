"""Constants: one conversion of scale and order, one deviation, one rule of what explains what."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normstat.constants import BETTER, FLOOR, Constants, Deviation, explains, in_sigma
from normstat.presets import PRESETS

NUMBERS = st.floats(1e-6, 1e6)
THREE = st.tuples(NUMBERS, NUMBERS, NUMBERS)


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.name)
@pytest.mark.parametrize("scale", [1, 255])
@pytest.mark.parametrize("order", ["RGB", "BGR"])
def test_a_conversion_rounds_once(preset, scale, order):
    """Numbers are multiplied and divided by whole numbers; what needs no conversion stays."""
    found = preset.constants.to(scale, order)
    mean = [value * scale / preset.scale for value in preset.mean]
    if preset.scale == scale:
        mean = list(preset.mean)
    assert found.mean == tuple(mean if preset.order == order else mean[::-1])
    assert (found.scale, found.order) == (scale, order)


@given(THREE, THREE, st.sampled_from([1, 255, 65535]))
def test_a_conversion_is_undone_by_its_reverse(mean, std, scale):
    """There and back are the same numbers but for rounding, and nothing is lost of the order."""
    constants = Constants(mean, std)
    back = constants.to(scale, "BGR").to(1, "RGB")
    assert back.mean == pytest.approx(mean, rel=1e-15)
    assert replace(back, mean=mean, std=std) == constants


@given(THREE, THREE, THREE, THREE)
def test_a_deviation_does_not_depend_on_the_scale(mean, std, other, sigma):
    """It is a number of σ, whatever white is; the total is at least the worst."""
    one, two = Constants(mean, std), Constants(other, sigma)
    found = Deviation.between(one, two)
    scaled = Deviation.between(one.to(255, "BGR"), two.to(255, "BGR"))
    assert scaled.worst == pytest.approx(found.worst, rel=1e-9, abs=1e-9)
    assert found.total >= found.worst * (1 - 1e-15)
    assert Deviation.between(one, one).total == 0


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_a_slip_explains_much_more_than_it_leaves(undone, found):
    """At least BETTER times better, and never where the numbers fit as they are."""
    assert explains(undone, found) == (found > FLOOR and found >= BETTER * undone)
    assert not explains(float("inf"), float("inf"))


def test_no_sigma_no_number():
    """Where σ is 0 a difference is infinite, and no difference is 0."""
    assert (in_sigma(0.0, 0.0), in_sigma(-1.0, 0.0)) == (0.0, float("inf"))
