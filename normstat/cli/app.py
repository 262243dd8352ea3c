"""The application: failures to messages and exit codes."""

import errno
import functools
import importlib
import io
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, ParamSpec, TextIO, TypeVar

import typer

from normstat import __version__
from normstat.errors import NormstatError, OutputError, UsageError
from normstat.files import shown

if TYPE_CHECKING:
    from normstat.executors import Local

P = ParamSpec("P")
T = TypeVar("T")
_BROKEN_PIPE = 141
_INTERNAL_ERROR = 70
_UNWRITABLE = (errno.ENOSPC, errno.EIO, errno.EFBIG, errno.EDQUOT)
# Command -> its module, in the order of the help.
_COMMANDS = {
    "apply": "apply",
    "normalize": "apply",
    "cache": "cache",
    "check": "check",
    "compute": "compute",
    "explain": "explain",
    "export": "export",
    "invert": "invert",
    "merge": "merge",
    "presets": "presets",
    "report": "report",
    "show": "show",
    "subtract": "subtract",
}
# Parameter that a command line lacks -> how to have it.
_MADE = {
    "stats": "normstat compute DATA -o stats.json makes a stats file; for a check, of the data as "
    "they should be",
}
# Commands whose DATA is not several.
_OF_ONE = ("apply", "normalize", "invert")
_REPORT = "https://github.com/normstat/normstat/issues"

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: the same in a terminal, in CI and in the README
    context_settings={"help_option_names": ["-h", "--help"]},
)


def load(words: Sequence[str] = ()) -> None:
    """Import the command that a command line names, as each costs its start; else all of them."""
    if list(words) == ["--version"]:
        return
    named = _COMMANDS.get(words[0]) if words else None
    for module in [named] if named else dict.fromkeys(_COMMANDS.values()):
        importlib.import_module(f"normstat.cli.{module}")


def main(arguments: Sequence[str] | None = None, local: "Local | None" = None) -> int:
    """Run a command line and return its exit code; ``local`` has workers that started already."""
    for name in ("stdout", "stderr"):
        # A stream may be closed (cron, daemons); a file name may lack in its encoding.
        stream = getattr(sys, name) or open(os.devnull, "w")  # noqa: SIM115  # for good
        stream.reconfigure(errors="backslashreplace")
        setattr(sys, name, stream)
    sys.stderr = _never_full(sys.stderr)
    try:
        load(sys.argv[1:] if arguments is None else arguments)
        return app(arguments, prog_name="normstat", standalone_mode=False, obj=local) or 0
    except NormstatError as error:
        return _fail(error.message.on_command_line(), error.exit_code)
    except typer.TyperException as error:  # a wrong command line
        if hasattr(error, "message"):
            error.message = _told(error.message, error)
        with suppress(OSError):  # a full disk behind stderr: the exit code still tells
            error.show() if hasattr(error, "show") else print(error, file=sys.stderr)
        return error.exit_code
    except OSError as error:  # what Typer itself prints, as for --version
        if error.errno not in _UNWRITABLE:
            return _bug(error)
        return _fail(f"standard output cannot be written ({error.strerror})", OutputError.exit_code)
    except MemoryError:
        return _fail("out of memory", OutputError.exit_code)
    except ImportError as error:  # little memory ends here as well
        return _fail(f"a library cannot be loaded: {error}", OutputError.exit_code)
    except Exception as error:  # noqa: BLE001  # whatever is left is a bug, and says so in one line
        return _bug(error)


def _told(message: str, error: Any) -> str:
    """The message of Typer, with how to have what is missing, or to leave out what is too much."""
    parameter, context = getattr(error, "param", None), getattr(error, "ctx", None)
    if not message and parameter is not None:
        return _MADE.get(parameter.name, "")
    is_extra = message.startswith("Got unexpected extra argument")
    if is_extra and context is not None and context.command.name in _OF_ONE:
        return f"{message}. DATA is one here: a pattern goes in quotes, or the shell writes it out"
    return message.removeprefix("Value error, ")  # pydantic's, in Typer


class _NeverFull(io.FileIO):
    """A stream whose words are lost where they cannot be written."""

    def write(self, data: Any, /) -> int:
        left = memoryview(data)
        while left:
            try:
                written = super().write(left)
            except OSError as error:
                if error.errno not in _UNWRITABLE:
                    raise
                break
            if written is None:  # nobody reads as fast as we write, and nobody waits for that
                break
            left = left[written:]
        return len(data)


def _never_full(stream: TextIO) -> TextIO:
    """The same stream for what is not the result: no run ends because it cannot be told."""
    if sys.platform == "win32" and stream.isatty():  # takes no bytes
        return stream
    raw: Any = _NeverFull(stream.fileno(), "w", closefd=False)
    # Without a buffer between: it would write once more what a signal has met on its way back.
    return io.TextIOWrapper(raw, stream.encoding, "backslashreplace", line_buffering=True)


def _is_nowhere() -> bool:
    """True if this process is in a folder that was removed: relative names mean nothing there."""
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False


def _bug(error: Exception) -> int:
    if isinstance(error, FileNotFoundError) and _is_nowhere():
        return _fail("the current folder is gone; change into another", UsageError.exit_code)
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


def prints(command: Callable[P, T]) -> Callable[P, T]:
    """A command that ends quietly when nobody reads its output, and says when it cannot print."""

    @functools.wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            result = command(*args, **kwargs)
            sys.stdout.flush()
            return result
        except BrokenPipeError:
            # What Python still has to flush at exit goes nowhere.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(_BROKEN_PIPE) from None
        except OSError as error:
            if error.errno not in _UNWRITABLE:
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
