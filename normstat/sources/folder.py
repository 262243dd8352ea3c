"""A folder of images on this machine."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Any

from normstat.errors import UnreadableImage, UsageError
from normstat.files import shown
from normstat.images import Code
from normstat.images.local_files import LocalFiles, side_file
from normstat.sources.catalog import Entries, Identity, Located
from normstat.sources.endings import HDF5, NPZ, PARQUET, ZIP
from normstat.sources.listing import Listing, identity_of
from normstat.sources.not_read import refusal
from normstat.sources.options import SourceOptions
from normstat.sources.survey import Survey
from normstat.sources.tree.split_words import quoted, split_names
from normstat.sources.tree_source import TreeSource
from normstat.sources.versions import version_of

# Extensions of files that hold many images each.
_HOLDERS = (".tar", ".tgz", ".tbz2", ".txz", *ZIP, *PARQUET, *HDF5, *NPZ, ".lmdb")
#: Tables beside images, as Hugging Face has them.
METADATA = ("metadata.csv", "metadata.jsonl")


def open_folder(path: str, options: SourceOptions) -> TreeSource:
    """Open a folder of images, with or without a folder for each split.

    Raises
    ------
    UsageError
        It cannot be listed, or an option does not fit.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as root:
    ...     for name in ("train", "val"):
    ...         os.mkdir(f"{root}/{name}")
    ...         open(f"{root}/{name}/a.png", "w").close()
    ...     source = open_folder(root, SourceOptions())
    ...     [(shard.split, shard.names) for shard in source.shards(source.selection())]
    [('train', ('train/a.png',)), ('val', ('val/a.png',))]
    """
    return TreeSource(Folder(path), options)


class Folder:
    """The folders and files below a folder.

    Parameters
    ----------
    root : DATA.
    """

    only_images = False
    splits_images = False
    assigned: Mapping[str, tuple[str, str]] = MappingProxyType({})

    def __init__(self, root: str) -> None:
        self.root = root
        self._listing = Listing(root)
        self._container = LocalFiles(root)
        try:
            os.stat(root)  # of an empty name: below it would be the root of all files
            self._listing.entries("")
        except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
            raise refusal(root, error) from error

    @property
    def identity(self) -> str:
        return os.path.realpath(self.root)

    def above(self) -> Sequence[Identity]:
        found = []
        real = os.path.realpath(self.root)
        while (parent := os.path.dirname(real)) != real:
            with suppress(OSError):  # below one that may not be entered, no link can lead to it
                found.append(identity_of(os.stat(parent)))
            real = parent
        return found

    def entries(self, path: str) -> Entries:
        try:
            return self._listing.entries(path)
        except OSError as error:
            raise UnreadableImage(*_failure(error)) from error

    def locate(self, path: str, versions: bool) -> Located:
        try:
            status = os.stat(f"{self.root}/{path}")
        except OSError:  # reading it will tell why
            return Located(self._container)
        version = version_of(status) if versions else b""
        return Located(self._container, None, status.st_size, version)

    def side_file(self, name: str) -> bytes | None:
        return side_file(self.root, name)

    def record(self) -> Mapping[str, Any]:
        return {"kind": "folder"}

    def report(self, survey: Survey) -> None:
        """Say what lies beside images and is not used: other DATA, and splits in a table."""
        if survey.images and (beside := _beside(survey.extensions)):
            survey.remarks += [beside] if beside not in survey.remarks else []
        top = self._listing.known("")
        splits = [f"{name}/" for name in top.folders if split_names(name)] if top else []
        for path in ("", *splits):
            with suppress(OSError):  # then its images are a record
                found = self._listing.known(path)
                for name in METADATA if found else ():
                    if found and name in found.files and (said := self._unused(path + name)):
                        survey.remarks.append(said)

    def _unused(self, name: str) -> str:
        """The line on a table whose splits are not used; empty if it has none."""
        from normstat.sources.table_columns import usual  # few folders have a table
        from normstat.sources.text_tables import columns_of

        path = f"{self.root}/{name}"
        if not os.path.isfile(path):  # a pipe would be waited for
            return ""
        try:
            columns = usual(columns_of(path), "split_column")
        except UsageError:  # it is no table, and nobody has asked for it
            return ""
        if not columns:
            return ""
        return (
            f"{shown(name)} has a column {shown(columns[0])}, which is not used here; with "
            f"{quoted(path)} as DATA it says the splits"
        )


def _beside(extensions: Mapping[str, int]) -> str:
    """The line on files that hold many images each; empty if there is none.

    >>> _beside({".png": 9, ".tar": 2, ".zip": 1})
    'beside the images, and not opened: 2 .tar, 1 .zip; each is DATA by itself'
    """
    found = [f"{extensions[each]:,} {each}" for each in _HOLDERS if extensions.get(each)]
    if not found:
        return ""
    return f"beside the images, and not opened: {', '.join(found)}; each is DATA by itself"


def _failure(error: OSError) -> tuple[Code, str]:
    if isinstance(error, PermissionError):
        return Code.PERMISSION_DENIED, "folder cannot be listed"
    if isinstance(error, FileNotFoundError):
        return Code.VANISHED, "folder is gone"
    return Code.IO_ERROR, f"folder cannot be listed: {error.strerror}"
