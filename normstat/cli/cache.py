"""``normstat cache``."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from normstat.cli.app import app, prints
from normstat.cli.terminal import console
from normstat.files import shown

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from normstat.cache import Content

_HEADERS = ("data", "split", "rows", "images", "size", "last used", "settings", "versions")
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

    The file keeps images in rows of up to some hundred, by their absolute paths. The table has the
    number of rows and of different images for each folder, split and settings, and the versions of
    Pillow and others where lines differ in them. --prune also removes rows whose images are all in
    one that was used on a later day.

    \b
    Examples:
      normstat cache normstat.cache
      normstat cache normstat.cache --prune 30
    """
    from normstat.cache import contents
    from normstat.cache import prune as prune_rows
    from normstat.tables import print_rows

    if prune is not None:
        removed = prune_rows(file, prune)
        rows = "row" if removed == 1 else "rows"
        print(f"{removed} {rows} removed from {shown(file)}", file=sys.stderr)
    found = contents(file)
    differing = _differing([content.context.versions for content in found if content.context])
    # A column is only worth its room where there is something to tell apart.
    columns = slice(None if differing else -1)
    lines = [_line(content, differing)[columns] for content in found]
    print_rows(_HEADERS[columns], lines, console(), _SPARED)
    return 0


def _differing(versions: "Sequence[str]") -> set[str]:
    """Those that not all of them have."""
    each = [set(text.split(", ")) for text in versions]
    return set[str]().union(*each) - set[str].intersection(*each) if each else set()


def _line(content: "Content", differing: "Container[str]") -> tuple[str, ...]:
    context = content.context
    size, used = f"{content.bytes / 1e3:.0f} kB", f"{content.used or 'damaged'}"
    numbers = (f"{content.rows}", f"{content.images}", size, used)
    if not context:
        return ("damaged", "", *numbers, "", "")
    settings = context.settings or "default"
    versions = ", ".join(text for text in context.versions.split(", ") if text in differing)
    return (shown(context.data), shown(context.split), *numbers, shown(settings), shown(versions))
