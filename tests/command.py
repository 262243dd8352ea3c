"""The command line as a user runs it: a real process with real streams and exit codes.

And the same in this process, which takes no time to start, for tests that look at something else.
"""

import functools
import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from importlib import metadata
from pathlib import Path
from typing import Any, Self
from unittest.mock import patch

import typer.main

from normstat.cli import load, main
from normstat.executors import InProcess

# Root may write anywhere; without these capabilities it may no more than others.
_AS_ANYONE = (
    "import ctypes, os, sys; libc = ctypes.CDLL(None);"
    "[libc.prctl(24, capability, 0, 0, 0) for capability in (1, 2)];"
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)
_UNKNOWN = ("GITHUB_ACTIONS", "FORCE_COLOR", "NORMSTAT_DEBUG")


def environment(**changes: str) -> dict[str, str]:
    """The environment of this process, in which normstat can be found."""
    here = {**os.environ, "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    try:
        metadata.version("normstat")
    except metadata.PackageNotFoundError:
        root = str(Path(__file__).parent.parent)
        paths = [*changes.pop("PYTHONPATH", "").split(os.pathsep), root]
        here["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    here["PYTHONIOENCODING"] = "utf-8"  # what a pipe gets, on Windows too
    for name in _UNKNOWN:
        here.pop(name, None)
    return here | changes


def normstat(
    *arguments: str | Path | bytes,
    flags: tuple[str, ...] = (),
    env: dict[str, str] | None = None,
    anyone: bool = False,
    **options: Any,
) -> "subprocess.CompletedProcess[str]":
    """Run ``python -m normstat``, with Python's own flags; ``anyone`` is not root."""
    command = [sys.executable, *flags, "-m", "normstat", *arguments]
    if anyone and hasattr(os, "geteuid") and os.geteuid() == 0:
        command[1:1] = ["-c", _AS_ANYONE]
    if "stdout" not in options:
        options |= {"stdout": subprocess.PIPE}
    return subprocess.run(
        command,
        stderr=subprocess.PIPE,
        env=environment(**(env or {})),
        timeout=60,
        encoding="utf-8",
        errors="surrogateescape",
        **options,
    )


class Here(InProcess):
    """In the place of the worker processes of a command line."""

    workers = 1
    image_timeout = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...


_get_command = typer.main.get_command


@functools.cache
def _built(app: typer.Typer) -> Any:
    """All commands: building them for each command line anew takes longer than a small run."""
    load()
    return _get_command(app)


def in_process(words: Sequence[str]) -> int:
    """The exit code of a command line that runs in this process, without workers."""
    local: Any = Here()
    load()  # all commands: what is built once has to know them
    with patch.object(typer.main, "get_command", _built):
        return main(words, local)


def here(*arguments: str | Path, cwd: str | Path = ".") -> "subprocess.CompletedProcess[str]":
    """What a command line prints that runs in this process, without workers."""
    words = [str(argument) for argument in arguments]
    with _stream() as out, _stream() as err, patch.dict(os.environ), chdir(cwd):
        for name in _UNKNOWN:
            os.environ.pop(name, None)
        with redirect_stdout(out), redirect_stderr(err):
            code = in_process(words)
            sys.stderr.flush()
        return subprocess.CompletedProcess(words, code, _written(out), _written(err))


@contextmanager
def _stream() -> Iterator[io.TextIOWrapper]:
    """A file, as the command line asks for the descriptors of its streams."""
    with tempfile.TemporaryFile() as file, io.TextIOWrapper(file, encoding="utf-8") as stream:
        yield stream


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    stream.buffer.seek(0)
    return stream.buffer.read().decode("utf-8", "surrogateescape")
