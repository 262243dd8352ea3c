"""Statistics of images: the options of ``compute``, as Python has them."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Unpack

from normstat.errors import UsageError, option
from normstat.files import ensure_writable, shown
from normstat.images import FORMATS, MAX_PIXELS
from normstat.sources import Source, SourceKeywords
from normstat.sources.part import Part, part_asked
from normstat.stats import ListOfFiles, Parts, Settings, Stats, remarks
from normstat.verbs.compute.count import count
from normstat.verbs.compute.given import Data, are_places, arrays_of
from normstat.verbs.engine import Engine, Where
from normstat.verbs.listeners import Listener
from normstat.verbs.options import names_of, refuse_settings
from normstat.verbs.run import data_of, source_of
from normstat.writers.run_record import record_in_data


def compute(
    data: Data | None = None,
    *,
    split: str | Iterable[str] = (),
    split_dir: Mapping[str, str | os.PathLike[str]] | None = None,
    include: str | Iterable[str] = (),
    exclude: str | Iterable[str] = (),
    channels: str = "auto",
    covariance: bool = False,
    resize: int | None = None,
    crop: int | None = None,
    layout: str | None = None,
    frames: str = "first",
    max_value: int | None = None,
    channel_names: str | Iterable[str] | None = None,
    workers: int | None = None,
    max_pixels: int = MAX_PIXELS,
    max_errors: int | None = None,
    image_timeout: float = 60.0,
    engine: Where | None = None,
    progress: Listener | None = None,
    cache: str | os.PathLike[str] | None = None,
    labels: str = "skip",
    files: str | os.PathLike[str] | None = None,
    shard: str | None = None,
    **where: Unpack[SourceKeywords],
) -> Stats:
    """Compute the statistics of images, split by split.

    Parameters
    ----------
    data : folder of images, list or table of their names, or file of many images; ``-`` is a list
        on the standard input. Or several, which count as one folder that has them below the paths
        that they are given by (absolute ones below what is left under their common folder). Or
        images that a program has: an iterable or stack of arrays, or a data set with ``len()`` and
        indices, or a dict of split → one of these. Each item is an array (as a ``.npy`` image), a
        tensor or a Pillow image; a tuple that begins with one; or a name and one. They are read
        once, in this process and as they come, so they may be more than memory holds; options of
        files are not for them. None if ``files_from`` stands for it.
    split : name or names of the splits to read; all that are found if empty.
    split_dir : split → folder below ``data``, where names do not say it.
    include, exclude : one glob or several, see :class:`normstat.sources.SourceOptions`.
    channels : ``auto`` (as they are), ``gray`` or ``rgb`` (8-bit images are converted).
    covariance : also compute the covariance between channels, which ``whiten`` needs.
    resize : pixels that the shorter side of each image is resized to first, antialiased bilinear.
    crop : side of the square that is then taken out of the center; the rest does not count.
    layout : order of the axes in ``.npy`` images: ``auto`` (as a shape of one reading only says),
        ``hwc``, ``chw``, ``zhw`` (a volume of gray frames), ``nhwc`` or ``nchw`` (a stack of
        images, each of them one for standard errors); None: as the record of ``apply`` in the
        folder says, where there is one, else ``auto``.
    frames : of files with several frames or pages: ``first``; ``all`` of them, as one image; or
        ``channels``, where each page is a channel.
    max_value : stored value that is 1.0 in unit scale, for all images; None: the largest that a
        format declares. 1 leaves all numbers in stored units.
    channel_names : names of the channels of all images; None: as the files say.
    workers : worker processes; None for one per CPU, 0 to decode in this process, where a
        crashing or hanging decoder is not contained and ``image_timeout`` does not apply.
    max_pixels : images with more are not read (``too_large``).
    max_errors : end the run when more images than this are unreadable.
    image_timeout : seconds after which an image is given up.
    engine : where to run: ``local`` (``workers`` processes of this machine, the default),
        ``inprocess``, ``dask`` (the cluster that ``DASK_SCHEDULER_ADDRESS`` names, or one of
        ``workers`` processes), ``dask:ADDRESS`` or ``dask:FILE.json`` (a scheduler's file); or an
        executor: any :class:`concurrent.futures.Executor`, or one of :mod:`normstat.executors`,
        which knows its own ``image_timeout``. One that is handed in stays open.
    progress : is told how far the run is.
    cache : file that keeps what is finished, and has what another run has; made if there is none.
        The statistics are the same with and without it. What is wrong with the file is told to
        ``progress``.
    labels : ``skip`` leaves out masks and other labels, which names tell, as long as there is
        anything else; ``count`` takes them in.
    files : list of all images to write, by which a check names those that changed; it belongs
        into the folder of the stats file.
    shard : ``I/N`` counts part I of N only, 1 to N; :func:`normstat.merge` adds the parts.
    **where : options of lists, tables and files of many images, see
        :class:`normstat.sources.SourceOptions`.

    Returns
    -------
    Stats
        The same for any number of workers. Images that could not be read are in ``unreadable``.

    Raises
    ------
    UsageError
        Nothing there to read, an unknown or ambiguous split, an option out of range.
    Stopped
        Too many errors, worker processes cannot be started, or there can be no file ``cache`` or
        ``files``.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("RGB", (4, 2), (255, 0, 51)).save(f"{folder}/a.png")
    ...     stats = compute(folder, workers=0)
    >>> stats.splits["all"].mean, stats.splits["all"].std
    ((1.0, 0.0, 0.2), (0.0, 0.0, 0.0))
    """
    settings = Settings(
        channels=channels,
        covariance=covariance,
        include=names_of(include),
        exclude=names_of(exclude),
        resize=resize,
        crop=crop,
        layout=layout or "auto",
        frames=frames,
        max_value=max_value,
        channel_names=None if channel_names is None else names_of(channel_names),
        max_pixels=max_pixels,
        split_dirs={name: os.fspath(folder) for name, folder in (split_dir or {}).items()},
        split=tuple(dict.fromkeys(names_of(split))),
        labels=labels,
    )
    refuse_settings(settings)
    source: Source
    given: Data = data_of(data, where)
    if not are_places(given):
        workers = 0
        for_files = {"split_dir": split_dir, "include": include, "exclude": exclude}
        source = arrays_of(
            given,
            {
                **for_files,
                "labels": labels,
                "cache": cache,
                "shard": shard,
                "engine": engine,
                **where,
            },
            layout or "auto",
        )
    run_by = Engine.of(workers, image_timeout, engine, progress, cache, max_errors)
    if files is not None:
        from normstat.statsfile.file_list import FileList  # which few ask for

        listed = FileList()
        run_by.refuse_as_cache("files", files)
        _refuse_image(os.fspath(files))
        ensure_writable(files)
    if are_places(given):
        source = source_of(given, settings, where)
    part = None
    if shard is not None:
        part = source = Part(source, *part_asked(shard))
    if layout is None and (applied := record_in_data(source)):
        settings = replace(settings, layout=applied.layout)
    with run_by.running(f"{option('cache', metavar='FILE')} would let it go on where it was"):
        counted = count(source, settings, run_by, () if files is None else (listed,))
    if part is None:  # others may have images that can be read
        counted.refuse_unread()
    stats = counted.stats()
    if part:
        stats = replace(stats, parts=Parts(part.of, (part.number,), part.names))
    if files is not None:
        written = ListOfFiles(os.path.basename(files), listed.save(files))
        stats = replace(stats, files=written)
    for remark in remarks(stats):
        run_by.progress.notice(remark)
    return stats


def _refuse_image(files: str) -> None:
    real = os.path.realpath(files)  # what would be replaced, if the name is a link
    if os.path.isfile(real) and os.path.splitext(real)[1].lower() in FORMATS:
        raise UsageError(
            f"{option('files', shown(files))}: is an image that exists; give another name"
        )
