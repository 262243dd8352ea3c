"""A worker process, seen from the parent: its pipes, its death, and the cause of that."""

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, Any

from normstat.executors.worker import DEBUG, NO_MEMORY, TOO_SLOW, receive, send
from normstat.images import Code

# A worker is to end with its parent from its first moment on. A Python thread that waits for that
# does not get the lock from a decoder stuck in C, so it is the kernel that ends it; a parent that
# was gone before the kernel was asked is noticed by the pipe.
# sys.path comes then, so that a worker finds what its parent found; no __main__ is imported.
_BOOTSTRAP = """
import gc, os, pickle, signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
gc.disable()  # until all is imported: what that makes, stays
if sys.platform == "linux":
    import ctypes
    set_parent_death_signal = 1
    ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)
    if os.getppid() != int(sys.argv[1]):
        os._exit(0)
tasks = sys.stdin.buffer
sys.path[:], preload = pickle.load(tasks)
from normstat.executors.worker import serve
serve(tasks, preload)
"""
# Signals that somebody else may have sent (by name: Windows has few of them).
_FROM_OUTSIDE = {getattr(signal, name, None) for name in ("SIGKILL", "SIGTERM", "SIGHUP", "SIGINT")}
# How a worker ends whose image took too long.
_TOO_SLOW = -signal.SIGALRM if sys.platform != "win32" else TOO_SLOW
#: Weight of the deaths that prove an image guilty: two that only it can have caused, or six
#: that others may have.
GUILTY = 6
# Dask has its workers give back what they can, which is a quarter more time for decoders.
_OF_DASK = str(1 << 16)
_READY_WITHIN = 60.0
_GONE_WITHIN = 0.5


class Died(Exception):
    """A worker ended without an answer; ``status`` as in :class:`subprocess.Popen`."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status

    @property
    def weight(self) -> int:
        """Weight as a proof of guilt, out of :data:`GUILTY`."""
        if self.code == Code.TIMEOUT:
            return GUILTY
        return 1 if self.from_outside else 3

    @property
    def from_outside(self) -> bool:
        """True if somebody else may have ended it."""
        return -self.status in _FROM_OUTSIDE

    @property
    def code(self) -> Code:
        if self.status == _TOO_SLOW:
            return Code.TIMEOUT
        return Code.OUT_OF_MEMORY if self.status == NO_MEMORY else Code.WORKER_CRASH

    def detail(self, image_timeout: float) -> str:
        if self.code == Code.TIMEOUT:
            return f"took more than {image_timeout:g} s"
        return f"its decoder {self.how}"

    @property
    def how(self) -> str:
        if self.status >= 0:
            return f"ended with exit status {self.status}"
        try:
            return f"ended with {signal.Signals(-self.status).name}"
        except ValueError:  # a real-time signal
            return f"ended with signal {-self.status}"


class Worker:
    """A process and its pipes, seen from the parent."""

    def __init__(self, preload: Sequence[str]) -> None:
        environment = os.environ | {
            "PYTHONUTF8": str(sys.flags.utf8_mode),  # file names mean the same bytes there
            "OPENBLAS_NUM_THREADS": "1",  # NumPy would start a thread for each CPU in each worker
        }
        # glibc gives the memory of one image back to the system and asks for that of the next;
        # with these it keeps it. Other systems ignore them.
        if environment.get("MALLOC_TRIM_THRESHOLD_") in (None, _OF_DASK):
            environment["MALLOC_TRIM_THRESHOLD_"] = str(256 << 20)
        environment.setdefault("MALLOC_MMAP_THRESHOLD_", str(32 << 20))
        self._said = None if DEBUG in os.environ else _unnamed_file()
        try:
            self._process = subprocess.Popen(
                # -P: no modules of the current folder
                [sys.executable, "-P", "-c", _BOOTSTRAP, str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                env=environment,
            )
        except BaseException:
            if self._said:
                self._said.close()
            raise
        assert self._process.stdin
        with suppress(OSError):  # a process that is gone already is noticed by greet()
            pickle.dump((sys.path, preload), self._process.stdin)
            self._process.stdin.flush()

    def greet(self, *hello: Any) -> None:
        """Wait until the worker is ready."""
        limit = threading.Timer(_READY_WITHIN, self.kill)
        limit.daemon = True
        limit.start()
        try:
            self.ask(hello)
            self._receive()
        finally:
            limit.cancel()

    def ask(self, message: Any) -> None:
        """Hand over a shard, to be worked on when those before it are done; or a greeting."""
        assert self._process.stdin
        try:
            send(self._process.stdin, message)
        except OSError as error:
            raise Died(self._process.wait()) from error

    def answer(self) -> Any:
        """Wait for the result of the first shard that has none yet."""
        succeeded, answer = self._receive()
        if not succeeded:
            raise RuntimeError(f"in a worker process:\n{answer}")
        return answer

    def _receive(self) -> Any:
        assert self._process.stdout
        try:
            return receive(self._process.stdout)
        except (EOFError, OSError) as error:
            raise Died(self._process.wait()) from error

    def last_words(self) -> str:
        """The last line that a worker which never got ready had to say."""
        if self._said is None:
            return ""
        self._said.seek(0)
        return self._said.read().decode(errors="replace").strip().rpartition("\n")[2]

    def kill(self) -> None:
        self._process.kill()

    @property
    def is_gone(self) -> bool:
        """True if the process has ended."""
        return self._process.poll() is not None

    def end(self) -> None:
        """Let go of the process; it is gone afterwards, unless its storage holds it fast."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout, self._said):
            with suppress(OSError):  # what was meant for a dead process is lost
                if pipe:
                    pipe.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_GONE_WITHIN)


def _unnamed_file() -> IO[bytes]:
    """File for a worker's stderr: a pipe that nobody reads could fill up, and the worker wait."""
    in_memory = getattr(os, "memfd_create", None)  # Linux: no disk that could be full
    if in_memory:
        return open(in_memory("stderr"), "w+b")
    import tempfile  # takes a while, at the start of every command

    return tempfile.TemporaryFile()
