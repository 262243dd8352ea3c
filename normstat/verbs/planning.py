"""What a run of ``apply`` decides before it writes: settings, normalizers, and what they need."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from normstat import __version__
from normstat.decode import versions
from normstat.errors import NothingToRead, UsageError
from normstat.executors import Executor
from normstat.files import shown
from normstat.images import LAYOUTS, Reading, Shard
from normstat.methods import METHODS, Normalizer
from normstat.methods import Needs as Needed
from normstat.presets import Preset
from normstat.stats import Settings, SplitStats, Stats
from normstat.verbs.demands import Arrays, Demands, Measure, Needs
from normstat.verbs.outputs import Apart, Names
from normstat.verbs.running import Images, Progress, Run, most_frequent
from normstat.verbs.writing import Write
from normstat.writers import WRITERS, Nowhere, Npy, Stack
from normstat.writers.folder import Out
from normstat.writers.place import Disk
from normstat.writers.records import SCHEMA


@dataclass(frozen=True, slots=True)
class Plan:
    """What is decided before any image is opened."""

    images: Images
    settings: Settings
    reading: Reading
    normalizers: Mapping[str, Normalizer]
    dtype: str
    layout: str
    store: str
    folder: Out

    def job(self, writer: Npy | Stack | Nowhere) -> Write:
        return Write(self.reading, self.normalizers, writer, self.layout)

    def writer(self, shape: tuple[int, ...], resume: bool) -> Npy | Stack:
        """Who writes the arrays; all of one `shape` if they go to stacks."""
        if self.store == "stack":
            return Stack(self.folder.root, shape, self.dtype)
        return Npy(self.folder.root, resume)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the headers tell; ``needed`` are the bytes that the disk has yet to find room for."""

    listed: int
    rows: Mapping[str, int]
    demands: Demands
    shape: tuple[int, ...]
    needs: Needs
    needed: int
    free: int

    def shortage(self, root: str) -> str:
        """What is wrong with the disk of OUT; nothing if the arrays have room there."""
        if self.needed <= self.free:
            return ""
        return (
            f"{shown(root)}: {_human(self.needed)} are to be written, and the disk has "
            f"{_human(self.free)} free; --dtype float16, or --resize N --crop N"
        )


def _human(size: float) -> str:
    """A number of bytes as people read it.

    >>> _human(999), _human(2_345_000_000)
    ('999 bytes', '2.3 GB')
    """
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def refuse_choices(
    layout: str,
    input_layout: str | None,
    store: str,
    source: Any,
    from_split: str | None,
    own_split: bool,
) -> None:
    """Raise if a choice is unknown, or two exclude each other."""
    for option, value, known in (
        ("--layout", layout, LAYOUTS),
        ("--input-layout", layout if input_layout is None else input_layout, LAYOUTS),
        ("--store", store, WRITERS),
    ):
        if value not in known:
            raise UsageError(f"{option} {shown(value)}: should be one of {', '.join(known)}")
    if own_split and not isinstance(source, Stats):
        raise UsageError("--own-split: only a stats file (--stats) has a split for each")
    if isinstance(source, SplitStats):
        raise UsageError(
            "the statistics of a single split do not tell how its images were read; give all of "
            "them (Stats), and the name of the split as from_split"
        )
    if own_split and from_split:
        raise UsageError("--own-split and --from: choose one")


def warn_of_leakage(progress: Progress, from_split: str | None, own_split: bool) -> None:
    """Say what it means to take other statistics than those of train."""
    if own_split:
        progress.notice(
            "--own-split: every split has its own statistics; a single image in production has none"
        )
    elif from_split not in (None, "train"):
        progress.notice(
            f"--from {shown(from_split)}: if these statistics saw images that you validate or test "
            "with, they have leaked"
        )


def tell_of_unused(progress: Progress, method: str | None, source: Any) -> None:
    """Say that a method takes no numbers from the statistics that it was given."""
    if method and isinstance(source, Stats) and METHODS[method].needs is Needed.NOTHING:
        progress.notice(
            f"--method {method} uses no mean or std of the statistics: they only say how images "
            "are read (channels, --resize, --crop)"
        )


def as_recorded(
    asked: Settings, channels: str | None, max_pixels: int | None, source: Any
) -> Settings:
    """The settings, where statistics were computed with some: theirs.

    Statistics of resized images are not those of the originals. That gray images become color is
    no other setting: among color they were counted so.

    Raises
    ------
    UsageError
        Others were asked for.
    """
    if not isinstance(source, Stats):
        return asked
    recorded = source.settings
    spreads = (channels, recorded.channels) == ("rgb", "auto")
    for name, given in (
        ("channels", None if spreads else channels),
        ("resize", asked.resize),
        ("crop", asked.crop),
    ):
        theirs = getattr(recorded, name)
        if given is not None and given != theirs:
            was = f"with --{name} {theirs}" if theirs else f"without --{name}"
            raise UsageError(
                f"--{name} {given}: the statistics were computed {was}; leave the option out, or "
                f"compute statistics with --{name} {given}"
            )
    return replace(
        asked,
        channels=channels or recorded.channels,
        max_pixels=max_pixels or recorded.max_pixels,
        resize=recorded.resize,
        crop=recorded.crop,
        layout=recorded.layout,
    )


def measured(
    plan: Plan, engine: Executor, progress: Progress, overwrite: bool, skip_existing: bool
) -> tuple[Plan, Forecast]:
    """The plan for exactly these images, after a look at every name and header."""
    disk = Disk.of(plan.folder.root)
    arrays = Arrays(plan.normalizers, np.dtype(plan.dtype).itemsize, disk)
    names = Names(plan.folder.root, disk if skip_existing else None)
    stack = plan.store == "stack"
    apart = Apart(plan.folder.root)

    def look_at(shard: Shard) -> None:
        apart.refuse(shard)
        if not stack:
            names.add(shard)

    run = Run(plan.images, engine, progress, look_at)
    demands = Demands()
    with closing(run.results(Measure(plan.reading, arrays))) as results:
        for result in results:
            demands += result
    if not demands.kinds:
        raise NothingToRead(
            f"{shown(plan.images.source.root)}: none of {run.listed.total()} images can be read "
            f"({most_frequent(demands.unreadable)})"
        )
    plan = replace(plan, normalizers=demands.bound(plan.normalizers))
    shape = demands.shape(plan.normalizers, plan.layout) if stack else ()
    needs = demands.forecast(arrays, stack)
    there = plan.folder.earlier_bytes(disk) if overwrite else names.existing_bytes
    forecast = Forecast(
        run.listed.total(), run.images, demands, shape, needs, needs.taken - there, disk.free
    )
    return plan, forecast


def decided_record(
    plan: Plan, source: Any, from_split: str | None, own_split: bool
) -> dict[str, Any]:
    """The record, as far as it is known before the first image."""
    settings = plan.settings
    records = {name: normalizer.record() for name, normalizer in plan.normalizers.items()}
    one = next(iter(records.values()))
    same = all(record == one for record in records.values())
    return {
        "schema": SCHEMA,
        "normstat": __version__,
        "decoder": versions(),
        "settings": {name: getattr(settings, name) for name in settings.__slots__}
        | {"exif": plan.reading.upright},
        "method": one["method"],
        "epsilon": one["epsilon"],
        "preset": source.name if isinstance(source, Preset) else None,
        "stats": _stats_record(source, from_split, own_split),
        "dtype": plan.dtype,
        "layout": plan.layout,
        "store": plan.store,
        "channels": one["channels"] if same else None,
        "a": one["a"] if same else None,
        "b": one["b"] if same else None,
        "normalizers": records,
    }


def _stats_record(source: Any, from_split: str | None, own_split: bool) -> dict[str, Any] | None:
    """Which statistics: the splits they are of, and the images they were computed from."""
    if not isinstance(source, Stats):
        return None
    names = tuple(source.splits) if own_split else (from_split or "train",)
    return {
        name: {
            field: f"{getattr(source.splits[name].fingerprint, field):032x}"
            for field in ("paths", "files", "pixels")
        }
        for name in names
        if name in source.splits
    }
