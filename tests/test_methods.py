"""The laws of normalizing, for every method at once; NumPy in float64 is the oracle."""

import dataclasses
import json
import pickle
import warnings

import numpy as np
import pytest
from arrays import KINDS, tally
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import normstat
from normstat.errors import (
    FlatImage,
    OutOfRange,
    StatsFileError,
    Stopped,
    UnknownSplit,
    UsageError,
)
from normstat.methods import METHODS, Coefficients, Needs, from_record
from normstat.methods.kernels import sums
from normstat.presets import PRESETS, Preset
from normstat.stats import Settings, summarize, summarize_split

VERSIONS = {"normstat": "0", "pillow": "0", "libjpeg_turbo": "0"}
COMPUTED = {(kind.dtype, len(kind.channels)) for kind in KINDS}
NAMES = {1: ("gray",), 3: ("R", "G", "B"), 5: ("band1", "band2", "band3", "band4", "band5")}
TOP = {"uint8": 255, "uint16": 65535}
#: Of each result, for counted pixels in float32; see Normalizer.
RELATIVE = 6 * 2**-24
every_method = pytest.mark.parametrize("method", METHODS)
every_depth = pytest.mark.parametrize("dtype", TOP)


def all_values(dtype, channels=3):
    """An image that is not square, with every value of a depth in each channel."""
    values = np.arange(TOP[dtype] + 1, dtype=dtype)
    turned = [np.roll(values, 7 * channel) for channel in range(channels)]
    return np.stack(turned, axis=1).reshape(4, -1, channels)


def uneven(dtype, channels, height=20, width=33, seed=0):
    """Pixels whose channels have different means, spreads and correlations."""
    random = np.random.default_rng(seed)
    common = random.normal(0.5, 0.1, (height, width, 1))
    own = random.normal(0, 0.03, (height, width, channels)) * np.arange(1, channels + 1)
    shift = np.linspace(-0.2, 0.1, channels)
    return (np.clip(common + own + shift, 0, 1) * TOP[dtype]).astype(dtype)


def split_of(*images):
    """Statistics of images, with the covariance that ``whiten`` needs."""
    if (images[0].dtype.name, images[0].shape[2]) in COMPUTED:
        split = summarize_split(tally(*images).splits["train"])
    else:
        gray = [image.reshape(len(image), -1, 1) for image in images]
        split = with_channels(summarize_split(tally(*gray).splits["train"]), images)
    pixels = np.concatenate([image.reshape(-1, image.shape[2]) for image in images])
    covariance = np.atleast_2d(np.cov(pixels.T / split.scale, bias=True))
    return dataclasses.replace(split, covariance=tuple(map(tuple, covariance.tolist())))


def with_channels(split, images):
    """The statistics of each channel, by NumPy: for more kinds than images have."""
    pixels = np.concatenate([image.reshape(-1, image.shape[2]) for image in images]) / split.scale
    numbers = {name: getattr(pixels, name)(axis=0) for name in ("mean", "std", "min", "max")}
    return dataclasses.replace(
        split,
        channels=NAMES[pixels.shape[1]],
        quantiles={p: tuple(np.quantile(pixels, float(p), axis=0)) for p in split.quantiles},
        **{name: tuple(values.tolist()) for name, values in numbers.items()},
    )


def formula(method, image, split, epsilon=0.0):
    """What DESIGN says a method is: float64 on (H, W, C)."""
    x = image / split.scale
    q = {p: np.array(values) for p, values in split.quantiles.items()}
    mean, std = np.array(split.mean), np.array(split.std) + epsilon
    low, high = np.array(split.min), np.array(split.max)
    channel, whole = (0, 1), (0, 1, 2)
    if method == "whiten":
        values, vectors = np.linalg.eigh(np.array(split.covariance))
        return (x - mean) @ (vectors / (np.sqrt(values) + epsilon)) @ vectors.T
    return {
        "standard": lambda: (x - mean) / std,
        "center": lambda: x - mean,
        "unit": lambda: x,
        "symmetric": lambda: 2 * x - 1,
        "min-max": lambda: (x - low) / (high - low + epsilon),
        "robust": lambda: (x - q["0.5"]) / (q["0.75"] - q["0.25"] + epsilon),
        "clip-standard": lambda: (np.clip(x, q["0.005"], q["0.995"]) - mean) / std,
        "image": lambda: (x - x.mean(whole)) / (x.std(whole) + epsilon),
        "image-per-channel": lambda: (x - x.mean(channel)) / (x.std(channel) + epsilon),
        "image-min-max": lambda: (x - x.min(whole)) / (np.ptp(x) + epsilon),
        "image-min-max-per-channel": lambda: (
            (x - x.min(channel)) / (np.ptp(x, axis=channel) + epsilon)
        ),
    }[method]()


def made(method, split, **options):
    """A normalizer of any method, with statistics."""
    return normstat.normalizer(split, method=method, **options)


def bits(array):
    return array.dtype, array.shape, array.tobytes()


@every_method
@every_depth
@pytest.mark.parametrize("channels", [1, 3, 5])
def test_the_formula(method, dtype, channels):
    """Counted pixels come within 2e-6 of the formula in float64; other dtypes, within theirs."""
    image = uneven(dtype, channels)
    split = split_of(image, uneven(dtype, channels, seed=1))
    expected = formula(method, image, split)
    assert np.abs(expected).max() < 20
    result = made(method, split)(image)
    assert (result.dtype, result.shape) == (np.float32, image.shape)
    np.testing.assert_allclose(result, expected, rtol=0, atol=2e-6)
    exact = made(method, split, dtype="float64")(image)
    np.testing.assert_allclose(exact, expected, rtol=1e-9, atol=1e-12)
    half = made(method, split, dtype="float16")(image)
    np.testing.assert_allclose(half, expected, rtol=2**-11, atol=2**-24)


@pytest.mark.parametrize("method", [name for name in METHODS if METHODS[name].divides])
def test_epsilon_is_added_to_the_denominator(method):
    """std + E, max - min + E, q75 - q25 + E, √λ + E, in unit scale."""
    image = uneven("uint8", 3)
    split = split_of(image)
    for epsilon in (1e-4, 0.5):
        result = made(method, split, epsilon=epsilon)(image)
        expected = formula(method, image, split, epsilon)
        np.testing.assert_allclose(result, expected, rtol=0, atol=2e-6)


@given(
    pixels=hnp.arrays("uint16", (3, 5, 1), elements=st.integers(0, 65535)),
    center=st.floats(0, 1),
    width=st.floats(1e-9, 10),
)
def test_no_digits_are_lost_however_small_the_std(pixels, center, width):
    """Each result is within 6 · 2**-24 of itself, not of what a * x + b cancels."""
    preset = Preset("any", (center,) * 3, (width,) * 3, "", "")
    image = pixels.repeat(3, axis=2)
    expected = (image / 65535 - center) / width
    result = normstat.normalizer(preset)(image)
    np.testing.assert_allclose(result, expected, rtol=RELATIVE * 1.001, atol=4e-16 / width)


@every_method
@every_depth
def test_the_inverse_gives_the_pixels_back(method, dtype):
    """Every value in every channel comes back identical from float32; what was clipped, clipped."""
    image = all_values(dtype)
    split = split_of(image, uneven(dtype, 3))
    normalizer = made(method, split)
    maps = normalizer.maps(image) if normalizer.per_image else None
    back = normalizer.inverse(normalizer(image), dtype, maps=maps)
    expected = image
    if method == "clip-standard":
        low, high = (np.rint(values) for values in normalizer.clip)
        expected = np.clip(image, low, high).astype(dtype)
    assert bits(np.ascontiguousarray(back)) == bits(expected)


@pytest.mark.parametrize("name", PRESETS)
@every_depth
def test_the_inverse_of_presets(name, dtype):
    """Presets give every value back in the order of the input, also where the result is BGR."""
    image = all_values(dtype)
    normalizer = normstat.normalizer(name)
    result = normalizer(image)
    row = PRESETS[name]
    x = image[..., ::-1] if row.order == "BGR" else image
    expected = (x / TOP[dtype] * row.scale - np.array(row.mean)) / np.array(row.std)
    np.testing.assert_allclose(result, expected, rtol=RELATIVE, atol=1e-12)
    assert normalizer.channels == tuple(row.order)
    assert (normalizer.inverse(result, dtype) == image).all()


@every_method
def test_a_batch_is_its_images(method):
    """Of (N, H, W, C) every image is what it is alone, to the bit; back as well."""
    images = np.stack([uneven("uint8", 3, 9, 14, seed) for seed in range(3)])
    normalizer = made(method, split_of(*images))
    results = normalizer(images)
    for image, result in zip(images, results, strict=True):
        assert bits(normalizer(image)) == bits(result)
    maps = [normalizer.maps(image) for image in images] if normalizer.per_image else None
    assert (normalizer.inverse(results, maps=maps) == normalizer.inverse(results, maps=maps)).all()
    if method != "clip-standard":
        assert (normalizer.inverse(results, maps=maps) == images).all()


@every_method
@pytest.mark.parametrize("dtype", ["float32", "float16", "float64"])
def test_layout_makes_no_difference(method, dtype):
    """Channels first or last, contiguous or not: the same bits."""
    image = uneven("uint8", 3, 300, 500)
    normalizer = made(method, split_of(image), dtype=dtype)
    expected = normalizer(image)
    first = np.empty((3, 300, 500), dtype)
    strided = np.empty((300, 1000, 3), dtype)[:, ::2]
    given_back = normalizer.write_into(image, first)
    normalizer.write_into(np.asfortranarray(image), strided, channel_axis=2)
    assert bits(np.ascontiguousarray(np.moveaxis(first, 0, 2))) == bits(expected)
    assert bits(np.ascontiguousarray(strided)) == bits(expected)
    assert given_back == normalizer.maps(image)


@every_method
def test_the_maps_are_what_was_done(method):
    """The y = a * x + b on stored pixels of the maps is the result, except for what was clipped."""
    image = uneven("uint8", 3)
    normalizer = made(method, split_of(image), dtype="float64")
    maps = normalizer.maps(image)
    if method == "whiten":
        assert maps is normalizer.a is normalizer.b is None
        centered = image - np.array(split_of(image).mean) * 255
        mixed = centered @ np.array(normalizer.matrix).T
        np.testing.assert_allclose(mixed, normalizer(image), rtol=0, atol=1e-9)
        return
    assert len(maps.a) == len(maps.b) == 3
    if not normalizer.per_image and normalizer.channels:
        assert (maps.a, maps.b) == (normalizer.a, normalizer.b)
    x = np.clip(image, *normalizer.clip) if normalizer.clip else image
    np.testing.assert_allclose(maps.a * x + maps.b, normalizer(image), rtol=0, atol=1e-12)


@every_method
def test_normalizers_travel_and_are_recorded(method):
    """Pickles, and records that went through JSON, are equal and give the same bits."""
    image = uneven("uint16", 3)
    normalizer = made(method, split_of(image), dtype="float64")
    record = json.loads(json.dumps(normalizer.record(), allow_nan=False))
    for other in (pickle.loads(pickle.dumps(normalizer)), from_record(record)):
        assert (other, hash(other)) == (normalizer, hash(normalizer))
        assert bits(other(image)) == bits(normalizer(image))
    assert record["method"] == method
    assert record["a"] == (list(normalizer.a) if normalizer.a else None)
    assert (record["clip"] is not None) == (method == "clip-standard")
    assert (record["matrix"] is not None) == (method == "whiten")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"method": "other"}, "/method"),
        ({"epsilon": -1}, "/epsilon"),
        ({"dtype": "int8"}, "/dtype"),
        ({"channels": "RGB"}, "/channels"),
        ({"reverses": 1}, "/reverses"),
        ({"scale": 0}, "/scale"),
        ({"numbers": None}, "/numbers"),
        (
            {"numbers": {"center": [0, 0, 0], "width": [1, 1, 0], "limits": None}},
            "/numbers/width/2",
        ),
        ({"numbers": {"center": [0, 0, 0], "width": [1], "limits": None}}, "/numbers/width"),
        ({"numbers": {"center": [0, 0], "width": [1, 1], "limits": None}}, "/numbers/center"),
        (
            {"numbers": {"center": [0, 0], "width": [1, 1], "limits": None}, "channels": None},
            "/numbers/center",
        ),
        ({"numbers": {"center": [], "width": [], "limits": None}}, "/numbers/center"),
        ({"numbers": {"center": [0], "width": [1], "limits": []}}, "/numbers/limits"),
        ({"channels": []}, "/channels"),
        ({"input_dtype": "int64"}, "/input_dtype"),
        (
            {"method": "whiten", "numbers": {"center": [0], "matrix": [[1]]}},
            "/numbers/center",
        ),
        (
            {"method": "whiten", "numbers": {"center": [0, 0, 0], "matrix": [[1, 0, 0]] * 3}},
            "/numbers/matrix: has no inverse",
        ),
        ({"method": "whiten"}, "/numbers"),
        ({"method": "image"}, "/numbers"),
    ],
)
def test_records_that_are_none(change, where):
    """A changed record is refused with the pointer of the problem."""
    record = normstat.normalizer("imagenet").record() | change
    with pytest.raises(StatsFileError, match=where):
        from_record(record)


@pytest.mark.parametrize(
    ("method", "shape", "maps"),
    [
        ("imagenet", (2, 2, 2), None),
        ("imagenet", (), None),
        ("image", (2, 2, 3), Coefficients((1.0, 1.0), (0.0, 0.0))),
        ("image", (2, 2, 3), Coefficients((1.0, 1.0, 1.0), (0.0,))),
        (
            "image",
            (2, 2, 2, 3),
            [Coefficients((1.0,), (0.0,)), Coefficients((1.0,) * 3, (0.0,) * 3)],
        ),
    ],
)
def test_the_inverse_of_other_channels(method, shape, maps):
    """Arrays and maps that differ in their number of channels are refused."""
    with pytest.raises(UsageError, match="channel"):
        normstat.normalizer(method).inverse(np.zeros(shape), maps=maps)


@given(
    pixels=hnp.arrays("float64", (2, 3, 2), elements=st.floats(-1e6, 1e6)),
    kind=st.sampled_from(["float64", "float32", "int32"]),
)
def test_other_pixels_are_computed_in_float64(pixels, kind):
    """Floats and 32-bit integers give the float64 formula, rounded once."""
    image = pixels.astype(kind)
    x = image.astype("float64")
    assert (normstat.normalizer("symmetric")(image) == ((x - 0.5) / 0.5).astype("float32")).all()
    if np.ptp(x) > 1e-3:
        result = normstat.normalizer("image", dtype="float64")(image)
        np.testing.assert_allclose(result, (x - x.mean()) / x.std(), rtol=1e-6, atol=1e-9)


@settings(deadline=None)
@given(
    value=st.floats(-1e9, 1e9),
    method=st.sampled_from([name for name in METHODS if METHODS[name].per_image]),
    shape=st.tuples(st.integers(1, 4), st.integers(1, 40), st.integers(1, 3)),
)
def test_flat_images(value, method, shape):
    """An image of one color has no range: an error by name, exactly 0 with an epsilon."""
    for image in (np.full(shape, value), np.full(shape, int(abs(value)) % 256, "uint8")):
        with pytest.raises(FlatImage, match=f"{method}: every pixel.*epsilon=E"):
            normstat.normalizer(method)(image)
        assert not normstat.normalizer(method, epsilon=1e-300)(image).any()
    assert issubclass(FlatImage, Stopped)


@pytest.mark.parametrize("width", [65535, 65537, 4_000_001])
def test_sums_of_long_rows_are_exact(width):
    """However long a row is: white is flat, and one other pixel is not lost."""
    image = np.full((1, width, 1), 65535, "uint16")
    with pytest.raises(FlatImage):
        normstat.normalizer("image")(image)
    image[0, -1] = 65534
    squares = (width - 1) * 65535**2 + 65534**2
    assert sums(image[:, :, 0]) == (width * 65535 - 1, squares)


def test_minimum_and_maximum_become_0_and_1():
    """Min-max and unit reach 0 and 1 exactly, symmetric -1 and 1, and nothing lies beyond."""
    for dtype, top in TOP.items():
        widths = np.arange(1, 256) if dtype == "uint8" else np.arange(1, 65536, 97)
        for width in widths:
            image = np.array([[[top - width], [top]]], dtype)
            result = normstat.normalizer("image-min-max")(image)
            assert result.ravel().tolist() == [0, 1]
        image = all_values(dtype)
        for method, low in (("unit", 0), ("symmetric", -1), ("min-max", 0)):
            result = made(method, split_of(image))(image)
            assert (result.min(), result.max()) == (low, 1)


def test_float16_ends_at_65504():
    """What could become infinite is refused before the first pixel, or before it is written."""
    split = split_of(uneven("uint8", 3))
    tiny = dataclasses.replace(split, std=(1e-6,) * 3)
    made("standard", tiny)
    with pytest.raises(UsageError, match="float16 ends at 65504"):
        made("standard", tiny, dtype="float16")
    preset = Preset("steep", (0.5,) * 3, (1e-6,) * 3, "", "")
    with pytest.raises(UsageError, match="float16 ends at 65504"):
        normstat.normalizer(preset, dtype="float16").on("uint8")
    with pytest.raises(OutOfRange, match="beyond float16"):
        normstat.normalizer(preset, dtype="float16")(uneven("uint8", 3))
    unit = normstat.normalizer("unit", dtype="float16")
    assert unit(np.full((1, 1, 1), 65504.0)) == 65504
    with pytest.raises(OutOfRange, match="beyond float16"):
        unit(np.full((1, 1, 1), 65505.0))


@pytest.mark.parametrize("method", [name for name in METHODS if name != "clip-standard"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1.7e308])
def test_what_is_not_finite(method, bad):
    """NaN, infinity and what overflows are an error, never a warning or a result."""
    floats = dataclasses.replace(split_of(uneven("uint8", 3)), dtype="float64", scale=1)
    image = uneven("uint8", 3).astype("float64")
    image[1, 2], image[1, 3] = bad, -1e308
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(OutOfRange, match=r"NaN|beyond float32"):
            made(method, floats)(image)


def test_gray_images_and_statistics_of_three_channels():
    """Gray images become three channels, as they were counted; a preset refuses them."""
    gray = uneven("uint8", 1)
    split = split_of(uneven("uint8", 3))
    for method in METHODS:
        normalizer = made(method, split)
        result = normalizer(gray)
        assert result.shape == (20, 33, 3)
        assert bits(result) == bits(normalizer(gray.repeat(3, axis=2)))
        assert normalizer.takes.accept(1, "uint8") == 3
    with pytest.raises(UsageError, match='channels="rgb"'):
        normstat.normalizer("imagenet")(gray)
    with pytest.raises(UsageError, match=r"3 channels, the numbers are for 1 \(gray\)"):
        made("standard", split_of(gray))(gray.repeat(3, axis=2))


def test_pixels_of_another_depth():
    """Statistics of 8 bits refuse 16 and floats; narrow integers are 32-bit ones."""
    split = split_of(uneven("uint8", 3))
    for dtype in ("uint16", "float32", "int32", "bool", "int64", "complex64"):
        with pytest.raises(UsageError, match=dtype):
            made("standard", split)(uneven("uint8", 3).astype(dtype))
        with pytest.raises(UsageError, match=dtype):
            made("standard", split).on(dtype)
    whole = dataclasses.replace(split, dtype="int32", scale=1)
    assert made("standard", whole)(np.ones((1, 2, 3), "int16")).shape == (1, 2, 3)


@pytest.mark.parametrize("shape", [(3,), (4, 4), (1, 1, 1, 1, 1)])
def test_shapes_that_are_no_images(shape):
    """(H, W, C) or (N, H, W, C); the message says so."""
    with pytest.raises(UsageError, match="should be"):
        normstat.normalizer("unit")(np.zeros(shape, "uint8"))


def test_results_that_do_not_fit():
    """An array to write into has the shape and the dtype of the result."""
    normalizer, image = normstat.normalizer("unit"), uneven("uint8", 3)
    for out in (np.empty((3, 33, 20), "float32"), np.empty((3, 20, 33), "float64")):
        with pytest.raises(UsageError, match="should be float32 with 3 channels on axis 0"):
            normalizer.write_into(image, out)


def test_arrays_that_another_made():
    """Pixels outside their dtype are refused, as is an inverse by image without its maps."""
    with pytest.raises(UsageError, match="not made by this normalizer"):
        normstat.normalizer("unit").inverse(np.full((1, 1, 3), 1.5))
    image = uneven("uint8", 3)
    with pytest.raises(UsageError, match="maps"):
        normstat.normalizer("image").inverse(image)
    normalizer = normstat.normalizer("image")
    with pytest.raises(UsageError, match="2 maps"):
        normalizer.inverse(image, maps=[normalizer.maps(image)] * 2)


@every_method
def test_a_method_without_what_it_needs(method):
    """Refused, with what would help; a preset that is not used is refused too."""
    needs = METHODS[method].needs
    if needs is not Needs.NOTHING:
        for arguments in ({"source": method}, {"method": method}):
            with pytest.raises(UsageError, match=f"{method} needs statistics"):
                normstat.normalizer(**arguments)
    if needs is not Needs.CONSTANTS:
        with pytest.raises(UsageError, match="preset imagenet"):
            normstat.normalizer("imagenet", method=method)
    if not METHODS[method].divides:
        with pytest.raises(UsageError, match="no denominator"):
            made(method, split_of(uneven("uint8", 3)), epsilon=1e-3)


@pytest.mark.parametrize(("method", "missing"), [("robust", "quantiles"), ("whiten", "covariance")])
def test_statistics_without_a_number(method, missing):
    """Quantiles and covariance are not in every file."""
    split = dataclasses.replace(split_of(uneven("uint8", 3)), **{missing: None})
    with pytest.raises(UsageError, match=f"{method} needs {missing}"):
        made(method, split)


@pytest.mark.parametrize("method", ["standard", "min-max", "robust", "clip-standard", "whiten"])
def test_a_denominator_of_0(method):
    """A constant channel is named, with the cure; with an epsilon all its pixels become 0."""
    image = uneven("uint8", 3)
    image[..., 1] = 77
    split = split_of(image)
    named = (
        "linearly" if method == "whiten" else f"{method}: .* of channel G in the statistics is 0"
    )
    with pytest.raises(UsageError, match=named) as caught:
        made(method, split)
    assert "epsilon=E" in str(caught.value)
    result = made(method, split, epsilon=0.1)(image)
    np.testing.assert_allclose(result[..., 1], 0, rtol=0, atol=1e-12)


def test_the_split_is_train_unless_named():
    """Statistics of train normalize by default; others have to be asked for."""
    dark, light = uneven("uint8", 3), uneven("uint8", 3, seed=5)
    stats = summarize(
        tally(dark) + tally(light, split="val"), ["train", "val", "test"], Settings(), VERSIONS
    )
    assert normstat.normalizer(stats) == normstat.normalizer(stats.splits["train"])
    assert normstat.normalizer(stats, split="val") == normstat.normalizer(stats.splits["val"])
    with pytest.raises(UsageError, match="split test: no image"):
        normstat.normalizer(stats, split="test")
    only = dataclasses.replace(stats, splits={"all": stats.splits["val"]})
    with pytest.raises(UnknownSplit, match=r'no split train, only all; .*split="all"'):
        normstat.normalizer(only)
    with pytest.raises(UsageError, match="only statistics have splits"):
        normstat.normalizer("imagenet", split="train")


def test_a_stats_file_is_a_source(tmp_path):
    """A path, or a name that ends in .json, is read."""
    stats = summarize(tally(uneven("uint8", 3)), ["train"], Settings(), VERSIONS)
    path = tmp_path / "stats.json"
    normstat.save(stats, path)
    expected = normstat.normalizer(stats)
    assert normstat.normalizer(path) == normstat.normalizer(str(path)) == expected
    with pytest.raises(StatsFileError, match="cannot be read"):
        normstat.normalizer(tmp_path / "none")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "nothing to normalize with"),
        ({"source": "unit", "method": "image"}, "two methods"),
        ({"method": "z-score"}, "no such method; to list .*methods: normstat apply --help"),
        ({"source": "z-score"}, "no such preset or method; to list presets.*methods.*targets"),
        ({"source": "imag"}, "did you mean image"),
        ({"source": "peak"}, r"no such preset or method; .*a file of statistics ends in \.json"),
        ({"source": "imagenet", "epsilon": -1}, "epsilon=-1"),
        ({"source": "imagenet", "epsilon": float("nan")}, "epsilon=nan"),
        ({"source": "imagenet", "dtype": "int8"}, 'dtype="int8"'),
        ({"source": "imagenet", "scale": 0}, "scale 0"),
    ],
)
def test_arguments_that_are_refused(arguments, message):
    """Each refusal says which argument, and what is possible."""
    with pytest.raises(UsageError, match=message):
        normstat.normalizer(**arguments)


def test_the_scale_of_statistics_is_theirs():
    """A scale that contradicts the statistics is refused; elsewhere it says what white is."""
    with pytest.raises(UsageError, match="are of scale 255"):
        made("standard", split_of(uneven("uint8", 3)), scale=1)
    image = uneven("uint8", 3)
    as_floats = normstat.normalizer("imagenet", scale=255)(image.astype("float64"))
    np.testing.assert_allclose(as_floats, normstat.normalizer("imagenet")(image), atol=1e-6)


@pytest.mark.parametrize(
    ("shape", "cure"),
    [((3, 8, 9), "1, 2, 0"), ((1, 8, 9), "1, 2, 0"), ((4, 3, 8, 9), "0, 2, 3, 1")],
)
def test_channels_first(shape, cure):
    """An array of (C, H, W) is refused with how to transpose it, and then taken."""
    made = normstat.normalizer(
        summarize(tally(uneven("uint8", 3)), ["train"], Settings(), VERSIONS), split="train"
    )
    array = np.zeros(shape, "uint8")
    with pytest.raises(UsageError, match=rf"C, H, W\).*array\.transpose\({cure}\)"):
        made(array)
    made(array.transpose(*map(int, cure.split(", "))))
    with pytest.raises(UsageError, match="images have 9 channels"):
        made(np.zeros((2, 8, 9), "uint8"))
    assert made(np.zeros((3, 8, 3), "uint8")).shape == (3, 8, 3)
