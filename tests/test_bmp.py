"""Bitmaps: every mask, palette and header, against values put there bit by bit."""

import math
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import make
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

import normstat
from normstat.decode import decode, decoder, measure
from normstat.errors import UnreadableImage
from normstat.images import LocalFiles, ReadOptions, Sample

HEIGHT, WIDTH = 7, 11
PALETTE = np.random.default_rng(9).integers(0, 256, (256, 3)).astype("u1")


def bitmap(
    rows: list[bytes],
    bits: int,
    *,
    compression: int = 0,
    header: int = 40,
    masks: tuple[int, ...] = (),
    palette: NDArray[Any] | None = None,
    colors: int = 0,
    width: int = WIDTH,
    height: int = HEIGHT,
    packed: bytes | None = None,
) -> bytes:
    """A BMP file of rows from top to bottom, or of packed data; a negative height is top-down."""
    stored = rows if height < 0 else rows[::-1]
    data = b"".join(row + bytes(-len(row) % 4) for row in stored) if packed is None else packed
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack("<IiiHHII", header, width, height, 1, bits, compression, len(data))
        info += struct.pack("<IIII", 2835, 2835, colors, 0)
        in_header = struct.pack(f"<{len(masks)}I", *masks) if header > 40 else b""
        info = (info + in_header).ljust(header, b"\0")[: max(header, 16)]
        if header <= 40:
            info += struct.pack(f"<{len(masks)}I", *masks)
    if palette is not None:
        entry = b"" if header == 12 else b"\0"
        info += b"".join(bytes(color[::-1]) + entry for color in palette)
    start = 14 + len(info)
    return b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start) + info + data


def pixels_of(folder: Path, data: bytes, **options: Any) -> Any:
    """The decoded image."""
    path = make.write(folder / "x.bmp", data)
    with decoder():
        return decode(Sample("all", "x.bmp"), path.read_bytes(), ReadOptions(**options))


def code_of(folder: Path, data: bytes) -> tuple[str, str]:
    """Code and detail of a file that cannot be read."""
    with pytest.raises(UnreadableImage) as caught:
        pixels_of(folder, data)
    return caught.value.code, caught.value.detail


def fields(masks: tuple[int, ...], bits: int) -> tuple[list[bytes], NDArray[Any]]:
    """Rows in which each mask has any values, the rest is noise; and these values, (H, W, 3)."""
    random = np.random.default_rng(sum(masks))
    words = random.integers(0, 1 << bits, (HEIGHT, WIDTH), dtype=np.int64)
    words[0, 0], words[0, 1] = 0, (1 << bits) - 1
    planes = [(words & mask) // (mask & -mask) for mask in masks[:3]]
    rows = [row.astype(f"<u{bits // 8}").tobytes() for row in words]
    return rows, np.dstack(planes)


MASKS = {
    "5-5-5": (16, 0, 40, ()),
    "5-6-5": (16, 3, 40, (0xF800, 0x7E0, 0x1F)),
    "5-5-5-fields": (16, 3, 40, (0x7C00, 0x3E0, 0x1F)),
    "5-5-5-1": (16, 3, 56, (0x7C00, 0x3E0, 0x1F, 0x8000)),
    "4-4-4-4": (16, 3, 108, (0xF00, 0xF0, 0xF, 0xF000)),
    "4-4-4-alphafields": (16, 6, 40, (0xF00, 0xF0, 0xF, 0xF000)),
    "2-3-1": (16, 3, 40, (0x30, 0x0E, 0x1)),
    "3-3-2": (16, 3, 52, (0xE0, 0x1C, 0x3)),
    "5-6-5-bgr": (16, 3, 124, (0x1F, 0x7E0, 0xF800, 0)),
    "6-6-4": (16, 3, 40, (0xFC00, 0x3F0, 0xF)),
    "8-8-8": (32, 0, 40, ()),
    "8-8-8-v5": (32, 3, 124, (0xFF0000, 0xFF00, 0xFF, 0)),
    "8-8-8-8-v5": (32, 3, 124, (0xFF0000, 0xFF00, 0xFF, 0xFF000000)),
    "8-8-8-odd": (32, 3, 40, (0xFF0, 0xFF000, 0xFF00000)),
    "8-8-8-rgbx": (32, 3, 40, (0xFF000000, 0xFF0000, 0xFF00)),
    "10-10-10": (32, 3, 40, (0x3FF00000, 0xFFC00, 0x3FF)),
    "16-bits-of-nothing": (32, 3, 108, (0, 0, 0, 0)),
}
USUAL = {16: (0x7C00, 0x3E0, 0x1F), 32: (0xFF0000, 0xFF00, 0xFF)}


@pytest.mark.parametrize("sign", [1, -1], ids=["bottom-up", "top-down"])
@pytest.mark.parametrize(("bits", "compression", "header", "masks"), MASKS.values(), ids=MASKS)
def test_colors_are_the_bits_of_their_masks(
    tmp_path: Path, bits: int, compression: int, header: int, masks: tuple[int, ...], sign: int
) -> None:
    """In unit scale each is its bits over all of its bits, exactly."""
    used = masks[:3] if any(masks) else USUAL[bits]
    rows, values = fields(used, bits)
    content = bitmap(
        rows, bits, compression=compression, header=header, masks=masks, height=sign * HEIGHT
    )
    pixels = pixels_of(tmp_path, content)
    tops = [mask // (mask & -mask) for mask in used]
    scale = math.lcm(*tops)
    assert pixels.kind.scale == scale
    assert pixels.kind.dtype == ("uint8" if scale < 256 else "uint16")
    assert np.array_equal(pixels.array(), values * [scale // top for top in tops])
    assert ("alpha_dropped" in pixels.notes) == (len(masks) > 3 and masks[3] > 0)
    (split,) = normstat.compute(tmp_path, workers=0).splits.values()
    assert split.mean == tuple(
        float(Fraction(int(values[:, :, c].sum()), HEIGHT * WIDTH * tops[c])) for c in range(3)
    )
    assert split.max == (1.0, 1.0, 1.0)


def test_24_bits_are_what_Pillow_says(tmp_path: Path) -> None:  # noqa: N802
    """The usual file: the same pixels and the same key as a PNG's."""
    for width in range(1, 9):
        array = make.pixels(width, 5, width)
        path = make.write(tmp_path / "x.png", make.encoded(array))
        with decoder():
            png = decode(Sample("all", "x.png"), path.read_bytes(), ReadOptions())
        pixels = pixels_of(tmp_path, make.encoded(array, "BMP"))
        assert np.array_equal(pixels.array(), array)
        assert (pixels.key, pixels.kind, pixels.mode) == (png.key, png.kind, "RGB")


def packed(indices: NDArray[Any], bits: int) -> list[bytes]:
    """Rows of indices, the first pixel in the highest bits."""
    rows = []
    for row in indices.tolist():
        text = "".join(f"{index:0{bits}b}" for index in row)
        text = text.ljust(-(-len(text) // 8) * 8, "0")
        rows.append(bytes(int(text[at : at + 8], 2) for at in range(0, len(text), 8)))
    return rows


@pytest.mark.parametrize("header", [12, 16, 40, 52, 56, 64, 108, 124])
@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("colors", [0, 2, -3])
def test_palettes(tmp_path: Path, bits: int, header: int, colors: int) -> None:
    """Every number of bits and colors, in every header there ever was."""
    there = max(2, (1 << bits) + min(colors, 0)) if colors <= 0 else colors
    if header in (12, 16) and there < 1 << bits:
        there = 1 << bits  # these headers have no room for a number of colors
    indices = np.random.default_rng(bits).integers(0, there, (HEIGHT, WIDTH))
    content = bitmap(
        packed(indices, bits), bits, header=header, palette=PALETTE[:there], colors=there
    )
    pixels = pixels_of(tmp_path, content)
    assert np.array_equal(pixels.array(), PALETTE[indices])
    assert pixels.mode == "P"


def test_two_colors_of_eight_bits(tmp_path: Path) -> None:
    """Black and white in a palette of two, indexed by whole bytes: not a bitmap of bits."""
    indices = np.random.default_rng(1).integers(0, 2, (HEIGHT, WIDTH))
    palette = np.array([[0, 0, 0], [255, 255, 255]], "u1")
    for bits in (8, 4, 2, 1):
        content = bitmap(packed(indices, bits), bits, palette=palette, colors=2)
        array = pixels_of(tmp_path, content).array()
        assert np.array_equal(array[:, :, 0], indices * 255)
        assert array.shape[2] == (1 if bits == 1 else 3)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA"])
def test_what_Pillow_writes(tmp_path: Path, mode: str) -> None:  # noqa: N802
    """Its files come back, in the mode that it gives them."""
    image = Image.fromarray(make.pixels(3, 13, 9)).convert(mode)
    pixels = pixels_of(tmp_path, make.encoded(image, "BMP"))
    with Image.open(tmp_path / "x.bmp") as opened:
        assert pixels.mode == opened.mode
    wanted = np.asarray(image.convert("L" if mode in "1L" else "RGB")).reshape(13, 9, -1)
    assert np.array_equal(pixels.array(), wanted)


def rle(indices: NDArray[Any], is_rle4: bool, absolute: bool) -> bytes:
    """Run lengths of each row from the bottom up, as runs or as literal values."""
    data = b""
    for row in indices[::-1].tolist():
        if absolute:
            literal = bytes(row) if not is_rle4 else packed(np.array([row]), 4)[0]
            data += bytes([0, len(row)]) + literal + bytes(len(literal) % 2) + b"\0\0"
        else:
            data += b"".join(bytes([1, v << 4 if is_rle4 else v]) for v in row) + b"\0\0"
    return data[:-2] + b"\0\1"


@pytest.mark.parametrize("absolute", [False, True], ids=["runs", "literal"])
@pytest.mark.parametrize("bits", [4, 8])
def test_run_lengths(tmp_path: Path, bits: int, absolute: bool) -> None:
    """RLE4 and RLE8 are the palette's colors, row by row."""
    indices = np.random.default_rng(bits).integers(0, 1 << bits, (HEIGHT, WIDTH))
    data = rle(indices, bits == 4, absolute)
    options: dict[str, Any] = {
        "compression": 2 if bits == 4 else 1,
        "palette": PALETTE[: 1 << bits],
    }
    array = pixels_of(tmp_path, bitmap([], bits, packed=data, **options)).array()
    assert np.array_equal(array, PALETTE[indices])
    for ended in (data[:-2], data[:-2] + b"\0\0\0\1"):
        again = pixels_of(tmp_path, bitmap([], bits, packed=ended, **options)).array()
        assert np.array_equal(again, array)
    assert code_of(tmp_path, bitmap([], bits, packed=data[:-9], **options))[0] == "truncated"


def test_two_values_in_turn_are_a_run_of_rle4(tmp_path: Path) -> None:
    """5 times 0x16 is 1 6 1 6 1."""
    data = bytes([5, 0x16, 0, 1])
    content = bitmap([], 4, compression=2, packed=data, palette=PALETTE[:16], width=5, height=1)
    assert np.array_equal(pixels_of(tmp_path, content).array()[0], PALETTE[[1, 6, 1, 6, 1]])


def runs(data: bytes, **options: Any) -> bytes:
    """A bitmap of 3 × 2 pixels with these run lengths."""
    return bitmap([], 8, compression=1, packed=data, palette=PALETTE, width=3, height=2, **options)


ROWS, VALUES = fields((0xF800, 0x7E0, 0x1F), 16)
SIXTEEN = bitmap(ROWS, 16, compression=3, masks=(0xF800, 0x7E0, 0x1F))
INDEXED = bitmap([bytes(WIDTH)] * HEIGHT, 8, palette=PALETTE)
DEFECTS = {
    "rle-delta": (runs(b"\0\2\1\0\2\7\0\0\3\1\0\1"), "unsupported_pixels", "disagree"),
    "rle-short-row": (runs(b"\2\7\0\0\3\1\0\1"), "unsupported_pixels", "disagree"),
    "rle-short-end": (runs(b"\3\7\0\1"), "unsupported_pixels", "disagree"),
    "rle-long-row": (runs(b"\4\7\0\0\3\1\0\1"), "corrupt", "beyond the end"),
    "rle-cut": (runs(b"\3\7\0\0\3"), "truncated", "1 of 2 rows"),
    "rle-literal-cut": (runs(b"\3\7\0\0\0\3\1\1"), "truncated", "1 of 2 rows"),
    "rle-top-down": (
        bitmap([], 8, compression=1, packed=bytes(9), palette=PALETTE, height=-HEIGHT),
        "unsupported_pixels",
        "top row first",
    ),
    "jpeg-inside": (bitmap([], 0, compression=4, packed=bytes(9)), "unsupported_pixels", "JPEG"),
    "png-inside": (bitmap([], 0, compression=5, packed=bytes(9)), "unsupported_pixels", "PNG"),
    "huffman": (
        bitmap([], 1, compression=3, header=64, packed=bytes(9)),
        "unsupported_pixels",
        "Huffman",
    ),
    "rle24": (
        bitmap([], 24, compression=4, header=64, packed=bytes(9)),
        "unsupported_pixels",
        "24 bits",
    ),
    "64-bits": (bitmap([], 64, packed=bytes(999)), "unsupported_pixels", "64 bits"),
    "3-bits": (bitmap([], 3, packed=bytes(999)), "unsupported_pixels", "3 bits"),
    "masks-with-holes": (
        bitmap(ROWS, 16, compression=3, masks=(0xF100, 0x7E0, 0x1F)),
        "unsupported_pixels",
        "0xf100",
    ),
    "masks-that-overlap": (
        bitmap(ROWS, 16, compression=3, masks=(0xF800, 0xFE0, 0x1F)),
        "unsupported_pixels",
        "masks",
    ),
    "no-blue": (
        bitmap(ROWS, 16, compression=3, masks=(0xF800, 0x7E0, 0)),
        "unsupported_pixels",
        "",
    ),
    "masks-beyond": (
        bitmap(ROWS, 16, compression=3, masks=(0xF80000, 0x7E0, 0x1F)),
        "unsupported_pixels",
        "masks",
    ),
    "11-11-10": (
        bitmap(
            fields((0xFFE00000, 0x1FFC00, 0x3FF), 32)[0],
            32,
            compression=3,
            masks=(0xFFE00000, 0x1FFC00, 0x3FF),
        ),
        "unsupported_pixels",
        "11-11-10 of 32 bits",
    ),
    "no-such-color": (
        bitmap([b"\xff" * WIDTH] * HEIGHT, 8, palette=PALETTE[:9], colors=9),
        "unsupported_pixels",
        "color 255, its palette 9",
    ),
    "odd-header": (
        b"BM" + bytes(12) + struct.pack("<I", 99) + bytes(999),
        "unsupported_pixels",
        "",
    ),
    "huge-header": (b"BMW is a car, and no bitmap", "corrupt", "header of"),
    "zero-wide": (bitmap([], 24, width=0), "not_an_image", "0 × 7"),
    "negative-width": (bitmap(ROWS, 16, width=-11), "corrupt", "width is -11"),
    "a-bomb": (bitmap(ROWS, 16, width=99_999, height=99_999), "too_large", "99999 × 99999"),
    "magic-only": (b"BM", "truncated", "header"),
    "half-a-header": (SIXTEEN[:30], "truncated", "header"),
    "half-the-masks": (SIXTEEN[:60], "truncated", "header"),
    "no-palette": (INDEXED[:54], "truncated", "palette"),
    "no-pixels": (SIXTEEN[:66], "truncated", "0 bytes"),
    "a-pixel-missing": (SIXTEEN[:-4], "truncated", "bytes of pixels"),
    "pixels-in-the-header": (SIXTEEN[:10] + b"\x20" + SIXTEEN[11:], "corrupt", "inside the header"),
}


@pytest.mark.parametrize(("content", "code", "said"), DEFECTS.values(), ids=DEFECTS)
def test_what_is_no_bitmap_is_a_record(
    tmp_path: Path, content: bytes, code: str, said: str
) -> None:
    """Damage has its name; what decoders disagree about is refused without a word of damage."""
    found, detail = code_of(tmp_path, content)
    assert (found, said in detail, detail.isprintable()) == (code, True, True), detail
    with decoder(), pytest.raises(UnreadableImage) as caught:
        measure(Sample("all", "x.bmp"), LocalFiles(str(tmp_path)), ReadOptions())
    assert caught.value.code == code


def test_the_padding_of_the_last_row_may_be_missing(tmp_path: Path) -> None:
    """Some programs do not write it."""
    content = make.encoded(make.pixels(1, 4, 5), "BMP")
    assert np.array_equal(pixels_of(tmp_path, content[:-1]).array(), make.pixels(1, 4, 5))


@settings(deadline=None, max_examples=4 * settings().max_examples)
@given(data=st.data())
def test_damaged_bytes_give_pixels_or_a_record(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever is cut off or changed, nothing but an unreadable image comes out."""
    whole = data.draw(st.sampled_from([SIXTEEN, INDEXED, runs(b"\3\7\0\0\3\1\0\1"), bitmap(
        packed(np.ones((HEIGHT, WIDTH), int), 2), 2, header=12, palette=PALETTE[:4])]))  # fmt: skip
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(0, 4))):
        damaged[data.draw(st.integers(2, min(len(whole), 90) - 1))] = data.draw(st.integers(0, 255))
    damaged = damaged[: data.draw(st.integers(2, len(whole)))]
    try:
        pixels = pixels_of(tmp_path_factory.getbasetemp(), bytes(damaged), max_pixels=100_000)
    except UnreadableImage:
        return
    assert pixels.array().max() <= pixels.kind.scale
