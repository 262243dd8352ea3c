"""Zip archives, and their members by the directory at the end."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from normstat import files
from normstat.sources.archives import Archives, Contents, Ignored
from normstat.sources.catalog import Access
from normstat.sources.endings import ZIP
from normstat.sources.given import given_files
from normstat.sources.member import Member
from normstat.sources.options import SourceOptions
from normstat.sources.tree_source import TreeSource
from normstat.sources.versions import version_of
from normstat.sources.zip_directory import listed
from normstat.sources.zip_members import ZipMembers


def open_zip(path: str, options: SourceOptions) -> TreeSource:
    """Open one zip archive, those in a folder, or those of a pattern.

    Raises
    ------
    UsageError
        There is none, or an option does not fit.
    """
    return TreeSource(Zips(given_files(path, ZIP)), options)


class Zips(Archives):
    """The members of zip archives."""

    def contents(self, path: str) -> Contents:
        ignored = Ignored()
        if listed_as := self.object_of(path):
            there = ZipMembers.at(path, listed_as)
            members = _members(there, ignored)
            return Contents(there, members, ignored, listed_as.version, Access.FORWARD)
        with files.opened(path) as file:
            status = os.fstat(file.fileno())
        container = ZipMembers.of(path, status)
        return Contents(container, _members(container, ignored), ignored, version_of(status))

    def record(self) -> Mapping[str, Any]:
        return {"kind": "zip"}


def _members(container: ZipMembers, ignored: Ignored) -> Iterator[Member]:
    with container.opened() as descriptor:
        yield from listed(descriptor, container.size, ignored)
