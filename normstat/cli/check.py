"""``normstat check``."""

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from normstat.cli import options
from normstat.cli.app import app, prints
from normstat.cli.terminal import console, progress_on_stderr
from normstat.errors import UsageError
from normstat.files import ensure_writable, shown

if TYPE_CHECKING:
    from normstat.reports.page import Subject
    from normstat.verdict import Verdict

# What the words below the table say as well; without their unit numbers mean nothing.
_SPARED = (("tolerance",), ("expected", "observed", "unit"))


@app.command()
@prints
def check(
    context: typer.Context,
    *,
    data: options.SeveralData = [],  # noqa: B006  # Typer copies it
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
    split: options.RecordedSplits = [],  # noqa: B006  # Typer copies it
    config: Annotated[
        list[str],
        typer.Option(
            metavar="FILE", help="Constants that training uses, or preset:NAME; repeatable."
        ),
    ] = [],  # noqa: B006  # Typer copies it
    report: Annotated[
        list[str],
        typer.Option(
            metavar="FILE", help="Write the verdict as .json, .xml, .md or .html; repeatable."
        ),
    ] = [],  # noqa: B006  # Typer copies it
    format: Annotated[
        Literal["text", "json", "github"],
        typer.Option(metavar="text|json|github", help="Of what is printed."),
    ] = "text",
    files: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="List of the recorded files. Default: beside the stats."),
    ] = None,
    rule: Annotated[
        list[str],
        typer.Option(metavar="NAME=off|warn|fail", help="Level of a rule; repeatable."),
    ] = [],  # noqa: B006  # Typer copies it
    margin: Annotated[
        float | None,
        typer.Option(metavar="M", help="Drift beyond this fails (0.1, in stds)."),
    ] = None,
    require_conclusive: Annotated[
        bool,
        typer.Option("--require-conclusive", help="Fail also where images are too few to tell."),
    ] = False,
    workers: options.Workers = 0,
    engine: options.Engine = "local",
    image_timeout: options.ImageTimeout = 60.0,
    cache: options.Cache = None,
    root: options.Root = None,
    ext: options.Ext = None,
    path_column: options.PathColumn = None,
    split_column: options.SplitColumn = None,
    label_column: options.LabelColumn = None,
    image_column: options.ImageColumn = None,
    key: options.Key = [],  # noqa: B006  # Typer copies it
    split_by: options.SplitBy = None,
    duplicates: options.Duplicates = None,
    from0: options.From0 = False,
    files_from: options.FilesFrom = None,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="I/N", help="Check part I of N only, against the statistics of that part."
        ),
    ] = None,
    quiet: options.Quiet = False,
) -> int:
    """Hold data against recorded statistics, rule by rule.

    Exit code 1: the data fail; it is 1 only then.

    \b
    Examples:
      normstat check ./data --stats stats.json
      normstat check ./data --stats stats.json --mode compatible --report check.xml
      normstat check ./data --stats stats.json --config preset:imagenet --rule duplicate=off
      normstat check ./data --stats stats.json --cache normstat.cache
      normstat check stats.json --stats stats.json
    """
    with options.workers_of(context, engine, workers, image_timeout) as run_by:
        from normstat.reports import refuse_unknown, write
        from normstat.verbs.check import verb
        from normstat.verbs.check.project_settings import project_settings

        for file in report:
            refuse_unknown(file)
            ensure_writable(file)
        project = project_settings()
        configs = (*project.config, *config)
        for file in report:
            for read in (stats, *configs, files or stats):  # the next build is held against it
                if options.is_same(file, read):
                    raise UsageError(
                        f"--report {shown(file)}: is read by this check; give another name"
                    )
            options.refuse_cache(cache, report=file)
        options.refuse_cache(cache, stats=stats)
        for name in configs:
            options.refuse_cache(cache, config=name)
        given: dict[str, Any] = {
            "mode": mode or project.mode,
            "margin": project.margin if margin is None else margin,
        }
        with progress_on_stderr(quiet, offers_cache=not cache) as progress:
            verdict = verb.check(
                data[0] if len(data) == 1 else data or None,
                stats,
                split=split,
                levels={**project.rules, **_levels(rule)},
                require_conclusive=require_conclusive or bool(project.require_conclusive),
                config=configs,
                files=files,
                progress=progress,
                cache=cache,
                shard=shard,
                **run_by,
                **options.where(
                    root=root,
                    ext=ext,
                    path_column=path_column,
                    split_column=split_column,
                    label_column=label_column,
                    image_column=image_column,
                    key=key,
                    split_by=split_by,
                    duplicates=duplicates,
                    from0=from0,
                    files_from=files_from,
                ),
                **{name: value for name, value in given.items() if value is not None},
            )
    verdict = verdict.on_command_line()
    for file in report:
        write(verdict, file, lambda: _recorded(stats))
    _print(verdict, format, quiet, report)
    return verdict.exit_code


def _recorded(stats: str) -> "Subject":
    from normstat.verbs.report import subject  # which only pages need

    return subject(stats)


def _levels(texts: Sequence[str]) -> dict[str, str]:
    levels: dict[str, str] = {}
    for text in texts:
        name, equals, level = text.partition("=")
        if not (name and equals and level):
            raise UsageError(f"--rule {shown(text)}: should be NAME=off, NAME=warn or NAME=fail")
        levels[name] = level
    return levels


def _print(verdict: "Verdict", format: str, quiet: bool, written: Sequence[str]) -> None:
    from normstat import reports

    if format == "json":
        print(reports.render(verdict, ".json"), end="")
        return
    if format == "github":
        from normstat.reports import github

        for line in github.annotations(verdict, written):
            print(line)
        if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
            github.append_summary(verdict, summary)
        return
    from normstat.tables import print_rows

    if verdict.findings and not quiet:
        print_rows(reports.HEADERS, reports.rows(verdict), console(), _SPARED)
        print()
    for line in reports.lines(verdict, written):
        print(line)
    sys.stdout.flush()
