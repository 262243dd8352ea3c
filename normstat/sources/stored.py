"""Stacks that ``apply`` has written, with the names of the images that they were made of."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from operator import index
from types import MappingProxyType
from typing import Any

from normstat import files
from normstat.errors import UnreadableImage, UsageError
from normstat.files import shown
from normstat.images import Code, path_from_text, renamed
from normstat.images.npy_header import LONGEST_HEADER, is_array, parsed_header
from normstat.sources.apply_record import layout_of_stacks
from normstat.sources.array_listing import FoundArray, add_array
from normstat.sources.catalog import Entries, Identity, Located
from normstat.sources.folder import Folder
from normstat.sources.member import Member, safe_name
from normstat.sources.members import Members
from normstat.sources.numbered import Stack
from normstat.sources.options import SourceOptions
from normstat.sources.packed_arrays import as_records
from normstat.sources.spool import Spool
from normstat.sources.stacked_images import StackedImages
from normstat.sources.stacks import ListedArrays
from normstat.sources.survey import Survey
from normstat.sources.tree_source import TreeSource
from normstat.sources.versions import version_of

_INDEX = "index.jsonl"
_NO_LINE = (ValueError, LookupError, TypeError, AttributeError, RecursionError)


def open_stored(path: str, options: SourceOptions) -> TreeSource:
    """Open a folder of stacks that ``apply`` has written.

    Raises
    ------
    UsageError
        Its index cannot be read, or is none, or an option does not fit.
    """
    return TreeSource(StoredStacks(path, options), options)


class StoredStacks:
    """A catalog of the images in stacks, by the names that files of their own would have.

    Parameters
    ----------
    root : DATA.
    options : for reading arrays.
    """

    #: See :class:`normstat.sources.catalog.Catalog`.
    only_images = True
    splits_images = True
    assigned: Mapping[str, tuple[str, str]] = MappingProxyType({})

    def __init__(self, root: str, options: SourceOptions) -> None:
        self._folder = Folder(root)
        self.root = root
        self._options = replace(options, layout=layout_of_stacks(self._folder) or "auto")
        self._numbers: dict[str, int | UnreadableImage] = {}
        self._containers: list[Stack] = []
        self._members = Members(self._listed(), Spool())

    @property
    def identity(self) -> str:
        return self._folder.identity

    def above(self) -> Sequence[Identity]:
        return ()

    def entries(self, path: str) -> Entries:
        return self._members.entries(path)

    def locate(self, path: str, versions: bool) -> Located:
        member = self._members.member(path)
        number, row = member.place
        stack = self._containers[number]
        return Located(stack.container, row, stack.size, member.version if versions else b"")

    def side_file(self, name: str) -> bytes | None:
        return self._folder.side_file(name)

    def record(self) -> Mapping[str, Any]:
        return {"kind": "stored"}

    def report(self, survey: Survey) -> None:
        survey.remarks.append("names of images and their splits are those of the index of apply")

    def _listed(self) -> Iterator[Member]:
        path = f"{self.root}/{_INDEX}"
        try:
            with files.opened(path) as file:
                for number, text in enumerate(file, 1):
                    try:
                        yield self._member(text)
                    except _NO_LINE as error:
                        raise UsageError(
                            f"{shown(path)}: line {number} is not one that apply writes"
                        ) from error
        except OSError as error:
            problem = f"cannot be read ({error.strerror})"
            raise UsageError(f"{shown(path)}: {problem}; run apply again") from error

    def _member(self, text: bytes) -> Member:
        line = json.loads(text)
        name, output = (safe_name(path_from_text(line[key])) for key in ("input", "output"))
        split, row, shape = line["split"], index(line["row"]), tuple(map(index, line["shape"]))
        if name is None or output is None or not isinstance(split, str) or row < 0:
            raise ValueError("leads out of the folder")
        if output not in self._numbers:
            self._numbers[output] = self._number_of(output, shape)
        name, own = renamed(name, ".npy"), (split, "the index of apply")
        number = self._numbers[output]
        if isinstance(number, UnreadableImage):
            return Member(name, failure=number, split=own)
        stack = self._containers[number]
        if row >= stack.images:
            ends = UnreadableImage(Code.TRUNCATED, f"the stack ends before row {row}")
            return Member(name, failure=ends, split=own)
        version = stack.version and b"%s %d" % (stack.version, row)
        return Member(name, (number, row), stack.size, version, split=own)

    def _number_of(self, output: str, shape: tuple[int, ...]) -> int | UnreadableImage:
        """The number of the stack in an output, or why it cannot be read."""
        try:
            with as_records():
                self._containers.append(_stack(f"{self.root}/{output}", shape, self._options))
        except UnreadableImage as error:
            return error
        return len(self._containers) - 1


def _stack(path: str, shape: tuple[int, ...], options: SourceOptions) -> Stack:
    with files.opened(path) as file:
        status = os.fstat(file.fileno())
        start = file.read(LONGEST_HEADER)
    if not is_array(start):
        raise UnreadableImage(Code.NOT_AN_IMAGE, f"begins with {start[:16]!r}: no .npy file")
    header = parsed_header(start)
    if header.shape[1:] != shape:
        raise UnreadableImage(Code.CORRUPT, f"shape {header.shape}; its index has rows of {shape}")
    images = StackedImages.of(path, status)
    available = status.st_size - header.start
    listed = ListedArrays()
    found = FoundArray("", header, images, available, version_of(status))
    add_array(listed, found, options, many=True)
    return listed.stacks[""]
