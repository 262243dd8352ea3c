"""``normstat check``."""

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from normstat.cli.app import app, prints
from normstat.cli.options import (
    Cache,
    Data,
    ImageTimeout,
    Quiet,
    Splits,
    Workers,
    local_workers,
    refuse_cache,
)
from normstat.cli.terminal import console, progress_on_stderr
from normstat.errors import UsageError
from normstat.files import ensure_writable, shown

if TYPE_CHECKING:
    from normstat.conventions import Config
    from normstat.executors import Local
    from normstat.stats import Stats
    from normstat.verbs.listeners import Progress
    from normstat.verdict import Case, Verdict

_SUMMARY = "GITHUB_STEP_SUMMARY"
# What the words below the table say as well; without their unit numbers mean nothing.
_SPARED = (("tolerance",), ("expected", "observed", "unit"))


@app.command()
@prints
def check(
    context: typer.Context,
    data: Data,
    stats: Annotated[
        str, typer.Option(metavar="FILE", help="Stats file that the data are held against.")
    ],
    mode: Annotated[
        Literal["same", "compatible"] | None,
        typer.Option(
            metavar="same|compatible",
            help="same (default): the data that were recorded? compatible: others like them?",
        ),
    ] = None,
    split: Splits = [],  # noqa: B006  # Typer copies it
    config: Annotated[
        list[str],
        typer.Option(
            metavar="FILE", help="Constants that training uses, or preset:NAME; repeatable."
        ),
    ] = [],  # noqa: B006  # Typer copies it
    report: Annotated[
        list[str],
        typer.Option(metavar="FILE", help="Write the verdict as .json, .xml or .md; repeatable."),
    ] = [],  # noqa: B006  # Typer copies it
    format: Annotated[
        Literal["text", "json", "github"],
        typer.Option(metavar="text|json|github", help="Of what is printed."),
    ] = "text",
    rule: Annotated[
        list[str],
        typer.Option(metavar="NAME=off|warn|fail", help="Level of a rule; repeatable."),
    ] = [],  # noqa: B006  # Typer copies it
    margin: Annotated[
        float | None,
        typer.Option(metavar="M", help="Drift beyond this fails (0.1, in stds)."),
    ] = None,
    require_conclusive: Annotated[
        bool, typer.Option("--require-conclusive", help="Fail also where it is too few to tell.")
    ] = False,
    workers: Workers = 0,
    image_timeout: ImageTimeout = 60.0,
    cache: Cache = None,
    quiet: Quiet = False,
) -> int:
    """Hold data against recorded statistics, rule by rule.

    Exit code 1: the data fail; it is 1 only then.

    \b
    Examples:
      normstat check ./data --stats stats.json
      normstat check ./data --stats stats.json --mode compatible --report check.xml
      normstat check ./data --stats stats.json --config preset:imagenet --rule duplicate=off
      normstat check ./data --stats stats.json --cache normstat.cache
    """
    with local_workers(context, workers, image_timeout) as local:
        from normstat.conventions import read
        from normstat.reports import refuse_unknown, write
        from normstat.rules import MARGIN, RULES, refuse_levels, refuse_margin
        from normstat.statsfile import load
        from normstat.verbs.check.compare import check as verdict_of
        from normstat.verbs.check.project_settings import project_settings

        for file in report:
            refuse_unknown(file)
            ensure_writable(file)
        defaults = project_settings(tuple(RULES))
        levels = {**defaults.rules, **_levels(rule)}
        refuse_levels(levels)
        names = (*defaults.config, *config)
        configs = [each for name in names for each in read(name)]  # names that are none end here
        for file in report:
            _refuse_input(file, (stats, *names))
            refuse_cache(cache, report=file)
        refuse_cache(cache, stats=stats)
        for name in names:
            refuse_cache(cache, config=name)
        chosen_margin = next(m for m in (margin, defaults.margin, MARGIN) if m is not None)
        refuse_margin(chosen_margin)
        recorded = load(stats)
        with progress_on_stderr(quiet, offers_cache=not cache) as progress:
            now, found = _look(data, split, recorded, levels, local, progress, cache)
        verdict = verdict_of(
            now,
            recorded,
            mode=mode or defaults.mode or "same",
            split=split,
            margin=chosen_margin,
            levels=levels,
            require_conclusive=require_conclusive or bool(defaults.require_conclusive),
            extra=(*found, *_slips(configs, now, chosen_margin)),
        )
    verdict = verdict.on_command_line()
    for file in report:
        write(verdict, file)
    _print(verdict, format, quiet)
    return verdict.exit_code


def _refuse_input(report: str, inputs: Sequence[str]) -> None:
    """A report must not replace the numbers that the next build is held against."""
    for file in inputs:
        if os.path.realpath(report) == os.path.realpath(file):
            raise UsageError(f"--report {shown(report)}: is read by this check; give another name")


def _levels(texts: Sequence[str]) -> dict[str, str]:
    levels: dict[str, str] = {}
    for text in texts:
        name, equals, level = text.partition("=")
        if not (name and equals and level):
            raise UsageError(f"--rule {shown(text)}: should be NAME=off, NAME=warn or NAME=fail")
        levels[name] = level
    return levels


def _look(
    data: str,
    split: Sequence[str],
    recorded: "Stats",
    levels: Mapping[str, str],
    local: "Local",
    progress: "Progress | None",
    cache: str | None,
) -> "tuple[Stats, tuple[Case, ...]]":
    """Statistics of the data, read as the recorded ones were, and which images are identical."""
    from normstat.accumulators.keys import KeyCollector
    from normstat.verbs.check.duplicates import cases, identical
    from normstat.verbs.check.recompute import recount

    compares = {levels.get(name) for name in ("leakage", "duplicate")} != {"off"}
    keys = KeyCollector() if compares else None
    now = recount(
        data,
        recorded,
        split=split,
        executor=local,
        progress=progress,
        keys=keys,
        # Where unreadable images fail nothing, a folder of them alone would pass unseen.
        none_readable=levels.get("unreadable", "fail") == "fail",
        cache=cache,
    )
    if keys is None:
        return now, ()
    return now, cases(identical(data, now, keys, executor=local))


def _slips(configs: "Sequence[Config]", now: "Stats", margin: float) -> "tuple[Case, ...]":
    from normstat.accumulators.tally import SplitTally
    from normstat.stats import summarize_split
    from normstat.verbs.check.training_config import slips

    if not configs:
        return ()
    name = next(iter(now.splits), "train")  # train comes first
    return slips(configs, now.splits.get(name) or summarize_split(SplitTally()), name, margin)


def _print(verdict: "Verdict", format: str, quiet: bool) -> None:
    from normstat import reports

    if format == "json":
        print(reports.REPORTS[".json"](verdict), end="")
        return
    if format == "github":
        for line in reports.annotations(verdict):
            print(line)
        if summary := os.environ.get(_SUMMARY):
            reports.append_summary(verdict, summary)
        return
    from normstat.tables import print_rows

    if verdict.findings and not quiet:
        print_rows(reports.HEADERS, reports.rows(verdict), console(), _SPARED)
        print()
    for line in reports.lines(verdict):
        print(line)
    sys.stdout.flush()
