"""The process: ``normstat`` and ``python -m normstat``."""

import gc
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NoReturn

from normstat.commandline import cache_file, needed_to_read, value_of
from normstat.signals import Interrupted, Watch

if TYPE_CHECKING:
    from normstat.executors import Local

# Command -> what its workers import.
_READS_IMAGES = {
    "check": "normstat.verbs.compute.count_shard",
    "compute": "normstat.verbs.compute.count_shard",
    "apply": "normstat.verbs.apply.job",
    "normalize": "normstat.verbs.apply.job",
}
# Imports what the processes of a cluster on this machine need.
_OF_DASK = "normstat.executors.dask_imports"
_HELP = {"-h", "--help"}
_AHEAD = 2
# New objects until garbage is looked for. Modules that are loaded make many, and none is garbage.
_LOADED = 400_000


def main() -> NoReturn:
    """Run the command line of this process, and end it with its exit code."""
    gc.set_threshold(_LOADED)
    words = sys.argv[1:]
    watch = Watch(words)
    try:
        watch.begin()
        with _workers_ahead(words) as local:
            from normstat.cli import main as run

            code = run(words, local)
        watch.end()
    except Interrupted as interrupted:
        watch.tell(interrupted)
        code = interrupted.exit_code
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # a full disk, nobody who reads: the command has its exit code
            stream.flush()
    # Taking all modules apart one by one takes longer than reading a hundred tiny images.
    os._exit(code)


@contextmanager
def _workers_ahead(words: Sequence[str]) -> Iterator["Local | None"]:
    """Workers of a command that will need some: they start while this process starts itself."""
    preload = _READS_IMAGES.get(words[0]) if words else None
    engine = value_of("--engine", words) or "local"
    if not preload or engine not in ("local", "dask") or not _HELP.isdisjoint(words):
        yield None
        return
    if engine == "dask":
        if "DASK_SCHEDULER_ADDRESS" in os.environ:  # there is a cluster
            yield None
            return
        from normstat.executors.forks import prepared

        with prepared(_OF_DASK):
            yield None
        return
    from normstat.executors import Local, available_cpus

    # If another run may have done the work, workers start when one is needed.
    early = not os.path.exists(cache_file(words) or "")
    modules = (preload, *needed_to_read(words))
    with Local(min(_AHEAD, available_cpus()), preload=modules, early=early) as local:
        yield local


if __name__ == "__main__":
    main()
