"""Data, or statistics of them, held against recorded statistics."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Unpack

from normstat.accumulators.keys import KeyCollector
from normstat.accumulators.tally import SplitTally
from normstat.conventions import Config, read
from normstat.errors import Message, UsageError, option
from normstat.files import exists, shown
from normstat.rules import MARGIN
from normstat.sources import Places, Source, SourceKeywords
from normstat.sources.part import Part, part_asked
from normstat.stats import Parts, Stats, summarize_split
from normstat.statsfile import is_stats_file, load
from normstat.statsfile.file_list import FileList
from normstat.verbs.check.changed_files import changed, recorded_files
from normstat.verbs.check.compare import compare, refuse_other_parts
from normstat.verbs.check.duplicates import cases, identical
from normstat.verbs.check.options import CheckOptions
from normstat.verbs.check.recompute import recompute
from normstat.verbs.check.training_config import slips
from normstat.verbs.engine import Engine, Where
from normstat.verbs.listeners import Listener, heard
from normstat.verbs.options import names_of
from normstat.verbs.run import data_of, source_of
from normstat.verdict import Case, Level, Verdict

# Rules that hold images against each other.
_AMONG_IMAGES = ("leakage", "duplicate")
_NOT_LOOKED_AT = "no image is opened for statistics: equal images are not looked for"


def check(
    data: Stats | Places | None,
    recorded: Stats | str | os.PathLike[str],
    *,
    mode: str = "same",
    split: str | Iterable[str] = (),
    margin: float = MARGIN,
    levels: Mapping[str, str] | None = None,
    require_conclusive: bool = False,
    config: str | Iterable[str] = (),
    files: str | os.PathLike[str] | None = None,
    extra: Iterable[Case] = (),
    workers: int | None = None,
    image_timeout: float = 60.0,
    engine: Where | None = None,
    progress: Listener | None = None,
    cache: str | os.PathLike[str] | None = None,
    shard: str | None = None,
    **where: Unpack[SourceKeywords],
) -> Verdict:
    """Hold data against recorded statistics, rule by rule.

    Parameters
    ----------
    data : images, as for :func:`normstat.compute`, which are read as the recorded ones were; None
        if ``files_from`` stands for them. Or statistics that were
        computed with the settings of `recorded`, for which no image is opened and rules that need
        images (``leakage``, ``duplicate``) are not looked at; or the stats file that has them.
    recorded : statistics, or a stats file.
    mode : ``same``: is this the data that was recorded, to the last file? ``compatible``: is it
        new data for which the recorded mean and std are still right?
    split : name or names of the splits to compare; if empty those that were asked for when it was
        recorded, or all that either has.
    margin : shift of a mean in σ, or of σ relative to itself, beyond which the numbers are no
        longer right.
    levels : rule → ``off``, ``warn`` or ``fail``, in place of the usual level. Unless it is here,
        ``leakage`` is a warning where both splits are just what was recorded; in mode
        ``compatible`` also where their file names are.
    require_conclusive : fail the data also where a rule that could fail them has too few to tell.
    config : files of training runs, or ``preset:NAME``, whose constants are compared, too.
    files : list of the recorded files, from which mode ``same`` names those that changed where it
        reads images; None: the one beside the stats file, where there is one.
    extra : cases that were found elsewhere, for the same verdict.
    workers, image_timeout, engine, progress, cache : as for :func:`normstat.compute`.
    shard : ``I/N`` reads part I of N only, 1 to N. In mode ``same`` `recorded` are statistics of
        that part. Images that are identical to some of other parts are not found.
    **where : as for :func:`normstat.compute`; if not given, as recorded.

    Returns
    -------
    Verdict
        With a case for all that was looked at.

    Raises
    ------
    UsageError
        An unknown mode, rule, level or split; a margin that is no positive number; statistics
        that were computed with other settings than those recorded; nothing there to read.
    Stopped
        Worker processes cannot be started, or there can be no file ``cache``.

    Examples
    --------
    >>> import tempfile
    >>> from PIL import Image
    >>> from normstat import compute
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("L", (4, 2), 51).save(f"{folder}/a.png")
    ...     recorded = compute(folder, workers=0)
    ...     unchanged = check(folder, recorded, workers=0)
    ...     Image.new("L", (4, 2), 52).save(f"{folder}/a.png")
    ...     changed = check(folder, recorded, workers=0)
    >>> unchanged.exit_code, changed.exit_code
    (0, 1)
    >>> [(case.rule, case.level.value) for case in changed.findings]
    [('data-changed', 'fail')]
    """
    options = CheckOptions(mode, names_of(split), margin, dict(levels or {}), require_conclusive)
    configs = [each for name in names_of(config) for each in read(name)]
    beside = None
    if not isinstance(recorded, Stats):
        beside = os.path.dirname(recorded)
        recorded = load(recorded)
    if isinstance(data, str | os.PathLike) and is_stats_file(data):
        data = load(data)
    if isinstance(data, Stats):
        _refuse_for_images({"shard": shard, "files": files, "cache": cache})
        if mode == "same":
            refuse_other_parts(data.parts, recorded.parts)
        heard(progress).notice(_NOT_LOOKED_AT)
        return compare(data, recorded, options, (*extra, *_slips(configs, data, options)))
    run_by = Engine.of(workers, image_timeout, engine, progress, cache)
    if files is None and beside is not None and recorded.files:
        there = os.path.join(beside, recorded.files.name)
        files = there if exists(there) else None
    elif files is not None and mode != "same":
        raise UsageError(
            f"{option('files', shown(files))}: names the files that changed, which is asked in "
            f"{option('mode', 'same')} only; leave it out"
        )
    run_by.refuse_as_cache("files", files)
    source = source_of(data_of(data, where), replace(recorded.settings, split_dirs={}), where)
    part = None if shard is None else Part(source, *part_asked(shard))
    if mode == "same":
        now = Parts(part.of, (part.number,), part.names) if part else None
        refuse_other_parts(now, recorded.parts)
    with run_by.running():
        verdict = check_data(part or source, recorded, options, run_by, configs, files, extra)
    return _within(verdict, part) if part else verdict


def check_data(
    source: Source,
    recorded: Stats,
    options: CheckOptions,
    engine: Engine,
    configs: Sequence[Config] = (),
    files: str | os.PathLike[str] | None = None,
    extra: Iterable[Case] = (),
) -> Verdict:
    """Read the images of a source as the recorded ones were, and hold them against these.

    Raises
    ------
    UsageError
        Nothing there to read, an unknown or ambiguous split, or a list of files that was not
        written with the recorded statistics.
    Stopped
        Worker processes cannot be started, or there can be no cache.
    """
    keys = KeyCollector() if any(map(options.looks_at, ("leakage", "duplicate"))) else None
    names_files = options.mode == "same" and options.looks_at("data-changed")
    before = recorded_files(recorded, files) if names_files and files is not None else None
    listed = FileList() if before is not None else None
    sinks = [sink for sink in (keys, listed) if sink is not None]
    counted = recompute(source, recorded, options.split, engine, sinks)
    if options.levels.get("unreadable", "fail") != "fail":
        counted.refuse_unread()  # a folder of nothing else would pass unseen
    now = counted.stats()
    found = list(cases(identical(counted, keys, engine))) if keys else []
    if before is not None and listed:
        both = now.splits.keys() & recorded.splits.keys()
        found += changed(before, listed.entries(), both)
    verdict = compare(now, recorded, options, (*found, *extra, *_slips(configs, now, options)))
    return verdict if before is not None or not names_files else _with_cure(verdict, recorded)


def _refuse_for_images(options: Mapping[str, object]) -> None:
    """Refuse what is of no use where no image is opened."""
    for name, value in options.items():
        if value is not None:
            raise UsageError(
                f"{option(name)}: is for images, and DATA are statistics; leave it out"
            )


def _within(verdict: Verdict, part: Part) -> Verdict:
    """The same, but for images that are only known not to be identical to any of this part."""
    only = f"looked at in part {part.number} of {part.of} only"
    cases = list(verdict.cases)
    for number, case in enumerate(cases):
        if case.rule in _AMONG_IMAGES and case.level is Level.PASS:
            message = f"{Message(case.message).template}; {only}"
            cases[number] = replace(case, level=Level.INCONCLUSIVE, message=message)
    return replace(verdict, cases=tuple(cases))


def _with_cure(verdict: Verdict, recorded: Stats) -> Verdict:
    """The same, and how the next check can name the files that changed."""
    listed = list(verdict.cases)
    for number, case in enumerate(listed):
        if (case.rule, case.level) == ("data-changed", Level.FAIL):
            given = option("files", metavar="FILE")
            cure = f"compute {given} makes the next check name the files"
            if recorded.files:
                there = f"the list {shown(recorded.files.name)} is not beside the stats file"
                cure = f"{there}; {given} says where it is, and names the files"
            listed[number] = replace(case, message=f"{Message(case.message).template}; {cure}")
            break
    return replace(verdict, cases=tuple(listed))


def _slips(configs: Sequence[Config], now: Stats, options: CheckOptions) -> Iterator[Case]:
    if configs:
        name = next(iter(now.splits), "train")  # train comes first
        measured = now.splits.get(name) or summarize_split(SplitTally())
        yield from slips(configs, measured, name, options.margin)
