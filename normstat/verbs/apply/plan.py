"""What a run of ``apply`` decides before it writes: its plan, its forecast, and their record."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from normstat import __version__
from normstat.decode import versions
from normstat.errors import NothingToRead, option
from normstat.executors import Executor
from normstat.files import shown
from normstat.images import ReadOptions, Shard
from normstat.methods import Normalizer
from normstat.presets import Preset
from normstat.stats import Settings, Stats
from normstat.verbs.apply.job import Write
from normstat.verbs.apply.name_collisions import Apart, Names
from normstat.verbs.apply.preflight import Arrays, Demands, Measure, Needs
from normstat.verbs.listeners import Progress
from normstat.verbs.run import Images, Run, most_frequent
from normstat.writers import Nowhere, Npy, Stack
from normstat.writers.folder import Out
from normstat.writers.outdir_checks import Disk
from normstat.writers.run_record import SCHEMA

# Settings that change statistics but no array.
_OF_COUNTING = ("covariance",)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is decided before any image is opened."""

    images: Images
    settings: Settings
    reading: ReadOptions
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
            f"{_human(self.free)} free; {option('dtype', 'float16')}, or "
            f"{option('resize', metavar='N')} {option('crop', metavar='N')}"
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


def measured(
    plan: Plan, engine: Executor, progress: Progress, overwrite: bool, skip_existing: bool
) -> tuple[Plan, Forecast]:
    """The plan for exactly these images, after a look at every name and header."""
    disk = Disk.of(plan.folder.root)
    arrays = Arrays(plan.normalizers, np.dtype(plan.dtype).itemsize, disk)
    names = Names(
        plan.folder.root,
        lambda: (path for shard in plan.images.shards() for path in shard.names),
        disk if skip_existing else None,
    )
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
    names.check()
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
        "settings": {
            name: getattr(settings, name) for name in settings.__slots__ if name not in _OF_COUNTING
        }
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
