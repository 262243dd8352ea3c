"""``normstat presets``."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from normstat.cli.app import app, prints
from normstat.cli.terminal import console
from normstat.errors import UsageError
from normstat.files import shown

if TYPE_CHECKING:
    from normstat.presets import Preset


@app.command()
@prints
def presets(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="One preset, or one of its other names.")
    ] = None,
    search: Annotated[
        str | None, typer.Option(metavar="WORD", help="Only those that have the word anywhere.")
    ] = None,
) -> int:
    """Show the constants that are published.

    Those that models expect, and statistics of data sets; with their mean, std, scale and order of
    channels, and where they are from.

    \b
    Examples:
      normstat presets
      normstat presets clip
      normstat presets --search cifar
    """
    from normstat.presets import DATA_SETS, PRESETS, of_same_images

    if name is None:
        rows = [*PRESETS.values(), *DATA_SETS.values()]
        if search is not None:
            rows = [row for row in rows if _has(row, search)]
            if not rows:
                from normstat.verbs.names import unknown

                raise unknown(search, "preset", f"--search {shown(search)}")
        _print_all(rows)
        return 0
    if search is not None:
        raise UsageError(f"{shown(name)} and --search {shown(search)}: choose one")
    from normstat.verbs.names import preset_named

    found = preset_named(name)
    print(f"{found.name}: {found.what}")
    print(f"mean   {_numbers(found.mean)}")
    print(f"std    {_numbers(found.std)}")
    print(f"scale  white is {found.scale}; pixels are scaled to that first")
    print(f"order  {found.order if len(found.mean) > 1 else 'gray'}")
    if found.definition:
        print(f"the std is {found.definition}")
    print(f"also   {', '.join(found.aliases) or '-'}")
    for other in of_same_images(found):
        print(f"other  {other.name}, of the same images: std {other.definition}")
    print(f"source {found.source}")
    return 0


def _has(row: "Preset", word: str) -> bool:
    text = " ".join((row.name, *row.aliases, row.what, row.source, _numbers((*row.mean, *row.std))))
    return word.lower() in text.lower()


def _print_all(presets: "Iterable[Preset]") -> None:
    """Two tables: one of all this would be wider than any terminal."""
    from normstat.tables import print_rows

    headers = ("preset", "mean", "std", "white is", "order", "source")
    rows = [
        (p.name, _numbers(p.mean), _numbers(p.std), f"{p.scale}", "".join(p.channels), p.source)
        for p in presets
    ]
    print_rows(headers, rows, console(), (("source",),), ("mean", "std"))
    names = [(p.name, p.what, ", ".join(p.aliases)) for p in presets]
    print_rows(("preset", "what", "also called"), names, console(), (("also called",),), ("what",))


def _numbers(values: Sequence[float]) -> str:
    return " ".join(f"{value:.9g}" for value in values)
