"""What a writer of arrays is, and what is known of each array that it wrote."""

import os
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from normstat.images import FORMATS, Kind


@dataclass(frozen=True, slots=True)
class Row:
    """One image that became an array.

    Attributes
    ----------
    split, path : of the image.
    slot : how many images of its split were listed before it.
    kind : of the image's pixels.
    shape : of the array.
    range : smallest and largest value in it.
    a, b : of ``y = a * x + b`` on stored pixels, per channel; None where all images share them.
    was_there : an earlier run has left this very array.
    notes : of the image, see :data:`normstat.images.NOTES`.
    """

    split: str
    path: str
    slot: int
    kind: Kind
    shape: tuple[int, ...]
    range: tuple[float, float]
    a: tuple[float, ...] | None = None
    b: tuple[float, ...] | None = None
    was_there: bool = field(default=False, compare=False)  # the row is that of the array
    notes: tuple[str, ...] = ()


class Writer(Protocol):
    """Where arrays go. Picklable: the arrays are written by worker processes."""

    def write(self, split: str, path: str, slot: int, array: NDArray[Any]) -> None:
        """Write the array of one image, whole or not at all."""

    def written(self, split: str, path: str, slot: int) -> NDArray[Any] | None:
        """The array of an image as an earlier run has left it; None: to be written."""

    def output(self, split: str, path: str) -> str:
        """Name of the file that the array of an image is in, relative to OUT."""


@dataclass(frozen=True, slots=True)
class Nowhere:
    """Writes nothing: for a look at what would be written."""

    def write(self, split: str, path: str, slot: int, array: NDArray[Any]) -> None: ...

    def written(self, split: str, path: str, slot: int) -> NDArray[Any] | None:
        return None

    def output(self, split: str, path: str) -> str:
        return path


def renamed(path: str, extension: str) -> str:
    """The path of an image with another extension; what is none of images stays in the name.

    >>> renamed("train/cat/1.jpg", ".npy"), renamed("frame.0001", ".npy")
    ('train/cat/1.npy', 'frame.0001.npy')
    """
    stem, found = os.path.splitext(path)
    return (stem if found.lower() in FORMATS else path) + extension


def header(shape: tuple[int, ...], dtype: str) -> bytes:
    """The start of a ``.npy`` file of C-ordered values.

    >>> len(header((3, 224, 224), "float32"))
    128
    """
    from io import BytesIO

    file = BytesIO()
    np.lib.format.write_array_header_1_0(
        file,
        {"descr": np.dtype(dtype).newbyteorder("<").str, "fortran_order": False, "shape": shape},
    )
    return file.getvalue()


#: Bytes before the values of an array of images: NumPy pads its header to this.
HEADER_BYTES = len(header((3, 1, 1), "float32"))
