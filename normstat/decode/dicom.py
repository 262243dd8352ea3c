"""DICOM files by pydicom, the extra ``normstat[dicom]``: values as stored, or in their unit.

Values are those of the scanner: nothing is windowed. One rule says what they are:

- Rescale slope and intercept that change a value, or that lead to a unit (HU of CT, those of PET),
  are applied. With a slope of 1 and an intercept that is an integer the results are integers, of
  16 bits where those hold all values of the image, else of 32; otherwise, and always for PET, whose
  slices have slopes of their own, they are float32, rounded once.
- All others are the bits that are stored, signed or not; 1.0 is all of those bits set.
- MONOCHROME1 shows low values bright. Plain values are inverted within their bits, as those of a
  TIFF or PNM file are; values in a unit mean what they say, and stay.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.pixels.decoders import base
from pydicom.uid import UID

from normstat.decode.arrays import decoded
from normstat.decode.dicom_header import (
    HEADER,
    PADDING,
    PIXELS,
    Rescale,
    Stored,
    rescale_of,
    stored_of,
)
from normstat.decode.frames import DecodedFrames, Frame, as_channels
from normstat.decode.pixels import File, Header, noted
from normstat.decode.refusals import unsupported
from normstat.errors import UnreadableImage
from normstat.images import Code, Kind, ReadOptions

FORMAT = "DICOM"

# How pydicom begins where no decoder has succeeded.
_NO_PLUGIN = "Unable to decode as exceptions were raised"
_DEFLATED = b"1.2.840.10008.1.2.1.99"
# Elements of the file's own group, in explicit VR and little endian; these have a longer length.
_META_AT, _META, _SYNTAX = 132, b"\2\0", b"\2\0\x10\0"
_LONG = (b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
# In as many bytes at the start of a file that group ends, or its pixels have to tell.
_META_END = 1 << 16
_READ_BY = 'pip install "pylibjpeg[all]" reads it, or convert it with `gdcmconv` (GDCM)'


def decode_dicom(file: File) -> Frame | DecodedFrames:
    """The pixels of a DICOM file.

    Raises
    ------
    UnreadableImage
        ``not_an_image`` for one without pixels (a report, contours); ``truncated``, ``corrupt``,
        ``too_large``, ``non_finite``; ``unsupported_pixels``, also where no decoder is installed
        for their compression.
    """
    try:
        return _decoded(file)
    except (UnreadableImage, MemoryError):
        raise
    # On damaged bytes pydicom and its decoders raise nearly anything; it is about this one file.
    except Exception as error:
        raise _corrupt(error) from error


def measure_dicom(file: BinaryIO, reading: ReadOptions) -> tuple[Kind, int, int]:
    """Kind, width and height of what :func:`decode_dicom` will give, from the header.

    Raises
    ------
    UnreadableImage
        The header speaks against the image; or only its pixels tell.
    """
    try:
        return _measured(file, reading)
    except UnreadableImage:
        raise
    except Exception as error:  # as in decoding
        raise _corrupt(error) from error


def _measured(file: BinaryIO, reading: ReadOptions) -> tuple[Kind, int, int]:
    _refuse_deflated(file.read(_META_END))
    file.seek(0)
    dataset = dcmread(file, stop_before_pixels=True, specific_tags=list(HEADER))
    stored = stored_of(dataset, reading)
    _decoder(dataset)
    if stored.frames > 1 and reading.frames != "first":
        raise unsupported("all of its frames tell what it is")
    rescale = rescale_of(dataset, stored, 0)
    kind = rescale.kind(stored.low, stored.high) if rescale else stored.kind()
    if rescale and kind.dtype == "int32":
        raise unsupported("its values tell how many bits they need")
    return kind, stored.width, stored.height


def _decoded(file: File) -> Frame | DecodedFrames:
    _refuse_deflated(file.data)
    dataset = dcmread(BytesIO(file.data), specific_tags=[*HEADER, *PIXELS])
    if not any(keyword in dataset for keyword in PIXELS):
        raise _without_pixels(dataset)
    stored = stored_of(dataset, file.reading)
    decoder = _decoder(dataset)
    _refuse_other_size(dataset, stored)
    notes = file.misnamed(FORMAT) + noted(
        icc_profile="ICCProfile" in dataset,
        multi_frame=stored.frames > 1,
        nodata_counted=any(keyword in dataset for keyword in PADDING),
    )

    def frame(number: int, array: NDArray[Any]) -> Frame:
        return _frame(file, stored, rescale_of(dataset, stored, number), array, notes)

    def frames() -> Iterator[Frame]:
        if stored.is_packed:
            arrays = (_unpacked(dataset.PixelData, stored, each) for each in range(stored.frames))
        else:  # pydicom's own way through them has wrong places behind a first YBR_FULL_422
            arrays = (decoder.as_array(dataset, index=each)[0] for each in range(stored.frames))
        for number, array in enumerate(arrays):
            yield frame(number, array)

    if stored.frames == 1 or file.reading.frames == "first":
        return next(frames())
    return DecodedFrames(frames) if file.reading.frames == "all" else as_channels(frames())


def _frame(
    file: File,
    stored: Stored,
    rescale: Rescale | None,
    array: NDArray[Any],
    notes: tuple[str, ...],
) -> Frame:
    mode = stored.photometric
    array = array if stored.is_color else array[:, :, np.newaxis]
    if not stored.floats:
        array = _without_unused_bits(array, stored)
    if rescale:
        mode += f" in {rescale.unit}" if rescale.unit else " rescaled"
        exact = rescale.is_exact
        kind = rescale.kind(int(array.min()), int(array.max())) if exact else rescale.kind(0, 0)
        array = rescale.of(array)
    else:
        kind = stored.kind()
        if stored.is_inverted:
            mode += " inverted"
            array = array.dtype.type(stored.high) - array
    return decoded(array, kind, Header(FORMAT, mode, notes), file.digest)


def _unpacked(data: bytes, stored: Stored, number: int) -> NDArray[np.uint8]:
    """A frame of single bits, shape (H, W): pydicom takes it for one that begins with a byte."""
    area = stored.width * stored.height
    first = number * area
    packed = np.frombuffer(data[first // 8 : (first + area + 7) // 8], np.uint8)
    bits = np.unpackbits(packed, bitorder="little")[first % 8 :][:area]
    return bits.reshape(stored.height, stored.width)


def _without_unused_bits(array: NDArray[Any], stored: Stored) -> NDArray[Any]:
    """Values whose bits above those stored, which may hold anything, repeat the sign."""
    signed = np.dtype(f"{'i' if stored.is_signed else 'u'}{array.dtype.itemsize}")
    unused = 8 * array.dtype.itemsize - stored.bits
    native: NDArray[Any] = array.astype(array.dtype.newbyteorder("="), copy=False)
    return (native.view(signed) << unused) >> unused


def _without_pixels(dataset: Dataset) -> UnreadableImage:
    named = dataset.get("SOPClassUID") or dataset.file_meta.get("MediaStorageSOPClassUID")
    name = UID(named or "").name
    # Of one that ends early pydicom has less, or nothing.
    if not len(dataset) or "Rows" in dataset or name.endswith("Image Storage"):
        return UnreadableImage(Code.TRUNCATED, "ends before its pixels")
    return UnreadableImage(Code.NOT_AN_IMAGE, f"DICOM without pixels: {name or 'of no class'}")


def _decoder(dataset: Dataset) -> base.Decoder:
    syntax = UID(dataset.file_meta.TransferSyntaxUID)
    try:
        decoder = base.get_decoder(syntax)
    except NotImplementedError as error:
        raise unsupported(f"DICOM with {syntax.name}: {_READ_BY}") from error
    if not decoder.is_available:
        raise unsupported(f"DICOM with {syntax.name}: {_READ_BY}")
    return decoder


def _refuse_deflated(data: bytes) -> None:
    """Raise for a file that is compressed as a whole: reading its header would unpack all of it."""
    at = _META_AT
    while data.startswith(_META, at):
        is_long = data[at + 4 : at + 6] in _LONG
        start = at + (12 if is_long else 8)
        length = int.from_bytes(data[start - (4 if is_long else 2) : start], "little")
        if data.startswith(_SYNTAX, at):
            if data[start : start + length].rstrip(b"\0 ") == _DEFLATED:
                raise unsupported("DICOM, deflated as a whole: convert it with `dcmconv` (DCMTK)")
            return
        at = start + length
    if at >= len(data):
        raise UnreadableImage(Code.TRUNCATED, "ends inside the header")
    raise UnreadableImage(Code.CORRUPT, "names no transfer syntax")


def _refuse_other_size(dataset: Dataset, stored: Stored) -> None:
    """Raise if the pixels are fewer than the header says, before they are allocated."""
    if UID(dataset.file_meta.TransferSyntaxUID).is_encapsulated:
        if stored.is_packed:
            raise unsupported("DICOM of single bits, compressed")
        return
    (keyword,) = (keyword for keyword in PIXELS if keyword in dataset)
    sampled = 2 if stored.photometric == "YBR_FULL_422" else 3
    values = stored.width * stored.height * stored.frames * (sampled if stored.is_color else 1)
    needed = (values * int(dataset.BitsAllocated) + 7) // 8
    if (there := len(dataset[keyword].value or b"")) < needed:
        raise UnreadableImage(Code.TRUNCATED, f"{there} bytes of pixels; its header needs {needed}")


def _corrupt(error: Exception) -> UnreadableImage:
    first, _, plugins = str(error).strip().partition("\n")
    message = first
    if first.startswith(_NO_PLUGIN):  # a line for each; the others may hold a traceback
        message = plugins.strip().partition("\n")[0]
        if "not support" in message:
            return unsupported(f"DICOM: {message}: {_READ_BY}")
    # Addresses and the like would differ from run to run.
    detail = message if message and "0x" not in message else type(error).__name__
    return UnreadableImage(Code.CORRUPT, f"decoder: {detail}")
