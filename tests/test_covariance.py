"""Covariance between channels: against fractions, NumPy, the std, and any cutting."""

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from operator import add
from typing import Any

import make
import numpy as np
import pytest
import strategies
from arrays import tally
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from normstat.accumulators.covariance import Products, symmetric
from normstat.accumulators.tally import KindTally, Tally
from normstat.images import GRAY8, RGB8, Kind
from normstat.stats import SplitStats, summarize_split

Image = NDArray[Any]


def split_of(*images: Image) -> SplitStats:
    """The statistics of some images, with covariance."""
    return summarize_split(tally(*images, covariance=True).splits["train"])


def exact_covariance(images: Sequence[Image], scale: int = 1) -> list[list[Fraction]]:
    """Population covariance in exact arithmetic, from its definition."""
    pixels = np.concatenate([image.reshape(-1, image.shape[2]) for image in images])
    columns = [[Fraction(value.item()) / scale for value in column] for column in pixels.T]
    means = [sum(column) / len(column) for column in columns]
    centered = [[x - m for x in column] for column, m in zip(columns, means, strict=True)]
    return [
        [sum(map(Fraction.__mul__, x, y), Fraction(0)) / len(x) for y in centered] for x in centered
    ]


def banded(dtype: str, bands: st.SearchStrategy[int]) -> st.SearchStrategy[Image]:
    """Small images with any number of bands."""
    shapes = st.tuples(st.integers(1, 4), st.integers(1, 5), bands)
    return shapes.flatmap(lambda shape: hnp.arrays(dtype, shape))


@settings(deadline=None)
@given(data=st.data(), kind=strategies.exact_kinds)
def test_counted_images_are_exact(data: st.DataObject, kind: Kind) -> None:
    """Each entry is the exact covariance rounded once, and so the diagonal the exact variance."""
    images = data.draw(strategies.sets(kind))
    split = split_of(*images)
    exact = exact_covariance(images, kind.scale)
    assert split.covariance == tuple(tuple(map(float, row)) for row in exact)
    assert split.std is not None
    for index, std in enumerate(split.std):
        assert split.covariance[index][index] == pytest.approx(std**2, rel=2**-51, abs=0)


@settings(deadline=None)
@given(data=st.data(), kind=strategies.kinds)
def test_numpy_on_everything_at_once(data: st.DataObject, kind: Kind) -> None:
    """NumPy's ``cov`` of all pixels in float64 agrees to its precision."""
    images = data.draw(strategies.sets(kind))
    pixels = np.concatenate([image.reshape(-1, len(kind.channels)) for image in images])
    pixels = pixels.astype("float64") / kind.scale
    expected = np.cov(pixels, rowvar=False, ddof=0).reshape((len(kind.channels),) * 2)
    tolerance = 1e-13 * np.abs(pixels).max() ** 2 + 1e-300
    np.testing.assert_allclose(split_of(*images).covariance, expected, rtol=0, atol=tolerance)


@given(image=banded("uint16", st.integers(1, 14)))
def test_any_number_of_bands(image: Image) -> None:
    """Sums and products are those of Python's integers, however many bands stand in a row."""
    columns = [[int(value) for value in column] for column in image.reshape(-1, image.shape[2]).T]
    products = [[sum(map(int.__mul__, x, y)) for y in columns] for x in columns]
    state = Products.of(image)
    assert state.count == image.shape[0] * image.shape[1]
    assert list(state.sums) == [sum(column) for column in columns]
    assert symmetric(state.products) == products


@pytest.mark.parametrize("bands", [1, 3, 5, 13])
def test_images_larger_than_a_block(bands: int) -> None:
    """Nothing is lost or counted twice where one block ends and the next begins."""
    image = make.pixels(bands, 301, 407, bands).reshape(301, 407, bands)
    for seen in (image, image[::2, ::-3]):
        values = seen.reshape(-1, bands).astype("int64")
        state = Products.of(seen)
        assert symmetric(state.products) == (values.T @ values).tolist()
        assert list(state.sums) == values.sum(axis=0).tolist()


def test_sums_beyond_float64_and_int64() -> None:
    """White 16-bit images of more pixels than 2**53, then 2**63, can hold the squares of."""
    side = 1501
    white = Products.of(np.full((side, side, 1), 65535, "uint16"))
    assert side**2 * 65535**2 > 2**53
    assert white.products == ((side**2 * 65535**2,),)
    many = reduce(lambda total, _: total + total, range(20), white)
    assert many.products == ((2**20 * side**2 * 65535**2,),)
    assert many.products[0][0] > 2**63
    assert many.covariance() == [[0]]
    pixels = many.count + 1
    black = Products.of(np.zeros((1, 1, 1), "uint16"))
    assert (many + black).covariance() == [[Fraction(65535**2 * (pixels - 1), pixels**2)]]


@pytest.mark.parametrize("value", [0, 255, 0.1, 1e8 + 0.3, -7.7])
def test_constant_images_have_none(value: float) -> None:
    """Constant pixels have a covariance of exactly 0, in any number of images."""
    image = np.full((7, 11, 3), value)
    floats = Products.of_floats(image) + Products.of_floats(image[:3])
    assert floats.covariance() == [[0] * 3] * 3
    if value in (0, 255):
        counted = split_of(image.astype("uint8"), image[:3].astype("uint8"))
        assert counted.covariance == ((0.0,) * 3,) * 3


@settings(deadline=None)
@given(gray=strategies.sets(GRAY8), color=strategies.sets(RGB8))
def test_gray_among_color(gray: list[Image], color: list[Image]) -> None:
    """A gray image counts as one with three equal channels."""
    as_color = [np.repeat(image, 3, axis=2) for image in gray]
    assert split_of(*gray, *color).covariance == split_of(*as_color, *color).covariance


@given(data=st.data(), kind=strategies.kinds)
def test_a_fold_is_the_sum_of_single_images(data: st.DataObject, kind: Kind) -> None:
    """Folding in place gives what adding one by one gives, to the bit, covariance and all."""
    images = data.draw(strategies.sets(kind))
    singles = [tally(image, first=index, covariance=True) for index, image in enumerate(images)]
    assert tally(*images, covariance=True) == sum(singles, Tally.empty())


@given(images=st.integers(1, 4).flatmap(lambda bands: st.lists(float_images(bands), min_size=1)))
def test_the_diagonal_is_the_variance(images: list[Image]) -> None:
    """The diagonal of the products is the variance that the sums over images give."""
    products = reduce(add, map(Products.of_floats, images))
    tallies = (tally(image).splits["train"].kinds.values() for image in images)
    pooled = reduce(add, (kind.per_image for (kind,) in tallies)).pooled()
    covariance = products.covariance()
    assert [covariance[i][i] for i in range(len(pooled))] == [variance for _, variance in pooled]


def float_images(bands: int) -> st.SearchStrategy[Image]:
    """Small float images with so many bands."""
    shapes = st.tuples(st.integers(1, 4), st.integers(1, 5), st.just(bands))
    values = st.floats(-1e6, 1e6, width=32)
    return shapes.flatmap(lambda shape: hnp.arrays("float32", shape, elements=values))


@pytest.mark.parametrize("rows", [1, 7, 40], ids=lambda rows: f"{rows}-rows")
def test_large_offset(rows: int) -> None:
    """Float pixels around 10,000 keep 13 digits of their small covariance, in any order."""
    noise = np.random.default_rng(0).normal(0, 0.5, (40, 30, 3))
    mixed = noise @ [[1.0, 0.6, 0.0], [0.0, 0.8, -0.3], [0.0, 0.0, 0.9]]
    image = (mixed + np.array([1e4, -1e4, 0.0])).astype("float32")
    states = [Products.of_floats(image[start : start + rows]) for start in range(0, 40, rows)]
    total = reduce(add, states)
    assert total == reduce(add, reversed(states))
    found, exact = total.covariance(), exact_covariance([image])
    for i, j in itertools.product(range(3), repeat=2):
        size = math.sqrt(exact[i][i] * exact[j][j])
        assert abs(found[i][j] - exact[i][j]) <= Fraction(size) / 10**13


def test_no_pixels() -> None:
    """An array without pixels is the empty state."""
    assert Products.of(np.zeros((0, 3, 2), "uint8")) == Products.empty(2)


@given(data=st.data(), kind=strategies.kinds)
def test_empty_is_the_identity(data: st.DataObject, kind: Kind) -> None:
    """No images, of which covariance was not asked for, take none away."""
    (state,) = (
        tally(data.draw(strategies.images(kind)), covariance=True).splits["train"].kinds.values()
    )
    assert state.covariance is not None
    assert KindTally.empty(kind) + state == state == state + KindTally.empty(kind)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_only_where_asked_for_and_of_all_images(dtype: str) -> None:
    """Without being asked, and of sums of which one part does not know it, it is None."""
    image = np.arange(6).reshape(2, 3, 1).astype(dtype)
    with_it, without = tally(image, covariance=True), tally(image)
    for total in (without, with_it + without, without + with_it, without + with_it + with_it):
        assert summarize_split(total.splits["train"]).covariance is None
    assert summarize_split((with_it + with_it).splits["train"]).covariance is not None
