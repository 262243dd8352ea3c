"""``normstat show``."""

import sys
from typing import Annotated

import typer

from normstat.cli.app import app, prints
from normstat.cli.terminal import print_table
from normstat.errors import UsageError


@app.command()
@prints
def show(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Stats file; - is stdin.")],
) -> int:
    """Show a stats file: table, histograms, what was left out.

    \b
    Example:
      normstat show stats.json
    """
    from normstat.statsfile import load, loads

    if file == "-" and not sys.stdin:
        raise UsageError("-: standard input is closed; give a file")
    stats = loads(sys.stdin.buffer.read()) if file == "-" else load(file)
    print_table(stats, file, in_full=True)
    return 0
