"""``normstat report``."""

import os
import sys
from typing import Annotated

import typer

from normstat.cli.app import app, prints
from normstat.errors import UsageError
from normstat.files import ensure_writable, shown


@app.command()
@prints
def report(
    stats: Annotated[str, typer.Argument(metavar="STATS", help="Stats file.")],
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", help="Page to write; - is stdout.")
    ] = "report.html",
    against: Annotated[
        str | None, typer.Option(metavar="STATS", help="Stats file to hold them against.")
    ] = None,
    verdict: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="JSON report of a check, to be shown on top."),
    ] = None,
    list_of_files: Annotated[
        str | None,
        typer.Option(
            "--files", metavar="FILE", help="List that compute --files wrote: sizes, duplicates."
        ),
    ] = None,
) -> int:
    """Write statistics as one page of HTML, for people.

    \b
    Examples:
      normstat report stats.json
      normstat report stats.json --against old.json -o changes.html
      normstat report stats.json --verdict check.json --files stats.files
    """
    from normstat import files
    from normstat.cli import options
    from normstat.verbs.report import report as written

    if output != "-":
        for name in filter(None, (stats, against, verdict, list_of_files)):
            if options.is_same(output, name):
                raise UsageError(f"-o {shown(output)}: is one of the files to read; choose another")
        if os.path.splitext(output)[1].lower() != ".html":
            raise UsageError(f"-o {shown(output)}: is a page; its name should end in .html")
        ensure_writable(output)
    text = written(stats, against=against, verdict=verdict, files=list_of_files)
    if output == "-":
        sys.stdout.buffer.write(text.encode("utf-8"))
        return 0
    files.write(output, text.encode("utf-8"))
    print(f"written to {shown(output)}", file=sys.stderr)
    return 0
