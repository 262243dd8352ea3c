"""GIF and WebP: the first frame, where it says what each pixel of the screen is."""

import io
import struct
from pathlib import Path
from typing import Any

import make
import numpy as np
import pytest
from decoded import decoded
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import normstat
from normstat.decode import decode, decoder, measure
from normstat.errors import UnreadableImage
from normstat.images import LocalFiles, ReadOptions, Sample

COLORS = Image.fromarray(make.pixels(1, 8, 12)).quantize(20)
WANTED = np.asarray(COLORS.convert("RGB"))
GIF = make.encoded(COLORS, "GIF")
WEBP = make.encoded(make.pixels(2, 8, 12), "WEBP", lossless=True)
STILL = np.asarray(Image.open(io.BytesIO(WEBP)))


def pixels_of(folder: Path, data: bytes, name: str) -> Any:
    """The decoded image."""
    path = make.write(folder / name, data)
    with decoder():
        return decode(Sample("all", name), path.read_bytes(), ReadOptions())


def refused(folder: Path, data: bytes, name: str) -> str:
    """The detail of a file that is refused, decoded or measured, without a word of damage."""
    make.write(folder / name, data)
    for function in (decoded, measure):
        with decoder(), pytest.raises(UnreadableImage) as caught:
            function(Sample("all", name), LocalFiles(str(folder)), ReadOptions())
        assert caught.value.code == "unsupported_pixels"
    return str(caught.value.detail)


def on_screen(data: bytes, screen: tuple[int, int], left: int = 0, top: int = 0) -> bytes:
    """The GIF with its frame somewhere on a screen of another size."""
    at = data.index(b",\0\0\0\0\x0c\0\x08\0")
    moved = data[:at] + struct.pack("<cHH", b",", left, top) + data[at + 5 :]
    return moved[:6] + struct.pack("<HH", *screen) + moved[10:]


@pytest.mark.parametrize(
    ("screen", "left", "top"), [((13, 8), 0, 0), ((12, 9), 0, 1), ((15, 15), 2, 3), ((12, 7), 0, 0)]
)
@pytest.mark.parametrize("transparent", [False, True])
def test_a_gif_that_leaves_pixels_out_is_refused(
    tmp_path: Path, screen: tuple[int, int], left: int, top: int, transparent: bool
) -> None:
    """Background, transparent or black: decoders disagree, so no number is right."""
    options = {"transparency": 3} if transparent else {}
    data = make.encoded(COLORS, "GIF", **options)
    detail = refused(tmp_path, on_screen(data, screen, left, top), "x.gif")
    assert f"12 × 8 pixels at {left}, {top} of a screen of {screen[0]} × {screen[1]}" in detail


def test_a_gif_that_does_not_is_read(tmp_path: Path) -> None:
    """Also with extensions before its frame, interlaced, with a palette of its own, animated."""
    assert np.array_equal(pixels_of(tmp_path, GIF, "x.gif").array(), WANTED)
    other = Image.fromarray(make.pixels(3, 8, 12)).quantize(9)
    for options in (
        {"comment": b"a, comment" * 50},
        {"interlace": 1},
        {"interlace": 0},
        {"save_all": True, "append_images": [other]},
        {"transparency": 0},
    ):
        pixels = pixels_of(tmp_path, make.encoded(COLORS, "GIF", **options), "x.gif")
        assert np.array_equal(pixels.array(), WANTED)
        assert ("multi_frame" in pixels.notes) == ("save_all" in options)
    table = GIF[13 : 13 + 96]
    at = GIF.index(b",\0\0\0\0")
    local = GIF[:10] + b"\0" + GIF[11:13] + GIF[13 + 96 : at + 9] + b"\x84" + table + GIF[at + 10 :]
    assert np.array_equal(pixels_of(tmp_path, local, "x.gif").array(), WANTED)


def test_a_gif_without_colors_is_refused(tmp_path: Path) -> None:
    """Decoders have different tables of their own."""
    data = GIF[:10] + b"\0" + GIF[11:13] + GIF[13 + 96 :]
    assert "without a table of colors" in refused(tmp_path, data, "x.gif")


def animated(
    canvas: tuple[int, int],
    left: int = 0,
    top: int = 0,
    flags: int = 2,
    still: bytes = WEBP[12:],
    blend: int = 0,
) -> bytes:
    """A WebP file whose only frame lies somewhere on a canvas."""
    still = still[18:] if still.startswith(b"VP8X") else still
    frame = b"".join(
        number.to_bytes(3, "little") for number in (left // 2, top // 2, 12 - 1, 8 - 1, 100)
    )
    parts = [
        (b"VP8X", bytes([flags, 0, 0, 0]) + b"".join(
            (side - 1).to_bytes(3, "little") for side in canvas)),
        (b"ANIM", b"\1\2\3\xff\0\0"),
        (b"ANMF", frame + bytes([blend]) + still),
    ]  # fmt: skip
    body = b"WEBP" + b"".join(
        name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)
        for name, content in parts
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def test_a_webp_that_leaves_pixels_out_is_refused(tmp_path: Path) -> None:
    """Its background color is a suggestion that few follow."""
    for place in (((14, 8), 0, 0), ((12, 10), 0, 2), ((30, 30), 4, 6)):
        detail = refused(tmp_path, animated(*place), "x.webp")
        assert "decoders disagree" in detail
    pixels = pixels_of(tmp_path, animated((12, 8)), "x.webp")
    assert np.array_equal(pixels.array(), STILL)
    assert np.array_equal(pixels_of(tmp_path, WEBP, "x.webp").array(), STILL)


def test_the_run_goes_on(tmp_path: Path) -> None:
    """One such file among others is a record."""
    make.write(tmp_path / "data" / "a.gif", GIF)
    make.write(tmp_path / "data" / "b.gif", on_screen(GIF, (20, 20)))
    stats = normstat.compute(tmp_path / "data", workers=0)
    assert [record.path for record in stats.unreadable] == ["b.gif"]


@settings(deadline=None, max_examples=2 * settings().max_examples)
@given(data=st.data())
def test_damaged_bytes_give_pixels_or_a_record(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever is cut off or changed, nothing but an unreadable image comes out."""
    name, whole = data.draw(st.sampled_from([("x.gif", GIF), ("x.webp", animated((12, 8)))]))
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(0, 3))):
        damaged[data.draw(st.integers(6, len(whole) - 1))] = data.draw(st.integers(0, 255))
    damaged = damaged[: data.draw(st.integers(1, len(whole)))]
    try:
        pixels_of(tmp_path_factory.getbasetemp(), bytes(damaged), name)
    except UnreadableImage:
        return


@pytest.mark.parametrize("blend", [0, 1, 2, 3])
def test_colors_under_alpha_are_those_stored(tmp_path: Path, blend: int) -> None:
    """The first frame of an animation has the colors of the still image, whatever its alpha."""
    array = np.dstack([make.pixels(2, 8, 12), make.pixels(5, 8, 12, channels=1)])
    array[0, :, 3] = 0
    still = make.encoded(array, "WEBP", lossless=True, exact=True)
    assert np.array_equal(pixels_of(tmp_path, still, "x.webp").array(), array[:, :, :3])
    content = animated((12, 8), flags=0x12, still=still[12:], blend=blend)
    pixels = pixels_of(tmp_path, content, "x.webp")
    assert np.array_equal(pixels.array(), array[:, :, :3])
    assert "alpha_dropped" in pixels.notes
