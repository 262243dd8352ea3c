"""Options of the commands that read images, and the workers that do."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from normstat.errors import UsageError
from normstat.files import shown

if TYPE_CHECKING:
    from normstat.executors import Local


def _number(text: str, cure: str) -> int:
    """A number of pixels; two are refused, as in 256x256."""
    two = re.fullmatch(r"\s*(\d+)\s*[x×,*]\s*(\d+)\s*", text, re.IGNORECASE)
    if two:
        smaller = min(map(int, two.groups()))
        raise typer.BadParameter(f"{shown(text)} is more than one number; {cure.format(smaller)}")
    if not re.fullmatch(r"\s*[0-9]{1,9}\s*", text) or not int(text):
        raise typer.BadParameter(f"{shown(text)} should be an integer, 1 or more")
    return int(text)


def _by_comma(names: list[str]) -> list[str]:
    """The names of splits, one or several in each word; none has a comma."""
    return [part for name in names for part in (name.split(",") if "," in name else [name])]


Data = Annotated[
    str | None,
    typer.Argument(
        metavar="DATA",
        help="Folder of images, or whatever has or names them; - is a list on stdin.",
    ),
]
SeveralData = Annotated[
    list[str],
    typer.Argument(
        metavar="DATA...",
        help="Folder of images, or whatever has or names them (- is a list on stdin); or several, "
        "which count as one.",
    ),
]


def _split_option(default: str, use: str = "read") -> Any:
    """The option ``--split``, with words for its use and its default."""
    help_text = f"Split to {use}; repeatable, or a,b. Default: {default}."
    return typer.Option("--split", metavar="NAME", help=help_text, callback=_by_comma)


Splits = Annotated[list[str], _split_option("every one found")]
RecordedSplits = Annotated[list[str], _split_option("those asked of compute, or every one")]
ShownSplits = Annotated[list[str], _split_option("every one", "show")]
SplitDirs = Annotated[
    list[str],
    typer.Option(
        "--split-dir", metavar="NAME=FOLDER", help="Folder below DATA that is a split; repeatable."
    ),
]
Include = Annotated[
    list[str],
    typer.Option("--include", metavar="GLOB", help="Read only matching images; repeatable."),
]
Exclude = Annotated[
    list[str],
    typer.Option("--exclude", metavar="GLOB", help="Leave out matching ones; repeatable."),
]
Labels = Annotated[
    Literal["skip", "count"],
    typer.Option(
        metavar="skip|count",
        help="Leave out masks and other labels, known by their names, or count them.",
    ),
]
Workers = Annotated[
    int,
    typer.Option("-j", "--workers", metavar="N", min=0, help="Worker processes; 0: one per CPU."),
]
Engine = Annotated[
    str,
    typer.Option(
        metavar="local|inprocess|dask[:WHERE]",
        help="Where to run; dask:ADDRESS or dask:FILE.json: on the cluster of that scheduler.",
    ),
]
AllowUnreadable = Annotated[
    int,
    typer.Option(
        "--allow-unreadable", min=0, metavar="N", help="Exit 0 with up to N unreadable images."
    ),
]
ImageTimeout = Annotated[
    float,
    typer.Option(
        "--image-timeout",
        min=0,
        max=1e6,
        metavar="SECONDS",
        help="Give up an image after this time; 0: never.",
    ),
]
Resize = Annotated[
    int | None,
    typer.Option(
        "--resize",
        parser=lambda text: _number(
            text, "{0} is the shorter side, and --resize {0} --crop {0} makes {0} x {0} pixels"
        ),
        metavar="N",
        help="First resize the shorter side of images to N.",
    ),
]
Crop = Annotated[
    int | None,
    typer.Option(
        "--crop",
        parser=lambda text: _number(text, "{0} is the side of a square: --crop {0}"),
        metavar="N",
        help="Then take the N x N pixels in the center.",
    ),
]
MaxValue = Annotated[
    int | None,
    typer.Option(
        "--max-value",
        min=1,
        metavar="V",
        help="Stored value that is white (4095 for 12 bits in 16); 1: stored units.",
    ),
]
Cache = Annotated[
    str | None,
    typer.Option(
        "--cache",
        metavar="FILE",
        help="Keep what is finished in FILE; read only images that it does not have.",
    ),
]
Root = Annotated[
    str | None,
    typer.Option(
        metavar="FOLDER", help="Folder that the names in a list or table are relative to."
    ),
]
Ext = Annotated[
    str | None,
    typer.Option(metavar=".jpg", help="Extension to append to the names in a list or table."),
]
PathColumn = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Column of a table that names the images."),
]
SplitColumn = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Column of a table that says the splits."),
]
LabelColumn = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Column of a table with classes; nothing is counted by it."),
]
ImageColumn = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Column of a Parquet file that holds the images."),
]
Key = Annotated[
    list[str],
    typer.Option(metavar="GLOB", help="Arrays or keys to read, in a file of several; repeatable."),
]
SplitBy = Annotated[
    Literal["file", "folder", "column"] | None,
    typer.Option(metavar="file|folder|column", help="What says the splits, where several do."),
]
Duplicates = Annotated[
    Literal["once", "count"] | None,
    typer.Option(metavar="once|count", help="Count an image once that a list names twice, or not."),
]
From0 = Annotated[
    bool, typer.Option("--from0", help="Names in a list end in a zero byte, not in a line end.")
]
FilesFrom = Annotated[
    str | None,
    typer.Option(
        "--files-from", metavar="LIST", help="List of paths in place of DATA, one on each line."
    ),
]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="No progress, notices or table.")]


@contextmanager
def workers_of(
    context: typer.Context, engine: str, workers: int, image_timeout: float
) -> Iterator[dict[str, Any]]:
    """Options of a verb that say where it runs; local workers are those started ahead."""
    if engine != "local":
        yield {"engine": engine, "workers": workers or None, "image_timeout": image_timeout}
        return
    with _local_workers(context, workers, image_timeout) as local:
        yield {"engine": local}


def _local_workers(context: typer.Context, workers: int, image_timeout: float) -> "Local":
    from normstat.executors import Local, available_cpus

    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # threads that NumPy starts for nothing
    local = context.obj or Local(1)
    local.workers = workers or available_cpus()
    local.image_timeout = image_timeout
    return local


def assignments(texts: Sequence[str]) -> dict[str, str]:
    """``NAME=FOLDER`` of each ``--split-dir``."""
    assignments: dict[str, str] = {}
    for text in texts:
        name, equals, folder = text.partition("=")
        if not (name and equals and folder):
            raise UsageError(f"--split-dir {shown(text)}: should be NAME=FOLDER, as in train=2023")
        if "," in name:  # --split takes it for two
            raise UsageError(f"--split-dir {shown(text)}: a split's name should have no comma")
        if name in assignments:
            raise UsageError(f"--split-dir {shown(text)}: {name} has a folder already; give one")
        assignments[name] = folder
    return assignments


def where(**given: Any) -> dict[str, Any]:
    """Options of a source, of those that were given."""
    return {name: value for name, value in given.items() if value not in (None, [], False)}


def refuse_cache(cache: str | None, **files: str) -> None:
    """Refuse a cache that is one of the other files, given with their options, before any work."""
    for option, file in files.items():
        if cache and is_same(cache, file):
            raise UsageError(
                f"--cache {shown(cache)}: is the file of --{option}, too; give another name"
            )


def is_same(one: str, other: str) -> bool:
    """True for two names of one file."""
    if "\0" in one + other:  # whoever opens that will say what is wrong with it
        return one == other
    return os.path.realpath(one) == os.path.realpath(other)
