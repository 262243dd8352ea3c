"""A folder of images on this machine."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Any

from normstat import files
from normstat.errors import UnreadableImage, UsageError
from normstat.files import shown
from normstat.images import Code
from normstat.sources.catalog import Entries, Identity, Located
from normstat.sources.listing import Listing, identity_of
from normstat.sources.local_files import LocalFiles
from normstat.sources.options import SourceOptions
from normstat.sources.survey import Survey
from normstat.sources.tree_source import TreeSource
from normstat.sources.versions import version_of

# Larger files beside images are not what anybody asks for.
_MOST = 1 << 26


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
            reason = error.strerror if isinstance(error, OSError) else error
            raise UsageError(
                f"{shown(root) or repr('')}: cannot be read ({reason}); DATA is a folder of images"
            ) from error

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
        path = f"{self.root}/{name}"
        if not os.path.isfile(path) or os.path.getsize(path) > _MOST:
            return None
        return files.read(path)

    def record(self) -> Mapping[str, Any]:
        return {"kind": "folder"}

    def report(self, survey: Survey) -> None:
        pass


def _failure(error: OSError) -> tuple[Code, str]:
    if isinstance(error, PermissionError):
        return Code.PERMISSION_DENIED, "folder cannot be listed"
    if isinstance(error, FileNotFoundError):
        return Code.VANISHED, "folder is gone"
    return Code.IO_ERROR, f"folder cannot be listed: {error.strerror}"
