"""AVIF: 8 bits as Pillow has them; 10 and 12 bits to the bit, with the maximum of their depth."""

import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import make
import numpy as np
import pytest
from PIL import Image

import normstat
from normstat.decode import avif, decode, decoder, measure
from normstat.errors import UnreadableImage
from normstat.images import LocalFiles, ReadOptions, Sample

imagecodecs = pytest.importorskip("imagecodecs")
deep = pytest.mark.parametrize("bits", [10, 12])


def lossless(array: Any, bits: int) -> bytes:
    """The bytes of a file that stores these values."""
    data: bytes = imagecodecs.avif_encode(array, level=100, bitspersample=bits)
    return data


def values(bits: int, channels: int) -> Any:
    """Any values: shape (H, W[, C])."""
    array = np.random.default_rng(bits + channels).integers(0, 1 << bits, (23, 30, channels))
    array.flat[:8] = 0, 1, 2, 3, (1 << bits) - 1, (1 << bits) - 2, 255, 256
    return (array[:, :, 0] if channels == 1 else array).astype("u2")


def pixels_of(folder: Path, data: bytes, **options: Any) -> Any:
    """The decoded image."""
    path = make.write(folder / "x.avif", data)
    with decoder():
        return decode(Sample("all", "x.avif"), path.read_bytes(), ReadOptions(**options))


def code_of(folder: Path, data: bytes, **options: Any) -> str:
    """The code of a file that cannot be read."""
    with pytest.raises(UnreadableImage) as caught:
        pixels_of(folder, data, **options)
    return str(caught.value.code)


@deep
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_deep_values_are_those_of_the_file(tmp_path: Path, bits: int, channels: int) -> None:
    """They are 16-bit pixels whose 1.0 is the largest of their bits; alpha is left out, said."""
    array = values(bits, channels)
    data = lossless(array, bits)
    pixels = pixels_of(tmp_path / "alone", data)
    colors = np.atleast_3d(array)[:, :, : min(channels, 3)]
    assert np.array_equal(pixels.array(), colors)
    assert (pixels.kind.dtype, pixels.kind.scale) == ("uint16", (1 << bits) - 1)
    assert ("alpha_dropped" in pixels.notes) == (channels == 4)
    split = normstat.compute(tmp_path / "alone", workers=0).splits["all"]
    top = 23 * 30 * ((1 << bits) - 1)
    assert split.mean == tuple(
        float(Fraction(int(colors[:, :, c].sum(dtype=int)), top)) for c in range(colors.shape[2])
    )
    with decoder():
        found = measure(Sample("all", "x.avif"), LocalFiles(str(tmp_path / "alone")), ReadOptions())
    assert (found.kind, found.width, found.height) == (pixels.kind, 30, 23)


def test_eight_bits_stay_with_Pillow(tmp_path: Path) -> None:  # noqa: N802
    """The same pixels by both decoders."""
    data = lossless(make.pixels(1, 20, 31), 8)
    pixels = pixels_of(tmp_path, data)
    assert np.array_equal(pixels.array(), make.pixels(1, 20, 31))
    assert np.array_equal(pixels.array(), np.asarray(Image.open(io.BytesIO(data))))
    assert pixels.kind.scale == 255


@deep
def test_without_the_extra_no_bit_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bits: int
) -> None:
    """The file is refused, with the line that installs the decoder."""
    monkeypatch.setattr(avif, "_imagecodecs", lambda: None)
    data = lossless(values(bits, 3), bits)
    with pytest.raises(UnreadableImage, match=r"pip install \"normstat\[tiff\]\""):
        pixels_of(tmp_path, data)
    assert code_of(tmp_path, data) == "bit_depth_lost"


@deep
def test_damage_has_its_name(tmp_path: Path, bits: int) -> None:
    """Cut, or too large."""
    data = lossless(values(bits, 3), bits)
    for end in (len(data) // 2, len(data) - 1, 200):
        assert code_of(tmp_path, data[:end]) in ("truncated", "corrupt")
    assert code_of(tmp_path, data, max_pixels=23 * 30 - 1) == "too_large"
    assert code_of(tmp_path, data, channels="gray") == "other_depth"


@deep
def test_they_are_cropped_and_not_turned(tmp_path: Path, bits: int) -> None:
    """A crop is that of the values; an orientation is refused rather than passed over."""
    array = values(bits, 3)
    data = lossless(array, bits)
    cropped = pixels_of(tmp_path, data, crop=20, upright=True).array()
    assert np.array_equal(cropped, array[1:21, 5:25])
