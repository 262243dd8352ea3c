"""Images to read: one by one, and in units of work."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from normstat.errors import UnreadableImage
from normstat.images.unreadable import Code, Unreadable


@dataclass(frozen=True, slots=True)
class Sample:
    """One image to read.

    Attributes
    ----------
    split : name of the split it belongs to.
    name : path relative to DATA, with ``/`` between its parts.
    location : what to open.
    """

    split: str
    name: str
    location: str

    def unreadable(self, error: UnreadableImage) -> Unreadable:
        """Its record, from what was wrong with it.

        >>> Sample("train", "a.png", "data/a.png").unreadable(UnreadableImage(Code.EMPTY)).code
        <Code.EMPTY: 'empty'>
        """
        return Unreadable(self.split, self.name, error.code, error.detail, error.sha256)


class Stamp(NamedTuple):
    """What tells a file from what was in its place before, without opening it.

    Attributes
    ----------
    size : bytes.
    mtime_ns, ctime_ns : when its content, and anything about it, last changed; nanoseconds.
    inode : its number on its disk; 0 where there is none. A folder that is renamed, or a link that
        is led elsewhere, changes no time of the files inside.
    settled : any later change would show in the other four. It does not where the clock of the
        file system may not have moved on since the last one.
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    settled: bool


@dataclass(frozen=True, slots=True)
class Shard:
    """A unit of work: consecutive samples of one split; plain, picklable, ordered.

    Attributes
    ----------
    split : name of the split.
    root : the folder that the paths are relative to.
    names : relative paths of the samples, in the byte order of the whole walk.
    unreadable : what the walk itself could not enter on the way.
    start : how many images of the split come before the first, where somebody has counted.
    stamps : of the samples, where somebody asked for them. Workers have no use for them.

    Examples
    --------
    >>> [sample.location for sample in Shard("train", "data", ("a.png", "b.png"))]
    ['data/a.png', 'data/b.png']
    """

    split: str
    root: str
    names: tuple[str, ...]
    unreadable: tuple[Unreadable, ...] = ()
    start: int = 0
    stamps: tuple[Stamp, ...] = ()

    def __iter__(self) -> Iterator[Sample]:
        for name in self.names:
            yield Sample(self.split, name, f"{self.root}/{name}")

    def __len__(self) -> int:
        return len(self.names)

    def singles(self) -> Iterator["Shard"]:
        """The same work, one image at a time: adding the results gives the same result."""
        if self.unreadable:
            yield Shard(self.split, self.root, (), self.unreadable)
        for place, name in enumerate(self.names, self.start):
            yield Shard(self.split, self.root, (name,), start=place)

    def record(self, code: Code, detail: str) -> Unreadable:
        """The record of what happened to the one image of a single."""
        (name,) = self.names or ("",)
        return Unreadable(self.split, name, code, detail)
