"""Arrays in ``.npz`` files, by their keys; nothing is ever unpickled."""

import os
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import count, pairwise
from typing import BinaryIO, NamedTuple

from normstat import files
from normstat.errors import UnreadableImage, UsageError, option
from normstat.files import shown
from normstat.images import Code, Reason
from normstat.images.npy_header import LONGEST_HEADER, NpyHeader, is_array, parsed_header
from normstat.sources.array_listing import FoundArray, add_array, is_stack, no_array
from normstat.sources.endings import NPZ
from normstat.sources.given import given_files
from normstat.sources.member import safe_name
from normstat.sources.options import SourceOptions
from normstat.sources.packed_arrays import MOST_UNPACKED, as_records
from normstat.sources.stacked_images import StackedImages
from normstat.sources.stacks import ListedArrays, Stacks
from normstat.sources.tree.labels import label_words
from normstat.sources.tree.split_words import split_names
from normstat.sources.tree_source import TreeSource
from normstat.sources.versions import version_of

_MAGIC = b"PK\x03\x04"
# Bytes of a local header before the name; in it, the lengths of the name and of what follows.
_LOCAL, _LENGTHS = 30, (26, 28, 30)
# Flag of a member that needs a password.
_ENCRYPTED = 1
# Axes of the smallest array that holds an image.
_IMAGE = 2
# As people call arrays of labels, besides words in the names of folders of labels.
_LABELS = ("y", "targets", "target", "label", "labels", "class", "classes")


def open_npz(path: str, options: SourceOptions) -> TreeSource:
    """Open an ``.npz`` file, those in a folder, or those of a pattern.

    Raises
    ------
    UsageError
        There is none, it has no array of the keys asked for, or an option does not fit.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> with tempfile.TemporaryDirectory() as root:
    ...     images = np.zeros((9, 28, 28), np.uint8)
    ...     np.savez(f"{root}/data.npz", x_train=images, y_train=np.arange(9), x_test=images)
    ...     source = open_npz(f"{root}/data.npz", SourceOptions())
    ...     [(shard.split, shard.names[0]) for shard in source.shards(source.selection())]
    [('test', 'data.npz/x_test/000000'), ('train', 'data.npz/x_train/000000')]
    """
    given, listed = given_files(path, NPZ), ListedArrays()
    found: set[str] = set()
    for name, file in given.files.items():
        try:
            with as_records():
                _ArraysOfFile(listed, name, file, options, found).add()
        except UnreadableImage as error:
            listed.broken[name] = error
    if options.key and found and not listed.has_any():
        raise UsageError(
            f"{option('key', ', '.join(options.key))}: {shown(path)} has no such array; found: "
            f"{', '.join(map(shown, sorted(found)))}"
        )
    record = {"kind": "npz", **options.given("key")}
    return TreeSource(Stacks(given, listed, record), options)


class _Member(NamedTuple):
    key: str
    header: NpyHeader
    file: StackedImages
    available: int


class _ArraysOfFile:
    """Lists the arrays of one file; their keys go to `found`."""

    def __init__(
        self, listed: ListedArrays, name: str, path: str, options: SourceOptions, found: set[str]
    ) -> None:
        self._listed = listed
        self._name = name
        self._path = path
        self._options = options
        self._found = found

    def add(self) -> None:
        with files.opened(self._path) as file:
            status = os.fstat(file.fileno())
            _refuse_no_archive(file, status.st_size)
            self._all_of = StackedImages.of(self._path, status)
            with zipfile.ZipFile(file) as archive:
                members = list(self._members(archive, file))
        version = version_of(status)
        counts = {
            member.header.shape[0]: len(member.header.shape)
            for member in sorted(members, key=lambda member: len(member.header.shape))
            if is_stack(member.header.shape, self._options.layout)
        }
        says_split = bool(split_names(self._name))
        for member in members:
            path = f"{self._name}/{member.key}"
            if _is_no_image(member, counts):
                self._listed.skip(Reason.NO_IMAGE, path)
                continue
            try:
                add_array(self._listed, FoundArray(path, *member[1:], version), self._options)
            except UnreadableImage as error:
                says = len(split_names(member.key)) == 1 or says_split
                (self._listed.broken if says else self._listed.failures)[path] = error
            self._assign(path, member.key)

    def _members(self, archive: zipfile.ZipFile, file: BinaryIO) -> Iterator[_Member]:
        """The arrays that were asked for; what cannot be read is listed as such."""
        keys: set[str] = set()
        for info in archive.infolist():
            name = safe_name(info.filename)
            if info.is_dir():
                continue
            if name is None:
                self._listed.skip(Reason.UNSAFE_NAME, f"{self._name}/{info.filename}")
                continue
            if not name.endswith(".npy"):
                self._listed.skip(Reason.NO_IMAGE, f"{self._name}/{name}")
                continue
            key = _apart(name.removesuffix(".npy"), keys)
            keys.add(key)
            self._found.add(key)
            if self._options.key and not any(fnmatchcase(key, g) for g in self._options.key):
                continue
            try:
                with as_records():
                    yield self._member(key, info, archive, file)
            except UnreadableImage as error:
                self._listed.broken[f"{self._name}/{key}"] = error
                self._assign(f"{self._name}/{key}", key)

    def _assign(self, path: str, key: str) -> None:
        """Give an array of many images the split that its key says, if no file says one."""
        listed, splits = self._listed, split_names(_AGAIN.sub("", key))
        is_many = path in listed.stacks or path in listed.broken
        if is_many and len(splits) == 1 and not split_names(self._name):
            listed.assign(path, next(iter(splits)), key)

    def _member(
        self, key: str, info: zipfile.ZipInfo, archive: zipfile.ZipFile, file: BinaryIO
    ) -> _Member:
        if info.flag_bits & _ENCRYPTED:
            raise UnreadableImage(
                Code.UNSUPPORTED_FORMAT, "encrypted; unpack the file with its password"
            )
        with archive.open(info) as member:
            start = member.read(min(LONGEST_HEADER, info.file_size))
        if not is_array(start):
            raise no_array(start)
        header = parsed_header(start)
        if info.compress_type != zipfile.ZIP_STORED:
            images = replace(self._all_of, stream=info.header_offset)
            size = info.file_size
            if info.compress_type == zipfile.ZIP_DEFLATED:
                size = min(size, MOST_UNPACKED * info.compress_size)
            return _Member(key, header, images, size - header.start)
        local = os.pread(file.fileno(), _LOCAL, info.header_offset)
        lengths = (local[a:b] for a, b in pairwise(_LENGTHS))
        at = info.header_offset + _LOCAL + sum(int.from_bytes(n, "little") for n in lengths)
        size = min(info.file_size, self._all_of.size - at)
        placed = header._replace(start=at + header.start)
        checked = info.header_offset if size == info.file_size else None
        images = replace(self._all_of, checked=checked)
        return _Member(key, placed, images, size - header.start)


def _refuse_no_archive(file: BinaryIO, size: int) -> None:
    if not size:
        raise UnreadableImage(Code.EMPTY, "zero bytes")
    start = file.read(16)
    if not start.startswith(b"PK"):
        raise UnreadableImage(Code.NOT_AN_IMAGE, f"begins with {start!r}: no .npz file")
    if not zipfile.is_zipfile(file):
        raise UnreadableImage(Code.TRUNCATED, "ends before the list of its arrays")


def _is_no_image(member: _Member, counts: dict[int, int]) -> bool:
    """True for an array of labels, or of other facts about the images of a stack.

    Parameters
    ----------
    counts : images in each stack of the file → axes of it.
    """
    shape, dtype = member.header.shape, member.header.dtype
    words = set(member.key.lower().replace("-", "_").split("_"))
    if dtype.hasobject:
        # Others may be images, and then they are refused.
        return not words.isdisjoint(_LABELS) or bool(label_words(member.key))
    return len(shape) < _IMAGE or len(shape) < counts.get(shape[0], 0)


# As :func:`_apart` names an array whose name occurs again.
_AGAIN = re.compile(r"#\d+$")


def _apart(key: str, taken: set[str]) -> str:
    if key not in taken:
        return key
    return next(each for number in count(2) if (each := f"{key}#{number}") not in taken)
