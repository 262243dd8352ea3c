"""Headers of DICOM files: which values are stored, and which unit they lead to."""

import math
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from normstat.decode.arrays import kind_of_array
from normstat.decode.refusals import refuse_large, unsupported
from normstat.errors import UnreadableImage
from normstat.images import Code, Kind, ReadOptions

#: Elements that hold pixels, and the dtype of those that are floats.
PIXELS = {"PixelData": "", "FloatPixelData": "float32", "DoubleFloatPixelData": "float64"}
#: Elements with a value of pixels that stand for no data.
PADDING = ("PixelPaddingValue", "FloatPixelPaddingValue", "DoubleFloatPixelPaddingValue")
_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
#: Elements of a header that are looked at.
HEADER = (
    *("SOPClassUID", "Modality", "Units", "SamplesPerPixel", "PhotometricInterpretation"),
    *("NumberOfFrames", "Rows", "Columns", "PlanarConfiguration", "BitsAllocated", "BitsStored"),
    *("HighBit", "PixelRepresentation", "ICCProfile", "ModalityLUTSequence", "RescaleType"),
    *("RescaleSlope", "RescaleIntercept", "ExtendedOffsetTable", "ExtendedOffsetTableLengths"),
    *("DoseGridScaling", "DoseUnits"),
    *PADDING,
    *_GROUPS,
)
_GRAY = ("MONOCHROME1", "MONOCHROME2")
_COLORS = ("RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT")
_EIGHT, _SIXTEEN, _THIRTY_TWO = _WIDTHS = (8, 16, 32)
_ALLOCATED = (1, *_WIDTHS, 64)
# Units that the standard defines (PS3.3 C.11.1.1.2, C.8.9.1.1.3 and C.8.8.3.2); others are not
# repeated.
_UNITS = {
    *("GY", "RELATIVE"),
    *("OD", "HU", "MGML", "Z_EFF", "ED", "EDW", "HU_MOD", "PCT"),
    *("CNTS", "CM2", "CM2ML", "PCNT", "CPS", "BQML", "MGMINML", "UMOLMINML", "MLMING", "MLG"),
    *("1CM", "UMOLML", "PROPCNTS", "PROPCPS", "MLMINML", "MLML", "GML", "STDDEV"),
}
_CT, _PET = "CT", "PT"


@dataclass(frozen=True, slots=True)
class Rescale:
    """The way from stored values to those of a unit.

    Attributes
    ----------
    slope, intercept : value = slope · stored + intercept.
    unit : of the values, one that the standard defines; else empty.
    is_float : the values are floats even if they could be integers.
    """

    slope: float
    intercept: float
    unit: str = ""
    is_float: bool = False

    @property
    def is_exact(self) -> bool:
        """True if integers become integers.

        >>> Rescale(1.0, -1024.0, "HU").is_exact, Rescale(0.5, 0.0).is_exact
        (True, False)
        """
        return self.slope == 1 and self.intercept.is_integer() and not self.is_float

    def kind(self, low: int, high: int) -> Kind:
        """The kind of values whose stored ones are within these.

        >>> str(Rescale(1.0, -1024.0, "HU").kind(0, 4095))
        'int16 gray'
        """
        if not self.is_exact:
            return Kind("float32", ("gray",))
        low, high = low + int(self.intercept), high + int(self.intercept)
        for bits in _WIDTHS[1:]:
            if -(1 << bits - 1) <= low and high < 1 << bits - 1:
                return Kind(f"int{bits}", ("gray",))
        raise unsupported("rescaled values of more than 32 bits")

    def of(self, stored: NDArray[Any]) -> NDArray[Any]:
        """The values: of int64 if they are exact, else float32."""
        if self.is_exact:
            return stored.astype(np.int64) + int(self.intercept)
        with np.errstate(over="ignore"):  # what becomes infinite is refused as that
            return (stored.astype(np.float64) * self.slope + self.intercept).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Stored:
    """The values that a file stores, by its header.

    Attributes
    ----------
    width, height, frames : of the image.
    is_color : red, green and blue; else gray.
    bits : that are stored of each value.
    is_packed : single bits, eight in a byte.
    is_signed : they are signed.
    floats : their dtype if they are floats; else empty.
    photometric : interpretation, as the standard names it.
    """

    width: int
    height: int
    frames: int
    is_color: bool
    bits: int
    is_packed: bool
    is_signed: bool
    floats: str
    photometric: str

    @property
    def is_inverted(self) -> bool:
        """True if low values are bright."""
        return self.photometric == "MONOCHROME1"

    @property
    def low(self) -> int:
        return -(1 << self.bits - 1) if self.is_signed else 0

    @property
    def high(self) -> int:
        return self.low + (1 << self.bits) - 1

    def kind(self) -> Kind:
        """The kind of the values as they are stored, or inverted."""
        if self.is_inverted and (self.is_signed or self.floats):
            raise unsupported(f"{self.photometric}, low is bright, of values without a largest")
        channels = ("R", "G", "B") if self.is_color else ("gray",)
        if self.floats:
            return Kind(self.floats, channels)
        width = next(width for width in _WIDTHS if self.bits <= width)
        dtype = np.dtype(f"{'int' if self.is_signed else 'uint'}{width}")
        is_counted = width < _THIRTY_TWO and not self.is_signed
        return kind_of_array(dtype, channels, self.high if is_counted else 0)


def stored_of(dataset: Dataset, reading: ReadOptions) -> Stored:
    """The values that a file stores; refused if it is no image, or none that is read here.

    Raises
    ------
    UnreadableImage
    """
    if dataset.get("Rows") is None or dataset.get("Columns") is None:
        raise UnreadableImage(Code.CORRUPT, "has pixels, and no rows or columns")
    width, height = int(dataset.Columns), int(dataset.Rows)
    if not width * height:
        raise UnreadableImage(Code.NOT_AN_IMAGE, f"{width} × {height}: no pixels")
    refuse_large(width, height, reading.max_pixels)
    samples = int(dataset.get("SamplesPerPixel") or 1)
    photometric = str(dataset.get("PhotometricInterpretation") or "")
    if photometric not in {1: _GRAY, 3: _COLORS}.get(samples, ()):
        raise unsupported(f"DICOM of {photometric or 'no interpretation'}, {samples} a pixel")
    frames = int(dataset.get("NumberOfFrames") or 1)
    if frames < 1:
        raise UnreadableImage(Code.CORRUPT, f"{frames} frames")
    floats = next((dtype for name, dtype in PIXELS.items() if dtype and name in dataset), "")
    bits = int(dataset.get("BitsAllocated" if floats else "BitsStored") or 0)
    is_signed = not floats and bool(dataset.get("PixelRepresentation", 0))
    packed = dataset.get("BitsAllocated") == 1
    stored = Stored(
        width, height, frames, samples > 1, bits, packed, is_signed, floats, photometric
    )
    if not floats:
        _refuse_bits(dataset, stored)
    return stored


def _refuse_bits(dataset: Dataset, stored: Stored) -> None:
    bits, photometric = stored.bits, stored.photometric
    allocated = int(dataset.get("BitsAllocated") or 0)
    if not 0 < bits <= allocated or allocated not in _ALLOCATED:
        raise UnreadableImage(Code.CORRUPT, f"{bits} bits stored in {allocated}")
    if bits > _THIRTY_TWO:
        raise unsupported(f"integers of {bits} bits")
    if stored.is_packed and stored.is_color:
        raise unsupported(f"{photometric} of single bits")
    if photometric.startswith("YBR") and bits != _EIGHT:
        raise unsupported(f"{photometric} of {bits} bits")
    if (last := int(dataset.get("HighBit", bits - 1))) != bits - 1:
        raise unsupported(f"{bits} bits that end in bit {last}, not in bit {bits - 1}")
    if stored.is_signed and stored.is_color:
        raise unsupported(f"{photometric} of signed values")


def rescale_of(dataset: Dataset, stored: Stored, number: int) -> Rescale | None:
    """Slope and intercept of a frame; None if its values are as they are stored."""
    if "ModalityLUTSequence" in dataset:
        raise unsupported("DICOM with a table (Modality LUT) in place of slope and intercept")
    if (scaling := dataset.get("DoseGridScaling")) is not None:
        return _checked(Rescale(float(scaling), 0.0, str(dataset.get("DoseUnits") or ""), True))
    holder = _rescaling(dataset, number)
    if holder is None or stored.is_color:
        return None
    slope, intercept = float(holder.RescaleSlope), float(holder.get("RescaleIntercept") or 0)
    modality = str(dataset.get("Modality") or "")
    unit = str((dataset.get("Units") if modality == _PET else holder.get("RescaleType")) or "")
    if modality == _CT and not unit:
        unit = "HU"  # as the standard has it where nothing else is said
    found = Rescale(slope, intercept, unit, modality == _PET or bool(stored.floats))
    return _checked(found) if unit in _UNITS or (slope, intercept) != (1, 0) else None


def _checked(rescale: Rescale) -> Rescale:
    slope, intercept = rescale.slope, rescale.intercept
    if not (math.isfinite(slope) and math.isfinite(intercept) and slope):
        raise UnreadableImage(Code.CORRUPT, f"rescale slope {slope}, intercept {intercept}")
    return rescale if rescale.unit in _UNITS else replace(rescale, unit="")


def _rescaling(dataset: Dataset, number: int) -> Dataset | None:
    """The part of the header that has the slope of a frame."""
    if dataset.get("RescaleSlope") is not None:
        return dataset
    for groups, index in zip(_GROUPS, (0, number), strict=True):
        items = dataset.get(groups) or ()
        if index < len(items):
            for found in items[index].get("PixelValueTransformationSequence") or ():
                if found.get("RescaleSlope") is not None:
                    return cast(Dataset, found)
    return None
