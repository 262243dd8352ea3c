"""A PNG file without anything but pixels is read like every other, only sooner."""

import zlib
from pathlib import Path

import make
import numpy as np
import pytest
from decoded import read
from hypothesis import given
from hypothesis import strategies as st

REMARK = make.chunk(b"tEXt", b"Comment\0not plain")
IDAT = st.binary(max_size=60) | st.binary(max_size=400).map(zlib.compress)


def with_remark(data: bytes) -> bytes:
    """The same image with a chunk of text, so that it is no longer plain."""
    return data[:33] + REMARK + data[33:]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (28, 28), (40, 300)])
def test_a_remark_changes_nothing(tmp_path: Path, shape: tuple[int, int], channels: int) -> None:
    """With and without another chunk the pixels, the key and the notes are the same."""
    data = make.encoded(make.pixels(5, *shape, channels=channels))
    assert read(tmp_path / "a.png", data) == read(tmp_path / "a.png", with_remark(data))


@given(idat=IDAT, color=st.sampled_from([0, 2]))
def test_damage_is_named_alike(
    tmp_path_factory: pytest.TempPathFactory, idat: bytes, color: int
) -> None:
    """Whatever stands where the compressed pixels should, the outcome is that of the slow way."""
    path = tmp_path_factory.getbasetemp() / "damaged.png"
    whole = make.png(5, 4, b"", 8, color)
    data = whole[:33] + make.chunk(b"IDAT", idat) + make.chunk(b"IEND", b"")
    assert read(path, data) == read(path, with_remark(data))


def test_the_limit_on_pixels_comes_first(tmp_path: Path) -> None:
    """A plain file above the limit is refused by its header."""
    data = make.encoded(np.zeros((4, 5), np.uint8))
    assert read(tmp_path / "a.png", data, max_pixels=19)[0] == "too_large"
    assert read(tmp_path / "a.png", data, max_pixels=20)[0] != "too_large"
