"""What other libraries compute: as formulas in float64, and by the packages where installed."""

import dataclasses

import make
import numpy as np
import pytest
from arrays import tally

import normstat
from normstat.stats import summarize_split

ATOL = 2e-6
PHOTO = make.pixels(1, 90, 140)
GRAY = make.pixels(2, 70, 50, channels=1)[..., np.newaxis]
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
# albumentations adds this to a std or a range of pixels in stored units.
HIDDEN = 1e-4


def stats_of(*images):
    return summarize_split(tally(*images).splits["train"])


def close(result, expected, atol=ATOL):
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, rtol=0, atol=atol)


def mean_std(image):
    """Own mean and std of an image, all channels together, and each."""
    x = image.astype("float64")
    return (x.mean(), x.std()), (x.mean((0, 1)), x.std((0, 1)))


def own(image, mode, hidden=0.0):
    """albumentations' formulas for its modes by image, in stored units."""
    x = image.astype("float64")
    axes = (0, 1) if mode.endswith("per_channel") else (0, 1, 2)
    if mode.startswith("image"):
        return (x - x.mean(axes)) / (x.std(axes) + hidden)
    low, high = x.min(axes), x.max(axes)
    return (x - low) / (high - low + hidden)


MODES = {
    "image": "image",
    "image_per_channel": "image-per-channel",
    "min_max": "image-min-max",
    "min_max_per_channel": "image-min-max-per-channel",
}
IMAGES = pytest.mark.parametrize("image", [PHOTO, GRAY], ids=["photo", "gray"])


def test_torchvision():
    """``ToTensor`` and ``Normalize``: (x / 255 - mean) / std."""
    mean, std = map(np.array, IMAGENET)
    close(normstat.normalizer("torchvision")(PHOTO), (PHOTO / 255 - mean) / std)


@IMAGES
def test_torchvision_with_statistics_of_ones_own(image):
    """The same with the data's own mean and std."""
    stats = stats_of(image, image[::2])
    expected = (image / 255 - np.array(stats.mean)) / np.array(stats.std)
    close(normstat.normalizer(stats)(image), expected)


@IMAGES
@pytest.mark.parametrize("mode", MODES)
def test_albumentations_by_image(image, mode):
    """Its modes by image are this formula, and its hidden constant is an epsilon of 1e-4 / 255."""
    close(normstat.normalizer(MODES[mode])(image), own(image, mode))
    with_hidden = normstat.normalizer(MODES[mode], epsilon=HIDDEN / 255)
    close(with_hidden(image), own(image, mode, HIDDEN))


@pytest.mark.parametrize("mode", ["image", "image_per_channel"])
def test_the_hidden_constant_matters(mode):
    """On a dark, flat image albumentations' constant changes the result: here it is not hidden."""
    image = np.zeros((100, 100, 1), "uint8")
    image[0, 0] = 1
    plain, hidden = own(image, mode), own(image, mode, HIDDEN)
    assert np.abs(plain - hidden).max() > 0.5
    close(normstat.normalizer(MODES[mode])(image), plain, atol=1e-5)
    close(normstat.normalizer(MODES[mode], epsilon=HIDDEN / 255)(image), hidden, atol=1e-5)


@IMAGES
@pytest.mark.parametrize("mode", MODES)
def test_albumentations_itself(image, mode):
    """The package agrees, with its constant as an epsilon."""
    albumentations = pytest.importorskip("albumentations")
    expected = albumentations.Normalize(normalization=mode)(image=image)["image"]
    close(normstat.normalizer(MODES[mode], epsilon=HIDDEN / 255)(image), expected)


def test_albumentations_standard_itself():
    """The package's default mode is the ImageNet preset."""
    albumentations = pytest.importorskip("albumentations")
    expected = albumentations.Normalize(*IMAGENET, normalization="standard")(image=PHOTO)["image"]
    close(normstat.normalizer("imagenet")(PHOTO), expected)


@IMAGES
def test_scikit_learn(image):
    """StandardScaler is ``standard``, RobustScaler is ``robust``, MinMaxScaler is ``min-max``."""
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    scalers = {
        "standard": preprocessing.StandardScaler(),
        "robust": preprocessing.RobustScaler(),
        "min-max": preprocessing.MinMaxScaler(),
    }
    stats = stats_of(image)
    columns = image.reshape(-1, image.shape[2]).astype("float64")
    for method, scaler in scalers.items():
        expected = scaler.fit_transform(columns).reshape(image.shape)
        close(normstat.normalizer(stats, method=method)(image), expected)


@IMAGES
def test_scikit_learn_as_formulas(image):
    """(x - mean) / std, (x - median) / (q75 - q25), (x - min) / (max - min), by column."""
    stats = stats_of(image)
    x = image.reshape(-1, image.shape[2]).astype("float64")
    low, median, high = np.quantile(x, [0.25, 0.5, 0.75], axis=0)
    formulas = {
        "standard": (x - x.mean(0)) / x.std(0),
        "robust": (x - median) / (high - low),
        "min-max": (x - x.min(0)) / (x.max(0) - x.min(0)),
    }
    for method, expected in formulas.items():
        close(normstat.normalizer(stats, method=method)(image), expected.reshape(image.shape))


def test_keras():
    """``preprocess_input`` in its modes tf, torch and caffe; caffe's channels are BGR."""
    mean, std = map(np.array, IMAGENET)
    close(normstat.normalizer("keras-tf")(PHOTO), PHOTO / 127.5 - 1)
    close(normstat.normalizer("keras-torch")(PHOTO), (PHOTO / 255 - mean) / std)
    expected = PHOTO[..., ::-1] - np.array([103.939, 116.779, 123.68])
    result = normstat.normalizer("keras-caffe")(PHOTO)
    np.testing.assert_allclose(result, expected, rtol=6 * 2**-24, atol=1e-12)


@IMAGES
def test_tensorflow(image):
    """``per_image_standardization``, (x - mean) / max(std, 1 / √N), is ``image`` for such std."""
    (mean, std), _ = mean_std(image)
    assert std > 1 / np.sqrt(image.size)
    close(normstat.normalizer("image")(image), (image - mean) / max(std, 1 / np.sqrt(image.size)))


def test_sixteen_bits():
    """A preset of scale 255 meets 16-bit pixels as x / 65535 · 255."""
    image = make.pixels(3, 40, 30, dtype="uint16")
    mean, std = np.array([123.675, 116.28, 103.53]), np.array([58.395, 57.12, 57.375])
    close(normstat.normalizer("mmdet")(image), (image / 65535 * 255 - mean) / std)


def test_whitened_channels_are_uncorrelated():
    """After ``whiten`` the covariance of the channels is the identity, the mean 0."""
    x = PHOTO.reshape(-1, 3) / 255
    covariance = tuple(map(tuple, np.cov(x.T, bias=True).tolist()))
    stats = dataclasses.replace(stats_of(PHOTO), covariance=covariance)
    result = normstat.normalizer(stats, method="whiten")(PHOTO).reshape(-1, 3).astype("float64")
    np.testing.assert_allclose(np.cov(result.T, bias=True), np.eye(3), rtol=0, atol=1e-4)
    np.testing.assert_allclose(result.mean(0), 0, atol=1e-5)


def test_standardized_data_has_mean_0_and_std_1():
    """With the data's own statistics, mean and std of the result are 0 and 1."""
    result = normstat.normalizer(stats_of(PHOTO))(PHOTO).astype("float64")
    assert np.abs(result.mean((0, 1))).max() < 1e-5
    assert np.abs(result.std((0, 1)) - 1).max() < 1e-5
