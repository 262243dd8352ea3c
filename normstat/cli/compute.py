"""``normstat compute``."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

import typer

from normstat.cli import options
from normstat.cli.app import app, prints
from normstat.cli.exit_code import exit_code
from normstat.cli.terminal import print_table, progress_on_stderr
from normstat.errors import OutputError, UsageError
from normstat.files import ensure_writable, shown
from normstat.images import FORMATS, MAX_PIXELS


@app.command()
@prints
def compute(
    context: typer.Context,
    data: options.SeveralData = [],  # noqa: B006  # Typer copies it
    split: options.Splits = [],  # noqa: B006  # Typer copies it
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", help="Stats file; - is stdout.")
    ] = "stats.json",
    split_dir: options.SplitDirs = [],  # noqa: B006  # Typer copies it
    include: options.Include = [],  # noqa: B006  # Typer copies it
    exclude: options.Exclude = [],  # noqa: B006  # Typer copies it
    labels: options.Labels = "skip",
    channels: Annotated[
        Literal["auto", "gray", "rgb"],
        typer.Option(metavar="auto|gray|rgb", help="Convert 8-bit images; auto: as they are."),
    ] = "auto",
    covariance: Annotated[
        bool, typer.Option("--covariance", help="Covariance between channels, too (for whitening).")
    ] = False,
    resize: options.Resize = None,
    crop: options.Crop = None,
    layout: Annotated[
        Literal["auto", "hwc", "chw", "zhw", "nhwc", "nchw"] | None,
        typer.Option(
            metavar="auto|hwc|chw|zhw|nhwc|nchw",
            help="Axes of .npy images; zhw: a volume; nhwc, nchw: stacks. Default: as "
            "apply recorded in DATA, or as the shape tells (auto).",
        ),
    ] = None,
    frames: Annotated[
        Literal["first", "all", "channels"],
        typer.Option(
            metavar="first|all|channels",
            help="Frames or pages of a file: the first; all, as one image; or each as a channel.",
        ),
    ] = "first",
    max_value: options.MaxValue = None,
    channel_names: Annotated[
        str | None,
        typer.Option(metavar="A,B,...", help="Names of the channels, in place of the files' own."),
    ] = None,
    workers: options.Workers = 0,
    engine: options.Engine = "local",
    allow_unreadable: options.AllowUnreadable = 0,
    max_errors: Annotated[
        int | None,
        typer.Option(
            min=0,
            metavar="N",
            help="Stop at more unreadable images than N (other depths are known at the end).",
        ),
    ] = None,
    max_pixels: Annotated[
        int, typer.Option(min=1, metavar="N", help="Do not read images with more pixels.")
    ] = MAX_PIXELS,
    image_timeout: options.ImageTimeout = 60.0,
    cache: options.Cache = None,
    files: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Also write a list of the images, by which `check` names those that changed.",
        ),
    ] = None,
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
        typer.Option(metavar="I/N", help="Count part I of N only, 1 to N; `merge` adds the parts."),
    ] = None,
    quiet: options.Quiet = False,
) -> int:
    """Compute the mean, std and more of images.

    Split by split, and written to a stats file.

    Exit code 3: done, but some images were unreadable; the stats file lists them.

    \b
    Examples:
      normstat compute ./data
      normstat compute ./data --split train -o train.json
      normstat compute ./data --split-dir train=2023 --exclude masks
      normstat compute ./data --cache normstat.cache
      normstat compute ./data --files stats.files
      normstat compute ./data/train ./data/2023
    """
    split_dirs = options.assignments(split_dir)
    to_stdout = output == "-"
    if not to_stdout:
        _refuse_output(output)
        with _elsewhere():
            ensure_writable(output)
        options.refuse_cache(cache, output=output)
    if files is not None:
        _refuse_files(files, output)

    where_run = options.workers_of(context, engine, workers, image_timeout)
    with where_run as run_by, progress_on_stderr(quiet, offers_cache=not cache) as progress:
        from normstat.statsfile import dumps, save
        from normstat.verbs.compute.replaced import replaced
        from normstat.verbs.compute.verb import compute as compute_stats

        stats = compute_stats(
            data or None,
            split=split,
            split_dir=split_dirs,
            include=include,
            exclude=exclude,
            channels=channels,
            covariance=covariance,
            resize=resize,
            crop=crop,
            layout=layout,
            frames=frames,
            max_value=max_value,
            channel_names=None if channel_names is None else channel_names.split(","),
            max_pixels=max_pixels,
            max_errors=max_errors,
            progress=progress,
            **run_by,
            labels=labels,
            cache=cache,
            files=files,
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
    if to_stdout:
        sys.stdout.buffer.write(dumps(stats).encode("utf-8"))  # JSON is UTF-8 in any locale
    else:
        difference = "" if quiet else replaced(output, stats)
        with _elsewhere():
            save(stats, output)
        if not quiet:
            more = f", replaced: {difference}" if difference else ""
            print(f"written to {shown(output)}{more}", file=sys.stderr)
            print_table(stats, output)
    unreadable = sum(split.unreadable for split in stats.splits.values())
    return exit_code(unreadable, allow_unreadable, "the stats file", quiet)


@contextmanager
def _elsewhere() -> Iterator[None]:
    """Say with which option the stats file goes elsewhere."""
    try:
        yield
    except OutputError as error:
        raise OutputError(f"{error}: -o ELSEWHERE, or -o - for stdout") from error


def _refuse_files(files: str, output: str) -> None:
    """A check looks for the list beside the stats file; one of the two must not be the other."""
    if options.is_same(files, output):
        raise UsageError(f"--files {shown(files)}: is the stats file, too; give another name")
    if output != "-" and _folder(files) != _folder(output):
        there = os.path.join(os.path.dirname(output), os.path.basename(files))
        raise UsageError(
            f"--files {shown(files)}: should be in the folder of the stats file, where a check "
            f"looks for it: --files {shown(there)}"
        )
    ensure_writable(files)


def _folder(file: str) -> str:
    return os.path.realpath(os.path.dirname(os.path.abspath(file)))


def _refuse_output(output: str) -> None:
    real = os.path.realpath(output)  # what would be replaced, if the name is a link
    if os.path.isfile(real) and os.path.splitext(real)[1].lower() in FORMATS:
        raise UsageError(f"-o {shown(output)}: is an image that exists; a stats file ends in .json")
