"""``normstat export``."""

import sys
from typing import Annotated

import typer

from normstat.cli.app import app, prints
from normstat.cli.terminal import console
from normstat.errors import UsageError
from normstat.files import shown


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
    from normstat import files
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
        written = verb.write(source, to, from_split, allow_approximate)
    if output == "-" and isinstance(written.text, bytes) and sys.stdout.isatty():
        raise UsageError(f"--to {to}: is no text; give the name of a file, as in -o normalize.onnx")
    if not written.says:
        for line in written.about:
            print(line, file=sys.stderr)
    if output == "-":
        sys.stdout.buffer.write(written.content)
        return 0
    files.write(output, written.content)
    print(f"written to {shown(output)}", file=sys.stderr)
    return 0
