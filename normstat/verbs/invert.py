"""Images from the arrays that ``apply`` wrote: the input of a model, for people to look at."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from normstat import files
from normstat.encode import encode_png, refuse_png
from normstat.errors import StatsFileError, UsageError, option
from normstat.files import shown
from normstat.images import renamed
from normstat.methods import Coefficients, Normalizer, from_record
from normstat.sources.apply_record import RECORD
from normstat.verbs.apply.name_collisions import OutputNames
from normstat.verbs.listeners import Listener, heard
from normstat.verbs.run import LOOK_AT
from normstat.writers.index import IndexLine, read_index
from normstat.writers.npy import mapped
from normstat.writers.outdir_checks import refuse_filled, refuse_place, writing
from normstat.writers.run_record import read_record


@dataclass(frozen=True, slots=True)
class Inverted:
    """Facts about the images that a run of :func:`invert` wrote.

    Attributes
    ----------
    images : how many.
    lossless : true if each pixel is sure to be the one that ``apply`` read (after its resizing,
        cropping and turning). Not with ``clip-standard``, not from float16, and not where the
        rounding of results may reach half of a stored unit (a mean far from all pixels).
    first : names of the first three, relative to the folder.
    """

    images: int
    lossless: bool
    first: tuple[str, ...]


def invert(
    out: str | os.PathLike[str],
    images: str | os.PathLike[str],
    *,
    overwrite: bool = False,
    progress: Listener | None = None,
) -> Inverted:
    """Turn the arrays that :func:`normstat.apply` wrote back into images.

    Parameters
    ----------
    out : folder that ``apply`` has written, with its records.
    images : folder for the images: PNG, in a tree like that of the images that were read.
    overwrite : write to a folder that holds something; files of the same names are replaced.
    progress : told how far it is; None: nobody.

    Raises
    ------
    UsageError
        `out` is not of a complete run, an array is missing or is not the one that was written,
        the images have no PNG, or `images` is in `out` or not empty. But for arrays with other
        values, found before anything is written.
    OutputError
        `images` cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> import normstat
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     os.mkdir(f"{folder}/images")
    ...     Image.new("RGB", (4, 2), (255, 0, 51)).save(f"{folder}/images/a.bmp")
    ...     applied = normstat.apply(f"{folder}/images", f"{folder}/arrays", "clip", workers=0)
    ...     done = invert(f"{folder}/arrays", f"{folder}/seen")
    ...     Image.open(f"{folder}/seen/a.png").getpixel((3, 1))
    (255, 0, 51)
    >>> done
    Inverted(images=1, lossless=True, first=('a.png',))
    """
    root, target = os.fspath(out), os.fspath(images)
    arrays = _ArrayReader(root)
    refuse_place(target, root, "images")
    if not overwrite:
        replaces = f"{option('overwrite', True)} replaces images of the same names"
        refuse_filled(target, f"{replaces}, or choose another folder")
    found, lossless = _checked(arrays)
    telling = heard(progress)
    telling.total(found)
    first: list[str] = []
    for line in read_index(root):
        name = _output(line)
        image = encode_png(arrays.pixels(line))
        path = f"{target}/{name}"
        with writing(target):
            os.makedirs(os.path.dirname(path), exist_ok=True)
        files.write(path, image, durable=False)
        telling.advance(1)
        if len(first) < LOOK_AT:
            first.append(name)
    return Inverted(found, lossless, tuple(first))


class _ArrayReader:
    """The arrays of a run, and the way back for each."""

    def __init__(self, root: str) -> None:
        record = read_record(root)
        if record is None:
            raise UsageError(
                f"{shown(root)}: there is no {RECORD}, so this is no folder that apply has written"
            )
        self.root = root
        self._layout = record.layout
        self._normalizers = {
            split: _normalizer(root, split, content)
            for split, content in record.normalizers.items()
        }
        self._stacks: dict[str, NDArray[Any]] = {}

    def normalizer(self, line: IndexLine) -> Normalizer:
        if line.split not in self._normalizers:
            raise UsageError(
                f"{shown(self.root)}: {RECORD} does not tell how the split {shown(line.split)} "
                "was normalized; run apply again"
            )
        normalizer = self._normalizers[line.split]
        return normalizer.on(line.dtype, line.scale) if line.scale else normalizer

    def array(self, line: IndexLine) -> NDArray[Any]:
        """The array of an image, mapped into memory, as it was written."""
        array = self._stacks.get(line.output)
        if array is None:
            array = self._mapped(line)
        if line.row is not None:
            self._stacks[line.output] = array
            if not 0 <= line.row < len(array):
                raise self._refused(line, f"has {len(array)} rows")
            array = array[line.row]
        normalizer = self.normalizer(line)
        dtype = normalizer.dtype
        if (array.shape, array.dtype.name) != (line.shape, dtype):
            is_now = f"an array of {array.dtype.name} and shape {array.shape}"
            raise self._refused(line, f"{is_now}; {dtype} of {line.shape} was written")
        channels = len(normalizer.channels or line.channels)
        if array.ndim != 3 or array.shape[0 if self._layout == "chw" else 2] != channels:
            raise self._refused(
                line,
                f"an array of shape {array.shape} is no image of {channels} "
                f"channel{'s' * (channels != 1)} with the layout {self._layout} of {RECORD}",
            )
        return array

    def pixels(self, line: IndexLine) -> NDArray[Any]:
        """The pixels of an image as they were read: shape (H, W, C), stored units."""
        array = self.array(line)
        maps = Coefficients(line.a, line.b) if line.a and line.b else None
        values = array.transpose(1, 2, 0) if self._layout == "chw" else array
        try:
            pixels = self.normalizer(line).inverse(values, line.dtype, maps)
        except UsageError as error:
            raise self._refused(line, error.message.template) from error
        # Gray that was spread over the channels of color is as gray in the first as in all.
        return pixels[:, :, : len(line.channels)]

    def _mapped(self, line: IndexLine) -> NDArray[Any]:
        path = f"{self.root}/{line.output}"
        try:
            return mapped(path)
        except OSError as error:
            raise self._refused(line, f"cannot be read ({error.strerror or error})") from error
        except MemoryError:  # says nothing about the file
            raise
        # NumPy's parser ends in nearly anything on what is no header.
        except Exception as error:
            raise self._refused(line, "is no whole .npy file") from error

    def _refused(self, line: IndexLine, problem: str) -> UsageError:
        row = "" if line.row is None else f", row {line.row}"
        return UsageError(
            f"{shown(f'{self.root}/{line.output}')}{row} (of {shown(line.input)}): {problem}; "
            "run apply again"
        )


def _normalizer(root: str, split: str, content: Any) -> Normalizer:
    if not isinstance(content, Mapping):
        raise UsageError(f"{shown(root)}/{RECORD}: in {shown(split)}: should be an object")
    try:
        return from_record(content)
    except StatsFileError as error:
        raise UsageError(f"{shown(root)}/{RECORD}: in {shown(split)}: {error}") from error


def _checked(arrays: _ArrayReader) -> tuple[int, bool]:
    """Count the images, and tell if none will lose anything.

    Nothing is written before every line of the index, and the header of every array, was seen.
    """
    names = OutputNames(lambda: ((_output(x), x.input) for x in read_index(arrays.root)))
    found, lossless = 0, True
    for line in read_index(arrays.root):
        try:
            refuse_png(line.dtype, len(line.channels))
        except UsageError as error:
            raise UsageError(f"{shown(line.input)}: {error}") from error
        names.add([(_output(line), line.input)])
        arrays.array(line)
        found += 1
        lossless = lossless and arrays.normalizer(line).is_lossless(line.dtype)
    names.check()
    return found, lossless


def _output(line: IndexLine) -> str:
    return renamed(line.input, ".png")
