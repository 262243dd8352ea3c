"""The interface of all places that images come from."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self

from normstat.images import Shard
from normstat.sources.catalog import Streams
from normstat.sources.survey import Survey


@dataclass(frozen=True, slots=True)
class Selection:
    """Splits that a source has, of those wanted.

    Attributes
    ----------
    splits : their names.
    rest : the split that images outside every split folder belong to; None if they are skipped.
    wanted : these were asked for, and there may be others.
    only_labels : there is nothing but labels, so they count.
    presumed : the first names say no split, and the others were not looked at.
    """

    splits: tuple[str, ...]
    rest: str | None = None
    wanted: bool = False
    only_labels: bool = False
    presumed: bool = False


class Source(Protocol):
    """A place where images are. It is listed once: whatever changes later is found when read."""

    @property
    def root(self) -> str:
        """Path as it was given, for messages."""

    @property
    def identity(self) -> str:
        """Real path or URL, for the cache; never for a stats file."""

    @property
    def ordered(self) -> bool:
        """True if names come in byte order."""

    @property
    def tops(self) -> tuple[str, ...]:
        """Paths of the folders that were given as DATA, with a trailing ``/``; of one: empty."""

    @property
    def streams(self) -> Streams | None:
        """Archives to be read before names are asked for; None if there are none."""
        return None

    def selection(self, wanted: Collection[str] = (), presume: bool = False) -> Selection:
        """The splits to read: those wanted, or every one there is.

        Parameters
        ----------
        wanted : names of splits; all that are found if empty.
        presume : if many names say no split, presume that the others say none: a survey tells.

        Raises
        ------
        UsageError
            A wanted split has no images, or images cannot be assigned to one split.
        """

    def survey(self, selection: Selection, takes: Callable[[str], bool] | None = None) -> Survey:
        """Names only: how many images there are, and what to know about them.

        Parameters
        ----------
        selection : the splits to read.
        takes : tells by its name if an image is to be counted; None: all are.

        Raises
        ------
        OtherSplits
            The selection was presumed, and there are others.
        """

    def shards(self, selection: Selection, versions: bool = False) -> Iterator[Shard]:
        """The work, the same at each call, cut by names and sizes of images alone.

        Parameters
        ----------
        selection : the splits to read.
        versions : also those of the samples.
        """

    def side_file(self, name: str) -> bytes | None:
        """Content of a small file at a top of DATA that is no image; None if there is none.

        Raises
        ------
        OSError
            It is there, and cannot be read.
        """

    def record(self) -> Mapping[str, Any]:
        """Options that decide which images there are, as fields of the settings."""

    def with_split_dirs(self, split_dirs: Mapping[str, str]) -> Self:
        """The same source, with other folders given to splits; it is not listed again.

        Raises
        ------
        UnknownFolder
            There is no such folder.
        """
