"""``normstat merge``."""

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from normstat.cli import options
from normstat.cli.app import app, prints
from normstat.cli.terminal import console, print_table, progress_on_stderr
from normstat.errors import UsageError
from normstat.files import ensure_writable, shown

if TYPE_CHECKING:
    from normstat.stats import Stats

Output = Annotated[
    str, typer.Option("-o", "--output", metavar="FILE", help="Stats file; - is stdout.")
]


@app.command()
@prints
def merge(
    parts: Annotated[
        list[str], typer.Argument(metavar="STATS...", help="Stats files to add; or OUT of parts.")
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="Stats file; - is stdout. Default: stats.json.",
        ),
    ] = None,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Parts may be missing; the file says so.")
    ] = False,
    files: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Also write the list of all images, from their lists."),
    ] = None,
    quiet: options.Quiet = False,
) -> int:
    """Add stats files: all parts of a data set, or several data sets.

    Or make one result of the arrays that `apply --shard` has written to a folder.

    \b
    Examples:
      normstat compute ./data --shard 1/2 -o 1.json
      normstat compute ./data --shard 2/2 -o 2.json
      normstat merge 1.json 2.json -o stats.json
      normstat merge ./arrays
    """
    if any(map(os.path.isdir, parts)):
        _refuse_for_folder(
            {"-o": output, "--files": files, "--allow-missing": allow_missing}, parts
        )
        return _merge_arrays(parts[0], quiet)
    output = output or "stats.json"
    from normstat.verbs.merge import merge as merge_stats

    refuse_input(output, parts)
    if files is not None:
        refuse_input(files, [output, *parts])
    with progress_on_stderr(quiet) as progress:
        stats = merge_stats(parts, allow_missing=allow_missing, files=files, progress=progress)
    return written(stats, output, quiet)


def _refuse_for_folder(options_given: Mapping[str, object], given: list[str]) -> None:
    """Refuse what is for stats files where arrays of a folder are merged."""
    if len(given) > 1:
        raise UsageError(
            f"{' '.join(map(shown, given))}: arrays of one folder are merged at a time, without "
            "stats files; name OUT alone"
        )
    for flag, value in options_given.items():
        if value:
            cure = "all parts have to be there" if flag == "--allow-missing" else "leave it out"
            raise UsageError(
                f"{flag}: is for stats files, and {shown(given[0])} is a folder; {cure}"
            )


def _merge_arrays(out: str, quiet: bool) -> int:
    """Make one result of the arrays of all parts, say so, and return the exit code."""
    from normstat.tables import print_records
    from normstat.verbs.apply.merge_arrays import merge_arrays

    merged = merge_arrays(out)
    if not quiet:
        print(f"{merged.images} arrays of {merged.parts} parts are one result in {shown(out)}")
        print_records(merged.unreadable, console(), f"{shown(out)}/normstat.json")
    return 0


def refuse_input(output: str, read: list[str]) -> None:
    """Refuse a result that is one of the files to read, or cannot be written."""
    if output == "-":
        return
    for name in read:
        if options.is_same(output, name):
            raise UsageError(f"-o {shown(output)}: is one of the files to read; give another name")
    ensure_writable(output)


def written(stats: "Stats", output: str, quiet: bool) -> int:
    """Write statistics, show them, and return the exit code."""
    from normstat.statsfile import dumps, save

    if output == "-":
        sys.stdout.buffer.write(dumps(stats).encode("utf-8"))
        return 0
    save(stats, output)
    if not quiet:
        print(f"written to {shown(output)}", file=sys.stderr)
        print_table(stats, output)
    return 0
