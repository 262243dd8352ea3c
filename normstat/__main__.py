"""The process: ``normstat`` and ``python -m normstat``."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from normstat.executors import Local

# Command -> what its workers import.
_READS_IMAGES = {"compute": "normstat.verbs.compute"}
_HELP = {"-h", "--help"}
_AHEAD = 2


def main() -> int:
    """Run the command line of this process and return its exit code."""
    words = sys.argv[1:]
    with _workers_ahead(words) as local:
        from normstat.cli import main as run

        return run(words, local)


@contextmanager
def _workers_ahead(words: Sequence[str]) -> Iterator["Local | None"]:
    """Workers of a command that will need some: they start while this process starts itself."""
    preload = _READS_IMAGES.get(words[0]) if words else None
    if not preload or not _HELP.isdisjoint(words):
        yield None
        return
    from normstat.executors import Local, available_cpus

    with Local(min(_AHEAD, available_cpus()), preload=preload) as local:
        yield local


if __name__ == "__main__":
    sys.exit(main())
