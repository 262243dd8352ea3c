"""From a folder of images to a folder of normalized arrays."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, nullcontext
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from normstat.errors import NothingToRead, OutputError, Stopped
from normstat.executors import Executor, Local
from normstat.files import shown
from normstat.images import MAX_PIXELS, Shard, Unreadable, path_bytes, path_text
from normstat.methods import normalizer as normalizer_of
from normstat.methods import source_named
from normstat.presets import Preset
from normstat.stats import Settings, Stats
from normstat.verbs.planning import (
    Forecast,
    Plan,
    as_recorded,
    decided_record,
    measured,
    refuse_choices,
    tell_of_unused,
    warn_of_leakage,
)
from normstat.verbs.running import (
    LOOK_AT,
    Images,
    Progress,
    Run,
    Silent,
    executor_for,
    most_frequent,
    names_of,
    refuse_options,
)
from normstat.verbs.writing import Written
from normstat.writers import Nowhere, Npy, Row, Stack
from normstat.writers.folder import Out
from normstat.writers.index import index_line
from normstat.writers.place import writing
from normstat.writers.protocol import header_size
from normstat.writers.records import record_in_data


@dataclass(frozen=True, slots=True)
class Applied:
    """What a run of :func:`apply` wrote, or would write.

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


def apply(
    path: str | os.PathLike[str],
    out: str | os.PathLike[str],
    source: Stats | Preset | str | os.PathLike[str] | None = None,
    *,
    method: str | None = None,
    from_split: str | None = None,
    own_split: bool = False,
    epsilon: float = 0.0,
    dtype: str = "float32",
    layout: str = "chw",
    input_layout: str | None = None,
    store: str = "npy",
    split: str | Iterable[str] = (),
    split_dir: Mapping[str, str | os.PathLike[str]] | None = None,
    include: str | Iterable[str] = (),
    exclude: str | Iterable[str] = (),
    channels: str | None = None,
    resize: int | None = None,
    crop: int | None = None,
    exif: bool = True,
    overwrite: bool = False,
    skip_existing: bool = False,
    dry_run: bool = False,
    workers: int | None = None,
    max_pixels: int | None = None,
    image_timeout: float = 60.0,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Applied:
    """Normalize a folder of images, and write an array for each.

    Parameters
    ----------
    path : folder of images.
    out : folder for the arrays, ``index.jsonl`` and ``normstat.json``.
    source, method, epsilon, dtype : see :func:`normstat.normalizer`; but for the statistics of a
        single split, which do not tell how their images were read.
    from_split : whose statistics normalize every split; None: those of ``train``.
    own_split : normalize each split with its own statistics.
    layout : of the arrays: ``chw`` or ``hwc``.
    input_layout : of ``.npy`` images in `path`: ``hwc`` or ``chw``; None: as the record of
        ``apply`` there says, else as the statistics were computed, else ``hwc``.
    store : ``npy``: a file for each image, in a tree like that of the images; ``stack``: one for
        each split, of shape (N, C, H, W) or (N, H, W, C), for which images have one size.
    split, split_dir, include, exclude : as for :func:`normstat.compute`.
    channels, resize, crop, max_pixels : as for :func:`normstat.compute`; None: as the statistics
        were computed.
    exif : turn images upright, as their EXIF orientation says.
    overwrite : replace what an earlier run has left in `out`.
    skip_existing : continue an earlier run with the same settings. Every image is read again;
        an array that is there already, bit for bit, is not written again. Other images may be
        selected (`include`, `exclude`); arrays of those that no longer are go.
    dry_run : write nothing, and look at the first three images only. A place that is refused
        still is; of a disk that is too small `progress` is told.
    workers, image_timeout, executor, progress : as for :func:`normstat.compute`.

    Returns
    -------
    Applied

    Raises
    ------
    UsageError
        What was asked for does not fit the images or `out`; found before anything is written.
    Stopped
        The disk is full, an image has no range to divide by, or workers cannot be started.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     os.mkdir(f"{folder}/images")
    ...     Image.new("RGB", (4, 2), (255, 0, 51)).save(f"{folder}/images/a.png")
    ...     done = apply(f"{folder}/images", f"{folder}/arrays", "unit", workers=0)
    ...     np.load(f"{folder}/arrays/a.npy")[:, 0, 0]
    array([1. , 0. , 0.2], dtype=float32)
    >>> done.images, done.first[0].shape
    (1, (3, 2, 4))
    """
    numbers = source_named(source)
    applied = record_in_data(os.fspath(path))
    asked = Settings(
        channels="auto" if channels is None else channels,
        include=names_of(include),
        exclude=names_of(exclude),
        resize=resize,
        crop=crop,
        max_pixels=MAX_PIXELS if max_pixels is None else max_pixels,
        split_dirs={name: os.fspath(folder) for name, folder in (split_dir or {}).items()},
    )
    refuse_options(asked, workers, None, image_timeout)
    refuse_choices(layout, input_layout, store, numbers, from_split, own_split)
    settings = as_recorded(asked, channels, max_pixels, numbers)
    settings = replace(
        settings, layout=input_layout or (applied.layout if applied else settings.layout)
    )
    folder = Out(os.fspath(out))
    folder.refuse(os.fspath(path), overwrite, skip_existing)
    images = Images.of(path, settings, names_of(split))
    normalizers = {
        name: normalizer_of(
            numbers,
            method=method,
            split=name if own_split else from_split,
            epsilon=epsilon,
            dtype=dtype,
        )
        for name in images.selection.splits
    }
    settings = replace(settings, split_dirs=images.source.split_dirs)
    reading = replace(settings.reading(), upright=exif, names=applied.channels if applied else None)
    plan = Plan(images, settings, reading, normalizers, dtype, layout, store, folder)
    engine = executor or executor_for(workers, image_timeout)
    progress = progress or Silent()
    warn_of_leakage(progress, from_split, own_split)
    tell_of_unused(progress, method, numbers)
    with engine if isinstance(engine, Local) else nullcontext(engine) as engine:
        plan, forecast = measured(plan, engine, progress, overwrite, skip_existing)
        if dry_run:
            if forecast.needed > forecast.free:
                progress.notice(_too_small(folder, forecast))
            return _look(plan, forecast, engine)
        if forecast.needed > forecast.free:
            raise OutputError(_too_small(folder, forecast))
        decided = decided_record(plan, numbers, from_split, own_split)
        writer = _writer(plan, forecast, skip_existing)
        outputs = _outputs(writer, images.source.shards(images.selection))
        folder.begin(decided, outputs, overwrite, skip_existing)
        try:
            return _write(plan, forecast, engine, progress, writer)
        finally:
            folder.give_up()


def _too_small(folder: Out, forecast: Forecast) -> str:
    return (
        f"{shown(folder.root)}: {_human(forecast.needed)} are to be written, and the disk has "
        f"{_human(forecast.free)} free; --dtype float16, or --resize N --crop N"
    )


def _look(plan: Plan, forecast: Forecast, engine: Executor) -> Applied:
    """What the first images would become."""
    rows: list[Row] = []
    with closing(engine.map(plan.job(Nowhere()), _first_images(plan.images))) as results:
        for result in results:
            if result.failure:
                raise result.failure
            rows.extend(result.rows)
    return Applied(
        listed=forecast.listed,
        images=forecast.needs.arrays,
        files=forecast.needs.files,
        bytes=forecast.needs.bytes,
        free=forecast.free,
        range=_range_of(rows),
        first=tuple(rows),
        outputs=tuple(_writer(plan, forecast, False).output(row.split, row.path) for row in rows),
        unreadable=forecast.demands.unreadable,
    )


def _first_images(images: Images) -> Iterator[Shard]:
    left = LOOK_AT
    for shard in images.source.shards(images.selection):
        yield replace(shard, paths=shard.paths[:left], unreadable=())
        left -= len(shard.paths[:left])
        if not left:
            return


def _writer(plan: Plan, forecast: Forecast, skip_existing: bool) -> Npy | Stack:
    root = plan.folder.root
    if plan.store == "stack":
        return Stack(root, forecast.shape, plan.dtype)
    return Npy(root, skip_existing)


def _outputs(writer: Npy | Stack, shards: Iterable[Shard]) -> Iterator[str]:
    return (writer.output(shard.split, path) for shard in shards for path in shard.paths)


def _write(
    plan: Plan, forecast: Forecast, engine: Executor, progress: Progress, writer: Npy | Stack
) -> Applied:
    stack = writer if isinstance(writer, Stack) else None
    if stack:
        with writing(plan.folder.root):
            for name, rows in forecast.rows.items():
                stack.begin(name, rows)
    done = _Done(plan.images.selection.splits)
    folder = plan.folder
    run = Run(
        plan.images,
        engine,
        progress,
        lambda shard: folder.plan(_outputs(writer, [shard])),
        survey=False,  # the measuring run has told it
    )
    with folder.index() as index, closing(run.results(plan.job(writer))) as results:
        for result in results:
            _raise_failure(result, folder.root)
            for row in result.rows:
                number = done.add(row)
                index.write(index_line(row, writer, number if stack else None))
            done.unreadable.extend(result.unreadable)
            index.flush()
            progress.advance(len(result.rows) + len(result.unreadable))
    if run.images != forecast.rows:
        raise Stopped(f"{shown(plan.images.source.root)}: files were added or removed meanwhile")
    done.refuse_unaccounted(run)
    if not done.images:
        folder.undo()
        raise NothingToRead(
            f"{shown(plan.images.source.root)}: none of {run.listed.total()} images can be read "
            f"({most_frequent(done.unreadable)})"
        )
    if stack:
        with writing(folder.root):
            for name, rows in forecast.rows.items():
                stack.finish(name, rows, done.gaps(name, rows))
    unreadable = tuple(sorted(done.unreadable, key=lambda record: path_bytes(record.path)))
    folder.finish(_result(done, run, unreadable))
    files = len(forecast.rows) if stack else done.images
    return Applied(
        listed=run.listed.total(),
        images=done.images,
        files=files,
        bytes=done.bytes(np.dtype(plan.dtype).itemsize, files),
        free=forecast.free,
        range=done.range,
        first=tuple(done.first),
        outputs=tuple(writer.output(row.split, row.path) for row in done.first),
        unreadable=unreadable,
        kept=done.kept,
    )


def _raise_failure(result: Written, root: str) -> None:
    if isinstance(result.failure, OSError):
        with writing(root):
            raise result.failure
    if result.failure:
        raise result.failure


class _Done:
    """What has been written so far."""

    def __init__(self, splits: Iterable[str]) -> None:
        self.rows: dict[str, int] = dict.fromkeys(splits, 0)
        self.first: list[Row] = []
        self.range: tuple[float, float] | None = None
        self.unreadable: list[Unreadable] = []
        self.kept = 0
        self._values = 0
        self._gaps: dict[str, list[int]] = {name: [] for name in self.rows}

    @property
    def images(self) -> int:
        return sum(self.rows.values())

    def add(self, row: Row) -> int:
        """Take an array; its number among those of its split."""
        number = self.rows[row.split]
        gaps = self._gaps[row.split]
        gaps.extend(range(number + len(gaps), row.slot))
        self.rows[row.split] += 1
        self.kept += row.was_there
        self._values += prod(row.shape)
        self.range = _range_of([row], self.range)
        if len(self.first) < LOOK_AT:
            self.first.append(row)
        return number

    def bytes(self, dtype_bytes: int, files: int) -> int:
        """Of so many files with all arrays."""
        return files * header_size((3, 1, 1), "float32") + self._values * dtype_bytes

    def refuse_unaccounted(self, run: Run) -> None:
        """Every image that was listed is an array or a record: anything else is a bug."""
        records = Counter(record.split for record in self.unreadable)
        for split, images in self.rows.items():
            if images + records[split] != run.listed[split]:
                raise RuntimeError(
                    f"{split}: {run.listed[split]} images listed, {images} arrays and "
                    f"{records[split]} records"
                )

    def gaps(self, split: str, rows: int) -> list[int]:
        """Slots that nothing was written to."""
        gaps = self._gaps[split]
        return [*gaps, *range(self.rows[split] + len(gaps), rows)]


def _range_of(
    rows: Iterable[Row], so_far: tuple[float, float] | None = None
) -> tuple[float, float] | None:
    ranges = [row.range for row in rows] + ([so_far] if so_far else [])
    return (min(low for low, _ in ranges), max(high for _, high in ranges)) if ranges else None


def _result(done: _Done, run: Run, unreadable: tuple[Unreadable, ...]) -> dict[str, Any]:
    """The rest of the record."""
    return {
        "complete": not unreadable,
        "range": done.range,
        "splits": {
            name: {
                "listed": run.listed[name],
                "images": images,
                "unreadable": run.listed[name] - images,
            }
            for name, images in done.rows.items()
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
