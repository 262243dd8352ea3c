"""Fitness of a worker for a run: the same normstat as the driver's, and access to DATA and OUT."""

import hashlib
import json
import os
import pickle
import threading
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from normstat.errors import UnreadableImage
from normstat.executors.children import Child
from normstat.executors.identity import identity
from normstat.executors.supervised import SupervisedMap
from normstat.files import shown
from normstat.images import Shard, Unreadable

# Runs of which it is remembered that this process may work for them.
_RUNS = 64
# Images that are tried until there is one that the driver can read.
_TRIED = 8

_fit: OrderedDict[str, str] = OrderedDict()
_looking = threading.Lock()


class Unfit(Exception):
    """A worker cannot do the work of a run.

    Parameters
    ----------
    worker : name of the worker.
    problem : what is wrong with it, and what to do.
    """

    def __init__(self, worker: str, problem: str) -> None:
        super().__init__(worker, problem)  # all of them, or it is not unpickled
        self.worker = worker
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Ticket:
    """Conditions under which a worker may work for a run; opened before anything else.

    Attributes
    ----------
    run : its name.
    needs : the driver's :func:`normstat.executors.identity.identity`.
    image_timeout : seconds after which an image is given up; 0 for never.
    witness : a shard of one image that the driver could read, pickled; empty if there is none.
    digest : SHA-256 of that image, hexadecimal.
    folders : that have to be there: those that the job writes to.
    current : the driver's current folder, which relative paths start from.
    """

    run: str
    needs: Mapping[str, str | None]
    image_timeout: float
    witness: bytes = b""
    digest: str = ""
    folders: tuple[str, ...] = ()
    current: str = ""

    @classmethod
    def of(
        cls, run: str, image_timeout: float, shard: Shard | None, folders: tuple[str, ...]
    ) -> "Ticket":
        """The ticket of a run whose first images are those of a shard."""
        found = _witness(shard) if shard else None
        witness, digest = found or (b"", "")
        return cls(run, identity(), image_timeout, witness, digest, folders, _current())

    def dumps(self) -> bytes:
        """The ticket in a form that any version can read."""
        content = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps(content | {"witness": self.witness.hex()}).encode()

    @classmethod
    def loads(cls, data: bytes) -> "Ticket":
        content = json.loads(data)
        content["witness"] = bytes.fromhex(content["witness"])
        content["folders"] = tuple(content["folders"])
        return cls(**content)


@dataclass(frozen=True, slots=True)
class There:
    """A job in a child, whose paths are those of the driver's current folder."""

    job: Any
    current: str

    def __call__(self, shard: Shard) -> Any:
        with suppress(OSError):  # no such folder here: absolute paths need none
            os.chdir(self.current)
        return self.job(shard)

    def lost(self, record: Unreadable) -> Any:
        return self.job.lost(record)


def problem_here(ticket: bytes) -> str:
    """The obstacle to working for a run in this process, with the cure; empty if none."""
    return known_problem(Ticket.loads(ticket))


def known_problem(ticket: Ticket) -> str:
    """As :func:`problem_here`, of a ticket; looked for once in each process."""
    with _looking:
        if ticket.run not in _fit:
            _fit[ticket.run] = _problem(ticket)
            while len(_fit) > _RUNS:
                _fit.popitem(last=False)
        return _fit[ticket.run]


def _problem(ticket: Ticket) -> str:
    here = identity()
    for name in (*ticket.needs, *here):
        wanted, found = ticket.needs.get(name), here.get(name)
        if wanted != found:
            return _other(name, wanted, found)
    if ticket.witness:
        there = There(_Look(ticket.digest), ticket.current)
        child = Child(ticket.image_timeout, ticket.run)
        witness = pickle.loads(ticket.witness)
        looked = SupervisedMap[tuple[str, ...]](there, [witness], child)
        for _, problems in looked.results():
            if problems:
                return f"{problems[0]}; {_access(witness)}"
    for folder in ticket.folders:
        if not os.path.isdir(os.path.join(ticket.current, folder)):
            return (
                f"has no folder {shown(folder)}; OUT should be on storage that every worker sees "
                "under the same path"
            )
    return ""


def _access(single: Shard) -> str:
    """The cure for a worker that cannot read an image as the driver can."""
    (sample,) = single
    if single.container.path(sample) is None:
        return "give every worker the credentials and the network that the driver has"
    return "DATA should be on storage that every worker sees under the same path"


def _current() -> str:
    """The current folder; empty if it is gone, and paths are absolute."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        return ""


def _other(name: str, wanted: str | None, found: str | None) -> str:
    if name == "machine":
        return f"is a machine of kind {found}, the driver is of {wanted}; use workers of one kind"
    if found is None:
        return f"has no {name}, the driver has {wanted}; install the same there"
    if wanted is None:
        return f"has {name} {found}, the driver has none; install the same here"
    return f"has {name} {found}, the driver has {wanted}; install the same on both"


def _witness(shard: Shard) -> tuple[bytes, str] | None:
    """One of the first images that can be read: pickled, with the digest of its content."""
    for place in range(min(_TRIED, len(shard))):
        single = shard.only((place,))
        with suppress(UnreadableImage, OSError):
            return pickle.dumps(single), _digest(single)
    return None


@dataclass(frozen=True, slots=True)
class _Look:
    """The job of looking at the witness: obstacles to reading it as the driver could."""

    digest: str

    def __call__(self, shard: Shard) -> tuple[str, ...]:
        (sample,) = shard
        local = shard.container.path(sample)
        where = sample.name if local is None else os.path.abspath(local)
        try:
            found = _digest(shard)
        except (UnreadableImage, OSError) as error:
            detail = error.detail if isinstance(error, UnreadableImage) else error.strerror
            return (f"cannot read {shown(where)} ({detail})",)
        return () if found == self.digest else (f"has another file {shown(where)}",)

    def lost(self, record: Unreadable) -> tuple[str, ...]:
        return (f"cannot read {shown(record.path)} ({record.detail})",)


def _digest(single: Shard) -> str:
    (sample,) = single
    with single.container.open() as reader:
        content = reader.read(sample)
    data = content if isinstance(content, bytes) else content.tobytes()
    return hashlib.sha256(data).hexdigest()


def _renew() -> None:
    """In a process that was forked: nothing has been looked at, and nobody looks."""
    global _looking  # there is one for each process
    _looking = threading.Lock()
    _fit.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
