"""A small disk of its own, where the system allows to mount one."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def disk(place: Path, kilobytes: int) -> Iterator[Path]:
    """A file system of so many kB at a place."""
    if sys.platform != "linux" or os.geteuid():
        pytest.skip("only root may mount, on Linux")
    place.mkdir()
    options = f"size={kilobytes}k"
    command = ["mount", "-t", "tmpfs", "-o", options, "normstat-test", place]
    if subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=False, stderr=subprocess.DEVNULL)


def remounted(place: Path, options: str) -> None:
    """Change what may be done there."""
    subprocess.run(["mount", "-o", f"remount,{options}", place], check=True)


def unmounted(place: Path) -> None:
    """It is gone, as when somebody pulls a cable."""
    subprocess.run(["umount", "-l", place], check=True)
