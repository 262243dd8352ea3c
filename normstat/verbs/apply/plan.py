"""The plan of a run of ``apply``, fitted to its images before anything is written."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np

from normstat import __version__
from normstat.decode import versions
from normstat.errors import UsageError, option
from normstat.executors import in_order
from normstat.files import shown
from normstat.images import ReadOptions, Shard, path_text
from normstat.methods import Normalizer
from normstat.sources.apply_record import SCHEMA
from normstat.sources.part import Part
from normstat.stats import Settings
from normstat.verbs.apply.job import WriteArrays
from normstat.verbs.apply.name_collisions import OutputNames, OverlapCheck, bytes_there
from normstat.verbs.apply.options import ApplyOptions
from normstat.verbs.apply.preflight import HeaderTotals, ReadHeaders
from normstat.verbs.engine import Engine
from normstat.verbs.run import Images, Run, none_readable, read_options
from normstat.writers import writer_of
from normstat.writers.folder import Folder
from normstat.writers.outdir_checks import Disk, DiskUsage
from normstat.writers.writer import Writer


@dataclass(frozen=True, slots=True)
class Plan:
    """Images, the way to their arrays, and the place for these."""

    images: Images
    settings: Settings
    reading: ReadOptions
    options: ApplyOptions
    normalizers: Mapping[str, Normalizer]
    folder: Folder
    writer: Writer
    part: Part | None = None

    @classmethod
    def of(
        cls,
        images: Images,
        settings: Settings,
        options: ApplyOptions,
        folder: Folder,
        part: Part | None = None,
    ) -> "Plan":
        """The plan for images of any kind and size, all or a part of them."""
        settings = replace(settings, **images.source.record())
        reading = replace(read_options(images.source, settings), upright=options.exif)
        normalizers = options.normalizers(images.selection.splits)
        if part and not writer_of(options.store).file_per_image:
            raise UsageError(
                f"{option('store', options.store)}: has one file for all images of a split, which "
                f"one run has to write; {option('shard', f'{part.number}/{part.of}')} takes "
                f"{option('store', 'npy')}"
            )
        writer = folder.writer(options.store, options.dtype)
        return cls(images, settings, reading, options, normalizers, folder, writer, part)

    def job(self, dry_run: bool = False) -> WriteArrays:
        writer = None if dry_run else self.writer
        return WriteArrays(self.reading, self.normalizers, writer, self.options.layout)

    def record(self) -> dict[str, Any]:
        """The run's record, as far as it is known before the first image."""
        settings = self.settings
        return {
            "schema": SCHEMA,
            "normstat": __version__,
            "decoder": versions(),
            "settings": {
                name: getattr(settings, name)
                for name in settings.__slots__
                if name != "covariance"  # which changes statistics but no array
            }
            | {"exif": self.reading.upright},
            "method": next(iter(self.normalizers.values())).method,
            "epsilon": next(iter(self.normalizers.values())).epsilon,
            **self.options.record_of_source(),
            "dtype": self.options.dtype,
            "layout": self.options.layout,
            "store": self.options.store,
            **record_of(self.normalizers),
        }

    def record_of_part(self, headers: HeaderTotals) -> dict[str, Any]:
        """The rest of the record of a part, by which it merges with others; else nothing."""
        if not self.part:
            return {}
        kinds = [
            {
                "split": split,
                "dtype": kind.dtype,
                "channels": kind.channels,
                "scale": kind.scale,
                "images": totals.images,
                "first": path_text(totals.sizes[0][2]),
            }
            for (split, kind), totals in headers.kinds.items()
        ]
        return {"part": {"names": f"{self.part.names:032x}", "kinds": kinds}}


def record_of(normalizers: Mapping[str, Normalizer]) -> dict[str, Any]:
    """The normalizers of all splits, and what they have in common, for the run's record."""
    records = {name: normalizer.record() for name, normalizer in normalizers.items()}
    one = next(iter(records.values()))
    same = all(record == one for record in records.values())
    common = {name: one[name] if same else None for name in ("channels", "a", "b")}
    return {**common, "normalizers": records}


@dataclass(frozen=True, slots=True)
class Forecast:
    """Expectations from the headers of all images."""

    listed: int  # images, and folders that cannot be listed
    rows: Mapping[str, int]  # split → images
    arrays: int
    headers: HeaderTotals
    usage: DiskUsage
    needed: int  # bytes that the disk has yet to find room for
    disk: Disk

    def shortage(self, root: str) -> str:
        """The message that the disk of OUT is too small; empty if the arrays have room there."""
        if self.needed <= self.disk.free:
            return ""
        return (
            f"{shown(root)}: {_human(self.needed)} are to be written, and the disk has "
            f"{_human(self.disk.free)} free; {option('dtype', 'float16')}, or "
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


def measured(plan: Plan, engine: Engine) -> tuple[Plan, Forecast]:
    """The plan for exactly these images, after a look at every name and header."""
    root, images = plan.folder.root, plan.images
    disk = Disk.of(root)
    names = _Names(plan, disk)
    run = Run(images, engine.executor, engine.progress, names.look_at)
    job = ReadHeaders(plan.reading, plan.normalizers, np.dtype(plan.options.dtype).itemsize, disk)
    totals = HeaderTotals()
    with closing(run.results(job)) as results:
        for result in in_order(results):  # first images are named
            totals += result
    names.check()
    if not totals.kinds and not plan.part:  # other parts may have some that can
        raise none_readable(images.source.root, run.listed.total(), totals.unreadable)
    normalizers = totals.bound(plan.normalizers, whole=not plan.part)
    if plan.part:  # all parts decide the same; images of other parts may be of other kinds
        normalizers = dict(plan.normalizers)
    writer = plan.writer.fit(totals.shapes(normalizers, plan.options.layout), normalizers)
    arrays = totals.arrays(normalizers)
    usage = writer.disk_usage(arrays, disk)
    forecast = Forecast(
        run.listed.total(),
        run.images,
        sum(own.files for own in arrays.values()),
        totals,
        usage,
        usage.on_disk - names.existing_bytes - plan.folder.overwritten_bytes(disk),
        disk,
    )
    return replace(plan, normalizers=normalizers, writer=writer), forecast


class _Names:
    """The outputs of a plan: looked at on the way to its images, of all parts where it is one."""

    def __init__(self, plan: Plan, disk: Disk) -> None:
        images = replace(plan.images, source=plan.part.whole) if plan.part else plan.images
        self._plan = plan
        self._disk = disk
        self._overlap = OverlapCheck(plan.folder.root)
        self._names = OutputNames(lambda: chain.from_iterable(map(self._outputs, images.shards())))
        #: Bytes on the disk of outputs that are there.
        self.existing_bytes = 0
        if plan.part:
            for shard in images.shards():
                self._names.add(self._outputs(shard))

    def look_at(self, shard: Shard) -> None:
        """Refuse what can be told of a shard, before it is read."""
        self._overlap.refuse(shard)
        if not self._plan.writer.file_per_image:
            return
        outputs = self._outputs(shard)
        if not self._plan.part:
            self._names.add(outputs)
        if self._plan.folder.skip_existing:
            self.existing_bytes += bytes_there(self._plan.folder.root, outputs, self._disk)

    def check(self) -> None:
        """Refuse two images with one output."""
        self._names.check()

    def _outputs(self, shard: Shard) -> list[tuple[str, str]]:
        return [(self._plan.writer.output(shard.split, image), image) for image in shard.names]
