"""Clusters of Dask: one that runs already, or one on this machine."""

import asyncio
import json
import logging
import os
from collections.abc import Iterator
from concurrent import futures
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import dask
import distributed.utils
from distributed import Client, LocalCluster, Security
from distributed.comm import connect

from normstat.errors import EngineLost, UsageError, option
from normstat.executors.cpus import available_cpus
from normstat.executors.forks import are_ready, ctrl_c_is_ours
from normstat.files import shown

# Seconds: to connect, until there is a worker, and to leave.
_CONNECT, _FIRST_WORKER, _LEAVE = 4.0, 4.0, 2.0
# Loggers that would write to the terminal: what matters is raised.
_LOGGERS = ("distributed", "distributed.client", "tornado.application")
_SILENT = logging.CRITICAL + 1
# What the driver, and a cluster of its own, do besides their work: 1 % of a core in place of 8 %.
_QUIET = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "10s",
}
_WRITTEN = "a scheduler that is started with a scheduler file writes it"


def connected(place: str, workers: int | None, stack: ExitStack) -> Any:
    """Connect to a cluster, as a client of `distributed`, until the stack is closed.

    Parameters
    ----------
    place : address of a scheduler, or a file with it; empty for a cluster on this machine.
    workers : processes of such a cluster; None for one per CPU.

    Raises
    ------
    UsageError
        There is no scheduler, it has no workers, or the current folder was removed.
    EngineLost
        The processes of a cluster on this machine cannot be started.
    """
    stack.enter_context(_silence())
    stack.enter_context(dask.config.set(_QUIET))
    if not place:
        cluster = stack.enter_context(_local_cluster(workers or available_cpus()))
        return stack.enter_context(_client(cluster))
    address = _address(place)
    try:
        with futures.ThreadPoolExecutor(1) as pool:  # a notebook has a loop in this thread
            pool.submit(asyncio.run, _greet(address)).result()
        client = stack.enter_context(_client(address))
    except Exception as error:
        raise UsageError(
            f"{_option(place)}: no scheduler answers at {shown(address)}; start one with "
            "`dask scheduler`, which prints its address"
        ) from error
    try:
        client.wait_for_workers(1, timeout=_FIRST_WORKER)
    except TimeoutError as error:
        raise UsageError(
            f"{_option(place)}: the cluster has no workers; start some with `dask worker "
            f"{shown(client.scheduler.address)}`"
        ) from error
    return client


def _option(place: str) -> str:
    return option("engine", f"dask:{shown(place)}")


def _address(place: str) -> str:
    if not place.endswith(".json"):
        return place
    try:
        with open(place, encoding="utf-8") as file:
            address = json.load(file)["address"]
    except OSError as error:
        raise UsageError(
            f"{_option(place)}: cannot be read ({error.strerror}); {_WRITTEN}"
        ) from error
    except (ValueError, LookupError, TypeError) as error:
        raise UsageError(f"{_option(place)}: has no address; {_WRITTEN}") from error
    return str(address)


async def _greet(address: str) -> None:
    """Shake hands with a scheduler; a client would wait for ever if something else is there."""
    async with asyncio.timeout(_CONNECT):
        arguments = Security().get_connection_args("client")
        (await connect(address, timeout=_CONNECT, **arguments)).abort()


@contextmanager
def _client(where: Any) -> Iterator[Any]:
    client = Client(where, timeout=_CONNECT, set_as_default=False, name="normstat")
    try:
        yield client
    finally:
        with suppress(OSError, asyncio.CancelledError):
            client.close(timeout=_LEAVE)


@contextmanager
def _local_cluster(workers: int) -> Iterator[Any]:
    try:
        os.getcwd()
    except FileNotFoundError as error:
        raise UsageError(
            f"{option('engine', 'dask')}: cannot start processes in a folder that was removed; "
            "change to another"
        ) from error
    with ctrl_c_is_ours(), _forked():
        try:
            cluster = LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                memory_limit=0,  # images are decoded in children, which it does not see
                dashboard_address="127.0.0.1:0",
                silence_logs=_SILENT,
            )
        except RuntimeError as error:  # no more processes, files or memory
            reason = error.__cause__ or error
            raise EngineLost(f"a cluster of Dask cannot be started here ({reason})") from error
    try:
        yield cluster
    finally:
        with suppress(OSError, asyncio.CancelledError):
            cluster.close(timeout=_LEAVE)


@contextmanager
def _forked() -> Iterator[None]:
    """Make workers forks of a process that has imported what they need, if there is one."""
    if not are_ready():
        yield
        return
    # It has been told what to import. Else distributed would tell it, and first import all of that
    # in this process: pandas, too.
    distributed.utils._forkserver_preload_set = True  # noqa: SLF001
    with dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}):
        yield


@contextmanager
def _silence() -> Iterator[None]:
    """No words of distributed on the terminal: of reconnecting, of results to be gathered again."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(_SILENT)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
