"""Web servers that list folders as pages of links, in which names are percent-encoded."""

from urllib.parse import quote, unquote

from normstat.errors import UsageError
from normstat.files import shown
from normstat.sources.stores.any import AnyStore


class Web(AnyStore):
    """The files below a URL."""

    def __init__(self, url: str) -> None:
        if "?" in url or "#" in url:
            raise UsageError(
                f"{shown(url)}: DATA is a folder of a web server, and its URL ends with the name"
            )
        super().__init__(url)

    def place(self, path: str) -> str:
        return f"{self._root}/{quote(path)}"

    def name(self, there: str) -> str:
        return unquote(there)
