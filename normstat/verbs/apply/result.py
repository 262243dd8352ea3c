"""What a run of ``apply`` has made of its images: counted on the way, told at its end."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

from normstat.images import Unreadable, path_bytes, path_text
from normstat.stats import sentences
from normstat.verbs.run import LOOK_AT
from normstat.writers.writer import HEADER_BYTES, Row

_REMARKS = {
    "multi_frame": "{} further frames or pages, of which only the first becomes an array",
    "alpha_dropped": "{} alpha (transparency), which is left out",
    "nodata_counted": (
        "{} a value that stands for no data (GDAL_NODATA), which is normalized like others"
    ),
}


@dataclass(frozen=True, slots=True)
class Applied:
    """What a run of :func:`normstat.apply` wrote, or would write.

    Attributes
    ----------
    listed, images : found, and turned into arrays (by a dry run: that look as if they could be).
    files, bytes : with the arrays (by a dry run: as the headers of the images tell).
    free : bytes free where OUT is, before the run.
    range : smallest and largest value in all arrays; None before there are any.
    first : what is known of the first three arrays.
    outputs : their names relative to OUT.
    unreadable : a record for each image without an array.
    kept : how many of these arrays an earlier run has left, and were not written again.
    """

    listed: int
    images: int
    files: int
    bytes: int
    free: int
    range: tuple[float, float] | None
    first: tuple[Row, ...]
    outputs: tuple[str, ...]
    unreadable: tuple[Unreadable, ...] = ()
    kept: int = 0


class Done:
    """What has been written so far.

    Parameters
    ----------
    splits : names of those that are read.

    Attributes
    ----------
    rows : split → arrays.
    first, range, kept : as in :class:`Applied`.
    unreadable : records, as they come.
    notes : note → arrays of images that have it.
    """

    def __init__(self, splits: Iterable[str]) -> None:
        self.rows: dict[str, int] = dict.fromkeys(splits, 0)
        self.first: list[Row] = []
        self.range: tuple[float, float] | None = None
        self.unreadable: list[Unreadable] = []
        self.kept = 0
        self.notes: Counter[str] = Counter()
        self._values = 0
        self._gaps: dict[str, list[int]] = {name: [] for name in self.rows}

    @property
    def images(self) -> int:
        """How many became arrays."""
        return sum(self.rows.values())

    def add(self, row: Row) -> int:
        """Take an array; its number among those of its split."""
        number = self.rows[row.split]
        gaps = self._gaps[row.split]
        gaps.extend(range(number + len(gaps), row.slot))
        self.rows[row.split] += 1
        self.kept += row.was_there
        self.notes.update(row.notes)
        self._values += prod(row.shape)
        self.range = range_of([row], self.range)
        if len(self.first) < LOOK_AT:
            self.first.append(row)
        return number

    def remarks(self, frames: str) -> Iterator[str]:
        """A sentence for all that images have and their arrays do not, or should not."""
        return sentences(_REMARKS, self.notes, frames)

    def bytes(self, dtype_bytes: int, files: int) -> int:
        """Total bytes of `files` files that hold all arrays."""
        return files * HEADER_BYTES + self._values * dtype_bytes

    def refuse_unaccounted(self, listed: Mapping[str, int]) -> None:
        """Every image that was listed is an array or a record: anything else is a bug."""
        records = Counter(record.split for record in self.unreadable)
        for split, images in self.rows.items():
            if images + records[split] != listed[split]:
                raise RuntimeError(
                    f"{split}: {listed[split]} images listed, {images} arrays and "
                    f"{records[split]} records"
                )

    def gaps(self, split: str, rows: int) -> list[int]:
        """Slots that nothing was written to."""
        gaps = self._gaps[split]
        return [*gaps, *range(self.rows[split] + len(gaps), rows)]

    def records(self) -> tuple[Unreadable, ...]:
        """Of the images that could not be read, in the order of their paths."""
        return tuple(sorted(self.unreadable, key=lambda record: path_bytes(record.path)))

    def result(self, listed: Mapping[str, int]) -> dict[str, Any]:
        """The rest of the run's record, after what was decided; JSON-ready."""
        unreadable = self.records()
        return {
            "complete": not unreadable,
            "range": self.range,
            "splits": {
                name: {
                    "listed": listed[name],
                    "images": images,
                    "unreadable": listed[name] - images,
                }
                for name, images in self.rows.items()
            },
            "unreadable": [
                {
                    "split": record.split,
                    "path": path_text(record.path),
                    "code": record.code,
                    "detail": record.detail,
                }
                for record in unreadable
            ],
        }


def range_of(
    rows: Iterable[Row], so_far: tuple[float, float] | None = None
) -> tuple[float, float] | None:
    """Smallest and largest value of arrays, and of those before them; None if there are none."""
    ranges = [row.range for row in rows] + ([so_far] if so_far else [])
    return (min(low for low, _ in ranges), max(high for _, high in ranges)) if ranges else None
