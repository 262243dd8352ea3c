"""From images to a folder of normalized arrays."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Unpack

from normstat.errors import OutputError, UsageError, option
from normstat.files import shown
from normstat.methods import source_named
from normstat.presets import Preset
from normstat.sources import SourceKeywords
from normstat.sources.part import Part, part_asked
from normstat.stats import Stats
from normstat.urls import local_path
from normstat.verbs.apply.execute import execute
from normstat.verbs.apply.options import ApplyOptions
from normstat.verbs.apply.plan import Plan, measured
from normstat.verbs.apply.preview import preview
from normstat.verbs.apply.result import Applied
from normstat.verbs.engine import Engine, Where
from normstat.verbs.listeners import Listener
from normstat.verbs.options import names_of
from normstat.verbs.run import Images, data_of, source_of
from normstat.writers.folder import folder_at
from normstat.writers.part_folder import PartFolder
from normstat.writers.run_record import record_in_data


def apply(
    path: str | os.PathLike[str] | None,
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
    max_value: int | None = None,
    image_timeout: float = 60.0,
    engine: Where | None = None,
    progress: Listener | None = None,
    labels: str | None = None,
    shard: str | None = None,
    **where: Unpack[SourceKeywords],
) -> Applied:
    """Normalize images, and write an array for each.

    Parameters
    ----------
    path : images, as for :func:`normstat.compute`; None if ``files_from`` stands for it.
    out : folder, or URL of one, for the arrays, ``index.jsonl`` and ``normstat.json``.
    source, method, epsilon, dtype : see :func:`normstat.normalizer`; but for the statistics of a
        single split, which do not tell how their images were read.
    from_split : whose statistics normalize every split; None: those of ``train``.
    own_split : normalize each split with its own statistics.
    layout : of the arrays: ``chw`` or ``hwc``.
    input_layout : of ``.npy`` images in `path`: ``auto``, ``hwc`` or ``chw``; None: as the record
        of ``apply`` there says, else as the statistics were computed, else ``auto``.
    store : ``npy``: a file for each image, in a tree like that of the images; ``stack``: one for
        each split, of shape (N, C, H, W) or (N, H, W, C), for which images have one size.
    split, split_dir, include, exclude : as for :func:`normstat.compute`.
    channels, resize, crop, max_pixels, max_value : as for :func:`normstat.compute`; None: as the
        statistics were computed.
    exif : turn images upright, as their EXIF orientation says.
    overwrite : replace what an earlier run has left in `out`.
    skip_existing : continue an earlier run with the same settings. Every image is read again;
        an array that is there already, bit for bit, is not written again. Other images may be
        selected (`include`, `exclude`); arrays of those that no longer are go.
    dry_run : write nothing, and look at the first three images only. A place that is refused
        still is; of a disk that is too small `progress` is told.
    workers, image_timeout, engine, progress : as for :func:`normstat.compute`.
    labels : ``skip`` or ``count``, as for :func:`normstat.compute`; None: as the statistics were
        computed, else ``skip``.
    shard : ``I/N`` writes the arrays of part I of N only, 1 to N: several runs write into one
        `out`, and :func:`normstat.merge_arrays` makes one result of them.
    **where : as for :func:`normstat.compute`.

    Returns
    -------
    Applied

    Raises
    ------
    UsageError
        An option does not fit the images or `out`; found before anything is written.
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
    options = ApplyOptions(
        source_named(source),
        method,
        from_split,
        own_split,
        epsilon,
        dtype,
        layout,
        store,
        input_layout,
        exif,
    )
    given = {
        "channels": channels,
        "include": names_of(include),
        "exclude": names_of(exclude),
        "resize": resize,
        "crop": crop,
        "max_value": max_value,
        "max_pixels": max_pixels,
        "split_dirs": {name: os.fspath(folder) for name, folder in (split_dir or {}).items()},
        "labels": labels,
    }
    settings = options.settings(given)
    run_by = Engine.of(workers, image_timeout, engine, progress)
    out = local_path(os.fspath(out))
    folder = folder_at(out, overwrite, skip_existing)
    part = None
    if shard is not None:
        number, of = part_asked(shard)
        if overwrite:
            raise UsageError(
                f"{option('overwrite', True)}: each part would remove what the others write; "
                f"remove {shown(out)} first, or continue with {option('skip_existing', True)}"
            )
        folder = PartFolder(out, number, of, skip_existing)
    place: str | os.PathLike[str] = data_of(path, where)
    folder.refuse(os.fspath(place))
    data = source_of(place, settings, where)
    if input_layout is None and (applied := record_in_data(data)):
        settings = replace(settings, layout=applied.layout)
    if shard is not None:
        data = part = Part(data, number, of)
    images = Images.of(data, names_of(split))
    plan = Plan.of(images, settings, options, folder, part)
    for notice in options.notices():
        run_by.progress.notice(notice)
    with run_by.running(f"{option('skip_existing', True)} continues"):
        plan, forecast = measured(plan, run_by)
        shortage = forecast.shortage(folder.root)
        if shortage and not dry_run:
            raise OutputError(shortage)
        if shortage:
            run_by.progress.notice(shortage)
        return preview(plan, forecast, run_by) if dry_run else execute(plan, forecast, run_by)
