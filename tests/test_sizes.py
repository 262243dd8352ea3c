"""Sizes of images: each counted once, in its bin, whoever counts and however it is added up."""

import json
import math
from collections import Counter
from pathlib import Path

import make
import numpy as np
import pytest
from cached import settle
from hypothesis import given
from hypothesis import strategies as st

import normstat
from normstat.accumulators.sizes import Sizes, bin_of
from normstat.statsfile import dumps, loads

SIZES = st.dictionaries(
    st.tuples(st.integers(1, 10**9), st.integers(1, 10**9)), st.integers(1, 99), max_size=6
)
OLD = Path(__file__).parent / "golden" / "stats-0.1.0.json"


def plain(images: Counter[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Bins and images by a loop over widths and heights."""
    counts: dict[tuple[int, int], int] = {}
    for (width, height), number in images.items():
        bins = math.floor(8 * math.log2(width)), math.floor(8 * math.log2(height))
        counts[bins] = counts.get(bins, 0) + number
    return counts


@given(side=st.integers(1, 2**63 - 1))
def test_a_bin_has_the_sides_that_it_says(side: int) -> None:
    """2**(n/8) <= side < 2**((n+1)/8), in integers, so the same everywhere."""
    n = bin_of(side)
    assert 2**n <= side**8 < 2 ** (n + 1)
    assert 0 <= n < 63 * 8


@given(one=SIZES, two=SIZES, three=SIZES)
def test_neither_order_nor_grouping_matters(one, two, three) -> None:
    a, b, c = map(Sizes.of, (one, two, three))
    assert (a + b) + c == a + (b + c) == (c + b) + a
    assert (a + b + c).to_json() == ((c + b) + a).to_json()
    assert a + Sizes() == a == Sizes() + a
    assert a + b == Sizes.of(Counter(one) + Counter(two))
    assert (a + b).images == sum(one.values()) + sum(two.values())
    assert a + b - b == a
    assert a - a == Sizes()


def test_no_more_than_there_are_is_taken_away() -> None:
    with pytest.raises(ValueError, match="fewer images of a size"):
        Sizes.of({(4, 4): 1}) - Sizes.of({(4, 40): 1})


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Color and gray of many sizes, a stack, another depth, and what cannot be read."""
    folder = tmp_path / "data"
    for number in range(40):
        height, width = 3 + number % 7, 4 + number % 12
        pixels = make.pixels(number, height, width, channels=1 if number % 9 == 0 else 3)
        make.write(folder / f"{number:02}.png", make.encoded(pixels))
    make.write(folder / "deep.png", make.encoded(make.pixels(1, 50, 60, 1, dtype="uint16")))
    make.write(folder / "cut.png", make.encoded(make.pixels(1, 30, 30))[:50])
    return folder


def seen(numbers: range) -> Counter[tuple[int, int]]:
    return Counter((4 + number % 12, 3 + number % 7) for number in numbers)


def sizes_of(stats: normstat.Stats) -> dict[tuple[int, int], int]:
    sizes = stats.splits["all"].sizes
    assert sizes is not None
    return dict(sizes.counts)


def test_they_are_those_of_a_loop(data: Path, tmp_path: Path) -> None:
    """Of the images that count, gray ones among color too; the same from files and from a cache."""
    stats = normstat.compute(data, workers=0)
    assert sizes_of(stats) == plain(seen(range(40)))
    assert sizes_of(loads(dumps(stats))) == sizes_of(stats)
    settle(data)
    for _ in range(2):
        cached = normstat.compute(data, workers=0, cache=tmp_path / "cache")
        assert dumps(cached) == dumps(stats)


def test_parts_merge_and_are_subtracted(data: Path) -> None:
    """Through files, in either order; what remains has the sizes of the rest."""
    whole = normstat.compute(data, workers=0)
    parts = [
        loads(dumps(normstat.compute(data, workers=0, shard=f"{number}/3"))) for number in (3, 1, 2)
    ]
    assert dumps(normstat.merge(parts)) == dumps(whole)
    low = normstat.compute(data, workers=0, include="[01]?.png")
    high = normstat.compute(data, workers=0, exclude="[01]?.png")
    assert sizes_of(low + high) == sizes_of(high + low) == sizes_of(whole)
    rest = normstat.subtract(whole, loads(dumps(low)))
    assert sizes_of(rest) == plain(seen(range(20, 40)))


def test_they_are_those_after_resize_and_crop(data: Path) -> None:
    """As counted, like the extents: cut to squares, all are in one bin."""
    stats = normstat.compute(data, workers=0, resize=24, crop=16)
    assert sizes_of(stats) == {(32, 32): 40}
    assert stats.splits["all"].width == (16, 16)


def test_arrays_and_stacks_count_each_image(tmp_path: Path) -> None:
    """Given one by one, added to an accumulator, and many in one file."""
    arrays = [np.zeros((number % 5 + 5, 9, 3), np.uint8) for number in range(11)]
    expected = plain(Counter((9, number % 5 + 5) for number in range(11)))
    assert sizes_of(normstat.compute(arrays, workers=0)) == expected
    accumulator = normstat.Accumulator()
    for number, array in enumerate(arrays):
        accumulator.add(array, split="all", name=str(number))
    assert sizes_of(accumulator.stats()) == expected
    (tmp_path / "data").mkdir()
    np.save(tmp_path / "data" / "stack.npy", np.zeros((6, 5, 7, 3), np.uint8))
    stats = normstat.compute(tmp_path / "data", workers=0, layout="nhwc")
    assert sizes_of(stats) == plain(Counter({(7, 5): 6}))


def without_sizes(stats: normstat.Stats) -> normstat.Stats:
    """The statistics as a version that did not count sizes would have written them."""
    content = json.loads(dumps(stats))
    for split in content["splits"].values():
        del split["sizes"]
        for kind in split["state"]["kinds"]:
            del kind["sizes"]
    return loads(json.dumps(content))


def test_files_of_before_have_none(data: Path) -> None:
    """They load, say null when written again, and make sums unknown; an edit is still refused."""
    old = normstat.load(OLD)
    assert {split.sizes for split in old.splits.values() if split.images} == {None}
    content = json.loads(dumps(old))
    assert [split["sizes"] for split in content["splits"].values() if split["images"]] == [
        None for split in old.splits.values() if split.images
    ]
    stats = normstat.compute(data, workers=0, include="[01]?.png")
    before = without_sizes(normstat.compute(data, workers=0, exclude="[01]?.png"))
    for total in (before + stats, stats + before):
        assert total.splits["all"].sizes is None
        assert loads(dumps(total)) == total
        assert (total - stats).splits["all"].sizes is None
    whole = normstat.compute(data, workers=0)
    verdicts = [normstat.check(data, each, workers=0) for each in (whole, without_sizes(whole))]
    assert verdicts[0] == verdicts[1]
