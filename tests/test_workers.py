"""Worker processes may die, hang or be killed: every image is still accounted for, once."""

import importlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import jobs
import pytest
from executor_contract import (
    EXPECTED,
    FATAL,
    SHARDS,
    TIMEOUT,
    ExecutorContract,
    IsolatingContract,
    mapped,
)
from started import at_most, children, eventually

from normstat.__main__ import _READS_IMAGES
from normstat.commandline import needed_to_read
from normstat.errors import EngineLost
from normstat.executors import Executor, InProcess, Local, available_cpus, in_order
from normstat.executors.process import Worker

linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
posix = pytest.mark.skipif(sys.platform == "win32", reason="no signals there")
# A thread that ends with an exception is a bug, even where the results are right.
pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")


def alive(pid: int) -> bool:
    """Whether a process is there, and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture(autouse=True)
def no_hang() -> Iterator[None]:
    """A hang is a failure of one test only."""
    with at_most(100):
        yield


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """After a test there are as many processes and threads as before."""
    before = children(os.getpid()) if sys.platform == "linux" else set()
    threads = threading.active_count()
    yield
    assert eventually(lambda: threading.active_count() == threads)
    if sys.platform == "linux":
        assert children(os.getpid()) == before


class TestInProcess(ExecutorContract):
    """No process but this one."""

    name = "inprocess"
    ahead = 1

    def made(self) -> Executor:
        return InProcess()


class TestLocal(IsolatingContract):
    """Processes on this machine."""

    name = "local"

    def made(self) -> Executor:
        return Local(2, image_timeout=TIMEOUT)


@posix
@pytest.mark.parametrize("poison", ["segfault", "loop"])
def test_the_only_worker_is_replaced(poison: str) -> None:
    """When it dies, all that is left goes on in another one."""
    shards = jobs.shards(poison)
    results = mapped(Local(1, image_timeout=TIMEOUT), jobs.Names(), shards)
    told = {poison: FATAL[poison]}
    assert results == [tuple(told.get(name, name) for name in shard.names) for shard in shards]


def test_more_workers_than_shards() -> None:
    """What has nothing to do is no problem."""
    assert mapped(Local(8), jobs.Names(), SHARDS[:2]) == EXPECTED[:2]


def test_a_worker_serves_many_shards() -> None:
    """Workers are started once, not for every shard."""
    pids = {pid for _, (pid,) in Local(2).map(jobs.Pid(), SHARDS)}
    assert len(pids) <= 2
    assert os.getpid() not in pids


def test_what_a_library_prints_stays_in_the_worker(capfd: pytest.CaptureFixture[str]) -> None:
    """Neither the results nor the terminal are touched by output on descriptors 1 and 2."""
    shards = jobs.shards("close stdout")
    assert mapped(Local(2), jobs.Names(), shards) == [shard.names for shard in shards]
    assert capfd.readouterr() == ("", "")


def test_a_broken_library_that_nobody_uses_ends_no_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name on the command line may only look as if it were needed."""
    (tmp_path / "broken_library.py").write_text("raise ValueError('numpy.dtype size changed')")
    monkeypatch.syspath_prepend(tmp_path)
    shards = jobs.shards(number=2)
    with Local(1, preload=("broken_library", "no_such_library")) as local:
        assert dict(local.map(jobs.Names(), shards)) == dict(
            enumerate(shard.names for shard in shards)
        )


def test_a_shard_that_cannot_be_received_is_an_error_at_once() -> None:
    """With the reason: a worker that cannot even unpickle it must not be waited for."""
    container: Any = jobs.NotToBeUnpickled()
    shards = [replace(shard, container=container) for shard in jobs.shards(number=2)]
    with Local(1) as local, pytest.raises(RuntimeError, match="'no number'"):
        list(local.map(jobs.Names(), shards))


def test_modules_that_workers_import_ahead_are_there() -> None:
    """A worker passes over one that is not: a name that is out of date would cost time unseen."""
    urls = [f"{scheme}://a/b" for scheme in ("s3", "https", "gs", "az", "hf")]
    names = {*_READS_IMAGES.values(), *needed_to_read(["compute", "a.parquet", "a.h5", *urls])}
    ours = {name for name in names if name.startswith("normstat")}
    assert "normstat.sources.stores.s3" in ours
    assert names - ours >= {"h5py", "s3fs", "fsspec.implementations.http"}
    for name in ours:
        importlib.import_module(name)


@linux
def test_memory_is_kept_where_dask_would_have_it_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its nannies set a variable for their workers; whatever a user sets stays."""
    for given, found in (("65536", str(256 << 20)), ("123456", "123456")):
        monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", given)
        before = children(os.getpid())
        worker = Worker(())
        try:
            (pid,) = children(os.getpid()) - before
            environ = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        finally:
            worker.end()
        assert f"MALLOC_TRIM_THRESHOLD_={found}".encode() in environ


@pytest.mark.sampled
@pytest.mark.fault(52)
@linux
@pytest.mark.parametrize("number", [9, 15], ids=["SIGKILL", "SIGTERM"])
def test_workers_killed_from_outside_cost_nothing(number: signal.Signals) -> None:
    """A dozen kills at any moment: no result is lost, doubled or blamed on an image."""
    killed: list[int] = []
    done = threading.Event()

    def kill() -> None:
        while len(killed) < 12 and not done.is_set():
            victims = children(os.getpid())
            if victims:
                killed.append(random.choice(sorted(victims)))
                with suppress(ProcessLookupError):
                    os.kill(killed[-1], number)
            time.sleep(0.1)

    killer = threading.Thread(target=kill)
    shards = jobs.shards(number=60)
    results = Local(3).map(jobs.Names(0.01), shards)
    first = next(results)
    killer.start()
    try:
        assert [*in_order([first, *results])] == [shard.names for shard in shards]
    finally:
        done.set()
        killer.join()
    assert len(killed) >= 3


def test_an_exception_of_the_job_is_raised_with_its_traceback() -> None:
    """A bug is no bad image: it ends the run, and says where it is."""
    with pytest.raises(RuntimeError, match=r"(?s)jobs\.py.*ZeroDivisionError: the job is wrong"):
        mapped(Local(2), jobs.Names(), jobs.shards("error"))


@linux
def test_leaving_early_ends_the_workers() -> None:
    """Who closes the results after the first one has no process left, though one is busy."""
    results = Local(3, image_timeout=0).map(jobs.Names(0.02), jobs.shards("sleep", number=40))
    next(results)
    assert children(os.getpid())
    results.close()  # type: ignore[attr-defined]  # a generator
    assert not children(os.getpid())


PARENT = """
import jobs
from normstat.executors import Local

job = jobs.Names({seconds})
for result in Local(3, image_timeout=0).map(job, jobs.shards({names})):
    print(result, flush=True)
"""


@linux
@pytest.mark.parametrize(
    ("seconds", "names"), [(0.05, ""), (600, ""), (0.01, "'loop in C', each=1, number=2")]
)
@pytest.mark.parametrize("number", [9, 15], ids=["SIGKILL", "SIGTERM"])
def test_workers_go_with_their_parent(number: signal.Signals, seconds: float, names: str) -> None:
    """A killed parent leaves no worker behind, whether these sleep, work or are stuck in C."""
    folder = str(Path(jobs.__file__).parent)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([folder, *sys.path])}
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT.format(seconds=seconds, names=names)],
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        assert eventually(lambda: len(children(parent.pid)) == 3)
        time.sleep(0.3)
        workers = children(parent.pid)
        parent.send_signal(number)
        parent.wait(10)
        assert eventually(lambda: not any(map(alive, workers)))
    finally:
        parent.kill()
        parent.wait()


@pytest.mark.sampled
@pytest.mark.fault(54)
@posix
@pytest.mark.parametrize(
    ("script", "said"),
    [("echo 'no licence' >&2; exit 1", "no licence"), ("kill -9 $$", "SIGKILL"), (None, "No such")],
)
def test_workers_that_cannot_start_end_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, said: str
) -> None:
    """No Python, or one that fails: an error that says so, not a hang."""
    program = tmp_path / "python"
    if script:
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    start = time.monotonic()
    with pytest.raises(EngineLost, match=f"cannot be started.*{said}"):
        mapped(Local(3), jobs.Names(), SHARDS)
    assert time.monotonic() - start < 10


def starts_only(tmp_path: Path, number: int) -> str:
    """A Python that can be started so many times, and fails from then on."""
    program = tmp_path / "python"
    tries = "".join(f'mkdir "{tmp_path}/{index}" 2>/dev/null || ' for index in range(number))
    program.write_text(f'#!/bin/sh\n{tries}exit 1\nexec "{sys.executable}" "$@"\n')
    program.chmod(0o755)
    return str(program)


@pytest.mark.matrix
@posix
def test_one_worker_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When only some workers can be started, these do all the work."""
    monkeypatch.setattr(sys, "executable", starts_only(tmp_path, 1))
    shards = jobs.shards(number=60)
    assert mapped(Local(3), jobs.Names(0.01), shards) == [shard.names for shard in shards]


@pytest.mark.sampled
@posix
@pytest.mark.parametrize("workers", [2, 3])
def test_a_worker_that_cannot_be_replaced_hands_its_shard_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    """One worker is killed and no other can be started: those that are left do its work."""
    monkeypatch.setattr(sys, "executable", starts_only(tmp_path, workers))
    shards = jobs.shards(f"once {tmp_path / 'killed'}", number=60)
    assert mapped(Local(workers), jobs.Names(0.01), shards) == [shard.names for shard in shards]


@posix
def test_the_last_worker_that_cannot_be_replaced_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker crashes and no other can be started: an error, not a hang."""
    monkeypatch.setattr(sys, "executable", starts_only(tmp_path, 1))
    with pytest.raises(EngineLost, match="cannot be started"):
        mapped(Local(1), jobs.Names(), jobs.shards("exit 3"))


def test_available_cpus_are_those_of_the_process() -> None:
    """At least one, and no more than there are."""
    assert 1 <= available_cpus() <= (os.cpu_count() or 1)


def test_no_worker_has_two_shards_while_another_has_none() -> None:
    """As many slow shards as workers take as long as one: every worker gets one of them."""
    with Local(3) as local:
        list(local.map(jobs.Names(), SHARDS))  # all are up
        pids = [pid for _, (pid,) in local.map(jobs.Pid(0.3), SHARDS[:3])]
    assert len(set(pids)) == 3


@pytest.mark.matrix
def test_workers_last_until_the_outermost_block_ends() -> None:
    """Whoever is handed an executor that is open already may open it again."""
    with Local(2) as local:
        with local:
            first = {pid for _, (pid,) in local.map(jobs.Pid(0.1), SHARDS)}
        again = {pid for _, (pid,) in local.map(jobs.Pid(0.1), SHARDS)}
    assert first == again


def test_fewer_workers_than_were_started() -> None:
    """What is not wanted after all does not stay."""
    before = children(os.getpid()) if sys.platform == "linux" else set()
    with Local(3) as local:
        local.workers = 1
        with local:
            if sys.platform == "linux":
                assert len(children(os.getpid()) - before) == 1
            assert len({pid for _, (pid,) in local.map(jobs.Pid(), SHARDS)}) == 1
