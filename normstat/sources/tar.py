"""Tar archives: members are read where they lie, none is extracted."""

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from normstat import files
from normstat.errors import UnreadableImage, option
from normstat.files import shown
from normstat.images import FORMATS, Reason, Shard, Skipped
from normstat.sources.archives import Archives, Contents, Ignored
from normstat.sources.catalog import Access, Entries
from normstat.sources.endings import TAR
from normstat.sources.file_slices import Ahead, FileSlices
from normstat.sources.given import given_files
from normstat.sources.member import Member
from normstat.sources.names import those
from normstat.sources.options import SourceOptions
from normstat.sources.packed_tar import PackedTar
from normstat.sources.patterns import Given
from normstat.sources.survey import Survey
from normstat.sources.tar_headers import listed
from normstat.sources.tree.filters import extension_of
from normstat.sources.tree.labels import label_stems
from normstat.sources.tree_source import TreeSource
from normstat.sources.unpacking import packing_of
from normstat.sources.versions import version_of
from normstat.urls import is_url

if TYPE_CHECKING:
    from normstat.sources.stores import Object
    from normstat.sources.tar_stream import Listing

# From so many packed archives on each is read by one worker, which unpacks it once.
_MANY = 8
_MAGIC = 6


def open_tar(path: str, options: SourceOptions) -> TreeSource:
    """Open one tar archive, those in a folder, or those of a pattern.

    Raises
    ------
    UsageError
        There is none, or an option does not fit.
    """
    tars = Tars(given_files(path, TAR))
    return TreeSource(tars, options, streams=tars if is_url(path) else None)


class Tars(Archives):
    """The members of tar archives, also of packed ones.

    In a WebDataset a member's name is a key up to its first dot, and the rest tells what it is of
    the sample of that key. Beside ``0001.jpg`` an image ``0001.left.png`` is another member of that
    sample, which does not count; ``photo.v2.jpg`` does, unless there is a ``photo.jpg``.
    """

    def __init__(self, given: Given) -> None:
        super().__init__(given)
        self._learned: Listing | None = None
        self._packed = Access.WHOLE if len(given.files) >= _MANY else Access.FORWARD
        # Folder → images with several dots that do not count there, and that do.
        self._others: dict[str, Skipped] = {}
        self._dotted: dict[str, Skipped] = {}

    def unlisted(self) -> Iterator[Shard]:
        """See :class:`normstat.sources.catalog.Streams`."""
        from normstat.sources.tar_stream import TarStream  # of URLs alone

        for name, url in self._files.items():
            with suppress(OSError):  # listing it will tell why
                if listed_as := self.object_of(url):
                    yield TarStream(url, listed_as).shard(name)

    def learn(self, name: str, listing: "Listing") -> None:
        """See :class:`normstat.sources.catalog.Streams`."""
        self._learned = listing
        with suppress(UnreadableImage):  # it is told to whoever asks for the names
            self.entries(f"{name}/")
        self._learned = None

    def _contents_of_object(self, url: str, listed_as: "Object") -> Contents:
        known, version = self._learned, listed_as.version
        if known is None:
            from normstat.sources.object_ranges import ObjectRanges  # of URLs alone

            ranges = ObjectRanges(url, listed_as.size or 0, listed_as.tag)
            packing, ignored = packing_of(ranges.read_at(0, _MAGIC)), Ignored()
        else:
            packing, ignored = known.packing, known.ignored
        if packing:
            packed = PackedTar.at(url, listed_as, packing)
            members = known.replayed() if known else packed.members(ignored)
            access = Access.KNOWN if known else self._packed
            return Contents(packed, members, ignored, version, access)
        slices = FileSlices.at(url, listed_as)
        members = known.replayed() if known else _members(slices, ignored)
        access = Access.KNOWN if known else Access.FORWARD
        return Contents(slices, members, ignored, version, access)

    def contents(self, path: str) -> Contents:
        if listed_as := self.object_of(path):
            return self._contents_of_object(path, listed_as)
        with files.opened(path) as file:
            status = os.fstat(file.fileno())
            packing = packing_of(file.read(_MAGIC))
        ignored = Ignored()
        version = version_of(status)
        if packing:
            packed = PackedTar.of(path, status, packing)
            return Contents(packed, packed.members(ignored), ignored, version, self._packed)
        slices = FileSlices.of(path, status)
        return Contents(slices, _members(slices, ignored), ignored, version)

    def record(self) -> Mapping[str, Any]:
        return {"kind": "tar"}

    def entries(self, path: str) -> Entries:
        found = super().entries(path)
        dotted = [name for name in chain(found.files, found.failures) if name.count(".") > 1]
        dotted = [name for name in dotted if extension_of(name) in FORMATS]
        if not dotted:
            return found
        keys = {name.partition(".")[0] for name in dotted}
        images = {
            key
            for name in chain(found.files, found.failures)
            for key, _, rest in [name.partition(".")]
            if key in keys and f".{rest.lower()}" in FORMATS
        }
        # Labels are left out as anywhere, or taken in.
        others = {
            name for name in dotted if name.partition(".")[0] in images and not label_stems(name)
        }
        self._note(path, self._others, sorted(others))
        alone = [name for name in dotted if name.partition(".")[0] not in images]
        self._note(path, self._dotted, alone)
        return replace(
            found,
            files=those(found.files, lambda name: name not in others),
            failures={name: why for name, why in found.failures.items() if name not in others},
        )

    def _note(self, path: str, notes: dict[str, Skipped], names: list[str]) -> None:
        if names:
            notes[path] = Skipped(len(names), path + names[0])

    def report(self, survey: Survey) -> None:
        super().report(survey)
        survey.skip(None, Reason.NO_IMAGE, sum(self._others.values(), Skipped()))
        dotted = sum(self._dotted.values(), Skipped())
        if dotted.images:
            are = "image has" if dotted.images == 1 else "images have"
            survey.remarks.append(
                f"{dotted.images:,} {are} several dots in the name, and no image of the same key "
                f"beside, so they are not left out as other parts of a sample, the first: "
                f"{shown(dotted.first)}; {option('exclude', '*.NAME.png')} leaves such out"
            )


def _members(container: FileSlices, ignored: Ignored) -> Iterator[Member]:
    with container.opened() as descriptor:
        yield from listed(Ahead(descriptor), container.size, ignored)
