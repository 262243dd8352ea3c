"""Files of MNIST and its like (idx), as they are or compressed by gzip."""

import gzip
import math
import os
from dataclasses import replace

import numpy as np

from normstat import files
from normstat.errors import UnreadableImage
from normstat.files import shown
from normstat.images import Code, Reason
from normstat.images.npy_header import NpyHeader
from normstat.sources.array_listing import FoundArray, add_array
from normstat.sources.endings import IDX
from normstat.sources.given import given_files
from normstat.sources.options import SourceOptions
from normstat.sources.packed_arrays import GZIP, MOST_UNPACKED, Stream, as_records
from normstat.sources.stacked_images import StackedImages
from normstat.sources.stacks import ListedArrays, Stacks
from normstat.sources.tree.split_words import split_names
from normstat.sources.tree_source import TreeSource
from normstat.sources.versions import version_of

_TYPES = {8: "|u1", 9: "|i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_GZIP_MAGIC = b"\x1f\x8b"
_MAGIC, _MOST_AXES = 4, 8
# Axes of the smallest array that holds several images.
_STACK = 3


def open_idx(path: str, options: SourceOptions) -> TreeSource:
    """Open an idx file, those in a folder, or those of a pattern.

    Raises
    ------
    UsageError
        There is none, or an option does not fit.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as root:
    ...     with open(f"{root}/t10k-images-idx3-ubyte", "wb") as file:
    ...         _ = file.write(bytes((0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 4, *[9] * 32)))
    ...     source = open_idx(root, SourceOptions())
    ...     source.survey(source.selection()).images
    Counter({'test': 2})
    """
    given, listed = given_files(path, IDX), ListedArrays()
    for name, file in given.files.items():
        same = name.removesuffix(".gz")
        if same != name and same in given.files:
            listed.remarks.append(f"{shown(name)}: lies beside {shown(same)}, which is counted")
            continue
        try:
            with as_records():
                _add(listed, name, file, options)
        except UnreadableImage as error:
            listed.broken[name] = error
        splits = split_names(name.rpartition("/")[2])
        split = "test" if "t10k" in name.lower() else next(iter(splits), None)
        if len(splits) < 2 and (name in listed.stacks or name in listed.broken):
            listed.assign(name, split, name)
    return TreeSource(Stacks(given, listed, {"kind": "idx"}), options)


def _add(listed: ListedArrays, name: str, path: str, options: SourceOptions) -> None:
    with files.opened(path) as file:
        status = os.fstat(file.fileno())
        images = StackedImages.of(path, status)
        if not status.st_size:
            raise UnreadableImage(Code.EMPTY, "zero bytes")
        is_compressed = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
        file.seek(0)
        if is_compressed:
            images = replace(images, stream=GZIP)
            with gzip.GzipFile(fileobj=file) as stream:
                header = _header(stream)
        else:
            header = _header(file)
    shape = header.shape
    if len(shape) < _STACK:
        listed.skip(Reason.NO_IMAGE, name)
        return
    available = status.st_size - header.start
    if is_compressed:  # it is not known before it is read
        most = MOST_UNPACKED * status.st_size
        available = min(math.prod(shape) * header.dtype.itemsize, most)
    found = FoundArray(name, header, images, available, version_of(status))
    add_array(listed, found, options, many=True)


def _header(file: Stream) -> NpyHeader:
    magic = file.read(_MAGIC)
    if len(magic) < _MAGIC or magic[:2] != b"\0\0" or not 0 < magic[3] <= _MOST_AXES:
        raise UnreadableImage(Code.NOT_AN_IMAGE, f"begins with {magic!r}: no idx file")
    if magic[2] not in _TYPES:
        raise UnreadableImage(Code.CORRUPT, f"values of type {magic[2]:#04x}: there is none")
    sizes = file.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise UnreadableImage(Code.TRUNCATED, "ends inside the header")
    shape = tuple(np.frombuffer(sizes, ">u4").tolist())
    return NpyHeader(shape, False, np.dtype(_TYPES[magic[2]]), _MAGIC + len(sizes))
