"""TIFF files of every combination, held against the arrays that they were made of.

With the extra ``tiff`` and without it a file is right or refused: never another number, never
damaged.
"""

import io
import itertools
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

import make
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from normstat.decode import decoder
from normstat.decode.pixels import File as ImageFile
from normstat.decode.tiff import extra
from normstat.decode.tiff.file import decode_tiff, measure_tiff
from normstat.errors import UnreadableImage
from normstat.images import Code, ReadOptions

HEIGHT, WIDTH = 19, 21
REFUSALS = {Code.UNSUPPORTED_PIXELS, Code.BIT_DEPTH_LOST}
DTYPES = (
    *("bool", "uint8", "uint16", "uint32", "int8", "int16", "int32"),
    *("float16", "float32", "float64"),
)
LOSSLESS = (None, "lzw", "zlib", "packbits", "zstd", "lzma", "lerc", "jpeg2000")
LOSSY = ("jpeg", "webp")
#: Types that Pillow alone reads some files of.
OF_PILLOW = {"bool", "uint8", "uint16", "int16", "int32", "float32"}


@dataclass(frozen=True)
class Pixels:
    """What the samples of a pixel are; ``bands`` are those that count."""

    samples: int
    photometric: str
    extra: tuple[int, ...]
    bands: tuple[int, ...]


PIXELS = {
    "gray": Pixels(1, "minisblack", (), (0,)),
    "white": Pixels(1, "miniswhite", (), (0,)),
    "gray+associated": Pixels(2, "minisblack", (1,), (0,)),
    "gray+alpha": Pixels(2, "minisblack", (2,), (0,)),
    "2 bands": Pixels(2, "minisblack", (0,), (0, 1)),
    "5 bands": Pixels(5, "minisblack", (0, 0, 0, 0), (0, 1, 2, 3, 4)),
    "rgb": Pixels(3, "rgb", (), (0, 1, 2)),
    "rgb+associated": Pixels(4, "rgb", (1,), (0, 1, 2)),
    "rgb+alpha": Pixels(4, "rgb", (2,), (0, 1, 2)),
    "rgb+nir": Pixels(4, "rgb", (0,), (0, 1, 2, 3)),
    "rgb+alpha+nir": Pixels(5, "rgb", (2, 0), (0, 1, 2, 4)),
    "cmyk": Pixels(4, "separated", (), (0, 1, 2, 3)),
}


@dataclass(frozen=True)
class Spec:
    """How a file is written."""

    order: str
    big: bool
    dtype: str
    pixels: str
    planar: str
    compression: str | None
    predictor: int | None
    tile: tuple[int, int] | None


def specs(dtype: str) -> Iterator[Spec]:
    """The combinations of one type of values that a writer knows."""
    for order, big, pixels, planar, compression, predictor, tile in itertools.product(
        "<>",
        (False, True),
        PIXELS,
        ("contig", "separate"),
        LOSSLESS + LOSSY,
        (None, 2, 3),
        (None, (16, 32)),
    ):
        if planar == "separate" and PIXELS[pixels].samples == 1:
            continue
        if predictor and compression not in ("lzw", "zlib", "zstd", "lzma"):
            continue
        if predictor and dtype == "bool":
            continue
        if predictor and (predictor == 3) != dtype.startswith("float"):
            continue
        # The writer packs bits of several samples, and swaps bytes in JPEG 2000, as nobody reads.
        if dtype == "bool" and PIXELS[pixels].samples > 1:
            continue
        if compression == "jpeg2000" and (order == ">" or dtype not in ("uint8", "uint16")):
            continue
        yield Spec(order, big, dtype, pixels, planar, compression, predictor, tile)


File = tuple[Spec, NDArray[np.generic], bytes]


def values(spec: Spec) -> NDArray[np.generic]:
    """Random values of the whole range: shape (H, W, samples)."""
    dice = np.random.default_rng(len(spec.pixels))
    shape = (HEIGHT, WIDTH, PIXELS[spec.pixels].samples)
    if spec.dtype == "bool":
        return dice.integers(0, 2, shape).astype(bool)
    if spec.dtype.startswith("float"):
        return dice.normal(0, 100, shape).astype(spec.dtype)
    limits = np.iinfo(spec.dtype)
    return dice.integers(limits.min, limits.max, shape, spec.dtype, endpoint=True)


def file_of(spec: Spec, array: NDArray[np.generic]) -> bytes | None:
    """The file, or None if the writer knows no such thing."""
    pixels = PIXELS[spec.pixels]
    written = array if spec.planar == "contig" else np.moveaxis(array, 2, 0)
    file = io.BytesIO()
    try:
        tifffile.imwrite(
            file,
            array[:, :, 0] if pixels.samples == 1 else written,
            byteorder=spec.order,
            bigtiff=spec.big,
            photometric=pixels.photometric,
            planarconfig=spec.planar if pixels.samples > 1 else None,
            extrasamples=pixels.extra or None,
            compression=spec.compression,
            predictor=spec.predictor,
            tile=spec.tile,
            rowsperstrip=None if spec.tile else 7,
            metadata=None,
        )
    except Exception:  # noqa: BLE001  # a writer has as many ways to say no as it has codecs
        return None
    return file.getvalue()


def stored(spec: Spec, array: NDArray[np.generic], data: bytes) -> NDArray[np.generic]:
    """The values in the file: those that it was made of, or what tifffile makes of lossy ones."""
    if spec.compression not in LOSSY:
        return array
    read = tifffile.TiffFile(io.BytesIO(data)).pages[0].asarray()
    read = read.reshape(-1, HEIGHT, WIDTH) if spec.planar == "separate" else read
    read = np.moveaxis(read, 0, 2) if spec.planar == "separate" else read
    return read.reshape(HEIGHT, WIDTH, -1)


def expected(spec: Spec, array: NDArray[np.generic]) -> NDArray[np.float64]:
    """What is to be counted, on the scale of 0 to 1 for unsigned values of up to 16 bits."""
    pixels = PIXELS[spec.pixels]
    bits = {"bool": 1, "uint8": 8, "uint16": 16}.get(spec.dtype)
    if spec.compression == "jpeg" and spec.dtype == "uint16":
        bits = 12  # as many as there are in a JPEG
    if pixels.photometric == "separated":
        if spec.dtype != "uint8":
            return np.empty(0)  # to be refused
        image = Image.fromarray(np.ascontiguousarray(array), "CMYK")
        return np.asarray(image.convert("RGB")) / 255
    taken = array[:, :, list(pixels.bands)].astype(np.float64)
    if pixels.photometric == "miniswhite":
        taken = 2 ** (bits or 32) - 1 - taken
    return taken / (2**bits - 1 if bits else 1)


def has_no_white(spec: Spec) -> bool:
    """Signed and floating-point values that are said to be inverted have no largest one."""
    return spec.pixels == "white" and spec.dtype not in ("bool", "uint8", "uint16", "uint32")


def outcome(spec: Spec, data: bytes, wanted: NDArray[np.float64]) -> str:
    """``right``, the code of a refusal, or what is wrong."""
    reading = ReadOptions()
    with decoder():
        try:
            image = decode_tiff(ImageFile("", data, b"", reading))
        except UnreadableImage as error:
            return error.code.value if error.code in REFUSALS else f"WRONG {error.code} {error}"
    assert measure_tiff(data, reading) == (image.kind, image.width, image.height, 1)
    found = image.array() / image.kind.scale
    return "right" if np.array_equal(found, wanted) else f"WRONG {image.kind}"


dtypes = pytest.mark.parametrize("dtype", DTYPES)
extras = pytest.mark.parametrize("has_extra", [True, False], ids=["extra", "pillow"])


@dtypes
@extras
def test_a_sample_is_right_or_refused(
    monkeypatch: pytest.MonkeyPatch, dtype: str, has_extra: bool
) -> None:
    """Whatever two things can meet in a file: the very values, or a refusal; see below."""
    found = refuse_wrong(monkeypatch, has_extra, sample(dtype))
    assert found["right"] >= (10 if has_extra else dtype in OF_PILLOW)


@pytest.mark.matrix
@dtypes
@extras
def test_every_file_is_right_or_refused(
    monkeypatch: pytest.MonkeyPatch, dtype: str, has_extra: bool
) -> None:
    """Whoever decodes: the very values, or a refusal; with the extra hardly a refusal."""
    found = refuse_wrong(monkeypatch, has_extra, files(specs(dtype)))
    assert found["right"] >= (40 if has_extra or dtype in OF_PILLOW else 0)
    assert found.total() >= 60


def files(every: Iterable[Spec]) -> Iterator[File]:
    """All that the writer knows."""
    for spec in every:
        array = values(spec)
        if data := file_of(spec, array):
            yield spec, array, data


def sample(dtype: str) -> Iterator[File]:
    """Some files of one type of values, in which all that can meet in one does, two by two."""
    every = list(specs(dtype))
    random.Random(dtype).shuffle(every)
    met: set[object] = set()
    fresh = (spec for spec in every if not met.issuperset(pairs(spec)))
    for file in files(fresh):
        met.update(pairs(file[0]))
        yield file


def pairs(spec: Spec) -> Iterator[object]:
    return itertools.combinations(asdict(spec).items(), 2)


def refuse_wrong(
    monkeypatch: pytest.MonkeyPatch, has_extra: bool, tried: Iterator[File]
) -> Counter[str]:
    """Refuse a file that is neither right nor refused; with the extra, hardly a refusal, too."""
    if not has_extra:
        monkeypatch.setattr(extra, "installed", lambda: None)
    found: Counter[str] = Counter()
    refused: list[Spec] = []
    wrong: list[str] = []
    for spec, array, data in tried:
        verdict = outcome(spec, data, expected(spec, stored(spec, array, data)))
        found[verdict.split()[0]] += 1
        if verdict.startswith("WRONG"):
            wrong.append(f"{spec}: {verdict}")
        elif verdict != "right":
            refused.append(spec)
    assert not wrong, "\n".join(wrong[:20])
    if has_extra:
        others = [s for s in refused if not (has_no_white(s) or s.pixels == "cmyk")]
        assert not others, "\n".join(map(str, others[:20]))
    return found


def packed(values: NDArray[np.int64], bits: int) -> bytes:
    """Rows of samples with any number of bits, each row from a new byte on: shape (H, W, S)."""
    rows = values.reshape(len(values), -1)
    places = (rows[:, :, np.newaxis] >> np.arange(bits - 1, -1, -1)) & 1
    return np.packbits(places.reshape(len(rows), -1).astype(bool), axis=1).tobytes()


@pytest.mark.parametrize("has_extra", [True, False], ids=["extra", "pillow"])
@pytest.mark.parametrize("bits", range(1, 16))
def test_bits_that_fill_no_byte(
    monkeypatch: pytest.MonkeyPatch, bits: int, has_extra: bool
) -> None:
    """1 to 15 bits, packed as the format says: the largest that they hold is 1.0."""
    if not has_extra:
        monkeypatch.setattr(extra, "installed", lambda: None)
    dice = np.random.default_rng(bits)
    verdicts = Counter[str]()
    for order, samples, fill in itertools.product("<>", (1, 2, 3), (1, 2)):
        values = dice.integers(0, 2**bits, (HEIGHT, WIDTH, samples))
        data = packed(values, bits)
        if fill == 2:
            data = bytes(int(f"{byte:08b}"[::-1], 2) for byte in data)
        tags = {258: [bits] * samples, 266: [fill], 338: [0] * (samples - 1), 277: [samples]}
        file = make.tiff_of(data, WIDTH, HEIGHT, tags, order)
        spec = Spec(order, False, "bits", "gray", "contig", None, None, None)
        verdicts[outcome(spec, file, values / (2**bits - 1))] += 1
    assert set(verdicts) <= {"right", *(code.value for code in REFUSALS)}
    assert verdicts["right"] >= (6 if has_extra else 2 if bits in (1, 2, 4, 8) else 0)


def test_12_bits_need_no_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little-endian gray of 12 bits is what microscopes and X-ray detectors write."""
    monkeypatch.setattr(extra, "installed", lambda: None)
    values = np.random.default_rng(1).integers(0, 4096, (HEIGHT, WIDTH, 1))
    file = make.tiff_of(packed(values, 12), WIDTH, HEIGHT, {258: [12]}, "<")
    with decoder():
        image = decode_tiff(ImageFile("", file, b"", ReadOptions()))
    assert (image.kind.dtype, image.kind.scale) == ("uint16", 4095)
    assert np.array_equal(image.array(), values)
