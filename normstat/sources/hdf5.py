"""HDF5 files: data sets of images, of encoded images, or one image each."""

import math
import os
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any, BinaryIO

import h5py
import numpy as np

from normstat import files
from normstat.errors import UnreadableImage, UsageError, option
from normstat.files import shown
from normstat.images import Code, Reason
from normstat.images.failures import failure_of
from normstat.images.npy_header import refuse_dtype, refuse_size
from normstat.sources.array_listing import is_stack, refuse_one, remark_single
from normstat.sources.catalog import Located
from normstat.sources.endings import HDF5
from normstat.sources.given import given_files
from normstat.sources.hdf5_data_sets import DAMAGED, DataSet, damage, opened
from normstat.sources.hdf5_storage import refuse_unwritten, remark_unwritten
from normstat.sources.member import safe_name
from normstat.sources.numbered import Stack
from normstat.sources.options import SourceOptions
from normstat.sources.split_by import assigned_by, refuse_column
from normstat.sources.stacks import ListedArrays, Stacks
from normstat.sources.tree.split_words import split_names
from normstat.sources.tree_source import TreeSource
from normstat.sources.versions import version_of

_MAGIC = b"\x89HDF\r\n\x1a\n"
# Bytes of images that are read at once; at least one chunk is.
_AT_ONCE = 1 << 22
# Images of different sizes that are read at once.
_ENCODED = 64
# Axes of an image, without channels and with them, and of many.
_GRAY, _CHANNELS = 2, 3


def open_hdf5(path: str, options: SourceOptions) -> TreeSource:
    """Open an HDF5 file, those in a folder, or those of a pattern.

    Raises
    ------
    UsageError
        There is none, it has no data set of the keys asked for, or an option does not fit.
    """
    refuse_column(options.split_by, "an HDF5 file")
    given, listed = given_files(path, HDF5), ListedArrays()
    listed.assigned.update(assigned_by(options.split_by, given.files))
    keys: set[str] = set()
    for name, file in given.files.items():
        try:
            _FileOfSets(listed, name, file, options).add(keys)
        except UnreadableImage as error:
            listed.broken[name] = error
    if options.key and keys and not listed.has_any():
        raise UsageError(
            f"{option('key', ', '.join(options.key))}: {shown(path)} has no such data set; found: "
            f"{', '.join(map(shown, sorted(keys)))}"
        )
    record = {"kind": "hdf5", **options.given("key", "split_by")}
    return TreeSource(Stacks(given, listed, record), options)


class _FileOfSets:
    """Lists the data sets of one file."""

    def __init__(self, listed: ListedArrays, name: str, path: str, options: SourceOptions) -> None:
        self._listed = listed
        self._name = name
        self._path = path
        self._options = options

    def add(self, keys: set[str]) -> None:
        """List them; their keys go to `keys`."""
        try:
            with files.opened(self._path) as start:
                status = os.fstat(start.fileno())
                _refuse_other(start, status.st_size)
        except OSError as error:
            raise failure_of(error) from error
        version = version_of(status)
        self._each = DataSet.of(self._path, status, "")
        with opened(self._path) as file:
            sets = dict(self._sets(file))
            keys.update(sets)
            shapes = [found.shape for found in sets.values() if _is_numeric(found)]
            holds_more = any(len(shape) >= _CHANNELS for shape in shapes) or any(
                map(_is_encoded, sets.values())
            )
            for key, found in sets.items():
                self._add(key, found, status, version, holds_more)

    def _sets(self, file: Any) -> Iterator[tuple[str, Any]]:
        """Data sets by their keys; what cannot be looked at is a record."""
        stack = [("", file)]
        seen = set()
        while stack:
            path, group = stack.pop()
            try:
                names = list(group)
            except DAMAGED as error:
                if not path:
                    raise damage(error, "the file") from error
                self._listed.broken[f"{self._name}/{path[:-1]}"] = damage(error, "the group")
                continue
            for name in names:
                key = f"{path}{os.fsdecode(name)}"  # bytes, if it is no UTF-8
                found = self._found(group, name, key)
                if isinstance(found, h5py.Dataset):
                    yield key, found
                elif isinstance(found, h5py.Group) and found.id not in seen:
                    seen.add(found.id)
                    stack.append((f"{key}/", found))

    def _found(self, group: Any, name: str | bytes, key: str) -> Any:
        """Open the object of a name; None for one that is a record."""
        try:
            found = group[name]
            if isinstance(found, h5py.Dataset):
                _ = found.shape, found.dtype, found.chunks
        except DAMAGED as error:
            path = f"{self._name}/{key}"
            if not _is_link(group, name):  # whether it is one image or a group of many
                self._listed.broken[path] = damage(error, key)
            elif self._wants(key):
                self._fail(path, key, damage(error, key))
            return None
        return found

    def _fail(self, path: str, key: str, error: UnreadableImage) -> None:
        """List a data set that cannot be read: in the split that its name says, if it says one."""
        if len(split_names(key.rpartition("/")[2])) == 1:
            self._listed.broken[path] = error
            self._assign(path, key)
        else:
            self._listed.failures[path] = error

    def _wants(self, key: str) -> bool:
        globs = self._options.key
        return not globs or any(fnmatchcase(key, glob) for glob in globs)

    def _add(
        self, key: str, found: Any, status: os.stat_result, version: bytes, holds_more: bool
    ) -> None:
        path = f"{self._name}/{key}"
        if not self._wants(key):
            return
        if safe_name(key) != key:
            self._listed.skip(Reason.UNSAFE_NAME, path)
            return
        shape = found.shape
        # A glob means images: labels that it takes in as well are no mistake.
        is_asked = key in self._options.key or (self._options.key and len(shape or (0, 0)) > 1)
        if not is_asked and not _is_image(found, holds_more):
            self._listed.skip(Reason.NO_IMAGE, path)
            return
        try:
            many = self._is_many(found)
            refuse_unwritten(found, self._path)
        except UnreadableImage as error:
            self._fail(path, key, error)
            return
        if unwritten := remark_unwritten(found):
            self._listed.remarks.append(f"{shown(path)}: {unwritten}")
        if found.is_virtual or found.external or found.file.filename != self._path:
            version = b""  # its values lie in another file, which may become another one
        images = shape[0] if many else 1
        size = found.dtype.itemsize * math.prod(shape[1:] if many else shape)
        at_once = _at_once(found, size) if many else 1
        if h5py.check_vlen_dtype(found.dtype):  # its values lie elsewhere in the file
            size, at_once = status.st_size // max(1, images), _ENCODED
        if many:
            container = replace(self._each, key=key, at_once=at_once)
            self._listed.stacks[path] = Stack(
                container, images, size, version and version + b" " + os.fsencode(key)
            )
            self._listed.remarks.append(
                f"{shown(path)}: {images:,} images"
                + (f", shape {shape[1:]} of {found.dtype.name} each" if len(shape) > 1 else "")
            )
            self._assign(path, key)
            return
        remark_single(self._listed, path, shape, self._options.layout)
        own = version and b"%s %s" % (version, os.fsencode(key))
        self._listed.singles[path] = Located(self._each, key, size, own)

    def _assign(self, path: str, key: str) -> None:
        """Give a stack the split that a word in its name says, if no folder or file says one."""
        splits = split_names(key.rpartition("/")[2])
        if (
            len(splits) == 1
            and not split_names(self._name)
            and f"{self._name}/" not in self._listed.assigned
        ):
            self._listed.assign(path, next(iter(splits)), key)

    def _is_many(self, found: Any) -> bool:
        """True if the first axis counts images.

        Raises
        ------
        UnreadableImage
            It is no array of images, or of images that are too large.
        """
        shape = found.shape
        if shape is None:
            raise UnreadableImage(Code.EMPTY, "a data set without values")
        if _is_encoded(found):
            return True
        if len(shape) == 1 and found.dtype == np.uint8:
            return False
        refuse_dtype(found.dtype)
        refuse_size(shape)
        many = is_stack(shape, self._options.layout)
        refuse_one(shape[1:] if many else shape, self._options)
        return many


def _is_link(group: Any, name: str | bytes) -> bool:
    """True for a name of something elsewhere, which may have gone."""
    try:
        return not isinstance(group.get(name, getlink=True), h5py.HardLink)
    except DAMAGED:
        return False


def _is_numeric(found: Any) -> bool:
    return found.shape is not None and found.dtype.kind in "uif"


def _is_encoded(found: Any) -> bool:
    """True for a data set that has the bytes of an image file in each row."""
    if found.shape is None or len(found.shape) != 1:
        return False
    base = h5py.check_vlen_dtype(found.dtype)
    is_opaque = found.dtype.kind == "V" and not found.dtype.names
    return is_opaque or (base is not None and base == np.uint8)


def _is_image(found: Any, holds_more: bool) -> bool:
    """True for a data set that may have images, as its shape and its values tell."""
    if _is_encoded(found):
        return True
    if not _is_numeric(found):
        return False
    if len(found.shape) == 1:
        return found.dtype == np.uint8 and not holds_more
    return len(found.shape) >= _CHANNELS or (len(found.shape) == _GRAY and not holds_more)


def _at_once(found: Any, size: int) -> int:
    """Images that are read at once: as many as fit, by whole chunks."""
    chunk: int = found.chunks[0] if found.chunks else 1
    fitting = max(1, _AT_ONCE // max(1, size))
    return max(chunk, fitting - fitting % chunk)


def _refuse_other(file: BinaryIO, size: int) -> None:
    start = file.read(len(_MAGIC))
    if not start:
        raise UnreadableImage(Code.EMPTY)
    at = 512  # a block of a user may stand before it, of 512 bytes or twice as many, and so on
    while start != _MAGIC and at < size:
        file.seek(at)
        if file.read(len(_MAGIC)) == _MAGIC:
            return
        at *= 2
    if start != _MAGIC:
        raise UnreadableImage(Code.NOT_AN_IMAGE, f"no HDF5 file (begins with {start!r})")
