"""Names by folder from a listing of all objects in the order of their paths."""

import pickle
from typing import Protocol

from normstat.errors import UsageError
from normstat.sources.spool import Spool
from normstat.sources.stores.store import Listed, Object

# Pages that are fetched for a folder before it is listed on its own.
_PAGES = 4


class Paged(Protocol):
    """Storage that lists all objects in the byte order of their paths, a page at a time."""

    def page(self, token: str) -> tuple[list[Object], str]: ...
    def folder(self, path: str) -> Listed: ...


class OrderedListing:
    """Folders of objects, from pages that each have a thousand of any depth.

    A page is asked for when a folder is wanted that no page has reached the end of. A large folder
    is not waited for: it is listed on its own, for the names in it, while the pages go on with
    what is asked for next. So there are hardly more requests than pages, however small folders
    are, and the first names are there soon. The names lie in a spool. One thread at a time.
    """

    def __init__(self, store: Paged) -> None:
        self._store = store
        self._spool = Spool()
        self._known: dict[str, int] = {}
        # Folders that the pages are in, from the top.
        self._begun = [_Begun("")]
        self._token = ""
        self._last = ""
        self._ended = False

    def folder(self, path: str) -> Listed:
        """See :class:`normstat.sources.stores.store.Listing`."""
        for _ in range(_PAGES):
            if path in self._known or self._ended:
                break
            self._turn_page()
        if path not in self._known:
            if self._ended:
                return Listed([], [])
            return self._store.folder(path)
        packed = self._spool.read(self._known[path])
        folders, objects = pickle.loads(packed)  # noqa: S301  # its own
        return Listed(folders, [Object(*each) for each in objects])

    def _turn_page(self) -> None:
        objects, self._token = self._store.page(self._token)
        for each in objects:
            if each.name.encode() <= self._last.encode():
                raise UsageError("the server lists names in another order than that of S3")
            self._last = each.name
            above, slash, name = each.name.rpartition("/")
            self._enter(above + slash)
            self._begun[-1].objects.append(each._replace(name=name))
        self._ended = not self._token
        if self._ended:
            self._leave_until(0)

    def _enter(self, path: str) -> None:
        """Come to an object in a folder: those that it is not in have all their names."""
        depth = len(self._begun)
        while not path.startswith(self._begun[depth - 1].path):
            depth -= 1
        self._leave_until(depth)
        while (above := self._begun[-1].path) != path:
            name = path[len(above) :].partition("/")[0]
            self._begun[-1].folders.append(name)
            self._begun.append(_Begun(f"{above}{name}/"))

    def _leave_until(self, depth: int) -> None:
        while len(self._begun) > depth:
            folder = self._begun.pop()
            names = folder.folders, [tuple(each) for each in folder.objects]
            self._known[folder.path] = self._spool.add(pickle.dumps(names))


class _Begun:
    """A folder whose names are not all known."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.folders: list[str] = []
        self.objects: list[Object] = []
