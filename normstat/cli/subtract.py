"""``normstat subtract``."""

from typing import Annotated

import typer

from normstat.cli import options
from normstat.cli.app import app, prints
from normstat.cli.merge import Output, refuse_input, written


@app.command()
@prints
def subtract(
    whole: Annotated[str, typer.Argument(metavar="WHOLE", help="Stats file of all images.")],
    part: Annotated[str, typer.Argument(metavar="PART", help="Stats file of some of them.")],
    output: Output = "stats.json",
    quiet: options.Quiet = False,
) -> int:
    """Take the images of one stats file out of another.

    \b
    Example:
      normstat subtract all.json removed.json -o rest.json
    """
    from normstat.verbs.merge import subtract as subtract_stats

    refuse_input(output, [whole, part])
    return written(subtract_stats(whole, part), output, quiet)
