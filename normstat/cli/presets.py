"""``normstat presets``."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from normstat.cli.app import app, prints
from normstat.cli.terminal import console

if TYPE_CHECKING:
    from normstat.presets import Preset


@app.command()
@prints
def presets(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="One preset, or one of its other names.")
    ] = None,
) -> int:
    """Show the published constants that models expect.

    With their mean, std, scale and order of channels, and where they are from.

    \b
    Examples:
      normstat presets
      normstat presets clip
    """
    from normstat.presets import PRESETS, preset

    if name is None:
        _print_all(PRESETS.values())
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


def _print_all(presets: "Iterable[Preset]") -> None:
    """Two tables: one of all this would be wider than any terminal."""
    from normstat.tables import print_rows

    headers = ("preset", "mean", "std", "white is", "order", "source")
    rows = [
        (p.name, _numbers(p.mean), _numbers(p.std), f"{p.scale}", p.order, p.source)
        for p in presets
    ]
    print_rows(headers, rows, console(), (("source",),), ("mean", "std"))
    names = [(p.name, p.what, ", ".join(p.aliases)) for p in presets]
    print_rows(("preset", "what", "also called"), names, console(), (("also called",),), ("what",))


def _numbers(values: Sequence[float]) -> str:
    return " ".join(f"{value:.10g}" for value in values)
