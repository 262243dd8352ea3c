"""``normstat cache``."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from normstat.cli.app import app, prints
from normstat.cli.terminal import console
from normstat.files import shown

if TYPE_CHECKING:
    from normstat.cache import Content

_HEADERS = ("data", "split", "rows", "images", "size", "last used", "settings", "versions")
_VERSIONS = -1
# Not what tells the rows apart: data, split, settings and versions.
_SPARED = (("rows",), ("size",), ("images",), ("last used",))


@app.command()
@prints
def cache(
    file: Annotated[str, typer.Argument(metavar="FILE", help="As given to --cache.")],
    prune: Annotated[
        int | None,
        typer.Option(
            min=0, metavar="DAYS", help="Remove what was last used more than DAYS days ago."
        ),
    ] = None,
) -> int:
    """Show what a cache has, or make it smaller.

    With --prune, rows whose images are all in another row go too.

    \b
    Examples:
      normstat cache normstat.cache
      normstat cache normstat.cache --prune 30
    """
    from normstat.cache import contents
    from normstat.cache import prune as prune_rows
    from normstat.tables import print_rows

    if prune is not None:
        print(f"{prune_rows(file, prune)} rows removed from {shown(file)}", file=sys.stderr)
    rows = [_row(content) for content in contents(file)]
    # The widest column is only worth its room where there is something to tell apart.
    shown_columns = slice(None if len({row[_VERSIONS] for row in rows}) > 1 else _VERSIONS)
    cells = [row[shown_columns] for row in rows]
    print_rows(_HEADERS[shown_columns], cells, console(), _SPARED)
    return 0


def _row(content: "Content") -> tuple[str, ...]:
    context = content.context
    numbers = (
        f"{content.rows}",
        f"{content.images}",
        f"{content.bytes / 1e3:.0f} kB",
        f"{content.used or 'damaged'}",
    )
    if not context:
        return ("damaged", "", *numbers, "", "")
    settings = context.settings or "default"
    return (shown(context.data), shown(context.split), *numbers, shown(settings), context.versions)
