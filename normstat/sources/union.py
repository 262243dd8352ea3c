"""Several DATA as one: a folder that has each of them below the name that it was given by."""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from normstat.errors import UnreadableImage, UsageError
from normstat.files import shown
from normstat.images import Code, Skipped, in_byte_order, path_bytes
from normstat.sources.catalog import Catalog, Entries, Identity, Located
from normstat.sources.listed_files import ListedFiles
from normstat.sources.mounts import Mount, mounts_of
from normstat.sources.options import SourceOptions
from normstat.sources.survey import Survey
from normstat.sources.tree_source import TreeSource
from normstat.urls import is_url

# Remarks of single DATA that a user has the time to read.
_MOST = 3


def open_union(catalogs: Sequence[Catalog], options: SourceOptions) -> TreeSource:
    """Open several DATA as one.

    Names are those of a folder with links to them: below the path that each was given by; of
    absolute ones (and of ``..``) below what is left of it under the folder that all these are in.
    Files that hold many images are in the folder of the file, as those of one pattern are.

    Raises
    ------
    UsageError
        One is given twice, or lies in another; or an option does not fit.

    Examples
    --------
    >>> import tempfile
    >>> from normstat.sources.folder import Folder
    >>> with tempfile.TemporaryDirectory() as root:
    ...     for name in ("a", "b"):
    ...         os.mkdir(f"{root}/{name}")
    ...         open(f"{root}/{name}/x.png", "w").close()
    ...     union = open_union([Folder(f"{root}/b"), Folder(f"{root}/a")], SourceOptions())
    ...     [(shard.split, shard.names) for shard in union.shards(union.selection())]
    [('all', ('a/x.png',)), ('all', ('b/x.png',))]
    """
    _refuse_twice([catalog.root for catalog in catalogs])
    union = Union(catalogs)
    return TreeSource(union, options, union.tops, union.files)


class Union:
    """Catalogs below names of their own.

    Parameters
    ----------
    catalogs : of DATA that do not lie in each other.

    Attributes
    ----------
    tops : paths of the folders that were given, with a trailing ``/``.
    files : those of them that are files, as archives and lists are.
    """

    def __init__(self, catalogs: Sequence[Catalog]) -> None:
        self._catalogs = catalogs
        self._mounts = mounts_of(catalogs)
        self._above: dict[str, set[str]] = {"": set()}
        for path in self._mounts:
            while path:
                above, slash, name = path.rpartition("/")
                self._above.setdefault(above + slash, set()).add(name)
                path = above
        self.tops = tuple(f"{path}/" for path in self._mounts)
        self.files = tuple(
            f"{path}/" for path, mount in self._mounts.items() if not _is_folder(mount.catalog)
        )
        self.splits_images = any(catalog.splits_images for catalog in catalogs)
        first, *others = (shown(catalog.root) for catalog in catalogs)
        self.root = f"{first} and {others[0] if len(others) == 1 else f'{len(others)} others'}"
        self.assigned: Mapping[str, tuple[str, str]] = {
            f"{path}/{folder.removeprefix(mount.inner)}": split
            for path, mount in self._mounts.items()
            for folder, split in _assigned(mount).items()
        }
        self.only_images = tuple(
            f"{path}/{below.removeprefix(mount.inner)}"
            for path, mount in self._mounts.items()
            for below in _only_images(mount)
        )

    @property
    def identity(self) -> str:
        """Digest of the names and the real paths, whatever their order."""
        parts = sorted(
            f"{path}\0{mount.catalog.identity}\0{mount.inner}"
            for path, mount in self._mounts.items()
        )
        return f"union of {hashlib.sha256(path_bytes(' '.join(parts))).hexdigest()}"

    def above(self) -> Sequence[Identity]:
        return ()  # entries() knows of each what it lies in

    def entries(self, path: str) -> Entries:
        if path in self._above:
            names = in_byte_order(self._above[path])
            return Entries((-1, hash(path)), names, {}, [])
        top, mount, inner = self._at(path)
        found = mount.catalog.entries(inner)
        loops = {name for name, link in found.links.items() if link in mount.above}
        identity = found.identity
        return replace(
            found,
            # Those that are not of a disk are unique in their catalog only.
            identity=identity if identity[0] >= 0 else (-2, hash((top, identity))),
            folders=[name for name in found.folders if name not in loops],
            links={name: link for name, link in found.links.items() if name not in loops},
        )

    def locate(self, path: str, versions: bool) -> Located:
        _, mount, inner = self._at(path)
        located = mount.catalog.locate(inner, versions)
        return located._replace(place=inner) if located.place is None else located

    def side_file(self, name: str) -> bytes | None:
        try:
            _, mount, inner = self._at(name)
        except UnreadableImage:  # beside the folders that were given
            return None
        return mount.catalog.side_file(inner)

    def record(self) -> Mapping[str, Any]:
        """The record that all have in common; else their kinds, and options that do not differ."""
        records = [catalog.record() for catalog in self._catalogs]
        kinds = sorted({record["kind"] for record in records})
        kind = {"kind": kinds[0]} if len(kinds) == 1 else {"kind": "union", "kinds": tuple(kinds)}
        options = sorted({name for record in records for name in record} - {"kind"})
        for name in options:
            values = [record[name] for record in records if name in record]
            if all(value == values[0] for value in values):
                kind[name] = values[0]
        return kind

    def report(self, survey: Survey) -> None:
        remarks = list(self._shared())
        for catalog in self._catalogs:
            own = Survey()
            catalog.report(own)
            remarks += (f"{shown(catalog.root)}: {remark}" for remark in own.remarks)
            for split, reasons in own.skipped.items():
                for reason, skipped in reasons.items():
                    first = self._named(catalog, skipped.first)
                    survey.skip(split, reason, Skipped(skipped.images, first))
        survey.remarks += remarks[:_MOST]
        if len(remarks) > _MOST:
            survey.remarks.append(f"{len(remarks) - _MOST:,} more such remarks on other DATA")

    def _shared(self) -> Iterator[str]:
        """Remarks on lists that name the same file."""
        lists = [catalog for catalog in self._catalogs if isinstance(catalog, ListedFiles)]
        for one, other in combinations(lists, 2):
            if name := one.shared_with(other) or other.shared_with(one):
                yield (
                    f"{shown(name)} is in {shown(one.root)} and in {shown(other.root)}: what two "
                    "lists name counts twice"
                )

    def _at(self, path: str) -> tuple[str, Mount, str]:
        """The mount that a path leads into, its own path, and the path in its catalog."""
        end = path.find("/")
        while end >= 0:
            if mount := self._mounts.get(path[:end]):
                return path[:end], mount, mount.inner + path[end + 1 :]
            end = path.find("/", end + 1)
        raise UnreadableImage(Code.VANISHED, "there is no such folder")

    def _named(self, catalog: Catalog, name: str) -> str:
        """The name in the union of an image of a catalog."""
        for path, mount in self._mounts.items():
            if mount.catalog is catalog and name.startswith(mount.inner):
                return f"{path}/{name.removeprefix(mount.inner)}"
        return name


def _is_folder(catalog: Catalog) -> bool:
    return is_url(catalog.root) or os.path.isdir(catalog.root)


def _assigned(mount: Mount) -> Mapping[str, tuple[str, str]]:
    """The folders in a mount that have a split, the mount itself if one above it has."""
    found: dict[str, tuple[str, str]] = {}
    for folder, split in sorted(mount.catalog.assigned.items()):  # the deepest of those above wins
        if folder.startswith(mount.inner):
            found[folder] = split
        elif mount.inner.startswith(folder):
            found[mount.inner] = split
    return found


def _only_images(mount: Mount) -> tuple[str, ...]:
    """The folders in a mount with nothing but images, as its catalog names them."""
    only = mount.catalog.only_images
    if isinstance(only, bool):
        return (mount.inner,) if only else ()
    return tuple(path for path in only if path.startswith(mount.inner))


def _refuse_twice(roots: Sequence[str]) -> None:
    given: dict[str, str] = {}
    for root in roots:
        real = os.path.realpath(root)
        if real in given:
            again = (
                "is given twice" if given[real] == root else f"is the same as {shown(given[real])}"
            )
            raise UsageError(f"{shown(root)}: {again}; leave one out")
        given[real] = root
    for real, root in given.items():
        above = os.path.dirname(real)
        while above not in given and above != os.path.dirname(above):
            above = os.path.dirname(above)
        if above in given and above != real:
            raise UsageError(
                f"{shown(root)}: lies in {shown(given[above])}, which is given, too, and would "
                "count twice; leave one out"
            )
