"""Web servers that list folders as pages of links, in which names are percent-encoded."""

from urllib.parse import quote, unquote

from normstat.sources.stores.any import AnyStore


class Web(AnyStore):
    """The files below a URL."""

    def place(self, path: str) -> str:
        return f"{self._root}/{quote(path)}"

    def name(self, there: str) -> str:
        return unquote(there)
