"""The floating-point path against NIST's certified sets, and against fractions."""

import itertools
import json
import math
import random
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np
import pytest
import strategies
from arrays import kind_tally
from hypothesis import given
from hypothesis import strategies as st

from normstat.accumulators.image_moments import Moments
from normstat.images import FLOAT

SETS = json.loads((Path(__file__).parent / "nist.json").read_text())["sets"]


def values(data):
    """The numbers of a set; the numerical accuracy sets are given by their rule."""
    if isinstance(data, dict):
        return [float(data["first"])] + [float(x) for x in data["then_500_times"]] * 500
    return [float(x) for x in data]


def digits(found, exact):
    """Correct significant digits."""
    with localcontext() as context:
        context.prec = 50
        error = abs(Decimal(float(found)) / Decimal(exact) - 1)
        return 99 if not error else -error.log10()


def pieces(numbers, count, seed):
    """The numbers cut into consecutive pieces at random places, each as an image's state."""
    places = sorted(random.Random(seed).sample(range(1, len(numbers)), count - 1))
    borders = [0, *places, len(numbers)]
    return [
        kind_tally(np.array(numbers[a:b]).reshape(-1, 1, 1)).per_image
        for a, b in itertools.pairwise(borders)
    ]


def pooled(states):
    """Pixels, mean and sum of squared deviations of the one channel, exact."""
    total = reduce(add, states)
    ((mean, variance),) = total.pooled()
    return total.pixels, mean, variance * total.pixels


@pytest.mark.parametrize(
    "name",
    [
        # Of 5,000 numbers, and each a state of its own.
        pytest.param(name, marks=[pytest.mark.matrix] if name == "PiDigits" else [])
        for name in SETS
    ],
)
def test_certified_digits(name):
    """15 digits of the mean and std, cut anywhere; any grouping and order has the same sums."""
    certified = SETS[name]
    numbers = values(certified["data"])
    assert len(numbers) == certified["n"]
    for count in {1, 2, 3, len(numbers) // 2 + 1, len(numbers)}:
        states = pieces(numbers, count, seed=count)
        pixels, mean, m2 = pooled(states)
        random.Random(3).shuffle(states)
        assert (pixels, mean, m2) == pooled(states)
        assert pixels == certified["n"]
        assert digits(mean, certified["exact_binary64_mean"]) >= 15
        for ddof in (0, 1):
            std = math.sqrt(m2 / (pixels - ddof))
            assert digits(std, certified[f"exact_binary64_std_ddof{ddof}"]) >= 15


def test_large_offset_in_float32():
    """float32 pixels around 10,000 keep the digits of their small spread."""
    noise = np.random.default_rng(0).normal(1e4, 0.5, (40, 50, 1)).astype("float32")
    _, found, m2 = pooled([kind_tally(row[np.newaxis]).per_image for row in noise])
    exact = [Fraction(float(x)) for x in noise.ravel()]
    mean = sum(exact) / len(exact)
    spread = sum((x - mean) ** 2 for x in exact)
    assert abs(found - mean) <= mean * Fraction(1, 10**17)
    assert abs(m2 - spread) <= spread * Fraction(1, 10**14)


@given(images=strategies.sets(FLOAT))
def test_equal_to_everything_at_once(images):
    """Added image by image, the moments are those of all pixels in exact arithmetic."""
    _, found, m2 = pooled([kind_tally(image).per_image for image in images])
    exact = [Fraction(float(x)) for image in images for x in image.ravel()]
    mean = sum(exact) / len(exact)
    spread = sum((x - mean) ** 2 for x in exact)
    scale = max(map(abs, exact)) or 1
    assert abs(found - mean) <= scale * Fraction(1, 10**15)
    assert abs(m2 - spread) <= (spread + scale**2) * Fraction(1, 10**13)
    values = reduce(add, [kind_tally(image).values for image in images])
    assert (values.min[0], values.max[0]) == (float(min(exact)), float(max(exact)))


def test_constant_pixels_have_no_spread():
    """Constant images have exactly their value as mean and a variance of exactly 0."""
    for value in (0.1, 1e8 + 0.3, -7.7):
        states = [kind_tally(np.full(shape, value)).per_image for shape in ((7, 11, 1), (3, 5, 1))]
        _, mean, m2 = pooled(states)
        assert (mean, m2) == (Fraction(value), 0)


def test_the_smallest_squares_are_not_below_zero():
    """Pixels whose squares float64 can hardly hold are pixels: one such image ended a run."""
    for value, shape in ((-6.053738196296953e-148, (15, 31, 1)), (1e-161, (9, 9, 1))):
        mean, variance = kind_tally(np.full(shape, value)).per_image.pooled()[0]
        assert (float(mean), variance) == (value, 0)


@given(seed=st.integers(0, 2**32), exponent=st.integers(-1070, 400), center=st.floats(-3, 3))
def test_squares_of_any_size_keep_their_digits(seed, exponent, center):
    """From the smallest doubles to the largest squares m2 is that of fractions, rounded."""
    random = np.random.default_rng(seed)
    values = np.ldexp(random.normal(size=(3, 5, 1)) + center, exponent)
    exact = [Fraction(value) for value in values.ravel().tolist()]
    mean = sum(exact) / len(exact)
    expected = sum((value - mean) ** 2 for value in exact)
    found = Fraction(Moments.of(values).m2.item())
    assert abs(found - expected) <= expected * Fraction(1, 10**14) + Fraction(5e-324)
