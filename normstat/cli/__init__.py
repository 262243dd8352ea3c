"""The command line: parse, call one function, print, exit.

What only one command needs (NumPy, rich, tqdm) is imported by that command.
"""

from normstat.cli import (
    apply,
    cache,
    check,
    compute,
    explain,
    export,
    invert,
    merge,
    presets,
    report,
    show,
    subtract,
)
from normstat.cli.app import main

__all__ = [
    "apply",
    "cache",
    "check",
    "compute",
    "explain",
    "export",
    "invert",
    "main",
    "merge",
    "presets",
    "report",
    "show",
    "subtract",
]
