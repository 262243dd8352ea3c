"""The command line: parse, call one function, print, exit.

What only one command needs (NumPy, rich, tqdm) is imported by that command.
"""

import errno
import functools
import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Annotated, Any, Literal, ParamSpec, TypeVar

import typer

from normstat import __version__
from normstat.errors import NormstatError, OutputError, UnreadableImage, UsageError
from normstat.files import ensure_writable, shown
from normstat.images import FORMATS, MAX_PIXELS

if TYPE_CHECKING:
    from normstat.executors import Local
    from normstat.stats import Stats
    from normstat.verbs.running import Progress

P = ParamSpec("P")
T = TypeVar("T")
_BROKEN_PIPE = 141
_INTERNAL_ERROR = 70
_INTERRUPTED = 130
_REPORT = "https://github.com/normstat/normstat/issues"

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: the same in a terminal, in CI and in the README
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main(arguments: Sequence[str] | None = None, local: "Local | None" = None) -> int:
    """Run a command line and return its exit code; ``local`` has workers that started already."""
    for name in ("stdout", "stderr"):
        # A stream may be closed (cron, daemons); a file name may lack in its encoding.
        stream = getattr(sys, name) or open(os.devnull, "w")  # noqa: SIM115  # for good
        stream.reconfigure(errors="backslashreplace")
        setattr(sys, name, stream)
    try:
        return app(arguments, prog_name="normstat", standalone_mode=False, obj=local) or 0
    except NormstatError as error:
        return _fail(str(error), error.exit_code)
    except typer.TyperException as error:  # a wrong command line
        error.show() if hasattr(error, "show") else print(error, file=sys.stderr)
        return error.exit_code
    except MemoryError:
        return _fail("out of memory", OutputError.exit_code)
    except ImportError as error:  # little memory ends here as well
        return _fail(f"a library cannot be loaded: {error}", OutputError.exit_code)
    except Exception as error:  # noqa: BLE001  # whatever is left is a bug, and says so in one line
        if "NORMSTAT_DEBUG" in os.environ:
            traceback.print_exc()
        lines = [line for line in str(error).splitlines() if line.strip()] or ["no message"]
        return _fail(
            f"internal error: {type(error).__name__}: {shown(lines[-1])}; NORMSTAT_DEBUG=1 shows "
            f"where. Please report it: {_REPORT}",
            _INTERNAL_ERROR,
        )


def _fail(message: str, exit_code: int) -> int:
    with suppress(OSError):  # on a full disk stderr may fail too; the exit code still tells
        print(f"normstat: {message}", file=sys.stderr)
    return exit_code


def _prints(command: Callable[P, T]) -> Callable[P, T]:
    """A command that ends quietly when nobody reads its output, and says when it cannot print."""

    @functools.wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            result = command(*args, **kwargs)
            sys.stdout.flush()
            return result
        except KeyboardInterrupt:
            print("normstat: interrupted", file=sys.stderr)
            raise typer.Exit(_INTERRUPTED) from None
        except BrokenPipeError:
            # What Python still has to flush at exit goes nowhere.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(_BROKEN_PIPE) from None
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EIO, errno.EFBIG, errno.EDQUOT):
                raise
            raise OutputError(f"standard output cannot be written ({error.strerror})") from error

    return wrapper


def _version(wanted: bool) -> None:
    if wanted:
        print(f"normstat {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Exact per-channel statistics of image data sets."""


@app.command()
@_prints
def compute(
    context: typer.Context,
    data: Annotated[str, typer.Argument(metavar="DATA", help="Folder of images.")],
    split: Annotated[
        list[str],
        typer.Option(metavar="NAME", help="Split to read; repeatable. Default: every one found."),
    ] = [],  # noqa: B006  # Typer copies it
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="FILE", help="Stats file; - is stdout.")
    ] = "stats.json",
    split_dir: Annotated[
        list[str],
        typer.Option(metavar="NAME=FOLDER", help="Folder below DATA that is a split; repeatable."),
    ] = [],  # noqa: B006  # Typer copies it
    include: Annotated[
        list[str], typer.Option(metavar="GLOB", help="Read only matching images; repeatable.")
    ] = [],  # noqa: B006  # Typer copies it
    exclude: Annotated[
        list[str], typer.Option(metavar="GLOB", help="Leave out matching ones; repeatable.")
    ] = [],  # noqa: B006  # Typer copies it
    channels: Annotated[
        Literal["auto", "gray", "rgb"],
        typer.Option(metavar="auto|gray|rgb", help="Convert 8-bit images; auto: as they are."),
    ] = "auto",
    covariance: Annotated[
        bool, typer.Option("--covariance", help="Covariance between channels, too (for whitening).")
    ] = False,
    resize: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="First resize the shorter side of images to N."),
    ] = None,
    crop: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Then take the N x N pixels in the center."),
    ] = None,
    layout: Annotated[
        Literal["hwc", "chw"],
        typer.Option(metavar="hwc|chw", help="Order of the axes in .npy images."),
    ] = "hwc",
    workers: Annotated[
        int,
        typer.Option(
            "-j", "--workers", metavar="N", min=0, help="Worker processes; 0: one per CPU."
        ),
    ] = 0,
    allow_unreadable: Annotated[
        int, typer.Option(min=0, metavar="N", help="Exit 0 with up to N unreadable images.")
    ] = 0,
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
    image_timeout: Annotated[
        float,
        typer.Option(min=0, max=1e6, metavar="SECONDS", help="Give up an image after; 0: never."),
    ] = 60.0,
    quiet: Annotated[
        bool, typer.Option("-q", "--quiet", help="No progress, notices or table.")
    ] = False,
) -> int:
    """Compute the mean, std and more of a folder of images, split by split.

    Exit code 3: done, but some images were unreadable; the stats file lists them.

    \b
    Examples:
      normstat compute ./data
      normstat compute ./data --split train -o train.json
      normstat compute ./data --split-dir train=2023 --exclude masks
    """
    split_dirs = _assignments(split_dir)
    to_stdout = output == "-"
    if not to_stdout:
        _refuse_output(output)
        ensure_writable(output)

    with _local(context, workers, image_timeout) as executor, _progress(quiet) as progress:
        from normstat.statsfile import dumps, save
        from normstat.verbs.compute import compute as compute_stats

        stats = compute_stats(
            data,
            split=split,
            split_dir=split_dirs,
            include=include,
            exclude=exclude,
            channels=channels,
            covariance=covariance,
            resize=resize,
            crop=crop,
            layout=layout,
            max_pixels=max_pixels,
            max_errors=max_errors,
            executor=executor,
            progress=progress,
        )
    if to_stdout:
        sys.stdout.buffer.write(dumps(stats).encode("utf-8"))  # JSON is UTF-8 in any locale
    else:
        save(stats, output)
        if not quiet:
            print(f"written to {shown(output)}", file=sys.stderr)
            _print_table(stats, output)
    unreadable = sum(split.unreadable for split in stats.splits.values())
    accepted = unreadable <= allow_unreadable
    if unreadable and not quiet:
        print(
            f"{unreadable} unreadable accepted by --allow-unreadable {allow_unreadable}"
            if accepted
            else f"exit code {UnreadableImage.exit_code}: {unreadable} unreadable, see the stats "
            f"file; --allow-unreadable {unreadable} accepts that",
            file=sys.stderr,
        )
    return 0 if accepted else UnreadableImage.exit_code


@app.command()
@_prints
def show(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Stats file; - is stdin.")],
) -> int:
    """Show a stats file as a table, with a small histogram for each channel.

    \b
    Example:
      normstat show stats.json
    """
    from normstat.statsfile import load, loads

    if file == "-" and not sys.stdin:
        raise UsageError("-: standard input is closed; give a file")
    stats = loads(sys.stdin.buffer.read()) if file == "-" else load(file)
    _print_table(stats, file, histograms=True)
    return 0


def _local(context: typer.Context, workers: int, image_timeout: float) -> "Local":
    """The workers of a run, with those that this process has started ahead."""
    from normstat.executors import Local, available_cpus

    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # threads that NumPy starts for nothing
    local = context.obj or Local(1)
    local.workers = workers or available_cpus()
    local.image_timeout = image_timeout
    return local


def _assignments(texts: Sequence[str]) -> dict[str, str]:
    assignments: dict[str, str] = {}
    for text in texts:
        name, equals, folder = text.partition("=")
        if not (name and equals and folder):
            raise UsageError(f"--split-dir {shown(text)}: should be NAME=FOLDER, as in train=2023")
        if name in assignments:
            raise UsageError(f"--split-dir {shown(text)}: {name} has a folder already; give one")
        assignments[name] = folder
    return assignments


def _refuse_output(output: str) -> None:
    real = os.path.realpath(output)  # what would be replaced, if the name is a link
    if os.path.isfile(real) and os.path.splitext(real)[1].lower() in FORMATS:
        raise UsageError(f"-o {shown(output)}: is an image that exists; a stats file ends in .json")


def _print_table(stats: "Stats", file: str, histograms: bool = False) -> None:
    from rich.console import Console

    from normstat.tables import print_stats

    class PipedConsole(Console):
        def on_broken_pipe(self) -> None:
            raise  # called while the error is handled; rich itself would exit with 1

    # A pipe has no width: a table that is cut or wrapped there is of no use.
    width = None if sys.stdout.isatty() else 200
    console = PipedConsole(file=sys.stdout, width=width, highlight=False)
    print_stats(stats, console, shown(file), histograms)


@contextmanager
def _progress(quiet: bool) -> Iterator["Progress | None"]:
    """A progress bar where stderr is a terminal, notices on stderr anyway, or nothing at all."""
    if quiet:
        yield None
        return
    from tqdm import tqdm

    bar = _Bar(lambda: tqdm(unit=" images", disable=None, file=sys.stderr, dynamic_ncols=True))
    try:
        yield bar
    finally:
        bar.close()


class _Bar:
    """A bar that appears with the first image: an error before that stands alone."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    @functools.cached_property
    def _bar(self) -> Any:
        return self._make()

    def close(self) -> None:
        if "_bar" in vars(self):
            self._bar.close()

    def total(self, images: int) -> None:
        self._bar.total = images
        self._bar.refresh()

    def advance(self, images: int) -> None:
        self._bar.update(images)

    def notice(self, message: str) -> None:
        self._bar.write(message, file=sys.stderr)
