"""Rows of single images beside the state that they add up to."""

import math
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Protocol

from normstat.accumulators.image_moments import Moments
from normstat.accumulators.tally import Tally
from normstat.images import DIGEST, ImageRow, Pixels, Sample, Unreadable

_STATISTICS = frozenset({"mean", "std", "min", "max"})


class Sink(Protocol):
    """A taker of rows, which a run may be given.

    Attributes
    ----------
    fields : those of :data:`normstat.images.ROW_FIELDS` that it reads; the others may be None.
    """

    @property
    def fields(self) -> frozenset[str]: ...

    def add(self, row: ImageRow, /) -> None:
        """Take the row of the image that comes next: of each that is listed, readable or not."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Result of counting some images: their state, and a row for each if rows were asked for.

    Attributes
    ----------
    tally : the state; it adds in any order.
    rows : in the order of the images.

    Examples
    --------
    >>> lost = Counts.of_unreadable(Unreadable("train", "a.png", "empty"))
    >>> both = lost + lost
    >>> both.tally.splits["train"].listed, len(both.rows)
    (2, 2)
    """

    tally: Tally = field(default_factory=Tally)
    rows: tuple[ImageRow, ...] = ()

    @classmethod
    def of_unreadable(cls, record: Unreadable) -> "Counts":
        return cls(Tally.of_unreadable(record), (row_of_unreadable(record),))

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.tally + other.tally, self.rows + other.rows)


def row_of_unreadable(record: Unreadable) -> ImageRow:
    """The row of an image without pixels.

    >>> row_of_unreadable(Unreadable("train", "a.png", "empty")).code
    'empty'
    """
    digest = bytes.fromhex(record.sha256)[:DIGEST] if record.sha256 else None
    return ImageRow(record.split, record.path, record.code, digest=digest)


def row_of(sample: Sample, size: int, pixels: Pixels, fields: Collection[str]) -> ImageRow:
    """The row of an image in a file of `size` bytes, with the fields that are wanted."""
    known: dict[str, Any] = {
        "kind": pixels.kind,
        "size": (pixels.width, pixels.height),
        "bytes": size,
        "digest": pixels.digest[:DIGEST],
        "key": pixels.key,
        "notes": pixels.notes,
    }
    if not _STATISTICS.isdisjoint(fields):
        moments = Moments.of(pixels.array())
        variance = (moments.m2 / moments.count).tolist()
        known["mean"] = tuple(moments.mean.tolist())
        known["std"] = tuple(map(math.sqrt, variance))
        known["min"], known["max"] = tuple(moments.min.tolist()), tuple(moments.max.tolist())
    return ImageRow(sample.split, sample.name, **{name: known[name] for name in fields})
