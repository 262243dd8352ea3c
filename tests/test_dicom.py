"""DICOM: values as they are stored, or in the unit that slope and intercept lead to."""

import io
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import make
import numpy as np
import pytest
from command import here
from decoded import decoded
from pydicom import Dataset, FileMetaDataset, dcmwrite, uid
from pydicom.encaps import encapsulate

import normstat
from normstat.decode import decode, decoder, measure, with_lossy
from normstat.decode.decoding import decoder_of
from normstat.errors import NothingToRead, UnreadableImage
from normstat.images import FORMATS, LocalFiles, ReadOptions, Sample

CT, PET = {"Modality": "CT"}, {"Modality": "PT", "Units": "BQML"}
HU = {**CT, "RescaleSlope": "1", "RescaleIntercept": "-1024"}
NATIVE = (uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian)


def dataset_of(array: Any, bits: int = 0, **elements: Any) -> Dataset:
    """A data set with an image, gray or RGB, by the shape of its array: (H, W[, 3])."""
    found = Dataset()
    found.SOPClassUID = uid.CTImageStorage
    found.SOPInstanceUID = "1.2.3"
    found.Rows, found.Columns = array.shape[:2]
    found.SamplesPerPixel = 3 if array.ndim == 3 else 1
    found.PhotometricInterpretation = "RGB" if array.ndim == 3 else "MONOCHROME2"
    if array.ndim == 3:
        found.PlanarConfiguration = 0
    allocated = 8 * array.dtype.itemsize
    found.BitsAllocated, found.BitsStored = allocated, bits or allocated
    found.HighBit = found.BitsStored - 1
    found.PixelRepresentation = int(array.dtype.kind == "i")
    for name, value in elements.items():
        setattr(found, name, value)
    return found


def written(dataset: Dataset, pixels: bytes | None, syntax: str = NATIVE[1]) -> bytes:
    """The bytes of a file."""
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = uid.UID(syntax)
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    if pixels is not None:
        dataset.PixelData = pixels + bytes(len(pixels) % 2)
        dataset["PixelData"].VR = "OB" if dataset.get("BitsAllocated") == 8 else "OW"
        if uid.UID(syntax).is_encapsulated:
            dataset["PixelData"].VR = "OB"
    file = io.BytesIO()
    dcmwrite(file, dataset, enforce_file_format=True)
    return file.getvalue()


def dicom(array: Any, bits: int = 0, syntax: str = NATIVE[1], **elements: Any) -> bytes:
    """The bytes of a file with an image that is not compressed."""
    order = ">" if syntax == uid.ExplicitVRBigEndian else "<"
    pixels = array.astype(array.dtype.newbyteorder(order)).tobytes()
    return written(dataset_of(array, bits, **elements), pixels, syntax)


def rle(array: Any, **elements: Any) -> bytes:
    """The same with run lengths."""
    dataset = dataset_of(array, **elements)
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    dataset.PixelData = array.tobytes()
    dataset["PixelData"].VR = "OW"
    dataset.compress(uid.RLELossless, generate_instance_uid=False)
    return written(dataset, None, uid.RLELossless)


def pixels_of(data: bytes, name: str = "x.dcm", **options: Any) -> Any:
    """The decoded image."""
    with decoder():
        return decode(Sample("all", name), data, ReadOptions(**options))


def refused(data: bytes, **options: Any) -> tuple[str, str]:
    """Code and detail of a file that cannot be read."""
    with pytest.raises(UnreadableImage) as caught:
        pixels_of(data, **options)
    assert caught.value.detail.isprintable()
    return str(caught.value.code), caught.value.detail


def values(dtype: str, bits: int, channels: int = 1) -> Any:
    """Any values of so many bits, the least and the largest among them: shape (H, W[, C])."""
    low = -(1 << bits - 1) if dtype.startswith("int") else 0
    random = np.random.default_rng(bits)
    array = random.integers(low, low + (1 << bits), (7, 10, channels), np.int64)
    array.flat[:4] = low, low + (1 << bits) - 1, low + 1, low + (1 << bits) - 2
    return (array[:, :, 0] if channels == 1 else array).astype(dtype)


@pytest.mark.parametrize("syntax", NATIVE)
@pytest.mark.parametrize(
    ("dtype", "bits", "kind", "scale"),
    [
        ("uint8", 8, "uint8", 255),
        ("uint8", 5, "uint8", 31),
        ("int8", 8, "int8", 1),
        ("uint16", 8, "uint8", 255),
        ("uint16", 10, "uint16", 1023),
        ("uint16", 12, "uint16", 4095),
        ("uint16", 16, "uint16", 65535),
        ("int16", 12, "int16", 1),
        ("int16", 16, "int16", 1),
        ("uint32", 32, "float64", 1),
        ("int32", 32, "int32", 1),
    ],
)
def test_values_are_those_that_are_stored(
    syntax: str, dtype: str, bits: int, kind: str, scale: int
) -> None:
    """To the bit, signed or not; 1.0 is all bits of them set."""
    array = values(dtype, bits)
    pixels = pixels_of(dicom(array, bits, syntax))
    assert np.array_equal(pixels.array()[:, :, 0], array)
    assert (pixels.kind.dtype, pixels.kind.scale) == (kind, scale)
    assert (pixels.format, pixels.mode) == ("DICOM", "MONOCHROME2")
    assert not pixels.notes


@pytest.mark.parametrize("dtype", ["uint16", "int16"])
def test_bits_that_are_not_stored_do_not_count(dtype: str) -> None:
    """Old files have an overlay above the bits of a value: what it is stays the same."""
    array = values(dtype, 12)
    overlaid = (array.view("u2") & 0x0FFF) | 0x5000
    pixels = pixels_of(dicom(overlaid.view(dtype), 12))
    assert np.array_equal(pixels.array()[:, :, 0], array)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16"])
def test_run_lengths_change_nothing(dtype: str) -> None:
    """The same values, the same key."""
    array = values(dtype, 8)
    plain, packed = pixels_of(dicom(array)), pixels_of(rle(array))
    assert np.array_equal(packed.array(), plain.array())
    assert packed.key == plain.key


@pytest.mark.parametrize(
    ("dtype", "bits", "intercept", "kind"),
    [
        ("uint16", 12, -1024, "int16"),
        ("int16", 12, 0, "int16"),
        ("uint16", 16, -1024, "int32"),
        ("int16", 16, -1024, "int32"),
        ("uint8", 8, 5, "int16"),
        ("int32", 24, 0, "int32"),
    ],
)
def test_hounsfield_units_are_exact_integers(
    dtype: str, bits: int, intercept: int, kind: str
) -> None:
    """Stored value and intercept are added, whatever the scanner stores."""
    array = values(dtype, bits)
    data = dicom(array, bits, **{**HU, "RescaleIntercept": str(intercept)})
    pixels = pixels_of(data)
    assert np.array_equal(pixels.array()[:, :, 0], array.astype(np.int64) + intercept)
    assert (str(pixels.kind), pixels.mode) == (f"{kind} gray", "MONOCHROME2 in HU")


def test_scanners_of_other_bits_give_one_kind() -> None:
    """16 bits are declared, the values fit: so a CT set is of one kind, in the same unit."""
    array = np.array([[0, 4095], [24, 1024]])
    kinds = {
        pixels_of(dicom(array.astype(dtype), bits, **HU)).kind
        for dtype, bits in (("uint16", 12), ("uint16", 16), ("int16", 16), ("int32", 32))
    }
    assert {str(kind) for kind in kinds} == {"int16 gray"}


def test_other_slopes_give_floats() -> None:
    """float32 of what slope and intercept come to, rounded once."""
    array = values("uint16", 16)
    pixels = pixels_of(dicom(array, RescaleSlope="0.37", RescaleIntercept="-1.5"))
    expected = (array * 0.37 - 1.5).astype(np.float32)
    assert np.array_equal(pixels.array()[:, :, 0], expected)
    assert (str(pixels.kind), pixels.mode) == ("float32 gray", "MONOCHROME2 rescaled")


def test_slices_of_pet_are_of_one_kind() -> None:
    """Each has a slope of its own, and one may be 1."""
    array = values("int16", 16)
    for slope in ("1", "2.5"):
        pixels = pixels_of(dicom(array, **PET, RescaleSlope=slope, RescaleIntercept="0"))
        assert (str(pixels.kind), pixels.mode) == ("float32 gray", "MONOCHROME2 in BQML")


def test_doses_are_in_gray() -> None:
    """Their slope has a name of its own."""
    array = values("uint32", 32)
    pixels = pixels_of(dicom(array, DoseGridScaling="0.0001", DoseUnits="GY"))
    assert np.array_equal(pixels.array()[:, :, 0], (array * 0.0001).astype(np.float32))
    assert pixels.mode == "MONOCHROME2 in GY"


@pytest.mark.parametrize("unit", ["US", "", "made up"])
def test_a_rescale_that_changes_nothing_is_none(unit: str) -> None:
    """As radiographs have it: their values are those stored, of 0 to all bits."""
    elements = {"RescaleSlope": "1", "RescaleIntercept": "0", "RescaleType": unit}
    pixels = pixels_of(dicom(values("uint16", 12), 12, Modality="DX", **elements))
    assert (pixels.kind.scale, pixels.mode) == (4095, "MONOCHROME2")


def test_low_values_that_are_bright_are_inverted() -> None:
    """Within the bits stored: the values are those of the same picture as MONOCHROME2."""
    array = values("uint16", 12)
    pixels = pixels_of(dicom(array, 12, PhotometricInterpretation="MONOCHROME1"))
    assert np.array_equal(pixels.array()[:, :, 0], 4095 - array)
    assert pixels.mode == "MONOCHROME1 inverted"
    other = pixels_of(dicom(4095 - array, 12))
    assert (pixels.key, pixels.kind) == (other.key, other.kind)


def test_values_in_a_unit_are_never_inverted() -> None:
    """They mean what they say, however bright they are shown."""
    array = values("uint16", 12)
    pixels = pixels_of(dicom(array, 12, **HU, PhotometricInterpretation="MONOCHROME1"))
    assert np.array_equal(pixels.array()[:, :, 0], array.astype(int) - 1024)
    assert pixels.mode == "MONOCHROME1 in HU"


@pytest.mark.parametrize("planar", [0, 1])
def test_colors(planar: int) -> None:
    """RGB as stored, in pixels or planes."""
    array = values("uint8", 8, 3)
    stored = array.transpose(2, 0, 1) if planar else array
    dataset = dataset_of(array, PlanarConfiguration=planar)
    pixels = pixels_of(written(dataset, stored.tobytes()))
    assert np.array_equal(pixels.array(), array)
    assert str(pixels.kind) == "uint8 R/G/B"


def test_luma_and_chroma_become_colors() -> None:
    """By the equations of the standard."""
    array = np.zeros((2, 2, 3), np.uint8)
    array[...] = 76, 85, 255
    pixels = pixels_of(dicom(array, PhotometricInterpretation="YBR_FULL"))
    assert np.abs(pixels.array().astype(int) - [254, 0, 0]).max() <= 1
    assert pixels.mode == "YBR_FULL"


def test_halved_chroma() -> None:
    """Two pixels share it, in each of the frames."""
    stored = np.array([[[50, 60, 128, 128], [70, 80, 128, 128]]] * 2, np.uint8)
    dataset = dataset_of(np.zeros((2, 2, 3), np.uint8), NumberOfFrames=2)
    dataset.PhotometricInterpretation = "YBR_FULL_422"
    pixels = pixels_of(written(dataset, stored.tobytes()), frames="all")
    expected = np.array([[50, 60], [70, 80]] * 2)
    assert np.array_equal(pixels.array(), np.stack([expected] * 3, axis=2))


def frames_of(count: int = 3, **elements: Any) -> tuple[Any, bytes]:
    """Frames, shape (N, H, W), and their file."""
    stack = np.stack([values("uint16", 12) // (number + 1) for number in range(count)])
    dataset = dataset_of(stack[0], 12, NumberOfFrames=count, **elements)
    return stack, written(dataset, stack.tobytes())


def test_frames() -> None:
    """The first, and a note of it; all as one image; each as a channel."""
    stack, data = frames_of()
    first = pixels_of(data)
    assert np.array_equal(first.array()[:, :, 0], stack[0])
    assert first.notes == ("multi_frame",)
    every = pixels_of(data, frames="all")
    assert np.array_equal(every.array()[:, :, 0], np.concatenate(stack))
    channels = pixels_of(data, frames="channels")
    assert np.array_equal(channels.array(), np.moveaxis(stack, 0, 2))


def test_frames_with_slopes_of_their_own() -> None:
    """The header of an enhanced image has them frame by frame, or one for all."""

    def group(slope: str) -> Dataset:
        rescale = Dataset()
        rescale.RescaleSlope, rescale.RescaleIntercept = slope, "-10"
        item = Dataset()
        item.PixelValueTransformationSequence = [rescale]
        return item

    slopes = ("0.5", "2", "4")
    own = {"PerFrameFunctionalGroupsSequence": [group(slope) for slope in slopes]}
    stack, data = frames_of(**own)
    expected = [frame * float(slope) - 10 for frame, slope in zip(stack, slopes, strict=True)]
    pixels = pixels_of(data, frames="all")
    assert np.array_equal(pixels.array()[:, :, 0], np.concatenate(expected).astype("float32"))
    stack, data = frames_of(SharedFunctionalGroupsSequence=[group("2")])
    pixels = pixels_of(data, frames="all")
    assert np.array_equal(pixels.array()[:, :, 0], np.concatenate(stack * 2.0 - 10))


def test_masks_of_single_bits() -> None:
    """A segmentation has frames that do not end where bytes do; 1.0 is a bit that is set."""
    stack = np.random.default_rng(1).integers(0, 2, (3, 5, 7)).astype("uint8")
    dataset = dataset_of(stack[0], NumberOfFrames=3, BitsAllocated=1, BitsStored=1, HighBit=0)
    data = written(dataset, np.packbits(stack.reshape(-1), bitorder="little").tobytes())
    pixels = pixels_of(data, frames="all")
    assert np.array_equal(pixels.array()[:, :, 0], np.concatenate(stack))
    assert str(pixels.kind) == "uint8 (up to 1) gray"


@pytest.mark.parametrize(("name", "dtype"), [("Float", "float32"), ("DoubleFloat", "float64")])
def test_floats(name: str, dtype: str) -> None:
    """A parametric map stores floats; NaN makes it a record."""
    array = np.random.default_rng(1).normal(size=(4, 6)).astype(dtype)
    for column, code in ((0.0, None), (np.nan, "non_finite")):
        array[0, 0] = column
        dataset = dataset_of(array)
        del dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation
        setattr(dataset, f"{name}PixelData", array.tobytes())
        data = written(dataset, None)
        if code:
            assert refused(data)[0] == code
        else:
            pixels = pixels_of(data)
            assert np.array_equal(pixels.array()[:, :, 0], array)
            assert pixels.kind.dtype == dtype


def test_padding_and_profiles_are_noted() -> None:
    """Pixels outside of what was scanned count, and it is said."""
    data = dicom(values("int16", 16), PixelPaddingValue=-2000, ICCProfile=b"abcd")
    assert set(pixels_of(data).notes) == {"nodata_counted", "icc_profile"}


def test_a_jpeg_in_it_is_read_where_a_decoder_is_there() -> None:
    """Pillow is one for 8 bits."""
    array = make.pixels(1, 16, 24, 1)
    dataset = dataset_of(array)
    pixels = encapsulate([make.encoded(array, "JPEG", quality=100)])
    found = pixels_of(written(dataset, pixels, uid.JPEGBaseline8Bit))
    assert np.abs(found.array()[:, :, 0].astype(int) - array).max() <= 3


def inside(**elements: Any) -> bytes:
    """A file with elements that are odd."""
    return dicom(values("uint16", 12), 12, **elements)


def bare(**elements: Any) -> bytes:
    """A file without pixels."""
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = uid.RTStructureSetStorage, "1.2.3"
    for name, value in elements.items():
        setattr(dataset, name, value)
    return written(dataset, None)


FAULTS = {
    "report": (bare(), "not_an_image", "DICOM without pixels: RT Structure Set Storage"),
    "no-class": (bare(SOPClassUID="1.2.3.4"), "not_an_image", "DICOM without pixels"),
    "cut-in-header": (inside()[:400], "truncated", "ends before"),
    "cut-in-file-header": (inside()[:200], "truncated", "ends inside the header"),
    "cut-in-pixels": (inside()[:-20], "truncated", "bytes of pixels; its header needs 140"),
    "cut-run-lengths": (rle(values("uint16", 16))[:-30], "truncated", "ends before its pixels"),
    "no-pixels": (inside(Rows=0), "not_an_image", "no pixels"),
    "more-rows": (inside(Rows=70), "truncated", "its header needs 1400"),
    "more-frames": (inside(NumberOfFrames=10**9), "truncated", "its header needs"),
    "huge": (inside(Rows=65535, Columns=65535), "too_large", "65535 × 65535"),
    "bits": (inside(BitsStored=17, HighBit=16), "corrupt", "17 bits stored in 16"),
    "no-bits": (inside(BitsStored=None, HighBit=None), "corrupt", "0 bits stored"),
    "high-bit": (inside(HighBit=15), "unsupported_pixels", "12 bits that end in bit 15"),
    "palette": (
        inside(PhotometricInterpretation="PALETTE COLOR"),
        "unsupported_pixels",
        "PALETTE COLOR",
    ),
    "table": (inside(ModalityLUTSequence=[Dataset()]), "unsupported_pixels", "Modality LUT"),
    "slope-0": (inside(RescaleSlope="0", RescaleIntercept="1"), "corrupt", "slope 0"),
    "slope": (inside(RescaleSlope="1e300", RescaleIntercept="1"), "non_finite", "infinite"),
    "signed-inverted": (
        dicom(values("int16", 12), 12, PhotometricInterpretation="MONOCHROME1"),
        "unsupported_pixels",
        "low is bright",
    ),
    "deflated": (
        inside(syntax=uid.DeflatedExplicitVRLittleEndian),
        "unsupported_pixels",
        "dcmconv",
    ),
    "jpeg-ls": (
        written(dataset_of(values("uint8", 8)), encapsulate([b"1234"]), uid.JPEGLSLossless),
        "unsupported_pixels",
        'pip install "pylibjpeg[all]"',
    ),
    "packed-bits": (
        written(
            dataset_of(values("uint8", 1), BitsAllocated=1, BitsStored=1, HighBit=0),
            encapsulate([b"1234"]),
            uid.RLELossless,
        ),
        "unsupported_pixels",
        "single bits, compressed",
    ),
    "private": (
        inside().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.99999.1.2.1\0"),
        "unsupported_pixels",
        "gdcmconv",
    ),
    "jpeg-of-12-bits": (
        written(dataset_of(values("uint16", 12), 12), encapsulate([b"12"]), uid.JPEGExtended12Bit),
        "unsupported_pixels",
        "12-bit precision",
    ),
    "no-jpeg": (
        written(dataset_of(values("uint8", 8)), encapsulate([b"1234"]), uid.JPEGBaseline8Bit),
        "corrupt",
        "decoder: ",
    ),
}


@pytest.mark.parametrize(("data", "code", "words"), FAULTS.values(), ids=FAULTS)
def test_faults_are_records(data: bytes, code: str, words: str) -> None:
    """With the code of what is wrong, and what was seen."""
    found, detail = refused(data)
    assert (found, words in detail) == (code, True), (found, detail)


@pytest.mark.parametrize("seed", range(40))
def test_damage_is_a_record_or_an_image(seed: int) -> None:
    """Whatever a byte becomes, and wherever the file ends, no other exception comes of it."""
    random = np.random.default_rng(seed)
    source = (inside(**HU), rle(values("uint16", 16)), frames_of()[1])[seed % 3]
    data = bytearray(source)
    for at in random.integers(128, len(data), 4):
        data[at] = random.integers(256)
    for damaged in (bytes(data), source[: int(random.integers(len(source)))]):
        with suppress(UnreadableImage):
            pixels_of(damaged, frames="all", max_pixels=10**6).array()


SOUND = {
    "plain": inside(),
    "hu": inside(**HU),
    "hu-of-16-bits": dicom(values("int16", 16), **HU),
    "pet": inside(**PET, RescaleSlope="2", RescaleIntercept="0"),
    "inverted": inside(PhotometricInterpretation="MONOCHROME1"),
    "color": dicom(values("uint8", 8, 3)),
    "packed": rle(values("uint16", 16)),
    "frames": frames_of()[1],
}


@pytest.mark.parametrize("frames", ["first", "all"])
@pytest.mark.parametrize("data", SOUND.values(), ids=SOUND)
def test_the_header_tells_what_decoding_gives(tmp_path: Path, data: bytes, frames: str) -> None:
    """Kind and size, resized or not."""
    make.write(tmp_path / "x.dcm", data)
    sample = Sample("all", "x.dcm")
    with decoder(), LocalFiles(str(tmp_path)).open() as reader:
        for options in ({}, {"crop": 5}, {"resize": 6}):
            reading = ReadOptions(frames=frames, **options)
            assert measure(sample, reader, reading) == decoded(sample, reader, reading)


def test_such_files_are_found_by_name(tmp_path: Path) -> None:
    """In folders with splits; the unit is in the file's modes and on the screen."""
    for number, name in enumerate(("train/1.dcm", "train/2.DICOM", "val/3.dcm")):
        make.write(tmp_path / "ct" / name, dicom(values("uint16", 12) // (number + 1), 12, **HU))
    result = here("compute", tmp_path / "ct", "-o", tmp_path / "s.json")
    assert result.returncode == 0, result.stderr
    assert "3 images are in HU, by slope and intercept" in result.stderr
    stats = normstat.load(tmp_path / "s.json")
    assert {split: numbers.images for split, numbers in stats.splits.items()} == {
        "train": 2,
        "val": 1,
    }
    assert stats.splits["val"].modes == {"MONOCHROME2 in HU": 1}
    array = values("uint16", 12) // 3 - 1024.0
    assert stats.splits["val"].mean[0] == pytest.approx(array.mean(), rel=1e-12)
    result = here("check", tmp_path / "ct", "--stats", tmp_path / "s.json")
    assert result.returncode == 0, result.stdout


def test_inverted_images_are_said(tmp_path: Path) -> None:
    """On the screen, with their number."""
    make.write(tmp_path / "a.dcm", inside(PhotometricInterpretation="MONOCHROME1"))
    result = here("compute", tmp_path, "-o", tmp_path / "s.json")
    assert "1 image is MONOCHROME1 (low is bright) and counted inverted" in result.stderr


def test_hounsfield_units_are_normalized_and_back(tmp_path: Path) -> None:
    """apply and invert take them as other integers."""
    array = values("uint16", 12)
    make.write(tmp_path / "ct" / "train" / "a.dcm", dicom(array, 12, **HU))
    here("compute", tmp_path / "ct", "-o", tmp_path / "s.json")
    result = here("apply", tmp_path / "ct", tmp_path / "out", "--stats", tmp_path / "s.json")
    assert result.returncode == 0, result.stderr
    found = np.load(tmp_path / "out" / "train" / "a.npy")
    units = array.astype(float) - 1024
    assert np.allclose(found[0], (units - units.mean()) / units.std(), atol=1e-5)


def test_without_its_extra_a_file_is_a_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of its format, with the line that installs what reads it; also where it is measured."""
    make.write(tmp_path / "x.dcm", inside())
    for name in [*sys.modules]:
        if name.startswith("normstat.decode.dicom"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pydicom", None)
    decoder_of.cache_clear()
    try:
        code, detail = refused(inside())
        assert (code, 'pip install "normstat[dicom]"' in detail) == ("unsupported_format", True)
        with pytest.raises(NothingToRead, match=r'pip install "normstat\[dicom\]"'):
            normstat.compute(tmp_path, workers=0)
        sample = Sample("all", "x.dcm")
        unreadable = pytest.raises(UnreadableImage, match=r"normstat\[dicom\]")
        with decoder(), LocalFiles(str(tmp_path)).open() as reader, unreadable:
            measure(sample, reader, ReadOptions())
    finally:
        decoder_of.cache_clear()


def test_what_decodes_is_known_to_a_cache() -> None:
    """Another version, or one more decoder, may change pixels."""
    assert {"pydicom", "pylibjpeg", "openjpeg"} <= with_lossy().keys()
    assert {".dcm", ".dicom"} <= FORMATS.keys()
