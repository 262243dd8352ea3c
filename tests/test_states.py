"""The laws of states: identity, order, grouping, cutting anywhere, and being a value."""

import itertools
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import strategies
from arrays import KINDS, kind_tally, tally
from hypothesis import given, settings
from hypothesis import strategies as st

from normstat.accumulators.double_double import DOUBLE
from normstat.accumulators.exact_sums import ExactSums
from normstat.accumulators.fingerprint import Fingerprint
from normstat.accumulators.kinds import empty_states
from normstat.accumulators.sizes import Sizes
from normstat.accumulators.tally import Extent, KindTally, SplitTally, Tally
from normstat.images import FLOAT, GRAY8, GRAY16, Kind, Unreadable

STATES = ("values", "per_image", "covariance", "fingerprint", "sizes", "kind", "split", "tally")


def state(name: str, kind: Kind) -> tuple[Any, Callable[[Any], Any]]:
    """The empty state of a kind, and the way from an image of shape (H, W, C) to its state."""
    states = empty_states(kind)
    return {
        "values": (states.values, lambda image: kind_tally(image).values),
        "per_image": (states.per_image, lambda image: kind_tally(image).per_image),
        "covariance": (states.covariance, states.covariance.with_image),
        "fingerprint": (Fingerprint(), lambda image: kind_tally(image).fingerprint),
        "sizes": (Sizes(), lambda image: kind_tally(image).sizes),
        "kind": (KindTally.empty(kind), kind_tally),
        "split": (SplitTally(), lambda image: tally(image).splits["train"]),
        "tally": (Tally.empty(), tally),
    }[name]


@pytest.mark.parametrize("name", STATES)
@settings(deadline=None)
@given(data=st.data(), kind=strategies.kinds)
def test_empty_is_the_identity(name, data, kind):
    """Nothing added to a state leaves it as it is, to the bit, from either side."""
    empty, of = state(name, kind)
    one = of(data.draw(strategies.images(kind)))
    assert empty + one == one == one + empty
    assert empty + empty == empty


def test_a_record_that_is_there_twice_is_subtracted_once() -> None:
    """As two data sets may have an image of one name."""
    one = SplitTally({}, (Unreadable("train", "a.png", "empty"),))
    assert one + one - one == one
    assert one - one == SplitTally()


@pytest.mark.parametrize("name", STATES)
@settings(deadline=None)
@given(data=st.data(), kind=strategies.kinds)
def test_neither_grouping_nor_order_matters(name, data, kind):
    """Sums of states are equal in any grouping and any order, to the bit, for every kind."""
    _, of = state(name, kind)
    a, b, c = map(of, data.draw(strategies.sets(kind, 3, 3)))
    assert (a + b) + c == a + (b + c) == (c + a) + b
    assert a + b == b + a


@pytest.mark.parametrize("name", STATES)
@settings(deadline=None)
@given(data=st.data(), kind=strategies.kinds)
def test_pickling_keeps_a_state(name, data, kind):
    """A state comes back from another process as it was sent."""
    _, of = state(name, kind)
    one = of(data.draw(strategies.images(kind)))
    assert pickle.loads(pickle.dumps(one)) == one


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("name", STATES)
def test_adding_changes_neither_side(name, kind):
    """States are values: a sum leaves its terms alone."""
    _, of = state(name, kind)
    channels = len(kind.channels)
    a, b = (of(np.full((2, n, channels), n, kind.dtype)) for n in (7, 9))
    copies = pickle.loads(pickle.dumps((a, b)))
    total = a + b
    assert (a, b) == copies
    assert total != a


@settings(deadline=None)
@given(data=st.data())
def test_spreading_gray_is_converting_it(data):
    """A gray state in three channels is the state of the image with three equal channels."""
    image = data.draw(strategies.images(data.draw(st.sampled_from((GRAY8, GRAY16, FLOAT)))))
    gray, color = kind_tally(image), kind_tally(np.repeat(image, 3, axis=2))
    assert gray.values.spread(3) == color.values
    assert gray.per_image.spread(3) == color.per_image


@settings(deadline=None)
@given(data=st.data(), kind=strategies.kinds)
def test_a_fold_is_the_sum_of_single_images(data, kind):
    """Folding in place gives what adding one by one gives, to the bit."""
    images = data.draw(strategies.sets(kind))
    singles = [tally(image, first=index) for index, image in enumerate(images)]
    assert tally(*images) == sum(singles, Tally.empty())


@settings(deadline=None)
@given(data=st.data(), kind=strategies.kinds)
def test_any_images_in_any_order(data, kind):
    """However images of any kind are dealt out and added up, the total is the same, to the bit."""
    images = data.draw(strategies.sets(kind, 2, 6))
    singles = [tally(image, first=index, covariance=True) for index, image in enumerate(images)]
    order = data.draw(st.permutations(singles))
    cut = data.draw(st.integers(0, len(order)))
    left, right = (sum(part, Tally.empty()) for part in (order[:cut], order[cut:]))
    assert right + left == tally(*images, covariance=True)


@settings(deadline=None)
@given(data=st.data(), kind=strategies.kinds)
def test_cutting_anywhere(data, kind):
    """However a set is cut into shards and these are grouped, the total is the same."""
    images = data.draw(strategies.sets(kind, 2, 6))
    cut = data.draw(st.integers(0, len(images)))
    left = tally(*images[:cut]) if cut else Tally.empty()
    right = tally(*images[cut:], first=cut) if cut < len(images) else Tally.empty()
    assert left + right == tally(*images)


@settings(deadline=None)
@given(three=strategies.sets(GRAY8, 3, 3))
def test_what_was_added_can_be_subtracted(three):
    """Sums over images are integers: the difference of two states is exact."""
    a, b, c = (kind_tally(image).per_image for image in three)
    total, part = a + b + c, a + b
    rest = [x - y for x, y in zip(total.channels[0], part.channels[0], strict=True)]
    assert rest == list(c.channels[0])


def test_states_of_different_kinds_do_not_add():
    """An impossible sum is an error, not a warning."""
    counted = ExactSums.empty(1)
    floating = ExactSums.empty(1, DOUBLE)
    with pytest.raises(ValueError, match="do not add"):
        counted + floating
    for other in ("float32", "int8"):
        with pytest.raises(ValueError, match="do not add"):
            kind_tally(np.zeros((1, 1, 1), "uint8")) + kind_tally(np.zeros((1, 1, 1), other))


def test_extents_widen():
    """The union of extents spans both; nothing seen changes nothing."""
    for a, b in itertools.product([Extent(), Extent(2, 5), Extent(4, 9)], repeat=2):
        assert a | b == b | a
    assert Extent(2, 5) | Extent(4, 9) == Extent(2, 9)
    assert Extent() | Extent(2, 5) == Extent(2, 5)


def test_fingerprints_tell_what_changed():
    """Each of the sums sees its own change and no other."""
    base = Fingerprint.of("a", b"file", b"pixels")
    other_pixels = Fingerprint.of("a", b"file", b"PIXELS")
    other_file = Fingerprint.of("a", b"FILE", b"pixels")
    assert (base.paths, base.files) == (other_pixels.paths, other_pixels.files)
    assert base.pixels != other_pixels.pixels
    assert (base.paths, base.pixels) == (other_file.paths, other_file.pixels)
    assert base.files != other_file.files
    renamed = Fingerprint.of("b", b"FILE", b"pixels")
    assert renamed.content == base.content != other_pixels.content
    assert renamed.pixels != base.pixels
    # Fields have their lengths in front: moving a border makes another value.
    assert Fingerprint.of("ab", b"c", b"").files != Fingerprint.of("a", b"bc", b"").files
    unknown = Fingerprint(base.paths, base.files, base.pixels, None)
    assert (unknown + base).content is (base + unknown).content is None
    same_twice = base + base
    assert same_twice not in (base, Fingerprint())


@settings(deadline=None)
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
