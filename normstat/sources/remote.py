"""A folder of images behind a URL: in a bucket, on a web server, or whatever fsspec opens."""

import threading
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from normstat.errors import UnreadableImage, UsageError
from normstat.files import shown
from normstat.images import Reason, Skipped, path_bytes
from normstat.sources.catalog import Entries, Identity, Located
from normstat.sources.first_answer import cure
from normstat.sources.member import safe_name
from normstat.sources.object_ranges import unreadable
from normstat.sources.options import SourceOptions
from normstat.sources.remote_files import Place, RemoteFiles
from normstat.sources.stores import Listed, Object, store_of
from normstat.sources.survey import Survey
from normstat.sources.tree_source import TreeSource
from normstat.urls import scheme_of, soon, without_secrets

# Larger files beside images are not what anybody asks for.
_MOST = 1 << 26
# Bytes of an object whose size no listing tells, for where a shard ends.
_USUAL = 1 << 17
# Shards have so many times the bytes of those of a folder: each begins with a wait.
_LONGER = 4


def open_remote(path: str, options: SourceOptions) -> TreeSource:
    """Open a folder of images behind a URL, with or without a folder for each split.

    Raises
    ------
    UsageError
        It cannot be listed, its library is not installed, or an option does not fit.

    Examples
    --------
    >>> from normstat.files import write
    >>> for name in ("train/a.png", "val/a.png"):
    ...     write(f"memory://doctest-remote/{name}", b"")
    >>> source = open_remote("memory://doctest-remote", SourceOptions())
    >>> [(shard.split, shard.names) for shard in source.shards(source.selection())]
    [('train', ('train/a.png',)), ('val', ('val/a.png',))]
    """
    return TreeSource(Remote(path), options)


class Remote:
    """The folders and objects below a URL. Each folder is listed once; no object is asked for.

    Parameters
    ----------
    root : DATA.
    """

    only_images = False
    splits_images = False
    assigned: Mapping[str, tuple[str, str]] = MappingProxyType({})

    def __init__(self, root: str) -> None:
        self.root = root
        self.identity = without_secrets(root).rstrip("/")
        self._container = RemoteFiles(root.rstrip("/"))
        self._ignored: dict[str, Skipped] = {}
        self._latest: tuple[str, dict[str, Object]] | None = None
        self._listing = store_of(self._container.url).listing()
        self._lock = threading.Lock()  # one thread at a time may ask it
        self._refuse()

    def above(self) -> Sequence[Identity]:
        return ()

    def entries(self, path: str) -> Entries:
        listed = self._listed(path)
        return Entries((-1, hash(path)), listed.folders, {}, [each.name for each in listed.objects])

    def locate(self, path: str, versions: bool) -> Located:
        above, slash, name = path.rpartition("/")
        found = self._objects(above + slash).get(name)
        if found is None:
            return Located(self._container, Place(path))
        size = _USUAL if found.size is None else found.size
        place = Place(path, found.size, found.tag)
        version = found.version if versions else b""
        return Located(self._container, place, size // _LONGER, version)

    def side_file(self, name: str) -> bytes | None:
        found = self._objects("").get(name)
        if found is None or (found.size or 0) > _MOST:
            return None
        return store_of(self._container.url).fetch(name, found.tag)

    def record(self) -> Mapping[str, Any]:
        return {"kind": "remote"}

    def report(self, survey: Survey) -> None:
        for path in sorted(self._ignored, key=path_bytes):
            survey.skip(None, Reason.UNSAFE_NAME, self._ignored[path])

    def _objects(self, path: str) -> dict[str, Object]:
        latest = self._latest  # two threads may ask; each sees one or the other
        if latest and latest[0] == path:
            return latest[1]
        objects = {each.name: each for each in self._listed(path).objects}
        self._latest = path, objects
        return objects

    def _listed(self, path: str) -> Listed:
        try:
            with self._lock:
                listed = self._listing.folder(path)
        except OSError as error:
            raise unreadable(error, "folder") from error
        folders = [name for name in listed.folders if safe_name(name) == name]
        objects = [each for each in listed.objects if safe_name(each.name) == each.name]
        strange = {*listed.folders, *(each.name for each in listed.objects)}
        strange -= {*folders, *(each.name for each in objects)}
        if strange:
            self._ignored[path] = Skipped(len(strange), path + min(strange, key=path_bytes))
        return Listed(
            sorted(folders, key=path_bytes),
            sorted(objects, key=lambda each: path_bytes(each.name)),
        )

    def _refuse(self) -> None:
        """Refuse DATA, before any work, that is not there, or that may not be listed."""
        store = store_of(self._container.url)
        where, scheme = shown(self.root), scheme_of(self.root)
        try:
            listed = soon(lambda: self._listed(""))
            if listed.folders or listed.objects:
                return
            is_object = soon(store.is_object)
        except UnreadableImage as error:
            cause = error.__cause__
            raise UsageError(f"{where}: {cure(cause, scheme)}") from None
        except OSError as error:
            raise UsageError(f"{where}: {cure(error, scheme)}") from None
        if is_object:
            raise UsageError(
                f"{where}: is one object; DATA behind a URL is a folder of images. Copy a file "
                "that holds many images to this machine first"
            )
        advice = "look for a slip in the name"
        if scheme == "memory":
            advice = "only the process that wrote to memory can read it, in Python"
        raise UsageError(f"{where}: there is nothing below it; {advice}")
