"""Names below a URL by folder, each listed once."""

import pickle
from tempfile import gettempdir

from normstat.files import unwritten
from normstat.sources.spool import Spool
from normstat.sources.stores.store import FolderStore, Listed, Object


class KeptListing:
    """Folders, each listed when it is first asked for; what was found is kept in a spool.

    Parameters
    ----------
    store : lists a folder.
    """

    def __init__(self, store: FolderStore) -> None:
        self._store = store
        self._spool = Spool()
        self._known: dict[str, int] = {}
        self._failed: dict[str, OSError] = {}

    def folder(self, path: str) -> Listed:
        """See :class:`normstat.sources.stores.store.Listing`."""
        if path in self._failed:
            raise self._failed[path]
        try:
            self.find(path)
        except OSError as error:
            self._failed[path] = error
            raise
        folders, objects = pickle.loads(self._spool.read(self._known[path]))  # noqa: S301  # its own
        return Listed(folders, [Object(*each) for each in objects])

    def find(self, path: str) -> None:
        """Have the names in a folder kept."""
        if path not in self._known:
            self.keep(path, self._store.folder(path))

    def keep(self, path: str, listed: Listed) -> None:
        """Keep the names in a folder, unless it is known already."""
        if path in self._known:
            return
        packed = pickle.dumps((sorted(listed.folders), sorted(map(tuple, listed.objects))))
        try:
            self._known[path] = self._spool.add(packed)
        except OSError as error:
            raise unwritten(gettempdir(), error) from error
