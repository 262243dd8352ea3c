"""A folder of images: its splits, and the shards to read from them."""

import hashlib
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from normstat.errors import UnknownSplit, UsageError, option
from normstat.files import shown
from normstat.images import Code, Container, Shard, Unreadable, path_bytes
from normstat.sources.labels import LABELS
from normstat.sources.local_files import LocalFiles
from normstat.sources.place import Place
from normstat.sources.source import Selection, Survey
from normstat.sources.splits import ALL, assignments, split_names
from normstat.sources.surveying import survey_of
from normstat.sources.tree import Tree
from normstat.sources.versions import version_of

_SPLIT_DIR = option("split_dir", {"NAME": "FOLDER"})


@dataclass(slots=True)
class _Begun:
    """The shard that the walk is filling; true while there is anything in it."""

    container: Container
    split: str = ""
    paths: list[str] = field(default_factory=list)
    failures: list[Unreadable] = field(default_factory=list)
    versions: list[bytes] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.paths or self.failures)

    def taken(self) -> Shard:
        """The shard; the next one is begun."""
        shard = Shard(
            self.split,
            self.container,
            tuple(self.paths),
            versions=tuple(self.versions),
            unreadable=tuple(self.failures),
        )
        self.paths, self.failures, self.versions = [], [], []
        return shard


class Folder:
    """A folder of images, with or without a folder for each split.

    Parameters
    ----------
    root : DATA.
    split_dirs : split → folder below DATA; overrides what names say.
    include, exclude : globs. With a ``/`` a glob is matched with the whole relative path (``*``
        also matches ``/``), without one with each part of it. Images only: an ``include`` does
        not make other files images.
    labels : ``skip`` leaves out masks and other labels (see :mod:`normstat.sources.labels`), as
        long as there is anything else; ``count`` takes them for images like others.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as root:
    ...     for name in ("train", "val"):
    ...         os.mkdir(f"{root}/{name}")
    ...         open(f"{root}/{name}/a.png", "w").close()
    ...     source = Folder(root)
    ...     [(shard.split, shard.names) for shard in source.shards(source.selection())]
    [('train', ('train/a.png',)), ('val', ('val/a.png',))]
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        split_dirs: Mapping[str, str] | None = None,
        include: Iterable[str] = (),
        exclude: Iterable[str] = (),
        labels: str = "skip",
    ) -> None:
        if labels not in LABELS:
            raise UsageError(
                f"{option('labels', shown(labels))}: should be one of {', '.join(LABELS)}"
            )
        self.root = os.fspath(root)
        try:
            os.scandir(self.root).close()
        except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
            reason = error.strerror if isinstance(error, OSError) else error
            raise UsageError(
                f"{shown(self.root)}: cannot be read ({reason}); DATA is a folder of images"
            ) from error
        assigned = dict(assignments(self.root, split_dirs or {}))
        self._tree = Tree(self.root, assigned, include, exclude)
        self._tree.counts_labels = labels == "count"
        self._only_labels = False
        #: Split → folder that was given to it, relative to ``root``.
        self.split_dirs = {split: path.removesuffix("/") or "." for path, split in assigned.items()}

    @property
    def filtered(self) -> bool:
        """Whether globs leave out some files."""
        return self._tree.filtered

    def selection(self, wanted: Collection[str] = ()) -> Selection:
        """The splits to read: those wanted, or every one there is.

        Every image is looked at by name only, and none inside a split already found.

        Raises
        ------
        UnknownSplit
            A wanted split has no images; the message lists those found.
        AmbiguousSplit
            A folder on the way speaks for two splits.
        """
        found, unassigned = self._found(wanted)
        if not (found or unassigned or self._tree.counts_labels):
            # Who points at a folder of masks means them.
            self._tree.counts_labels = True
            found, unassigned = self._found(wanted)
            self._only_labels = bool(found or unassigned)
        rest = None
        if not found and unassigned:
            rest = self._own_split()
            found.add(rest)
        for split in wanted or self.split_dirs:
            if split not in found:
                close = get_close_matches(split.lower(), found, 1)
                raise UnknownSplit(
                    f"{shown(self.root)}: has no split {shown(split)!r}; found: "
                    f"{', '.join(sorted(found)) or 'no images at all'}. "
                    f"{f'Did you mean {close[0]}? ' if close else ''}"
                    f"A folder is given to a split with {_SPLIT_DIR}"
                )
        return Selection(tuple(wanted) or tuple(sorted(found)), rest, bool(wanted))

    def _found(self, wanted: Collection[str]) -> tuple[set[str], bool]:
        """Splits of which there are images, at least those wanted; and whether some have none."""
        found: set[str] = set()
        unassigned = False
        stack = [self._tree.top()]
        while stack:
            place = stack.pop()
            # Nothing new in the folders of a split already found, unless one below was assigned.
            leave = not self._tree.leads_to_assigned(place)
            if leave and place.own in found:
                continue
            more, split = self._looked_into(place, leave)
            stack += more
            if split:
                found.add(split)
            unassigned |= split == ""
            if wanted and found.issuperset(wanted):
                break
        return found, unassigned

    def _looked_into(self, place: Place, leave: bool) -> tuple[list[Place], str | None]:
        """Folders in a folder, and the split of its images: empty if of none, None without any.

        If `leave`, one image is enough.
        """
        folders: list[Place] = []
        split = None
        try:
            for _, child, is_label in self._tree.scan(place):
                if child:
                    if self._tree.has_images(child):
                        folders.append(child)
                elif not is_label and split is None:
                    split = place.images_split(Selection(())) or ""
                    if split and leave:
                        break
        except OSError:  # there may be images; shards() makes a record of the folder
            return folders, None if place.labels else place.own or ""
        return folders, split

    def shards(self, selection: Selection, versions: bool = False) -> Iterator[Shard]:
        """The images of some splits, as work.

        A shard ends after a sample when hash(path) / 2**64 < 1/128 + size / 4 MiB: at about 128
        small images or 4 MiB. The rule has no memory, so a new file changes one shard only.
        """
        begun = _Begun(LocalFiles(self.root))
        for place, path, error in self._tree.walk():
            split = (place.own or selection.rest) if error else place.images_split(selection)
            if split is None or split not in selection.splits:
                continue
            if split != begun.split and begun:
                yield begun.taken()
            begun.split = split
            if error:
                begun.failures.append(Unreadable(split, path, *_failure(error)))
                continue
            try:
                status = os.stat(f"{self.root}/{path}")
            except OSError:  # reading it will tell why; the size only decides where a shard ends
                status = None
            begun.paths.append(path)
            if versions:
                begun.versions.append(version_of(status) if status else b"")
            if _ends_shard(path, status.st_size if status else 0):
                yield begun.taken()
        if begun:
            yield begun.taken()

    def survey(self, selection: Selection) -> Survey:
        """Names only: how many images there are, and what to know about them.

        Raises
        ------
        AmbiguousSplit
            A folder with images speaks for two splits.
        """
        survey = survey_of(self._tree, selection, self._rest_rule)
        survey.only_labels = self._only_labels
        return survey

    def _own_split(self) -> str:
        names = split_names(os.path.basename(os.path.realpath(self.root)))
        return next(iter(names)) if len(names) == 1 else ALL

    def _rest_rule(self, split: str) -> str:
        if split == ALL:
            return f"no folder says a split; {_SPLIT_DIR} would"
        return "DATA's own name"


def _failure(error: OSError) -> tuple[str, str]:
    if isinstance(error, PermissionError):
        return Code.PERMISSION_DENIED, "folder cannot be listed"
    if isinstance(error, FileNotFoundError):
        return Code.VANISHED, "folder is gone"
    return Code.IO_ERROR, f"folder cannot be listed: {error.strerror}"


def _ends_shard(path: str, size: int) -> bool:
    digest = hashlib.blake2b(path_bytes(path), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64 < 1 / 128 + size / 2**22
