"""Names by folder from a listing of all objects in the order of their paths."""

from normstat.errors import UsageError
from normstat.sources.stores.listing import KeptListing
from normstat.sources.stores.store import Listed, PagedStore

# Pages that are fetched for a folder before it is listed on its own.
_PAGES = 4


class OrderedListing(KeptListing):
    """Folders of objects, from pages that each have a thousand of any depth.

    A page is asked for when a folder is wanted that no page has reached the end of. A large folder
    is not waited for: it is listed on its own, for the names in it, while the pages go on with
    what is asked for next. So there are hardly more requests than pages, however small folders
    are, and the first names are there soon.
    """

    def __init__(self, store: PagedStore) -> None:
        super().__init__(store)
        self._pages = store
        # Folders that the pages are in, from the top.
        self._begun = [("", Listed([], []))]
        self._token = ""
        self._last = b""
        self._ended = False

    def find(self, path: str) -> None:
        for _ in range(_PAGES):
            if path in self._known or self._ended:
                break
            self._turn_page()
        if self._ended:
            self.keep(path, Listed([], []))
        super().find(path)

    def _turn_page(self) -> None:
        objects, self._token = self._pages.page(self._token)
        for each in objects:
            encoded = each.name.encode()
            if encoded <= self._last:
                raise UsageError("the server lists names in another order than S3 does")
            self._last = encoded
            above, slash, name = each.name.rpartition("/")
            self._enter(above + slash)
            self._begun[-1][1].objects.append(each._replace(name=name))
        self._ended = not self._token
        if self._ended:
            self._leave(0)

    def _enter(self, path: str) -> None:
        """Come to a folder: those that it is not in have all their names."""
        depth = len(self._begun)
        while not path.startswith(self._begun[depth - 1][0]):
            depth -= 1
        self._leave(depth)
        while (above := self._begun[-1][0]) != path:
            name = path[len(above) :].partition("/")[0]
            self._begun[-1][1].folders.append(name)
            self._begun.append((f"{above}{name}/", Listed([], [])))

    def _leave(self, depth: int) -> None:
        while len(self._begun) > depth:
            self.keep(*self._begun.pop())
