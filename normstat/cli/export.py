"""``normstat export``."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from normstat.cli.app import app, prints
from normstat.cli.terminal import console
from normstat.errors import UsageError
from normstat.files import shown

if TYPE_CHECKING:
    from normstat.verbs.export import Written


@app.command()
@prints
def export(
    source: Annotated[
        str, typer.Argument(metavar="[STATS]", help="Stats file, or preset:NAME.")
    ] = "",
    to: Annotated[
        str, typer.Option(metavar="TARGET", help="Framework or format; --list shows all.")
    ] = "",
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", help="File to write; - is stdout.")
    ] = "-",
    from_split: Annotated[
        str | None,
        typer.Option("--from", metavar="SPLIT", help="Whose statistics. Default: those of train."),
    ] = None,
    update: Annotated[
        bool,
        typer.Option("--update", help="Only change the constants in the file of -o."),
    ] = False,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace a configuration that has other settings, too."),
    ] = False,
    allow_approximate: Annotated[
        bool,
        typer.Option("--allow-approximate", help="Also for targets with one scale for all."),
    ] = False,
    list_targets: Annotated[bool, typer.Option("--list", help="List the targets.")] = False,
) -> int:
    """Write mean and std as a framework takes them.

    With the unit, the order of channels and the layout as a comment, or on stderr where the format
    has none.

    \b
    Examples:
      normstat export stats.json --to torchvision
      normstat export stats.json --to hugging-face -o preprocessor_config.json --update
      normstat export stats.json --to torchgeo -o config.yaml --update
      normstat export preset:imagenet --to c-header -o normalization.h
      normstat export --list
    """
    from normstat.cli import options
    from normstat.verbs import export as verb

    if list_targets:
        from normstat.tables import print_rows

        headers = ("target", "file", "what")
        print_rows(headers, list(verb.targets()), console(), (("file",),), ("what",))
        return 0
    if not source or not to:
        raise UsageError("give a stats file or preset:NAME, and --to TARGET; --list shows targets")
    if update and output == "-":
        raise UsageError("--update: changes a file; say which with -o FILE")
    if output != "-" and options.is_same(output, source):
        raise UsageError(f"-o {shown(output)}: is the stats file; give another name")
    if update:
        from normstat.verbs.update import update as updated

        written = updated(output, source, to, from_split=from_split)
    else:
        verb.refuse_ending(to, output)
        written = verb.write(source, to, from_split, allow_approximate)
    _put(written, output, replaces=update or overwrite)
    return 0


def _put(written: "Written", output: str, *, replaces: bool) -> None:
    """Write a file, or to stdout, and say what nothing in it says."""
    from normstat import files

    if output == "-" and isinstance(written.text, bytes) and sys.stdout.isatty():
        raise UsageError("--to: is no text; give the name of a file, as in -o normalize.onnx")
    if output != "-" and not replaces:
        from normstat.verbs.update import lost

        if names := lost(output, written):
            raise UsageError(
                f"-o {shown(output)}: is there, and would lose {shown(', '.join(names[:8]))}; "
                "--update changes its constants only, --overwrite replaces it"
            )
    if not written.says:
        for line in written.about:
            print(line, file=sys.stderr)
    if output == "-":
        sys.stdout.buffer.write(written.content)
        return
    files.write(output, written.content)
    print(f"written to {shown(output)}", file=sys.stderr)
