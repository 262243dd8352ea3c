"""The folders below DATA, each listed once, however often a command looks into it."""

import os
import threading

from normstat.images import in_byte_order, path_bytes, path_from_bytes
from normstat.sources.catalog import Entries, Identity
from normstat.sources.spool import Spool


class Listing:
    """Entries of the folders below a root: scanned when first asked for, and remembered.

    Several threads may ask at once; no folder is scanned twice. Memory grows with the number of
    folders, not of files.

    Parameters
    ----------
    root : path of DATA.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as root:
    ...     os.mkdir(f"{root}/b")
    ...     open(f"{root}/b/c.png", "w").close()
    ...     listing = Listing(root)
    ...     listing.entries("").folders, listing.entries("b/").files
    (['b'], ['c.png'])
    >>> listing.entries("b/").files
    ['c.png']
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._changed = threading.Condition()  # guards everything below
        self._scanning: set[str] = set()
        self._offsets: dict[str, int] = {}
        self._spool = Spool()

    def entries(self, path: str) -> Entries:
        """The names in a folder.

        Parameters
        ----------
        path : of the folder, relative to the root: empty, or with a trailing ``/``.

        Raises
        ------
        OSError
            It cannot be listed: the same whenever it is asked for.
        """
        with self._changed:
            while path in self._scanning:
                self._changed.wait(1.0)  # Windows does not interrupt a wait without a timeout
            if path in self._offsets:
                return _unpacked(self._spool.read(self._offsets[path]))
            self._scanning.add(path)
        packed = b""
        try:
            packed = _scanned(f"{self._root}/{path}")
        finally:
            with self._changed:
                if packed:
                    self._keep(path, packed)
                self._scanning.discard(path)
                self._changed.notify_all()
        return _unpacked(packed)

    def known(self, path: str) -> Entries | None:
        """The names in a folder that was listed already; None for any other.

        Raises
        ------
        OSError
            It could not be listed.
        """
        with self._changed:
            offset = self._offsets.get(path)
            return None if offset is None else _unpacked(self._spool.read(offset))

    def _keep(self, path: str, packed: bytes) -> None:
        try:
            self._offsets[path] = self._spool.add(packed)
        except OSError:  # no room for a temporary file: what is forgotten is scanned again
            self._offsets.clear()


def _scanned(location: str) -> bytes:
    """List a folder; why it cannot be listed is a result, too.

    Names have neither ``/`` nor a zero byte, so these stand between them.
    """
    folders: list[str] = []
    links: list[str] = []
    files: list[str] = []
    try:
        identity = identity_of(os.stat(location))
        with os.scandir(location) as entries:
            for entry in entries:
                if not _is_folder(entry):
                    files.append(entry.name)
                    continue
                folders.append(entry.name)
                if entry.is_symlink():
                    links += entry.name, *map(str, identity_of(entry.stat()))
    except OSError as error:
        return path_bytes(f"/{error.errno}/{error.strerror}")
    parts = ["\0".join(in_byte_order(folders)), "\0".join(links), "\0".join(in_byte_order(files))]
    return path_bytes("/".join((f"{identity[0]}\0{identity[1]}", *parts)))


def _unpacked(packed: bytes) -> Entries:
    text = path_from_bytes(packed)
    if text.startswith("/"):
        number, _, reason = text[1:].partition("/")
        raise OSError(int(number), reason)
    identity, folders, links, files = (part.split("\0") if part else [] for part in text.split("/"))
    of_links = zip(links[::3], links[1::3], links[2::3], strict=True)
    return Entries(
        (int(identity[0]), int(identity[1])),
        folders,
        {name: (int(device), int(inode)) for name, device, inode in of_links},
        files,
    )


def identity_of(status: os.stat_result) -> Identity:
    """(st_dev, st_ino) of a folder."""
    return status.st_dev, status.st_ino


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    """True for a folder, and for a link to one."""
    try:
        return entry.is_dir()
    except OSError:  # a link that leads in a circle: opening it will tell
        return False
