"""The floating-point path against NIST's certified sets, and against fractions."""

import itertools
import json
import random
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import strategies
from hypothesis import given

from normstat.accumulators.moments import Moments
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
    """The numbers cut into consecutive pieces at random places, each as a state."""
    places = sorted(random.Random(seed).sample(range(1, len(numbers)), count - 1))
    borders = [0, *places, len(numbers)]
    return [
        Moments.of(np.array(numbers[a:b]).reshape(-1, 1, 1)) for a, b in itertools.pairwise(borders)
    ]


def from_left(states):
    total = Moments.empty(1)
    for state in states:
        total = total + state
    return total


def from_right(states):
    total = Moments.empty(1)
    for state in reversed(states):
        total = state + total
    return total


def as_tree(states):
    while len(states) > 1:
        states = [from_left(states[i : i + 2]) for i in range(0, len(states), 2)]
    return states[0]


def at_random(states):
    states, dice = list(states), random.Random(3)
    while len(states) > 1:
        place = dice.randrange(len(states) - 1)
        states[place : place + 2] = [states[place] + states[place + 1]]
    return states[0]


@pytest.mark.parametrize("grouping", [from_left, from_right, as_tree, at_random])
@pytest.mark.parametrize("name", SETS)
def test_certified_digits_in_any_grouping(name, grouping):
    """15 digits of the mean and 14 of the std, cut anywhere and merged in any grouping."""
    certified = SETS[name]
    numbers = values(certified["data"])
    assert len(numbers) == certified["n"]
    for count in {1, 2, 3, len(numbers) // 2 + 1, len(numbers)}:
        total = grouping(pieces(numbers, count, seed=count))
        assert total.count == certified["n"]
        assert digits(total.mean[0], certified["exact_binary64_mean"]) >= 15
        for ddof in (0, 1):
            std = np.sqrt(total.m2[0] / (total.count - ddof))
            assert digits(std, certified[f"exact_binary64_std_ddof{ddof}"]) >= 14


def test_large_offset_in_float32():
    """float32 pixels around 10,000 keep the digits of their small spread."""
    noise = np.random.default_rng(0).normal(1e4, 0.5, (40, 50, 1)).astype("float32")
    states = [Moments.of(row[np.newaxis]) for row in noise]
    total = from_left(states)
    exact = [Fraction(float(x)) for x in noise.ravel()]
    mean = sum(exact) / len(exact)
    m2 = sum((x - mean) ** 2 for x in exact)
    assert abs(Fraction(float(total.mean[0])) - mean) <= mean * Fraction(2, 10**16)
    assert abs(Fraction(float(total.m2[0])) - m2) <= m2 * Fraction(1, 10**13)


@given(images=strategies.sets(FLOAT))
def test_equal_to_everything_at_once(images):
    """Merged image by image, the moments are those of all pixels in exact arithmetic."""
    total = from_left([Moments.of(image) for image in images])
    exact = [Fraction(float(x)) for image in images for x in image.ravel()]
    mean = sum(exact) / len(exact)
    m2 = sum((x - mean) ** 2 for x in exact)
    scale = max(map(abs, exact)) or 1
    assert abs(Fraction(float(total.mean[0])) - mean) <= scale * Fraction(1, 10**15)
    assert abs(Fraction(float(total.m2[0])) - m2) <= (m2 + scale**2) * Fraction(1, 10**13)
    assert (total.min[0], total.max[0]) == (float(min(exact)), float(max(exact)))


def test_constant_pixels_have_no_spread():
    """A constant image has exactly its value as mean and a variance of exactly 0."""
    for value in (0.1, 1e8 + 0.3, -7.7):
        state = Moments.of(np.full((7, 11, 1), value))
        twice = state + Moments.of(np.full((3, 5, 1), value))
        assert twice.mean[0] == value
        assert twice.m2[0] == 0


def test_no_pixels():
    """An array without pixels is the empty state."""
    assert Moments.of(np.zeros((0, 3, 2))) == Moments.empty(2)
