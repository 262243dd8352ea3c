"""``normstat presets``."""

from collections.abc import Sequence
from typing import Annotated

import typer

from normstat.cli.app import app, prints
from normstat.cli.terminal import console


@app.command()
@prints
def presets(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="One preset, or one of its other names.")
    ] = None,
) -> int:
    """Show the published constants that models expect, and where they are from.

    \b
    Examples:
      normstat presets
      normstat presets clip
    """
    from normstat.presets import PRESETS, preset
    from normstat.tables import print_rows

    if name is None:
        headers = ("preset", "mean", "std", "white is", "order", "what")
        rows = [
            (p.name, _numbers(p.mean), _numbers(p.std), f"{p.scale}", p.order, p.what)
            for p in PRESETS.values()
        ]
        print_rows(headers, rows, console())
        return 0
    found = preset(name)
    print(f"{found.name}: {found.what}")
    print(f"mean   {_numbers(found.mean)}")
    print(f"std    {_numbers(found.std)}")
    print(f"scale  white is {found.scale}; pixels are scaled to that first")
    print(f"order  {found.order}")
    print(f"also   {', '.join(found.aliases) or '-'}")
    print(f"source {found.source}")
    return 0


def _numbers(values: Sequence[float]) -> str:
    return " ".join(f"{value:.10g}" for value in values)
