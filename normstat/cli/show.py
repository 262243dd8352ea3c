"""``normstat show``."""

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from normstat.cli import options
from normstat.cli.app import app, prints
from normstat.cli.terminal import console, print_table
from normstat.errors import UsageError

if TYPE_CHECKING:
    from normstat.stats import Stats
    from normstat.verbs.show import View


@app.command()
@prints
def show(
    file: Annotated[str, typer.Argument(metavar="STATS", help="Stats file; - is stdin.")],
    other: Annotated[
        str | None,
        typer.Argument(metavar="STATS2", help="Another one, to be shown beside it."),
    ] = None,
    split: options.ShownSplits = [],  # noqa: B006  # Typer copies it
    form: Annotated[
        Literal["text", "json", "markdown", "csv"],
        typer.Option(
            "--format",
            metavar="text|json|markdown|csv",
            help="For a terminal, for programs, or to paste.",
        ),
    ] = "text",
) -> int:
    """Show a stats file: table, histograms, what was left out.

    With a second file, both and their differences, X-Y, in σ of the second.

    \b
    Examples:
      normstat show stats.json
      normstat show stats.json old.json --split train
      normstat show stats.json --format markdown
    """
    from normstat.verbs.show import FORMATS, view

    if file == other == "-":
        raise UsageError("-: standard input has one stats file; give the other by its name")
    stats = _loaded(file)
    against = None if other is None else _loaded(other)
    chosen = view(stats, against, names=(file, other or ""), split=split)
    if form != "text":
        sys.stdout.buffer.write(FORMATS[form](chosen).encode("utf-8", "surrogateescape"))
    elif against is None:
        print_table(chosen.stats, file, in_full=True)
    else:
        _print_both(chosen)
    return 0


def _loaded(file: str) -> "Stats":
    from normstat.statsfile import load, loads

    if file != "-":
        return load(file)
    if not sys.stdin:
        raise UsageError("-: standard input is closed; give a file")
    return loads(sys.stdin.buffer.read())


def _print_both(view: "View") -> None:
    from normstat.tables import print_histograms, print_lines, print_rows
    from normstat.verbs.show import SPARED

    screen = console()
    print_lines([f"X  {view.name}", f"Y  {view.other_name}", ""], screen)
    print_rows(view.headers(), [*view.rows()], screen, SPARED)
    print_lines(["", *view.lines(), ""], screen)
    print_histograms(view.splits(), screen)
