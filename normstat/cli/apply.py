"""``normstat apply``, also called ``normalize``."""

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from normstat.cli import options
from normstat.cli.app import app, prints
from normstat.cli.exit_code import exit_code
from normstat.cli.terminal import console, progress_on_stderr
from normstat.errors import UsageError
from normstat.files import shown

if TYPE_CHECKING:
    from normstat.presets import Preset
    from normstat.stats import Stats
    from normstat.verbs.apply.result import Applied


@app.command("normalize", hidden=True)
@app.command()
@prints
def apply(
    context: typer.Context,
    data: options.Data = None,
    out: Annotated[
        str | None, typer.Argument(metavar="OUT", help="Folder or URL for the arrays.")
    ] = None,
    stats: Annotated[
        str | None, typer.Option(metavar="FILE", help="Normalize with the statistics in a file.")
    ] = None,
    from_split: Annotated[
        str | None,
        typer.Option("--from", metavar="SPLIT", help="Whose statistics. Default: those of train."),
    ] = None,
    own_split: Annotated[
        bool, typer.Option("--own-split", help="Each split with its own statistics.")
    ] = False,
    preset: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Normalize with published constants; see `presets`."),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="standard (default with --stats or --preset), center, unit, symmetric, min-max, "
            "robust, clip-standard, whiten, image, image-per-channel, image-min-max, "
            "image-min-max-per-channel.",
        ),
    ] = None,
    split: options.Splits = [],  # noqa: B006  # Typer copies it
    dtype: Annotated[
        Literal["float32", "float16", "float64"],
        typer.Option(metavar="float32|float16|float64", help="Of the arrays."),
    ] = "float32",
    layout: Annotated[
        Literal["chw", "hwc"],
        typer.Option(metavar="chw|hwc", help="Order of the axes in the arrays."),
    ] = "chw",
    input_layout: Annotated[
        Literal["auto", "hwc", "chw"] | None,
        typer.Option(
            metavar="auto|hwc|chw",
            help="Order in .npy images of DATA. Default: as recorded, or as the shape tells.",
        ),
    ] = None,
    store: Annotated[
        Literal["npy", "stack"],
        typer.Option(metavar="npy|stack", help="One file for each image, or for each split."),
    ] = "npy",
    resize: options.Resize = None,
    crop: options.Crop = None,
    epsilon: Annotated[
        float, typer.Option(metavar="E", min=0, help="Add E to what is divided by (unit scale).")
    ] = 0.0,
    channels: Annotated[
        Literal["auto", "gray", "rgb"] | None,
        typer.Option(
            metavar="auto|gray|rgb", help="Convert 8-bit images. Default: as the statistics were."
        ),
    ] = None,
    split_dir: options.SplitDirs = [],  # noqa: B006  # Typer copies it
    include: options.Include = [],  # noqa: B006  # Typer copies it
    exclude: options.Exclude = [],  # noqa: B006  # Typer copies it
    labels: Annotated[
        Literal["skip", "count"] | None,
        typer.Option(
            metavar="skip|count",
            help="Leave out masks and other labels, or count them. Default: as the statistics "
            "were, or skip.",
        ),
    ] = None,
    no_exif: Annotated[
        bool, typer.Option("--no-exif", help="Do not turn images upright; as they are stored.")
    ] = False,
    workers: options.Workers = 0,
    engine: options.Engine = "local",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what an earlier run has left in OUT.")
    ] = False,
    skip_existing: Annotated[
        bool, typer.Option("--skip-existing", help="Continue an earlier run, same options.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; say what would be written.")
    ] = False,
    allow_unreadable: options.AllowUnreadable = 0,
    max_pixels: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Do not read images with more pixels.")
    ] = None,
    max_value: options.MaxValue = None,
    image_timeout: options.ImageTimeout = 60.0,
    root: options.Root = None,
    ext: options.Ext = None,
    path_column: options.PathColumn = None,
    split_column: options.SplitColumn = None,
    label_column: options.LabelColumn = None,
    image_column: options.ImageColumn = None,
    key: options.Key = [],  # noqa: B006  # Typer copies it
    split_by: options.SplitBy = None,
    duplicates: options.Duplicates = None,
    from0: options.From0 = False,
    files_from: options.FilesFrom = None,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="I/N", help="Write part I of N only, 1 to N; `merge OUT` joins the parts."
        ),
    ] = None,
    quiet: options.Quiet = False,
) -> int:
    """Normalize images, and write an array for each.

    Exit code 3: done, but some images were unreadable; OUT/normstat.json lists them.

    \b
    Examples:
      normstat apply ./data ./arrays --stats stats.json
      normstat apply ./data ./stacks --preset imagenet --resize 256 --crop 224 --store stack
      normstat apply ./data ./flat --method image-per-channel --dry-run
      normstat apply ./data ./shared --stats stats.json --shard 3/16 --skip-existing
    """
    if files_from is not None and out is None:
        data, out = None, data
    if out is None:
        raise UsageError("OUT is missing: the folder for the arrays")
    if stats is not None and preset is not None:
        raise UsageError("--stats and --preset: choose one")
    split_dirs = options.assignments(split_dir)
    where_run = options.workers_of(context, engine, workers, image_timeout)
    with where_run as run_by, progress_on_stderr(quiet) as progress:
        from normstat.statsfile import load
        from normstat.verbs.apply.verb import apply as apply_to

        source: Preset | Stats | None = None
        if stats is not None:
            source = load(stats)
        elif preset is not None:
            from normstat.verbs.names import preset_named

            source = preset_named(preset)
        result = apply_to(
            data,
            out,
            source,
            method=method,
            from_split=from_split,
            own_split=own_split,
            epsilon=epsilon,
            dtype=dtype,
            layout=layout,
            input_layout=input_layout,
            store=store,
            split=split,
            split_dir=split_dirs,
            include=include,
            exclude=exclude,
            channels=channels,
            resize=resize,
            crop=crop,
            exif=not no_exif,
            overwrite=overwrite,
            skip_existing=skip_existing,
            dry_run=dry_run,
            max_pixels=max_pixels,
            max_value=max_value,
            progress=progress,
            **run_by,
            labels=labels,
            shard=shard,
            **options.where(
                root=root,
                ext=ext,
                path_column=path_column,
                split_column=split_column,
                label_column=label_column,
                image_column=image_column,
                key=key,
                split_by=split_by,
                duplicates=duplicates,
                from0=from0,
                files_from=files_from,
            ),
        )
    if dry_run:
        print(_forecast(result, out))  # quiet or not, it is what was asked for
    if not quiet:
        _print(result, out, dry_run)
    listed_in = f"{shown(out)}/{result.record}"
    if dry_run:
        listed_in = "what is printed without -q" if quiet else "above"
    return exit_code(len(result.unreadable), allow_unreadable, listed_in, quiet)


def _forecast(result: "Applied", out: str) -> str:
    free = f"; {result.free:,} bytes are free there" if result.free < sys.maxsize else ""
    return (
        f"would write {result.images} arrays in {result.files} files, {result.bytes:,} bytes, to "
        f"{shown(out)}{free}"
    )


def _print(result: "Applied", out: str, dry_run: bool) -> None:
    if not dry_run:
        values = ", values {:.6g} to {:.6g}".format(*result.range) if result.range else ""
        kept = f" ({result.kept} more were there already)" if result.kept else ""
        print(f"{result.images - result.kept} arrays written to {shown(out)}{kept}{values}")
    rows = [
        (shown(row.path), shown(output), f"{row.shape}", *(f"{end:.6g}" for end in row.range))
        for row, output in zip(result.first, result.outputs, strict=True)
    ]
    from normstat.tables import print_records, print_rows

    spared = (("shape",), ("min", "max"))
    if rows:  # a part may have no image
        print_rows(("image", "array", "shape", "min", "max"), rows, console(), spared)
    print_records(result.unreadable, console(), f"{shown(out)}/{result.record}")
