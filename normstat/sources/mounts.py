"""Places of several DATA in one tree: the names that each is given there."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from normstat.errors import UnreadableImage, UsageError
from normstat.files import shown
from normstat.images import path_bytes
from normstat.sources.catalog import Catalog, Identity
from normstat.sources.patterns import folder_of, is_pattern
from normstat.urls import is_url

# DATA that a message names.
_MOST = 3


@dataclass(frozen=True, slots=True)
class Mount:
    """A place in the union's tree, and the folder of a catalog that is there.

    Attributes
    ----------
    catalog : that has the folder.
    inner : path of the folder in it: empty, or with a trailing ``/``.
    above : folders that the catalog lies in; a link to one of them would be a loop.
    """

    catalog: Catalog
    inner: str
    above: frozenset[Identity]


@dataclass(frozen=True, slots=True)
class _Place:
    """DATA to be named.

    Attributes
    ----------
    catalog : of it.
    folder : path of the folder that it stands for, or that holds its files.
    parent : of what it is called by: the folder above, or the same for files with own names.
    folders : the catalog's folders that are called by their own names; empty: it is one itself.
    """

    catalog: Catalog
    folder: str
    parent: str
    folders: tuple[str, ...]


def mounts_of(catalogs: Sequence[Catalog]) -> dict[str, Mount]:
    """The mounts of DATA by their paths, in byte order.

    Raises
    ------
    UsageError
        Two would have the same path, or one would lie in another.

    Examples
    --------
    >>> import tempfile
    >>> from normstat.sources.folder import Folder
    >>> with tempfile.TemporaryDirectory() as root:
    ...     folders = [f"{root}/{name}" for name in ("north", "east")]
    ...     list(mounts_of([os.mkdir(folder) or Folder(folder) for folder in folders]))
    ['east', 'north']
    """
    places = [_place(catalog) for catalog in catalogs]
    if not all(place.folders for place in places):
        names = [_given_name(place.folder, bool(place.folders)) for place in places]
        far = [place for place, name in zip(places, names, strict=True) if name is None]
        common = _common([place.parent for place in far])
        found = [
            _below(place, common) if name is None else name
            for place, name in zip(places, names, strict=True)
        ]
        if mounts := _mounted(places, found):
            return mounts
    # All the same way, no two of them have one name.
    common = _common([place.parent for place in places])
    if mounts := _mounted(places, [_below(place, common) for place in places]):
        return mounts
    roots = ", ".join(shown(catalog.root) for catalog in catalogs[:_MOST])
    raise UsageError(f"{roots}: have files in common, which would count twice; give each once")


def _place(catalog: Catalog) -> _Place:
    root = catalog.root
    if is_url(root):  # its name is what follows the scheme
        root = root.partition("://")[2].rstrip("/")
        return _Place(catalog, root, os.path.dirname(os.path.abspath(root)), ())
    if os.path.isdir(root):
        return _Place(catalog, root, os.path.dirname(os.path.abspath(root)), ())
    own = tuple(_own_folders(catalog))
    folder = folder_of(root) if own else root
    parent = os.path.abspath(folder) if own else os.path.dirname(os.path.abspath(root))
    return _Place(catalog, folder, parent, own)


def _own_folders(catalog: Catalog) -> Sequence[str]:
    """Names of the files behind DATA, where each is a folder with the name of the file."""
    try:
        top = catalog.entries("")
    except UnreadableImage:  # a record that is named like DATA
        return ()
    if top.files or top.failures:
        return ()
    is_file = top.folders == [os.path.basename(catalog.root)]
    return top.folders if is_file or is_pattern(catalog.root) else ()


def _given_name(folder: str, is_parent: bool) -> str | None:
    """The path as it was given; None if it does not say how it is called."""
    path = os.path.normpath(folder or ".").replace(os.sep, "/")
    if path == ".":
        return "" if is_parent else None
    return None if os.path.isabs(path) or path.split("/")[0] == ".." else path


def _common(parents: Sequence[str]) -> str:
    try:
        return os.path.commonpath(parents) if parents else ""
    except ValueError as error:  # several drives
        raise UsageError(
            "several DATA should be on one drive, or be given relative to it"
        ) from error


def _below(place: _Place, common: str) -> str:
    path = os.path.relpath(os.path.abspath(place.folder), common).replace(os.sep, "/")
    return "" if path == "." else path


def _mounted(places: Sequence[_Place], names: Sequence[str]) -> dict[str, Mount] | None:
    """The mounts by path, in byte order; None if two have the same, or one lies in another."""
    mounts: dict[str, Mount] = {}
    for place, name in zip(places, names, strict=True):
        above = frozenset(place.catalog.above())
        for folder in place.folders or ("",):
            path = "/".join(filter(None, (name, folder)))
            if path in mounts:
                return None
            inner = f"{folder}/" if folder else ""
            mounts[path] = Mount(place.catalog, inner, above)
    for path in mounts:
        above_it = path
        while above_it:
            above_it = above_it.rpartition("/")[0]
            if above_it in mounts:
                return None
    return dict(sorted(mounts.items(), key=lambda item: path_bytes(item[0])))
