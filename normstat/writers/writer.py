"""The protocol of all writers, and the facts about each array that one has written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from normstat.images import Kind
from normstat.writers.outdir_checks import Disk, DiskUsage

#: Folder in OUT for files that are not finished.
UNFINISHED = ".normstat"


@dataclass(frozen=True, slots=True)
class ArrayRow:
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
    position : of the image in the walk over all images, where a part of them is written.
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
    position: int | None = None


class Writer(Protocol):
    """One way to keep the arrays of a run in files. Picklable: worker processes write.

    A run fits the writer to its arrays, begins each split, writes arrays in any order and from
    any process, and finishes each split. Methods with a body do what a file for each image needs.

    Attributes
    ----------
    root : OUT, with a folder for unfinished files.
    dtype : of the values.
    resume : keep arrays that an earlier run has left.
    unfinished : folder in OUT for files that are not finished, of this run alone.
    file_per_image : each image has a file of its own, which is an image itself; else several are
        rows of one file.
    """

    file_per_image: ClassVar[bool] = True
    root: str
    unfinished: str

    def __init__(
        self, root: str, dtype: str, resume: bool = False, unfinished: str = UNFINISHED
    ) -> None: ...

    def output(self, split: str, path: str) -> str:
        """Name of the file that the array of an image is in, relative to OUT."""

    def disk_usage(self, arrays: Mapping[str, DiskUsage], disk: Disk) -> DiskUsage:
        """The files of a run; `arrays` are those of each split, were there a file for each."""
        return sum(arrays.values(), DiskUsage())

    def fit(self, shapes: Mapping[tuple[int, ...], str], splits: Iterable[str]) -> Self:
        """The writer for arrays of these shapes, each with an image that has it.

        Raises
        ------
        UsageError
            They cannot be kept this way. Nothing has been written so far.
        """
        return self

    def begin(self, split: str, rows: int) -> None:
        """Get ready for so many images of a split."""

    def write(self, split: str, path: str, slot: int, array: NDArray[Any]) -> bool:
        """Write the array of one image, whole or not at all; false if it was there already."""

    def settle(self) -> None:
        """Wait until all is written that :meth:`write` was given here.

        Raises
        ------
        OutputError
            Some of it cannot be written.
        """

    def finish(self, split: str, rows: int, gaps: Sequence[int]) -> Iterable[str]:
        """Complete the files of a split, with `gaps` in rising order where no array was written.

        Returns
        -------
        Iterable[str]
            Names of files that are a part of the result even if no array is in them.
        """
        return ()


def header(shape: tuple[int, ...], dtype: str) -> bytes:
    """The start of a ``.npy`` file of C-ordered values.

    >>> len(header((3, 224, 224), "float32"))
    128
    """
    file = BytesIO()
    descr = np.dtype(dtype).newbyteorder("<").str
    facts = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, facts)
    return file.getvalue()


#: Bytes before the values of an array of images: NumPy pads its header to this.
HEADER_BYTES = len(header((3, 1, 1), "float32"))
