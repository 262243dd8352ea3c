"""Engines elsewhere: the same bytes as here, whatever happens to their workers."""

import heapq
import itertools
import os
import random
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures import Executor as Pool
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

import dask_nodes
import jobs
import make
import numpy as np
import pytest
import test_workers
from cached import Listener
from clusters import Cluster, cluster
from command import environment
from command import normstat as run
from distributed import Client
from distributed.comm import CommClosedError
from executor_contract import TIMEOUT, ExecutorContract, IsolatingContract, mapped
from started import LONG, at_most, children, eventually, finish, members, started

import normstat
from normstat.errors import EngineLost, UsageError
from normstat.executors import EXECUTORS, Executor, dask_cluster, forks, futures, guard, supervised
from normstat.executors.dask import Dask
from normstat.executors.fitness import Ticket, problem_here
from normstat.executors.futures import AT_LEAST, Futures
from normstat.images import Code
from normstat.statsfile import dumps

pytestmark = [
    pytest.mark.matrix,  # they start clusters
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc, and has signals"),
    pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning"),
]
#: Images of the folder of many, each of them a shard: more than are in flight at once.
MANY = 48


@pytest.fixture(autouse=True)
def no_hang() -> Iterator[None]:
    """A hang is a failure of one test only."""
    with at_most(int(LONG)):
        yield


@pytest.fixture(scope="module", autouse=True)
def no_servers_left() -> Iterator[None]:
    """Other tests count the processes that they find."""
    yield
    dask_nodes.stop()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images of 8 and 16 bits and floats, gray among color, and some that cannot be read."""
    folder = tmp_path_factory.mktemp("data")
    for seed in range(9):
        color = make.encoded(make.pixels(seed, 20 + seed, 31), "JPEG")
        make.write(folder / "train" / f"{seed}.jpg", color)
        deep = make.encoded(make.pixels(seed, 21, 13, 1, "uint16"))
        make.write(folder / "val" / f"{seed}.png", deep)
        floats = make.pixels(seed, 11, 17).astype("float32") / np.float32(7)
        make.write(folder / "test" / f"{seed}.npy", make.npy(floats))
    make.write(folder / "train" / "gray.png", make.encoded(make.pixels(9, 12, 17, 1)))
    make.write(folder / "train" / "cut.png", make.encoded(make.pixels(1, 30, 30))[:-40])
    make.write(folder / "val" / "empty.png", b"")
    return folder


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shards of one image each, which are holes on the disk."""
    folder = tmp_path_factory.mktemp("many")
    for number in range(MANY):
        path = make.write(folder / f"{number:02}.pgm", b"P5 1024 %d 255\n" % (4100 + number))
        os.truncate(path, path.stat().st_size + 1024 * (4100 + number))
    return folder


@pytest.fixture(scope="module")
def expected(data: Path) -> str:
    return dumps(normstat.compute(data, workers=0))


@pytest.fixture(scope="module")
def expected_of_many(many: Path) -> str:
    return dumps(normstat.compute(many, workers=0))


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("shared")) as made:
        yield made


@pytest.fixture
def shared(two_workers: Cluster) -> Iterator[Cluster]:
    """Two workers that no test kills, or leaves slow."""
    yield two_workers
    two_workers.slow(0)


def threads() -> Pool:
    return ThreadPoolExecutor(2)


def processes() -> Pool:
    return ProcessPoolExecutor(2, get_context("spawn"))


# --------------------------------------------------------------------------------- the contract


class TestThreads(ExecutorContract):
    """Threads of this process, each with a child; the window is larger than that of processes."""

    ahead = 40

    @pytest.fixture(autouse=True)
    def _closed(self) -> Iterator[None]:
        """Each test has a pool of its own, and leaves no child."""
        before = children(os.getpid())
        with ExitStack() as self.opened:
            yield
        assert eventually(lambda: children(os.getpid()) <= before)

    def made(self) -> Executor:
        return Futures(self.opened.enter_context(threads()), TIMEOUT)


@pytest.mark.fault(76)
class TestDask(IsolatingContract):
    """A scheduler and two workers, which survive all of this."""

    name = "dask"
    ahead = 40

    @pytest.fixture(autouse=True)
    def _connected(self, shared: Cluster) -> Iterator[None]:
        with Dask(shared.address, image_timeout=TIMEOUT) as self.dask:
            yield
        assert all(worker.is_alive() for worker in shared.workers)

    def made(self) -> Executor:
        return self.dask


def test_every_executor_is_held_to_the_contract() -> None:
    """A row of the table without its line here has no laws."""
    suites: set[Any] = {test_workers.TestInProcess, test_workers.TestLocal, TestDask}
    assert {suite.name for suite in suites} == set(EXECUTORS)


# ------------------------------------------------------------------------------- the same bytes


@pytest.mark.parametrize("pool", [threads, processes])
def test_pools_give_the_same_bytes(
    data: Path, expected: str, pool: Callable[[], Pool], tmp_path: Path
) -> None:
    """Any executor of futures does, also with a cache, and says how many workers took part."""
    told = Listener()
    with pool() as made:
        assert dumps(normstat.compute(data, engine=made, progress=told)) == expected
        for _ in range(2):
            again = normstat.compute(data, engine=made, cache=tmp_path / "cache")
            assert dumps(again) == expected
    assert any(notice.endswith("took part") for notice in told.notices)


def test_a_cluster_of_one_s_own(data: Path, expected: str, tmp_path: Path) -> None:
    """The word alone starts one on this machine, and ends it."""
    with started("compute", data, "-o", tmp_path / "s", "--engine", "dask", "-j", "2") as process:
        stderr = finish(process, LONG)
    assert process.returncode == 3, stderr
    assert (tmp_path / "s").read_text() == expected
    assert "took part" in stderr
    assert "distributed" not in stderr


def test_a_cluster_by_its_file(data: Path, expected: str, shared: Cluster, tmp_path: Path) -> None:
    """DATA may be relative: workers are in another folder. The variable of Dask says it, too."""
    third = shared.add()
    shared.wait(3)
    for engine, env in (
        (f"dask:{shared.file}", {}),
        ("dask", {"DASK_SCHEDULER_ADDRESS": shared.address}),
    ):
        done = run("compute", ".", "-o", "-", "--engine", engine, cwd=data, env=env)
        assert (done.returncode, done.stdout) == (3, expected), done.stderr
    shared.kill(third)
    shared.wait(2)


def test_threads_of_a_worker_under_a_nanny(data: Path, expected: str, tmp_path: Path) -> None:
    """Each thread has a child of its own, in a process that may start none by itself."""
    with cluster(tmp_path / "c", 0) as made:
        made.add("--nanny", "--nthreads", "4")
        made.wait(1)
        with Dask(made.address) as engine:
            assert engine.slots == 4
            assert dumps(normstat.compute(data, engine=engine)) == expected


@pytest.mark.parametrize("store", ["npy", "stack"])
def test_apply_writes_the_same_files(
    data: Path, shared: Cluster, tmp_path: Path, store: str
) -> None:
    """Arrays, their index in the order of the walk, and the record."""
    options = ["--method", "unit", "--store", store, "--split", "train", "--allow-unreadable", "9"]
    sizes = ["--resize", "16", "--crop", "16", "--channels", "rgb"]
    for name, engine in (("here", "inprocess"), ("there", shared.engine)):
        done = run("apply", data, name, *options, *sizes, "--engine", engine, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    here, there = (
        {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (tmp_path / "here", tmp_path / "there")
    )
    assert here == there


def test_check_is_the_same(data: Path, shared: Cluster, tmp_path: Path) -> None:
    """With images that are read again, as they look alike; the cache is here, not on workers."""
    make.write(tmp_path / "d" / "train" / "a.png", (data / "val" / "1.png").read_bytes())
    make.write(tmp_path / "d" / "val" / "b.png", (data / "val" / "1.png").read_bytes())
    normstat.save(normstat.compute(tmp_path / "d", workers=0), tmp_path / "s.json")
    words = ["check", "d", "--stats", "s.json", "--format", "json", "--engine"]
    cached = [shared.engine, "--cache", "cache"]
    runs = [run(*words, *engine, cwd=tmp_path) for engine in (["inprocess"], cached, cached)]
    here, there, again = ((done.returncode, done.stdout) for done in runs)
    assert here == there == again
    assert "leakage" in here[1]
    assert "2 of 2 images from the cache" in runs[2].stderr


# ------------------------------------------------------------------------------ what may happen


@pytest.mark.fault(75, 80)
@pytest.mark.parametrize("number", [1, 5])
def test_workers_are_killed(
    many: Path, expected_of_many: str, shared: Cluster, number: int
) -> None:
    """One of three, and five of seven, one after the other: the same bytes by what is left."""
    killed = [shared.add() for _ in range(number)]
    shared.wait(2 + number)
    shared.slow(0.03)
    told = Listener(lambda: shared.kill(killed.pop()) if killed else None)
    stats = normstat.compute(many, engine=shared.engine, progress=told)
    assert not killed
    shared.wait(2)
    assert dumps(stats) == expected_of_many


def comes_late(shared: Cluster, before: str = "") -> None:
    """Start a third worker if there is none, and wait until the cluster has it, or had it."""
    if not shared.workers[2:]:
        late = shared.add(before=before)
        with Client(shared.address, set_as_default=False) as client:
            assert eventually(lambda: len(client.nthreads()) == 3 or not late.is_alive(), LONG)


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each shard is a task, so that there is one for a worker that comes late."""
    monkeypatch.setattr(futures, "_MOST_SHARDS", 1)


@pytest.mark.usefixtures("apart")
@pytest.mark.fault(80)
def test_a_worker_that_comes_late(many: Path, expected_of_many: str, shared: Cluster) -> None:
    """It takes part, and is told."""
    told = Listener(lambda: comes_late(shared))
    stats = normstat.compute(many, engine=shared.engine, progress=told)
    shared.kill(shared.workers[-1])
    shared.wait(2)
    assert "3 workers took part" in told.notices
    assert dumps(stats) == expected_of_many


@pytest.mark.fault(80)
def test_a_worker_that_leaves_while_it_is_asked(
    many: Path, expected_of_many: str, shared: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no worse than one that leaves before or after."""
    asked = Client.run

    def with_one_that_is_gone(*arguments: Any, **options: Any) -> Any:
        found = asked(*arguments, **options)
        return {"tcp://127.0.0.1:9": CommClosedError("Stream is closed"), **found}

    monkeypatch.setattr(Client, "run", with_one_that_is_gone)
    assert dumps(normstat.compute(many, engine=f"dask:{shared.address}")) == expected_of_many


def test_a_worker_that_leaves(many: Path, expected_of_many: str, shared: Cluster) -> None:
    """Others do the shards that it was to do."""
    shared.add()
    shared.wait(3)
    shared.slow(0.03)
    told = Listener(lambda: [*map(shared.retire, shared.workers[2:])] and None)
    stats = normstat.compute(many, engine=shared.engine, progress=told)
    shared.wait(2)
    assert dumps(stats) == expected_of_many


@pytest.mark.fault(75)
def test_all_workers_are_gone(many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are waited for, which is said, as all may be replaced; then the run ends."""
    monkeypatch.setattr("normstat.executors.dask._NO_WORKER", 1.0)
    monkeypatch.setattr("normstat.executors.dask._NO_WORKER_SAID", 0.0)
    with cluster(tmp_path / "c", 1) as made:
        killing = Listener(lambda: [*map(made.kill, [*made.workers])] and None)
        with pytest.raises(EngineLost, match=r"no worker for 1 s; .* the same command continues"):
            normstat.compute(many, engine=made.engine, progress=killing, cache=tmp_path / "cache")
    assert any(text.startswith("the cluster has no worker now") for text in killing.notices)


@pytest.mark.fault(76)
def test_images_that_end_their_decoder(shared: Cluster, tmp_path: Path) -> None:
    """They are records, here and on a cluster, whose workers live."""
    for number, name in enumerate(("a.png", "abort.png", "b.png", "hang.png")):
        make.write(tmp_path / "d" / name, make.encoded(make.pixels(number, 9, 13)))
    words = ["compute", "d", "-o", "-", "--image-timeout", "0.5", "--engine"]
    here = run(*words, "local", cwd=tmp_path, env=shared.patched)
    there = run(*words, shared.engine, cwd=tmp_path)
    assert all(worker.is_alive() for worker in shared.workers)
    assert (there.returncode, there.stdout) == (3, here.stdout), there.stderr
    assert Code.WORKER_CRASH in there.stdout
    assert Code.TIMEOUT in there.stdout


@pytest.mark.fault(77)
def test_the_scheduler_is_gone(many: Path, expected_of_many: str, tmp_path: Path) -> None:
    """The run says how to continue, and does so from its cache on one machine."""
    words = ["compute", many, "--cache", tmp_path / "cache", "-o", tmp_path / "s"]
    with cluster(tmp_path / "c", 1) as made:
        made.slow(0.05)
        with started(*words, "--engine", made.engine) as process:
            # More than are in flight at once, and than one that is looked at before the work.
            assert eventually(lambda: made.number_read() > AT_LEAST + 2, LONG)
            made.kill(made.scheduler)
            stderr = finish(process, LONG)
        assert process.returncode == 4, stderr
        assert "the scheduler is gone; what is finished is kept in" in stderr
        assert "the same command continues" in stderr
        assert "distributed" not in stderr
        assert "Traceback" not in stderr
    done = run(*words)
    assert (tmp_path / "s").read_text() == expected_of_many
    assert f" of {MANY} images from the cache" in done.stderr
    assert f"\n0 of {MANY} images from the cache" not in done.stderr


@pytest.mark.fault(77)
def test_the_scheduler_is_gone_while_arrays_are_written(tmp_path: Path) -> None:
    """Those that are there are whole, and the run can be continued, here too."""
    images = tmp_path / "images"
    for number in range(30):
        make.write(images / f"{number:02}.pgm", b"P5 3 5 255\n" + bytes(range(number, number + 15)))
    words = ["--method", "unit", "--engine"]
    with cluster(tmp_path / "c", 1) as made:
        made.slow(0.05)
        with started("apply", images, tmp_path / "there", *words, made.engine) as process:
            assert eventually(lambda: len(npy_files(tmp_path / "there")) > 3, LONG)
            made.kill(made.scheduler)
            stderr = finish(process, LONG)
    assert process.returncode == 4, stderr
    assert "--skip-existing continues" in stderr
    run("apply", images, tmp_path / "here", *words, "inprocess")
    whole = npy_files(tmp_path / "here")
    partial = npy_files(tmp_path / "there")
    assert partial.items() < whole.items()
    done = run("apply", images, tmp_path / "there", *words, "inprocess", "--skip-existing")
    assert done.returncode == 0, done.stderr
    assert npy_files(tmp_path / "there") == whole


def npy_files(folder: Path) -> dict[str, bytes]:
    """The arrays in a folder."""
    return {path.name: path.read_bytes() for path in folder.rglob("*.npy")}


@pytest.mark.fault(79)
def test_ctrl_c_ends_remote_work(many: Path, shared: Cluster) -> None:
    """What runs on workers ends with its children; the workers stay."""
    shared.slow(0.1)
    pids = [worker.pid or 0 for worker in shared.workers]
    with started("compute", many, "-o", "-", "--engine", shared.engine) as process:
        assert eventually(lambda: shared.number_read() > 4, LONG)  # workers have been looked at
        shared.slow(600)
        assert eventually(lambda: shared.number_read() > 1, LONG)
        busy = set().union(*(members(pid) for pid in pids)) - {*pids}
        process.send_signal(signal.SIGINT)
        finish(process, LONG)
        assert busy
        assert eventually(lambda: not any(map(test_workers.alive, busy)), LONG)
    assert process.returncode == 130
    assert all(worker.is_alive() for worker in shared.workers)


def test_a_cluster_of_one_s_own_ends_with_its_driver(many: Path) -> None:
    """Whatever ends that; nobody is left who waits for work."""
    with started("compute", many, "-o", "-", "--engine", "dask", "-j", "1") as process:
        assert eventually(lambda: len(members(process.pid)) > 3, LONG)
        others = members(process.pid) - {process.pid}
        process.kill()
        process.wait(LONG)
        assert eventually(lambda: not any(map(test_workers.alive, others)), LONG)


def test_a_cluster_of_one_s_own_imports_nothing_of_the_current_folder(
    data: Path, expected: str, tmp_path: Path
) -> None:
    """A script there may be called as a library. And no files are left where temporary ones are."""
    (tmp_path / "dask.py").write_text("open('was_run', 'w')")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    arguments = ("compute", data, "-o", tmp_path / "s", "--engine", "dask", "-j", "1")
    # -P: the current folder is not in the path of our script, as it is for -m
    code = "from normstat.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *arguments],
        cwd=tmp_path,
        env=environment(TMPDIR=str(scratch)),
        capture_output=True,
        timeout=LONG,
        check=False,
    )
    assert (tmp_path / "s").read_text() == expected, done.stderr
    assert not (tmp_path / "was_run").exists()
    assert not list(scratch.glob("pymp-*"))


@pytest.mark.matrix
def test_a_cluster_of_one_s_own_without_a_socket(data: Path, expected: str, tmp_path: Path) -> None:
    """Where the name of the folder of temporary files is too long for one, workers do start."""
    scratch = tmp_path / ("long" * 40)
    scratch.mkdir()
    arguments = ("compute", data, "-o", tmp_path / "s", "--engine", "dask", "-j", "1")
    with started(*arguments, env={"TMPDIR": str(scratch)}) as process:
        stderr = finish(process, LONG)
    assert process.returncode == 3, stderr
    assert (tmp_path / "s").read_text() == expected


def test_a_cluster_that_cannot_be_started(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Says what the system said."""

    def refused(**options: Any) -> None:
        raise RuntimeError("Nanny failed to start.") from BlockingIOError(11, "no more processes")

    monkeypatch.setattr(dask_cluster, "LocalCluster", refused)
    with pytest.raises(EngineLost, match=r"cannot be started here \(.*no more processes\)"):
        normstat.compute(data, engine="dask")


@pytest.mark.matrix
@pytest.mark.skipif(sys.platform == "win32", reason="a folder in use stays there")
def test_a_cluster_of_one_s_own_in_a_folder_that_was_removed(data: Path, tmp_path: Path) -> None:
    """Says so: Python starts no processes there."""
    (tmp_path / "gone").mkdir()
    code = f"""
import os, sys
os.chdir({str(tmp_path / "gone")!r})
os.rmdir({str(tmp_path / "gone")!r})
sys.argv[1:] = ["compute", {str(data.resolve())!r}, "-o", "-", "--engine", "dask", "-j", "1"]
from normstat.__main__ import main
main()
"""
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], env=environment(), capture_output=True, check=False
    )
    assert done.returncode == 2, done.stderr
    assert b"--engine dask: cannot start processes in a folder that was removed" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks into /proc")
def test_a_process_to_fork_others_from_has_one_thread() -> None:
    """A fork has no others, and would wait for what they hold."""
    code = (
        "import os, sys, normstat.executors.dask_imports\n"
        "assert 'numpy' in sys.modules, sys.modules\n"
        "assert len(os.listdir('/proc/self/task')) == 1"
    )
    subprocess.run([sys.executable, "-c", code], env=environment(), check=True)


def test_forks_are_of_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    """Elsewhere there are none, or libraries of the system do not survive them."""
    monkeypatch.setattr(sys, "platform", "darwin")
    with forks.prepared("json"):
        assert not forks.are_ready()


@pytest.mark.matrix
def test_a_broken_library_is_said_once(data: Path, tmp_path: Path) -> None:
    """The process that imports it ahead has nothing to say."""
    (tmp_path / "distributed.py").write_text("raise ValueError('numpy.dtype size changed')")
    arguments = ("compute", data, "-o", "-", "--engine", "dask")
    with started(*arguments, env={"PYTHONPATH": str(tmp_path)}) as process:
        stderr = finish(process, LONG)
    assert process.returncode == 70
    assert len(stderr.splitlines()) == 1


@pytest.mark.fault(79)
def test_ctrl_c_of_a_cluster_of_one_s_own(many: Path) -> None:
    """The terminal sends it to all of its processes, and none has a word to say."""
    with started("compute", many, "-o", "-", "--engine", "dask", "-j", "1") as process:
        assert eventually(lambda: len(members(process.pid)) > 2, LONG)
        os.killpg(process.pid, signal.SIGINT)
        stderr = finish(process, LONG)
    assert process.returncode == 130
    assert "Traceback" not in stderr
    assert stderr.splitlines()[-1].startswith("normstat: interrupted by SIGINT")


def test_a_pool_that_is_broken(many: Path, expected_of_many: str, tmp_path: Path) -> None:
    """One process killed takes all that is pending along: the run ends, its cache continues."""
    with processes() as pool:

        def kill() -> None:
            for process in list(pool._processes.values())[:1]:
                process.kill()

        killing = Listener(kill)
        with pytest.raises(EngineLost, match=r"is kept in .* the same command continues"):
            normstat.compute(many, engine=pool, cache=tmp_path / "c", progress=killing)
    told = Listener()
    stats = normstat.compute(many, workers=0, cache=tmp_path / "c", progress=told)
    assert dumps(stats) == expected_of_many
    assert not any(notice.startswith("0 of") for notice in told.notices)


class Losing(ThreadPoolExecutor):
    """Every so often a task is lost with its worker."""

    def __init__(self, each: int) -> None:
        super().__init__(1)
        self._each, self._number = each, 0

    def submit(self, *arguments: Any, **options: Any) -> Any:
        self._number += 1
        if self._number % self._each:
            return super().submit(*arguments, **options)
        lost: Future[Any] = Future()
        lost.set_exception(BrokenExecutor("its worker is gone"))
        return lost


@pytest.mark.fault(75)
def test_a_task_that_is_lost_with_its_worker_is_handed_in_again() -> None:
    """No result is missing, none is there twice."""
    shards = jobs.shards()
    with Losing(3) as pool:
        assert mapped(Futures(pool), jobs.Names(), shards) == [shard.names for shard in shards]


class Counting(ThreadPoolExecutor):
    """Counts the tasks that it is given."""

    def __init__(self) -> None:
        super().__init__(1)
        self.tasks = 0

    def submit(self, *arguments: Any, **options: Any) -> Any:
        self.tasks += 1
        return super().submit(*arguments, **options)


@pytest.mark.parametrize(
    ("seconds", "in_flight", "tasks"),
    [(1e6, 1000, range(23, 60)), (0.0, 1000, range(342, 343)), (1e6, AT_LEAST, range(342, 343))],
    ids=["short", "long", "of a large cluster"],
)
def test_short_shards_share_a_task(
    monkeypatch: pytest.MonkeyPatch, seconds: float, in_flight: int, tasks: range
) -> None:
    """Once it is known that they are short; each has its result, also those without images."""
    monkeypatch.setattr(futures, "_SECONDS", seconds)
    monkeypatch.setattr(futures, "_IN_FLIGHT", in_flight)
    shards = [
        replace(shard, names=shard.names if number % 7 else ())
        for number, shard in enumerate(jobs.shards(number=400))
    ]
    with Counting() as pool:
        assert mapped(Futures(pool), jobs.Names(), shards) == [shard.names for shard in shards]
    assert pool.tasks in tasks


class Failing(ThreadPoolExecutor):
    """Some tasks go well, then each ends with an error of the engine, not of the job."""

    def __init__(self, error: Exception, well: int = 0) -> None:
        super().__init__(1)
        self._error, self._well = error, well

    def submit(self, *arguments: Any, **options: Any) -> Any:
        self._well -= 1
        if self._well >= 0:
            return super().submit(*arguments, **options)
        return super().submit(self._fail)  # after those that went well

    def _fail(self) -> None:
        raise self._error


@pytest.mark.fault(75)
@pytest.mark.parametrize(
    ("well", "kept"),
    [(0, "nothing was finished, so the same command begins anew"), (9, "the same command conti")],
)
def test_an_error_of_the_engine_is_no_bug(many: Path, tmp_path: Path, well: int, kept: str) -> None:
    """Other executors say in words of their own that a worker is lost: the cache continues."""
    lost = OSError("worker 7 is lost\nand more")
    words = rf"engine has failed \(OSError: worker 7 is lost\); .*{kept}"
    with Failing(lost, well) as pool, pytest.raises(EngineLost, match=words):
        normstat.compute(many, engine=pool, cache=tmp_path / "c")


@pytest.mark.fault(78)
@pytest.mark.parametrize(("well", "kind"), [(0, UsageError), (9, EngineLost)])
def test_a_worker_of_a_pool_that_has_no_normstat(well: int, kind: type[Exception]) -> None:
    """It cannot even be asked; nothing is begun, or the run ends."""
    error = ModuleNotFoundError("No module named 'normstat'")
    with Failing(error, well) as pool, pytest.raises(kind, match="worker has no normstat"):
        mapped(Futures(pool), jobs.Names(), jobs.shards())


class OfUnknownSize(Pool):
    """An executor that does not say how many workers it has, and is lost once it has enough."""

    def __init__(self, enough: int) -> None:
        self._waits = [Future[Any]() for _ in range(enough)]

    def submit(self, *arguments: Any, **options: Any) -> Any:
        future = self._waits.pop()
        if not self._waits:
            future.set_exception(OSError("that was enough"))
        return future


def test_an_engine_of_unknown_size_has_enough_to_do() -> None:
    """Shards for 64 workers, four each; with fewer in flight this would wait for ever."""
    with pytest.raises(EngineLost, match="that was enough"):
        mapped(Futures(OfUnknownSize(4 * 64)), jobs.Names(), jobs.shards(number=300))


class Simulated(Futures):
    """A cluster of 64 slots in a time of its own, which goes on while the driver waits."""

    slots = 64

    def __init__(self) -> None:
        super().__init__(Pool())
        self.now = self.busy = 0.0
        self._dice = random.Random(0)
        self._running: list[tuple[float, int, Future[bytes]]] = []
        self._queued: deque[Future[bytes]] = deque()
        self._number = itertools.count()

    def submit(self, ticket: bytes, job: bytes, shard: bytes) -> Future[bytes]:
        future: Future[bytes] = Future()
        self._queued.append(future)
        self._start()
        return future

    def _start(self) -> None:
        while self._queued and len(self._running) < self.slots:
            seconds = self._dice.uniform(0.5, 1.5)
            self.busy += seconds
            task = self.now + seconds, next(self._number), self._queued.popleft()
            heapq.heappush(self._running, task)

    def look(self) -> None:
        self.now, _, future = heapq.heappop(self._running)
        self._start()
        future.set_result(guard.dumps_answer(guard.Answer("simulated", [()])))


def test_a_large_cluster_is_kept_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 64 slots for 2,000 shards, whose work takes unequal times, none has to wait for more."""
    monkeypatch.setattr(futures, "_LOOK", 0.0)
    cluster = Simulated()
    assert len(mapped(cluster, jobs.Names(), jobs.shards(number=2000))) == 2000
    assert cluster.busy > 0.95 * cluster.slots * cluster.now


def test_workers_that_end_again_and_again() -> None:
    """The run ends some time."""
    with Losing(1) as pool, pytest.raises(EngineLost, match="again and again"):
        mapped(Futures(pool), jobs.Names(), jobs.shards())


def test_a_pool_that_was_shut_down() -> None:
    """It takes no work, and that is said."""
    with threads() as pool:
        pass
    with pytest.raises(EngineLost, match="takes no more work"):
        mapped(Futures(pool), jobs.Names(), jobs.shards())


# -------------------------------------------------------------------------- refused before work


@pytest.mark.fault(78)
@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("import sys; sys.modules['normstat'] = None", "has no normstat"),
        (
            "import normstat; normstat.__version__ = '0.0.1'",
            f"has normstat 0.0.1, the driver has {normstat.__version__}; install the same",
        ),
        ("import os; os.environ['WITHOUT_DATA'] = '1'", "same path"),
    ],
    ids=["without normstat", "another version", "without DATA"],
)
def test_a_worker_that_is_not_fit(
    data: Path, shared: Cluster, tmp_path: Path, before: str, said: str
) -> None:
    """It is named, with the cure, and nothing is begun."""
    unfit = shared.add(before=before)
    try:
        shared.wait(3)
        done = run(
            "compute", data, "--split", "train", "-o", tmp_path / "s", "--engine", shared.engine
        )
    finally:
        shared.kill(unfit)
        shared.wait(2)
    assert done.returncode == 2, done.stderr
    assert "--engine: worker tcp://127.0.0.1:" in done.stderr
    assert said in done.stderr
    assert not (tmp_path / "s").exists()


@pytest.mark.usefixtures("apart")
@pytest.mark.fault(78, 80)
def test_a_worker_of_another_version_that_comes_late(
    many: Path, shared: Cluster, tmp_path: Path
) -> None:
    """Its first shard finds it: the run ends, and can go on without it."""
    other = "import normstat; normstat.__version__ = '0.0.1'"
    told = Listener(lambda: comes_late(shared, other))
    said = r"engine: worker \S+ has normstat 0\.0\.1.* the same command continues"
    try:
        with pytest.raises(EngineLost, match=said):
            normstat.compute(many, engine=shared.engine, progress=told, cache=tmp_path / "cache")
    finally:
        shared.kill(shared.workers[-1])
        shared.wait(2)


@pytest.mark.usefixtures("apart")
@pytest.mark.fault(78, 80)
def test_a_worker_without_normstat_that_comes_late(
    many: Path, expected_of_many: str, shared: Cluster
) -> None:
    """Dask ends a worker that cannot unpickle its task; others do that."""
    none = "import sys; sys.modules['normstat'] = None"
    told = Listener(lambda: comes_late(shared, none))
    stats = normstat.compute(many, engine=shared.engine, progress=told)
    shared.kill(shared.workers[-1])
    shared.wait(2)
    assert dumps(stats) == expected_of_many


@pytest.mark.fault(78)
def test_a_worker_without_out(tmp_path: Path) -> None:
    """Arrays are not written to a disk of its own."""
    with ThreadPoolExecutor(1) as pool:
        asked = (Ticket.of(name, 1.0, None, (name,)) for name in (str(tmp_path), "nowhere"))
        fit, unfit = (pool.submit(problem_here, ticket.dumps()) for ticket in asked)
        assert fit.result() == ""
        assert "has no folder nowhere; OUT should be on storage" in unfit.result()


def test_a_pool_whose_workers_are_not_fit(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first shard finds it."""
    monkeypatch.setattr("normstat.executors.identity.__version__", "9.9.9")
    with processes() as pool, pytest.raises(UsageError, match=r"engine: worker .* normstat 0\.1"):
        normstat.compute(data, engine=pool)


@pytest.mark.parametrize(
    ("engine", "said"),
    [
        ("dask:tcp://127.0.0.1:9", "no scheduler answers at tcp://127.0.0.1:9; start one with"),
        ("dask:nowhere.json", "cannot be read (No such file or directory)"),
        ("dask:odd.json", "has no address"),
        ("dask:", "should be one of local, inprocess, dask, dask:ADDRESS or dask:FILE.json"),
        ("spark", "should be one of"),
        ("local:8", "should be local"),
        ("inprocess:8", "should be inprocess"),
    ],
)
def test_an_engine_that_is_none(data: Path, tmp_path: Path, engine: str, said: str) -> None:
    """Exit code 2 with the cure, within seconds."""
    (tmp_path / "odd.json").write_text("[]")
    done = run("compute", data, "-o", "-", "--engine", engine, cwd=tmp_path)
    assert done.returncode == 2
    assert f"--engine {engine}: " in done.stderr
    assert said in done.stderr


@contextmanager
def listening(answer: bytes) -> Iterator[str]:
    """The address of a server of another kind, which has the same answer for everybody."""

    class Answers(BaseRequestHandler):
        def handle(self) -> None:
            self.request.sendall(answer)
            self.request.recv(1 << 20)
            gone.wait()

    gone = threading.Event()
    with ThreadingTCPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"tcp://127.0.0.1:{server.server_address[1]}"
        finally:
            gone.set()
            server.shutdown()


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n" * 9])
def test_another_server(data: Path, answer: bytes) -> None:
    """One that says nothing, and one whose words would be a length of exabytes."""
    with listening(answer) as address, pytest.raises(UsageError, match="no scheduler answers at"):
        normstat.compute(data, engine=f"dask:{address}")


def test_a_worker_s_address(data: Path, shared: Cluster) -> None:
    """It answers, but is no scheduler."""
    with Client(shared.address, set_as_default=False) as client:
        worker = next(iter(client.nthreads()))
    with pytest.raises(UsageError, match="no scheduler answers at"):
        normstat.compute(data, engine=f"dask:{worker}")


def test_nothing_is_waited_for_long() -> None:
    """Ten seconds until a wrong address or the end of a scheduler is said, five for Ctrl-C."""
    assert dask_cluster._CONNECT + dask_cluster._FIRST_WORKER + dask_cluster._LEAVE <= 10
    assert futures._LOOK + supervised._LOOK + dask_cluster._LEAVE < 5


def test_a_cluster_without_workers(data: Path, tmp_path: Path) -> None:
    """Nothing is waited for: the command that starts one is said."""
    with cluster(tmp_path / "c", 0) as made:
        with started("compute", data, "-o", "-", "--engine", made.engine) as process:
            stderr = finish(process, LONG)
        assert process.returncode == 2
        assert f"the cluster has no workers; start some with `dask worker {made.address}`" in stderr


@pytest.mark.parametrize("engine", ["inprocess", "dask:tcp://127.0.0.1:9"])
def test_workers_of_an_engine_that_has_its_own(data: Path, engine: str) -> None:
    """A number that nobody would look at is refused."""
    with pytest.raises(UsageError, match="workers=3: "):
        normstat.compute(data, engine=engine, workers=3)


def test_the_extra_is_missing(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command that installs it is said."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.delitem(sys.modules, "normstat.executors.dask")
    with pytest.raises(UsageError, match=r'pip install "normstat\[dask\]"'):
        normstat.compute(data, engine="dask")


def test_an_engine_lasts_for_several_runs(shared: Cluster) -> None:
    """As long as its block."""
    with Dask(shared.address) as engine:
        for _ in range(2):
            shards = jobs.shards()
            assert mapped(engine, jobs.Names(), shards) == [shard.names for shard in shards]
