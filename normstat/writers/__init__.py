"""Arrays to disk: one file per image, or one per split."""

from collections.abc import Mapping
from pkgutil import resolve_name

from normstat.writers.writer import ArrayRow, Writer

#: Value of ``store`` → import path of the writer.
WRITERS: Mapping[str, str] = {
    "npy": "normstat.writers.npy:Npy",
    "stack": "normstat.writers.stack:Stack",
}

__all__ = ["WRITERS", "ArrayRow", "Writer", "writer_of"]


def writer_of(store: str) -> type[Writer]:
    """Import the writer of a store.

    >>> writer_of("npy").file_per_image, writer_of("stack").file_per_image
    (True, False)
    """
    found: type[Writer] = resolve_name(WRITERS[store])
    return found
