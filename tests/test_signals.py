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
from command import environment, here, normstat
from started import AT_ONCE, at_most, eventually, finish, patch, started, workers

import normstat as library
from normstat.signals import _ECHO, _PATIENCE

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
LAST = "9.ppm"
# Nobody but the main thread ends the process, however long a busy machine takes for that.
ALONE = """
import sys
if "-m" in sys.orig_argv:
    from normstat import signals
    signals._PATIENCE = 600
"""
# The last image takes for ever: no run ends before it is told to. A file tells that it is there.
ENDLESS = f"""{ALONE}
import pathlib, time
if "-c" in sys.orig_argv:
    def stuck(event, arguments):
        if event == "open" and str(arguments[0]).endswith("{LAST}"):
            pathlib.Path("reached").touch()
            time.sleep(600)
    sys.addaudithook(stuck)
"""


@pytest.fixture(autouse=True)
def no_hang() -> Iterator[None]:
    """A hang is a failure of one test only."""
    with at_most(100):
        yield


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder ``data``, and a stats file of it."""
    here = tmp_path_factory.mktemp("signals")
    picture = make.encoded(make.pixels(1, 300, 400), "PPM")
    for index in range(24):
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
def endless(tmp_path: Path) -> dict[str, str]:
    """An environment in which no run comes to its end."""
    return patch(tmp_path / "endless", ENDLESS)


@pytest.mark.sampled
@pytest.mark.fault(50)
@pytest.mark.parametrize(
    ("name", "number", "group"),
    [
        *(("compute", number, True) for number in ASKED),
        ("check", signal.SIGINT, True),
        ("check", signal.SIGTERM, True),
        ("apply", signal.SIGINT, True),
        ("apply", signal.SIGHUP, True),
        ("compute", signal.SIGINT, False),
        ("compute", signal.SIGTERM, False),
    ],
)
def test_a_signal_ends_a_command(
    data: Path,
    endless: dict[str, str],
    name: str,
    number: signal.Signals,
    group: bool,
) -> None:
    """The exit code says which; one sentence says how to continue; the old output is intact."""
    command = COMMANDS[name]
    if command[0] != "apply":
        (data / "out.json").write_text("old")
    with started(*command, env=endless) as process:
        assert eventually(Path("reached").exists)
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


@pytest.mark.parametrize("seed", range(6))
def test_a_signal_at_any_moment(data: Path, seed: int) -> None:
    """From the first worker to the end: the signal's exit code or that of a finished run."""
    dice = random.Random(seed)
    command = dice.choice(list(COMMANDS.values()))
    number = dice.choice(list(ASKED))
    with started(*command, env=patch(data / "alone", ALONE)) as process:
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
    assert here(*COMMANDS["apply"], "--skip-existing").returncode == 0
    library.apply("data", "whole", "unit", workers=0)
    assert applied.tree(data / "out") == applied.tree(data / "whole")


@pytest.mark.sampled
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


# Cleaning up that does not come to an end, whatever happens; a file tells that it has begun.
STUCK_AT_THE_END = """
import pathlib, sys, time
if "-m" in sys.orig_argv:
    from normstat.executors import Local
    def stuck(*_):
        pathlib.Path("stuck").touch()
        while True:
            try:
                time.sleep(600)
            except BaseException:
                pass
    Local.__exit__ = stuck
"""
# A folder on storage that does not answer: whoever looks into it waits.
STUCK_WALK = """
import os, pathlib, sys, time
if "-m" in sys.orig_argv:
    scandir = os.scandir
    def stuck(path):
        if str(path).endswith("hung/"):
            pathlib.Path("stuck").touch()
            time.sleep(600)
        return scandir(path)
    os.scandir = stuck
"""


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGINT, STUCK_AT_THE_END),
        (signal.SIGTERM, STUCK_AT_THE_END),
        (signal.SIGHUP, STUCK_WALK),
        (signal.SIGINT, STUCK_WALK),
    ],
    ids=["end-SIGINT", "end-SIGTERM", "walk-SIGHUP", "walk-SIGINT"],
)
def test_nothing_that_is_stuck_holds_up_the_exit(
    data: Path, tmp_path: Path, number: signal.Signals, code: str
) -> None:
    """Neither the main thread nor another that waits for storage: it comes when patience ends."""
    assert _PATIENCE < AT_ONCE
    make.write(tmp_path / "some" / "a.png", make.encoded(make.pixels(1, 5, 7)))
    make.write(tmp_path / "some" / "hung" / "b.png", make.encoded(make.pixels(1, 5, 7)))
    with started("compute", "some", env=patch(tmp_path / "patch", code)) as process:
        assert eventually(Path("stuck").exists)
        process.send_signal(number)
        stderr = finish(process)
    assert process.returncode == ASKED[number]
    assert "Traceback" not in stderr


@pytest.mark.fault(50)
def test_a_second_interrupt_ends_at_once(data: Path, tmp_path: Path) -> None:
    """Nobody who presses Ctrl-C twice waits for what the first is still cleaning up."""
    env = patch(tmp_path / "patch", ENDLESS + STUCK_AT_THE_END)
    with started("compute", "data", env=env) as process:
        assert eventually(Path("reached").exists)
        process.send_signal(signal.SIGINT)
        assert eventually(Path("stuck").exists)
        time.sleep(_ECHO)  # two at the same moment are one
        process.send_signal(signal.SIGINT)
        stderr = finish(process)
    assert process.returncode == 130
    assert "interrupted" not in stderr  # it did not come to that


# The moment lasts as long as the test, and patience until the second interrupt is there.
LONG_MOMENT = """
import sys
if "-m" in sys.orig_argv:
    from normstat import signals
    signals._ECHO, signals._PATIENCE = 600, 1.5
"""


@pytest.mark.matrix
def test_an_interrupt_that_is_passed_on_is_no_second(data: Path, tmp_path: Path) -> None:
    """Ctrl-C reaches the command and what started it, which sends it once more: that is one."""
    env = patch(tmp_path / "patch", ENDLESS + STUCK_AT_THE_END + LONG_MOMENT)
    with started("compute", "data", env=env) as process:
        assert eventually(Path("reached").exists)
        process.send_signal(signal.SIGINT)
        assert eventually(Path("stuck").exists)
        process.send_signal(signal.SIGINT)
        stderr = finish(process)
    assert process.returncode == 130
    assert "interrupted by SIGINT" in stderr


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


@pytest.mark.fault(51)
@pytest.mark.parametrize(
    ("code", "wait"),
    [(ENDLESS, 0.05), (ENDLESS, 0.4), (IMPORTS_FOR_EVER, 0.4)],
    ids=["early", "busy", "starting"],
)
@pytest.mark.parametrize("name", ["compute", "apply"])
def test_a_killed_command_leaves_no_process(
    data: Path, tmp_path: Path, name: str, code: str, wait: float
) -> None:
    """SIGKILL to the parent alone: workers go too, be they busy or still importing."""
    with started(*COMMANDS[name], env=patch(tmp_path / "patch", code)) as process:
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


@pytest.mark.sampled
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


# A process that sends itself a signal at one place, at which it is easily lost or told twice.
IN_A_DESTRUCTOR = f"""{ALONE}
import signal, weakref
if "-m" in sys.orig_argv:
    from normstat.executors import Local
    class Sends:
        def __del__(self):
            signal.raise_signal(signal.SIGTERM)
    enter = Local.__enter__
    def entered(self):
        Sends()
        return enter(self)
    Local.__enter__ = entered
"""
IN_A_CALLBACK = IN_A_DESTRUCTOR.replace(
    "        Sends()\n",
    "        sent = Local(1)\n"
    "        reference = weakref.ref(sent, lambda _: signal.raise_signal(signal.SIGTERM))\n"
    "        del sent\n",
).replace(
    "        def __del__(self):\n            signal.raise_signal(signal.SIGTERM)\n",
    "        pass\n",
)


@commands
@pytest.mark.parametrize("code", [IN_A_DESTRUCTOR, IN_A_CALLBACK], ids=["del", "weakref"])
def test_a_signal_in_a_destructor(
    data: Path, tmp_path: Path, command: tuple[str, ...], code: str
) -> None:
    """Where Python ignores exceptions the run stops all the same, and nobody sees a traceback."""
    run = normstat(*command, env=patch(tmp_path / "patch", code))
    assert run.returncode == 143
    assert run.stderr.splitlines()[-1] == f"normstat: interrupted by SIGTERM; {HOW[command[0]]}"
    assert "Exception ignored" not in run.stderr
    assert "Traceback" not in run.stderr


# The signal comes when the system has written the words, and before Python knows it.
WHILE_IT_WRITES = f"""{ALONE}
import signal
if "-m" in sys.orig_argv:
    def hook(frame, event, called):
        if event == "c_return" and called.__name__ == "write" and frame.f_code.co_name == "write":
            if frame.f_globals["__name__"] == "normstat.cli.app":
                sys.setprofile(None)
                signal.raise_signal(signal.SIGTERM)
    sys.setprofile(hook)
"""


@pytest.mark.sampled
@commands
def test_a_signal_while_a_line_is_written(
    data: Path, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """Each line is there once, and the sentence comes last."""
    run = normstat(*command, env=patch(tmp_path / "patch", WHILE_IT_WRITES))
    *before, last = run.stderr.splitlines()
    assert run.returncode == 143
    assert last == f"normstat: interrupted by SIGTERM; {HOW[command[0]]}"
    assert before
    assert len(before) == len(set(before))


NOBODY_LOOKS_ON = """
import sys, threading
if "-m" in sys.orig_argv:
    from normstat import signals
    signals._PATIENCE = 0.1
start = threading.Thread.start
def refused(self):
    if self.name == "signals":
        raise RuntimeError("can't start new thread")
    start(self)
threading.Thread.start = refused
"""


def test_a_second_interrupt_without_the_thread(data: Path, tmp_path: Path) -> None:
    """Where no thread could be started, or the system has no such pipes, it ends the process."""
    env = patch(tmp_path / "patch", ENDLESS + STUCK_AT_THE_END + NOBODY_LOOKS_ON)
    with started("compute", "data", env=env) as process:
        assert eventually(Path("reached").exists)
        process.send_signal(signal.SIGINT)
        assert eventually(Path("stuck").exists)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1.0)  # a thread that looks on would have ended it long ago
        process.send_signal(signal.SIGINT)
        stderr = finish(process)
    assert process.returncode == 130
    assert "interrupted" not in stderr


OTHER_SIGNALS = """
import signal, sys
if "-m" in sys.orig_argv:
    from normstat import signals
    signals._PATIENCE = 0
    signal.signal(signal.SIGUSR1, lambda *_: None)
"""


def test_other_signals_are_none_of_ours(data: Path, tmp_path: Path) -> None:
    """Whoever has a handler for another signal is not asked to stop by it."""
    with started(*COMMANDS["compute"], env=patch(tmp_path / "other", OTHER_SIGNALS)) as process:
        workers(process)
        process.send_signal(signal.SIGUSR1)
        stderr = finish(process)
    assert process.returncode == 0, stderr


# As soon as there is a picture, the next array takes for ever.
ONE_PICTURE = f"""{ALONE}
import pathlib, time
if "-m" in sys.orig_argv:
    def stuck(event, arguments):
        if event == "open" and str(arguments[0]).endswith(".npy"):
            if any(pathlib.Path("seen").glob("train/*.png")):
                time.sleep(600)
    sys.addaudithook(stuck)
"""


def test_an_interrupted_invert(data: Path, tmp_path: Path) -> None:
    """It begins again, over what it has left."""
    library.apply("data", "out", "unit", workers=0)
    command = ("invert", "out", "seen")
    with started(*command, env=patch(tmp_path / "patch", ONE_PICTURE)) as process:
        assert eventually(lambda: any(data.glob("seen/train/*.png")))
        process.terminate()
        last = finish(process).splitlines()[-1]
    assert process.returncode == 143
    how = "the same command with --overwrite begins again"
    assert last == f"normstat: interrupted by SIGTERM; {how}"
    assert here(*command, "--overwrite").returncode == 0
