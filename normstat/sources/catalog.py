"""Names of images by folder, and where each is: the part that differs from kind to kind."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple, Protocol, TypeAlias

from normstat.errors import UnreadableImage
from normstat.images import Container, Shard
from normstat.sources.numbered import Stack
from normstat.sources.survey import Survey

#: A folder, whichever links lead to it: on a disk (st_dev, st_ino).
Identity: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Entries:
    """The names in a folder, in byte order.

    Attributes
    ----------
    identity : of the folder.
    folders : names of folders, and of links to folders.
    links : those of them that are links → the identity of the folder behind.
    files : all other names; a LongNames where they are too many for memory.
    failures : names of images that are known to be unreadable, besides `files` → why.
    splits : names of images → the split of each, and what says so, where that is not the folder.
    own_splits : those splits, each once.
    damage : there may be more names, in the folder or below, and why nobody knows.
    stack : the images, where `files` are the numbers of those of an array.
    """

    identity: Identity
    folders: list[str]
    links: Mapping[str, Identity]
    files: Collection[str]
    failures: Mapping[str, UnreadableImage] = field(default_factory=dict)
    splits: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    own_splits: Collection[tuple[str, str]] = ()
    damage: UnreadableImage | None = None
    stack: Stack | None = None


class Access(Enum):
    """The order in which a container gives what is in it.

    RANDOM is any; FORWARD is that of places: what lies before has to be read as well. WHOLE is
    that too, and it is best read in one go. KNOWN is any, of images that were counted already.
    """

    RANDOM = "random"
    FORWARD = "forward"
    WHOLE = "whole"
    KNOWN = "known"


class Located(NamedTuple):
    """The way to an image.

    Attributes
    ----------
    container : holds it.
    place : in the container; None if the name says it. A container that goes by names takes a
        place for the name: that of an image may be another where DATA is several.
    size : bytes that are read for it; it only decides where a shard ends.
    version : opaque: equal means the same payload; empty if nobody asked, or none is known.
    access : order in which the container is read.
    unit : number of the part of the container that is read in one go; a shard has images of one.
    """

    container: Container
    place: Any = None
    size: int = 0
    version: bytes = b""
    access: Access = Access.RANDOM
    unit: int = 0


class Streams(Protocol):
    """Archives that are best read before anybody knows what is in them."""

    def unlisted(self) -> Iterator[Shard]:
        """The work to read those whose members are not known; each archive is one sample."""

    def learn(self, name: str, listing: Any) -> None:
        """Take the members of one, as its reader has found them."""


class Catalog(Protocol):
    """Names below DATA by folder. Archives, tables and stacks are folders of their images.

    A path of a folder is relative: empty for DATA itself, or with a trailing ``/``. Several
    threads may ask at once; what is listed once is remembered.
    """

    @property
    def root(self) -> str:
        """Path as it was given, for messages."""

    @property
    def identity(self) -> str:
        """Real path or URL of DATA."""

    @property
    def only_images(self) -> bool | tuple[str, ...]:
        """True if all names are of images, whatever their extensions; or the folders of those."""

    @property
    def assigned(self) -> Mapping[str, tuple[str, str]]:
        """Folder → its split, and what says so, where that is not the folder's name."""

    @property
    def splits_images(self) -> bool:
        """True if images of one folder may have splits of their own."""

    def above(self) -> Sequence[Identity]:
        """The folders that DATA lies in: a link to one of them would be a loop."""

    def entries(self, path: str) -> Entries:
        """The names in a folder.

        Raises
        ------
        UnreadableImage
            It cannot be listed: the same whenever it is asked for.
        """

    def locate(self, path: str, versions: bool) -> Located:
        """The way to an image.

        Parameters
        ----------
        path : of the image.
        versions : also tell its version.
        """

    def side_file(self, name: str) -> bytes | None:
        """Content of a small file at the top of DATA that is no image; None if there is none.

        Raises
        ------
        OSError
            It is there, and cannot be read.
        """

    def record(self) -> Mapping[str, Any]:
        """The kind, and all that has to be the same to read alike; no path."""

    def report(self, survey: Survey) -> None:
        """Add to a survey what else is to be said, once all names have been looked at."""
