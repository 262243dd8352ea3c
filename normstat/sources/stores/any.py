"""Storage of any kind, as fsspec opens it: a listing for each folder."""

import errno
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from normstat.sources.stores.listing import KeptListing
from normstat.sources.stores.store import Listed, Object
from normstat.urls import asked, file_system

# What the file systems of fsspec have in a listing: tells one content from another, alone or not.
_TAGS = ("ETag", "etag", "generation", "blob_id", "md5Hash", "content_md5", "md5", "checksum")
_TIMES = ("mtime", "last_modified", "LastModified", "updated", "modified", "created")


class AnyStore:
    """The objects below a URL. A subclass tells where they have other names.

    Parameters
    ----------
    url : of a folder.
    """

    def __init__(self, url: str) -> None:
        self._system, path = file_system(url)
        self._root = path.rstrip("/")

    def listing(self) -> KeptListing:
        return KeptListing(self)

    def folder(self, path: str) -> Listed:
        place = self.place(path)
        try:
            found = asked(lambda: self._system.ls(place.rstrip("/") or place, detail=True))
        except (FileNotFoundError, NotADirectoryError):
            return Listed([], [])
        folders, objects = [], []
        for each in found:
            there = str(each["name"]).rstrip("/")
            name = self.name(there.rpartition("/")[2])
            if each["type"] == "directory":
                folders.append(name)
            elif self.place(path + name).lstrip("/") == there.lstrip("/"):  # else it is elsewhere
                objects.append(Object(name, each.get("size"), _version(each)))
        return Listed(sorted(folders), sorted(objects))

    def prepare(self, paths: Sequence[str]) -> None: ...

    def fetch(self, path: str, tag: str, start: int = 0, end: int | None = None) -> bytes:  # noqa: ARG002  # it has none
        place = self.place(path)
        if not start and end is None:
            return bytes(asked(lambda: self._system.cat_file(place)))
        data = bytes(asked(lambda: self._system.cat_file(place, start=start, end=end)))
        if end is not None and len(data) > end - start:
            raise OSError(errno.ENOSYS, "the server gives no parts of files")
        return data

    def info(self, path: str) -> Object:
        place = self.place(path)
        found = asked(lambda: self._system.info(place))
        if found["type"] == "directory":
            raise IsADirectoryError(errno.EISDIR, "is a folder")
        return Object(path, found.get("size"), _version(found))

    def beginning(self, prefix: str) -> list[Object]:
        above, slash, start = prefix.rpartition("/")
        found = self.folder(above + slash).objects
        return [
            each._replace(name=above + slash + each.name)
            for each in found
            if each.name.startswith(start)
        ]

    def place(self, path: str) -> str:
        """The path in the file system of a path below the URL."""
        return f"{self._root}/{path}"

    def name(self, there: str) -> str:
        """The name of what has a name in the file system."""
        return there

    def is_object(self) -> bool:
        return bool(asked(lambda: self._system.isfile(self._root)))


def _version(listed: Mapping[str, Any]) -> bytes:
    """Size and tag of an object, or its time.

    >>> _version({"size": 7, "ETag": '"abc"'}), _version({"size": 7})
    (b'7 "abc"', b'')
    """
    for name in (*_TAGS, *_TIMES):
        if found := listed.get(name):
            text = found.isoformat() if isinstance(found, datetime) else found
            return f"{listed.get('size')} {text}".encode()
    return b""
