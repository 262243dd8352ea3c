"""The command line as a user runs it: a real process with real streams and exit codes."""

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

# Root may write anywhere; without these capabilities it may no more than others.
_AS_ANYONE = (
    "import ctypes, os, sys; libc = ctypes.CDLL(None);"
    "[libc.prctl(24, capability, 0, 0, 0) for capability in (1, 2)];"
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
)


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
    for name in ("GITHUB_ACTIONS", "FORCE_COLOR", "NORMSTAT_DEBUG"):
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
