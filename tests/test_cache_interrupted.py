"""Runs with a cache that are asked to stop: "kept" is said if it is true, and only then."""

import re
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from cached import Listener, cut, pgm, settle
from command import normstat
from started import eventually, finish, patch, started

import normstat as library
from normstat.errors import TooManyErrors
from normstat.executors import InProcess

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="changes limits of a process")
COMMANDS = {
    "compute": ("compute", "data", "-o", "out.json", "-j", "1", "--cache", "c"),
    "check": ("check", "data", "--stats", "stats.json", "-j", "1", "--cache=c"),
}
commands = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
SAID = "normstat: interrupted by SIGTERM; "
KEPT = f"{SAID}what is finished is kept in c, and the same command continues"
NOT_KEPT = f"{SAID}the same command begins again"
# One image takes for ever, files tell how far the run is, and no machine is too slow to clean up.
# What is kept is written at the end alone, where nobody waits for another run.
STUCK = """
import pathlib, sys, time
if "-m" in sys.orig_argv:
    from normstat import signals
    from normstat.cache import Cache, cache, database
    signals._PATIENCE = cache._EVERY = database._PATIENCE = 600
    from normstat.cli.terminal import _Bar
    def telling(name, method):
        def told(*arguments):
            method(*arguments)
            pathlib.Path(name).touch()
        return told
    Cache.store = telling("stored", Cache.store)
    _Bar.advance = telling("advanced", _Bar.advance)
if "-c" in sys.orig_argv:
    def stuck(event, arguments):
        if event == "open" and "stuck.pgm" in str(arguments[0]):
            pathlib.Path("reached").touch()
            time.sleep(600)
    sys.addaudithook(stuck)
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with ``data`` of several shards and stats of something else."""
    for index in range(400):
        pgm(tmp_path / "data" / f"{index:03}.pgm", index)
    settle(tmp_path / "data")
    assert len(cut(tmp_path / "data")) > 1
    library.save(library.compute(tmp_path / "data", workers=0), tmp_path / "stats.json")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def env(here: Path) -> dict[str, str]:
    """An environment in which an image ``stuck.pgm`` takes for ever."""
    return patch(here / "patch", STUCK)


def interrupted(
    command: tuple[str, ...],
    env: dict[str, str],
    once: str = "stored",
    first: Callable[["subprocess.Popen[str]"], None] = lambda _: None,
) -> list[str]:
    """What a command says that is terminated as soon as a file is there and something is done."""
    with started(*command, env=env) as process:
        assert eventually(Path(once).exists), process.poll()
        first(process)
        process.terminate()
        said = finish(process).splitlines()
    assert process.returncode == 143, said
    return said


@pytest.mark.matrix
@commands
def test_what_is_kept_is_named(here: Path, env: dict[str, str], command: tuple[str, ...]) -> None:
    """What waits to be written is written first; the sentence is true, for any number of times."""
    pgm(here / "data" / "stuck.pgm", 1)
    settle(here / "data")
    assert interrupted(command, env)[-1] == KEPT
    Path("advanced").unlink(missing_ok=True)
    assert interrupted(command, env, once="advanced")[-1] == KEPT  # nothing new, but all the old
    run = normstat(*command)
    found = re.search(r"^(\d+) of 401 images from the cache", run.stderr, re.MULTILINE)
    assert found
    assert int(found[1]) > 0
    again = normstat(*command[: command.index("-j")])
    assert (run.returncode, run.stdout) == (again.returncode, again.stdout)


def test_nothing_is_kept_yet(here: Path, env: dict[str, str]) -> None:
    """A cache that could be written but has nothing is no reason to promise anything."""
    pgm(here / "data" / "000+stuck.pgm", 1)  # in the first shard
    settle(here / "data")
    assert interrupted(COMMANDS["check"], env, once="reached")[-1] == NOT_KEPT
    assert not Path("stored").exists()


def test_a_foreign_cache_keeps_nothing(here: Path, env: dict[str, str]) -> None:
    """The file of another program is neither changed nor said to have anything."""
    pgm(here / "data" / "stuck.pgm", 1)
    settle(here / "data")
    with closing(sqlite3.connect("c")) as file:
        file.execute("CREATE TABLE theirs (a)")
    before = Path("c").read_bytes()
    assert interrupted(COMMANDS["compute"], env)[-1] == NOT_KEPT
    assert Path("c").read_bytes() == before


@pytest.fixture
def lock(here: Path) -> Iterator[Callable[..., None]]:
    """Another run holds the file."""
    others: list[sqlite3.Connection] = []

    def hold(_: object) -> None:
        others.append(sqlite3.connect("c", isolation_level=None))
        others[0].execute("BEGIN EXCLUSIVE")

    yield hold
    for other in others:
        other.close()


def test_a_locked_cache_keeps_nothing(
    here: Path, env: dict[str, str], lock: Callable[..., None]
) -> None:
    """A process that has to be gone does not wait for another run, and says what it could not."""
    pgm(here / "data" / "stuck.pgm", 1)
    settle(here / "data")
    *_, told, last = interrupted(COMMANDS["check"], env, first=lock)
    assert told == "c: cannot be written (another run holds it); nothing more is kept there"
    assert last == NOT_KEPT


def test_a_full_disk_keeps_nothing(here: Path, env: dict[str, str]) -> None:
    """Nor does a disk that fills up between storing and writing."""
    pgm(here / "data" / "stuck.pgm", 1)
    settle(here / "data")

    def fill(process: "subprocess.Popen[str]") -> None:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, 0))

    *_, told, last = interrupted(COMMANDS["compute"], env, first=fill)
    assert told.startswith("c: cannot be ")
    assert last == NOT_KEPT


def stopped(here: Path, stop: BaseException) -> list[str]:
    """The notes of an exception that a run in this process has met after its first shard."""

    def fall() -> None:
        raise stop

    with pytest.raises(type(stop)) as caught:
        library.compute("data", cache="c", engine=InProcess(), progress=Listener(fall))
    assert caught.value is stop
    return getattr(stop, "__notes__", [])


def test_a_program_is_told_by_a_note(here: Path) -> None:
    """Ctrl-C in a program that uses the library; an error has words of its own."""
    assert stopped(here, KeyboardInterrupt()) == ["what is finished is kept in c"]
    assert stopped(here, TooManyErrors("too many")) == []
