"""The laws of states: identity, order, grouping, cutting anywhere, and being a value."""

import itertools
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import strategies
from arrays import kind_tally, tally
from hypothesis import given
from hypothesis import strategies as st

from normstat.accumulators.covariance import Products
from normstat.accumulators.double_double import DOUBLE
from normstat.accumulators.extremes import Extremes
from normstat.accumulators.fingerprint import Fingerprint
from normstat.accumulators.histogram import Histogram
from normstat.accumulators.image_sums import PLACES, PerImage
from normstat.accumulators.tally import Extent, KindTally, SplitTally, Tally
from normstat.images import GRAY8, Unreadable

# For each state: its empty value, and what makes it of an image (shape (H, W, 1), uint8).
STATES: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "Histogram": (Histogram.empty(1, 256), lambda image: kind_tally(image).values),
    "Extremes": (Extremes.empty(1), Extremes.of),
    "Products": (Products.empty(1), Products.of),
    "Products of floats": (Products.empty(1, DOUBLE), Products.of_floats),
    "PerImage": (PerImage.empty(1), lambda image: kind_tally(image).per_image),
    "Fingerprint": (Fingerprint(), lambda image: kind_tally(image).fingerprint),
    "KindTally": (KindTally.empty(GRAY8), kind_tally),
    "SplitTally": (SplitTally(), lambda image: tally(image).splits["train"]),
    "Tally": (Tally.empty(), tally),
}


@pytest.mark.parametrize("name", STATES)
@given(image=strategies.images(GRAY8))
def test_empty_is_the_identity(name, image):
    """Nothing added to a state leaves it as it is, to the bit, from either side."""
    empty, of = STATES[name]
    state = of(image)
    assert empty + state == state == state + empty
    assert empty + empty == empty


@pytest.mark.parametrize("name", STATES)
@given(three=strategies.sets(GRAY8, 3, 3))
def test_grouping_does_not_matter(name, three):
    """Sums of states are equal in any grouping, to the bit."""
    _, of = STATES[name]
    a, b, c = map(of, three)
    assert (a + b) + c == a + (b + c)


@pytest.mark.parametrize("name", STATES)
@given(two=strategies.sets(GRAY8, 2, 2))
def test_order_does_not_matter(name, two):
    """Sums of states are equal in any order, to the bit."""
    _, of = STATES[name]
    a, b = map(of, two)
    assert a + b == b + a


@pytest.mark.parametrize("name", STATES)
@given(image=strategies.images(GRAY8))
def test_pickling_keeps_a_state(name, image):
    """A state comes back from another process as it was sent."""
    _, of = STATES[name]
    assert pickle.loads(pickle.dumps(of(image))) == of(image)


@pytest.mark.parametrize("name", STATES)
def test_adding_changes_neither_side(name):
    """States are values: a sum leaves its terms alone."""
    _, of = STATES[name]
    a, b = of(np.full((2, 3, 1), 7, "uint8")), of(np.full((1, 2, 1), 9, "uint8"))
    copies = pickle.loads(pickle.dumps((a, b)))
    total = a + b
    assert (a, b) == copies
    assert total != a


@given(data=st.data(), kind=strategies.kinds)
def test_a_fold_is_the_sum_of_single_images(data, kind):
    """Folding in place gives what adding one by one gives, to the bit."""
    images = data.draw(strategies.sets(kind))
    singles = [tally(image, first=index) for index, image in enumerate(images)]
    assert tally(*images) == sum(singles, Tally.empty())


@given(data=st.data(), kind=strategies.kinds)
def test_any_images_in_any_order(data, kind):
    """However images of any kind are dealt out and added up, the total is the same, to the bit."""
    images = data.draw(strategies.sets(kind, 2, 6))
    singles = [tally(image, first=index, covariance=True) for index, image in enumerate(images)]
    order = data.draw(st.permutations(singles))
    cut = data.draw(st.integers(0, len(order)))
    left, right = (sum(part, Tally.empty()) for part in (order[:cut], order[cut:]))
    assert right + left == tally(*images, covariance=True)


@given(data=st.data(), kind=strategies.kinds)
def test_cutting_anywhere(data, kind):
    """However a set is cut into shards and these are grouped, the total is the same."""
    images = data.draw(strategies.sets(kind, 2, 6))
    cut = data.draw(st.integers(0, len(images)))
    left = tally(*images[:cut]) if cut else Tally.empty()
    right = tally(*images[cut:], first=cut) if cut < len(images) else Tally.empty()
    assert left + right == tally(*images)


@given(three=strategies.sets(GRAY8, 3, 3))
def test_what_was_added_can_be_subtracted(three):
    """Sums over images are integers: the difference of two states is exact."""
    a, b, c = (kind_tally(image).per_image for image in three)
    total, part = a + b + c, a + b
    rest = [x - y for x, y in zip(total.channels[0], part.channels[0], strict=True)]
    assert rest == list(c.channels[0])


def test_states_of_different_kinds_do_not_add():
    """An impossible sum is an error, not a warning."""
    counted = PerImage.empty(1)
    floating = PerImage.empty(1, DOUBLE, PLACES)
    with pytest.raises(ValueError, match="do not add"):
        counted + floating
    with pytest.raises(TypeError, match="do not add"):
        kind_tally(np.zeros((1, 1, 1), "uint8")) + kind_tally(np.zeros((1, 1, 1), "float32"))


def test_extents_widen():
    """The union of extents spans both; nothing seen changes nothing."""
    for a, b in itertools.product([Extent(), Extent(2, 5), Extent(4, 9)], repeat=2):
        assert a | b == b | a
    assert Extent(2, 5) | Extent(4, 9) == Extent(2, 9)
    assert Extent() | Extent(2, 5) == Extent(2, 5)


def test_fingerprints_tell_what_changed():
    """Each of the three sums sees its own change and no other."""
    base = Fingerprint.of("a", b"file", b"pixels")
    other_pixels = Fingerprint.of("a", b"file", b"PIXELS")
    other_file = Fingerprint.of("a", b"FILE", b"pixels")
    assert (base.paths, base.files) == (other_pixels.paths, other_pixels.files)
    assert base.pixels != other_pixels.pixels
    assert (base.paths, base.pixels) == (other_file.paths, other_file.pixels)
    assert base.files != other_file.files
    # Fields have their lengths in front: moving a border makes another value.
    assert Fingerprint.of("ab", b"c", b"").files != Fingerprint.of("a", b"bc", b"").files
    same_twice = base + base
    assert same_twice not in (base, Fingerprint())


@given(names=st.permutations("abcdefgh"), cut=st.integers(0, 8))
def test_records_and_first_paths_have_an_order_of_their_own(names, cut):
    """Whatever comes first, records are sorted by their paths, as bytes."""
    records = [Unreadable("train", f"{name}.png", "empty") for name in names]
    halves = (
        sum(map(Tally.of_unreadable, half), Tally.empty())
        for half in (records[:cut], records[cut:])
    )
    total = sum(halves, Tally.empty())
    assert [record.path[0] for record in total.splits["train"].unreadable] == list("abcdefgh")
    assert total.splits["train"].listed == 8
