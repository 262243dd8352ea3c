"""Statistics against oracles: fractions, and NumPy on everything at once."""

import math
from fractions import Fraction

import numpy as np
import pytest
import strategies
from arrays import kind_tally, tally
from hypothesis import given, settings
from hypothesis import strategies as st

from normstat.accumulators.histogram import power_sums
from normstat.accumulators.tally import Tally
from normstat.images import GRAY8, RGB8, Unreadable
from normstat.stats import QUANTILES, Settings, summarize, summarize_split
from normstat.stats.summarize import _sqrt

VERSIONS = {"normstat": "0", "pillow": "0", "libjpeg_turbo": "0"}


def split_of(*arrays):
    return summarize_split(tally(*arrays).splits["train"])


def rounded_sqrt(square):
    """The double nearest to the square root of a fraction, found by comparing midpoints."""
    guess = math.sqrt(square)
    best = guess
    for candidate in (math.nextafter(guess, 0), guess, math.nextafter(guess, math.inf)):
        low = (Fraction(math.nextafter(candidate, 0)) + Fraction(candidate)) / 2
        high = (Fraction(candidate) + Fraction(math.nextafter(candidate, math.inf))) / 2
        if low**2 <= square <= high**2:
            best = candidate
    return best


@settings(deadline=None)
@given(data=st.data(), kind=strategies.exact_kinds)
def test_counted_images_are_exact(data, kind):
    """Mean, std, per-image values and extremes are the exact results, rounded once."""
    images = data.draw(strategies.sets(kind))
    split = split_of(*images)
    for index in range(len(kind.channels)):
        own = [[Fraction(int(x), kind.scale) for x in image[..., index].flat] for image in images]
        pixels = [x for image in own for x in image]
        mean = sum(pixels) / len(pixels)
        variance = sum((x - mean) ** 2 for x in pixels) / len(pixels)
        assert split.mean[index] == float(mean)
        assert split.std[index] == rounded_sqrt(variance)
        assert (split.min[index], split.max[index]) == (float(min(pixels)), float(max(pixels)))
        means = [sum(image) / len(image) for image in own]
        variances = [
            sum((x - m) ** 2 for x in image) / len(image)
            for m, image in zip(means, own, strict=True)
        ]
        assert split.per_image.mean[index] == pytest.approx(
            float(sum(means) / len(means)), rel=2**-52, abs=0
        )
        stds = sum(Fraction(rounded_sqrt(variance)) for variance in variances) / len(images)
        assert split.per_image.std[index] == pytest.approx(float(stds), rel=1e-15, abs=0)


@settings(deadline=None)
@given(data=st.data(), kind=strategies.exact_kinds)
def test_standard_errors_are_those_of_the_definition(data, kind):
    """Standard errors equal the ratio estimator computed residual by residual in fractions."""
    images = data.draw(strategies.sets(kind, least=2))
    split = split_of(*images)
    n = len(images)
    for index in range(len(kind.channels)):
        own = [[int(x) for x in image[..., index].flat] for image in images]
        m = [len(image) for image in own]
        s = [sum(image) for image in own]
        q = [sum(x * x for x in image) for image in own]
        mean = Fraction(sum(s), sum(m))
        variance = Fraction(sum(q), sum(m)) - mean**2
        residuals = [si - mean * mi for si, mi in zip(s, m, strict=True)]
        influences = [
            qi - 2 * mean * si + (mean**2 - variance) * mi
            for qi, si, mi in zip(q, s, m, strict=True)
        ]
        scale = n * (n - 1) * Fraction(sum(m), n) ** 2
        se_mean = math.sqrt(sum(r * r for r in residuals) / scale) / kind.scale
        assert split.stderr.mean[index] == pytest.approx(se_mean, rel=1e-12, abs=0)
        if not variance:
            assert split.stderr.std[index] is None
            continue
        se_variance = sum(d * d for d in influences) / scale
        se_std = math.sqrt(se_variance / (4 * variance)) / kind.scale
        assert split.stderr.std[index] == pytest.approx(se_std, rel=1e-12, abs=0)


@settings(deadline=None)
@given(data=st.data(), kind=strategies.kinds)
def test_numpy_on_everything_at_once(data, kind):
    """NumPy's float64 results on all pixels agree to its precision."""
    images = data.draw(strategies.sets(kind))
    split = split_of(*images)
    pixels = np.concatenate([image.reshape(-1, len(kind.channels)) for image in images])
    pixels = pixels.astype("float64") / kind.scale
    width = np.abs(pixels).max() + 1e-300
    np.testing.assert_allclose(split.mean, pixels.mean(0), rtol=0, atol=1e-14 * width)
    # NumPy's squares of the tiniest numbers are 0.
    np.testing.assert_allclose(split.std, pixels.std(0), rtol=0, atol=1e-9 * width + 1e-160)
    assert split.quantile_error == (0 if kind.bins else 2**-8)
    for p in QUANTILES:
        exact = np.quantile(pixels, float(p), axis=0)
        around = (np.quantile(pixels, float(p), axis=0, method=m) for m in ("lower", "higher"))
        error = split.quantile_error * np.max(np.abs(list(around)), axis=0) + 1e-13 * (1 + width)
        assert (np.abs(split.quantiles[p] - exact) <= error).all()
        assert (np.clip(split.quantiles[p], split.min, split.max) == split.quantiles[p]).all()


@given(data=st.data())
def test_gray_counts_in_all_three_channels(data):
    """Gray images among RGB ones give what they give after conversion to RGB."""
    gray = data.draw(strategies.sets(GRAY8))
    color = data.draw(strategies.sets(RGB8))
    converted = [np.repeat(image, 3, axis=2) for image in gray]
    mixed, all_rgb = split_of(*gray, *color), split_of(*converted, *color)
    assert mixed.channels == ("R", "G", "B")
    for name in ("mean", "std", "stderr", "per_image", "min", "max", "quantiles", "pixels"):
        assert getattr(mixed, name) == getattr(all_rgb, name)


def test_a_constant_set_has_exactly_no_spread():
    """Equal images give a std of exactly 0, an error of the mean of 0 and none of the std."""
    split = split_of(*[np.full((3, 5, 1), 200, "uint8")] * 4)
    assert split.mean == (200 / 255,)
    assert split.std == (0.0,)
    assert split.stderr.mean == (0.0,)
    assert split.stderr.std == (None,)


def test_one_image_has_no_standard_error():
    """What one image cannot tell is None, never 0."""
    split = split_of(np.arange(6, dtype="uint8").reshape(2, 3, 1))
    assert split.stderr.mean == split.stderr.std == (None,)
    assert split.std[0] > 0


def test_one_pixel():
    """A single pixel has a mean, and a std of 0."""
    split = split_of(np.array([[[51]]], "uint8"))
    assert (split.mean, split.std, split.pixels) == ((0.2,), (0.0,), 1)
    assert set(split.quantiles.values()) == {(0.2,)}


def test_a_million_pixels_and_one_that_differs():
    """The variance of 999,999 pixels of 255 and one of 254 keeps all its digits."""
    counts = np.zeros((1, 256), "int64")
    counts[0, 255], counts[0, 254] = 999_999, 1
    ((s, q),), n = power_sums(counts, 10**6), 10**6
    variance = Fraction(n * q - s * s, n * n)
    assert _sqrt(variance) == 0.000999999499999875
    assert _sqrt(variance / 255**2) == pytest.approx(0.000999999499999875 / 255, rel=2**-52, abs=0)


def test_sums_beyond_64_bits():
    """4.3e9 white 16-bit pixels have sums that no 64-bit integer holds, and are exact."""
    n = 4_300_000_000
    counts = np.zeros((1, 65536), "int64")
    counts[0, 65535] = n
    assert power_sums(counts, n) == [(n * 65535, n * 65535**2)]
    assert n * 65535**2 > 2**63


@given(st.fractions(min_value=Fraction(1, 10**12), max_value=10**12))
def test_square_roots_are_correctly_rounded(square):
    """The square root of a fraction is the nearest double."""
    assert _sqrt(square) == rounded_sqrt(square)


def test_the_majority_depth_is_the_split_s():
    """Images of another depth are records: counted, the first ones by name."""
    eight = [np.full((2, 2, 1), index, "uint8") for index in range(3)]
    sixteen = [np.full((2, 2, 1), index, "uint16") for index in range(2)]
    stats = summarize(tally(*eight, *sixteen), ["train"], Settings(), VERSIONS)
    split = stats.splits["train"]
    assert (split.dtype, split.images, split.unreadable, split.listed) == ("uint8", 3, 2, 5)
    assert [(record.path, record.code) for record in stats.unreadable] == [
        ("train/3.png", "other_depth"),
        ("train/4.png", "other_depth"),
    ]
    assert not stats.complete
    assert split.mean == split_of(*eight).mean


def test_of_many_images_in_the_minority_ten_are_named():
    """However many images have another depth, the state stays small."""
    few = [np.full((1, 1, 1), 1, "uint16")] * 30
    many = [np.full((1, 1, 1), 1, "uint8")] * 31
    stats = summarize(tally(*few, *many), ["train"], Settings(), VERSIONS)
    assert stats.splits["train"].unreadable == 30
    assert len(stats.unreadable) == 10


def test_a_split_with_nothing_readable():
    """Without a readable image everything that is not defined is None."""
    lost = Tally.of_unreadable(Unreadable("val", "val/a.png", "empty"))
    stats = summarize(lost, ["train", "val"], Settings(), VERSIONS)
    val = stats.splits["val"]
    assert (val.listed, val.images, val.unreadable) == (1, 0, 1)
    assert val.mean is val.std is val.channels is val.quantiles is val.stderr.mean is None
    assert stats.splits["train"].listed == 0
    assert not stats.complete


def test_splits_come_in_their_usual_order():
    """train, val and test first, others by name."""
    one = np.zeros((1, 1, 1), "uint8")
    total = sum(
        (tally(one, split=name) for name in ("b", "test", "a", "val", "train")), Tally.empty()
    )
    stats = summarize(total, total.splits, Settings(), VERSIONS)
    assert list(stats.splits) == ["train", "val", "test", "a", "b"]


def test_pixels_of_an_image_count_once_per_channel():
    """``pixels`` is the number of pixels, whatever the number of channels."""
    assert split_of(np.zeros((2, 3, 3), "uint8")).pixels == 6
    assert kind_tally(np.zeros((2, 3, 3), "uint8")).values.count == 6
