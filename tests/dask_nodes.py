"""Processes of a Dask cluster, forked from one that has imported what they need.

Nothing of normstat is imported here: a worker may have none.
"""

import os
from multiprocessing import forkserver, get_context, resource_tracker
from multiprocessing.context import ForkServerProcess
from pathlib import Path

_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["distributed.cli.dask_scheduler", "distributed.cli.dask_worker"])


def scheduler(folder: Path, file: Path, env: dict[str, str]) -> ForkServerProcess:
    """Start a scheduler that writes its address to a file."""
    words = ["--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0"]
    words += ["--no-show", "--scheduler-file", str(file)]
    return _started(folder, env, "", "dask_scheduler", words)


def worker(
    folder: Path, address: str, env: dict[str, str], before: str, options: list[str]
) -> ForkServerProcess:
    """Start a worker; ``before`` is code that it runs first."""
    words = [address, "--host", "127.0.0.1", "--no-dashboard", "--memory-limit", "0"]
    words += ["--local-directory", str(folder), *options]
    return _started(folder, env, before, "dask_worker", words)


def stop() -> None:
    """End the processes that start others; the next one starts them again."""
    forkserver._forkserver._stop()
    resource_tracker._resource_tracker._stop()


def _started(
    folder: Path, env: dict[str, str], before: str, program: str, words: list[str]
) -> ForkServerProcess:
    process = _CONTEXT.Process(target=_run, args=(folder, env, before, program, words))
    process.start()
    return process


def _run(folder: Path, env: dict[str, str], before: str, program: str, words: list[str]) -> None:
    from importlib import import_module

    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nowhere, descriptor)
    exec(before, {})
    import_module(f"distributed.cli.{program}").main(words)
