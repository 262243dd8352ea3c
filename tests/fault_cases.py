"""Faults, one after the other: how each is made, and what the command line gave."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import command
import make
from command import environment
from started import patch

GOOD = make.encoded(make.pixels(1, 12, 17))


@dataclass(frozen=True)
class Case:
    """A row of the table.

    Attributes
    ----------
    number : of the fault; a stable name.
    fault : in words.
    required : what it may give; one of these.
    run : makes the fault in an empty folder, and says what it gave.
    """

    number: int
    fault: str
    required: tuple[str, ...]
    run: Callable[[Path], str]


@dataclass(frozen=True)
class Ended:
    """A command that came to its end."""

    code: int
    out: str
    err: str


def here(*arguments: str | Path, **options: Any) -> Ended:
    """Run a command line in this process, which takes no time to start."""
    return _ended(command.here(*arguments, **options))


def there(*arguments: str | Path, **options: Any) -> Ended:
    """Run it as a process of its own, with workers."""
    return _ended(command.normstat(*arguments, **options))


def _ended(run: "subprocess.CompletedProcess[str]") -> Ended:
    return Ended(run.returncode, run.stdout or "", run.stderr)


def _ended(run: "subprocess.CompletedProcess[str]") -> Ended:
    return Ended(run.returncode, run.stdout or "", run.stderr)


def python(program: str, *arguments: str | Path) -> str:
    """What a program prints."""
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout


def said(ended: Ended, stats: Path | None = None, words: tuple[str, ...] = ()) -> str:
    """The outcome in the words of the table: exit code, images, codes, what was said."""
    text = f"exit {ended.code}"
    if stats is not None and stats.exists():
        splits = json.loads(stats.read_text("utf-8"))["splits"].values()
        text += f": {sum(split['images'] for split in splits)} counted"
        codes = [record["code"] for record in json.loads(stats.read_text("utf-8"))["unreadable"]]
        text += "".join(f", {code}" for code in sorted(set(codes)))
    text += "".join(f"; says {word!r}" for word in words if word in ended.err)
    if "Traceback" in ended.err or "internal error" in ended.err:
        text += "; TRACEBACK"
    return text


def compute(place: Path, *options: str, words: tuple[str, ...] = (), **more: Any) -> str:
    """The outcome of ``compute`` on the folder ``data``; apart if it needs more."""
    run = there if more else here
    ended = run("compute", "data", "-o", "s.json", *options, cwd=place, **more)
    return said(ended, place / "s.json", words)


def beside_a_good_one(content: bytes, name: str, note: str = "") -> Callable[[Path], str]:
    """A file beside a sound image; with a note, whether it was noted."""

    def run(place: Path) -> str:
        make.write(place / "data" / "good.png", GOOD)
        return alone(content, name, note)(place)

    return run


def alone(content: bytes, name: str, note: str = "") -> Callable[[Path], str]:
    """A file, and nothing else."""

    def run(place: Path) -> str:
        make.write(place / "data" / name, content)
        stats = place / "s.json"
        text = said(here("compute", place / "data", "-q", "-o", stats), stats)
        if note and stats.exists():
            (split,) = json.loads(stats.read_text("utf-8"))["splits"].values()
            found = {**split["notes"], **split["modes"]}
            text += f"; {note} noted" * bool(found.get(note))
        return text

    return run


def tree(*names: str) -> Callable[[Path], str]:
    """Sound images of these names."""

    def run(place: Path) -> str:
        for name in names:
            make.write(place / "data" / name, GOOD)
        return compute(place)

    return run


MISDEEDS = """
import ctypes, errno, os, sys, time
name, deed = {name!r}, {deed!r}
system_open, system_read, watched = os.open, os.read, set()
def once():
    try:
        os.mkdir({marker!r})
        return True
    except FileExistsError:
        return False
def opened(path, *rest, **options):
    mine = str(path).endswith(name)
    if mine and deed == "hang":
        ctypes.PyDLL(None).sleep(600)
    if mine and deed == "segfault":
        ctypes.string_at(0)
    if mine and deed == "memory":
        raise MemoryError
    if mine and deed == "vanish":
        os.unlink(path)
    if mine and (deed == "EIO" or deed == "EIO once" and once()):
        raise OSError(errno.EIO, "Input/output error")
    descriptor = system_open(path, *rest, **options)
    if mine:
        watched.add((descriptor, path))
    return descriptor
def read(descriptor, size):
    data = system_read(descriptor, size)
    for path in [path for known, path in watched if known == descriptor]:
        if deed == "grow" or deed == "grow once" and once():
            with open(path, "ab") as file:
                file.write(b"more")
        if deed == "replace once" and once():
            with open(path + ".new", "wb") as file:
                file.write(data)
            os.replace(path + ".new", path)
    return data
"""
IN_WORKERS = """
if "-c" in sys.orig_argv:
    os.open, os.read = opened, read
"""
#: What no process survives, or not soon.
FATAL = ("hang", "segfault", "memory")


def misdeed(deed: str, *options: str) -> Callable[[Path], str]:
    """Something happens to one of three images while it is read."""

    def run(place: Path) -> str:
        for index in range(2):
            make.write(place / "data" / f"{index}.png", GOOD)
        make.write(place / "data" / "x.png", GOOD)
        code = MISDEEDS.format(name="x.png", deed=deed, marker=str(place / "once"))
        if deed in FATAL:
            return compute(place, *options, env=patch(place / "patch", code + IN_WORKERS))
        calls: dict[str, Any] = {}
        exec(code, calls)
        with (
            mock.patch.multiple(os, open=calls["opened"], read=calls["read"]),
            mock.patch("normstat.files.reading._PAUSES", (0.0, 0.0)),
        ):
            return compute(place, *options)

    return run


def posix_only(run: Callable[[Path], str]) -> Callable[[Path], str]:
    """A fault that only some systems know."""
    return run if sys.platform == "linux" else lambda _: "not made here"
