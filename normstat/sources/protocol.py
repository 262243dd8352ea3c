"""What a source of images offers."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from normstat.images import Shard


@dataclass(frozen=True, slots=True)
class Selection:
    """Which splits a source has, of those wanted.

    Attributes
    ----------
    splits : their names.
    rest : the split that images outside every split folder belong to; None if they are skipped.
    """

    splits: tuple[str, ...]
    rest: str | None = None


@dataclass(slots=True)
class Survey:
    """What the names in a source tell.

    Attributes
    ----------
    images : split → number of files that look like images.
    rules : split → what chose it.
    beside : images next to split folders but in none of them; not read.
    first_beside : the first of those.
    look_like_labels : folders with images whose names say masks or labels.
    extensions : extension → number of files, of any kind.
    """

    images: Counter[str] = field(default_factory=Counter)
    rules: dict[str, set[str]] = field(default_factory=dict)
    beside: int = 0
    first_beside: str = ""
    look_like_labels: set[str] = field(default_factory=set)
    extensions: Counter[str] = field(default_factory=Counter)


class Source(Protocol):
    """A place where images are."""

    def selection(self, wanted: Collection[str] = ()) -> Selection:
        """The splits to read: those wanted, or every one there is."""

    def shards(self, selection: Selection, stamped: bool = False) -> Iterator[Shard]:
        """The work, in an order and cut that only the images' paths and sizes decide.

        Parameters
        ----------
        selection : the splits to read.
        stamped : with the stamps of the samples.
        """

    def survey(self, selection: Selection) -> Survey:
        """Names only: how many images there are, and what to know about them."""
