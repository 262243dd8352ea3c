"""From a folder of images to their statistics."""

import os
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace

from normstat import __version__
from normstat.accumulators.keys import KeyCollector
from normstat.accumulators.tally import Tally
from normstat.decode import versions
from normstat.errors import NothingToRead, TooManyErrors
from normstat.executors import Executor
from normstat.executors.executor import Map
from normstat.files import shown
from normstat.images import MAX_PIXELS, Unreadable
from normstat.stats import Settings, Stats, remarks, summarize
from normstat.verbs.compute.job import Count
from normstat.verbs.listeners import Listener, Progress, heard
from normstat.verbs.run import (
    Images,
    Run,
    executor_for,
    most_frequent,
    names_of,
    refuse_options,
)
from normstat.writers.run_record import record_in_data


def compute(
    path: str | os.PathLike[str],
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
    executor: Executor | None = None,
    progress: Listener | None = None,
    keys: KeyCollector | None = None,
    none_readable: bool = False,
    cache: str | os.PathLike[str] | None = None,
    labels: str = "skip",
) -> Stats:
    """Compute the statistics of a folder of images, split by split.

    Parameters
    ----------
    path : folder
    split : name or names of the splits to read; all that are found if empty.
    split_dir : split → folder below ``path``, where names do not say it.
    include, exclude : one glob or several, see :class:`normstat.sources.folder.Folder`.
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
    executor : where to run; in its place ``workers`` and ``image_timeout`` are not looked at.
    progress : is told how far the run is.
    keys : an empty collector, which is given the key of each image's pixels (16 bytes an image),
        for :func:`normstat.verbs.check.duplicates.identical`. The statistics are the same with and
        without it.
    none_readable : where not one image can be read, return that instead of raising.
    cache : file that keeps what is finished, and has what another run has; made if there is none.
        The statistics are the same with and without it. What is wrong with the file is told to
        ``progress``.
    labels : ``skip`` leaves out masks and other labels, which names tell, as long as there is
        anything else; ``count`` takes them in.

    Returns
    -------
    Stats
        The same for any number of workers. Images that could not be read are in ``unreadable``.

    Raises
    ------
    UsageError
        Nothing there to read, an unknown or ambiguous split, an option out of range.
    Stopped
        Too many errors, worker processes cannot be started, or there can be no file ``cache``.
    ValueError
        The collector has keys of another run.

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
    applied = record_in_data(os.fspath(path))
    settings = Settings(
        channels=channels,
        covariance=covariance,
        include=names_of(include),
        exclude=names_of(exclude),
        resize=resize,
        crop=crop,
        layout=layout or (applied.layout if applied else "auto"),
        frames=frames,
        max_value=max_value,
        channel_names=None if channel_names is None else names_of(channel_names),
        max_pixels=max_pixels,
        split_dirs={name: os.fspath(folder) for name, folder in (split_dir or {}).items()},
        split=tuple(dict.fromkeys(names_of(split))),
        labels=labels,
    )
    refuse_options(settings, workers, max_errors, image_timeout)
    if cache is not None:
        _refuse_cache(os.fspath(cache))
    if keys is not None and not keys.is_empty:
        raise ValueError("the collector of keys is not empty: it is of another run")
    images = Images.of(path, settings, settings.split)
    settings = replace(settings, **images.source.record())
    reading = settings.reading()
    if applied and applied.channels and channel_names is None:
        reading = replace(reading, names=applied.channels)
    telling = heard(progress)
    executor = executor or executor_for(workers, image_timeout)
    job = Count(reading, covariance, keys is not None or cache is not None)
    with _resumed(cache, path, job, executor, telling) as by:
        run = Run(replace(images, versions=by is not None), executor, telling)
        total, records = _sum(run.results(job, by), keys, max_errors, telling)
    made_with = {"normstat": __version__, **versions()}
    stats = summarize(total, images.selection.splits, settings, made_with, run.left_out)
    for name, state in stats.splits.items():
        if state.state.files != run.listed[name]:
            raise RuntimeError(
                f"{name}: {run.listed[name]} images listed, {state.state.files} accounted for"
            )
        if keys is not None and keys.images(name) != run.images[name]:
            raise RuntimeError(f"{name}: {keys.images(name)} keys of {run.images[name]} images")
    if not none_readable and not any(state.images for state in stats.splits.values()):
        raise NothingToRead(
            f"{shown(path)}: none of {run.listed.total()} images can be read "
            f"({most_frequent(records)})"
        )
    for remark in remarks(stats):
        telling.notice(remark)
    return stats


# Not every Python has SQLite: it is imported where there is a cache.


def _refuse_cache(cache: str) -> None:
    from normstat.cache import refuse_path

    refuse_path(cache)


@contextmanager
def _resumed(
    cache: str | os.PathLike[str] | None,
    data: str | os.PathLike[str],
    job: Count,
    executor: Executor,
    progress: Progress,
) -> Iterator[Map[Tally] | None]:
    if cache is None:
        yield None
        return
    from normstat.verbs.compute.cached import resuming

    with resuming(os.fspath(cache), os.fspath(data), job, executor, progress) as resumed:
        yield resumed.map


def _sum(
    tallies: Generator[Tally, None, None],
    keys: KeyCollector | None,
    max_errors: int | None,
    progress: Progress,
) -> tuple[Tally, list[Unreadable]]:
    """All tallies in one, and all that could not be read."""
    total = Tally.empty()
    records: list[Unreadable] = []
    with closing(tallies):
        for tally in tallies:
            if keys is not None:
                keys.add(tally.keys)
            total += tally.without_keys()
            progress.advance(sum(state.files for state in tally.splits.values()))
            records.extend(_records(tally))
            if max_errors is not None and len(records) > max_errors:
                raise TooManyErrors(
                    f"stopped: more than {max_errors} images are unreadable "
                    f"({most_frequent(records)})"
                )
    return total, records


def _records(tally: Tally) -> list[Unreadable]:
    return [record for state in tally.splits.values() for record in state.unreadable]
