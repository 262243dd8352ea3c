"""Bit, gray and color maps of Netpbm: the values that a file stores, with its maxval as 1.0."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import make
import numpy as np
import pytest
from command import here as command
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

import normstat
from normstat.decode import decode, decoder, measure
from normstat.errors import UnreadableImage
from normstat.images import GRAY8, RGB8, LocalFiles, ReadOptions, Sample
from normstat.stats import SplitStats


def values(maxval: int, channels: int = 1, height: int = 9, width: int = 14) -> NDArray[Any]:
    """Any values there may be: shape (H, W, C)."""
    random = np.random.default_rng(maxval + channels)
    array = random.integers(0, maxval, (height, width, channels), endpoint=True)
    array.flat[:2] = 0, maxval
    return array


def written(array: NDArray[Any], maxval: int, plain: bool = False, head: str = "") -> bytes:
    """A map as pgm(5) and ppm(5) describe it."""
    height, width, channels = array.shape
    magic = {(1, False): "P5", (3, False): "P6", (1, True): "P2", (3, True): "P3"}[channels, plain]
    header = f"{magic}\n{head}{width} {height}\n{maxval}\n".encode()
    if plain:
        return header + "\n".join(" ".join(map(str, row)) for row in array.reshape(height, -1)
                                  ).encode() + b"\n"  # fmt: skip
    return header + array.astype(">u2" if maxval > 255 else "u1").tobytes()


def split_of(folder: Path, data: bytes, name: str = "x.pgm") -> SplitStats:
    """The one split of a folder with this file only."""
    make.write(folder / "alone" / name, data)
    return normstat.compute(folder / "alone", workers=0).splits["all"]


def pixels_of(folder: Path, data: bytes, **options: Any) -> Any:
    """The decoded image."""
    path = make.write(folder / "x.pgm", data)
    with decoder():
        return decode(Sample("all", "x.pgm"), path.read_bytes(), ReadOptions(**options))


def code_of(folder: Path, data: bytes, **options: Any) -> tuple[str, str]:
    """Code and detail of a file that cannot be read."""
    with pytest.raises(UnreadableImage) as caught:
        pixels_of(folder, data, **options)
    return caught.value.code, caught.value.detail


MAXVALS = [1, 3, 15, 31, 63, 100, 127, 200, 254, 255, 256, 300, 1023, 4095, 10_000, 65534, 65535]


@pytest.mark.parametrize("plain", [False, True], ids=["binary", "plain"])
@pytest.mark.parametrize("maxval", MAXVALS)
def test_gray_values_are_those_of_the_file(tmp_path: Path, maxval: int, plain: bool) -> None:
    """Mean and extremes are exact fractions of the maxval, and the file says which it is."""
    array = values(maxval)
    split = split_of(tmp_path, written(array, maxval, plain))
    assert split.mean == (float(Fraction(int(array.sum()), array.size * maxval)),)
    assert (split.min, split.max) == ((0.0,), (1.0,))
    exact = (
        Fraction(int((array**2).sum()), array.size) - Fraction(int(array.sum()), array.size) ** 2
    )
    assert split.std == (pytest.approx(float(exact) ** 0.5 / maxval, rel=1e-14),)
    assert (split.scale, split.channels) == (maxval, ("gray",))
    assert split.dtype == ("uint8" if maxval < 256 else "uint16")
    assert split.modes == {"L" if maxval < 256 else "I": 1}
    assert not any(split.notes.values())


@pytest.mark.parametrize("plain", [False, True], ids=["binary", "plain"])
@pytest.mark.parametrize("maxval", [maxval for maxval in MAXVALS if maxval < 256])
def test_colors_are_those_of_the_file(tmp_path: Path, maxval: int, plain: bool) -> None:
    """Three channels of up to 8 bits are counted the same way."""
    array = values(maxval, 3)
    pixels = pixels_of(tmp_path, written(array, maxval, plain))
    assert np.array_equal(pixels.array(), array)
    assert (pixels.kind.channels, pixels.kind.scale) == (("R", "G", "B"), maxval)
    split = split_of(tmp_path, written(array, maxval, plain), "x.ppm")
    assert split.mean == tuple(
        float(Fraction(int(array[:, :, c].sum()), 9 * 14 * maxval)) for c in range(3)
    )


def test_usual_files_are_of_the_usual_kind(tmp_path: Path) -> None:
    """A maxval of 255 is what PNG has: the same numbers, and the same key."""
    for channels, kind in ((1, GRAY8), (3, RGB8)):
        array = values(255, channels).astype("u1")
        pixels = pixels_of(tmp_path, written(array, 255))
        assert pixels.kind is kind
        image = array if channels == 3 else array[:, :, 0]
        path = make.write(tmp_path / "x.png", make.encoded(image))
        with decoder():
            assert (
                decode(Sample("all", "x.png"), path.read_bytes(), ReadOptions()).key == pixels.key
            )


def test_different_maxvals_are_different_depths(tmp_path: Path) -> None:
    """They cannot be added up: the rarer one is a record, and named with its scale."""
    for number, maxval in enumerate((100, 100, 200)):
        make.write(tmp_path / f"{number}.pgm", written(values(maxval), maxval))
    (record,) = normstat.compute(tmp_path, workers=0).unreadable
    assert record.code == "other_depth"
    assert "uint8 (up to 200) gray among uint8 (up to 100) gray" in record.detail


@pytest.mark.parametrize("channels", ["gray", "rgb"])
def test_channels_are_converted_at_any_maxval(tmp_path: Path, channels: str) -> None:
    """The scale stays: gray counts in all three channels, color becomes gray in its own units."""
    gray = pixels_of(tmp_path, written(values(15), 15), channels=channels)
    color = pixels_of(tmp_path, written(values(15, 3), 15), channels=channels)
    assert gray.kind == color.kind
    assert (gray.kind.scale, color.array().max() <= 15) == (15, True)
    if channels == "rgb":
        assert np.array_equal(gray.array(), np.repeat(values(15), 3, axis=2))


HEADERS = {
    "comment": b"P5\n# made by hand\n3 2\n255\n",
    "comments": b"P5#a\n#b\n 3 # c\n#d\n2#e\n255\n",
    "comment-ends-the-maxval": b"P5 3 2 255# the pixels follow\n",
    "tabs": b"P5\t3\v2\f255\t",
    "carriage-returns": b"P5\r3 2\r255\r",
    "windows-lines-but-the-last": b"P5\r\n3 2\r\n255\n",
    "zeros-before": b"P5 003 0002 00255 ",
    "one-space": b"P5 3 2 255 ",
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_headers(tmp_path: Path, header: bytes) -> None:
    """White space and comments as Netpbm allows them; exactly one byte ends the header."""
    data = b"# \n\r\xff"[:6].ljust(6, b"7")
    pixels = pixels_of(tmp_path, header + data)
    assert pixels.array().tobytes() == data
    assert (pixels.width, pixels.height) == (3, 2)


def test_what_ends_a_header_may_be_unclear(tmp_path: Path) -> None:
    """\\r\\n behind the maxval is a byte too many: refused, without a word of damage."""
    code, detail = code_of(tmp_path, b"P5\r\n3 2\r\n255\r\n" + bytes(6))
    assert (code, "where its pixels begin" in detail) == ("unsupported_pixels", True)


PLAIN = {
    "comments": b"P2 3 1 9 1 # one\n2#two\r3",
    "any-white-space": b"P2\n3\n1\n9\n\t1\n\n\v2\f3",
    "no-end-of-line": b"P2 3 1 9\n1 2 3",
    "more-than-needed": b"P2 3 1 9\n1 2 3 4 5",
    "text-behind": b"P2 3 1 9\n1 2 3 the end",
}


@pytest.mark.parametrize("data", PLAIN.values(), ids=PLAIN)
def test_plain_values(tmp_path: Path, data: bytes) -> None:
    """Decimal numbers between white space and comments."""
    assert pixels_of(tmp_path, data).array().tolist() == [[[1], [2], [3]]]


DEFECTS = {
    "magic-only": (b"P5", "truncated", "header"),
    "no-height": (b"P5 3 ", "truncated", "header"),
    "no-maxval": (b"P2 3 2", "truncated", "header"),
    "no-pixels": (b"P5 3 2 255", "truncated", "0 bytes"),
    "in-a-comment": (b"P5 3 2 # the rest of", "truncated", "header"),
    "a-byte-missing": (b"P5 3 2 255 " + bytes(5), "truncated", "5 bytes"),
    "half-a-value": (b"P5 3 2 256 " + bytes(11), "truncated", "11 bytes"),
    "a-value-missing": (b"P2 3 1 9 1 2 ", "truncated", "2 values"),
    "no-values": (b"P2 3 1 9 ", "truncated", "0 values"),
    "color-cut": (b"P6 3 2 255 " + bytes(17), "truncated", "17 bytes"),
    "words": (b"P5 wide 2 255 ", "corrupt", "number"),
    "negative": (b"P5 -3 2 255 ", "corrupt", "number"),
    "no-white-space": (b"P5 3 2 255x" + bytes(6), "corrupt", "white space"),
    "no-maxval-at-all": (b"P5 3 2 0 " + bytes(6), "corrupt", "maxval is 0"),
    "maxval-of-17-bits": (b"P5 3 2 65536 " + bytes(12), "corrupt", "maxval is 65536"),
    "endless-number": (b"P5 3 2 " + b"9" * 5000, "corrupt", "digits"),
    "above-the-maxval": (b"P5 3 1 100 \x65\1\2", "corrupt", "101, above its maxval 100"),
    "above-16-bits": (b"P5 1 1 4095 \x10\0", "corrupt", "4096, above its maxval 4095"),
    "plain-above": (b"P2 3 1 9 1 2 10", "corrupt", "10, above its maxval 9"),
    "plain-huge": (b"P2 3 1 9 1 2 " + b"9" * 500, "corrupt", "above its maxval 9"),
    "plain-negative": (b"P2 3 1 9 1 -2 3", "corrupt", "something else than numbers"),
    "plain-fraction": (b"P2 3 1 9 1 2.5 3", "corrupt", "something else than numbers"),
    "plain-words": (b"P2 3 1 9 one two three", "corrupt", "something else than numbers"),
    "plain-glued": (b"P2 3 1 9 1 2 3x", "corrupt", "something else than numbers"),
    "zero-wide": (b"P5 0 2 255 ", "not_an_image", "0 × 2"),
    "zero-high": (b"P2 3 0 255 ", "not_an_image", "3 × 0"),
    "a-bomb": (b"P6 99999 99999 255 ", "too_large", "99999 × 99999"),
    "color-of-9-bits": (written(values(256, 3), 256), "bit_depth_lost", "maxval of 256"),
    "plain-color-of-16-bits": (written(values(65535, 3), 65535, True), "bit_depth_lost", "65535"),
    "bits-cut": (b"P4 9 2 \0\0\0", "truncated", "3 bytes"),
    "plain-bits-cut": (b"P1 3 1 1 0", "truncated", "2 values"),
    "plain-bits-of-2": (b"P1 3 1 1 0 2", "corrupt", "something else than bits"),
    "bits-without-a-height": (b"P4 9", "truncated", "header"),
    "another-magic": (b"P9 3 2 255 " + bytes(6), "not_an_image", "P9"),
    "pam": (b"P7\nWIDTH 3\n", "unsupported_format", "PAM"),
}


@pytest.mark.parametrize(("content", "code", "said"), DEFECTS.values(), ids=DEFECTS)
def test_what_is_no_map_is_a_record(tmp_path: Path, content: bytes, code: str, said: str) -> None:
    """A code and what was seen, whether it is decoded or measured only."""
    found, detail = code_of(tmp_path, content)
    assert (found, said in detail, detail.isprintable()) == (code, True, True), detail
    with decoder(), pytest.raises(UnreadableImage) as caught:
        measure(Sample("all", "x.pgm"), LocalFiles(str(tmp_path)), ReadOptions())
    assert caught.value.code == code


def test_further_maps_are_noted(tmp_path: Path) -> None:
    """The first map of several counts, and that there are more is said."""
    first, second = values(200), values(100)
    split = split_of(tmp_path, written(first, 200) + written(second, 100))
    assert (split.scale, split.notes["multi_frame"]) == (200, 1)
    assert split.mean == (float(Fraction(int(first.sum()), first.size * 200)),)
    assert split_of(tmp_path, written(first, 200) + b"\n").notes["multi_frame"] == 0
    assert split_of(tmp_path, written(first, 9_000) + b"rest").notes["multi_frame"] == 0


def test_floats_stay_with_Pillow(tmp_path: Path) -> None:  # noqa: N802
    """They have no maxval."""
    data = b"Pf\n2 1\n-1.0\n" + np.array([1.5, -2], "<f4").tobytes()
    assert split_of(tmp_path, data, "x.pfm").mean == (-0.25,)


@pytest.mark.parametrize("width", [1, 7, 8, 9, 30])
def test_bits_are_black_and_white(tmp_path: Path, width: int) -> None:
    """1 is black, rows end with a byte; written out, digits need nothing between them."""
    bits = np.random.default_rng(width).integers(0, 2, (5, width)).astype("u1")
    wanted = (1 - bits[:, :, np.newaxis]) * 255
    head = f"P4 {width} 5# comment\n".encode()
    files = [head + np.packbits(bits, axis=1).tobytes()]
    digits = ["".join(map(str, row)) for row in bits.tolist()]
    files += [f"P1 {width} 5\n{between.join(digits)}".encode() for between in ("", " ", "\n#1\n")]
    files.append(f"P1 {width} 5\n{' '.join(''.join(digits))} the end".encode())
    for data in files:
        pixels = pixels_of(tmp_path, data)
        assert np.array_equal(pixels.array(), wanted)
        assert (pixels.mode, pixels.kind, pixels.notes) == ("1", GRAY8, ())
    assert pixels_of(tmp_path, files[0] * 2).notes == ("multi_frame",)
    by_pillow = make.encoded(Image.fromarray(wanted[:, :, 0]).convert("1"), "PPM")
    assert np.array_equal(pixels_of(tmp_path, by_pillow).array(), wanted)


@settings(deadline=None, max_examples=3 * settings().max_examples)
@given(data=st.data())
def test_damaged_bytes_give_pixels_or_a_record(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever is cut off or changed, nothing but an unreadable image comes out."""
    maxval, plain = data.draw(st.sampled_from([9, 255, 4095])), data.draw(st.booleans())
    whole = written(values(maxval, 1, 3, 4), maxval, plain, "# a comment\n")
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(0, 3))):
        damaged[data.draw(st.integers(2, len(whole) - 1))] = data.draw(st.integers(0, 255))
    damaged = damaged[: data.draw(st.integers(2, len(whole)))]
    folder = tmp_path_factory.getbasetemp()
    try:
        pixels = pixels_of(folder, bytes(damaged), max_pixels=10_000)
    except UnreadableImage:
        return
    assert pixels.array().max() <= pixels.kind.scale


def test_all_maps_of_a_file(tmp_path: Path) -> None:
    """--frames all counts each of them as one image, --frames channels as its channels."""
    maps = [values(200), values(201).clip(0, 200), values(202).clip(0, 200)]
    make.write(tmp_path / "data" / "x.pgm", b"".join(written(each, 200) for each in maps))
    (split,) = normstat.compute(tmp_path / "data", workers=0, frames="all").splits.values()
    total = sum(int(each.sum()) for each in maps)
    assert (split.images, split.pixels) == (1, 3 * maps[0].size)
    assert split.mean == (float(Fraction(total, 3 * maps[0].size * 200)),)
    (split,) = normstat.compute(tmp_path / "data", workers=0, frames="channels").splits.values()
    assert split.channels == ("band1", "band2", "band3")
    assert split.mean == tuple(float(Fraction(int(m.sum()), m.size * 200)) for m in maps)
    assert split.scale == 200
    make.write(tmp_path / "data" / "x.pgm", written(maps[0], 200) + written(values(99), 99))
    with pytest.raises(normstat.NormstatError, match="no one image"):
        normstat.compute(tmp_path / "data", workers=0, frames="all")


def test_apply_and_check_use_the_maxval(tmp_path: Path) -> None:
    """Arrays are in the unit scale of the file; other statistics are for other images."""
    for number in range(3):
        array = values(100) // (number + 1)
        make.write(tmp_path / "data" / "train" / f"{number}.pgm", written(array, 100))
    stats = normstat.compute(tmp_path / "data", workers=0)
    normstat.save(stats, tmp_path / "s.json")
    assert normstat.load(tmp_path / "s.json") == stats
    done = command("check", "data", "--stats", "s.json", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    normstat.apply(tmp_path / "data", tmp_path / "unit", "unit", workers=0)
    found = np.load(tmp_path / "unit" / "train" / "0.npy")
    assert found[0] == pytest.approx(values(100)[:, :, 0] / 100, rel=1e-6)
    normstat.apply(tmp_path / "data", tmp_path / "out", stats, workers=0)
    (mean,), (std,) = stats.splits["train"].mean or (), stats.splits["train"].std or ()
    found = np.load(tmp_path / "out" / "train" / "0.npy")
    assert found[0] == pytest.approx((values(100)[:, :, 0] / 100 - mean) / std, rel=1e-5, abs=1e-5)
    make.write(tmp_path / "other" / "train" / "0.pgm", written(values(200), 200))
    with pytest.raises(normstat.NormstatError, match="200"):
        normstat.apply(tmp_path / "other", tmp_path / "none", stats, workers=0)
