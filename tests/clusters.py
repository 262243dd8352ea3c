"""Dask clusters on this machine: a scheduler and workers, each a process of its own."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import dask_nodes
from command import environment
from distributed import Client
from started import LONG, eventually, patch

#: In the children of workers alone: some images take their time, and some are the last.
_PATCH = """
import os, sys, time
if "-P" in sys.orig_argv:
    system_open = os.open
    def opened(path, *rest, **options):
        name = str(path)
        if "WITHOUT_DATA" in os.environ and name.endswith("0.jpg"):
            raise FileNotFoundError(2, "No such file or directory")
        if name.endswith("abort.png"):
            os.abort()
        if name.endswith("hang.png"):
            time.sleep(600)
        if name.endswith(".pgm"):
            with open(os.environ["SLOW"] + "/read", "a") as read:
                read.write(".")
            with open(os.environ["SLOW"] + "/seconds") as seconds:
                time.sleep(float(seconds.read()))
        return system_open(path, *rest, **options)
    os.open = opened
"""


class Cluster:
    """A scheduler, and workers that are started and killed.

    In children of workers ``abort.png`` and ``hang.png`` do what they say, and each ``.pgm`` takes
    some seconds.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.patched = patch(folder / "patch", _PATCH) | {"SLOW": str(folder)}
        variables = dict(self.patched)
        variables["PYTHONPATH"] += os.pathsep + str(Path(__file__).parent)
        self._env = environment(**variables)
        self.workers: list[ForkServerProcess] = []
        self.slow(0)
        self.scheduler = dask_nodes.scheduler(folder, self.file, self._env)
        assert eventually(self._is_up, LONG)
        self.address: str = json.loads(self.file.read_text())["address"]

    def _is_up(self) -> bool:
        with suppress(FileNotFoundError, ValueError):
            return bool(json.loads(self.file.read_text()))
        return False

    @property
    def engine(self) -> str:
        return f"dask:{self.address}"

    def slow(self, seconds: float) -> None:
        """Let each ``.pgm`` take so long from now on."""
        (self.folder / "read").write_bytes(b"")
        (self.folder / "new").write_text(str(seconds))
        (self.folder / "new").replace(self.folder / "seconds")  # at no moment is it empty

    def number_read(self) -> int:
        """How many of them were read since."""
        return (self.folder / "read").stat().st_size

    def add(self, *options: str, before: str = "") -> ForkServerProcess:
        """Start a worker; ``before`` is code that it runs first."""
        words = list(options or ("--no-nanny", "--nthreads", "1"))
        made = dask_nodes.worker(self.folder, self.address, self._env, before, words)
        self.workers.append(made)
        return made

    def wait(self, number: int) -> None:
        """Wait until there are exactly so many workers."""
        with Client(self.address, set_as_default=False) as client:
            assert eventually(lambda: len(client.nthreads()) == number, LONG)

    def retire(self, process: ForkServerProcess) -> None:
        """Ask a worker to leave, which it does when others have its results."""
        self.workers.remove(process)
        with Client(self.address, set_as_default=False) as client:
            (name,) = (name for name, pid in client.run(os.getpid).items() if pid == process.pid)
            client.retire_workers([name])
        process.join()
        process.close()

    def kill(self, process: ForkServerProcess) -> None:
        """End a process of the cluster, and those that it started."""
        if process in self.workers:
            self.workers.remove(process)
        assert process.pid
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.join()
        process.close()


@contextmanager
def cluster(folder: Path, workers: int = 2) -> Iterator[Cluster]:
    """A cluster with so many workers of one thread; nothing of it outlives the block."""
    made = Cluster(folder)
    try:
        for _ in range(workers):
            made.add()
        made.wait(workers)
        yield made
    finally:
        for process in [*made.workers, made.scheduler]:
            if not process._closed:
                made.kill(process)
