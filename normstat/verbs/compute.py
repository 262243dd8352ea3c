"""From a folder of images to their statistics."""

import os
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Protocol

from normstat import __version__
from normstat.accumulators.fold import Fold
from normstat.accumulators.tally import Tally
from normstat.decode import decode, decoder, versions
from normstat.errors import EngineLost, NothingToRead, TooManyErrors, UnreadableImage, UsageError
from normstat.executors import Executor, InProcess, Local, available_cpus
from normstat.files import shown
from normstat.images import FORMATS, HINTS, LAYOUTS, MAX_PIXELS, Code, Reading, Shard, Unreadable
from normstat.sources import Folder, Selection, Source, Survey
from normstat.stats import Settings, Stats, summarize

#: What ``--channels`` may be.
CHANNELS = ("auto", "gray", "rgb")


_LONGEST = 1_000_000  # seconds; clocks cannot be set to much more


class Progress(Protocol):
    """Whom a run tells how far it is. The default says nothing."""

    def total(self, images: int) -> None:
        """How many images there are; called once that is known."""

    def advance(self, images: int) -> None:
        """So many more are done."""

    def notice(self, message: str) -> None:
        """Something that a user should know."""


class Silent:
    """A :class:`Progress` that says nothing."""

    def total(self, images: int) -> None: ...
    def advance(self, images: int) -> None: ...
    def notice(self, message: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Count:
    """The job of a worker: a shard's images to their tally.

    Attributes
    ----------
    reading : how images are read.
    covariance : also count how channels vary together.
    """

    reading: Reading
    covariance: bool = False

    def __call__(self, shard: Shard) -> Tally:
        """One state for a shard; an image that cannot be read is a record in it."""
        fold = Fold(self.covariance)
        for record in shard.unreadable:
            fold.add_unreadable(record)
        with decoder():
            for sample in shard:
                try:
                    fold.add(sample, decode(sample, self.reading))
                except UnreadableImage as error:
                    fold.add_unreadable(
                        Unreadable(sample.split, sample.path, error.code, error.detail)
                    )
        return fold.tally()

    def lost(self, record: Unreadable) -> Tally:
        """An image that ended its worker."""
        return Tally.of_unreadable(record)


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
    layout: str = "hwc",
    workers: int | None = None,
    max_pixels: int = MAX_PIXELS,
    max_errors: int | None = None,
    image_timeout: float = 60.0,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Stats:
    """Compute the statistics of a folder of images, split by split.

    Parameters
    ----------
    path : folder
    split : name or names of the splits to read; all that are found if empty.
    split_dir : split → folder below ``path``, where names do not say it.
    include, exclude : one glob or several, see :class:`normstat.sources.Folder`.
    channels : ``auto`` (as they are), ``gray`` or ``rgb`` (8-bit images are converted).
    covariance : also compute the covariance between channels, which ``whiten`` needs.
    resize : pixels that the shorter side of each image is resized to first, antialiased bilinear.
    crop : side of the square that is then taken out of the center; the rest does not count.
    layout : order of the axes in ``.npy`` images: ``hwc`` or ``chw``.
    workers : worker processes; None for one per CPU, 0 to decode in this process, where a
        crashing or hanging decoder is not contained and ``image_timeout`` does not apply.
    max_pixels : images with more are not read (``too_large``).
    max_errors : end the run when more images than this are unreadable.
    image_timeout : seconds after which an image is given up.
    executor : where to run; in its place ``workers`` and ``image_timeout`` are not looked at.
    progress : is told how far the run is.

    Returns
    -------
    Stats
        The same for any number of workers. Images that could not be read are in ``unreadable``.

    Raises
    ------
    UsageError
        Nothing there to read, an unknown or ambiguous split, an option out of range.
    Stopped
        Too many errors, or worker processes cannot be started.

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
        include=_names(include),
        exclude=_names(exclude),
        resize=resize,
        crop=crop,
        layout=layout,
        max_pixels=max_pixels,
    )
    reading = Reading(channels, max_pixels, resize, crop, layout)
    _refuse_options(settings, workers, max_errors, image_timeout)
    split_dirs = {name: os.fspath(folder) for name, folder in (split_dir or {}).items()}
    source = Folder(path, split_dirs, settings.include, settings.exclude)
    settings = replace(settings, split_dirs=source.split_dirs)
    selection = source.selection(tuple(dict.fromkeys(_names(split))))
    if not selection.splits:
        raise NothingToRead(_nothing_found(source, selection))
    if executor is None:
        executor = (
            InProcess() if workers == 0 else Local(workers or available_cpus(), image_timeout)
        )
    progress = progress or Silent()
    survey = _SurveyThread(source, selection, progress)
    listed: Counter[str] = Counter()
    shards = _counted(source.shards(selection), listed)
    total = Tally.empty()
    unreadable = 0
    with closing(executor.map(Count(reading, covariance), shards)) as tallies:
        for tally in tallies:
            total += tally
            progress.advance(sum(state.listed for state in tally.splits.values()))
            survey.check()
            unreadable += len(_records(tally))
            if max_errors is not None and unreadable > max_errors:
                raise TooManyErrors(
                    f"stopped: more than {max_errors} images are unreadable ({_frequent(total)})"
                )
    survey.wait()
    stats = summarize(total, selection.splits, settings, {"normstat": __version__, **versions()})
    for name, state in stats.splits.items():
        if state.listed != listed[name]:
            raise RuntimeError(
                f"{name}: {listed[name]} images listed, {state.listed} accounted for"
            )
    if not any(state.images for state in stats.splits.values()):
        raise NothingToRead(
            f"{shown(path)}: none of {sum(listed.values())} images can be read ({_frequent(total)})"
        )
    return stats


def _names(names: str | Iterable[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def _refuse_options(
    settings: Settings, workers: int | None, max_errors: int | None, image_timeout: float
) -> None:
    if settings.channels not in CHANNELS:
        raise UsageError(
            f"--channels {shown(settings.channels)}: should be one of {', '.join(CHANNELS)}"
        )
    if settings.layout not in LAYOUTS:
        raise UsageError(
            f"--layout {shown(settings.layout)}: should be one of {', '.join(LAYOUTS)}"
        )
    least = {
        "--workers": (workers, 0),
        "--max-errors": (max_errors, 0),
        "--max-pixels": (settings.max_pixels, 1),
        "--resize": (settings.resize, 1),
        "--crop": (settings.crop, 1),
        "--image-timeout": (image_timeout, 0),
    }
    for option, (value, minimum) in least.items():
        if value is not None and not value >= minimum:
            raise UsageError(f"{option} {value}: should be {minimum} or more")
    if settings.resize and settings.crop and settings.crop > settings.resize:
        raise UsageError(
            f"--crop {settings.crop}: should be at most --resize {settings.resize}, to which the "
            "shorter side is resized first"
        )
    if image_timeout > _LONGEST:
        raise UsageError(f"--image-timeout {image_timeout}: should be {_LONGEST} or less; 0: never")


class _SurveyThread:
    """Looks through the names while images are already being read."""

    def __init__(self, source: Source, selection: Selection, progress: Progress) -> None:
        self._survey: Survey | None = None
        self._error: Exception | None = None
        self._selection = selection
        self._progress = progress
        self._told = False
        self._thread = threading.Thread(target=self._run, args=(source,), daemon=True)
        try:
            self._thread.start()
        except RuntimeError as error:  # no memory for one, or a limit of the system
            raise EngineLost(f"a thread cannot be started ({error})") from error

    def _run(self, source: Source) -> None:
        try:
            self._survey = source.survey(self._selection)
        except Exception as error:  # noqa: BLE001  # raised by check(), in the thread of the run
            self._error = error

    def check(self) -> None:
        """Say what the names tell, once it is known; raise what is wrong with them."""
        if self._error:
            raise self._error
        if self._survey and not self._told:
            self._told = True
            self._progress.total(self._survey.images.total())
            for notice in _notices(self._survey, self._selection):
                self._progress.notice(notice)

    def wait(self) -> None:
        self._thread.join()
        self.check()


def _notices(survey: Survey, selection: Selection) -> Iterator[str]:
    for split in selection.splits:
        rules = sorted(survey.rules.get(split, ()))
        more = f", and {len(rules) - 3} more" if len(rules) > 3 else ""
        yield f"{split}: {survey.images[split]} images ({', '.join(rules[:3])}{more})"
    if survey.beside:
        yield (
            f"{survey.beside} images are in no split's folder and were skipped, the first: "
            f"{shown(survey.first_beside)}; --split-dir NAME=FOLDER takes a folder in"
        )
    for name in sorted(survey.look_like_labels):
        yield f"folders named {name} hold images too; --exclude {name} leaves them out"


def _counted(shards: Iterable[Shard], listed: Counter[str]) -> Iterator[Shard]:
    for shard in shards:
        listed[shard.split] += len(shard) + len(shard.unreadable)
        yield shard


def _nothing_found(source: Folder, selection: Selection) -> str:
    extensions = source.survey(selection).extensions
    found = ", ".join(
        f"{number} {shown(extension) or 'without extension'}"
        for extension, number in sorted(extensions.items(), key=lambda item: (-item[1], item[0]))[
            :8
        ]
    )
    filters = " that --include and --exclude let through" if source.filtered else ""
    return (
        f"{shown(source.root)}: no images{filters}; looked for {' '.join(FORMATS)}; "
        f"found {found or 'no files'}"
    )


def _records(tally: Tally) -> list[Unreadable]:
    return [record for state in tally.splits.values() for record in state.unreadable]


def _frequent(tally: Tally) -> str:
    """The most frequent codes, each with what to do about it."""
    codes = Counter(record.code for record in _records(tally))
    frequent = ", ".join(
        f"{number} {code}" + (f": {HINTS[Code(code)]}" if Code(code) in HINTS else "")
        for code, number in codes.most_common(3)
    )
    first = _records(tally)[0]
    return (
        f"{frequent}; the first: {shown(first.path)}: {first.code} {shown(first.detail)}".rstrip()
    )
