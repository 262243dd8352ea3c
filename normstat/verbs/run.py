"""A run over the images of a source, while their names are looked through."""

import os
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from normstat.errors import EngineLost, NothingToRead, UsageError, option
from normstat.executors import Executor, Job
from normstat.executors.executor import Map, R
from normstat.files import shown
from normstat.images import FORMATS, LeftOut, ReadOptions, Shard, Unreadable
from normstat.sources import (
    SOURCES,
    Places,
    Selection,
    Source,
    SourceKeywords,
    SourceOptions,
    Survey,
    open_source,
)
from normstat.sources.not_read import advice
from normstat.stats import Settings
from normstat.verbs.listeners import Progress
from normstat.verbs.notices import members_not_read, notices_of_names
from normstat.verbs.options import names_of
from normstat.writers.run_record import record_in_data

T = TypeVar("T")
#: Of how many results a run shows what became of them.
LOOK_AT = 3


@dataclass(frozen=True, slots=True)
class Images:
    """A source, and those of its splits that are read."""

    source: Source
    selection: Selection
    versions: bool = False

    @classmethod
    def of(cls, source: Source, splits: Iterable[str], presume: bool = False) -> "Images":
        """The images of some splits, of all if none is named; NothingToRead if there are none.

        Those that are presumed, if so asked: :class:`Run` raises OtherSplits if there are others.
        """
        selection = source.selection(tuple(dict.fromkeys(splits)), presume)
        if not selection.splits:
            raise NothingToRead(_nothing_found(source, selection))
        return cls(source, selection)

    def shards(self) -> Iterator[Shard]:
        """The work; with the versions of samples if so asked."""
        return self.source.shards(self.selection, self.versions)


def data_of(data: T | None, where: SourceKeywords) -> T | str:
    """DATA as it is given, or the list that stands for it.

    Raises
    ------
    UsageError
        Both are given, or none.

    Examples
    --------
    >>> data_of("data", {}), data_of(None, {"files_from": "a.txt"})
    ('data', 'a.txt')
    """
    listed = where.get("files_from")
    by_list = option("files_from", metavar="LIST")
    if listed is None:
        if data is None:
            raise UsageError(f"DATA is missing: a folder of images, or {by_list}")
        return data
    if data is not None:
        raise UsageError(f"{by_list}: stands for DATA; leave one of the two out")
    return os.fspath(listed)


def source_of(data: Places, settings: Settings, where: SourceKeywords) -> Source:
    """Open DATA, looked through as the settings say.

    Options of its kind that are not given are as the settings have them, if these are of that kind.
    """
    given: dict[str, Any] = {name: value for name, value in where.items() if value is not None}
    for name in given.keys() & {"root", "files_from"}:
        given[name] = os.fspath(given[name])
    if "key" in given:
        given["key"] = names_of(given["key"])
    options = SourceOptions(
        settings.split_dirs,
        settings.include,
        settings.exclude,
        settings.labels,
        settings.layout,
        settings.max_pixels,
        **given,
    )
    return open_source(data, options, settings.source)


def read_options(source: Source, settings: Settings) -> ReadOptions:
    """The settings, with channels named as in the record of ``apply`` if that made the images."""
    reading = settings.reading()
    applied = record_in_data(source)
    if applied and applied.channels and settings.channel_names is None:
        return replace(reading, names=applied.channels)
    return reading


class Run:
    """A job over all images, while their names are looked through.

    Parameters
    ----------
    look_at : is given each shard before it is read.
    survey : look through the names, and tell what they say; once is enough for several runs.

    Attributes
    ----------
    images, listed : split → images found so far, without and with folders that cannot be listed.
    left_out : images that are skipped; known at the end, and only if names are looked through.
    """

    def __init__(
        self,
        images: Images,
        executor: Executor,
        progress: Progress,
        look_at: Callable[[Shard], None] | None = None,
        survey: bool = True,
    ) -> None:
        self._images = images
        self._executor = executor
        self._progress = progress
        self._look_at = look_at
        self._survey = survey
        self.listed: Counter[str] = Counter()
        self.images: Counter[str] = Counter()
        self.left_out = LeftOut()

    def results(
        self, job: Job[R], by: Map[R] | None = None
    ) -> Generator[tuple[int, R], None, None]:
        """Results of the job for each shard, by its number; mapped by the executor, or ``by``."""
        survey = _SurveyThread(self._images, self._progress) if self._survey else None
        with closing((by or self._executor.map)(job, self._shards())) as results:
            for result in results:
                if survey:
                    survey.check()
                yield result
        if survey:
            self.left_out = survey.wait().left_out

    def _shards(self) -> Iterator[Shard]:
        for shard in self._images.shards():
            if self._look_at:
                self._look_at(shard)
            yield replace(shard, start=self.images[shard.split])
            self.listed[shard.split] += len(shard) + len(shard.unreadable)
            self.images[shard.split] += len(shard)


def most_frequent(records: Sequence[Unreadable]) -> str:
    """The most frequent codes, each with what to do about it, and the first record."""
    codes = Counter(record.code for record in records)
    hints = {record.code: record.hint.template for record in reversed(records)}  # of the first
    frequent = ", ".join(
        f"{number} {code}" + (f": {hints[code]}" if hints[code] else "")
        for code, number in codes.most_common(3)
    )
    first = f"{shown(records[0].path)}: {records[0].code}"
    detail = f" ({shown(records[0].detail)})" if records[0].detail else ""
    return f"{frequent}; the first: {first}{detail}"


def none_readable(root: str, listed: int, records: Sequence[Unreadable]) -> NothingToRead:
    """The error that not one of so many images could be read, with the most frequent reasons."""
    none = "its one image cannot" if listed == 1 else f"none of {listed} images can"
    return NothingToRead(f"{shown(root)}: {none} be read ({most_frequent(records)})")


class _SurveyThread:
    """Looks through the names while images are already being read."""

    def __init__(self, images: Images, progress: Progress) -> None:
        self._survey: Survey | None = None
        self._error: Exception | None = None
        self._images = images
        self._progress = progress
        self._told = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        try:
            self._thread.start()
        except RuntimeError as error:  # no memory for one, or a limit of the system
            raise EngineLost(f"a thread cannot be started ({error})") from error

    def _run(self) -> None:
        try:
            self._survey = self._images.source.survey(self._images.selection)
        except Exception as error:  # noqa: BLE001  # raised by check(), in the thread of the run
            self._error = error

    def check(self) -> None:
        """Say what the names tell, once it is known; raise what is wrong with them."""
        if self._error:
            raise self._error
        if self._survey and not self._told:
            self._told = True
            if self._survey.images:  # an iterator does not say how many it has
                self._progress.total(self._survey.images.total())
            for notice in _notices(self._survey, self._images.selection):
                self._progress.notice(notice)

    def wait(self) -> Survey:
        """The survey, once all names are looked through."""
        self._thread.join()
        self.check()
        return self._survey or Survey()


def _notices(survey: Survey, selection: Selection) -> Iterator[str]:
    for split in filter(survey.images.__contains__, selection.splits):
        rules = sorted(survey.rules.get(split, ()))
        more = f", and {len(rules) - 3} more" if len(rules) > 3 else ""
        s = "" if survey.images[split] == 1 else "s"
        yield f"{split}: {survey.images[split]} image{s} ({', '.join(rules[:3])}{more})"
    yield from notices_of_names(survey)


def _nothing_found(source: Source, selection: Selection) -> str:
    survey = source.survey(selection)
    frequent = sorted(survey.extensions.items(), key=lambda item: (-item[1], item[0]))[:8]
    found = ", ".join(f"{n} {shown(extension) or 'without extension'}" for extension, n in frequent)
    globs = f" that {option('include')} and {option('exclude')} let through"
    filters = globs if survey.filtered else ""
    endings = [ending for kind in SOURCES.values() for ending in kind.endings]
    is_file = os.path.isfile(source.root)
    helps = advice([extension for extension, _ in frequent], endings, is_file)
    inside = "; ".join((*survey.remarks, *members_not_read(survey)))
    if (is_file or inside) and not (frequent or survey.filtered):
        return f"{shown(source.root)}: no images in it; {inside or 'it is empty'}"
    return (
        f"{shown(source.root)}: no images{filters}; looked for {' '.join(FORMATS)}; "
        f"found {found or 'no files'}{helps and '. '}{helps}"
    )
