"""Work of an engine on one of its workers: images are decoded in supervised children of it.

An engine's worker is a process that somebody else has started: of a pool, a cluster, MPI. A decoder
that crashes or hangs there costs one image, not the worker. Its children serve whichever of its
threads has a shard, and end when there has been nothing to do for a while.
"""

import os
import pickle
import socket
import time
import traceback
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from normstat.errors import EngineLost
from normstat.executors.children import Child, is_forsaken
from normstat.executors.fitness import There, Ticket, Unfit, known_problem
from normstat.executors.supervised import SupervisedMap
from normstat.images import Shard

# Results of this many bytes and more are compressed: counts of 16 bits are mostly zeros.
_LARGE = 1 << 15


class Unwanted(Exception):
    """Nobody waits for the result any more."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer of a worker for some shards.

    Attributes
    ----------
    worker : its name.
    results : of the job, one for each shard; none if it has failed.
    failure : traceback of an exception of the job, which is a bug; empty if there was none.
    seconds : that the work took.
    """

    worker: str
    results: Sequence[Any]
    failure: str = ""
    seconds: float = 0.0


def dumps_answer(answer: Answer) -> bytes:
    """An answer as bytes; large ones compressed.

    >>> loads_answer(dumps_answer(Answer("node1:7", [bytes(100_000)]))).worker
    'node1:7'
    >>> len(dumps_answer(Answer("node1:7", [bytes(100_000)]))) < 1000
    True
    """
    content = answer.worker, answer.results, answer.failure, answer.seconds
    data = pickle.dumps(content, protocol=pickle.HIGHEST_PROTOCOL)
    return b"\1" + zlib.compress(data, 1) if len(data) >= _LARGE else b"\0" + data


def loads_answer(data: bytes) -> Answer:
    """The answer in some bytes."""
    return Answer(*pickle.loads(zlib.decompress(data[1:]) if data[0] else data[1:]))


def name_of_worker() -> str:
    """Name of this process among the workers of an engine."""
    return f"{socket.gethostname()}:{os.getpid()}"


def work(
    ticket: bytes, job: bytes, shards: bytes, wanted: Callable[[], bool] | None = None
) -> bytes:
    """The answer of a job for shards, both pickled and opened only on a worker that is fit.

    Parameters
    ----------
    ticket : conditions of the run.
    wanted : says if anybody waits for it; None: asked of this process only.

    Raises
    ------
    Unfit
        This worker cannot do it.
    Unwanted
        The run has ended meanwhile.
    EngineLost
        No child can be started.

    An exception of the job is part of the answer: any other that comes is the engine's.
    """
    conditions = Ticket.loads(ticket)
    if problem := known_problem(conditions):
        raise Unfit(name_of_worker(), problem)
    run = conditions.run
    children = Child(conditions.image_timeout, run)
    still = wanted or (lambda: not is_forsaken(run))
    begin = time.monotonic()
    try:
        there = There(pickle.loads(job), conditions.current)
        here: Sequence[Shard] = pickle.loads(shards)
        answers = list(SupervisedMap[Any](there, here, children, still).results())
    except EngineLost:
        raise
    except Exception:  # noqa: BLE001  # a bug: the driver raises it, with this traceback
        return dumps_answer(Answer(name_of_worker(), (), traceback.format_exc()))
    if len(answers) < len(here):
        raise Unwanted(run)
    results = [result for _, result in answers]
    return dumps_answer(Answer(name_of_worker(), results, "", time.monotonic() - begin))
