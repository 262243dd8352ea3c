"""The result of a run of ``apply``: counted on the way, told at its end."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from normstat.images import Unreadable, path_bytes
from normstat.sources.apply_record import RECORD
from normstat.stats import sentences
from normstat.statsfile.to_json import record_to_json
from normstat.verbs.run import LOOK_AT
from normstat.writers.outdir_checks import Disk, DiskUsage
from normstat.writers.writer import HEADER_BYTES, ArrayRow

_REMARKS = {
    "multi_frame": "{} further frames or pages, of which only the first becomes an array",
    "alpha_dropped": "{} alpha (transparency), which is left out",
    "nodata_counted": (
        "{} a value that stands for no data (GDAL_NODATA), which is normalized like others"
    ),
}


@dataclass(frozen=True, slots=True)
class Applied:
    """Facts about the arrays that a run of :func:`normstat.apply` wrote, or would write.

    Attributes
    ----------
    listed, images : found, and turned into arrays (by a dry run: that look as if they could be).
    files, bytes : with the arrays (by a dry run: as the headers of the images tell).
    free : bytes free where OUT is, before the run; ``sys.maxsize`` behind a URL.
    range : smallest and largest value in all arrays; None before there are any.
    first : the first three arrays.
    outputs : their names relative to OUT.
    unreadable : a record for each image without an array.
    kept : how many of these arrays an earlier run has left, and were not written again.
    record : name of the run's record relative to OUT, with all of `unreadable`.
    """

    listed: int
    images: int
    files: int
    bytes: int
    free: int
    range: tuple[float, float] | None
    first: tuple[ArrayRow, ...]
    outputs: tuple[str, ...]
    unreadable: tuple[Unreadable, ...] = ()
    kept: int = 0
    record: str = RECORD


class RunTotals:
    """The arrays and records of a run so far; `first`, `range`, `kept` as in :class:`Applied`."""

    def __init__(self, splits: Iterable[str], dtype: str, disk: Disk) -> None:
        # Split → its arrays, were there a file for each.
        self.arrays: dict[str, DiskUsage] = dict.fromkeys(splits, DiskUsage())
        self.first: list[ArrayRow] = []
        self.range: tuple[float, float] | None = None
        self.unreadable: list[Unreadable] = []
        self.kept = 0
        self.notes: Counter[str] = Counter()  # note → arrays of images that have it
        self._itemsize = np.dtype(dtype).itemsize
        self._disk = disk
        self._gaps: dict[str, list[int]] = {name: [] for name in self.arrays}

    @property
    def images(self) -> int:
        """Images that became arrays."""
        return sum(own.files for own in self.arrays.values())

    def add(self, row: ArrayRow) -> int:
        """Take an array; its number among those of its split."""
        number = self.arrays[row.split].files
        gaps = self._gaps[row.split]
        gaps.extend(range(number + len(gaps), row.slot))
        size = HEADER_BYTES + prod(row.shape) * self._itemsize
        self.arrays[row.split] += self._disk.file(size)
        self.kept += row.was_there
        self.notes.update(row.notes)
        low, high = self.range or row.range
        self.range = min(low, row.range[0]), max(high, row.range[1])
        if len(self.first) < LOOK_AT:
            self.first.append(row)
        return number

    def remarks(self, frames: str) -> Iterator[str]:
        """A sentence for all that images have and their arrays do not, or should not."""
        return sentences(_REMARKS, self.notes, frames)

    def refuse_unaccounted(self, listed: Mapping[str, int]) -> None:
        """Raise if an image that was listed is neither an array nor a record: a bug."""
        records = Counter(record.split for record in self.unreadable)
        for split, arrays in self.arrays.items():
            if arrays.files + records[split] != listed[split]:
                raise RuntimeError(
                    f"{split}: {listed[split]} images listed, {arrays.files} arrays and "
                    f"{records[split]} records"
                )

    def gaps(self, split: str, rows: int) -> list[int]:
        """Slots without an array, of so many `rows`."""
        gaps = self._gaps[split]
        return [*gaps, *range(self.arrays[split].files + len(gaps), rows)]

    def records(self) -> tuple[Unreadable, ...]:
        """Records of the images that could not be read, in the order of their paths."""
        return by_path(self.unreadable)

    def record(self, listed: Mapping[str, int]) -> dict[str, Any]:
        """The rest of the run's record, after the part that is known before; JSON-ready."""
        numbers = {
            name: (listed[name], arrays.files, listed[name] - arrays.files)
            for name, arrays in self.arrays.items()
        }
        return record_of_result(self.range, numbers, self.records())


def by_path(records: Iterable[Unreadable]) -> tuple[Unreadable, ...]:
    """Records in the order of their paths."""
    return tuple(sorted(records, key=lambda record: path_bytes(record.path)))


def record_of_result(
    range: tuple[float, float] | None,
    splits: Mapping[str, tuple[int, int, int]],
    unreadable: Iterable[Unreadable],
) -> dict[str, Any]:
    """The part of a run's record that tells what images came to; JSON-ready.

    Parameters
    ----------
    range : smallest and largest value in all arrays.
    splits : name → images listed, turned into arrays, and unreadable.
    unreadable : a record for each of the latter.
    """
    records = [
        {name: value for name, value in record_to_json(record).items() if name != "sha256"}
        for record in unreadable
    ]
    return {
        "complete": not records,
        "range": range,
        "splits": {
            name: dict(zip(("listed", "images", "unreadable"), numbers, strict=True))
            for name, numbers in splits.items()
        },
        "unreadable": records,
    }
