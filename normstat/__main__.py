"""The process: ``normstat`` and ``python -m normstat``."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from typing import TYPE_CHECKING, NoReturn

from normstat.signals import Interrupted, Watch

if TYPE_CHECKING:
    from normstat.executors import Local

# Command -> what its workers import.
_READS_IMAGES = {
    "check": "normstat.verbs.counting",
    "compute": "normstat.verbs.counting",
    "apply": "normstat.verbs.writing",
    "normalize": "normstat.verbs.writing",
}
_HELP = {"-h", "--help"}
_AHEAD = 2


def main() -> NoReturn:
    """Run the command line of this process, and end it with its exit code."""
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


def _has_cache(words: Sequence[str]) -> bool:
    """Whether another run may have done the work already: then workers start when one is needed."""
    return any(option == "--cache" and os.path.exists(file) for option, file in pairwise(words))


@contextmanager
def _workers_ahead(words: Sequence[str]) -> Iterator["Local | None"]:
    """Workers of a command that will need some: they start while this process starts itself."""
    preload = _READS_IMAGES.get(words[0]) if words else None
    if not preload or not _HELP.isdisjoint(words) or _has_cache(words):
        yield None
        return
    from normstat.executors import Local, available_cpus

    with Local(min(_AHEAD, available_cpus()), preload=preload) as local:
        yield local


if __name__ == "__main__":
    main()
