"""Whoever asks a command to stop is obeyed within two seconds, and nothing stays behind."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import applied
import make
import pytest
from command import environment, normstat
from started import AT_ONCE, eventually, finish, patch, started, workers

import normstat as library

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
ASKED = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
signals = pytest.mark.parametrize("number", ASKED, ids=lambda number: number.name)
COMMANDS = {
    "compute": ("compute", "data", "-o", "out.json"),
    "check": ("check", "data", "--stats", "stats.json", "--report", "out.json"),
    "apply": ("apply", "data", "out", "--method", "unit"),
}
commands = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
HOW = {
    "compute": "the same command begins again; with --cache FILE it could continue",
    "check": "the same command begins again; with --cache FILE it could continue",
    "apply": "the same command with --skip-existing continues",
}
# Every image takes its time, in workers alone.
SLOW = """
import time, os, sys
if "-c" in sys.orig_argv:
    fstat = os.fstat
    os.fstat = lambda descriptor: time.sleep(0.3) or fstat(descriptor)
"""


@pytest.fixture(autouse=True)
def no_hang() -> Iterator[None]:
    """A hang is a failure of one test only."""

    def stop(number: int, frame: object) -> None:
        raise TimeoutError("hangs")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(40)
    yield
    signal.alarm(0)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder ``data``, and a stats file of it."""
    here = tmp_path_factory.mktemp("signals")
    picture = make.encoded(make.pixels(1, 400, 500), "PPM")
    for index in range(40):
        make.write(here / "data" / "train" / f"{index}.ppm", picture)
    library.save(library.compute(here / "data", workers=0), here / "stats.json")
    return here


@pytest.fixture
def data(images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with these and nothing else."""
    for name in ("data", "stats.json"):
        (tmp_path / name).symlink_to(images / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def slow(tmp_path: Path) -> dict[str, str]:
    """An environment in which every image takes its time."""
    return patch(tmp_path / "slow", SLOW)


@signals
@pytest.mark.parametrize(
    ("command", "group"),
    [*((command, True) for command in COMMANDS.values()), (COMMANDS["compute"], False)],
    ids=[*COMMANDS, "compute-alone"],
)
def test_a_signal_ends_a_command(
    data: Path, slow: dict[str, str], command: tuple[str, ...], number: signal.Signals, group: bool
) -> None:
    """The exit code says which; one sentence says how to continue; the old output is intact."""
    if command[0] != "apply":
        (data / "out.json").write_text("old")
    with started(*command, env=slow) as process:
        assert process.stderr
        process.stderr.readline()  # the run is under way
        assert workers(process, 2)
        (os.killpg if group else os.kill)(process.pid, number)
        stderr = finish(process)
    *_, last = stderr.splitlines()
    assert process.returncode == ASKED[number], stderr
    assert last == f"normstat: interrupted by {number.name}; {HOW[command[0]]}"
    assert "Traceback" not in stderr
    if command[0] != "apply":
        assert (data / "out.json").read_text() == "old"
    assert not list(data.rglob(".normstat*"))


@pytest.mark.parametrize("seed", range(12))
def test_a_signal_at_any_moment(data: Path, seed: int) -> None:
    """From the first worker to the end: the signal's exit code or that of a finished run."""
    dice = random.Random(seed)
    command = dice.choice(list(COMMANDS.values()))
    number = dice.choice(list(ASKED))
    with started(*command) as process:
        workers(process)
        time.sleep(dice.uniform(0, 0.8))
        os.killpg(process.pid, number)
        stderr = finish(process)
    assert process.returncode in (0, ASKED[number]), stderr
    assert "Traceback" not in stderr
    assert not list(data.rglob(".normstat-*"))


def test_an_interrupted_apply_is_continued(data: Path) -> None:
    """What the sentence says is true: --skip-existing, and it is as if nothing had happened."""
    with started(*COMMANDS["apply"]) as process:
        assert eventually(lambda: len(list(data.glob("out/train/*.npy"))) > 3)
        process.terminate()
        finish(process)
    assert normstat(*COMMANDS["apply"], "--skip-existing").returncode == 0
    assert normstat("apply", "data", "whole", "--method", "unit").returncode == 0
    assert applied.tree(data / "out") == applied.tree(data / "whole")


@signals
def test_what_was_ignored_stays_ignored(data: Path, number: signal.Signals) -> None:
    """As ``nohup`` and shells ask for: the run goes on to its end."""
    with started(
        *COMMANDS["compute"], preexec_fn=lambda: signal.signal(number, signal.SIG_IGN)
    ) as process:
        workers(process)
        while process.poll() is None:
            process.send_signal(number)
            time.sleep(0.02)
        finish(process)
    assert process.returncode == 0


# Cleaning up that does not come to an end, whatever happens.
STUCK_AT_THE_END = """
import sys, time
if "-m" in sys.orig_argv:
    from normstat.executors import Local
    def stuck(*_):
        while True:
            try:
                time.sleep(600)
            except BaseException:
                pass
    Local.__exit__ = stuck
"""
# A folder on storage that does not answer: whoever looks into it waits.
STUCK_WALK = """
import os, sys, threading, time
if "-m" in sys.orig_argv:
    scandir = os.scandir
    def stuck(path):
        if str(path).endswith("hung/") and threading.current_thread().name == "normstat":
            time.sleep(600)
        return scandir(path)
    os.scandir = stuck
"""


@signals
@pytest.mark.parametrize("code", [STUCK_AT_THE_END, STUCK_WALK], ids=["end", "walk"])
def test_nothing_that_is_stuck_holds_up_the_exit(
    data: Path, tmp_path: Path, number: signal.Signals, code: str
) -> None:
    """Neither the main thread nor another that waits for storage."""
    make.write(tmp_path / "some" / "a.png", make.encoded(make.pixels(1, 5, 7)))
    make.write(tmp_path / "some" / "hung" / "b.png", make.encoded(make.pixels(1, 5, 7)))
    with started("compute", "some", env=patch(tmp_path / "stuck", code)) as process:
        workers(process)
        time.sleep(0.6)  # long enough for the walk to begin
        process.send_signal(number)
        stderr = finish(process)
    assert process.returncode == ASKED[number]
    assert "Traceback" not in stderr


def test_a_second_interrupt_ends_at_once(data: Path, tmp_path: Path) -> None:
    """Nobody who presses Ctrl-C twice waits for what the first is still cleaning up."""
    environment = patch(tmp_path / "stuck", STUCK_AT_THE_END)
    with started("compute", "data", env=environment) as process:
        assert process.stderr
        process.stderr.readline()
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        start = time.monotonic()
        stderr = finish(process)
    assert process.returncode == 130
    assert time.monotonic() - start < AT_ONCE / 2
    assert "interrupted" not in stderr  # it did not come to that


IMPORTS_FOR_EVER = """
import ctypes, sys
if "-c" in sys.orig_argv:
    class Finder:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name == "normstat.executors.worker":
                ctypes.PyDLL(None).sleep(600)  # and keeps the lock of the interpreter
    sys.meta_path.insert(0, Finder)
"""


@pytest.mark.parametrize("code", [SLOW, IMPORTS_FOR_EVER], ids=["busy", "starting"])
@commands
def test_a_killed_command_leaves_no_process(
    data: Path, tmp_path: Path, command: tuple[str, ...], code: str
) -> None:
    """SIGKILL to the parent alone: workers go too, be they busy or still importing."""
    for wait in (0.05, 0.4):
        with started(*command, env=patch(tmp_path / "patch", code)) as process:
            workers(process)
            time.sleep(wait)
            process.kill()
            finish(process)


def test_a_worker_that_has_much_to_say_does_not_block(data: Path) -> None:
    """PYTHONVERBOSE writes more to stderr than a pipe holds; none of it reaches the terminal."""
    run = normstat(*COMMANDS["compute"], "-j", "1", env={"PYTHONVERBOSE": "1"})
    assert run.returncode == 0
    assert (data / "out.json").read_bytes() == (data / "stats.json").read_bytes()


LIBRARY = """
import signal, sys, normstat
numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
before = [signal.getsignal(number) for number in numbers]
normstat.compute("data", workers=2)
assert before == [signal.getsignal(number) for number in numbers]
assert signal.set_wakeup_fd(-1) == -1
"""


def test_a_library_leaves_signals_alone(data: Path) -> None:
    """Whose process it is decides about them."""
    command = [sys.executable, "-c", LIBRARY]
    assert subprocess.run(command, env=environment(), check=False).returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no full disk")
@commands
def test_a_full_disk_behind_stderr_ends_no_run(data: Path, command: tuple[str, ...]) -> None:
    """What nobody will ever read is not worth a result."""
    with Path("/dev/full").open("w") as full:
        code = [sys.executable, "-m", "normstat", *command]
        run = subprocess.run(
            code, env=environment(), stderr=full, stdout=subprocess.PIPE, check=False
        )
    assert run.returncode == 0
    assert (data / "out.json").exists() or (data / "out" / "normstat.json").exists()
