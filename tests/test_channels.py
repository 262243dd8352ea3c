"""Images of several modes in one folder, as they are and converted."""

from pathlib import Path
from typing import Any

import make
import pytest
from PIL import Image

import normstat

GRAY = Image.fromarray(make.pixels(1, 9, 14, channels=1))
RGB = Image.fromarray(make.pixels(2, 8, 11))
RGBA = Image.merge("RGBA", [*RGB.split(), RGB.split()[0]])
PALETTE = RGB.quantize(7)
BILEVEL = GRAY.convert("1")
GRAY16 = make.encoded(make.pixels(3, 6, 8, channels=1, dtype="uint16"))
NUMBERS = """
pixels channels dtype scale mean std stderr per_image min max quantiles width height
"""


def images(folder: Path, *all_of_them: Image.Image | bytes) -> Path:
    """A folder of images, numbered."""
    folder.mkdir()
    for index, image in enumerate(all_of_them):
        content = image if isinstance(image, bytes) else make.encoded(image)
        make.write(folder / f"{index}.png", content)
    return folder


def numbers(stats: normstat.Stats) -> dict[str, Any]:
    """The pixel statistics of the one split."""
    (split,) = stats.splits.values()
    return {name: getattr(split, name) for name in NUMBERS.split()}


@pytest.mark.parametrize(("channels", "mode"), [("gray", "L"), ("rgb", "RGB")])
def test_channels_converts_as_pillow_does(tmp_path: Path, channels: str, mode: str) -> None:
    """8-bit images count as converted ones; those of other depths are records."""
    some = [GRAY, RGB, RGBA, PALETTE, BILEVEL]
    one = images(tmp_path / "one", *some, GRAY16)
    straight = [image if image.mode == "L" else image.convert("RGB") for image in some]
    straight[4] = BILEVEL.convert("L")
    two = images(tmp_path / "two", *(image.convert(mode) for image in straight))
    stats = normstat.compute(one, workers=0, channels=channels)
    assert numbers(stats) == numbers(normstat.compute(two, workers=0))
    assert [(record.path, record.code) for record in stats.unreadable] == [("5.png", "other_depth")]
    assert stats.settings.channels == channels


def test_gray_and_rgb_are_all_rgb(tmp_path: Path) -> None:
    """A mixed folder gives what it gives after conversion to RGB."""
    one = images(tmp_path / "one", GRAY, RGB, GRAY, RGB, BILEVEL)
    some = [GRAY, RGB, GRAY, RGB, BILEVEL]
    two = images(tmp_path / "two", *(image.convert("RGB") for image in some))
    mixed = normstat.compute(one, workers=0)
    assert numbers(mixed) == numbers(normstat.compute(two, workers=0))
    assert mixed.splits["all"].modes == {"1": 1, "L": 2, "RGB": 2}


def test_max_pixels(tmp_path: Path) -> None:
    """The limit itself is read, one pixel more is too large; the limit is recorded."""
    folder = images(tmp_path / "data", RGB, GRAY)
    stats = normstat.compute(folder, workers=0, max_pixels=8 * 11)
    assert [(record.path, record.code) for record in stats.unreadable] == [("1.png", "too_large")]
    assert stats.settings.max_pixels == 88
    assert normstat.compute(folder, workers=0, max_pixels=9 * 14).complete
