"""Program of a worker process: shards in on stdin, results out on stdout, gone with its parent.

A message is its length (8 bytes, little-endian) and a pickle.
"""

import gc
import os
import pickle
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import fields
from importlib import import_module
from queue import SimpleQueue
from typing import IO, Any

from normstat.images import Reader, Sample, Shard

#: Environment variable that lets through what is hidden from users.
DEBUG = "NORMSTAT_DEBUG"
#: Exit status of a worker that ran out of memory outside of a decoder.
NO_MEMORY = 112
#: Exit status on Windows when an image took too long; elsewhere the signal SIGALRM says so.
TOO_SLOW = 1


def send(pipe: IO[bytes], message: Any) -> None:
    """Write a message."""
    data = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.write(len(data).to_bytes(8, "little"))
    pipe.write(data)
    pipe.flush()


def receive(pipe: IO[bytes]) -> Any:
    """Read a message.

    Raises
    ------
    EOFError
        The other side is gone.
    """
    header = pipe.read(8)
    size = int.from_bytes(header, "little")
    data = pipe.read(size) if len(header) == 8 else b""
    if len(header) < 8 or len(data) < size:
        raise EOFError("the other process is gone")
    return pickle.loads(data)


def serve(tasks: IO[bytes], preload: Sequence[str] = ()) -> None:
    """Work until the parent closes the pipe or is gone."""
    for module in preload:
        with suppress(Exception):  # who needs it says what is missing, or what is wrong with it
            import_module(module)
    image_timeout, job = receive(tasks)
    results = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)  # what a library prints must not get between the results
    gc.freeze()  # what is imported stays: no need to look through it again and again
    gc.enable()
    inbox: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_listen, args=(tasks, inbox), daemon=True).start()
    watch = _alarm(image_timeout)
    send(results, "ready")  # from here on a death is the fault of an image, or of somebody else
    if DEBUG not in os.environ:
        os.dup2(nowhere, 2)  # libtiff and libpng remark on files there; the codes say it better
    while True:
        task = inbox.get()
        if isinstance(task, str):  # the traceback of one that could not be received
            send(results, (False, task))
            os._exit(1)  # it may have been a greeting: shards after it are for another job
        if not isinstance(task, Shard):  # another run: its greeting
            image_timeout, job = task
            watch = _alarm(image_timeout)
            send(results, "ready")
            continue
        try:
            answer = True, job(_Watched.of(task, watch))
        except MemoryError:
            os._exit(NO_MEMORY)
        except Exception:  # noqa: BLE001  # a bug: the parent raises it, with this traceback
            answer = False, traceback.format_exc()
        watch(False)
        send(results, answer)


def _listen(tasks: IO[bytes], inbox: "SimpleQueue[Any]") -> None:
    """A thread of its own, so that the end of the parent is noticed in the middle of a shard."""
    while True:
        try:
            message = receive(tasks)
            if isinstance(message, Shard):
                message.expect()
        except EOFError:
            os._exit(0)
        except MemoryError:
            os._exit(NO_MEMORY)
        except Exception:  # noqa: BLE001  # the parent would wait for an answer for ever
            message = traceback.format_exc()
        inbox.put(message)


def _alarm(seconds: float) -> Callable[[bool], None]:
    """A function that sets the clock for an image, or stops it."""
    if not seconds:
        return lambda _: None
    if sys.platform == "win32":
        import faulthandler

        nowhere = open(os.devnull, "w")  # noqa: SIM115  # open as long as the process lives

        def watch(on: bool) -> None:
            faulthandler.cancel_dump_traceback_later()
            if on:
                faulthandler.dump_traceback_later(seconds, exit=True, file=nowhere)

    else:

        def watch(on: bool) -> None:
            # The default action of SIGALRM ends a process wherever it is, C code included.
            signal.setitimer(signal.ITIMER_REAL, seconds if on else 0)

    return watch


class _Watched(Shard):
    """A shard that sets the clock for each sample: when it is asked for, or is there to read."""

    __slots__ = ("_watch",)

    @classmethod
    def of(cls, shard: Shard, watch: Callable[[bool], None]) -> "_Watched":
        watched = cls(*(getattr(shard, field.name) for field in fields(Shard)))
        object.__setattr__(watched, "_watch", watch)
        return watched

    def parts(self, samples: int) -> Iterator[Shard]:
        watch = self._watch  # type: ignore[attr-defined]  # set by of()
        for part in Shard.parts(self, samples):
            watch(True)
            yield _Watched.of(part, watch)

    def __iter__(self) -> Iterator[Sample]:
        for sample in Shard.__iter__(self):
            self._watch(True)  # type: ignore[attr-defined]  # set by of()
            yield sample

    def ahead(self, reader: Reader, most: int | None = None) -> Iterator[Sample]:
        for sample in reader.ahead(Shard.__iter__(self), most):
            self._watch(True)  # type: ignore[attr-defined]  # set by of()
            yield sample
            self._watch(False)  # type: ignore[attr-defined]  # ditto
